//! Telling apps that a session has ended (OpenID Connect Back-Channel Logout 1.0). A notice is written in the
//! transaction that ends the session; a task of the server's posts it, and tries again for an hour. An app may hear of the
//! same end twice, with the same `jti`, and never of none because a process died.
//!
//! A session that nobody ended but whose time was up is no reason to tell: apps at work do not depend on an open browser.

use std::{sync::Arc, time::Duration};

use serde_json::{Map, Value, json};

use super::terms::Terms;
use crate::{
    crypto::jwt::SigningKey,
    db::{Read, Write},
    error::Result,
    model::{
        actor::Actor,
        audit::Event,
        client::{Client, ClientOrigin},
        id::{ClientId, SessionId},
        queue::Due,
    },
    ops::{audit, env::Env, key},
    store::{self, logout_notice::Notice},
    time::Time,
};

/// `typ` of logout tokens (Back-Channel Logout 1.0 §2.4), so that none is taken for another token.
pub const LOGOUT_TYP: &str = "logout+jwt";
/// The event that a logout token tells of.
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";
/// How long a logout token counts: long enough for slow clocks.
const TOKEN_LIFETIME: Duration = Duration::from_secs(120);
/// How long an app is tried that does not answer well.
pub const GIVEN_UP: Duration = Duration::from_secs(3_600);
/// After this long a notice that was taken and not settled is tried again. Longer than any try takes.
pub const ABANDONED: Duration = Duration::from_secs(30);

/// Writes the notices of a session that has just ended. Called in the one place where each session ends.
pub(in crate::ops) fn session_ended(tx: &Write<'_>, session: &SessionId) -> Result<usize> {
    store::logout_notice::queue(tx, Some(session), tx.now.plus(GIVEN_UP))
}

/// Writes the notices of all sessions that live: they are about to be ended.
pub(in crate::ops) fn all_end(tx: &Write<'_>) -> Result<usize> {
    store::logout_notice::queue(tx, None, tx.now.plus(GIVEN_UP))
}

/// A notice that this process alone may send now.
#[derive(Debug)]
pub struct Claimed {
    /// Which.
    pub id: String,
    /// Which claim it is; the newest alone may settle.
    pub claim: u32,
    /// Where it goes.
    pub uri: String,
    /// Whether an operator entered that address: then it may be on a private network.
    pub is_own: bool,
    signer: Arc<SigningKey>,
    claims: Map<String, Value>,
}

impl Claimed {
    /// The logout token. Signing is slow with RSA, so not inside a transaction.
    pub fn token(&self) -> Result<String> {
        self.signer.sign(LOGOUT_TYP, &self.claims)
    }
}

/// Takes up to `limit` notices to a client that are due.
pub fn claim(tx: &Write<'_>, env: &Env, client: &ClientId, limit: usize) -> Result<Vec<Claimed>> {
    let taken = store::logout_notice::claim(tx, client, limit)?;
    if taken.is_empty() {
        return Ok(Vec::new());
    }
    let client = store::client::by_id(tx, client)?.filter(Client::is_active);
    let address = client.as_ref().and_then(|client| client.backchannel_logout_uri.clone());
    let (Some(client), Some(uri)) = (client, address) else {
        for notice in &taken {
            finish(tx, notice, false, Some("the app does not want to be told any more"))?;
        }
        return Ok(Vec::new());
    };
    let terms = Terms::of(env);
    let signer = key::signer(tx, env, terms.algorithm)?;
    let is_own = matches!(client.origin, ClientOrigin::Static | ClientOrigin::BuiltIn);
    let claimed = taken.into_iter().map(|notice| Claimed {
        claims: claims(&terms, &notice, tx.now),
        id: notice.id,
        claim: notice.tries,
        uri: uri.clone(),
        is_own,
        signer: Arc::clone(&signer),
    });
    Ok(claimed.collect())
}

/// What a logout token says (§2.4). There must be no `nonce`, so that it can never pass for an ID token.
fn claims(terms: &Terms<'_>, notice: &Notice, now: Time) -> Map<String, Value> {
    let claims = json!({
        "iss": terms.issuer,
        "aud": notice.client,
        "sub": notice.user,
        "sid": notice.sid,
        "iat": now.secs(),
        "exp": now.plus(TOKEN_LIFETIME).secs(),
        "jti": notice.id,
        "events": { EVENT: {} },
    });
    if let Value::Object(claims) = claims { claims } else { Map::new() }
}

/// Remembers how a try ended: `Err` says why it did not succeed. False when the notice is no longer this claim's.
pub fn settle(
    tx: &Write<'_>,
    id: &str,
    claim: u32,
    outcome: std::result::Result<(), &str>,
) -> Result<bool> {
    let Some(notice) = store::logout_notice::taken(tx, id, claim)? else { return Ok(false) };
    let Err(why) = outcome else { return finish(tx, &notice, true, None) };
    let next = tx.now.plus(pause(claim));
    if next >= notice.expires_at {
        return finish(tx, &notice, false, Some(why));
    }
    store::logout_notice::again(tx, id, claim, next, why)
}

/// Five seconds, three times as many after each try, a quarter of an hour at most.
fn pause(tries: u32) -> Duration {
    let seconds = 3_u64.saturating_pow(tries.saturating_sub(1)).saturating_mul(5);
    Duration::from_secs(seconds.min(900))
}

fn finish(tx: &Write<'_>, notice: &Notice, sent: bool, why: Option<&str>) -> Result<bool> {
    if !store::logout_notice::finish(tx, &notice.id, notice.tries, sent, why)? {
        return Ok(false);
    }
    let name = if sent { "logout_notice.sent" } else { "logout_notice.failed" };
    let mut event = Event::new(name)
        .user(&notice.user)
        .client(&notice.client)
        .session(&notice.sid)
        .with("tries", notice.tries);
    if let Some(why) = why {
        event = event.with("reason", why);
    }
    audit::record(tx, &Actor::system(), &event)?;
    Ok(true)
}

/// Puts back what a process that died was sending.
pub fn recover(tx: &Write<'_>) -> Result<usize> {
    store::logout_notice::put_back(tx, tx.now.minus(ABANDONED))
}

/// What there is to do now.
pub fn due(r: &Read<'_>) -> Result<Due<ClientId>> {
    Ok(Due {
        to: store::logout_notice::due(r)?,
        stale: store::logout_notice::is_stale(r, r.now.minus(ABANDONED))?,
        next: store::logout_notice::next_due(r, ABANDONED)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_of_tries_is_about_a_dozen() {
        let (mut tries, mut passed) = (0, Duration::ZERO);
        while passed < GIVEN_UP {
            tries += 1;
            passed += pause(tries);
        }
        assert!((8..=12).contains(&tries), "{tries}");
        assert_eq!(pause(1), Duration::from_secs(5));
        assert_eq!(pause(u32::MAX), Duration::from_secs(900));
    }
}
