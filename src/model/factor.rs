//! Second factors: which there are, how strong each is, TOTP credentials and recovery codes.

use super::{
    id::{CredentialId, UserId},
    session::amr,
};
use crate::{crypto::totp::Settings, time::Time};

/// How a second factor is proved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Method {
    /// A passkey or security key (`WebAuthn`).
    Passkey,
    /// A code from an authenticator app (RFC 6238).
    Totp,
    /// A code by SMS.
    Sms,
    /// A code by e-mail.
    Email,
    /// One of the recovery codes.
    Recovery,
}

impl Method {
    /// Every method, the strongest first.
    pub const ALL: [Self; 5] = [Self::Passkey, Self::Totp, Self::Sms, Self::Email, Self::Recovery];

    /// The word in forms, on the command line and in audit rows.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Passkey => "webauthn",
            Self::Totp => "totp",
            Self::Sms => "sms",
            Self::Email => "email",
            Self::Recovery => "recovery",
        }
    }

    /// Reads what [`Method::as_str`] gives.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.as_str() == text)
    }

    /// What it adds to `amr` (RFC 8176) beside `mfa`. A passkey says more: `ops/passkey.rs`.
    pub fn amr(self) -> &'static str {
        match self {
            Self::Passkey => amr::KEY,
            Self::Totp => amr::OTP,
            Self::Sms => amr::SMS,
            Self::Email => amr::EMAIL,
            Self::Recovery => amr::RECOVERY,
        }
    }

    /// Whether a code can be taken away on its way: whoever has the number or the mailbox has the factor
    /// (NIST SP 800-63B-4 restricts the one and refuses the other).
    pub fn is_weak(self) -> bool {
        matches!(self, Self::Sms | Self::Email)
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_method_is_read_back_from_its_word() {
        for method in Method::ALL {
            assert_eq!(Method::parse(method.as_str()), Some(method));
        }
        assert_eq!(Method::parse("carrier pigeon"), None);
    }
}
