//! A new password for someone who lost the old one: by a link to their mailbox, or from the operator's hand.
//! It opens no session and steps around no second factor; it ends every session there is.

use std::time::Duration;

use super::{
    attempt, audit,
    env::Env,
    link::{self, Printed, Purpose},
    login, outbox, password, user,
};
use crate::{
    db::{Read, Write},
    error::{Error, Result},
    model::{
        actor::{Actor, Origin},
        attempt::{Reserved, Scope},
        audit::Event,
        id::UserId,
        message::{mail::Mail, text::Lang},
        user::{User, UserState},
    },
    store,
};

/// A link with less time left than this is not mailed again.
const WORTH_MAILING: Duration = Duration::from_secs(15 * 60);

/// Someone typed a name at "I forgot my password". Nothing tells whether anybody has it: a link goes to the mailbox of
/// whoever does, unless too many were asked for.
pub fn ask(tx: &Write<'_>, env: &Env, origin: &Origin, lang: Lang, typed: &str) -> Result<()> {
    let address = format!("@{}", attempt::address_key(&origin.address));
    // The address first: what it wants beyond its own limit costs nobody else's.
    let by_address = attempt::reserve(tx, Scope::Reset, &address, &env.address_limits())?;
    if matches!(by_address, Reserved::Wait(_)) {
        return Ok(());
    }
    let by_name = attempt::reserve(tx, Scope::Reset, &login::subject(typed), &env.reset_limits())?;
    let may = matches!(by_name, Reserved::Go(_));
    let found = login::find(tx, typed)?.filter(|user| may && user.state == UserState::Active);
    let Some(user) = found else { return Ok(()) };
    // Who signs in at a provider has no password to lose: what the provider takes away must not come back by mail.
    if store::user::password_hash(tx, &user.id)?.is_none() {
        return Ok(());
    }
    // The link that is out already goes out again: else a stranger's wish would end the one that was handed over.
    let url = match link::live_of(tx, env, Purpose::Reset, &user.id)? {
        Some(printed) if printed.expires_at.since(tx.now) >= WORTH_MAILING => printed.url,
        Some(_) | None => link::make(tx, env, Purpose::Reset, Some(&user.id))?.url,
    };
    let who = Actor::anonymous(origin.clone());
    let mail = Mail::Reset { url };
    outbox::mail_as(tx, env, &who, lang, &user.email, &mail, Some(&user.id))?;
    audit::record(tx, &who, &Event::new("password.reset_asked").user(&user.id))
}

/// Whether a link can be mailed at all; else only the operator can help.
pub fn is_offered(env: &Env) -> bool {
    outbox::mail_carrier(env).is_some()
}

/// Makes a link behind which the person chooses a new password, for the operator to hand over.
pub fn link(tx: &Write<'_>, env: &Env, who: &Actor, id: &UserId) -> Result<Printed> {
    who.must_operate()?;
    let user = user::get(tx, id)?;
    user::protect(who, &user.roles)?;
    if user.state == UserState::Invited {
        return Err(Error::conflict(format!("\"{}\" has no password yet", user.username))
            .with_next("mcpcodex user invite NAME"));
    }
    let printed = link::make(tx, env, Purpose::Reset, Some(id))?;
    audit::record(tx, who, &Event::new("password.reset_link").user(id))?;
    Ok(printed)
}

/// Whose password a link is for.
pub fn read(r: &Read<'_>, env: &Env, token: &str) -> Result<User> {
    let id = link::read(r, env, Purpose::Reset, token)?;
    user::get(r, &id.ok_or_else(|| Error::internal("a link to a new password for nobody"))?)
}

/// Uses a link: the password is stored, every session ends, and strangers' wrong tries are forgotten.
pub fn set(
    tx: &Write<'_>,
    env: &Env,
    origin: &Origin,
    token: &str,
    chosen: &password::Chosen,
) -> Result<User> {
    let id = link::spend(tx, env, Purpose::Reset, token)?
        .ok_or_else(|| Error::internal("a link to a new password for nobody"))?;
    let user = user::get(tx, &id)?;
    if user.state != UserState::Active {
        return Err(Error::conflict("this account cannot be signed in to now")
            .with_next("ask the operator to unlock it"));
    }
    let who = Actor::anonymous(origin.clone());
    password::store(tx, env, &who, &id, chosen, None)?;
    user::forget_tries(tx, &user)?;
    audit::record(tx, &who, &Event::new("password.reset").user(&id))?;
    user::get(tx, &id)
}
