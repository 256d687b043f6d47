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

/// A request to be kept.
#[derive(Clone, Copy, Debug)]
pub struct New<'a> {
    /// Whose.
    pub client: &'a ClientId,
    /// Its parameters, as [`text`] writes them.
    pub text: &'a str,
    /// Thumbprint of the key that was proved with it.
    pub jkt: Option<&'a str>,
    /// The network that brought it.
    pub network: &'a str,
    /// Whether nobody here uses the client.
    pub stranger: bool,
}

/// Parameters as they are kept.
pub fn text(pairs: &[(String, String)]) -> String {
    let pairs: serde_json::Value =
        pairs.iter().map(|(name, value)| serde_json::json!([name, value])).collect();
    pairs.to_string()
}

/// Adds a request.
pub fn insert(tx: &Write<'_>, reference: &Hashed, new: &New<'_>, lifetime: Duration) -> Result<()> {
    tx.exec_one(
        "insert into pushed_requests (reference_hash, client_id, parameters, jkt, created_at, expires_at, network,
             stranger, size)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        params![
            reference.as_bytes(),
            new.client.as_str(),
            new.text,
            new.jkt,
            tx.now,
            tx.now.plus(lifetime),
            new.network,
            new.stranger,
            u32::try_from(new.text.len()).unwrap_or(u32::MAX),
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

/// A crowd of requests, for which there is so much room.
#[derive(Clone, Copy, Debug)]
pub enum Crowd<'a> {
    /// Those of one client.
    Client(&'a ClientId),
    /// Those of clients that nobody here uses.
    Strangers,
    /// Those of all others.
    Known,
}

impl Crowd<'_> {
    fn condition(&self) -> &'static str {
        match self {
            Self::Client(_) => "client_id = ?1",
            Self::Strangers => "?1 = '' and stranger = 1",
            Self::Known => "?1 = '' and stranger = 0",
        }
    }

    fn client(&self) -> &str {
        match self {
            Self::Client(id) => id.as_str(),
            Self::Strangers | Self::Known => "",
        }
    }
}

/// How many requests are kept, and how many bytes of parameters.
pub fn count(r: &Read<'_>, crowd: Crowd<'_>) -> Result<(u32, u32)> {
    let sql = format!(
        "select count(*), coalesce(sum(size), 0) from pushed_requests where {}",
        crowd.condition()
    );
    let found = r.one(&sql, params![crowd.client()], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(found.unwrap_or_default())
}

/// Makes room: those of the network that takes most of it go first, until all take the same, and of one network the oldest.
/// Each counts for its bytes and something besides, so that neither many nor large ones pay.
pub fn thin_out(tx: &Write<'_>, crowd: Crowd<'_>, count: u32) -> Result<usize> {
    let sql = format!(
        "delete from pushed_requests where reference_hash in
            (select reference_hash from
                (select reference_hash, expires_at,
                        sum(size + 1024) over (partition by network order by expires_at desc, reference_hash
                                               rows unbounded preceding) as place
                 from pushed_requests where {})
             order by place desc, expires_at limit ?2)",
        crowd.condition()
    );
    tx.exec(&sql, params![crowd.client(), count])
}

/// Forgets requests that are over.
pub fn sweep(tx: &Write<'_>) -> Result<usize> {
    tx.exec("delete from pushed_requests where expires_at < ?1", params![tx.now])
}
