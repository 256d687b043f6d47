//! The table `used_statements`: signed statements that may count once.

use crate::{
    crypto::secret::Hashed,
    db::{Write, params},
    error::Result,
    time::Time,
};

/// Marks a statement as used until `expires_at`; false when it was used before.
pub fn spend(tx: &Write<'_>, digest: &Hashed, expires_at: Time) -> Result<bool> {
    let added = tx.exec(
        "insert into used_statements (digest, expires_at) values (?1, ?2) on conflict do nothing",
        params![digest.as_bytes(), expires_at],
    )?;
    Ok(added == 1)
}

/// Forgets those whose time is over.
pub fn sweep(tx: &Write<'_>) -> Result<usize> {
    tx.exec("delete from used_statements where expires_at < ?1", params![tx.now])
}
