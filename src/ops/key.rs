//! Signing keys: made at the first start, sealed in the database, published as a JWKS.
//! How a key signs is `crypto`; which tokens it signs is `oauth/token`.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{audit, env::Env, oauth::terms::Terms};
use crate::{
    crypto::{
        jwt::{SigningKey, VerifyingKey},
        keyring::Keyring,
    },
    db::{Db, Read, Write},
    error::{Error, Result},
    model::{
        actor::Actor,
        audit::Event,
        key::{KeyState, SigningKeyRow},
    },
    store,
};

/// Makes sure that a key of the configured algorithm signs. Called at start, before anything is served.
pub fn ensure(db: &Db, env: &Arc<Env>) -> Result<()> {
    let algorithm = Terms::of(env).algorithm;
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
    let sealed = env.keys.vault.seal(&Keyring::aad(fresh.kid()), &fresh.pkcs8()?)?;
    let row = SigningKeyRow {
        kid: fresh.kid().to_owned(),
        algorithm: fresh.algorithm(),
        public_jwk: fresh.jwk(),
        state: KeyState::Active,
        created_at: tx.now,
        activated_at: Some(tx.now),
        retired_at: None,
    };
    store::key::insert(tx, &row, &sealed)?;
    let event = Event::new("key.create")
        .with("kid", fresh.kid())
        .with("algorithm", fresh.algorithm().as_str());
    audit::record(tx, &Actor::system(), &event)?;
    Ok(true)
}

/// Every key, newest first.
pub fn list(r: &Read<'_>, who: &Actor) -> Result<Vec<SigningKeyRow>> {
    who.must_operate()?;
    store::key::list(r)
}

/// The public keys whose tokens may still be alive (RFC 7517 §5).
pub fn jwks(r: &Read<'_>, env: &Env) -> Result<Value> {
    let keys = store::key::published(r, r.now.minus(Terms::of(env).longest_signature()))?;
    Ok(json!({ "keys": keys.into_iter().map(|key| key.public_jwk).collect::<Vec<_>>() }))
}

/// The key that signs now.
pub fn signer(r: &Read<'_>, env: &Env) -> Result<Arc<SigningKey>> {
    let algorithm = Terms::of(env).algorithm;
    let row = store::key::active(r, algorithm)?.ok_or_else(|| {
        Error::internal(format!("there is no {algorithm} signing key"))
            .with_next("restart the server: it makes one")
    })?;
    env.keys.signing_key(&row.kid, row.algorithm, || {
        store::key::sealed(r, &row.kid)?.ok_or_else(|| Error::internal("a signing key has gone"))
    })
}

/// The published key of that id, if it is one of ours and its tokens may still be alive.
pub fn verifier(r: &Read<'_>, env: &Env, kid: &str) -> Result<Option<Arc<VerifyingKey>>> {
    let Some(row) = store::key::by_kid(r, kid)? else { return Ok(None) };
    let gone = r.now.minus(Terms::of(env).longest_signature());
    if row.retired_at.is_some_and(|at| at <= gone) {
        return Ok(None);
    }
    env.keys.verifying_key(kid, &row.public_jwk).map(Some)
}
