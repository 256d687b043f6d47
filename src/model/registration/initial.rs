//! Initial access tokens (RFC 7591 §3): who may register an app where not everyone may.

use crate::{model::id::RegistrationTokenId, time::Time};

/// A token with which apps may register themselves, without its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InitialToken {
    /// Its row.
    pub id: RegistrationTokenId,
    /// What the operator calls it.
    pub name: String,
    /// How many registrations it is good for; none: any number.
    pub most_uses: Option<u32>,
    /// How many there were.
    pub uses: u32,
    /// When it was made.
    pub created_at: Time,
    /// When it ends by itself.
    pub expires_at: Option<Time>,
    /// When it was taken back.
    pub revoked_at: Option<Time>,
    /// When it was last used.
    pub last_used_at: Option<Time>,
}

impl InitialToken {
    /// Whether it is good for another registration.
    pub fn is_good(&self, now: Time) -> bool {
        self.revoked_at.is_none()
            && self.expires_at.is_none_or(|end| end > now)
            && self.most_uses.is_none_or(|most| self.uses < most)
    }
}
