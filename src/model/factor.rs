//! Second factors: TOTP credentials and recovery codes.

use super::id::{CredentialId, UserId};
use crate::{crypto::totp::Settings, time::Time};

/// Recovery codes in a set.
pub const RECOVERY_CODES: usize = 10;

/// A TOTP credential without its seed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TotpCredential {
    /// Its id.
    pub id: CredentialId,
    /// Whose.
    pub user_id: UserId,
    /// What its owner calls it.
    pub label: String,
    /// Digits, period and algorithm it was enrolled with.
    pub settings: Settings,
    /// The newest step that was used; it and those before are spent.
    pub last_step: Option<i64>,
    /// Whether a code has proved it.
    pub active: bool,
    /// When it was made.
    pub created_at: Time,
    /// When it was last used.
    pub last_used_at: Option<Time>,
}
