//! The tables `audit_events` and `audit_chain`.

use crate::{
    db::{Read, Row, RowResult, ToSql, Write, params, params_from_iter},
    error::Result,
    model::{
        audit::{
            EventRow, Filter,
            chain::{Ends, Link},
        },
        id::{ClientId, GrantId, SessionId, UserId},
    },
    time::Time,
};

/// Writes an event in the transaction of its fact, with its hash in the chain if there is one.
pub fn insert(tx: &Write<'_>, event: &EventRow, hash: Option<&[u8]>) -> Result<()> {
    tx.exec_one(
        "insert into audit_events
            (id, at, event, actor, via, user_id, client_id, session_id, grant_id, address, detail, hash)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        params![
            event.id,
            event.at,
            event.event,
            event.actor,
            event.via,
            event.user_id,
            event.client_id,
            event.session_id,
            event.grant_id,
            event.address,
            event.detail,
            hash,
        ],
    )
}

/// Writes the hash of an event that had none.
pub fn set_hash(tx: &Write<'_>, id: i64, hash: &[u8]) -> Result<()> {
    tx.exec_one("update audit_events set hash = ?2 where id = ?1", params![id, hash])
}

/// The hash that an event carries; none for an event that is not there.
pub fn hash(r: &Read<'_>, id: i64) -> Result<Option<Vec<u8>>> {
    let found =
        r.one("select hash from audit_events where id = ?1", params![id], |row| row.get(0))?;
    Ok(found.flatten())
}

/// The number of the newest event; 0 when there is none.
pub fn last_id(r: &Read<'_>) -> Result<i64> {
    let found = r.one("select max(id) from audit_events", params![], |row| row.get(0))?;
    Ok(found.flatten().unwrap_or_default())
}

/// Where the chain begins and ends, with its seal.
pub fn ends(r: &Read<'_>) -> Result<Option<(Ends, Vec<u8>)>> {
    r.one(
        "select base_id, base_hash, last_id, last_hash, torn_at, mac from audit_chain",
        params![],
        |row| {
            let base = Link { id: row.get(0)?, hash: row.get(1)? };
            let last = Link { id: row.get(2)?, hash: row.get(3)? };
            Ok((Ends { base, last, torn_at: row.get(4)? }, row.get(5)?))
        },
    )
}

/// Writes where the chain begins and ends.
pub fn set_ends(tx: &Write<'_>, ends: &Ends, seal: &[u8]) -> Result<()> {
    tx.exec_one(
        "insert into audit_chain (only_one, base_id, base_hash, last_id, last_hash, torn_at, mac)
         values (1, ?1, ?2, ?3, ?4, ?5, ?6)
         on conflict (only_one) do update set base_id = excluded.base_id, base_hash = excluded.base_hash,
            last_id = excluded.last_id, last_hash = excluded.last_hash, torn_at = excluded.torn_at,
            mac = excluded.mac",
        params![
            ends.base.id,
            ends.base.hash,
            ends.last.id,
            ends.last.hash,
            ends.torn_at,
            seal
        ],
    )
}

/// Events after this one, oldest first, each with the hash that it carries.
pub fn after(r: &Read<'_>, id: i64, limit: u32) -> Result<Vec<(EventRow, Option<Vec<u8>>)>> {
    let sql =
        format!("select {COLUMNS}, hash from audit_events where id > ?1 order by id limit ?2");
    r.all(&sql, params![id, limit], |row| Ok((from_row(row)?, row.get(11)?)))
}

/// The last of the oldest events that happened before a moment: those up to it and no younger one among them.
pub fn last_before(r: &Read<'_>, before: Time) -> Result<Option<Link>> {
    // Clocks are set back; the oldest event that is young enough is where the old ones end.
    r.one(
        "select id, coalesce(hash, x'') from audit_events
         where id < coalesce((select min(id) from audit_events where at >= ?1), 9223372036854775807)
         order by id desc limit 1",
        params![before],
        |row| Ok(Link { id: row.get(0)?, hash: row.get(1)? }),
    )
}

/// When the oldest event happened.
pub fn oldest_at(r: &Read<'_>) -> Result<Option<Time>> {
    r.one("select at from audit_events order by id limit 1", params![], |row| row.get(0))
}

/// Removes events up to this one; answers how many.
pub fn delete_until(tx: &Write<'_>, id: i64) -> Result<usize> {
    tx.exec("delete from audit_events where id <= ?1", params![id])
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
        None => page(r, &Filter::default(), None, limit),
    }
}

/// The newest events that pass a filter, newest first; before this one, if one is named.
pub fn page(
    r: &Read<'_>,
    filter: &Filter,
    before: Option<i64>,
    limit: u32,
) -> Result<Vec<EventRow>> {
    filtered(r, filter, "id < ?", before.unwrap_or(i64::MAX), "desc", limit)
}

/// The events after this one that pass a filter, oldest first.
pub fn since(r: &Read<'_>, filter: &Filter, after: i64, limit: u32) -> Result<Vec<EventRow>> {
    filtered(r, filter, "id > ?", after, "", limit)
}

/// How many events pass a filter.
pub fn count(r: &Read<'_>, filter: &Filter) -> Result<u64> {
    let (conditions, values) = wanted(filter, "id > ?", 0);
    let sql = format!("select count(*) from audit_events where {conditions}");
    let found: Option<i64> = r.one(&sql, params_from_iter(values), |row| row.get(0))?;
    Ok(found.and_then(|events| u64::try_from(events).ok()).unwrap_or_default())
}

fn filtered(
    r: &Read<'_>,
    filter: &Filter,
    bound: &'static str,
    id: i64,
    order: &str,
    limit: u32,
) -> Result<Vec<EventRow>> {
    let (conditions, mut values) = wanted(filter, bound, id);
    values.push(Box::new(limit));
    let sql = format!(
        "select {COLUMNS} from audit_events where {conditions} order by id {order} limit ?"
    );
    r.all(&sql, params_from_iter(values), from_row)
}

/// Only what is asked for is compared, so that an index answers.
fn wanted(filter: &Filter, bound: &'static str, id: i64) -> (String, Vec<Box<dyn ToSql>>) {
    let mut conditions = vec![bound];
    let mut values: Vec<Box<dyn ToSql>> = vec![Box::new(id)];
    let mut also = |condition: &'static str, value: Box<dyn ToSql>| {
        conditions.push(condition);
        values.push(value);
    };
    if let Some(user) = &filter.user {
        also("user_id = ?", Box::new(user.as_str().to_owned()));
    }
    if let Some(client) = &filter.client {
        also("client_id = ?", Box::new(client.as_str().to_owned()));
    }
    if let Some(address) = &filter.address {
        also("address = ?", Box::new(address.clone()));
    }
    if let Some(event) = &filter.event {
        also("? in (event, substr(event, 1, instr(event, '.') - 1))", Box::new(event.clone()));
    }
    if let Some(since) = filter.since {
        also("at >= ?", Box::new(since));
    }
    if let Some(until) = filter.until {
        also("at < ?", Box::new(until));
    }
    (conditions.join(" and "), values)
}
