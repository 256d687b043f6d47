//! Passkeys: what is known of one, what its use proves, and why an answer is refused.
//! Checking signatures is `crypto/webauthn.rs`; whose challenge it was is `ops/passkey.rs`.

use std::time::Duration;

use super::{
    id::{CredentialId, SessionId, UserId},
    name::DisplayName,
    session::amr,
};
use crate::{
    crypto::{secret::Hashed, webauthn::Fault},
    error::{Error, Result},
    time::Time,
};

/// How long a browser may take to answer a challenge.
pub const LIFETIME: Duration = Duration::from_secs(300);
/// Passkeys that one person may have.
pub const MAX_PASSKEYS: usize = 20;
const MAX_LABEL: usize = 60;

/// A passkey without its public key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passkey {
    /// Its id.
    pub id: CredentialId,
    /// Whose.
    pub user_id: UserId,
    /// What its owner calls it.
    pub label: String,
    /// The highest signature counter that was seen.
    pub counter: u32,
    /// Whether it may be copied to its owner's other devices.
    pub syncable: bool,
    /// Whether it was, as far as the device last said.
    pub backed_up: bool,
    /// How a browser reaches the device.
    pub transports: Vec<String>,
    /// When it was registered.
    pub created_at: Time,
    /// When it was last used.
    pub last_used_at: Option<Time>,
    /// When its counter went back, which a copy of it would explain.
    pub flagged_at: Option<Time>,
}

/// A label as its owner typed it; `nth` names a passkey that was given none.
pub fn label(typed: &str, nth: usize) -> Result<String> {
    if typed.trim().is_empty() {
        return Ok(if nth < 2 { "Passkey".to_owned() } else { format!("Passkey {nth}") });
    }
    let label = DisplayName::parse(typed)?;
    if label.as_str().chars().count() > MAX_LABEL {
        return Err(Error::invalid("name", "use at most 60 characters"));
    }
    Ok(label.as_str().to_owned())
}

/// What a challenge was given out for; an answer to one is none to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A new passkey.
    Register,
    /// Signing in by passkey alone: nobody is known yet.
    SignIn,
    /// Proving that a known person is here.
    SecondFactor,
}

impl Purpose {
    /// The word in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Register => "register",
            Self::SignIn => "sign_in",
            Self::SecondFactor => "second_factor",
        }
    }
}

/// Where a challenge is answered: the browser, and what goes on in it.
#[derive(Clone, Debug)]
pub struct Place {
    /// The browser's cookie, hashed.
    pub browser: Hashed,
    /// The session, sign-in or link; empty before sign-in.
    pub binding: String,
}

impl Place {
    /// A browser before anybody is known.
    pub fn of_browser(browser: &Hashed) -> Self {
        Self { browser: browser.clone(), binding: String::new() }
    }

    /// A session.
    pub fn of_session(browser: &Hashed, session: &SessionId) -> Self {
        Self { browser: browser.clone(), binding: format!("session:{session}") }
    }

    /// A one-time link, by what names its row.
    pub fn of_link(browser: &Hashed, link: &str) -> Self {
        Self { browser: browser.clone(), binding: format!("link:{link}") }
    }
}

/// What the use of a passkey proved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// Who.
    pub user: UserId,
    /// With which passkey.
    pub credential: CredentialId,
    /// Whether the device checked the person, by PIN or finger.
    pub verified: bool,
    /// Whether the passkey may be copied between devices.
    pub syncable: bool,
}

impl Proof {
    /// What it adds to `amr` where it stands alone: two factors if the device checked the person, else one.
    pub fn amr(&self) -> Vec<String> {
        let mut methods = vec![self.key()];
        if self.verified {
            methods.extend([amr::USER.to_owned(), amr::MFA.to_owned()]);
        }
        methods
    }

    /// What it adds to `amr` beside another factor, such as a password.
    pub fn amr_beside(&self) -> Vec<String> {
        let mut methods = vec![self.key()];
        if self.verified {
            methods.push(amr::USER.to_owned());
        }
        methods.push(amr::MFA.to_owned());
        methods
    }

    fn key(&self) -> String {
        if self.syncable { amr::SOFT_KEY.to_owned() } else { amr::KEY.to_owned() }
    }
}

/// Why an answer was refused. For the audit and the log: people are told one sentence for all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// No such challenge waits here: answered before, too late, of another browser, session or person.
    Gone,
    /// Passkeys are not offered any more.
    SwitchedOff,
    /// The answer itself is wrong.
    Fault(Fault),
    /// No passkey of ours.
    Unknown,
    /// A passkey of somebody else, or one that says so.
    OtherPerson,
    /// Its owner may not sign in.
    OwnerShut,
    /// At registration: the passkey is known already.
    Known,
    /// The counter did not go on: there may be a copy of the passkey.
    CounterBack,
}

impl Refusal {
    /// The word in audit rows.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Gone => "no such challenge",
            Self::SwitchedOff => "switched off",
            Self::Fault(fault) => fault.as_str(),
            Self::Unknown => "unknown passkey",
            Self::OtherPerson => "another person's",
            Self::OwnerShut => "account shut",
            Self::Known => "known already",
            Self::CounterBack => "counter went back",
        }
    }
}

/// Whether a signature counter went on. Most passkeys have none and always say 0 (WebAuthn §6.1.1).
pub fn counter_went_on(seen: u32, now: u32) -> bool {
    (seen == 0 && now == 0) || now > seen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counter_that_stays_or_falls_did_not_go_on_unless_there_is_none() {
        for (seen, now, on) in
            [(0, 0, true), (0, 1, true), (1, 2, true), (1, 1, false), (2, 1, false), (1, 0, false)]
        {
            assert_eq!(counter_went_on(seen, now), on, "{seen} to {now}");
        }
        assert!(!counter_went_on(u32::MAX, 0));
    }

    #[test]
    fn passkey_that_checked_nobody_is_one_factor() {
        let mut proof = Proof {
            user: UserId::from_text("u_1"),
            credential: CredentialId::from_text("f_1"),
            verified: false,
            syncable: true,
        };
        assert_eq!(proof.amr(), ["swk"]);
        assert_eq!(proof.amr_beside(), ["swk", "mfa"]);
        proof.verified = true;
        assert_eq!(proof.amr(), ["swk", "user", "mfa"]);
        proof.syncable = false;
        assert_eq!(proof.amr(), ["hwk", "user", "mfa"]);
        assert_eq!(proof.amr_beside(), ["hwk", "user", "mfa"]);
    }

    #[test]
    fn label_is_cleaned_and_made_up_when_there_is_none() {
        assert_eq!(label(" Blue key ", 3).unwrap(), "Blue key");
        assert_eq!(label("  ", 1).unwrap(), "Passkey");
        assert_eq!(label("", 3).unwrap(), "Passkey 3");
        label(&"x".repeat(60), 1).unwrap();
        for wrong in ["a\nb", "a\u{202e}b", &"x".repeat(61)] {
            assert!(label(wrong, 1).is_err(), "{wrong:?}");
        }
    }
}
