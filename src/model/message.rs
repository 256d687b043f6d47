//! Messages to people: which there are, who carries them, and what becomes of one after each try.
//! The words are in `text`; sending is `deliver`, and remembering `ops/outbox.rs`.

pub mod mail;
mod outgoing;
pub mod text;

use std::time::Duration;

use super::id::{MessageId, UserId};
use crate::time::Time;
pub use outgoing::{Outgoing, Template};

/// Who carries a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Carrier {
    /// SMS by Twilio's REST API.
    Twilio,
    /// E-mail by the REST API of `SendGrid`.
    Sendgrid,
    /// E-mail by a mail server.
    Smtp,
    /// Nobody: the message stands in the log and in the outbox.
    Console,
}

impl Carrier {
    /// Every carrier.
    pub const ALL: [Self; 4] = [Self::Twilio, Self::Sendgrid, Self::Smtp, Self::Console];

    /// The word in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Twilio => "twilio",
            Self::Sendgrid => "sendgrid",
            Self::Smtp => "smtp",
            Self::Console => "console",
        }
    }

    /// Reads what [`Carrier::as_str`] wrote.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|carrier| carrier.as_str() == text)
    }
}

/// What a message is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A code by SMS.
    SmsCode,
    /// A code by e-mail.
    EmailCode,
    /// A link to choose a new password.
    Reset,
    /// A link to choose the first password.
    Invite,
    /// A link to enrol a second factor.
    Enroll,
    /// Someone signed in from a browser that was not seen before.
    NewDevice,
    /// The password was changed.
    PasswordChanged,
    /// A second factor was added.
    FactorAdded,
    /// A second factor was removed.
    FactorRemoved,
    /// An app was cut off because a copy of what it holds was shown.
    ConnectionEnded,
    /// An API key falls due.
    KeyDue,
}

/// What sort of message counts together, so that one sort cannot use up the allowance of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Codes.
    Code,
    /// One-time links.
    Link,
    /// News of what happened to an account.
    Notice,
}

impl Class {
    /// The word in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::Link => "link",
            Self::Notice => "notice",
        }
    }
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 11] = [
        Self::SmsCode,
        Self::EmailCode,
        Self::Reset,
        Self::Invite,
        Self::Enroll,
        Self::NewDevice,
        Self::PasswordChanged,
        Self::FactorAdded,
        Self::FactorRemoved,
        Self::ConnectionEnded,
        Self::KeyDue,
    ];

    /// The word in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SmsCode => "sms_code",
            Self::EmailCode => "email_code",
            Self::Reset => "reset",
            Self::Invite => "invite",
            Self::Enroll => "enroll",
            Self::NewDevice => "new_device",
            Self::PasswordChanged => "password_changed",
            Self::FactorAdded => "factor_added",
            Self::FactorRemoved => "factor_removed",
            Self::ConnectionEnded => "connection_ended",
            Self::KeyDue => "key_due",
        }
    }

    /// Reads what [`Kind::as_str`] wrote.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

    /// What it counts with.
    pub fn class(self) -> Class {
        match self {
            Self::SmsCode | Self::EmailCode => Class::Code,
            Self::Reset | Self::Invite | Self::Enroll => Class::Link,
            Self::NewDevice
            | Self::PasswordChanged
            | Self::FactorAdded
            | Self::FactorRemoved
            | Self::ConnectionEnded
            | Self::KeyDue => Class::Notice,
        }
    }
}

/// Where a message is on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It waits, for its first try or for the next.
    Queued,
    /// A process has taken it and talks to the carrier.
    Sending,
    /// The carrier has it.
    Sent,
    /// The carrier does not take it.
    Failed,
    /// The carrier may have it or not. It is not sent again: twice is worse than not at all.
    Unknown,
    /// Nobody took it as long as it was of use.
    Expired,
}

impl State {
    const ALL: [Self; 6] =
        [Self::Queued, Self::Sending, Self::Sent, Self::Failed, Self::Unknown, Self::Expired];

    /// The word in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Sending => "sending",
            Self::Sent => "sent",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
            Self::Expired => "expired",
        }
    }

    /// Reads what [`State::as_str`] wrote.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }

    /// Whether nothing more will be tried.
    pub fn is_final(self) -> bool {
        match self {
            Self::Queued | Self::Sending => false,
            Self::Sent | Self::Failed | Self::Unknown | Self::Expired => true,
        }
    }
}

/// How a try ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The carrier has it.
    Accepted {
        /// What the carrier calls it.
        vendor_id: Option<String>,
    },
    /// The carrier does not take it, now or later.
    Rejected {
        /// The carrier's code for that, or the status.
        code: String,
        /// Its words.
        why: String,
    },
    /// The carrier does not have it and may take it later.
    Later {
        /// How long it asked us to wait.
        after: Option<Duration>,
        /// What happened.
        why: String,
    },
    /// The request went out and no answer that says anything came back.
    Unknown {
        /// What happened.
        why: String,
    },
}

/// What follows from an outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// It is over.
    Over(State),
    /// Once more, not before this.
    Again(Time),
}

/// The longest pause between two tries, whatever the carrier asks for.
const LONGEST_PAUSE: Duration = Duration::from_secs(3_600);
/// The longest pause that we choose ourselves.
const LONGEST_BACKOFF: Duration = Duration::from_secs(60);

impl Outcome {
    /// What follows after the `tries`-th try of a message that is of no use after `expires_at`.
    pub fn next(&self, tries: u32, now: Time, expires_at: Time) -> Next {
        match self {
            Self::Accepted { .. } => Next::Over(State::Sent),
            Self::Rejected { .. } => Next::Over(State::Failed),
            Self::Unknown { .. } => Next::Over(State::Unknown),
            Self::Later { after, .. } => {
                let backoff = Duration::from_secs(1 << tries.saturating_sub(1).min(6));
                let pause = after.unwrap_or_default().max(backoff.min(LONGEST_BACKOFF));
                let at = now.plus(pause.min(LONGEST_PAUSE));
                if at < expires_at { Next::Again(at) } else { Next::Over(State::Expired) }
            }
        }
    }

    /// What is remembered of the carrier's answer.
    pub fn answer(&self) -> Option<String> {
        match self {
            Self::Accepted { .. } => None,
            Self::Rejected { code, why } => Some(format!("{code}: {why}")),
            Self::Later { why, .. } | Self::Unknown { why } => Some(why.clone()),
        }
    }
}

/// A message as the outbox shows it: without what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageRow {
    /// Its id.
    pub id: MessageId,
    /// What it is about.
    pub kind: Kind,
    /// Who carries it.
    pub carrier: Carrier,
    /// Phone number or address.
    pub recipient: String,
    /// The carrier's own template.
    pub template: Option<String>,
    /// Where it is.
    pub state: State,
    /// How many times it was tried.
    pub tries: u32,
    /// When it is tried next, while it waits.
    pub next_at: Time,
    /// What the carrier calls it.
    pub vendor_id: Option<String>,
    /// What the carrier said.
    pub vendor_answer: Option<String>,
    /// For whom.
    pub user_id: Option<UserId>,
    /// Since when.
    pub created_at: Time,
    /// Until when it is of use.
    pub expires_at: Time,
    /// When it was over.
    pub finished_at: Option<Time>,
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Time = Time::from_secs(1_000_000);
    const END: Time = Time::from_secs(1_000_600);

    fn later(after: Option<u64>) -> Outcome {
        Outcome::Later { after: after.map(Duration::from_secs), why: "busy".to_owned() }
    }

    #[test]
    fn every_word_is_read_back() {
        for carrier in Carrier::ALL {
            assert_eq!(Carrier::parse(carrier.as_str()), Some(carrier));
        }
        for kind in Kind::ALL {
            assert_eq!(Kind::parse(kind.as_str()), Some(kind));
        }
        for state in State::ALL {
            assert_eq!(State::parse(state.as_str()), Some(state));
        }
    }

    #[test]
    fn pauses_double_up_to_a_minute_and_the_carrier_may_ask_for_more() {
        let pauses: Vec<i64> = (1..9)
            .map(|tries| match later(None).next(tries, NOW, END) {
                Next::Again(at) => at.secs() - NOW.secs(),
                Next::Over(state) => panic!("{state:?}"),
            })
            .collect();
        assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 60, 60]);
        assert_eq!(
            later(Some(90)).next(1, NOW, END),
            Next::Again(NOW.plus(Duration::from_secs(90)))
        );
        // Less than our own pause is not taken: the carrier is asked less often the longer it refuses.
        assert_eq!(later(Some(1)).next(4, NOW, END), Next::Again(NOW.plus(Duration::from_secs(8))));
    }

    #[test]
    fn what_cannot_be_tried_again_in_time_has_expired() {
        assert_eq!(later(Some(600)).next(1, NOW, END), Next::Over(State::Expired));
        assert!(matches!(later(Some(599)).next(1, NOW, END), Next::Again(_)));
        assert_eq!(
            later(Some(86_400)).next(1, NOW, NOW.plus(Duration::from_secs(7_200))),
            Next::Again(NOW.plus(LONGEST_PAUSE))
        );
    }
}
