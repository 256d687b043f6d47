//! Signing keys and their life: next, active, retired.

use crate::{crypto::jwt::Algorithm, time::Time};

/// Where a key stands in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// Published, not signing yet.
    Next,
    /// Signing.
    Active,
    /// No longer signing; published until its last token has ended.
    Retired,
}

impl KeyState {
    /// The word in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Next => "next",
            Self::Active => "active",
            Self::Retired => "retired",
        }
    }

    /// Reads what [`KeyState::as_str`] wrote.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Next, Self::Active, Self::Retired].into_iter().find(|state| state.as_str() == text)
    }
}

/// A signing key without its private half.
#[derive(Clone, Debug, PartialEq)]
pub struct SigningKeyRow {
    /// Its key id: the RFC 7638 thumbprint.
    pub kid: String,
    /// What it signs with.
    pub algorithm: Algorithm,
    /// The public half as a JWK.
    pub public_jwk: serde_json::Value,
    /// Where it stands.
    pub state: KeyState,
    /// When it was made.
    pub created_at: Time,
    /// When it began to sign.
    pub activated_at: Option<Time>,
    /// When it stopped.
    pub retired_at: Option<Time>,
}
