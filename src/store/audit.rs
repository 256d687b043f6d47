//! The table `audit_events`.

use crate::{
    db::{Read, Row, RowResult, Write, params},
    error::Result,
    model::{
        actor::Actor,
        audit::{Event, EventRow},
        id::{ClientId, GrantId, SessionId, UserId},
    },
    time::Time,
};

/// Writes an event in the transaction of its fact.
pub fn insert(tx: &Write<'_>, who: &Actor, event: &Event) -> Result<()> {
    tx.exec_one(
        "insert into audit_events (at, event, actor, via, user_id, client_id, session_id, grant_id, address, detail)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        params![
            tx.now,
            event.event,
            who.name(),
            who.via.as_str(),
            event.user.as_ref().map(UserId::as_str),
            event.client.as_ref().map(ClientId::as_str),
            event.session.as_ref().map(SessionId::as_str),
            event.grant.as_ref().map(GrantId::as_str),
            (!who.origin.address.is_empty()).then_some(&who.origin.address),
            serde_json::Value::Object(event.detail.clone()).to_string(),
        ],
    )
}

fn from_row(row: &Row<'_>) -> RowResult<EventRow> {
    Ok(EventRow {
        id: row.get(0)?,
        at: row.get(1)?,
        event: row.get(2)?,
        actor: row.get(3)?,
        via: row.get(4)?,
        user_id: row.get(5)?,
        client_id: row.get(6)?,
        session_id: row.get(7)?,
        grant_id: row.get(8)?,
        address: row.get(9)?,
        detail: row.get(10)?,
    })
}

const COLUMNS: &str =
    "id, at, event, actor, via, user_id, client_id, session_id, grant_id, address, detail";

/// Finds an event by its number.
pub fn by_id(r: &Read<'_>, id: i64) -> Result<Option<EventRow>> {
    r.one(&format!("select {COLUMNS} from audit_events where id = ?1"), params![id], from_row)
}

/// The last events about a grant, in the order in which they happened.
pub fn of_grant(r: &Read<'_>, grant: &GrantId, limit: u32) -> Result<Vec<EventRow>> {
    let sql = format!(
        "select * from (select {COLUMNS} from audit_events where grant_id = ?1 order by id desc limit ?2)
         order by id"
    );
    r.all(&sql, params![grant.as_str(), limit], from_row)
}

/// The last events about a session, in the order in which they happened.
pub fn of_session(r: &Read<'_>, session: &SessionId, limit: u32) -> Result<Vec<EventRow>> {
    let sql = format!(
        "select * from (select {COLUMNS} from audit_events where session_id = ?1 order by id desc limit ?2)
         order by id"
    );
    r.all(&sql, params![session.as_str(), limit], from_row)
}

/// What happened to a person in one moment, the last first: the fact comes after what it brings about.
pub fn of_user_at(r: &Read<'_>, user: &UserId, at: Time) -> Result<Vec<EventRow>> {
    let sql = format!(
        "select {COLUMNS} from audit_events where user_id = ?1 and at = ?2 order by id desc"
    );
    r.all(&sql, params![user.as_str(), at], from_row)
}

/// What happened to a client, to the keys or to everyone from one moment to another, in order, as far as it concerns what
/// people connected.
pub fn of_nobody(r: &Read<'_>, client: &ClientId, from: Time, to: Time) -> Result<Vec<EventRow>> {
    let sql = format!(
        "select {COLUMNS} from audit_events
         where user_id is null and grant_id is null and at between ?2 and ?3
           and event in ('client.disable', 'client.enable', 'client.edit', 'client.delete', 'grant.revoke',
                         'key.retire', 'key.rotate', 'session.end_all')
           and (client_id is null or client_id = ?1)
         order by id limit 200"
    );
    r.all(&sql, params![client.as_str(), from, to], from_row)
}

/// The newest events about a person, or about everyone, newest first.
pub fn newest(r: &Read<'_>, user: Option<&UserId>, limit: u32) -> Result<Vec<EventRow>> {
    match user {
        Some(user) => r.all(
            &format!(
                "select {COLUMNS} from audit_events where user_id = ?1 order by id desc limit ?2"
            ),
            params![user.as_str(), limit],
            from_row,
        ),
        None => r.all(
            &format!("select {COLUMNS} from audit_events order by id desc limit ?1"),
            params![limit],
            from_row,
        ),
    }
}
