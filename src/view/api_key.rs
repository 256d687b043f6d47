//! An API key, without the key.

use serde::Serialize;
use utoipa::ToSchema;

use super::at;
use crate::{
    model::apikey::{DayOfUse, KeyRow, Rotation},
    time::Time,
};

/// How often a key may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct RateLimit {
    /// How many uses flow back into the bucket each minute.
    pub requests_per_minute: u32,
    /// How many may come at once.
    pub burst_size: u32,
}

/// A key, as `apikey create` tells it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ApiKeySummary)]
pub struct Summary {
    /// Its public half.
    pub id: String,
    /// What its owner calls it.
    pub name: String,
    /// The user name of whoever answers for it.
    pub user: String,
    /// The agent that it belongs to, if it is not the person's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// What it may do.
    pub scopes: Vec<String>,
    /// When it was made.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// When it ends, if ever.
    #[schema(format = DateTime)]
    pub expires_at: Option<String>,
    /// When it should be rotated.
    #[schema(format = DateTime)]
    pub rotation_due_at: Option<String>,
    /// How often it may be used.
    pub rate_limit: RateLimit,
    /// The key in whose place it came.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replaces: Option<String>,
}

impl Summary {
    /// Of a key with the names of those it belongs to.
    pub fn of(row: &KeyRow) -> Self {
        let key = &row.key;
        Self {
            id: key.id.to_string(),
            name: key.name.clone(),
            user: row.username.clone(),
            agent: row.agent.clone(),
            scopes: key.scopes.to_vec(),
            created_at: key.created_at.rfc3339(),
            expires_at: at(key.expires_at),
            rotation_due_at: at(key.rotation_due_at),
            rate_limit: RateLimit {
                requests_per_minute: key.requests_per_minute,
                burst_size: key.burst_size,
            },
            replaces: key.replaces.as_ref().map(ToString::to_string),
        }
    }
}

/// A key with what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ApiKey {
    /// The key.
    #[serde(flatten)]
    pub summary: Summary,
    /// How it begins, for people to recognise it.
    pub hint: String,
    /// `active`, `expired` or `revoked`.
    pub state: String,
    /// Whether it should be replaced: `ok`, `due` or `overdue`.
    pub rotation: String,
    /// When it ends, by whichever of its ends comes first.
    #[schema(format = DateTime)]
    pub ends_at: Option<String>,
    /// The key that came in its place.
    pub replaced_by: Option<String>,
    /// When it was last used.
    #[schema(format = DateTime)]
    pub last_used_at: Option<String>,
    /// From where that was.
    pub last_used_address: Option<String>,
    /// When it was taken back.
    #[schema(format = DateTime)]
    pub revoked_at: Option<String>,
    /// Why.
    pub revoke_reason: Option<String>,
}

impl ApiKey {
    /// Of a key as it stands at a moment.
    pub fn of(row: &KeyRow, rotation: Rotation, now: Time) -> Self {
        let key = &row.key;
        Self {
            summary: Summary::of(row),
            hint: key.hint.clone(),
            state: key.state(rotation, now).to_owned(),
            rotation: key.due(rotation, now).as_str().to_owned(),
            ends_at: at(key.ends_at(rotation)),
            replaced_by: key.replaced_by.as_ref().map(ToString::to_string),
            last_used_at: at(key.last_used_at),
            last_used_address: key.last_used_address.clone(),
            revoked_at: at(key.revoked_at),
            revoke_reason: key.revoke_reason.clone(),
        }
    }
}

/// A key that was just made: the only answer with its text.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = ApiKeyMade)]
pub struct Made {
    /// The key's row.
    #[serde(flatten)]
    pub summary: Summary,
    /// The key. Shown this once.
    pub key: String,
    /// When the key ends that it replaces.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    pub old_ends_at: Option<String>,
}

/// How often a key was used on one day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ApiKeyUsage)]
pub struct Usage {
    /// The day, in UTC.
    #[schema(format = Date)]
    pub date: String,
    /// How often it was let in.
    pub used: u32,
    /// How often it was refused, since its bucket was empty.
    pub limited: u32,
}

impl Usage {
    /// Of a day.
    pub fn of(day: &DayOfUse) -> Self {
        Self { date: day.date(), used: day.used, limited: day.limited }
    }
}
