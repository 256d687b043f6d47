//! The story of one attempt to get a token: what came in, what was decided at which hop, by which rule.
//! It is told to the operator, who is given its short name by whoever was refused. Nothing secret gets into it.

mod asked;
mod rule;
pub mod story;

use std::fmt;

pub use self::{asked::redacted, rule::Rule};
use super::id::TraceId;
use crate::{crypto::secret::random_bytes, time::Time};

/// Letters and digits that nobody mistakes for one another, spoken or written: no 0 O, 1 I L, U.
const LETTERS: &[u8; 30] = b"23456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Characters of a name: a T, and seven at random.
const NAME: usize = 8;

/// What was attempted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A browser came to `/authorize`.
    Authorize,
    /// A client pushed a request (RFC 9126).
    Push,
    /// A device asked for a code (RFC 8628).
    Device,
    /// A client came to the token endpoint with nothing that has a story.
    Token,
    /// A client registered itself (RFC 7591).
    Register,
    /// A person came back from another provider.
    SignIn,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 6] =
        [Self::Authorize, Self::Push, Self::Device, Self::Token, Self::Register, Self::SignIn];

    /// The word in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Authorize => "authorize",
            Self::Push => "push",
            Self::Device => "device",
            Self::Token => "token",
            Self::Register => "register",
            Self::SignIn => "sign_in",
        }
    }

    /// Reads what [`Kind::as_str`] wrote.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// How it went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Nothing final was decided.
    Open,
    /// It gave tokens.
    Done,
    /// It was refused at least once.
    Refused,
}

impl State {
    /// Every state.
    pub const ALL: [Self; 3] = [Self::Open, Self::Done, Self::Refused];

    /// The word in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Done => "done",
            Self::Refused => "refused",
        }
    }

    /// Reads what [`State::as_str`] wrote.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// A place on the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The request was taken and waits for a person.
    Taken,
    /// The person was sent to the sign-in pages.
    SignIn,
    /// The person was asked.
    Asked,
    /// The person said yes.
    Allowed,
    /// A code went to the client.
    Code,
    /// The code became tokens.
    Exchanged,
    /// It was refused.
    Refused,
}

impl Step {
    /// Every step.
    pub const ALL: [Self; 7] = [
        Self::Taken,
        Self::SignIn,
        Self::Asked,
        Self::Allowed,
        Self::Code,
        Self::Exchanged,
        Self::Refused,
    ];

    /// The word in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Taken => "taken",
            Self::SignIn => "sign_in",
            Self::Asked => "asked",
            Self::Allowed => "allowed",
            Self::Code => "code",
            Self::Exchanged => "exchanged",
            Self::Refused => "refused",
        }
    }

    /// Reads what [`Step::as_str`] wrote.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|step| step.as_str() == text)
    }

    /// What happened, in words.
    pub fn says(self) -> &'static str {
        match self {
            Self::Taken => "the request was taken",
            Self::SignIn => "the person was sent to sign in",
            Self::Asked => "the person was asked",
            Self::Allowed => "the person said yes",
            Self::Code => "a code went to the app",
            Self::Exchanged => "the app exchanged the code for tokens",
            Self::Refused => "refused",
        }
    }
}

/// What was decided somewhere on the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hop {
    /// When.
    pub at: Time,
    /// Where.
    pub step: Step,
    /// More about it, in words of ours; what the app was told, when it was refused.
    pub what: String,
    /// By which rule it was refused.
    pub rule: Option<Rule>,
    /// What the rule was held against, and what would do: made for this one attempt.
    pub hint: Option<String>,
}

/// A story.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    /// Its name.
    pub id: TraceId,
    /// What was attempted.
    pub kind: Kind,
    /// How it went so far.
    pub state: State,
    /// Whether whoever asked proved who they are: as a client, or by signing in.
    pub proved: bool,
    /// Which client, as it named itself.
    pub client: Option<String>,
    /// Who was signed in.
    pub user: Option<String>,
    /// The grant that it became.
    pub grant: Option<String>,
    /// From where.
    pub address: String,
    /// By what.
    pub user_agent: String,
    /// What came in, redacted.
    pub asked: Vec<(String, String)>,
    /// What was decided, in order.
    pub hops: Vec<Hop>,
    /// When it began.
    pub created_at: Time,
}

impl Trace {
    /// The last refusal, if there was one.
    pub fn refusal(&self) -> Option<&Hop> {
        self.hops.iter().rev().find(|hop| hop.step == Step::Refused)
    }

    /// What came in under a name.
    pub fn asked(&self, name: &str) -> Option<&str> {
        self.asked.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }
}

/// Makes a new name.
pub fn fresh() -> TraceId {
    let mut name = String::with_capacity(NAME);
    name.push('T');
    // 30 does not divide 256; that some letters come a little more often helps nobody to guess a name.
    for byte in random_bytes::<7>() {
        let at = usize::from(byte) % LETTERS.len();
        name.push(LETTERS.get(at).map_or('Z', |letter| char::from(*letter)));
    }
    TraceId::from_text(name)
}

/// Reads a name as people type it: any case, with or without the dash.
pub fn read(typed: &str) -> Option<TraceId> {
    let bare: String = typed
        .trim()
        .chars()
        .filter(|c| !matches!(c, '-' | ' '))
        .map(|c| c.to_ascii_uppercase())
        .take(NAME + 1)
        .collect();
    let fits = bare.len() == NAME
        && bare.starts_with('T')
        && bare.bytes().all(|byte| LETTERS.contains(&byte));
    fits.then(|| TraceId::from_text(bare))
}

/// A name as it is shown: `T7K2-9QXM`.
#[derive(Clone, Copy, Debug)]
pub struct Shown<'a>(pub &'a TraceId);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_str().split_at_checked(NAME / 2) {
            Some((first, last)) if !last.is_empty() => write!(f, "{first}-{last}"),
            _ => f.write_str(self.0.as_str()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_is_read_as_it_was_shown_and_as_people_type_it() {
        for _ in 0..200 {
            let id = fresh();
            let shown = Shown(&id).to_string();
            assert_eq!(shown.len(), 9);
            for typed in [
                shown.clone(),
                shown.to_lowercase(),
                id.as_str().to_owned(),
                format!("  {} ", shown.replace('-', " ")),
            ] {
                assert_eq!(read(&typed), Some(id.clone()), "{typed}");
            }
        }
        for other in ["", "T7K2", "T7K2-9QXM2", "X7K2-9QXM", "T7K2-9QX0", "g_0193", "T7K2-9QXÄ"] {
            assert_eq!(read(other), None, "{other}");
        }
    }

    #[test]
    fn words_are_read_as_they_are_written() {
        for kind in Kind::ALL {
            assert_eq!(Kind::parse(kind.as_str()), Some(kind));
        }
        for state in State::ALL {
            assert_eq!(State::parse(state.as_str()), Some(state));
        }
        for step in Step::ALL {
            assert_eq!(Step::parse(step.as_str()), Some(step));
        }
    }
}
