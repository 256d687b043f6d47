//! A key's successor: the same owner, the same limits, and at most the same rights.
//! Each key has one successor, however many ask for it at once.

use std::time::Duration;

use super::{
    Made, about, get, in_use,
    inspect::{BadKey, inspect},
    left, make, stands,
};
use crate::{
    db::Write,
    error::{Error, Result},
    model::{
        actor::{Actor, Origin},
        apikey::{ApiKey, Due},
        id::ApiKeyId,
        user::User,
    },
    ops::{audit, env::Env, session},
    store,
    time::Time,
};

/// How long a key that fetched its own successor works on: long enough for everyone who shares it to get the new one.
const OWN_OVERLAP: Duration = Duration::from_secs(86_400);

/// What becomes of the key that is replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Old {
    /// It works on for so long.
    Overlap(Duration),
    /// It is in wrong hands and ends now.
    Leaked,
}

/// A key and what became of the one before it.
#[derive(Debug)]
pub struct Rotated {
    /// The new key.
    pub made: Made,
    /// The one in whose place it came, as it is now.
    pub old: ApiKey,
}

/// Puts a new key in the place of one.
pub fn rotate(tx: &Write<'_>, env: &Env, who: &Actor, id: &ApiKeyId, old: Old) -> Result<Rotated> {
    let key = get(tx, who, id)?.key;
    session::permit_recent(tx, env, who, &key.user_id)?;
    if key.replaced_by.is_some() {
        let why = format!("the API key \"{}\" was rotated already", key.name);
        return Err(Error::conflict(why).with_next(format!("mcpcodex apikey revoke {id}")));
    }
    if key.revoked_at.is_some() || key.expires_at.is_some_and(|end| tx.now >= end) {
        let why = format!("the API key \"{}\" is over; it has no successor", key.name);
        return Err(Error::conflict(why).with_next("mcpcodex apikey create"));
    }
    let owner = owner(tx, &key)?;
    // Whoever may make a key may give the new one the time that the old one was given.
    let span = key.expires_at.map(|end| tx.now.plus(end.since(key.created_at)));
    let made = successor(tx, env, &key, &owner, span)?;
    let (until, how) = match old {
        Old::Overlap(span) => (tx.now.plus(span), "overlap"),
        Old::Leaked => (tx.now, "leaked"),
    };
    put_in_place(tx, &key, None, &made, until)?;
    if old == Old::Leaked {
        store::apikey::revoke(tx, id, "leaked")?;
    }
    done(tx, who, key, made, how)
}

/// Puts a new key in the place of the one that asks for it: where keys rotate by themselves, from the day of the first
/// warning on. Asked again, as when the answer was lost, it gives another, as long as nobody used the one before.
pub fn rotate_own(
    tx: &Write<'_>,
    env: &Env,
    origin: &Origin,
    text: &str,
) -> Result<std::result::Result<Rotated, BadKey>> {
    let (key, owner) = match inspect(tx, env, text)? {
        Ok(good) => (good.key, good.user),
        Err((bad, _)) => return Ok(Err(bad)),
    };
    let who = Actor::api_key(key.id.clone(), origin.clone());
    let rotation = env.rotation();
    if !rotation.auto {
        return Err(Error::denied("keys of this server are rotated by their owners")
            .with_next("mcpcodex apikey rotate ID"));
    }
    let fresh = ApiKey { replaced_by: None, ..key.clone() };
    if fresh.due(rotation, tx.now) == Due::No {
        let from = key.rotation_due_at.map(|due| due.minus(rotation.warning));
        let from = from.map(Time::rfc3339).unwrap_or_default();
        return Err(Error::denied(format!("this key can be rotated from {from} on")));
    }
    let before = key.replaced_by.clone();
    if let Some(before) = &before {
        drop_unused(tx, &who, before)?;
    }
    // Its end stays: a key does not lengthen its own life.
    let made = successor(tx, env, &key, &owner, key.expires_at)?;
    put_in_place(tx, &key, before.as_ref(), &made, tx.now.plus(OWN_OVERLAP))?;
    done(tx, &who, key, made, "itself").map(Ok)
}

/// Takes back a successor that nobody has used.
fn drop_unused(tx: &Write<'_>, who: &Actor, id: &ApiKeyId) -> Result<()> {
    let taken = || {
        Error::conflict("this key was rotated already, and its successor is in use")
            .with_next("use the successor")
    };
    // A first use draws from the bucket, which is written before it is answered.
    if store::key_bucket::spent_until(tx, id)?.is_some()
        || !store::apikey::revoke(tx, id, "never used")?
    {
        return Err(taken());
    }
    let row = store::apikey::by_id(tx, id)?.ok_or_else(taken)?;
    audit::record(tx, who, &about("api_key.revoke", &row.key).with("reason", "never used"))
}

fn owner(tx: &Write<'_>, key: &ApiKey) -> Result<User> {
    store::user::by_id(tx, &key.user_id)?.ok_or_else(|| Error::internal("an API key has no owner"))
}

fn successor(
    tx: &Write<'_>,
    env: &Env,
    key: &ApiKey,
    owner: &User,
    expires_at: Option<Time>,
) -> Result<Made> {
    in_use(env)?;
    stands(tx, owner, key.agent_id.as_ref())?;
    let scopes = left(env, owner, &key.scopes);
    if scopes.is_empty() {
        return Err(Error::conflict("none of the key's scopes is left to its owner")
            .with_next("mcpcodex apikey create"));
    }
    let next = ApiKey {
        id: ApiKeyId::new(),
        scopes,
        created_at: tx.now,
        expires_at,
        last_used_at: None,
        last_used_address: None,
        replaces: Some(key.id.clone()),
        replaced_by: None,
        overlap_until: None,
        ..key.clone()
    };
    make(tx, env, next)
}

fn put_in_place(
    tx: &Write<'_>,
    key: &ApiKey,
    before: Option<&ApiKeyId>,
    made: &Made,
    until: Time,
) -> Result<()> {
    if store::apikey::replace(tx, &key.id, before, &made.key.id, until)? {
        return Ok(());
    }
    Err(Error::conflict(format!("the API key \"{}\" was rotated or revoked meanwhile", key.name)))
}

fn done(tx: &Write<'_>, who: &Actor, key: ApiKey, made: Made, how: &str) -> Result<Rotated> {
    let event = about("api_key.rotate", &key).with("by", made.key.id.as_str()).with("how", how);
    audit::record(tx, who, &event)?;
    let old = store::apikey::by_id(tx, &key.id)?.map_or(key, |row| row.key);
    Ok(Rotated { made, old })
}
