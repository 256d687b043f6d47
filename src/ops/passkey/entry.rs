//! A passkey as the way in, alone: signing in with it, and confirming in a session that its owner is there.
//! The answer is judged and acted upon in one transaction.

use super::{Ceremony, Checked, Given, ask, check, registration::own_place};
use crate::{
    crypto::secret::Hashed,
    db::Write,
    error::{Error, Result},
    model::{
        actor::{Actor, Origin, Principal},
        id::UserId,
        passkey::{Place, Proof},
    },
    ops::{
        env::Env,
        login::{self, Arrival, Finished, Step},
        session,
    },
};

/// Asks whoever is at this browser for a passkey; `None` when passkeys are not offered.
pub fn ask_anyone(tx: &Write<'_>, env: &Env, browser: &Hashed) -> Result<Option<Ceremony>> {
    ask(tx, env, &Place::of_browser(browser), None)
}

/// Signs in with the answer to [`ask_anyone`]. `None` when it was refused, for whatever reason.
pub fn sign_in(
    tx: &Write<'_>,
    env: &Env,
    origin: &Origin,
    given: &Given<'_>,
    arrival: &Arrival,
) -> Result<Option<Finished>> {
    let place = Place::of_browser(&arrival.visitor.browser);
    match check(tx, env, origin, &place, None, given)? {
        Checked::Right(proof) => enter(tx, env, origin, &proof, arrival),
        Checked::Wrong(_) => Ok(None),
    }
}

/// Asks a signed-in person for one of their passkeys; `None` when they have none to be asked for.
pub fn ask_again(
    tx: &Write<'_>,
    env: &Env,
    who: &Actor,
    browser: &Hashed,
) -> Result<Option<Ceremony>> {
    let user = person(who)?;
    session::permit(tx, who, user)?;
    ask(tx, env, &own_place(who, browser)?, Some(user))
}

/// Confirms with the answer to [`ask_again`] who has the session; the new one takes its place.
pub fn confirm(
    tx: &Write<'_>,
    env: &Env,
    who: &Actor,
    given: &Given<'_>,
    arrival: &Arrival,
) -> Result<Option<Finished>> {
    let user = person(who)?;
    session::permit(tx, who, user)?;
    let place = own_place(who, &arrival.visitor.browser)?;
    match check(tx, env, &who.origin, &place, Some(user), given)? {
        Checked::Right(proof) => enter(tx, env, &who.origin, &proof, arrival),
        Checked::Wrong(_) => Ok(None),
    }
}

fn enter(
    tx: &Write<'_>,
    env: &Env,
    origin: &Origin,
    proof: &Proof,
    arrival: &Arrival,
) -> Result<Option<Finished>> {
    let finished = login::with_passkey(tx, env, origin, proof, arrival)?;
    Ok(match finished.step {
        Step::Next(_) | Step::In(_) => Some(finished),
        Step::Wrong(_) | Step::Gone => None,
    })
}

fn person(who: &Actor) -> Result<&UserId> {
    match &who.principal {
        Principal::Person { user, .. } => Ok(user),
        Principal::Anonymous
        | Principal::ApiKey { .. }
        | Principal::Program { .. }
        | Principal::Operator { .. }
        | Principal::System => Err(Error::denied("nobody is signed in here")),
    }
}
