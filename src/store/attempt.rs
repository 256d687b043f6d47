//! The table `attempts`: wrong tries by what was tried.

use crate::{
    db::{Read, Write, params},
    error::Result,
    model::attempt::{Scope, Tries},
    time::Time,
};

/// The count behind a subject.
pub fn get(r: &Read<'_>, scope: Scope, subject: &str) -> Result<Option<Tries>> {
    r.one(
        "select failures, locks, next_at, last_at from attempts where scope = ?1 and subject = ?2",
        params![scope.as_str(), subject],
        |row| {
            Ok(Tries {
                failures: row.get(0)?,
                locks: row.get(1)?,
                next_at: row.get(2)?,
                last_at: row.get(3)?,
            })
        },
    )
}

/// Writes the count over the one before.
pub fn put(tx: &Write<'_>, scope: Scope, subject: &str, tries: &Tries) -> Result<()> {
    tx.exec_one(
        "insert into attempts (scope, subject, failures, locks, next_at, last_at)
         values (?1, ?2, ?3, ?4, ?5, ?6)
         on conflict (scope, subject) do update set failures = excluded.failures,
            locks = excluded.locks, next_at = excluded.next_at, last_at = excluded.last_at",
        params![scope.as_str(), subject, tries.failures, tries.locks, tries.next_at, tries.last_at],
    )
}

/// Forgets the count; tells whether there was one.
pub fn clear(tx: &Write<'_>, scope: Scope, subject: &str) -> Result<bool> {
    let gone = tx.exec(
        "delete from attempts where scope = ?1 and subject = ?2",
        params![scope.as_str(), subject],
    )?;
    Ok(gone > 0)
}

/// Forgets counts that nobody touched since `before` and that pause nobody.
pub fn sweep(tx: &Write<'_>, before: Time) -> Result<usize> {
    tx.exec("delete from attempts where last_at < ?1 and next_at < ?2", params![before, tx.now])
}
