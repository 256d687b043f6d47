//! The first administrator: a one-time link printed by `serve`, and what happens behind it.
//! There is no default password, and once there is an administrator there is no link.

use std::net::SocketAddr;

use super::{
    env::Env,
    link::{self, Printed, Purpose},
    password,
    user::{self, Created, FirstPassword, New},
};
use crate::{
    crypto::{seal::Vault, secret},
    db::{Db, Read, Write},
    error::{Error, Result},
    model::{
        actor::{Actor, Origin},
        user::ADMIN,
    },
    store,
};

const MASTER_KEY_CHECK: &str = "master_key_check";

/// Refuses a master key other than the one this database was made with; the first one becomes it.
pub fn check_master_key(db: &Db, vault: &Vault) -> Result<()> {
    let mark = secret::b64(&vault.mac("check", b""));
    let known = if let Some(known) = db.read(|r| store::meta::get(r, MASTER_KEY_CHECK))? {
        known
    } else {
        let mark = mark.clone();
        db.write_blocking(move |tx| {
            store::meta::claim(tx, MASTER_KEY_CHECK, &mark)?;
            Ok(store::meta::get(tx, MASTER_KEY_CHECK)?.unwrap_or_default())
        })?
    };
    if secret::equal(known.as_bytes(), mark.as_bytes()) {
        return Ok(());
    }
    Err(Error::denied("the master key is not the one that this database was made with").with_next(
        "restore master.key (or MCPCODEX_MASTER_KEY) from where the database comes from",
    ))
}

/// Whether this master key is the one that a database was made with; one that knows none yet fits every key.
pub fn fits(r: &Read<'_>, vault: &Vault) -> Result<bool> {
    let mark = secret::b64(&vault.mac("check", b""));
    let known = store::meta::get(r, MASTER_KEY_CHECK)?;
    Ok(known.is_none_or(|known| secret::equal(known.as_bytes(), mark.as_bytes())))
}

const LISTEN: &str = "listen";

/// Notes where the server listens, so that other processes on this database know its address.
pub fn note_listen(tx: &Write<'_>, listen: SocketAddr) -> Result<()> {
    store::meta::set(tx, LISTEN, &listen.to_string())
}

/// Where the server was last seen to listen.
pub fn last_listen(r: &Read<'_>) -> Result<Option<SocketAddr>> {
    Ok(store::meta::get(r, LISTEN)?.and_then(|text| text.parse().ok()))
}

/// The link for the first administrator: the one that was printed before while it lives, else a new one;
/// none when there is an administrator.
pub fn link(tx: &Write<'_>, env: &Env, who: &Actor) -> Result<Option<Printed>> {
    who.must_operate()?;
    if is_done(tx)? {
        return Ok(None);
    }
    if let Some(printed) = link::again(tx, env, Purpose::Setup)? {
        return Ok(Some(printed));
    }
    link::make(tx, env, Purpose::Setup, None).map(Some)
}

/// Whether someone can administer.
pub fn is_done(r: &Read<'_>) -> Result<bool> {
    Ok(store::user::count_active_with_role(r, ADMIN, None)? > 0)
}

/// Whether the page behind a link may be shown.
pub fn check(r: &Read<'_>, env: &Env, token: &str) -> Result<()> {
    if is_done(r)? {
        return Err(done());
    }
    link::read(r, env, Purpose::Setup, token).map(drop)
}

/// Makes the first administrator; of two at once, one wins.
pub fn complete(
    tx: &Write<'_>,
    env: &Env,
    origin: &Origin,
    token: &str,
    new: &New,
    chosen: password::Chosen,
) -> Result<Created> {
    if is_done(tx)? {
        return Err(done());
    }
    link::spend(tx, env, Purpose::Setup, token)?;
    let new = New { roles: vec![ADMIN.to_owned()], ..new.clone() };
    let who = Actor::anonymous(origin.clone());
    user::insert(tx, env, &who, &new, &FirstPassword::Chosen(chosen))
}

fn done() -> Error {
    Error::absent("this server is set up already").with_next("sign in at /login")
}
