//! The chain of events: how it is begun, continued, shortened and checked. What it covers is `model/audit/chain`.

use std::{sync::Arc, time::Duration};

use crate::{
    crypto::{
        seal::Vault,
        secret::{b64, equal},
    },
    db::{Db, Mac, Read, Write},
    error::{Error, Result},
    model::{
        actor::Actor,
        audit::{
            Event, EventRow,
            chain::{Ends, Flaw, Link, Walk, hashed_text},
        },
    },
    store,
    time::Time,
};

const DAY: Duration = Duration::from_secs(86_400);
/// How many events are read at a time.
const PAGE: u32 = 1_000;

/// The keyed hash of the chain: of this installation alone.
pub fn mac(vault: &Vault) -> Mac {
    let key = vault.mac_key("audit");
    Arc::new(move |bytes: &[u8]| key.mac(bytes))
}

/// Whether there is a chain already: once there is, it is never begun again.
pub fn is_begun(r: &Read<'_>) -> Result<bool> {
    Ok(store::audit::ends(r)?.is_some())
}

/// Begins the chain of a database that has none, with the events that are there. `noted`: the chain was seen before,
/// so that somebody removed it.
pub fn begin(tx: &Write<'_>, noted: bool) -> Result<()> {
    if is_begun(tx)? {
        return Ok(());
    }
    let mut ends = Ends::default();
    loop {
        let page = store::audit::after(tx, ends.last.id, PAGE)?;
        if page.is_empty() {
            break;
        }
        for (event, _) in page {
            let hash = sealed(tx, &hashed_text(&ends.last.hash, &event))?;
            store::audit::set_hash(tx, event.id, &hash)?;
            ends.last = Link { id: event.id, hash: hash.to_vec() };
        }
    }
    ends.torn_at = noted.then_some(ends.last.id + 1);
    write(tx, &ends)
}

/// Writes an event as the chain's newest. Where no key was given there is no chain, and the event stands by itself.
pub(super) fn append(tx: &Write<'_>, mut event: EventRow) -> Result<()> {
    let newest = store::audit::last_id(tx)?;
    let found = store::audit::ends(tx)?;
    event.id = newest.max(found.as_ref().map_or(0, |(ends, _)| ends.last.id)) + 1;
    let (Some((mut ends, seal)), Some(_)) = (found, tx.mac(b"")) else {
        return store::audit::insert(tx, &event, None);
    };
    // Writing goes on whatever somebody did to the file, but not as if nothing had happened.
    let whole = newest == ends.last.id && equal(&sealed(tx, &ends.sealed_text())?, &seal);
    if !whole {
        if ends.torn_at.is_none() {
            tracing::error!(
                event = event.id,
                "the audit record was tampered with: mcpcodex audit verify"
            );
        }
        // What stands there already may be theirs: a number that is never reached must not hide this one.
        ends.torn_at = Some(ends.torn_at.map_or(event.id, |at| at.min(event.id)));
    }
    let hash = sealed(tx, &hashed_text(&ends.last.hash, &event))?;
    store::audit::insert(tx, &event, Some(&hash))?;
    ends.last = Link { id: event.id, hash: hash.to_vec() };
    write(tx, &ends)
}

fn write(tx: &Write<'_>, ends: &Ends) -> Result<()> {
    let seal = sealed(tx, &ends.sealed_text())?;
    store::audit::set_ends(tx, ends, &seal)
}

fn sealed(tx: &Write<'_>, text: &[u8]) -> Result<[u8; 32]> {
    tx.mac(text).ok_or_else(|| Error::internal("the audit record is written without its key"))
}

/// What a check found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// How many events are good, up to the first bad one.
    pub events: u64,
    /// What is wrong first.
    pub flaw: Option<Flaw>,
    /// The newest event: to be noted elsewhere, and given to a later check.
    pub last: Link,
}

/// Checks every event, from the first that is left to the newest. `anchors` were noted elsewhere at some time: each must
/// still stand, or have been removed by retention.
pub fn verify(r: &Read<'_>, who: &Actor, vault: &Vault, anchors: &[Link]) -> Result<Checked> {
    who.must_operate()?;
    let mac = mac(vault);
    let Some((ends, seal)) = store::audit::ends(r)? else {
        return Ok(Checked { events: 0, flaw: Some(Flaw::Ends), last: Link::default() });
    };
    let mut walk = Walk::new(&ends, anchors);
    let walked = if equal(&mac(&ends.sealed_text()), &seal) {
        walk_all(r, &mut walk, &mac)?
    } else {
        Err(Flaw::Ends)
    };
    Ok(Checked { events: walk.events, flaw: walked.err(), last: ends.last.clone() })
}

fn walk_all(r: &Read<'_>, walk: &mut Walk<'_>, mac: &Mac) -> Result<Result<(), Flaw>> {
    loop {
        let page = store::audit::after(r, walk.after(), PAGE)?;
        if page.is_empty() {
            return Ok(walk.finish());
        }
        for (event, hash) in &page {
            if let Err(flaw) = walk.step(event, hash.as_deref(), mac.as_ref()) {
                return Ok(Err(flaw));
            }
        }
    }
}

/// Removes events that are older than `kept`, once the oldest is a day older than that; answers how many.
pub(super) fn retain(tx: &Write<'_>, who: &Actor, kept: Option<Duration>) -> Result<usize> {
    let Some(kept) = kept else { return Ok(0) };
    let due = store::audit::oldest_at(tx)?.is_some_and(|at| at < tx.now.minus(kept).minus(DAY));
    if due { prune(tx, who, tx.now.minus(kept)) } else { Ok(0) }
}

/// Removes the oldest events, those before `before`, and notes how far; answers how many. What is left is as provable as
/// before: the chain now begins where the last removed event ended.
pub fn prune(tx: &Write<'_>, who: &Actor, before: Time) -> Result<usize> {
    who.must_operate()?;
    let Some((mut ends, seal)) = store::audit::ends(tx)? else { return Ok(0) };
    if !equal(&sealed(tx, &ends.sealed_text())?, &seal) {
        return Err(Error::conflict(
            "the audit record was tampered with, and nothing of it is removed",
        )
        .with_next("mcpcodex audit verify"));
    }
    let Some(until) = store::audit::last_before(tx, before)? else { return Ok(0) };
    let removed = store::audit::delete_until(tx, until.id)?;
    ends.base = until.clone();
    // What was wrong before is gone with the events that it was about.
    ends.torn_at = ends.torn_at.filter(|at| *at > until.id);
    write(tx, &ends)?;
    let event = Event::new("audit.prune")
        .with("events", removed)
        .with("until", until.id)
        .with("hash", b64(&until.hash));
    super::record(tx, who, &event)?;
    Ok(removed)
}

/// Where the chain ends now.
pub fn last(r: &Read<'_>) -> Result<Option<Link>> {
    Ok(store::audit::ends(r)?.map(|(ends, _)| ends.last))
}

/// Where the record ends now, if that is further on than what was noted and the noted event still stands.
pub fn next_anchor(r: &Read<'_>, noted: Option<&Link>) -> Result<Option<Link>> {
    let Some((ends, _)) = store::audit::ends(r)? else { return Ok(None) };
    let stands = match noted {
        Some(noted) if noted.id > ends.base.id => {
            store::audit::hash(r, noted.id)?.as_ref() == Some(&noted.hash)
        }
        Some(_) | None => true,
    };
    if !stands {
        tracing::error!("the audit record is not the one that was noted: mcpcodex audit verify");
    }
    let further = noted.is_none_or(|noted| noted.id < ends.last.id);
    Ok(Some(ends.last).filter(|_| stands && further))
}

/// Makes the chain ready when a database is opened: gives the writer its key and begins the chain if there is none.
pub fn ensure(db: &Db, vault: &Vault, noted: bool) -> Result<()> {
    db.seal_with(mac(vault));
    if db.read(is_begun)? {
        return Ok(());
    }
    db.write_blocking(move |tx| begin(tx, noted))
}
