//! Someone on the way in: which step comes next, so that none can be skipped.

use std::time::Duration;

use super::id::{SessionId, UserId};
use crate::time::Time;

/// How long a person may take between the password and the last step.
pub const LIFETIME: Duration = Duration::from_secs(15 * 60);

/// The step that a sign-in waits for. Every page asks for its own and refuses the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The password was right but is too old: a new one.
    PasswordExpired,
    /// The code of a second factor.
    SecondFactor,
    /// A second factor is required and missing: enrolment.
    Enroll,
    /// Enrolled: the recovery codes are on the screen and wait to be stored.
    RecoveryCodes,
}

impl Stage {
    /// The word in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PasswordExpired => "password_expired",
            Self::SecondFactor => "second_factor",
            Self::Enroll => "enroll",
            Self::RecoveryCodes => "recovery_codes",
        }
    }

    /// Reads what [`Stage::as_str`] wrote.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::PasswordExpired, Self::SecondFactor, Self::Enroll, Self::RecoveryCodes]
            .into_iter()
            .find(|stage| stage.as_str() == text)
    }
}

/// How much a sign-in must prove.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Strength {
    /// As the account's rules say; a trusted browser stands for the second factor.
    #[default]
    Usual,
    /// Every factor that there is, here and now.
    Fresh,
    /// Two factors; whoever has no second one enrols it now.
    Mfa,
}

impl Strength {
    /// The word in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Usual => "usual",
            Self::Fresh => "fresh",
            Self::Mfa => "mfa",
        }
    }

    /// Reads what [`Strength::as_str`] wrote.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Usual, Self::Fresh, Self::Mfa].into_iter().find(|one| one.as_str() == text)
    }
}

/// A sign-in that is not a session yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignIn {
    /// Who proved their first factor.
    pub user_id: UserId,
    /// What comes next.
    pub stage: Stage,
    /// Whether they asked to be remembered.
    pub remember_me: bool,
    /// What is proved so far (RFC 8176).
    pub amr: Vec<String>,
    /// The path on our own origin that they wanted.
    pub return_to: String,
    /// How much it must prove.
    pub strength: Strength,
    /// Whether the browser shall be trusted once the second factor is proved.
    pub trust_device: bool,
    /// The id of the enrolment link that it began with.
    pub enrol_link: Option<String>,
    /// The session that gets more proof by it, in place of a new one.
    pub raises: Option<SessionId>,
    /// When it ends.
    pub expires_at: Time,
}
