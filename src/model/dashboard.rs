//! What an operator looks at first: how much signs in, what wants attention, and which events are worth a look.
//! What happens all day is no news, and many of the same kind are one.

use super::id::UserId;
use crate::time::Time;

/// How much an event matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Somebody changed something.
    Low,
    /// Somebody was refused.
    Medium,
    /// Somebody may be attacked.
    High,
}

impl Severity {
    /// The word in tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Low => "LOW",
            Self::Medium => "MED",
            Self::High => "HIGH",
        }
    }
}

/// Events that happen all day, and those that another event of the same moment tells already.
pub const ROUTINE: [&str; 17] = [
    "session.open",
    "session.raise",
    "session.end",
    "grant.create",
    "grant.revoke",
    "token.revoke",
    "token.exchange",
    "exchange.revoke",
    "client.token",
    "code.create",
    "device.begin",
    "device.trust",
    "device.forget",
    "assertion.issue",
    "consent.create",
    "password.reset_asked",
    "api_key.due",
];

/// Refusals that come in numbers: many of them at a time are one piece of news.
pub const REFUSALS: [&str; 5] =
    ["sign_in.wrong", "factor.wrong", "passkey.wrong", "device.wrong_code", "code.refused"];

/// How much an event of this name matters, and what it is in words.
pub fn weigh(event: &str) -> (Severity, &str) {
    use Severity::{High, Low, Medium};
    match event {
        "refresh.replayed" => (High, "used-up refresh token shown again"),
        "code.replayed" => (High, "used-up code shown again"),
        "device.replayed" => (High, "used-up device code shown again"),
        "passkey.counter_back" => (High, "passkey counted back: perhaps a copy"),
        "refresh.wrong_client" => (High, "refresh token shown by another app"),
        "refresh.wrong_key" => (High, "refresh token shown with another key"),
        "client.paused" => (High, "app paused: too many wrong secrets"),
        "device.codes_paused" => (High, "device codes were being guessed"),
        "session.end_all" => (High, "every session was ended"),
        "key.retire" => (High, "signing key taken out of use"),
        "sign_in.wrong" => (Medium, "wrong password"),
        "factor.wrong" | "passkey.wrong" => (Medium, "wrong second factor"),
        "device.wrong_code" => (Medium, "wrong device code"),
        "code.refused" => (Medium, "code refused"),
        "authorize.refused" => (Medium, "app refused at its door"),
        "token.exchange_refused" => (Medium, "token exchange refused"),
        "assertion.refused" | "assertion.rejected" => (Medium, "signed statement refused"),
        "message.capped" => (Medium, "too many messages asked for"),
        "device.distrust" => (Medium, "remembered device forgotten"),
        "user.lock" => (Medium, "locked out"),
        "user.delete" => (Medium, "account deleted"),
        "factor.remove" | "factor.disable" => (Medium, "second factor removed"),
        "recovery_code.use" => (Medium, "recovery code used"),
        "user.unlock" => (Low, "unlocked"),
        "user.create" => (Low, "account made"),
        "client.register" => (Low, "app registered itself"),
        "client.create" => (Low, "app entered by hand"),
        "api_key.create" => (Low, "API key made"),
        "api_key.rotate" => (Low, "API key rotated"),
        "api_key.revoke" => (Low, "API key revoked"),
        "factor.enroll" => (Low, "second factor enrolled"),
        "factor.invite" => (Low, "enrolment link made"),
        "password.set" | "password.reset" => (Low, "password changed"),
        "key.rotate" => (Low, "signing key rotated"),
        other => (Low, other),
    }
}

/// An event worth a look, or many of the same kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// The number of the first of them: it stays while more come.
    pub first: i64,
    /// The number of the newest of them.
    pub last: i64,
    /// When the newest happened.
    pub at: Time,
    /// How much it matters.
    pub severity: Severity,
    /// Its dotted name.
    pub event: String,
    /// About whom, when it is about one person: id and user name, if there is still one.
    pub user: Option<(UserId, Option<String>)>,
    /// About how many people.
    pub people: u32,
    /// How often.
    pub times: u32,
    /// From where.
    pub address: Option<String>,
    /// Who did it.
    pub actor: String,
}

impl Notice {
    /// What it is, in words.
    pub fn words(&self) -> String {
        let (_, words) = weigh(&self.event);
        match (self.people, self.times) {
            (2.., times) => format!("{words}: {} people tried, {times} times", self.people),
            (_, 2..) => format!("{words}, {} times", self.times),
            _ => words.to_owned(),
        }
    }
}

/// Sign-ins of one minute.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Minute {
    /// Minutes since 1970.
    pub minute: i64,
    /// How many succeeded.
    pub good: u32,
    /// How many passwords and factors were wrong.
    pub wrong: u32,
}

/// Counts of what wants attention or goes on now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Sessions that live.
    pub sessions: u32,
    /// Families of refresh tokens that live.
    pub connections: u32,
    /// API keys that work.
    pub keys: u32,
    /// API keys that ended within a month and have none in their place.
    pub keys_expired: u32,
    /// API keys that fall due soon, or did.
    pub keys_due: u32,
    /// Accounts that an operator locked.
    pub locked: u32,
    /// Accounts whose tries wait after wrong passwords.
    pub paused: u32,
    /// Apps that wait for an administrator.
    pub clients_waiting: u32,
    /// Apps that registered themselves and never got a token.
    pub clients_unused: u32,
    /// Messages that did not go out within a day.
    pub messages_failed: u32,
}

/// Everything that the first screen shows but the coverage of second factors.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overview {
    /// The last hour, the present minute last; minutes without anything stand there too.
    pub minutes: Vec<Minute>,
    /// Counts.
    pub counts: Counts,
    /// Events worth a look, newest first.
    pub notices: Vec<Notice>,
    /// Whether the audit record noticed that somebody tampered with it.
    pub torn: bool,
    /// How many events the audit record has had.
    pub events: i64,
}

impl Overview {
    /// How many wrong passwords and factors there were in the present and the last minute, the most of an earlier one,
    /// and whether the present ones stand out.
    pub fn wrong(&self) -> (u32, u32, bool) {
        let wrong: Vec<u32> = self.minutes.iter().map(|minute| minute.wrong).collect();
        let (before, newest) = wrong.split_at(wrong.len().saturating_sub(2));
        let (now, peak) = (newest.iter().max().copied(), before.iter().max().copied());
        let (now, peak) = (now.unwrap_or(0), peak.unwrap_or(0));
        let usual = before.iter().sum::<u32>() / u32::try_from(before.len().max(1)).unwrap_or(1);
        (now, peak, now >= 5 && now > usual.saturating_mul(3))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_wrong_tries_in_a_minute_stand_out_only_against_what_is_usual() {
        let overview = |of: &dyn Fn(u32) -> u32| Overview {
            minutes: (0..60)
                .map(|n| Minute { minute: i64::from(n), good: 0, wrong: of(n) })
                .collect(),
            ..Overview::default()
        };
        assert_eq!(overview(&|n| if n == 59 { 17 } else { 1 }).wrong(), (17, 1, true));
        assert_eq!(overview(&|n| if n == 59 { 17 } else { 9 }).wrong(), (17, 9, false));
        assert_eq!(overview(&|n| u32::from(n == 59)).wrong(), (1, 0, false));
        assert_eq!(Overview::default().wrong(), (0, 0, false));
    }

    #[test]
    fn unknown_event_is_told_by_its_name() {
        assert_eq!(weigh("issuer.trust"), (Severity::Low, "issuer.trust"));
        assert!(REFUSALS.iter().all(|event| weigh(event).0 == Severity::Medium));
        assert!(!ROUTINE.iter().any(|event| REFUSALS.contains(event)));
    }
}
