//! How many stories are kept, and which go when there are too many. Whoever has proved nothing, by naming a client or
//! otherwise, has a share of their own for each kind of attempt, in which they can push out one another only; and among
//! them first those from the address with the most.

use std::collections::HashMap;

use crate::{
    db::Write,
    error::Result,
    model::{id::TraceId, trace::Kind},
    ops::attempt::address_key,
    store,
};

/// Stories of those who proved who they are.
const PROVED: u32 = 10_000;
/// Stories of everyone else, of each kind.
const STRANGERS: u32 = 2_000;
/// How many of a share go at once: one in ten.
const ROOM: u32 = 10;
/// Stories that are kept in all.
pub const MOST: u32 = 22_000;

/// Makes room for one more.
pub(super) fn make(tx: &Write<'_>, kind: Kind, proved: bool) -> Result<()> {
    if proved {
        return of_proved(tx);
    }
    if store::trace::count_strangers(tx, kind)? < STRANGERS {
        return Ok(());
    }
    let mut seen: HashMap<String, u32> = HashMap::new();
    let mut all: Vec<(u32, TraceId)> = Vec::new();
    for (id, address) in store::trace::strangers(tx, kind)? {
        let before = seen.entry(address_key(&address)).or_default();
        *before = before.saturating_add(1);
        all.push((*before, id));
    }
    // They come newest first: the last of those that stand equally high is the oldest.
    all.reverse();
    all.sort_by_key(|(place, _)| std::cmp::Reverse(*place));
    let share = usize::try_from(STRANGERS / ROOM).unwrap_or(usize::MAX);
    for (_, id) in all.iter().take(share) {
        store::trace::forget(tx, id)?;
    }
    Ok(())
}

/// Moves a story into the share of those who proved who they are.
pub(super) fn proved(tx: &Write<'_>, id: &TraceId) -> Result<()> {
    if store::trace::prove(tx, id)? { of_proved(tx) } else { Ok(()) }
}

fn of_proved(tx: &Write<'_>) -> Result<()> {
    if store::trace::count_proved(tx)? >= PROVED {
        store::trace::drop_oldest_proved(tx, PROVED / ROOM)?;
    }
    Ok(())
}
