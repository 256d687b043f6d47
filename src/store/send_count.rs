//! The table `send_counts`: how many messages went where in an hour or a day.

use crate::{
    db::{Read, Write, params},
    error::Result,
    time::Time,
};

/// How many there were in the span that starts at a moment.
pub fn get(r: &Read<'_>, scope: &str, subject: &str, starts_at: Time) -> Result<u32> {
    let count = r.one(
        "select count from send_counts where scope = ?1 and subject = ?2 and starts_at = ?3",
        params![scope, subject, starts_at],
        |row| row.get(0),
    )?;
    Ok(count.unwrap_or(0))
}

/// Counts one more.
pub fn add(tx: &Write<'_>, scope: &str, subject: &str, starts_at: Time) -> Result<()> {
    tx.exec_one(
        "insert into send_counts (scope, subject, starts_at, count) values (?1, ?2, ?3, 1)
         on conflict (scope, subject, starts_at) do update set count = count + 1",
        params![scope, subject, starts_at],
    )
}

/// Forgets spans that started before `before`.
pub fn sweep(tx: &Write<'_>, before: Time) -> Result<usize> {
    tx.exec("delete from send_counts where starts_at < ?1", params![before])
}
