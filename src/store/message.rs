//! The table `messages`: the outbox.

use std::time::Duration;

use crate::{
    db::{Read, Row, RowResult, Write, params, unreadable},
    error::Result,
    model::{
        id::{MessageId, UserId},
        message::{Carrier, Kind, MessageRow, State},
    },
    time::Time,
};

const COLUMNS: &str =
    "id, kind, carrier, recipient, template, state, tries, next_at, vendor_id, vendor_answer,
    user_id, created_at, expires_at, finished_at";

fn from_row(row: &Row<'_>) -> RowResult<MessageRow> {
    let (kind, carrier, state): (String, String, String) = (row.get(1)?, row.get(2)?, row.get(5)?);
    Ok(MessageRow {
        id: MessageId::from_text(row.get::<_, String>(0)?),
        kind: Kind::parse(&kind).ok_or_else(|| unreadable("messages.kind", &kind))?,
        carrier: Carrier::parse(&carrier)
            .ok_or_else(|| unreadable("messages.carrier", &carrier))?,
        recipient: row.get(3)?,
        template: row.get(4)?,
        state: State::parse(&state).ok_or_else(|| unreadable("messages.state", &state))?,
        tries: row.get(6)?,
        next_at: row.get(7)?,
        vendor_id: row.get(8)?,
        vendor_answer: row.get(9)?,
        user_id: row.get::<_, Option<String>>(10)?.map(UserId::from_text),
        created_at: row.get(11)?,
        expires_at: row.get(12)?,
        finished_at: row.get(13)?,
    })
}

/// Adds a message that waits.
pub fn insert(tx: &Write<'_>, message: &MessageRow, sealed: &[u8]) -> Result<()> {
    tx.exec_one(
        "insert into messages (id, kind, carrier, recipient, body_sealed, template, state, next_at, user_id,
                               created_at, expires_at)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        params![
            message.id.as_str(),
            message.kind.as_str(),
            message.carrier.as_str(),
            message.recipient,
            sealed,
            message.template,
            message.state.as_str(),
            message.next_at,
            message.user_id.as_ref().map(UserId::as_str),
            message.created_at,
            message.expires_at,
        ],
    )
}

/// One message.
pub fn by_id(r: &Read<'_>, id: &MessageId) -> Result<Option<MessageRow>> {
    r.one(&format!("select {COLUMNS} from messages where id = ?1"), params![id.as_str()], from_row)
}

/// What a message says, as long as it is kept.
pub fn body(r: &Read<'_>, id: &MessageId) -> Result<Option<Vec<u8>>> {
    let found =
        r.one("select body_sealed from messages where id = ?1", params![id.as_str()], |row| {
            row.get::<_, Option<Vec<u8>>>(0)
        })?;
    Ok(found.flatten())
}

/// The newest messages, newest first.
pub fn newest(r: &Read<'_>, limit: u32) -> Result<Vec<MessageRow>> {
    let sql = format!("select {COLUMNS} from messages order by created_at desc, id desc limit ?1");
    r.all(&sql, params![limit], from_row)
}

/// Takes messages of a carrier that are due, each for one process alone, with their sealed bodies.
pub fn claim(
    tx: &Write<'_>,
    carrier: Carrier,
    limit: usize,
) -> Result<Vec<(MessageRow, Option<Vec<u8>>)>> {
    let sql = format!(
        "update messages set state = 'sending', tries = tries + 1, claimed_at = ?2
         where state = 'queued' and id in
            (select id from messages
             where state = 'queued' and carrier = ?1 and next_at <= ?2 and expires_at > ?2
             order by next_at, id limit ?3)
         returning {COLUMNS}, body_sealed"
    );
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    tx.all(&sql, params![carrier.as_str(), tx.now, limit], |row| Ok((from_row(row)?, row.get(14)?)))
}

/// Whether a carrier has a message that is due.
pub fn is_due(r: &Read<'_>, carrier: Carrier) -> Result<bool> {
    let found = r.one(
        "select 1 from messages
         where state = 'queued' and carrier = ?1 and next_at <= ?2 and expires_at > ?2 limit 1",
        params![carrier.as_str(), r.now],
        |row| row.get::<_, i64>(0),
    )?;
    Ok(found.is_some())
}

/// Whether something was taken before `before` and never settled, or is of no use any more.
pub fn is_stale(r: &Read<'_>, before: Time) -> Result<bool> {
    let found = r.one(
        "select 1 from messages
         where (state = 'sending' and claimed_at <= ?1) or (state = 'queued' and expires_at <= ?2)
            or (state = 'sent' and body_sealed is not null and expires_at <= ?2) limit 1",
        params![before, r.now],
        |row| row.get::<_, i64>(0),
    )?;
    Ok(found.is_some())
}

/// The next moment at which something is to be done that nobody will announce: a message may be tried again, comes to
/// its end, or has been taken for so long that it is to be given up.
pub fn next_due(r: &Read<'_>, patience: Duration) -> Result<Option<Time>> {
    let found = r.one(
        "select min(at) from
            (select min(next_at) as at from messages where state = 'queued' and next_at > ?1
             union all select min(expires_at) from messages
                where (state = 'queued' or (state = 'sent' and body_sealed is not null)) and expires_at > ?1
             union all select min(claimed_at) + ?2 from messages where state = 'sending')",
        params![r.now, i64::try_from(patience.as_millis()).unwrap_or(i64::MAX)],
        |row| row.get::<_, Option<Time>>(0),
    )?;
    Ok(found.flatten())
}

/// Ends a message, for whoever holds its newest claim. What was given up as unknown may still be learnt.
/// `keep` says whether its text is still to be read.
pub fn finish(
    tx: &Write<'_>,
    id: &MessageId,
    claim: u32,
    state: State,
    vendor: (Option<&str>, Option<&str>),
    keep: bool,
) -> Result<bool> {
    let changed = tx.exec(
        "update messages set state = ?3, vendor_id = ?4, vendor_answer = coalesce(?5, vendor_answer), finished_at = ?6,
            body_sealed = case when ?7 then body_sealed end
         where id = ?1 and tries = ?2 and state in ('sending', 'unknown')",
        params![id.as_str(), claim, state.as_str(), vendor.0, vendor.1, tx.now, keep],
    )?;
    Ok(changed == 1)
}

/// Puts a message back for another try.
pub fn again(tx: &Write<'_>, id: &MessageId, claim: u32, at: Time, answer: &str) -> Result<bool> {
    let changed = tx.exec(
        "update messages set state = 'queued', next_at = ?3, vendor_answer = ?4, claimed_at = null
         where id = ?1 and tries = ?2 and state = 'sending'",
        params![id.as_str(), claim, at, answer],
    )?;
    Ok(changed == 1)
}

/// Takes a message back that is of no use any more. One that is being sent is at least not tried again.
pub fn cancel(tx: &Write<'_>, id: &str) -> Result<()> {
    tx.exec(
        "update messages set state = 'expired', expires_at = ?2, finished_at = ?2, body_sealed = null
         where id = ?1 and state = 'queued'",
        params![id, tx.now],
    )?;
    tx.exec(
        "update messages set expires_at = ?2 where id = ?1 and state = 'sending'",
        params![id, tx.now],
    )?;
    Ok(())
}

/// Gives up what was taken before `before` and never settled: its process is gone, and the carrier may have it.
pub fn abandon(tx: &Write<'_>, before: Time) -> Result<usize> {
    tx.exec(
        "update messages set state = 'unknown', finished_at = ?2, body_sealed = null,
            vendor_answer = 'the program ended while it was being sent'
         where state = 'sending' and claimed_at <= ?1",
        params![before, tx.now],
    )
}

/// Ends what nobody took in time, and forgets texts that were kept for reading.
pub fn expire(tx: &Write<'_>) -> Result<usize> {
    let ended = tx.exec(
        "update messages set state = 'expired', finished_at = ?1, body_sealed = null
         where state = 'queued' and expires_at <= ?1",
        params![tx.now],
    )?;
    let wiped = tx.exec(
        "update messages set body_sealed = null
         where state = 'sent' and body_sealed is not null and expires_at <= ?1",
        params![tx.now],
    )?;
    Ok(ended.saturating_add(wiped))
}

/// Forgets messages that were over before `before`.
pub fn sweep(tx: &Write<'_>, before: Time) -> Result<usize> {
    tx.exec(
        "delete from messages where created_at < ?1 and state not in ('queued', 'sending')",
        params![before],
    )
}
