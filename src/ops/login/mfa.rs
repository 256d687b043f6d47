//! The second factor of a sign-in that a program takes on, by the token that it was given: what `/auth/mfa/verify` and the
//! library have. Wrong codes count with those of the pages.

use std::time::Duration;

use super::{Step, Visitor, on_the_way};
use crate::{
    db::Write,
    error::Result,
    model::{actor::Origin, attempt::Scope, factor::Method, sign_in::Stage, user::User},
    ops::{
        attempt,
        env::Env,
        factor::{self, Given},
    },
};

/// What came of a code.
#[derive(Debug)]
pub enum Verified {
    /// It was looked at: on, in, or wrong.
    Step(Box<User>, Step),
    /// Too many wrong ones: none is looked at for so long.
    Paused(Duration),
    /// There is no such sign-in at its second factor for whoever asks.
    Unknown,
    /// That method is none for this person here, or takes a browser.
    NotOffered,
}

/// Checks the second factor of the sign-in that `token` names, for the visitor that began it.
pub fn verify_mfa(
    tx: &Write<'_>,
    env: &Env,
    origin: &Origin,
    (token, visitor): (&str, &Visitor),
    given: &Given,
) -> Result<Verified> {
    let Some(way) = on_the_way(tx, token, visitor)? else { return Ok(Verified::Unknown) };
    if way.sign_in.stage != Stage::SecondFactor {
        return Ok(Verified::Unknown);
    }
    let offered = factor::offered(tx, env, &way.user.id, &way.sign_in.amr)?;
    if given.method == Method::Passkey || !offered.contains(&given.method) {
        return Ok(Verified::NotOffered);
    }
    let scope = match given.method {
        Method::Totp | Method::Passkey => Scope::Totp,
        Method::Recovery => Scope::Recovery,
        Method::Sms | Method::Email => Scope::Code,
    };
    if let Some(wait) = attempt::pause(tx, scope, way.user.id.as_str())? {
        return Ok(Verified::Paused(wait));
    }
    let step = factor::verify(tx, env, origin, &way, given)?;
    Ok(Verified::Step(Box::new(way.user), step))
}
