//! Why the service says no.

use std::{fmt, time::Duration};

use crate::{
    error::Error,
    model::bucket::Level,
    ops::{apikey::BadKey, session::NoSession},
    service::provider::Refused,
};

/// A refusal, which is an answer, or a failure, which is none.
#[derive(Debug)]
pub enum AuthError {
    /// No, and why.
    Refused(Refusal),
    /// The question could not be answered: a busy or broken database, for example.
    Failed(Error),
}

/// Why the service says no.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The redirect URI is not registered for the client of the primary provider.
    RedirectUri,
    /// The sign-in at the provider came to nothing: an unknown, used or foreign state, or an answer that is not right.
    Provider {
        /// The rule that it breaks, such as `provider_state`.
        rule: &'static str,
        /// What the person may be told.
        why: String,
    },
    /// There is no such sign-in: it was finished, has expired, or began elsewhere.
    SignIn,
    /// The code is wrong, was used before, or has expired.
    Code {
        /// Another is not looked at before.
        retry_after: Duration,
    },
    /// Too many wrong codes: none is looked at.
    TooManyTries {
        /// Until then.
        retry_after: Duration,
    },
    /// There is no such method, or the person cannot use it here.
    Method,
    /// The API key is not good.
    ApiKey(BadKey),
    /// The API key is used too often.
    Limited {
        /// When it is worth coming again.
        retry_after: Duration,
        /// How its limit stands.
        limit: Level,
    },
    /// There is no good session behind the token.
    Session(NoSession),
    /// The provider took its tokens back, and with that the session ended.
    EndedAtProvider,
}

impl Refusal {
    pub(super) fn of_provider(refused: &Refused) -> Self {
        let rule = refused.why.rule().code();
        Self::Provider { rule, why: refused.error().to_string() }
    }

    /// When it is worth trying again, where that is known.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Code { retry_after }
            | Self::TooManyTries { retry_after }
            | Self::Limited { retry_after, .. } => {
                Some(*retry_after).filter(|wait| !wait.is_zero())
            }
            Self::RedirectUri
            | Self::Provider { .. }
            | Self::SignIn
            | Self::Method
            | Self::ApiKey(_)
            | Self::Session(_)
            | Self::EndedAtProvider => None,
        }
    }

    /// The word for programs: `redirect_uri`, `no_sign_in`, `wrong_code`, …
    pub fn code(&self) -> &'static str {
        match self {
            Self::RedirectUri => "redirect_uri",
            Self::Provider { rule, .. } => rule,
            Self::SignIn => "no_sign_in",
            Self::Code { .. } => "wrong_code",
            Self::TooManyTries { .. } => "too_many_tries",
            Self::Method => "no_such_method",
            Self::ApiKey(_) => "bad_api_key",
            Self::Limited { .. } => "limited",
            Self::Session(_) | Self::EndedAtProvider => "no_session",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::RedirectUri => "this redirect URI is not registered",
            Self::Provider { why, .. } => why,
            Self::SignIn => {
                "there is no such sign-in: it was finished, has expired, or began elsewhere"
            }
            Self::Code { .. } => "the code is wrong, was used before, or has expired",
            Self::TooManyTries { .. } => "too many wrong codes",
            Self::Method => "that second factor cannot be used here",
            Self::ApiKey(why) => why.reason(),
            Self::Limited { .. } => "this API key is used too often",
            Self::Session(why) => why.reason(),
            Self::EndedAtProvider => "ended: the provider took its tokens back",
        })
    }
}

impl fmt::Display for AuthError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(refusal) => refusal.fmt(f),
            Self::Failed(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for AuthError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Refused(_) => None,
            Self::Failed(error) => Some(error),
        }
    }
}

impl From<Refusal> for AuthError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Error> for AuthError {
    fn from(error: Error) -> Self {
        if error.field() == Some("redirect_uri") {
            return Self::Refused(Refusal::RedirectUri);
        }
        Self::Failed(error)
    }
}
