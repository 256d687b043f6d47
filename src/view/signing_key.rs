//! A key that signs tokens.

use serde::Serialize;
use utoipa::ToSchema;

use super::at;
use crate::{
    model::key::{KeyStanding, SigningKeyRow},
    time::Time,
};

/// A signing key, without its private half.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = SigningKeySummary)]
pub struct Summary {
    /// Its key id.
    pub kid: String,
    /// What it signs with.
    pub algorithm: String,
    /// `next`, `active` or `retired`.
    pub state: String,
    /// When it was made and published.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// When it began to sign.
    #[schema(format = DateTime)]
    pub activated_at: Option<String>,
    /// When it ceased to.
    #[schema(format = DateTime)]
    pub retired_at: Option<String>,
    /// Until when what it signed is believed.
    #[schema(format = DateTime)]
    pub verifies_until: Option<String>,
}

impl Summary {
    /// Of a key.
    pub fn of(key: &SigningKeyRow) -> Self {
        Self {
            kid: key.kid.clone(),
            algorithm: key.algorithm.as_str().to_owned(),
            state: key.state.as_str().to_owned(),
            created_at: key.created_at.rfc3339(),
            activated_at: at(key.activated_at),
            retired_at: at(key.retired_at),
            verifies_until: at(key.verifies_until),
        }
    }
}

/// A signing key and what comes next for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct SigningKey {
    /// The key.
    #[serde(flatten)]
    pub summary: Summary,
    /// Whether tokens are signed with its algorithm at all.
    pub in_use: bool,
    /// Whether it stands in the JWKS.
    pub in_jwks: bool,
    /// When a staged key may sign without harm.
    #[schema(format = DateTime)]
    pub ready_at: Option<String>,
    /// When keys take turns by the schedule.
    #[schema(format = DateTime)]
    pub turns_at: Option<String>,
    /// Apps whose newest access token it signed, about.
    pub apps: u32,
}

impl SigningKey {
    /// Of a key as it stands at a moment.
    pub fn of(row: &KeyStanding, now: Time) -> Self {
        Self {
            summary: Summary::of(&row.key),
            in_use: row.in_use,
            in_jwks: row.key.is_published(now),
            ready_at: at(row.ready_at),
            turns_at: at(row.turns_at),
            apps: row.apps,
        }
    }
}

/// A key that was just published.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = SigningKeyStaged)]
pub struct Staged {
    /// The key.
    #[serde(flatten)]
    pub summary: Summary,
    /// When it may sign without harm.
    #[schema(format = DateTime)]
    pub ready_at: String,
}

/// Keys that took turns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = SigningKeysRotated)]
pub struct Rotated {
    /// The one that signs now.
    pub signs: Summary,
    /// Whether it was published for long enough.
    pub ready: bool,
    /// The one that signed before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Summary>,
}

/// A key that was taken out of use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = SigningKeyRetired)]
pub struct Retired {
    /// Which.
    pub retired: Summary,
    /// The one that signs in its place, if it was signing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signs: Option<Summary>,
}
