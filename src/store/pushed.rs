//! The table `pushed_requests`.

use std::time::Duration;

use crate::{
    crypto::secret::Hashed,
    db::{Read, Write, params, unreadable},
    error::Result,
    model::id::{ClientId, RequestId},
};

/// A request that a client pushed.
#[derive(Clone, Debug)]
pub struct Pushed {
    /// Whose.
    pub client: ClientId,
    /// Its parameters as they came.
    pub pairs: Vec<(String, String)>,
    /// Thumbprint of the key that was proved with it.
    pub jkt: Option<String>,
    /// What it became, once it was used.
    pub request: Option<RequestId>,
}

/// Adds a request.
pub fn insert(
    tx: &Write<'_>,
    reference: &Hashed,
    client: &ClientId,
    pairs: &[(String, String)],
    jkt: Option<&str>,
    lifetime: Duration,
) -> Result<()> {
    let pairs: serde_json::Value =
        pairs.iter().map(|(name, value)| serde_json::json!([name, value])).collect();
    tx.exec_one(
        "insert into pushed_requests (reference_hash, client_id, parameters, jkt, created_at, expires_at)
         values (?1, ?2, ?3, ?4, ?5, ?6)",
        params![
            reference.as_bytes(),
            client.as_str(),
            pairs.to_string(),
            jkt,
            tx.now,
            tx.now.plus(lifetime),
        ],
    )
}

/// Finds a request that still counts, used or not.
pub fn by_reference(r: &Read<'_>, reference: &Hashed) -> Result<Option<Pushed>> {
    r.one(
        "select client_id, parameters, jkt, request_id from pushed_requests
         where reference_hash = ?1 and expires_at > ?2",
        params![reference.as_bytes(), r.now],
        |row| {
            let pairs: String = row.get(1)?;
            Ok(Pushed {
                client: ClientId::from_text(row.get::<_, String>(0)?),
                pairs: serde_json::from_str(&pairs)
                    .map_err(|_| unreadable("pushed_requests.parameters", "not pairs"))?,
                jkt: row.get(2)?,
                request: row.get::<_, Option<String>>(3)?.map(RequestId::from_text),
            })
        },
    )
}

/// Uses a request, once: whoever gets `true` may take it for `request`. It is remembered for `keep` from then on, so
/// that the same browser may load the page again.
pub fn spend(
    tx: &Write<'_>,
    reference: &Hashed,
    request: &RequestId,
    keep: Duration,
) -> Result<bool> {
    let changed = tx.exec(
        "update pushed_requests set request_id = ?2, expires_at = ?3
         where reference_hash = ?1 and request_id is null and expires_at > ?4",
        params![reference.as_bytes(), request.as_str(), tx.now.plus(keep), tx.now,],
    )?;
    Ok(changed == 1)
}

/// How many requests are kept, of one client or of all.
pub fn count(r: &Read<'_>, client: Option<&ClientId>) -> Result<u32> {
    let count = r.one(
        "select count(*) from pushed_requests where ?1 = '' or client_id = ?1",
        params![client.map_or("", ClientId::as_str)],
        |row| row.get(0),
    )?;
    Ok(count.unwrap_or(0))
}

/// Forgets the requests that end first, of one client or of all.
pub fn drop_oldest(tx: &Write<'_>, client: Option<&ClientId>, count: u32) -> Result<usize> {
    tx.exec(
        "delete from pushed_requests where reference_hash in
            (select reference_hash from pushed_requests where ?1 = '' or client_id = ?1
             order by expires_at limit ?2)",
        params![client.map_or("", ClientId::as_str), count],
    )
}

/// Forgets requests that are over.
pub fn sweep(tx: &Write<'_>) -> Result<usize> {
    tx.exec("delete from pushed_requests where expires_at < ?1", params![tx.now])
}
