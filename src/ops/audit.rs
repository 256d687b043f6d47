//! Remembering acts, in the transaction of the act, and finding them again. That nobody alters the record unnoticed
//! is `chain`.

use serde_json::Value;

use super::env::Env;
use crate::{
    db::{Read, Write},
    error::{Error, Result},
    model::{
        actor::Actor,
        audit::{Event, EventRow, Filter},
        id::{ClientId, GrantId, SessionId, UserId},
    },
    store,
};

pub mod chain;

/// Writes an event.
pub fn record(tx: &Write<'_>, who: &Actor, event: &Event) -> Result<()> {
    let text = |id: Option<&str>| id.map(str::to_owned);
    chain::append(
        tx,
        EventRow {
            id: 0,
            at: tx.now,
            event: event.event.to_owned(),
            actor: who.name().to_owned(),
            via: who.via.as_str().to_owned(),
            user_id: text(event.user.as_ref().map(UserId::as_str)),
            client_id: text(event.client.as_ref().map(ClientId::as_str)),
            session_id: text(event.session.as_ref().map(SessionId::as_str)),
            grant_id: text(event.grant.as_ref().map(GrantId::as_str)),
            address: Some(who.origin.address.clone()).filter(|address| !address.is_empty()),
            detail: Value::Object(event.detail.clone()).to_string(),
        },
    )
}

/// The newest events about a person, or about everyone, newest first.
pub fn newest(
    r: &Read<'_>,
    who: &Actor,
    user: Option<&UserId>,
    limit: u32,
) -> Result<Vec<EventRow>> {
    match user {
        Some(user) => who.must_be(user)?,
        None => who.must_operate()?,
    }
    store::audit::newest(r, user, limit)
}

/// The newest events that pass a filter, newest first; before the event `before`, if one is named.
pub fn page(
    r: &Read<'_>,
    who: &Actor,
    filter: &Filter,
    before: Option<i64>,
    limit: u32,
) -> Result<Vec<EventRow>> {
    who.must_operate()?;
    store::audit::page(r, filter, before, limit)
}

/// Finds an event by its number.
pub fn by_id(r: &Read<'_>, who: &Actor, id: i64) -> Result<EventRow> {
    who.must_operate()?;
    store::audit::by_id(r, id)?.ok_or_else(|| Error::not_found("event", id))
}

/// The events after this one that pass a filter, oldest first.
pub fn since(
    r: &Read<'_>,
    who: &Actor,
    filter: &Filter,
    after: i64,
    limit: u32,
) -> Result<Vec<EventRow>> {
    who.must_operate()?;
    store::audit::since(r, filter, after, limit)
}

/// The number of the newest event; 0 when there is none.
pub fn last_id(r: &Read<'_>, who: &Actor) -> Result<i64> {
    who.must_operate()?;
    store::audit::last_id(r)
}

/// How many events pass a filter.
pub fn count(r: &Read<'_>, who: &Actor, filter: &Filter) -> Result<u64> {
    who.must_operate()?;
    store::audit::count(r, filter)
}

/// Removes what is older than `audit.retention_days`, about once a day; answers how many events.
pub fn retain(tx: &Write<'_>, env: &Env) -> Result<usize> {
    chain::retain(tx, &Actor::system(), env.config.audit.retention())
}
