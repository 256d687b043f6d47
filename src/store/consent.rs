//! The table `consents`: what a person allowed a client for good.

use crate::{
    db::{Read, Write, params},
    error::Result,
    model::{
        id::{ClientId, UserId},
        scope::ScopeSet,
    },
    time::Time,
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

/// An app that holds something of a person: an answer for good, or tokens that live.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connected {
    /// The client.
    pub client_id: ClientId,
    /// Its name.
    pub name: String,
    /// What it was allowed, over all resources.
    pub scopes: ScopeSet,
    /// The resources that it was allowed them for, by URI; empty for this server alone.
    pub resources: Vec<String>,
    /// When it was first allowed or given something.
    pub since: Time,
    /// When it was last given a token; none when it holds none that lives.
    pub last_used_at: Option<Time>,
}

/// The apps that hold something of a person, by name.
pub fn connected(r: &Read<'_>, user: &UserId) -> Result<Vec<Connected>> {
    r.all(
        "with held as (
             select client_id, scopes, resource, granted_at as since, null as used
             from consents where user_id = ?1
             union all
             select g.client_id, g.scopes, '', g.created_at,
                    coalesce((select max(t.issued_at) from refresh_tokens t where t.grant_id = g.id), g.created_at)
             from grants g where g.user_id = ?1 and g.revoked_at is null and g.expires_at > ?2
         )
         select c.id, c.name, group_concat(h.scopes, ' '), group_concat(h.resource, ' '), min(h.since), max(h.used)
         from held h join clients c on c.id = h.client_id
         group by c.id order by c.name, c.id",
        params![user.as_str(), r.now],
        |row| {
            let mut resources = super::unwords(&row.get::<_, String>(3)?);
            resources.sort();
            resources.dedup();
            Ok(Connected {
                client_id: ClientId::from_text(row.get::<_, String>(0)?),
                name: row.get(1)?,
                scopes: super::scopes(&row.get::<_, String>(2)?),
                resources,
                since: row.get(4)?,
                last_used_at: row.get(5)?,
            })
        },
    )
}

/// Forgets every answer that a person gave a client.
pub fn forget(tx: &Write<'_>, user: &UserId, client: &ClientId) -> Result<usize> {
    tx.exec(
        "delete from consents where user_id = ?1 and client_id = ?2",
        params![user.as_str(), client.as_str()],
    )
}

/// Forgets every answer that anyone gave a client.
pub fn forget_client(tx: &Write<'_>, client: &ClientId) -> Result<usize> {
    tx.exec("delete from consents where client_id = ?1", params![client.as_str()])
}
