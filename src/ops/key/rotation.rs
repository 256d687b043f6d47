//! How signing keys take turns: published first, then signing, then only believed, then history.
//! The schedule does it (`turn`, by the server's upkeep), or an operator (`stage`, `rotate`, `retire`).
//!
//! A key pair is made before the transaction and handed in, since that is slow; when several processes come
//! with one each, the database takes one.

use std::sync::Arc;

use super::{about, algorithms_in_use, find, insert, longest, row_of, schedule, sealed};
use crate::{
    crypto::jwt::{Algorithm, SigningKey},
    db::{Db, Read, Write},
    error::{Error, Result},
    model::{
        actor::Actor,
        audit::Event,
        key::{KeyState, ROTATED, SigningKeyRow, Step, WITHDRAWN},
    },
    ops::{audit, env::Env, oauth::terms::Terms},
    store,
    time::Time,
};

/// One key signs instead of another.
#[derive(Clone, Debug, PartialEq)]
pub struct Turned {
    /// The one that signs now.
    pub signs: SigningKeyRow,
    /// The one that did, if there was one.
    pub before: Option<SigningKeyRow>,
    /// Whether the new one was published for long enough.
    pub ready: bool,
}

/// A key was taken out of use before its time.
#[derive(Clone, Debug, PartialEq)]
pub struct Withdrawn {
    /// Which, as it stands now.
    pub key: SigningKeyRow,
    /// The one that signs in its place, if it was signing.
    pub instead: Option<SigningKeyRow>,
}

/// What an operator wants when keys take turns out of schedule.
#[derive(Clone, Copy, Debug, Default)]
pub struct Order<'a> {
    /// The staged key that shall sign; none: the one of the configured algorithm.
    pub kid: Option<&'a str>,
    /// Do it although verifiers may not know the key yet.
    pub now: bool,
    /// A key pair to use if none is staged and it must be now.
    pub fresh: Option<&'a SigningKey>,
}

/// Publishes `fresh` as the key that signs next.
pub fn stage(tx: &Write<'_>, env: &Env, who: &Actor, fresh: &SigningKey) -> Result<SigningKeyRow> {
    who.must_operate()?;
    let algorithm = fresh.algorithm();
    let row = row_of(tx, env, fresh, KeyState::Next)?;
    if store::key::insert(tx, &row, &sealed(env, fresh)?)? {
        audit::record(tx, who, &about("key.stage", &row))?;
        return Ok(row);
    }
    Err(match store::key::next(tx, algorithm)? {
        Some(next) => {
            Error::conflict(format!("the key {} of {algorithm} is staged already", next.kid))
                .with_next(format!(
                    "it may sign from {}: mcpcodex key rotate",
                    schedule(env).ready_at(&next)
                ))
        }
        None => Error::internal("two signing keys have the same id"),
    })
}

/// Lets a staged key sign instead of the one that does, which stays believed until its last token has ended.
/// Refuses a key that was not published for long enough, unless the order is to do it now.
pub fn rotate(tx: &Write<'_>, env: &Env, who: &Actor, order: &Order<'_>) -> Result<Turned> {
    who.must_operate()?;
    let next = match order.kid {
        Some(kid) => Some(find(tx, kid)?),
        None => store::key::next(tx, Terms::of(env).algorithm)?,
    };
    if let Some(other) = next.as_ref().filter(|key| key.state != KeyState::Next) {
        return Err(Error::conflict(format!(
            "{} is not staged: it is {}",
            other.kid,
            other.state.as_str()
        ))
        .with_next("mcpcodex key list"));
    }
    match (next, order.fresh) {
        (Some(next), _) => {
            let ready = schedule(env).ready_at(&next);
            if ready > tx.now && !order.now {
                return Err(too_early(&next, ready));
            }
            turn_to(tx, env, who, &next)
        }
        (None, Some(fresh)) if order.now => {
            let next = stage(tx, env, who, fresh)?;
            turn_to(tx, env, who, &next)
        }
        (None, _) => Err(none_staged(env)),
    }
}

fn too_early(next: &SigningKeyRow, ready: Time) -> Error {
    Error::conflict(format!(
        "{} is published since {} only: whoever keeps a copy of the JWKS may not know it, and would refuse its tokens",
        next.kid, next.created_at
    ))
    .with_next(format!("rotate from {ready} on, or with --now if the key that signs is in wrong hands"))
}

fn none_staged(env: &Env) -> Error {
    Error::conflict(format!("no {} key is staged", Terms::of(env).algorithm)).with_next(format!(
        "mcpcodex key stage, and rotate {} s later; or key rotate --now if the key that signs is in wrong hands",
        schedule(env).publish_ahead.as_secs()
    ))
}

/// Takes a key out of use at once: tokens that it signed are refused from now on. When it is the one that signs,
/// the staged one or `fresh` signs in its place.
pub fn retire(
    tx: &Write<'_>,
    env: &Env,
    who: &Actor,
    kid: &str,
    fresh: Option<&SigningKey>,
) -> Result<Withdrawn> {
    who.must_operate()?;
    let key = find(tx, kid)?;
    let done = match key.state {
        KeyState::Retired => store::key::withdraw(tx, &key.kid, WITHDRAWN)?,
        KeyState::Active | KeyState::Next => store::key::retire(tx, &key.kid, tx.now, WITHDRAWN)?,
    };
    if !done {
        return Err(Error::conflict(format!(
            "{} is retired, and its tokens are refused already",
            key.kid
        )));
    }
    let mut event = about("key.retire", &key).with("was", key.state.as_str());
    let mut instead = None;
    if key.state == KeyState::Active && algorithms_in_use(tx, env)?.contains(&key.algorithm) {
        let successor = succeed(tx, env, who, key.algorithm, fresh)?;
        event = event.with("instead", successor.kid.as_str());
        instead = Some(successor);
    }
    audit::record(tx, who, &event)?;
    Ok(Withdrawn { key: again(tx, &key.kid)?, instead })
}

/// Gives an algorithm whose key was taken away another one that signs.
fn succeed(
    tx: &Write<'_>,
    env: &Env,
    who: &Actor,
    algorithm: Algorithm,
    fresh: Option<&SigningKey>,
) -> Result<SigningKeyRow> {
    let next = match (store::key::next(tx, algorithm)?, fresh) {
        (Some(next), _) => next,
        (None, Some(fresh)) if fresh.algorithm() == algorithm => stage(tx, env, who, fresh)?,
        (None, _) => {
            return Err(Error::busy("the staged key has gone meanwhile: nothing was changed"));
        }
    };
    Ok(turn_to(tx, env, who, &next)?.signs)
}

/// The algorithm of which a key pair must be brought along to [`rotate`] or [`retire`] this key; none when a
/// staged one will do, or none is needed.
pub fn lacks(r: &Read<'_>, env: &Env, kid: Option<&str>) -> Result<Option<Algorithm>> {
    let algorithm = match kid {
        None => Terms::of(env).algorithm,
        Some(kid) => match find(r, kid)? {
            key if key.state == KeyState::Active => key.algorithm,
            _ => return Ok(None),
        },
    };
    if !algorithms_in_use(r, env)?.contains(&algorithm) {
        return Ok(None);
    }
    Ok(store::key::next(r, algorithm)?.is_none().then_some(algorithm))
}

pub(super) fn turn_to(
    tx: &Write<'_>,
    env: &Env,
    who: &Actor,
    next: &SigningKeyRow,
) -> Result<Turned> {
    let before = store::key::active(tx, next.algorithm)?;
    let longest = longest(tx, env)?;
    let mut event = about("key.rotate", next);
    if let Some(old) = &before {
        let until = tx.now.plus(longest.max(old.longest));
        // Both are conditional: had another process been first, nothing of this would be kept.
        if !store::key::retire(tx, &old.kid, until, ROTATED)? {
            return Err(overtaken());
        }
        event = event.with("before", old.kid.as_str()).with("believed_until", until.to_string());
    }
    if !store::key::activate(tx, &next.kid, longest)? {
        return Err(overtaken());
    }
    let ready = schedule(env).ready_at(next) <= tx.now;
    if !ready {
        event = event.with("early", "true");
    }
    audit::record(tx, who, &event)?;
    let before = before.map(|old| again(tx, &old.kid)).transpose()?;
    Ok(Turned { signs: again(tx, &next.kid)?, before, ready })
}

fn overtaken() -> Error {
    Error::busy("the keys have changed meanwhile: nothing was changed")
}

fn again(tx: &Write<'_>, kid: &str) -> Result<SigningKeyRow> {
    store::key::by_kid(tx, kid)?.ok_or_else(|| Error::internal("a signing key has gone"))
}

/// Does what the schedule wants by now; answers how many steps that were. Blocks while keys are made.
pub fn turn(db: &Db, env: &Arc<Env>) -> Result<usize> {
    let fresh: Vec<SigningKey> = db
        .read(|r| wanted(r, env))?
        .into_iter()
        .map(SigningKey::generate)
        .collect::<Result<_>>()?;
    if fresh.is_empty() && !db.read(|r| is_due(r, env))? {
        return Ok(0);
    }
    let env = Arc::clone(env);
    db.write_blocking(move |tx| tick(tx, &env, &fresh))
}

/// The algorithms of which the schedule wants a new key now.
pub fn wanted(r: &Read<'_>, env: &Env) -> Result<Vec<Algorithm>> {
    let mut wanted = Vec::new();
    for algorithm in algorithms_in_use(r, env)? {
        if matches!(step(r, env, algorithm)?, Step::Begin | Step::Stage) {
            wanted.push(algorithm);
        }
    }
    Ok(wanted)
}

/// Whether [`tick`] would change anything without a new key.
fn is_due(r: &Read<'_>, env: &Env) -> Result<bool> {
    let longest = longest(r, env)?;
    for algorithm in algorithms_in_use(r, env)? {
        let outdated = store::key::active(r, algorithm)?.is_some_and(|key| key.longest < longest);
        if outdated || step(r, env, algorithm)? == Step::Turn {
            return Ok(true);
        }
    }
    Ok(false)
}

fn step(r: &Read<'_>, env: &Env, algorithm: Algorithm) -> Result<Step> {
    let (active, next) = (store::key::active(r, algorithm)?, store::key::next(r, algorithm)?);
    Ok(schedule(env).step(active.as_ref(), next.as_ref(), r.now))
}

/// Does what the schedule wants by now, with the keys in `fresh` where new ones are wanted; answers how many steps
/// that were. Of several processes that come at once, one does it and the others find nothing to do.
pub fn tick(tx: &Write<'_>, env: &Env, fresh: &[SigningKey]) -> Result<usize> {
    let who = Actor::system();
    let mut steps = 0;
    for algorithm in algorithms_in_use(tx, env)? {
        let fresh = fresh.iter().find(|key| key.algorithm() == algorithm);
        let next = store::key::next(tx, algorithm)?;
        match (step(tx, env, algorithm)?, next, fresh) {
            (Step::Turn | Step::Begin, Some(next), _) => {
                turn_to(tx, env, &who, &next)?;
            }
            (Step::Begin, None, Some(fresh)) => {
                insert(tx, env, fresh)?;
            }
            (Step::Stage, _, Some(fresh)) => {
                stage(tx, env, &who, fresh)?;
            }
            (Step::Wait | Step::Stage | Step::Begin | Step::Turn, ..) => continue,
        }
        steps += 1;
    }
    store::key::note_lifetime(tx, longest(tx, env)?)?;
    Ok(steps)
}

/// Forgets the private halves of keys whose tokens have all ended; their rows stay as history.
pub fn wipe(tx: &Write<'_>) -> Result<usize> {
    let wiped = store::key::wipe(tx)?;
    for kid in &wiped {
        audit::record(tx, &Actor::system(), &Event::new("key.wipe").with("kid", kid.as_str()))?;
    }
    Ok(wiped.len())
}
