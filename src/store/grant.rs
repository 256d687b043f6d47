//! The tables `grants`, `refresh_tokens` and `revoked_tokens`.

use crate::{
    db::{Read, Row, RowResult, Write, params},
    error::Result,
    model::{
        grant::{Grant, RefreshToken},
        id::{ClientId, GrantId, SessionId, TraceId, UserId},
    },
    time::Time,
};

fn from_row(row: &Row<'_>) -> RowResult<Grant> {
    let revoked_at: Option<Time> = row.get(12)?;
    let reason: Option<String> = row.get(13)?;
    Ok(Grant {
        id: GrantId::from_text(row.get::<_, String>(0)?),
        client_id: ClientId::from_text(row.get::<_, String>(1)?),
        user_id: UserId::from_text(row.get::<_, String>(2)?),
        session_id: row.get::<_, Option<String>>(3)?.map(SessionId::from_text),
        scopes: super::scopes(&row.get::<_, String>(4)?),
        resources: super::parse_uris(&row.get::<_, String>(5)?),
        nonce: row.get(6)?,
        amr: super::unwords(&row.get::<_, String>(7)?),
        auth_time: row.get(8)?,
        generation: row.get(9)?,
        created_at: row.get(10)?,
        expires_at: row.get(11)?,
        revoked: revoked_at.map(|at| (at, reason.unwrap_or_default())),
        jkt: row.get(14)?,
        trace: row.get::<_, Option<String>>(15)?.map(TraceId::from_text),
        spelled: super::parse_texts(&row.get::<_, String>(16)?),
    })
}

/// Adds a grant.
pub fn insert(tx: &Write<'_>, grant: &Grant) -> Result<()> {
    tx.exec_one(
        "insert into grants (id, client_id, user_id, session_id, scopes, resources, nonce, amr, auth_time,
                             generation, created_at, expires_at, jkt, trace_id, sid, spelled)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?4, ?15)",
        params![
            grant.id.as_str(),
            grant.client_id.as_str(),
            grant.user_id.as_str(),
            grant.session_id.as_ref().map(SessionId::as_str),
            grant.scopes.to_string(),
            super::uris(&grant.resources),
            grant.nonce,
            super::words(&grant.amr),
            grant.auth_time,
            grant.generation,
            grant.created_at,
            grant.expires_at,
            grant.jkt,
            grant.trace.as_ref().map(TraceId::as_str),
            super::texts(&grant.spelled),
        ],
    )
}

/// Finds a grant, revoked or not.
pub fn by_id(r: &Read<'_>, id: &GrantId) -> Result<Option<Grant>> {
    r.remembered("grant", id.as_str(), || {
        r.one(
            "select id, client_id, user_id, session_id, scopes, resources, nonce, amr, auth_time, generation,
                    created_at, expires_at, revoked_at, revoke_reason, jkt, trace_id, spelled
             from grants where id = ?1",
            params![id.as_str()],
            from_row,
        )
    })
}

/// Moves the family to its next generation; false when another was there first.
pub fn advance(tx: &Write<'_>, id: &GrantId, from: u32) -> Result<bool> {
    let changed = tx.exec(
        "update grants set generation = generation + 1
         where id = ?1 and generation = ?2 and revoked_at is null",
        params![id.as_str(), from],
    )?;
    Ok(changed == 1)
}

/// Takes a grant back; false when it was already.
pub fn revoke(tx: &Write<'_>, id: &GrantId, reason: &str) -> Result<bool> {
    let changed = tx.exec(
        "update grants set revoked_at = ?2, revoke_reason = ?3 where id = ?1 and revoked_at is null",
        params![id.as_str(), tx.now, reason],
    )?;
    Ok(changed == 1)
}

/// Takes back everything a person gave, but for what was given in session `except`; answers how many grants.
pub fn revoke_of_user(
    tx: &Write<'_>,
    user: &UserId,
    except: Option<&SessionId>,
    reason: &str,
) -> Result<usize> {
    tx.exec(
        "update grants set revoked_at = ?2, revoke_reason = ?3
         where user_id = ?1 and revoked_at is null and (?4 = '' or session_id is not ?4)",
        params![user.as_str(), tx.now, reason, except.map_or("", SessionId::as_str)],
    )
}

/// Takes back what was given in a session; with `bound_only`, not what may be used while away.
pub fn revoke_of_session(
    tx: &Write<'_>,
    session: &SessionId,
    reason: &str,
    bound_only: bool,
) -> Result<usize> {
    tx.exec(
        "update grants set revoked_at = ?2, revoke_reason = ?3
         where session_id = ?1 and revoked_at is null
           and (not ?4 or (' ' || scopes || ' ') not like '% offline_access %')",
        params![session.as_str(), tx.now, reason, bound_only],
    )
}

/// The session as ID tokens of a grant name it: the first it hung on, whichever took its place since.
pub fn sid(r: &Read<'_>, id: &GrantId) -> Result<Option<SessionId>> {
    let found = r.one("select sid from grants where id = ?1", params![id.as_str()], |row| {
        row.get::<_, Option<String>>(0)
    })?;
    Ok(found.flatten().map(SessionId::from_text))
}

/// Whether a client was given something in `session` and knows that by the name `sid`.
pub fn knows_session(
    r: &Read<'_>,
    client: &ClientId,
    session: &SessionId,
    sid: &SessionId,
) -> Result<bool> {
    let found = r.one(
        "select 1 from grants where session_id = ?1 and client_id = ?2 and sid = ?3 limit 1",
        params![session.as_str(), client.as_str(), sid.as_str()],
        |row| row.get::<_, i64>(0),
    )?;
    Ok(found.is_some())
}

/// Hangs what was given in a session on another one, which takes its place; what was taken back, too, since its client
/// may want to hear of the end.
pub fn move_to_session(tx: &Write<'_>, from: &SessionId, to: &SessionId) -> Result<usize> {
    tx.exec(
        "update grants set session_id = ?2 where session_id = ?1",
        params![from.as_str(), to.as_str()],
    )
}

/// Takes back everything a person gave a client; answers how many grants.
pub fn revoke_of_user_and_client(
    tx: &Write<'_>,
    user: &UserId,
    client: &ClientId,
    reason: &str,
) -> Result<usize> {
    tx.exec(
        "update grants set revoked_at = ?3, revoke_reason = ?4
         where user_id = ?1 and client_id = ?2 and revoked_at is null",
        params![user.as_str(), client.as_str(), tx.now, reason],
    )
}

/// Takes back everything a client was given.
pub fn revoke_of_client(tx: &Write<'_>, client: &ClientId, reason: &str) -> Result<usize> {
    tx.exec(
        "update grants set revoked_at = ?2, revoke_reason = ?3 where client_id = ?1 and revoked_at is null",
        params![client.as_str(), tx.now, reason],
    )
}

/// Takes back everything there is.
pub fn revoke_all(tx: &Write<'_>, reason: &str) -> Result<usize> {
    tx.exec(
        "update grants set revoked_at = ?1, revoke_reason = ?2 where revoked_at is null",
        params![tx.now, reason],
    )
}

/// Adds a generation.
pub fn insert_token(tx: &Write<'_>, grant: &GrantId, token: &RefreshToken) -> Result<()> {
    tx.exec_one(
        "insert into refresh_tokens (grant_id, generation, issued_at, expires_at, address, user_agent)
         values (?1, ?2, ?3, ?4, ?5, ?6)",
        params![
            grant.as_str(),
            token.generation,
            token.issued_at,
            token.expires_at,
            token.address,
            token.user_agent,
        ],
    )
}

/// Finds a generation.
pub fn token(r: &Read<'_>, grant: &GrantId, generation: u32) -> Result<Option<RefreshToken>> {
    r.one(
        "select generation, issued_at, expires_at, spent_at, recovered_at, address, user_agent
         from refresh_tokens where grant_id = ?1 and generation = ?2",
        params![grant.as_str(), generation],
        token_from_row,
    )
}

fn token_from_row(row: &Row<'_>) -> RowResult<RefreshToken> {
    Ok(RefreshToken {
        generation: row.get(0)?,
        issued_at: row.get(1)?,
        expires_at: row.get(2)?,
        spent_at: row.get(3)?,
        recovered_at: row.get(4)?,
        address: row.get(5)?,
        user_agent: row.get(6)?,
    })
}

/// The generations of a family, oldest first.
pub fn tokens(r: &Read<'_>, grant: &GrantId, limit: u32) -> Result<Vec<RefreshToken>> {
    r.all(
        "select generation, issued_at, expires_at, spent_at, recovered_at, address, user_agent
         from refresh_tokens where grant_id = ?1 order by generation limit ?2",
        params![grant.as_str(), limit],
        token_from_row,
    )
}

/// Spends a generation, once.
pub fn spend_token(tx: &Write<'_>, grant: &GrantId, generation: u32) -> Result<bool> {
    let changed = tx.exec(
        "update refresh_tokens set spent_at = ?3
         where grant_id = ?1 and generation = ?2 and spent_at is null",
        params![grant.as_str(), generation, tx.now],
    )?;
    Ok(changed == 1)
}

/// Notes that a spent generation was honoured once more, once.
pub fn recover_token(tx: &Write<'_>, grant: &GrantId, generation: u32) -> Result<bool> {
    let changed = tx.exec(
        "update refresh_tokens set recovered_at = ?3
         where grant_id = ?1 and generation = ?2 and spent_at is not null and recovered_at is null",
        params![grant.as_str(), generation, tx.now],
    )?;
    Ok(changed == 1)
}

/// Revokes one access token.
pub fn revoke_jti(tx: &Write<'_>, jti: &str, expires_at: Time) -> Result<()> {
    tx.exec(
        "insert into revoked_tokens (jti, expires_at) values (?1, ?2) on conflict (jti) do nothing",
        params![jti, expires_at],
    )?;
    Ok(())
}

/// Whether an access token was revoked by itself.
pub fn is_jti_revoked(r: &Read<'_>, jti: &str) -> Result<bool> {
    r.remembered("revoked token", jti, || {
        let found: Option<i64> =
            r.one("select 1 from revoked_tokens where jti = ?1", params![jti], |row| row.get(0))?;
        Ok(found.is_some())
    })
}

/// Forgets grants that ended before a moment, and access tokens that have ended.
pub fn sweep(tx: &Write<'_>, before: Time) -> Result<usize> {
    let grants = tx.exec("delete from grants where expires_at < ?1", params![before])?;
    let tokens = tx.exec("delete from revoked_tokens where expires_at < ?1", params![tx.now])?;
    Ok(grants + tokens)
}

/// Moves the end of a generation that is kept after its use.
pub fn extend_token(
    tx: &Write<'_>,
    grant: &GrantId,
    generation: u32,
    expires_at: Time,
) -> Result<()> {
    tx.exec_one(
        "update refresh_tokens set expires_at = ?3
         where grant_id = ?1 and generation = ?2 and spent_at is null",
        params![grant.as_str(), generation, expires_at],
    )
}
