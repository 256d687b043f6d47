//! The table `consents`: what a person allowed a client for good.

use crate::{
    db::{Read, Write, params},
    error::Result,
    model::{
        id::{ClientId, UserId},
        scope::ScopeSet,
    },
};

/// What was allowed for a resource (`""` for none).
pub fn get(r: &Read<'_>, user: &UserId, client: &ClientId, resource: &str) -> Result<ScopeSet> {
    let scopes: Option<String> = r.one(
        "select scopes from consents where user_id = ?1 and client_id = ?2 and resource = ?3",
        params![user.as_str(), client.as_str(), resource],
        |row| row.get(0),
    )?;
    Ok(scopes.map(|text| super::scopes(&text)).unwrap_or_default())
}

/// Writes what is allowed over what was.
pub fn put(
    tx: &Write<'_>,
    user: &UserId,
    client: &ClientId,
    resource: &str,
    scopes: &ScopeSet,
) -> Result<()> {
    tx.exec_one(
        "insert into consents (user_id, client_id, resource, scopes, granted_at) values (?1, ?2, ?3, ?4, ?5)
         on conflict (user_id, client_id, resource)
         do update set scopes = excluded.scopes, granted_at = excluded.granted_at",
        params![user.as_str(), client.as_str(), resource, scopes.to_string(), tx.now],
    )
}
