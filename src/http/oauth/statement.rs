//! Checking the signed statements by which clients prove themselves: gets their keys, from the registration or from the
//! address that it names, and keeps the latter for a while.

use std::time::Duration;

use url::Url;

use super::{
    error::OAuthError,
    resolve::{MOST, Resolver},
};
use crate::{
    app::App,
    crypto::jwt::Refusal,
    model::{
        document::{KeySet, STALE, freshness},
        fetch::{Fault, Fetched},
    },
    ops::oauth::assertion::{self, Keys, Proof, Why},
    time::Time,
};

/// Keys that do not fit are asked for again, but not sooner than this after the last time.
const AGAIN: Duration = Duration::from_secs(30);

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
        client_id: &str,
        statement: &str,
    ) -> Result<Proof, OAuthError> {
        let keys = app.db.read(|r| assertion::keys(r, client_id))?;
        let keys = keys.ok_or_else(|| OAuthError::client(false))?;
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
        let first = check(&self.keys_at(app, uri, false).await?);
        match first {
            // The client may have changed its keys.
            Err(Why::Token(Refusal::UnknownKey | Refusal::BadSignature)) => {
                check(&self.keys_at(app, uri, true).await?)
            }
            other => other,
        }
        .map_err(|why| OAuthError::statement(&why))
    }

    /// The keys at an address; newer ones when those that are kept did not fit.
    async fn keys_at(&self, app: &App, uri: &str, newer: bool) -> Result<KeySet, OAuthError> {
        if let Some(answer) = self.kept(app.db.now(), uri, newer) {
            return answer;
        }
        let name = format!("keys {uri}");
        let flight = self.flight(&name);
        {
            let _alone = flight.lock().await;
            if self.kept(app.db.now(), uri, newer).is_none() {
                self.fetch_keys(app, uri).await;
            }
        }
        self.land(&name, flight);
        let now = app.db.now();
        let found = self.keys.lock().get(uri).cloned();
        answer(found.as_ref(), now)
    }

    /// What is kept, unless it is to be asked for.
    fn kept(&self, now: Time, uri: &str, newer: bool) -> Option<Result<KeySet, OAuthError>> {
        let keys = self.keys.lock();
        let cached = keys.get(uri)?;
        let lately = now.since(cached.asked) < AGAIN;
        (lately || (!newer && now < cached.fresh_until)).then(|| answer(Some(cached), now))
    }

    async fn fetch_keys(&self, app: &App, uri: &str) {
        let now = app.db.now();
        let before = self.keys.lock().get(uri).cloned();
        let fetched = self.ask(app, uri, before.is_some(), now).await;
        let mut next = before.unwrap_or(Cached {
            set: None,
            asked: now,
            fresh_until: Time::default(),
            fault: None,
        });
        next.asked = now;
        match fetched {
            Ok((set, fresh)) => {
                next.fresh_until = now.plus(freshness(fresh));
                (next.set, next.fault) = (Some(set), None);
            }
            Err(why) => {
                tracing::info!(uri, why, "the keys of a client cannot be fetched");
                next.fault = Some(why);
            }
        }
        let mut keys = self.keys.lock();
        if keys.len() >= MOST {
            keys.retain(|_, one| now < one.fresh_until || now.since(one.asked) < AGAIN);
        }
        if keys.len() < MOST || keys.contains_key(uri) {
            keys.insert(uri.to_owned(), next);
        }
    }

    async fn ask(
        &self,
        app: &App,
        uri: &str,
        known: bool,
        now: Time,
    ) -> Result<(KeySet, Option<Duration>), String> {
        let url = Url::parse(uri).map_err(|_| "the address of the keys is no URL".to_owned())?;
        if !known {
            self.count(url.host_str().unwrap_or_default(), now).map_err(|f| f.to_string())?;
        }
        let fetched = self.get(app, &self.known, &url, None).await;
        let (bytes, fresh) = match fetched.map_err(|fault| fault.to_string())? {
            Fetched::Body { bytes, fresh, .. } => (bytes, fresh),
            Fetched::Unchanged { .. } => return Err(Fault::Broken.to_string()),
        };
        let jwks = serde_json::from_slice(&bytes).map_err(|_| "they are not JSON".to_owned())?;
        KeySet::read(&jwks).map(|set| (set, fresh)).map_err(str::to_owned)
    }
}

fn answer(cached: Option<&Cached>, now: Time) -> Result<KeySet, OAuthError> {
    let fault = cached.and_then(|one| one.fault.clone()).unwrap_or_default();
    cached.and_then(|one| one.usable(now)).cloned().ok_or_else(|| {
        OAuthError::statement(&format!("the keys of the client cannot be fetched: {fault}"))
    })
}
