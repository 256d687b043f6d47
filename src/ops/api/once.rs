//! A creation that is asked for again by the same idempotency key is done once: whoever comes second, however close
//! behind, hears what the first was told. It rests sealed, since it may hold what is shown once.

use std::time::Duration;

use crate::{
    crypto::secret::{b64, equal, sha256},
    db::Write,
    error::{Error, Result},
    ops::env::Env,
    store::{self, idempotency::Kept},
};

/// How long an answer is kept.
pub const KEPT: Duration = Duration::from_secs(24 * 3_600);

/// What tells one creation from another.
#[derive(Clone, Debug)]
pub struct Once {
    /// Whose.
    pub principal: String,
    /// The key as it came.
    pub key: String,
    /// SHA-256 of the request.
    pub request: [u8; 32],
}

/// What became of a creation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Made {
    /// It was done, with this answer.
    Now(Vec<u8>),
    /// It had been done before, with this answer.
    Before(Vec<u8>),
    /// The key belongs to another request.
    Other,
}

/// Does a creation, unless it was done before.
pub fn once(
    tx: &Write<'_>,
    env: &Env,
    once: Option<&Once>,
    job: impl FnOnce() -> Result<Vec<u8>>,
) -> Result<Made> {
    let Some(Once { principal, key, request }) = once else { return job().map(Made::Now) };
    let hash = sha256(key.as_bytes());
    let aad = format!("idempotency_keys:answer:{principal}:{}", b64(&hash));
    if let Some(kept) = store::idempotency::find(tx, principal, &hash, tx.now.minus(KEPT))? {
        if !equal(&kept.request, request) {
            return Ok(Made::Other);
        }
        let answer = env.keys.vault.open(&aad, &kept.answer)?;
        return Ok(Made::Before(answer.to_vec()));
    }
    let answer = job()?;
    if answer.is_empty() {
        return Err(Error::internal("a creation without an answer"));
    }
    let sealed = env.keys.vault.seal(&aad, &answer)?;
    let kept = Kept { request: request.to_vec(), answer: sealed };
    store::idempotency::keep(tx, principal, &hash, &kept)?;
    Ok(Made::Now(answer))
}
