//! The record of who did what.

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::model::audit::EventRow;

/// An event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = AuditEvent)]
pub struct Event {
    /// Its number.
    pub id: i64,
    /// When.
    #[schema(format = DateTime)]
    pub at: String,
    /// Dotted name, for example `session.end`.
    pub event: String,
    /// Who did it.
    pub actor: String,
    /// Through which face: `http`, `api`, `cli`, `tui` or `system`.
    pub via: String,
    /// About whom.
    pub user_id: Option<String>,
    /// About which client.
    pub client_id: Option<String>,
    /// About which session.
    pub session_id: Option<String>,
    /// About which connection.
    pub grant_id: Option<String>,
    /// From where.
    pub address: Option<String>,
    /// More.
    #[schema(value_type = Object)]
    pub detail: Value,
}

impl Event {
    /// Of an event.
    pub fn of(row: &EventRow) -> Self {
        let detail = serde_json::from_str(&row.detail);
        Self {
            id: row.id,
            at: row.at.rfc3339(),
            event: row.event.clone(),
            actor: row.actor.clone(),
            via: row.via.clone(),
            user_id: row.user_id.clone(),
            client_id: row.client_id.clone(),
            session_id: row.session_id.clone(),
            grant_id: row.grant_id.clone(),
            address: row.address.clone(),
            detail: detail.unwrap_or_else(|_| Value::String(row.detail.clone())),
        }
    }
}

/// What a check of the record found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = AuditChecked)]
pub struct Checked {
    /// Whether nobody changed, removed or added an event.
    pub ok: bool,
    /// How many events are good, up to the first bad one.
    pub events: u64,
    /// The newest event, `ID:HASH`: note it elsewhere and give it to a later check.
    pub head: String,
    /// What is wrong first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// The number of the first bad event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_bad: Option<i64>,
}
