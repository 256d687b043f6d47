//! The table `meta`: facts about the installation, by name.

use crate::{
    db::{Read, Write, params},
    error::Result,
};

/// Reads a fact.
pub fn get(r: &Read<'_>, key: &str) -> Result<Option<String>> {
    r.one("select value from meta where key = ?1", params![key], |row| row.get(0))
}

/// Writes a fact over the one before.
pub fn set(tx: &Write<'_>, key: &str, value: &str) -> Result<()> {
    tx.exec_one(
        "insert into meta (key, value) values (?1, ?2)
         on conflict (key) do update set value = excluded.value",
        params![key, value],
    )
}

/// Writes a fact unless there is one; tells whether it did.
pub fn claim(tx: &Write<'_>, key: &str, value: &str) -> Result<bool> {
    let made = tx.exec(
        "insert into meta (key, value) values (?1, ?2) on conflict (key) do nothing",
        params![key, value],
    )?;
    Ok(made == 1)
}
