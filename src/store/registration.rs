//! The tables `client_registrations`, `client_arrivals`, `client_approvals` and `registration_tokens`.

use crate::{
    crypto::secret::Hashed,
    db::{Read, Row, RowResult, Write, params, unreadable},
    error::Result,
    model::{
        id::{ClientId, RegistrationTokenId},
        registration::{Members, initial::InitialToken},
    },
    time::Time,
};

/// How a client registered.
#[derive(Clone, Debug)]
pub struct Registration {
    /// Of its registration access token.
    pub token: Option<Hashed>,
    /// What is told back beside the client itself.
    pub beside: Members,
}

/// Adds the registration of a client that was just added.
pub fn insert(
    tx: &Write<'_>,
    client: &ClientId,
    digest: Option<&Hashed>,
    token: Option<&Hashed>,
    beside: &Members,
) -> Result<()> {
    tx.exec_one(
        "insert into client_registrations (client_id, digest, token_hash, metadata, created_at, seen_at)
         values (?1, ?2, ?3, ?4, ?5, ?5)",
        params![
            client.as_str(),
            digest.map(Hashed::as_bytes),
            token.map(Hashed::as_bytes),
            serde_json::to_string(beside).unwrap_or_default(),
            tx.now,
        ],
    )
}

/// The client that registered just this, which is thereby seen again.
pub fn seen_again(tx: &Write<'_>, digest: &Hashed) -> Result<Option<ClientId>> {
    tx.one(
        "update client_registrations set seen_at = ?2 where digest = ?1 returning client_id",
        params![digest.as_bytes(), tx.now],
        |row| row.get::<_, String>(0).map(ClientId::from_text),
    )
}

/// How a client registered; none when it did not.
pub fn get(r: &Read<'_>, client: &ClientId) -> Result<Option<Registration>> {
    r.one(
        "select token_hash, metadata from client_registrations where client_id = ?1",
        params![client.as_str()],
        |row| {
            let token: Option<Vec<u8>> = row.get(0)?;
            let text: String = row.get(1)?;
            let beside = serde_json::from_str(&text)
                .map_err(|_| unreadable("client_registrations.metadata", &text))?;
            Ok(Registration { token: token.and_then(|bytes| Hashed::from_bytes(&bytes)), beside })
        },
    )
}

/// Writes a new registration over the old; its token must be `old`, or nothing happens and the answer is false.
pub fn update(
    tx: &Write<'_>,
    client: &ClientId,
    old: &Hashed,
    token: &Hashed,
    beside: &Members,
) -> Result<bool> {
    let changed = tx.exec(
        "update client_registrations set token_hash = ?3, metadata = ?4, seen_at = ?5
         where client_id = ?1 and token_hash = ?2",
        params![
            client.as_str(),
            old.as_bytes(),
            token.as_bytes(),
            serde_json::to_string(beside).unwrap_or_default(),
            tx.now,
        ],
    )?;
    Ok(changed == 1)
}

/// Notes that an administrator let a client in.
pub fn approve(tx: &Write<'_>, client: &ClientId) -> Result<()> {
    tx.exec(
        "insert into client_approvals (client_id, approved_at) values (?1, ?2) on conflict do nothing",
        params![client.as_str(), tx.now],
    )?;
    Ok(())
}

/// Forgets that an administrator let a client in.
pub fn unapprove(tx: &Write<'_>, client: &ClientId) -> Result<()> {
    tx.exec("delete from client_approvals where client_id = ?1", params![client.as_str()])?;
    Ok(())
}

/// Whether an administrator let a client in.
pub fn is_approved(r: &Read<'_>, client: &ClientId) -> Result<bool> {
    let sql = "select 1 from client_approvals where client_id = ?1";
    Ok(r.one(sql, params![client.as_str()], |_| Ok(()))?.is_some())
}

/// Whether an administrator let a client in, or a person did: one who allowed it, or for whom it holds something.
pub fn is_in_use(r: &Read<'_>, client: &ClientId) -> Result<bool> {
    let found = r.one(
        "select exists (select 1 from client_approvals where client_id = ?1)
             or exists (select 1 from consents where client_id = ?1)
             or exists (select 1 from grants where client_id = ?1 and revoked_at is null and expires_at > ?2)",
        params![client.as_str(), r.now],
        |row| row.get(0),
    )?;
    Ok(found.unwrap_or(false))
}

/// Every scope that a resource has.
pub fn offered_scopes(r: &Read<'_>) -> Result<Vec<String>> {
    r.remembered("offered scopes", "", || {
        r.all("select distinct scope from resource_scopes", params![], |row| row.get(0))
    })
}

const TOKEN: &str = "id, name, most_uses, uses, created_at, expires_at, revoked_at, last_used_at";

fn token_from_row(row: &Row<'_>) -> RowResult<InitialToken> {
    Ok(InitialToken {
        id: RegistrationTokenId::from_text(row.get::<_, String>(0)?),
        name: row.get(1)?,
        most_uses: row.get(2)?,
        uses: row.get(3)?,
        created_at: row.get(4)?,
        expires_at: row.get(5)?,
        revoked_at: row.get(6)?,
        last_used_at: row.get(7)?,
    })
}

/// Adds an initial access token.
pub fn insert_token(tx: &Write<'_>, token: &InitialToken, hash: &Hashed) -> Result<()> {
    tx.exec_one(
        "insert into registration_tokens (id, name, token_hash, most_uses, created_at, expires_at)
         values (?1, ?2, ?3, ?4, ?5, ?6)",
        params![
            token.id.as_str(),
            token.name,
            hash.as_bytes(),
            token.most_uses,
            token.created_at,
            token.expires_at,
        ],
    )
}

/// Uses an initial access token once; none when it is not, or not any more, good.
pub fn use_token(tx: &Write<'_>, hash: &Hashed) -> Result<Option<RegistrationTokenId>> {
    tx.one(
        "update registration_tokens set uses = uses + 1, last_used_at = ?2
         where token_hash = ?1 and revoked_at is null and (expires_at is null or expires_at > ?2)
           and (most_uses is null or uses < most_uses)
         returning id",
        params![hash.as_bytes(), tx.now],
        |row| row.get::<_, String>(0).map(RegistrationTokenId::from_text),
    )
}

/// Every initial access token, newest first.
pub fn tokens(r: &Read<'_>) -> Result<Vec<InitialToken>> {
    let sql = format!("select {TOKEN} from registration_tokens order by id desc");
    r.all(&sql, params![], token_from_row)
}

/// Takes an initial access token back; none when there is no such token in force.
pub fn revoke_token(tx: &Write<'_>, id: &RegistrationTokenId) -> Result<Option<InitialToken>> {
    let sql = format!(
        "update registration_tokens set revoked_at = ?2 where id = ?1 and revoked_at is null returning {TOKEN}"
    );
    tx.one(&sql, params![id.as_str(), tx.now], token_from_row)
}

/// Forgets tokens that were over before then.
pub fn sweep_tokens(tx: &Write<'_>, before: Time) -> Result<usize> {
    tx.exec(
        "delete from registration_tokens where revoked_at < ?1 or expires_at < ?1",
        params![before],
    )
}

/// A client that came by itself and that nobody uses.
const IDLE: &str = "from clients c left join client_registrations cr on cr.client_id = c.id
     where c.origin in ('dynamic', 'document') and c.state <> 'disabled'
       and max(coalesce(c.last_used_at, 0), coalesce(cr.seen_at, 0), c.created_at) < ?1
       and not exists (select 1 from consents where client_id = c.id)
       and not exists (select 1 from authorization_requests where client_id = c.id and expires_at > ?2)
       and not exists (select 1 from grants where client_id = c.id and revoked_at is null and expires_at > ?2)";

/// Clients that came by themselves and that nobody used since `before`, the longest unseen first, at most `limit`.
/// One that was switched off stays: forgotten, it could come back.
pub fn idle(r: &Read<'_>, before: Time, limit: u32) -> Result<Vec<ClientId>> {
    let sql =
        format!("select c.id {IDLE} order by coalesce(cr.seen_at, c.created_at), c.id limit ?3");
    r.all(&sql, params![before, r.now, limit], |row| {
        row.get::<_, String>(0).map(ClientId::from_text)
    })
}

/// Notes from which network a client that was just added came.
pub fn arrive(tx: &Write<'_>, client: &ClientId, network: &str) -> Result<()> {
    tx.exec_one(
        "insert into client_arrivals (client_id, network, came_at) values (?1, ?2, ?3)",
        params![client.as_str(), network, tx.now],
    )
}

/// How many of those that are there came since then: from this network, and from all.
pub fn came_since(r: &Read<'_>, network: &str, since: Time) -> Result<(u32, u32)> {
    let counts = r.one(
        "select (select count(*) from client_arrivals where network = ?1 and came_at > ?2),
                (select count(*) from client_arrivals where came_at > ?2)",
        params![network, since],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    Ok(counts.unwrap_or_default())
}

/// A client that came by itself, and that nobody ever let in.
const NEVER_USED: &str = "from clients c
     where c.origin in ('dynamic', 'document') and c.state <> 'disabled' and c.last_used_at is null
       and not exists (select 1 from client_approvals where client_id = c.id)
       and not exists (select 1 from consents where client_id = c.id)
       and not exists (select 1 from grants where client_id = c.id)";

/// Whether there is a client that may make room for another.
pub fn has_never_used(r: &Read<'_>) -> Result<bool> {
    let found = r.one(&format!("select 1 {NEVER_USED} limit 1"), params![], |_| Ok(()))?;
    Ok(found.is_some())
}

/// Clients that nobody ever let in, in the order in which they make room, at most `limit`: of the network that has most
/// of them first, until all have the same. Of one network those go last that somebody is about to answer, and of the
/// others the longest unseen first.
pub fn in_the_way(r: &Read<'_>, limit: u32) -> Result<Vec<ClientId>> {
    let sql = format!(
        "with unused as (
             select c.id as id, max(c.created_at, coalesce(cr.seen_at, 0)) as seen, coalesce(a.network, '') as network,
                    exists (select 1 from authorization_requests where client_id = c.id and expires_at > ?1)
                    or exists (select 1 from pushed_requests where client_id = c.id and expires_at > ?1)
                    or exists (select 1 from device_requests
                               where client_id = c.id and state = 'pending' and expires_at > ?1) as awaited
             from (select c.* {NEVER_USED}) c
             left join client_registrations cr on cr.client_id = c.id
             left join client_arrivals a on a.client_id = c.id)
         select id from (
             select id, seen, awaited,
                    row_number() over (partition by network order by awaited desc, seen desc, id desc) as place
             from unused)
         order by place desc, awaited, seen, id limit ?2"
    );
    r.all(&sql, params![r.now, limit], |row| row.get::<_, String>(0).map(ClientId::from_text))
}

/// How many clients came by themselves.
pub fn count(r: &Read<'_>) -> Result<u32> {
    let sql = "select count(*) from clients where origin in ('dynamic', 'document')";
    r.one(sql, params![], |row| row.get(0)).map(Option::unwrap_or_default)
}
