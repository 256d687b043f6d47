//! Remembering acts, in the transaction of the act.

use crate::{
    db::{Read, Write},
    error::Result,
    model::{
        actor::Actor,
        audit::{Event, EventRow},
        id::UserId,
    },
    store,
};

/// Writes an event.
pub fn record(tx: &Write<'_>, who: &Actor, event: &Event) -> Result<()> {
    store::audit::insert(tx, who, event)
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
