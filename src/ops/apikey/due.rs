//! Telling owners that a key falls due: once, by mail, from the server's sweep. The command line, the pages and the
//! headers of answers say it as long as it is so.

use super::about;
use crate::{
    db::Write,
    error::Result,
    model::{actor::Actor, message::mail::Mail, user::UserState},
    ops::{audit, env::Env, outbox},
    store,
};

/// So many mails in one transaction; the next sweep takes the others.
const AT_ONCE: u32 = 50;

/// Tells the owners of keys for which it is time; answers how many keys.
pub fn announce(tx: &Write<'_>, env: &Env) -> Result<usize> {
    if !env.config.authentication.api_keys.enabled {
        return Ok(0);
    }
    let until = tx.now.plus(env.rotation().warning);
    let taken = store::apikey::take_to_warn_of(tx, until, AT_ONCE)?;
    for id in &taken {
        let Some(row) = store::apikey::by_id(tx, id)? else { continue };
        let owner = store::user::by_id(tx, &row.key.user_id)?;
        let owner = owner.filter(|owner| owner.state == UserState::Active);
        let (Some(owner), Some(at)) = (owner, row.key.rotation_due_at) else { continue };
        let mail = Mail::KeyDue { name: row.key.name.clone(), at };
        let sent = outbox::mail(tx, env, &owner.email, &mail, Some(&owner.id))?;
        let event = about("api_key.due", &row.key).with("mailed", sent.is_some());
        audit::record(tx, &Actor::system(), &event)?;
    }
    Ok(taken.len())
}
