//! The table `api_key_buckets`.

use crate::{
    db::{Read, Write, params},
    error::Result,
    model::id::ApiKeyId,
};

/// How far a key's bucket is spent, in Unix nanoseconds; none when the key was never used.
pub fn spent_until(r: &Read<'_>, id: &ApiKeyId) -> Result<Option<i64>> {
    r.one(
        "select spent_until from api_key_buckets where key_id = ?1",
        params![id.as_str()],
        |row| row.get(0),
    )
}

/// The same of every key that was ever used.
pub fn all(r: &Read<'_>) -> Result<Vec<(ApiKeyId, i64)>> {
    r.all("select key_id, spent_until from api_key_buckets", params![], |row| {
        Ok((ApiKeyId::from_text(row.get::<_, String>(0)?), row.get(1)?))
    })
}

/// Notes how far it is spent now.
pub fn set(tx: &Write<'_>, id: &ApiKeyId, spent_until: i64) -> Result<()> {
    tx.exec_one(
        "insert into api_key_buckets (key_id, spent_until) values (?1, ?2)
         on conflict (key_id) do update set spent_until = excluded.spent_until",
        params![id.as_str(), spent_until],
    )
}
