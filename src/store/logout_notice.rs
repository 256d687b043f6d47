//! The table `logout_notices`: what apps are to be told of sessions that ended.

use std::time::Duration;

use crate::{
    db::{Read, Row, RowResult, Write, params},
    error::Result,
    model::id::{ClientId, SessionId, UserId},
    time::Time,
};

/// A notice on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Its id, the same at each try.
    pub id: String,
    /// Who is told.
    pub client: ClientId,
    /// Whose session ended.
    pub user: UserId,
    /// The session as the client knows it.
    pub sid: SessionId,
    /// How many tries there were, with this one.
    pub tries: u32,
    /// When it is given up.
    pub expires_at: Time,
}

const COLUMNS: &str = "id, client_id, user_id, sid, tries, expires_at";

fn from_row(row: &Row<'_>) -> RowResult<Notice> {
    Ok(Notice {
        id: row.get(0)?,
        client: ClientId::from_text(row.get::<_, String>(1)?),
        user: UserId::from_text(row.get::<_, String>(2)?),
        sid: SessionId::from_text(row.get::<_, String>(3)?),
        tries: row.get(4)?,
        expires_at: row.get(5)?,
    })
}

/// One notice to each client that wants to be told and was given an ID token in `session`, or in any session that
/// lives when there is none; answers how many.
pub fn queue(tx: &Write<'_>, session: Option<&SessionId>, until: Time) -> Result<usize> {
    tx.exec(
        "insert into logout_notices (id, client_id, user_id, sid, state, next_at, created_at, expires_at)
         select 'ln_' || lower(hex(randomblob(16))), client_id, user_id, sid, 'queued', ?2, ?2, ?3 from
            (select distinct g.client_id, g.user_id, g.sid
             from grants g join clients c on c.id = g.client_id join sessions s on s.id = g.session_id
             where c.backchannel_logout_uri is not null and c.state = 'active' and g.sid is not null
               and (' ' || g.scopes || ' ') like '% openid %'
               and case when ?1 = '' then s.ended_at is null and s.expires_at > ?2 else s.id = ?1 end)",
        params![session.map_or("", SessionId::as_str), tx.now, until],
    )
}

/// Clients that something may be told now.
pub fn due(r: &Read<'_>) -> Result<Vec<ClientId>> {
    r.all(
        "select distinct client_id from logout_notices where state = 'queued' and next_at <= ?1",
        params![r.now],
        |row| Ok(ClientId::from_text(row.get::<_, String>(0)?)),
    )
}

/// Takes notices to a client that are due, each for one process alone.
pub fn claim(tx: &Write<'_>, client: &ClientId, limit: usize) -> Result<Vec<Notice>> {
    let sql = format!(
        "update logout_notices set state = 'sending', tries = tries + 1, claimed_at = ?2
         where state = 'queued' and id in
            (select id from logout_notices
             where state = 'queued' and client_id = ?1 and next_at <= ?2 order by next_at, id limit ?3)
         returning {COLUMNS}"
    );
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    tx.all(&sql, params![client.as_str(), tx.now, limit], from_row)
}

/// A notice that was taken, for whoever holds its newest claim.
pub fn taken(r: &Read<'_>, id: &str, claim: u32) -> Result<Option<Notice>> {
    let sql = format!(
        "select {COLUMNS} from logout_notices where id = ?1 and tries = ?2 and state = 'sending'"
    );
    r.one(&sql, params![id, claim], from_row)
}

/// Ends a notice: it was told, or is given up.
pub fn finish(
    tx: &Write<'_>,
    id: &str,
    claim: u32,
    sent: bool,
    answer: Option<&str>,
) -> Result<bool> {
    let changed = tx.exec(
        "update logout_notices set state = ?3, answer = ?4, finished_at = ?5
         where id = ?1 and tries = ?2 and state = 'sending'",
        params![id, claim, if sent { "sent" } else { "failed" }, answer, tx.now],
    )?;
    Ok(changed == 1)
}

/// Puts a notice back for another try.
pub fn again(tx: &Write<'_>, id: &str, claim: u32, at: Time, answer: &str) -> Result<bool> {
    let changed = tx.exec(
        "update logout_notices set state = 'queued', next_at = ?3, answer = ?4, claimed_at = null
         where id = ?1 and tries = ?2 and state = 'sending'",
        params![id, claim, at, answer],
    )?;
    Ok(changed == 1)
}

/// Puts back what was taken before `before` and never settled: its process is gone. The client may hear it twice.
pub fn put_back(tx: &Write<'_>, before: Time) -> Result<usize> {
    tx.exec(
        "update logout_notices set state = 'queued', next_at = ?2, claimed_at = null
         where state = 'sending' and claimed_at <= ?1",
        params![before, tx.now],
    )
}

/// Whether something was taken before `before` and never settled.
pub fn is_stale(r: &Read<'_>, before: Time) -> Result<bool> {
    let found = r.one(
        "select 1 from logout_notices where state = 'sending' and claimed_at <= ?1 limit 1",
        params![before],
        |row| row.get::<_, i64>(0),
    )?;
    Ok(found.is_some())
}

/// The next moment at which something is to be done that nobody will announce.
pub fn next_due(r: &Read<'_>, patience: Duration) -> Result<Option<Time>> {
    let found = r.one(
        "select min(at) from
            (select min(next_at) as at from logout_notices where state = 'queued' and next_at > ?1
             union all select min(claimed_at) + ?2 from logout_notices where state = 'sending')",
        params![r.now, i64::try_from(patience.as_millis()).unwrap_or(i64::MAX)],
        |row| row.get::<_, Option<Time>>(0),
    )?;
    Ok(found.flatten())
}

/// Forgets notices that were over before `before`.
pub fn sweep(tx: &Write<'_>, before: Time) -> Result<usize> {
    tx.exec(
        "delete from logout_notices where created_at < ?1 and state in ('sent', 'failed')",
        params![before],
    )
}
