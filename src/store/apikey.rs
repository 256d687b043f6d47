//! The table `api_keys`.

use crate::{
    crypto::secret::Hashed,
    db::{Read, Row, RowResult, Write, params},
    error::Result,
    model::{
        apikey::ApiKey,
        id::{ApiKeyId, UserId},
    },
};

const COLUMNS: &str =
    "k.id, k.user_id, k.name, k.hint, k.scopes, k.requests_per_minute, k.burst_size, k.created_at,
    k.expires_at, k.rotation_due_at, k.last_used_at, k.revoked_at, u.username";

fn from_row(row: &Row<'_>) -> RowResult<(ApiKey, String)> {
    let key = ApiKey {
        id: ApiKeyId::from_text(row.get::<_, String>(0)?),
        user_id: UserId::from_text(row.get::<_, String>(1)?),
        name: row.get(2)?,
        hint: row.get(3)?,
        scopes: super::scopes(&row.get::<_, String>(4)?),
        requests_per_minute: row.get(5)?,
        burst_size: row.get(6)?,
        created_at: row.get(7)?,
        expires_at: row.get(8)?,
        rotation_due_at: row.get(9)?,
        last_used_at: row.get(10)?,
        revoked_at: row.get(11)?,
    };
    Ok((key, row.get(12)?))
}

/// Adds a key.
pub fn insert(tx: &Write<'_>, key: &ApiKey, hash: &Hashed) -> Result<()> {
    tx.exec_one(
        "insert into api_keys (id, user_id, name, hint, key_hash, scopes, requests_per_minute, burst_size,
                               created_at, expires_at, rotation_due_at)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        params![
            key.id.as_str(),
            key.user_id.as_str(),
            key.name,
            key.hint,
            hash.as_bytes(),
            key.scopes.to_string(),
            key.requests_per_minute,
            key.burst_size,
            key.created_at,
            key.expires_at,
            key.rotation_due_at,
        ],
    )
}

/// Finds a key by its digest, with its owner's user name.
pub fn by_hash(r: &Read<'_>, hash: &Hashed) -> Result<Option<(ApiKey, String)>> {
    let sql = format!(
        "select {COLUMNS} from api_keys k join users u on u.id = k.user_id where k.key_hash = ?1"
    );
    r.one(&sql, params![hash.as_bytes()], from_row)
}

/// Finds a key by id, with its owner's user name.
pub fn by_id(r: &Read<'_>, id: &ApiKeyId) -> Result<Option<(ApiKey, String)>> {
    let sql = format!(
        "select {COLUMNS} from api_keys k join users u on u.id = k.user_id where k.id = ?1"
    );
    r.one(&sql, params![id.as_str()], from_row)
}

/// Keys of a person, or of everyone, newest first, with their owners' user names.
pub fn list(r: &Read<'_>, user: Option<&UserId>, limit: u32) -> Result<Vec<(ApiKey, String)>> {
    let sql = format!(
        "select {COLUMNS} from api_keys k join users u on u.id = k.user_id
         where (?1 = '' or k.user_id = ?1) order by k.created_at desc, k.id desc limit ?2"
    );
    r.all(&sql, params![user.map_or("", UserId::as_str), limit], from_row)
}

/// Takes a key back; false when it was already.
pub fn revoke(tx: &Write<'_>, id: &ApiKeyId) -> Result<bool> {
    let changed = tx.exec(
        "update api_keys set revoked_at = ?2 where id = ?1 and revoked_at is null",
        params![id.as_str(), tx.now],
    )?;
    Ok(changed == 1)
}
