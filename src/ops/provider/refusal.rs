//! Why nothing came of a sign-in at a provider: what the person is told, and what the operator finds under its reference.

use crate::{
    db::Write,
    error::{Error, Result},
    model::{
        actor::Actor,
        id::TraceId,
        name::sanitise,
        provider::Wrong,
        trace::{Kind, Rule},
    },
    ops::trace::{self, Grounds},
};

/// Why an identity opens no account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Person {
    /// The account is locked or disabled.
    Shut,
    /// Nobody is linked with it, and the provider makes no accounts here.
    Unknown,
    /// An account is to be made, and somebody has that e-mail address here.
    EmailTaken,
    /// An account is to be made, and the provider tells no e-mail address, or none that can be one.
    NoEmail,
    /// An account is to be made, and the provider does not say that the address was verified.
    Unverified,
    /// It is to be linked, and belongs to another account.
    Taken,
    /// It is to be linked, and the session that wanted it is over.
    SessionOver,
}

/// Why nothing came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// There is no such provider, or not any more.
    Off,
    /// No such request waits in this browser.
    State,
    /// The answer comes from somebody else than was asked: what differs.
    Mixed(&'static str),
    /// The provider refused, with this code.
    Said(String),
    /// It cannot be reached or understood.
    Reach(String),
    /// What it says about the person is wrong.
    Token(Wrong),
    /// The person may not come in.
    Person(Person),
}

impl Why {
    /// The rule.
    pub fn rule(&self) -> Rule {
        match self {
            Self::Off => Rule::ProviderOff,
            Self::State => Rule::ProviderState,
            Self::Mixed(_) => Rule::ProviderMixed,
            Self::Said(_) => Rule::ProviderSaid,
            Self::Reach(_) => Rule::ProviderReach,
            Self::Token(_) => Rule::ProviderToken,
            Self::Person(_) => Rule::ProviderPerson,
        }
    }

    /// What the operator is told besides the rule.
    pub fn detail(&self) -> String {
        match self {
            Self::Off | Self::State => String::new(),
            Self::Mixed(what) => (*what).to_owned(),
            Self::Said(code) => format!("error: {code}"),
            Self::Reach(why) => why.clone(),
            Self::Token(wrong) => wrong.to_string(),
            Self::Person(person) => person.says().to_owned(),
        }
    }

    /// What the person is told, and what to do.
    pub fn error(&self) -> Error {
        match self {
            Self::Off => Error::absent("nobody signs in at that provider here")
                .with_next("sign in another way"),
            Self::State => Error::invalid(
                "state",
                "this sign-in did not begin in this browser, was finished before, or took too long",
            )
            .with_next("start again at the sign-in page, in one window; cookies must be allowed"),
            Self::Mixed(_) => {
                Error::invalid("iss", "the answer came from another provider than the one asked")
                    .with_next("start again at the sign-in page")
            }
            Self::Said(code) if code == "access_denied" => {
                Error::denied("the sign-in was cancelled at the provider")
                    .with_next("start again at the sign-in page")
            }
            Self::Said(_) => Error::denied("the provider refused the sign-in").with_next(RETRY),
            Self::Reach(_) => {
                Error::conflict("the provider cannot be reached, or its answer cannot be used")
                    .with_next(RETRY)
            }
            Self::Token(_) => Error::denied("what the provider said about you cannot be believed")
                .with_next(RETRY),
            Self::Person(person) => Error::denied(person.says()).with_next(person.next()),
        }
    }
}

const RETRY: &str = "try again; if it goes on, tell the operator the reference below";

impl Person {
    fn says(self) -> &'static str {
        match self {
            Self::Shut => "this account cannot be signed in to now",
            Self::Unknown => "no account here is linked with yours at the provider",
            Self::EmailTaken => {
                "an account with your e-mail address exists here, and is not linked with the provider"
            }
            Self::NoEmail => "the provider told no e-mail address, so no account can be made",
            Self::Unverified => "the provider does not say that your e-mail address was verified",
            Self::Taken => "your identity at the provider is linked with another account here",
            Self::SessionOver => "the sign-in from which the link was asked for has ended",
        }
    }

    fn next(self) -> &'static str {
        match self {
            Self::Shut => "ask the operator to unlock it",
            Self::Unknown | Self::EmailTaken => {
                "sign in to your account as before and link it on the account page, or ask the operator"
            }
            Self::NoEmail | Self::Unverified => {
                "confirm the address at the provider, or ask the operator for an account"
            }
            Self::Taken => "sign in with it, or remove the link there first",
            Self::SessionOver => "sign in and link it again",
        }
    }
}

/// Writes the story of a refusal; answers its name. `provider`: which one was meant, as far as that is known.
pub fn refuse(tx: &Write<'_>, who: &Actor, provider: &str, why: &Why) -> Result<TraceId> {
    let id = trace::open(tx, who, Kind::SignIn, &[], false)?;
    let hint = format!("{}: {}", sanitise(provider, 32), why.detail());
    let grounds = Grounds { hint: Some(&hint), ..Grounds::default() };
    trace::refuse_page(tx, &id, why.rule(), &grounds)?;
    Ok(id)
}
