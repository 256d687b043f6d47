//! The table `api_keys`.

use crate::{
    crypto::secret::Hashed,
    db::{Read, Row, RowResult, Write, params},
    error::Result,
    model::{
        apikey::{ApiKey, KeyRow},
        id::{AgentId, ApiKeyId, UserId},
    },
    time::Time,
};

const COLUMNS: &str =
    "k.id, k.user_id, k.agent_id, k.name, k.hint, k.scopes, k.requests_per_minute, k.burst_size,
    k.created_at, k.expires_at, k.rotation_due_at, k.last_used_at, k.last_used_address, k.revoked_at,
    k.revoke_reason, k.replaces, k.replaced_by, k.overlap_until";

fn key_of(row: &Row<'_>) -> RowResult<ApiKey> {
    let other = |at: usize| row.get::<_, Option<String>>(at).map(|id| id.map(ApiKeyId::from_text));
    Ok(ApiKey {
        id: ApiKeyId::from_text(row.get::<_, String>(0)?),
        user_id: UserId::from_text(row.get::<_, String>(1)?),
        agent_id: row.get::<_, Option<String>>(2)?.map(AgentId::from_text),
        name: row.get(3)?,
        hint: row.get(4)?,
        scopes: super::scopes(&row.get::<_, String>(5)?),
        requests_per_minute: row.get(6)?,
        burst_size: row.get(7)?,
        created_at: row.get(8)?,
        expires_at: row.get(9)?,
        rotation_due_at: row.get(10)?,
        last_used_at: row.get(11)?,
        last_used_address: row.get(12)?,
        revoked_at: row.get(13)?,
        revoke_reason: row.get(14)?,
        replaces: other(15)?,
        replaced_by: other(16)?,
        overlap_until: row.get(17)?,
    })
}

fn from_row(row: &Row<'_>) -> RowResult<KeyRow> {
    Ok(KeyRow { key: key_of(row)?, username: row.get(18)?, agent: row.get(19)? })
}

/// Keys with the names of those they belong to.
fn rows(condition: &str) -> String {
    format!(
        "select {COLUMNS}, u.username, a.name from api_keys k join users u on u.id = k.user_id
         left join agents a on a.id = k.agent_id where {condition}"
    )
}

/// Adds a key.
pub fn insert(tx: &Write<'_>, key: &ApiKey, hash: &Hashed) -> Result<()> {
    tx.exec_one(
        "insert into api_keys (id, user_id, agent_id, name, hint, key_hash, scopes, requests_per_minute,
                               burst_size, created_at, expires_at, rotation_due_at, replaces)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
        params![
            key.id.as_str(),
            key.user_id.as_str(),
            key.agent_id.as_ref().map(AgentId::as_str),
            key.name,
            key.hint,
            hash.as_bytes(),
            key.scopes.to_string(),
            key.requests_per_minute,
            key.burst_size,
            key.created_at,
            key.expires_at,
            key.rotation_due_at,
            key.replaces.as_ref().map(ApiKeyId::as_str),
        ],
    )
}

/// Finds a key by its digest.
pub fn by_hash(r: &Read<'_>, hash: &Hashed) -> Result<Option<ApiKey>> {
    let sql = format!("select {COLUMNS} from api_keys k where k.key_hash = ?1");
    r.one(&sql, params![hash.as_bytes()], key_of)
}

/// Finds a key by id.
pub fn by_id(r: &Read<'_>, id: &ApiKeyId) -> Result<Option<KeyRow>> {
    r.one(&rows("k.id = ?1"), params![id.as_str()], from_row)
}

/// Keys of a person and their agents, of one agent, or of everyone, newest first.
pub fn list(
    r: &Read<'_>,
    user: Option<&UserId>,
    agent: Option<&AgentId>,
    limit: u32,
) -> Result<Vec<KeyRow>> {
    let sql = rows(
        "(?1 = '' or k.user_id = ?1) and (?2 = '' or k.agent_id = ?2)
         order by k.created_at desc, k.id desc limit ?3",
    );
    let (user, agent) = (user.map_or("", UserId::as_str), agent.map_or("", AgentId::as_str));
    r.all(&sql, params![user, agent, limit], from_row)
}

/// Takes a key back; false when it was already.
pub fn revoke(tx: &Write<'_>, id: &ApiKeyId, reason: &str) -> Result<bool> {
    let changed = tx.exec(
        "update api_keys set revoked_at = ?2, revoke_reason = ?3 where id = ?1 and revoked_at is null",
        params![id.as_str(), tx.now, reason],
    )?;
    Ok(changed == 1)
}

/// Puts another key in the place of one that has `before` in its place so far, usually none; false when that is not so, or
/// the key was taken back. It ends by `until` at the latest.
pub fn replace(
    tx: &Write<'_>,
    id: &ApiKeyId,
    before: Option<&ApiKeyId>,
    by: &ApiKeyId,
    until: Time,
) -> Result<bool> {
    let changed = tx.exec(
        "update api_keys set replaced_by = ?3, overlap_until = min(coalesce(overlap_until, ?4), ?4)
         where id = ?1 and coalesce(replaced_by, '') = ?2 and revoked_at is null",
        params![id.as_str(), before.map_or("", ApiKeyId::as_str), by.as_str(), until],
    )?;
    Ok(changed == 1)
}

/// Changes what a key is called and how often it may be used.
pub fn edit(tx: &Write<'_>, key: &ApiKey) -> Result<()> {
    tx.exec_one(
        "update api_keys set name = ?2, requests_per_minute = ?3, burst_size = ?4 where id = ?1",
        params![key.id.as_str(), key.name, key.requests_per_minute, key.burst_size],
    )
}

/// Notes the last use; never moves it back.
pub fn touch(tx: &Write<'_>, id: &ApiKeyId, at: Time, address: &str) -> Result<()> {
    tx.exec(
        "update api_keys set last_used_at = ?2, last_used_address = ?3
         where id = ?1 and (last_used_at is null or last_used_at < ?2)",
        params![id.as_str(), at, address],
    )?;
    Ok(())
}

/// Up to `limit` keys that fall due before `until` and whose owners were not told yet; from now on they were.
pub fn take_to_warn_of(tx: &Write<'_>, until: Time, limit: u32) -> Result<Vec<ApiKeyId>> {
    tx.all(
        "update api_keys set warned_at = ?1 where id in
            (select id from api_keys where warned_at is null and revoked_at is null
                and replaced_by is null and rotation_due_at <= ?2
                and (expires_at is null or expires_at > ?1)
             order by rotation_due_at limit ?3)
         returning id",
        params![tx.now, until, limit],
        |row| Ok(ApiKeyId::from_text(row.get::<_, String>(0)?)),
    )
}

/// Which keys are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Slice {
    /// Only those of this person and their agents.
    pub user: Option<UserId>,
    /// Only those of this agent.
    pub agent: Option<AgentId>,
    /// Only those made before this one.
    pub before: Option<ApiKeyId>,
    /// At most so many.
    pub limit: u32,
}

/// Keys, newest first.
pub fn slice(r: &Read<'_>, slice: &Slice) -> Result<Vec<KeyRow>> {
    let Slice { user, agent, before, limit } = slice;
    let whose = if user.is_some() { "k.user_id = ?1" } else { "?1 is null" };
    let of = if agent.is_some() { "k.agent_id = ?2" } else { "?2 is null" };
    let until = if before.is_some() { "k.id < ?3" } else { "?3 is null" };
    let sql = rows(&format!("{whose} and {of} and {until} order by k.id desc limit ?4"));
    let (user, agent) = (user.as_ref().map(UserId::as_str), agent.as_ref().map(AgentId::as_str));
    r.all(&sql, params![user, agent, before.as_ref().map(ApiKeyId::as_str), limit], from_row)
}
