//! Over several tables: who is shut out, and what an old copy of the database must not bring back.

use crate::{
    db::{Read, Write, params},
    error::Result,
};

/// Kind, id and name of everyone and everything that is shut out.
pub fn all(r: &Read<'_>) -> Result<Vec<(&'static str, String, String)>> {
    let mut found = Vec::new();
    for (kind, sql) in [
        ("user", "select id, username from users where state in ('locked', 'disabled')"),
        ("client", "select id, name from clients where state not in ('active', 'pending')"),
        ("agent", "select id, name from agents where state <> 'active'"),
        ("api_key", "select id, name from api_keys where revoked_at is not null"),
    ] {
        found.extend(r.all(sql, params![], |row| Ok((kind, row.get(0)?, row.get(1)?)))?);
    }
    Ok(found)
}

/// Whether there is one of this kind and id.
pub fn is_there(r: &Read<'_>, kind: &str, id: &str) -> Result<bool> {
    let sql = match kind {
        "user" => "select 1 from users where id = ?1",
        "client" => "select 1 from clients where id = ?1",
        "agent" => "select 1 from agents where id = ?1",
        _ => "select 1 from api_keys where id = ?1",
    };
    Ok(r.one(sql, params![id], |_| Ok(()))?.is_some())
}

/// Removes whatever was on its way to somebody: requests, codes, links, opaque tokens, trust in devices, messages.
pub fn void_promises(tx: &Write<'_>) -> Result<()> {
    for sql in [
        "delete from authorization_requests",
        "delete from authorization_codes",
        "delete from pushed_requests",
        "delete from device_requests",
        "delete from opaque_tokens",
        "delete from links where used_at is null",
        "delete from one_time_codes",
        "update devices set trusted_until = null where trusted_until is not null",
        "update messages set state = 'expired', body_sealed = null, finished_at = ?1
         where state in ('queued', 'sending')",
    ] {
        let one = sql.contains("?1");
        if one {
            tx.exec(sql, params![tx.now])?;
        } else {
            tx.exec(sql, params![])?;
        }
    }
    Ok(())
}
