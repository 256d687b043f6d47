//! The table `client_documents`, and the clients that came by themselves as a crowd.

use crate::{
    crypto::secret::Hashed,
    db::{Read, Write, params, unreadable},
    error::Result,
    model::id::ClientId,
    time::Time,
};

/// What was last seen of a client's document.
#[derive(Clone, Debug)]
pub struct Seen {
    /// As its server gave it.
    pub etag: Option<String>,
    /// Of its bytes.
    pub digest: Hashed,
    /// When it was last seen to say this.
    pub fetched_at: Time,
    /// When it is to be asked for again.
    pub fresh_until: Time,
}

/// What was last seen of the document of a client.
pub fn seen(r: &Read<'_>, id: &ClientId) -> Result<Option<Seen>> {
    r.one(
        "select etag, digest, fetched_at, fresh_until from client_documents where client_id = ?1",
        params![id.as_str()],
        |row| {
            let digest: Vec<u8> = row.get(1)?;
            Ok(Seen {
                etag: row.get(0)?,
                digest: Hashed::from_bytes(&digest)
                    .ok_or_else(|| unreadable("client_documents.digest", id.as_str()))?,
                fetched_at: row.get(2)?,
                fresh_until: row.get(3)?,
            })
        },
    )
}

/// Writes down what was seen, over what was seen before.
pub fn note(tx: &Write<'_>, id: &ClientId, seen: &Seen) -> Result<()> {
    tx.exec_one(
        "insert into client_documents (client_id, etag, digest, fetched_at, fresh_until)
         values (?1, ?2, ?3, ?4, ?5)
         on conflict (client_id) do update set etag = ?2, digest = ?3, fetched_at = ?4, fresh_until = ?5",
        params![
            id.as_str(),
            seen.etag,
            seen.digest.as_bytes(),
            seen.fetched_at,
            seen.fresh_until
        ],
    )
}

/// How many clients came by themselves: registered so, or known by a document.
pub fn count_uninvited(r: &Read<'_>) -> Result<u32> {
    let sql = "select count(*) from clients where origin in ('dynamic', 'document')";
    Ok(r.one(sql, params![], |row| row.get(0))?.unwrap_or(0))
}

/// Forgets clients known by a document that nobody has used since `before`: no token, no permission that stands, no
/// request that waits. One that was switched off stays, or it would come back as a new one.
pub fn sweep(tx: &Write<'_>, before: Time) -> Result<usize> {
    tx.exec(
        "delete from clients where origin = 'document' and state <> 'disabled'
            and max(created_at, coalesce(last_used_at, 0)) < ?1
            and not exists (select 1 from grants where client_id = clients.id and revoked_at is null
                                                       and expires_at > ?2)
            and not exists (select 1 from consents where client_id = clients.id)
            and not exists (select 1 from authorization_requests where client_id = clients.id
                                                                       and expires_at > ?2)",
        params![before, tx.now],
    )
}
