//! The table `idempotency_keys`.

use crate::{
    db::{Read, Write, params},
    error::Result,
    time::Time,
};

/// What a creation was answered with, and to which request.
#[derive(Debug)]
pub struct Kept {
    /// SHA-256 of the request.
    pub request: Vec<u8>,
    /// The sealed answer.
    pub answer: Vec<u8>,
}

/// What this principal's creation by this key was answered with since a moment.
pub fn find(r: &Read<'_>, principal: &str, key: &[u8], since: Time) -> Result<Option<Kept>> {
    r.one(
        "select request_hash, answer from idempotency_keys
         where principal = ?1 and key_hash = ?2 and created_at >= ?3",
        params![principal, key, since],
        |row| Ok(Kept { request: row.get(0)?, answer: row.get(1)? }),
    )
}

/// Keeps an answer, over one that is too old to count.
pub fn keep(tx: &Write<'_>, principal: &str, key: &[u8], kept: &Kept) -> Result<()> {
    tx.exec_one(
        "insert into idempotency_keys (principal, key_hash, request_hash, answer, created_at)
         values (?1, ?2, ?3, ?4, ?5)
         on conflict (principal, key_hash) do update set request_hash = excluded.request_hash,
            answer = excluded.answer, created_at = excluded.created_at",
        params![principal, key, kept.request, kept.answer, tx.now],
    )
}

/// Forgets those from before a moment.
pub fn sweep(tx: &Write<'_>, before: Time) -> Result<usize> {
    tx.exec("delete from idempotency_keys where created_at < ?1", params![before])
}
