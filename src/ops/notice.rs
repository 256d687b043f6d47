//! Telling people by mail what happened to their account, so that they learn of what they did not do themselves.
//! Where nobody carries mail, nothing is sent and nothing fails.

use super::{env::Env, outbox};
use crate::{
    db::Write,
    error::Result,
    model::{id::UserId, message::mail::Mail},
    store,
};

/// Tells a person something, at the address that their account has.
pub(super) fn tell(tx: &Write<'_>, env: &Env, user: &UserId, mail: &Mail) -> Result<()> {
    if let Some(owner) = store::user::by_id(tx, user)? {
        outbox::mail(tx, env, &owner.email, mail, Some(user))?;
    }
    Ok(())
}
