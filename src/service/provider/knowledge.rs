//! What is known of providers: their metadata and keys, fetched when they are needed and kept for a while. One fetch at a
//! time for each; what failed is not asked again at once by everybody who waits.

use std::{collections::HashMap, sync::Arc, time::Duration};

use parking_lot::Mutex;

use super::{Identity, Provider, Why, reach};
use crate::{
    app::App,
    model::{
        document::KeySet,
        fetch::Fault,
        provider::{Expected, Metadata},
    },
    net::provider::Asker,
    time::Time,
};

/// How long metadata and keys are kept.
const FRESH: Duration = Duration::from_secs(3_600);
/// How long they still do when newer ones cannot be had.
const STALE: Duration = Duration::from_secs(24 * 3_600);
/// Keys are fetched anew for a token that fits none of them, but not more often than this at a stranger's wish.
const AGAIN: Duration = Duration::from_secs(10);

/// Everything that is known.
#[derive(Debug, Default)]
pub(super) struct Knowledge {
    all: Mutex<HashMap<String, Arc<Slot>>>,
}

/// One provider's place: whoever holds the lock fetches.
#[derive(Debug, Default)]
struct Slot {
    fetching: tokio::sync::Mutex<()>,
    known: Mutex<Option<Arc<Known>>>,
}

/// A provider that was asked.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) metadata: Metadata,
    pub(super) keys: KeySet,
    pub(super) asker: Asker,
    issuer: String,
    fetched: Time,
    keys_fetched: Time,
}

impl Knowledge {
    /// What is known of a provider, fetched if need be.
    pub(super) async fn known(
        &self,
        app: &App,
        provider: &Provider<'_>,
    ) -> Result<Arc<Known>, Why> {
        let slot = self.slot(provider.name);
        let fresh = |now: Time| {
            slot.known
                .lock()
                .clone()
                .filter(|known| known.issuer == provider.issuer && now.since(known.fetched) < FRESH)
        };
        if let Some(known) = fresh(app.db.now()) {
            return Ok(known);
        }
        let _alone = slot.fetching.lock().await;
        // Whoever was here before may have done it.
        if let Some(known) = fresh(app.db.now()) {
            return Ok(known);
        }
        match fetch(app, provider).await {
            Ok(known) => {
                let known = Arc::new(known);
                *slot.known.lock() = Some(Arc::clone(&known));
                Ok(known)
            }
            Err(why) => {
                let old = slot.known.lock().clone();
                let now = app.db.now();
                old.filter(|known| {
                    known.issuer == provider.issuer && now.since(known.fetched) < STALE
                })
                .ok_or(why)
            }
        }
    }

    /// Newer keys than `known` has, if there can be any.
    async fn newer(
        &self,
        app: &App,
        provider: &Provider<'_>,
        known: &Arc<Known>,
    ) -> Result<Option<Arc<Known>>, Why> {
        let slot = self.slot(provider.name);
        let _alone = slot.fetching.lock().await;
        let now = app.db.now();
        if let Some(other) = slot.known.lock().clone()
            && !Arc::ptr_eq(&other, known)
            && other.issuer == provider.issuer
        {
            return Ok(Some(other));
        }
        if known.keys_fetched > known.fetched && now.since(known.keys_fetched) < AGAIN {
            return Ok(None);
        }
        let keys = keys(&known.asker, &known.metadata).await?;
        let newer = Arc::new(Known {
            metadata: known.metadata.clone(),
            keys,
            asker: known.asker.clone(),
            issuer: known.issuer.clone(),
            fetched: known.fetched,
            // Told apart from those that came with the metadata, however fast that went.
            keys_fetched: now.max(known.fetched.plus(Duration::from_millis(1))),
        });
        *slot.known.lock() = Some(Arc::clone(&newer));
        Ok(Some(newer))
    }

    /// Checks something that a provider signed, with newer keys if it fits none of those that are known.
    pub(super) async fn signed<T>(
        &self,
        app: &App,
        provider: &Provider<'_>,
        known: &Arc<Known>,
        check: impl Fn(&KeySet) -> Result<T, crate::model::provider::Wrong>,
    ) -> Result<T, Why> {
        match check(&known.keys) {
            Err(wrong) if wrong.is_about_keys() => match self.newer(app, provider, known).await? {
                Some(newer) => check(&newer.keys).map_err(Why::Token),
                None => Err(Why::Token(wrong)),
            },
            checked => checked.map_err(Why::Token),
        }
    }

    /// Whom an ID token is about.
    pub(super) async fn identity(
        &self,
        app: &App,
        provider: &Provider<'_>,
        known: &Arc<Known>,
        token: &str,
        expected: &Expected<'_>,
    ) -> Result<Identity, Why> {
        self.signed(app, provider, known, |keys| Identity::read(token, keys, expected)).await
    }

    fn slot(&self, name: &str) -> Arc<Slot> {
        Arc::clone(self.all.lock().entry(name.to_owned()).or_default())
    }
}

async fn fetch(app: &App, provider: &Provider<'_>) -> Result<Known, Why> {
    let unreadable = |error: std::io::Error| {
        Why::Reach(format!("the file of authorities cannot be read: {}", error.kind()))
    };
    let authorities = provider.ca.map(std::fs::read).transpose().map_err(unreadable)?;
    let asker = Asker::new(provider.issuer, authorities.as_deref())
        .map_err(|error| Why::Reach(error.to_string()))?;
    let found = asker.metadata().await.map_err(|fault| reach("its metadata", &fault))?;
    let metadata = Metadata::read(provider.issuer, &found).map_err(Why::Reach)?;
    let keys = keys(&asker, &metadata).await?;
    let now = app.db.now();
    let issuer = provider.issuer.to_owned();
    Ok(Known { metadata, keys, asker, issuer, fetched: now, keys_fetched: now })
}

async fn keys(asker: &Asker, metadata: &Metadata) -> Result<KeySet, Why> {
    let found: Result<_, Fault> = asker.get(&metadata.keys, None).await;
    let found = found.map_err(|fault| reach("its keys", &fault))?;
    KeySet::read(&serde_json::Value::Object(found)).map_err(|why| Why::Reach(why.to_owned()))
}
