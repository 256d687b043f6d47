//! More proof for a session that stands: the second factor alone, without the password again. What it leads to is
//! decided by whoever asks for it.

use super::{Entered, OnTheWay, Step};
use crate::{
    crypto::secret::{self, Hashed, Plain},
    db::Write,
    error::Result,
    model::{
        actor::{Actor, Origin},
        id::SessionId,
        session::Session,
        sign_in::{LIFETIME, SignIn, Stage, Strength},
    },
    ops::session,
    store,
};

/// Begins it, bound to this browser and this session; the token carries it to the page of the second factor, and
/// `return_to` is where it leads. That the person has a factor to prove is for the caller to know.
pub(in crate::ops) fn begin(
    tx: &Write<'_>,
    browser: &Hashed,
    session: &Session,
    return_to: String,
) -> Result<Plain> {
    let token = secret::random_token(32);
    let sign_in = SignIn {
        user_id: session.user_id.clone(),
        stage: Stage::SecondFactor,
        remember_me: session.remember_me,
        // What the session proved stays its own: here something is proved now.
        amr: Vec::new(),
        return_to,
        strength: Strength::Fresh,
        trust_device: false,
        enrol_link: None,
        raises: Some(session.id.clone()),
        expires_at: tx.now.plus(LIFETIME),
    };
    store::sign_in::insert(tx, &Hashed::of(token.expose()), browser, &sign_in)?;
    Ok(token)
}

/// The factor was proved. Only the browser that still has the session, and only while that stands: a second factor alone
/// opens nothing.
pub(super) fn finish(
    tx: &Write<'_>,
    origin: &Origin,
    way: &OnTheWay,
    id: &SessionId,
    proved: &[String],
) -> Result<Step> {
    let visitor = &way.arrival.visitor;
    if visitor.previous.as_ref() != Some(id) || session::is_over(tx, &way.user.id, id)? {
        return Ok(Step::Gone);
    }
    let who = Actor::person(way.user.id.clone(), id.clone(), origin.clone());
    let proved: Vec<&str> = proved.iter().map(String::as_str).collect();
    let session = session::raise(tx, &who, id, &proved)?;
    let entered = Entered { session, return_to: way.arrival.return_to.clone(), device: None };
    Ok(Step::In(Box::new(entered)))
}
