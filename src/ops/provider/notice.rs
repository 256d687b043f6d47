//! A provider tells that somebody signed out there (OpenID Connect Back-Channel Logout 1.0 §2.6): what such a notice must
//! say, and ending the sessions that stand by it. That we tell others is `oauth/backchannel`.

use serde_json::Value;

use super::Provider;
use crate::{
    crypto::jwt::{Header, Refusal},
    db::Write,
    error::Result,
    model::{
        actor::{Actor, Origin},
        audit::Event,
        document::KeySet,
        ending,
        provider::{LONGEST_SUBJECT, Wrong},
    },
    ops::{
        audit,
        replay::{self, Kind},
        session,
    },
    store,
    time::Time,
};

/// The event that a logout token tells of (§2.4).
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";
/// How far the provider's clock may be off, in seconds.
const LEEWAY: i64 = 60;
/// The longest life of a notice, in seconds; its identifier is remembered for as long.
const LONGEST: i64 = 3_600;

/// A notice that the provider has signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    subject: Option<String>,
    sid: Option<String>,
    jti: String,
    until: Time,
}

/// Reads a logout token. `Err` says what is wrong with it.
pub fn read(
    provider: &Provider<'_>,
    keys: &KeySet,
    now: Time,
    token: &str,
) -> Result<Notice, Wrong> {
    let typ = Header::read(token)?.typ.unwrap_or_default().to_ascii_lowercase();
    let typ = typ.strip_prefix("application/").unwrap_or(&typ).to_owned();
    // Explicit typing is recommended, not required (§2.4).
    if !matches!(typ.as_str(), "" | "jwt" | "logout+jwt") {
        return Err(Refusal::WrongType.into());
    }
    let claims = keys.verify(token)?;
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    if text("iss") != Some(provider.issuer) {
        return Err(Refusal::WrongIssuer.into());
    }
    let own = |one: &Value| one.as_str() == Some(provider.client_id);
    let is_ours = match claims.get("aud") {
        Some(Value::Array(all)) => all.iter().any(own),
        Some(one) => own(one),
        None => false,
    };
    if !is_ours {
        return Err(Refusal::WrongAudience.into());
    }
    let until = life(&claims, now)?;
    let told = claims.get("events").and_then(|events| events.get(EVENT));
    if !told.is_some_and(Value::is_object) {
        return Err(Wrong::Claim("it does not tell of a sign-out (events)"));
    }
    // With a nonce it may be an ID token in disguise (§2.4).
    if claims.get("nonce").is_some() {
        return Err(Wrong::Claim("it has a nonce, which a logout token must not have"));
    }
    let id = |name: &str| -> Result<Option<String>, Wrong> {
        match claims.get(name) {
            None => Ok(None),
            Some(value) => value
                .as_str()
                .filter(|id| (1..=LONGEST_SUBJECT).contains(&id.len()))
                .map(|id| Some(id.to_owned()))
                .ok_or(Wrong::Token(Refusal::Malformed)),
        }
    };
    let (subject, sid) = (id("sub")?, id("sid")?);
    if subject.is_none() && sid.is_none() {
        return Err(Wrong::Claim("it names neither a person (sub) nor a session (sid)"));
    }
    let jti = id("jti")?.ok_or(Wrong::Claim("it has no jti"))?;
    Ok(Notice { subject, sid, jti, until })
}

fn life(claims: &Value, now: Time) -> Result<Time, Wrong> {
    let seconds = |name: &str| {
        claims
            .get(name)
            .map(|value| value.as_i64().ok_or(Wrong::Token(Refusal::Malformed)))
            .transpose()
    };
    let made = seconds("iat")?.ok_or(Wrong::Claim("it has no iat"))?;
    if made > now.secs().saturating_add(LEEWAY) {
        return Err(Refusal::NotYetValid.into());
    }
    // Older texts of the specification had no exp: then it counts for a while after it was made.
    let ends = seconds("exp")?.unwrap_or_else(|| made.saturating_add(300));
    if now.secs() >= ends.saturating_add(LEEWAY) || made < now.secs().saturating_sub(LONGEST) {
        return Err(Refusal::Expired.into());
    }
    if ends > made.saturating_add(LONGEST) {
        return Err(Wrong::Claim("it lives longer than an hour"));
    }
    Ok(Time::from_secs(ends.saturating_add(LEEWAY)))
}

/// What a notice did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// So many sessions ended, perhaps none.
    Ended(usize),
    /// It came before.
    Replayed,
}

/// Ends what stands by the provider's sign-in: sessions, and sign-ins on their way. Once for each notice.
pub fn hear(
    tx: &Write<'_>,
    origin: &Origin,
    provider: &Provider<'_>,
    notice: &Notice,
) -> Result<Heard> {
    if !replay::first_use(tx, Kind::LogoutToken, provider.issuer, &notice.jti, notice.until)? {
        return Ok(Heard::Replayed);
    }
    let (sid, subject) = (notice.sid.as_deref(), notice.subject.as_deref());
    let who = Actor::anonymous(origin.clone());
    let mut ended = 0;
    for (session, _) in store::provider_token::sessions(tx, provider.issuer, sid, subject)? {
        if session::end_one(tx, &who, &session, ending::PROVIDER)? {
            store::grant::revoke_of_session(tx, &session, ending::PROVIDER, false)?;
            ended += 1;
        }
    }
    for sign_in in store::provider_token::sign_ins(tx, provider.issuer, sid, subject)? {
        store::sign_in::delete(tx, &sign_in)?;
    }
    let mut event = Event::new("provider.logout")
        .with("provider", provider.name)
        .with("issuer", provider.issuer)
        .with("sessions", ended);
    if let Some(subject) = subject {
        event = event.with("subject", subject);
    }
    audit::record(tx, &who, &event)?;
    Ok(Heard::Ended(ended))
}
