//! Who comes to sign in, from which browser, wanting what; and what they have once they are in.

use crate::{
    crypto::secret::{Hashed, Plain},
    model::{id::SessionId, session::Session, sign_in::Strength},
};

/// The browser that somebody signs in with, by what its cookies say.
#[derive(Clone, Debug)]
pub struct Visitor {
    /// The cookie of this visit, hashed: what the sign-in is bound to.
    pub browser: Hashed,
    /// The cookie it got with an earlier sign-in, hashed.
    pub device: Option<Hashed>,
    /// The session it had until now; it ends when a new one opens.
    pub previous: Option<SessionId>,
}

impl Visitor {
    /// A browser that comes for the first time.
    pub fn stranger(browser: Hashed) -> Self {
        Self { browser, device: None, previous: None }
    }
}

/// Where a person wants to be, and in which browser.
#[derive(Clone, Debug)]
pub struct Arrival {
    /// The browser.
    pub visitor: Visitor,
    /// The path on our own origin that they wanted.
    pub return_to: String,
    /// Whether to be remembered.
    pub remember_me: bool,
    /// How much they must prove.
    pub strength: Strength,
    /// The enrolment link that led here, as it was followed.
    pub enrol_link: Option<Plain>,
}

impl Arrival {
    /// Someone who just wants to sign in.
    pub fn new(visitor: Visitor, return_to: impl Into<String>) -> Self {
        Self {
            visitor,
            return_to: return_to.into(),
            remember_me: false,
            strength: Strength::Usual,
            enrol_link: None,
        }
    }
}

/// A sign-in that is through.
#[derive(Debug)]
pub struct Entered {
    /// The session.
    pub session: Session,
    /// The path on our own origin that they wanted.
    pub return_to: String,
    /// The cookie by which the browser will be known, when it needs another.
    pub device: Option<Plain>,
}
