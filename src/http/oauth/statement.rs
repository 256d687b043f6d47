//! Checking the signed statements by which clients prove themselves: gets their keys, from the registration or from the
//! address that it names, and keeps the latter for a while.

use std::time::Duration;

use url::Url;

use super::{
    error::OAuthError,
    resolve::{Lane, Resolver, Whose},
};
use crate::{
    app::App,
    crypto::jwt::Refusal,
    model::{
        actor::Actor,
        document::{KeySet, STALE, freshness},
        fetch::{Fault, Fetched},
    },
    ops::oauth::assertion::{self, Keys, Proof, Why},
    time::Time,
};

/// Keys that do not fit are asked for again, but not sooner than this after the last time.
const AGAIN: Duration = Duration::from_secs(30);

/// Addresses whose keys are kept at once; beyond it the longest not asked for go. Strangers have their own.
const MOST: usize = 2_000;

/// Keys as they were fetched.
#[derive(Clone, Debug)]
pub struct Cached {
    set: Option<KeySet>,
    /// When they were last asked for.
    asked: Time,
    /// Until when they count without being asked for.
    fresh_until: Time,
    /// Why there are none, or no newer ones.
    fault: Option<String>,
}

impl Cached {
    /// What there is, as long as it may be used at all.
    fn usable(&self, now: Time) -> Option<&KeySet> {
        self.set.as_ref().filter(|_| now < self.fresh_until.plus(STALE))
    }
}

impl Resolver {
    /// Checks the statement of a client, which [`assertion::spend`] must then find to be the first of its kind.
    pub async fn prove(
        &self,
        app: &App,
        who: &Actor,
        client_id: &str,
        statement: &str,
    ) -> Result<Proof, OAuthError> {
        let keys = app.db.read(|r| assertion::keys(r, client_id))?;
        let (keys, in_use) = keys.ok_or_else(|| OAuthError::client(false))?;
        let whose = if in_use { Whose::InUse } else { Whose::Stranger(who) };
        let check = |set: &KeySet| {
            let keys = keys.clone();
            assertion::check(&app.env, app.db.now(), client_id, (keys, set), statement)
        };
        let uri = match &keys {
            Keys::Own(jwks) => {
                let set = KeySet::read(jwks).map_err(|why| OAuthError::statement(&why))?;
                return check(&set).map_err(|why| OAuthError::statement(&why));
            }
            Keys::At(uri) => uri,
        };
        let first = check(&self.keys_at(app, whose, uri, false).await?);
        match first {
            // The client may have changed its keys.
            Err(Why::Token(Refusal::UnknownKey | Refusal::BadSignature)) => {
                check(&self.keys_at(app, whose, uri, true).await?)
            }
            other => other,
        }
        .map_err(|why| OAuthError::statement(&why))
    }

    /// The keys at an address; newer ones when those that are kept did not fit.
    pub(super) async fn keys_at(
        &self,
        app: &App,
        whose: Whose<'_>,
        uri: &str,
        newer: bool,
    ) -> Result<KeySet, OAuthError> {
        let lane = self.lane(whose);
        if let Some(answer) = lane.kept(app.db.now(), uri, newer) {
            return answer;
        }
        let name = format!("keys {uri}");
        let flight = lane.flight(&name);
        let answer = {
            let _alone = flight.lock().await;
            match lane.kept(app.db.now(), uri, newer) {
                Some(answer) => answer,
                None => self.fetch_keys(app, whose, uri).await,
            }
        };
        lane.land(&name, flight);
        answer
    }

    async fn fetch_keys(
        &self,
        app: &App,
        whose: Whose<'_>,
        uri: &str,
    ) -> Result<KeySet, OAuthError> {
        let (now, lane) = (app.db.now(), self.lane(whose));
        let before = lane.keys.lock().get(uri).cloned();
        let mut next = before.unwrap_or(Cached {
            set: None,
            asked: now,
            fresh_until: Time::default(),
            fault: None,
        });
        next.asked = now;
        match self.ask(app, whose, uri).await {
            Ok((set, fresh)) => {
                next.fresh_until = now.plus(freshness(fresh));
                (next.set, next.fault) = (Some(set), None);
            }
            // That there was no turn says nothing about the keys: the next one who asks may have one.
            Err(Missed::Busy(why)) => {
                return next.usable(now).cloned().ok_or_else(|| OAuthError::later(why));
            }
            Err(Missed::Wrong(why)) => {
                tracing::info!(uri, why, "the keys of a client cannot be fetched");
                next.fault = Some(why);
            }
        }
        let answer = answer(&next, now);
        lane.keep(uri, next);
        answer
    }

    async fn ask(
        &self,
        app: &App,
        whose: Whose<'_>,
        uri: &str,
    ) -> Result<(KeySet, Option<Duration>), Missed> {
        let url = Url::parse(uri);
        let url = url.map_err(|_| Missed::Wrong("the address of the keys is no URL".to_owned()))?;
        let (bytes, fresh) = match self.get(app, whose, &url, None).await {
            Ok(Fetched::Body { bytes, fresh, .. }) => (bytes, fresh),
            Ok(Fetched::Unchanged { .. }) => return Err(Missed::Wrong(Fault::Broken.to_string())),
            Err(Fault::Busy(why)) => return Err(Missed::Busy(why)),
            Err(fault) => return Err(Missed::Wrong(fault.to_string())),
        };
        let jwks = serde_json::from_slice(&bytes);
        let jwks = jwks.map_err(|_| Missed::Wrong("they are not JSON".to_owned()))?;
        let set = KeySet::read(&jwks).map_err(|why| Missed::Wrong(why.to_owned()))?;
        Ok((set, fresh))
    }
}

/// Why there are no keys.
enum Missed {
    /// It was not their turn.
    Busy(&'static str),
    /// What is wrong with them, or with the way to them.
    Wrong(String),
}

impl Lane {
    /// What is kept, unless it is to be asked for.
    fn kept(&self, now: Time, uri: &str, newer: bool) -> Option<Result<KeySet, OAuthError>> {
        let keys = self.keys.lock();
        let cached = keys.get(uri)?;
        let lately = now.since(cached.asked) < AGAIN;
        (lately || (!newer && now < cached.fresh_until)).then(|| answer(cached, now))
    }

    fn keep(&self, uri: &str, next: Cached) {
        let mut keys = self.keys.lock();
        if keys.len() >= MOST && !keys.contains_key(uri) {
            let oldest = keys.iter().min_by_key(|(_, one)| one.asked).map(|(uri, _)| uri.clone());
            oldest.map(|uri| keys.remove(&uri));
        }
        keys.insert(uri.to_owned(), next);
    }
}

fn answer(cached: &Cached, now: Time) -> Result<KeySet, OAuthError> {
    let fault = cached.fault.as_deref().unwrap_or_default();
    cached.usable(now).cloned().ok_or_else(|| {
        OAuthError::statement(&format!("the keys of the client cannot be fetched: {fault}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_so_many_addresses_are_kept_and_the_longest_not_asked_for_go() {
        let lane = Lane::default();
        for n in 0..3_000 {
            let asked = Time::from_secs(n);
            let one = Cached { set: None, asked, fresh_until: asked, fault: None };
            lane.keep(&format!("https://app.example.com/{n}"), one);
        }
        let keys = lane.keys.lock();
        assert_eq!(keys.len(), MOST);
        assert!(keys.contains_key("https://app.example.com/2999"));
        assert!(!keys.contains_key("https://app.example.com/999"));
    }
}
