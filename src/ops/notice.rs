//! Telling people by mail what happened to their account, so that they learn of what they did not do themselves.
//! Where nobody carries mail, nothing is sent and nothing fails.

use super::{env::Env, outbox};
use crate::{
    db::Write,
    error::Result,
    model::{actor::Actor, client::Client, id::UserId, message::mail::Mail},
    store,
};

/// Tells a person that an app was cut off, because what it holds was shown by two.
pub(super) fn cut_off(
    tx: &Write<'_>,
    env: &Env,
    who: &Actor,
    user: &UserId,
    client: &Client,
) -> Result<()> {
    let (client, address) = (client.name.clone(), who.origin.address.clone());
    tell(tx, env, user, &Mail::ConnectionEnded { client, address, at: tx.now })
}

/// Tells a person something, at the address that their account has.
pub(super) fn tell(tx: &Write<'_>, env: &Env, user: &UserId, mail: &Mail) -> Result<()> {
    if let Some(owner) = store::user::by_id(tx, user)? {
        outbox::mail(tx, env, &owner.email, mail, Some(user))?;
    }
    Ok(())
}
