//! The table `sessions`.

use std::time::Duration;

use crate::{
    db::{Read, Row, RowResult, Write, params},
    error::Result,
    model::{
        id::{ClientId, SessionId, UserId},
        session::{Session, SessionRow, UNWRITTEN},
    },
    time::Time,
};

const COLUMNS: &str =
    "s.id, s.user_id, s.remember_me, s.amr, s.auth_time, s.created_at, s.last_seen_at,
    s.idle_ms, s.expires_at, s.address, s.user_agent, s.ended_at, s.end_reason,
    s.factor_at";
const LIVE: &str = "s.ended_at is null and s.expires_at > ?1 and s.last_seen_at + s.idle_ms > ?1";

fn from_row(row: &Row<'_>) -> RowResult<Session> {
    let ended_at: Option<Time> = row.get(11)?;
    let reason: Option<String> = row.get(12)?;
    Ok(Session {
        id: SessionId::from_text(row.get::<_, String>(0)?),
        user_id: UserId::from_text(row.get::<_, String>(1)?),
        remember_me: row.get(2)?,
        amr: super::unwords(&row.get::<_, String>(3)?),
        auth_time: row.get(4)?,
        created_at: row.get(5)?,
        last_seen_at: row.get(6)?,
        idle: Duration::from_millis(u64::try_from(row.get::<_, i64>(7)?).unwrap_or(0)),
        expires_at: row.get(8)?,
        address: row.get(9)?,
        user_agent: row.get(10)?,
        factor_at: row.get(13)?,
        ended: ended_at.map(|at| (at, reason.unwrap_or_default())),
    })
}

/// Adds a session.
pub fn insert(tx: &Write<'_>, session: &Session) -> Result<()> {
    tx.exec_one(
        "insert into sessions (id, user_id, remember_me, amr, auth_time, created_at, last_seen_at, idle_ms,
                               expires_at, address, user_agent, factor_at)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        params![
            session.id.as_str(),
            session.user_id.as_str(),
            session.remember_me,
            super::words(&session.amr),
            session.auth_time,
            session.created_at,
            session.last_seen_at,
            i64::try_from(session.idle.as_millis()).unwrap_or(i64::MAX),
            session.expires_at,
            session.address,
            session.user_agent,
            session.factor_at,
        ],
    )
}

/// Finds a session, alive or not.
pub fn by_id(r: &Read<'_>, id: &SessionId) -> Result<Option<Session>> {
    let sql = format!("select {COLUMNS} from sessions s where s.id = ?1");
    r.one(&sql, params![id.as_str()], from_row)
}

/// Notes the last use; never moves it back and never wakes an ended session.
pub fn touch(tx: &Write<'_>, id: &SessionId, seen: Time) -> Result<()> {
    tx.exec(
        "update sessions set last_seen_at = ?2 where id = ?1 and last_seen_at < ?2 and ended_at is null",
        params![id.as_str(), seen],
    )?;
    Ok(())
}

/// Ends a session; false when it had ended before.
pub fn end(tx: &Write<'_>, id: &SessionId, reason: &str) -> Result<bool> {
    let changed = tx.exec(
        "update sessions set ended_at = ?2, end_reason = ?3 where id = ?1 and ended_at is null",
        params![id.as_str(), tx.now, reason],
    )?;
    Ok(changed == 1)
}

/// Ends every session of a person that lives, or may live by a use that is not written yet, but `except`; answers which.
pub fn end_of_user(
    tx: &Write<'_>,
    user: &UserId,
    except: Option<&SessionId>,
    reason: &str,
) -> Result<Vec<SessionId>> {
    tx.all(
        "update sessions set ended_at = ?1, end_reason = ?2
         where user_id = ?3 and id <> ?4 and ended_at is null
           and expires_at > ?1 and last_seen_at + idle_ms > ?5
         returning id",
        params![
            tx.now,
            reason,
            user.as_str(),
            except.map_or("", SessionId::as_str),
            tx.now.minus(UNWRITTEN),
        ],
        |row| Ok(SessionId::from_text(row.get::<_, String>(0)?)),
    )
}

/// Ends every session there is that lives, or may live by a use that is not written yet; answers how many.
pub fn end_all(tx: &Write<'_>, reason: &str) -> Result<usize> {
    tx.exec(
        "update sessions set ended_at = ?1, end_reason = ?2
         where ended_at is null and expires_at > ?1 and last_seen_at + idle_ms > ?3",
        params![tx.now, reason, tx.now.minus(UNWRITTEN)],
    )
}

fn live_rows(condition: &str) -> String {
    format!(
        "select {COLUMNS}, u.username,
            (select group_concat(name, char(10)) from
               (select distinct c.name from grants g join clients c on c.id = g.client_id
                 where g.session_id = s.id and g.revoked_at is null order by c.name))
         from sessions s join users u on u.id = s.user_id
         where {LIVE} and {condition}"
    )
}

fn live_row(row: &Row<'_>) -> RowResult<SessionRow> {
    let clients: Option<String> = row.get(15)?;
    Ok(SessionRow {
        session: from_row(row)?,
        username: row.get(14)?,
        clients: clients
            .map(|names| names.split('\n').map(str::to_owned).collect())
            .unwrap_or_default(),
    })
}

/// Live sessions of a person, or of everyone, the last used first.
pub fn live(r: &Read<'_>, user: Option<&UserId>, limit: u32) -> Result<Vec<SessionRow>> {
    let sql = live_rows("(?2 = '' or s.user_id = ?2) order by s.last_seen_at desc, s.id limit ?3");
    r.all(&sql, params![r.now, user.map_or("", UserId::as_str), limit], live_row)
}

/// A live session with what goes beside.
pub fn live_one(r: &Read<'_>, id: &SessionId) -> Result<Option<SessionRow>> {
    r.one(&live_rows("s.id = ?2"), params![r.now, id.as_str()], live_row)
}

/// Which live sessions are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Slice {
    /// Only of this person.
    pub user: Option<UserId>,
    /// Only those from which this client holds tokens.
    pub client: Option<ClientId>,
    /// Only those opened before this one.
    pub before: Option<SessionId>,
    /// At most so many.
    pub limit: u32,
}

/// Live sessions, the last opened first.
pub fn slice(r: &Read<'_>, slice: &Slice) -> Result<Vec<SessionRow>> {
    let Slice { user, client, before, limit } = slice;
    let whose = if user.is_some() { "s.user_id = ?2" } else { "?2 is null" };
    let of = if client.is_some() {
        "s.id in (select session_id from grants where client_id = ?3 and revoked_at is null)"
    } else {
        "?3 is null"
    };
    let until = if before.is_some() { "s.id < ?4" } else { "?4 is null" };
    let sql = live_rows(&format!("{whose} and {of} and {until} order by s.id desc limit ?5"));
    let (user, client) = (user.as_ref().map(UserId::as_str), client.as_ref().map(ClientId::as_str));
    r.all(
        &sql,
        params![r.now, user, client, before.as_ref().map(SessionId::as_str), limit],
        live_row,
    )
}

/// How many sessions live.
pub fn count_live(r: &Read<'_>) -> Result<u32> {
    let sql = format!("select count(*) from sessions s where {LIVE}");
    Ok(r.one(&sql, params![r.now], |row| row.get(0))?.unwrap_or(0))
}

/// Forgets sessions that ended before a moment.
pub fn sweep(tx: &Write<'_>, before: Time) -> Result<usize> {
    tx.exec(
        "delete from sessions where (ended_at is not null and ended_at < ?1) or expires_at < ?1",
        params![before],
    )
}
