//! The table `opaque_tokens`: access tokens that say nothing by themselves.

use crate::{
    crypto::secret::Hashed,
    db::{Read, Write, params},
    error::Result,
    model::id::{ClientId, GrantId},
    time::Time,
};

/// Adds a token with what it stands for: JSON.
pub fn insert(
    tx: &Write<'_>,
    token: &Hashed,
    claims: &str,
    client: &ClientId,
    grant: Option<&GrantId>,
    expires_at: Time,
) -> Result<()> {
    tx.exec_one(
        "insert into opaque_tokens (token_hash, claims, client_id, grant_id, expires_at)
         values (?1, ?2, ?3, ?4, ?5)",
        params![token.as_bytes(), claims, client.as_str(), grant.map(GrantId::as_str), expires_at],
    )
}

/// What a token stands for, ended or not.
pub fn claims(r: &Read<'_>, token: &Hashed) -> Result<Option<String>> {
    let sql = "select claims from opaque_tokens where token_hash = ?1";
    r.one(sql, params![token.as_bytes()], |row| row.get(0))
}

/// Forgets tokens that ended before this.
pub fn sweep(tx: &Write<'_>, before: Time) -> Result<usize> {
    tx.exec("delete from opaque_tokens where expires_at < ?1", params![before])
}
