//! What is remembered of an act: who, what, about whom, from where. That nobody alters it later is `chain`.

pub mod chain;

use super::id::{ClientId, GrantId, SessionId, UserId};
use crate::time::Time;

/// An event about to be written.
#[derive(Clone, Debug, Default)]
pub struct Event {
    /// Dotted name, for example `session.end`.
    pub event: &'static str,
    /// About whom.
    pub user: Option<UserId>,
    /// About which client.
    pub client: Option<ClientId>,
    /// About which session.
    pub session: Option<SessionId>,
    /// About which grant.
    pub grant: Option<GrantId>,
    /// More, without secrets: a JSON object.
    pub detail: serde_json::Map<String, serde_json::Value>,
}

impl Event {
    /// An event of this name about nobody yet.
    pub fn new(event: &'static str) -> Self {
        Self { event, ..Self::default() }
    }

    /// Says about whom.
    #[must_use]
    pub fn user(mut self, user: &UserId) -> Self {
        self.user = Some(user.clone());
        self
    }

    /// Says about which client.
    #[must_use]
    pub fn client(mut self, client: &ClientId) -> Self {
        self.client = Some(client.clone());
        self
    }

    /// Says about which session.
    #[must_use]
    pub fn session(mut self, session: &SessionId) -> Self {
        self.session = Some(session.clone());
        self
    }

    /// Says about which grant.
    #[must_use]
    pub fn grant(mut self, grant: &GrantId) -> Self {
        self.grant = Some(grant.clone());
        self
    }

    /// Adds a detail.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<serde_json::Value>) -> Self {
        self.detail.insert(key.to_owned(), value.into());
        self
    }
}

/// Which events are wanted; all of it must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// About this person.
    pub user: Option<UserId>,
    /// About this client.
    pub client: Option<ClientId>,
    /// From this address.
    pub address: Option<String>,
    /// Of this name, or of those before whose first dot it stands.
    pub event: Option<String>,
    /// Not before.
    pub since: Option<Time>,
    /// Before.
    pub until: Option<Time>,
}

/// An event as it was written.
#[derive(Clone, Debug, PartialEq)]
pub struct EventRow {
    /// Its number.
    pub id: i64,
    /// When.
    pub at: Time,
    /// Dotted name.
    pub event: String,
    /// Who did it.
    pub actor: String,
    /// Through which face.
    pub via: String,
    /// About whom.
    pub user_id: Option<String>,
    /// About which client.
    pub client_id: Option<String>,
    /// About which session.
    pub session_id: Option<String>,
    /// About which grant.
    pub grant_id: Option<String>,
    /// From where.
    pub address: Option<String>,
    /// More, as JSON.
    pub detail: String,
}
