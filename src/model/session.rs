//! A signed-in browser: how long it lives and what it has proved.
//! The cookie that names it is made in `ops/session.rs`.

use std::time::Duration;

use super::id::{SessionId, UserId};
use crate::time::Time;

/// Authentication methods as they stand in `amr` (RFC 8176).
pub mod amr {
    /// A password.
    pub const PASSWORD: &str = "pwd";
    /// A one-time code.
    pub const OTP: &str = "otp";
    /// A key that can be copied between the person's devices (a synced passkey).
    pub const SOFT_KEY: &str = "swk";
    /// A key that stays in one device.
    pub const KEY: &str = "hwk";
    /// The device checked the person, by PIN or finger.
    pub const USER: &str = "user";
    /// A code by SMS.
    pub const SMS: &str = "sms";
    /// A code by e-mail; no word of RFC 8176.
    pub const EMAIL: &str = "email";
    /// A recovery code, which counts as a second factor.
    pub const RECOVERY: &str = "recovery";
    /// A sign-in at another provider; no word of RFC 8176.
    pub const PROVIDER: &str = "fed";
    /// More than one factor.
    pub const MFA: &str = "mfa";
}

/// How long a session lives, from the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifetimes {
    /// Without any use.
    pub idle: Duration,
    /// From sign-in.
    pub absolute: Duration,
    /// Both, when the person asked to be remembered.
    pub remember_me: Duration,
}

impl Lifetimes {
    /// Idle and absolute limits for a new session.
    pub fn of(&self, remember_me: bool) -> (Duration, Duration) {
        if remember_me { (self.remember_me, self.remember_me) } else { (self.idle, self.absolute) }
    }
}

/// Why a session is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Nobody used it for the idle limit.
    Idle,
    /// It reached its absolute end.
    Expired,
    /// It was ended: logout, an administrator, a changed password …
    Revoked,
}

/// A session's row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Its id, which the cookie names.
    pub id: SessionId,
    /// Whose.
    pub user_id: UserId,
    /// Whether the person asked to be remembered.
    pub remember_me: bool,
    /// How they proved it (RFC 8176).
    pub amr: Vec<String>,
    /// When they proved it.
    pub auth_time: Time,
    /// When they last proved a second factor.
    pub factor_at: Option<Time>,
    /// When it was made.
    pub created_at: Time,
    /// When it was last used.
    pub last_seen_at: Time,
    /// Its idle limit.
    pub idle: Duration,
    /// Its absolute end.
    pub expires_at: Time,
    /// Where it was opened from.
    pub address: String,
    /// The browser's own words.
    pub user_agent: String,
    /// When and why it was ended, if it was.
    pub ended: Option<(Time, String)>,
}

/// How long after a sign-in its session may do what could cost the person the account.
pub const RECENT: Duration = Duration::from_secs(5 * 60);

/// A use may be written as late as this: last-used marks are gathered and written together, and kept while the
/// database is busy. Whoever ends sessions must end those too that only seem to be idle since less long.
pub const UNWRITTEN: Duration = Duration::from_secs(60);

impl Session {
    /// Whether it may live at `now` although its row says that it has been idle for too long.
    pub fn may_live(&self, now: Time) -> bool {
        let seen = Self { last_seen_at: self.last_seen_at.plus(UNWRITTEN), ..self.clone() };
        seen.check(now).is_ok()
    }

    /// Whether it lives at `now`, and if not, why.
    pub fn check(&self, now: Time) -> Result<(), Ended> {
        if self.ended.is_some() {
            Err(Ended::Revoked)
        } else if now >= self.expires_at {
            Err(Ended::Expired)
        } else if now >= self.last_seen_at.plus(self.idle) {
            Err(Ended::Idle)
        } else {
            Ok(())
        }
    }

    /// The moment it ends if nobody uses it any more.
    pub fn ends_at(&self) -> Time {
        self.expires_at.min(self.last_seen_at.plus(self.idle))
    }

    /// Whether the sign-in is as young as acts need that could cost the person the account.
    pub fn is_recent(&self, now: Time) -> bool {
        now.since(self.auth_time) <= RECENT
    }

    /// Whether a second factor was proved lately, or since `asked`: what a sensitive scope takes.
    pub fn has_fresh_factor(&self, now: Time, asked: Time) -> bool {
        self.factor_at.is_some_and(|at| at > asked || now.since(at) <= RECENT)
    }

    /// When the person last proved anything of who they are.
    pub fn proved_at(&self) -> Time {
        self.factor_at.map_or(self.auth_time, |at| at.max(self.auth_time))
    }

    /// Whether a second factor was proved.
    pub fn mfa_verified(&self) -> bool {
        self.amr.iter().any(|method| method == amr::MFA)
    }

    /// The authentication context class: `urn:mcpcodex:acr:mfa` or `urn:mcpcodex:acr:password`
    /// (OpenID Connect Core §2, `acr`).
    pub fn acr(&self) -> &'static str {
        acr_of(&self.amr)
    }
}

/// The `acr` that goes with a list of methods.
pub fn acr_of(methods: &[String]) -> &'static str {
    if methods.iter().any(|method| method == amr::MFA) { ACR_MFA } else { ACR_PASSWORD }
}

/// Whether `acr_values` wants two factors: values that we know are all that. Values that we do not know count for
/// nothing, since the parameter is a wish (OpenID Connect Core §3.1.2.1).
pub fn acr_wants_mfa(acr_values: &str) -> bool {
    let mut known = acr_values.split(' ').filter(|value| [ACR_MFA, ACR_PASSWORD].contains(value));
    known.next() == Some(ACR_MFA) && known.all(|value| value == ACR_MFA)
}

/// `acr` of a sign-in with a second factor.
pub const ACR_MFA: &str = "urn:mcpcodex:acr:mfa";
/// `acr` of a sign-in with a password alone.
pub const ACR_PASSWORD: &str = "urn:mcpcodex:acr:password";

/// A row of the list of sessions: the session and whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionRow {
    /// The session.
    pub session: Session,
    /// Its owner's user name.
    pub username: String,
    /// Names of the clients that hold tokens from it.
    pub clients: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(remember_me: bool) -> Session {
        let lifetimes = Lifetimes {
            idle: Duration::from_secs(3600),
            absolute: Duration::from_secs(28_800),
            remember_me: Duration::from_secs(2_592_000),
        };
        let (idle, absolute) = lifetimes.of(remember_me);
        let start = Time::from_secs(1_000);
        Session {
            id: SessionId::from_text("s_1"),
            user_id: UserId::from_text("u_1"),
            remember_me,
            amr: vec![amr::PASSWORD.to_owned()],
            auth_time: start,
            factor_at: None,
            created_at: start,
            last_seen_at: start,
            idle,
            expires_at: start.plus(absolute),
            address: String::new(),
            user_agent: String::new(),
            ended: None,
        }
    }

    #[test]
    fn idle_session_ends_at_the_hour_and_not_a_second_earlier() {
        let s = session(false);
        assert_eq!(s.check(Time::from_secs(1_000 + 3_599)), Ok(()));
        assert_eq!(s.check(Time::from_secs(1_000 + 3_600)), Err(Ended::Idle));
    }

    #[test]
    fn activity_does_not_carry_a_session_past_its_absolute_end() {
        let mut s = session(false);
        s.last_seen_at = Time::from_secs(1_000 + 28_799);
        assert_eq!(s.check(Time::from_secs(1_000 + 28_799)), Ok(()));
        assert_eq!(s.check(Time::from_secs(1_000 + 28_800)), Err(Ended::Expired));
    }

    #[test]
    fn remembered_session_lives_thirty_days_unused() {
        let s = session(true);
        assert_eq!(s.check(Time::from_secs(1_000 + 2_591_999)), Ok(()));
        assert_eq!(s.check(Time::from_secs(1_000 + 2_592_000)), Err(Ended::Expired));
    }

    #[test]
    fn ended_session_stays_ended() {
        let mut s = session(true);
        s.ended = Some((Time::from_secs(1_001), "logout".to_owned()));
        assert_eq!(s.check(Time::from_secs(1_002)), Err(Ended::Revoked));
    }
}
