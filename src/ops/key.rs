//! Signing keys: made at the first start, sealed in the database, published as a JWKS.
//! How they take turns is in `rotation`; how a key signs is `crypto`, which tokens it signs is `oauth/token`.

use std::{sync::Arc, time::Duration};

use serde_json::{Value, json};

use super::{audit, env::Env, oauth::terms::Terms};
use crate::{
    crypto::{
        jwt::{Algorithm, SigningKey, VerifyingKey},
        keyring::Keyring,
    },
    db::{Db, Read, Write},
    error::{Error, Result},
    model::{
        actor::Actor,
        audit::Event,
        key::{KeyStanding, KeyState, MOST_COUNTED, Schedule, SigningKeyRow},
    },
    store,
};

pub mod rotation;

/// The fewest characters by which a key can be named.
const SHORTEST_NAME: usize = 6;

/// Makes sure that a key of every algorithm in use signs. Called at start, before anything is served.
pub fn ensure(db: &Db, env: &Arc<Env>) -> Result<()> {
    for algorithm in db.read(|r| algorithms_in_use(r, env))? {
        ensure_one(db, env, algorithm)?;
    }
    Ok(())
}

/// Makes sure that a key of this algorithm signs. Slow when one must be made, and outside of any transaction.
pub fn ensure_one(db: &Db, env: &Arc<Env>, algorithm: Algorithm) -> Result<()> {
    if db.read(|r| store::key::active(r, algorithm))?.is_some() {
        return Ok(());
    }
    // Slow with RSA, so it happens outside of the transaction; another process may win meanwhile.
    let fresh = SigningKey::generate(algorithm)?;
    let env = Arc::clone(env);
    db.write_blocking(move |tx| insert(tx, &env, &fresh)).map(|_| ())
}

/// Makes `fresh` the signing key if there still is none of its algorithm.
pub fn insert(tx: &Write<'_>, env: &Env, fresh: &SigningKey) -> Result<bool> {
    if store::key::active(tx, fresh.algorithm())?.is_some() {
        return Ok(false);
    }
    // What was published before is better known than what is made now.
    if let Some(next) = store::key::next(tx, fresh.algorithm())? {
        return rotation::turn_to(tx, env, &Actor::system(), &next).map(|_| true);
    }
    let row =
        SigningKeyRow { activated_at: Some(tx.now), ..row_of(tx, env, fresh, KeyState::Active)? };
    if !store::key::insert(tx, &row, &sealed(env, fresh)?)? {
        return Ok(false);
    }
    audit::record(tx, &Actor::system(), &about("key.create", &row))?;
    Ok(true)
}

fn row_of(r: &Read<'_>, env: &Env, fresh: &SigningKey, state: KeyState) -> Result<SigningKeyRow> {
    Ok(SigningKeyRow {
        kid: fresh.kid().to_owned(),
        algorithm: fresh.algorithm(),
        public_jwk: fresh.jwk(),
        state,
        created_at: r.now,
        activated_at: None,
        retired_at: None,
        verifies_until: None,
        longest: longest(r, env)?,
        retire_reason: None,
    })
}

fn sealed(env: &Env, fresh: &SigningKey) -> Result<Vec<u8>> {
    env.keys.vault.seal(&Keyring::aad(fresh.kid()), &fresh.pkcs8()?)
}

fn about(event: &'static str, key: &SigningKeyRow) -> Event {
    Event::new(event).with("kid", key.kid.as_str()).with("algorithm", key.algorithm.as_str())
}

/// How long a signed token lives at most, whatever it is for: a retired key stays published for as long.
pub fn longest(r: &Read<'_>, env: &Env) -> Result<Duration> {
    let of_resources = store::resource::longest_lifetime(r)?.unwrap_or_default();
    Ok(Terms::of(env).longest_signature().max(of_resources))
}

/// Every algorithm that tokens are signed with, the configured one first.
pub fn algorithms_in_use(r: &Read<'_>, env: &Env) -> Result<Vec<Algorithm>> {
    let configured = Terms::of(env).algorithm;
    let mut all = store::resource::algorithms(r)?;
    all.retain(|algorithm| *algorithm != configured);
    all.insert(0, configured);
    Ok(all)
}

/// When keys take turns, by the configuration.
pub fn schedule(env: &Env) -> Schedule {
    let keys = &env.config.authentication.tokens.signing_keys;
    Schedule {
        rotate_after: Some(keys.rotate_after).filter(|span| !span.is_zero()),
        publish_ahead: keys.publish_ahead,
    }
}

/// Every key with what comes next for it, newest first.
pub fn list(r: &Read<'_>, env: &Env, who: &Actor) -> Result<Vec<KeyStanding>> {
    who.must_operate()?;
    let (keys, used) = (store::key::list(r)?, algorithms_in_use(r, env)?);
    keys.iter().map(|key| standing(r, env, &used, &keys, key)).collect()
}

fn standing(
    r: &Read<'_>,
    env: &Env,
    used: &[Algorithm],
    keys: &[SigningKeyRow],
    key: &SigningKeyRow,
) -> Result<KeyStanding> {
    let schedule = schedule(env);
    let other =
        |state| keys.iter().find(|other| other.algorithm == key.algorithm && other.state == state);
    let in_use = used.contains(&key.algorithm);
    let turns_at = match (key.state, other(KeyState::Active)) {
        (KeyState::Active | KeyState::Next, Some(active)) if in_use => {
            schedule.turns_at(active, other(KeyState::Next))
        }
        _ => None,
    };
    let apps = match key.signed_between(r.now, longest(r, env)?) {
        Some((from, to)) => store::key::grants_served(r, from, to, MOST_COUNTED + 1)?,
        None => 0,
    };
    Ok(KeyStanding {
        key: key.clone(),
        in_use,
        turns_at,
        ready_at: (key.state == KeyState::Next).then(|| schedule.ready_at(key)),
        apps,
    })
}

/// The key of that id, or of the only id that begins so.
pub fn find(r: &Read<'_>, typed: &str) -> Result<SigningKeyRow> {
    let unknown = || Error::not_found("signing key", typed).with_next("mcpcodex key list");
    if let Some(key) = store::key::by_kid(r, typed)? {
        return Ok(key);
    }
    if typed.len() < SHORTEST_NAME {
        return Err(unknown());
    }
    let mut fits = store::key::list(r)?.into_iter().filter(|key| key.kid.starts_with(typed));
    match (fits.next(), fits.next()) {
        (Some(key), None) => Ok(key),
        (Some(_), Some(_)) => {
            Err(Error::conflict(format!("more than one key id begins with {typed}"))
                .with_next("type more of it"))
        }
        (None, _) => Err(unknown()),
    }
}

/// The public keys whose tokens may still be alive (RFC 7517 §5).
pub fn jwks(r: &Read<'_>) -> Result<Value> {
    let keys = store::key::published(r)?;
    Ok(json!({ "keys": keys.into_iter().map(|key| key.public_jwk).collect::<Vec<_>>() }))
}

/// The key that signs with an algorithm now.
pub fn signer(r: &Read<'_>, env: &Env, algorithm: Algorithm) -> Result<Arc<SigningKey>> {
    let row = store::key::active(r, algorithm)?.ok_or_else(|| {
        Error::internal(format!("there is no {algorithm} signing key"))
            .with_next("a running server makes one within a minute, and at its start")
    })?;
    env.keys.signing_key(&row.kid, row.algorithm, || {
        store::key::sealed(r, &row.kid)?.ok_or_else(|| Error::internal("a signing key has gone"))
    })
}

/// The published key of that id, if it is one of ours and its tokens may still be alive.
pub fn verifier(r: &Read<'_>, env: &Env, kid: &str) -> Result<Option<Arc<VerifyingKey>>> {
    let published = store::key::by_kid(r, kid)?.filter(|key| key.is_published(r.now));
    published.map(|key| env.keys.verifying_key(kid, &key.public_jwk)).transpose()
}
