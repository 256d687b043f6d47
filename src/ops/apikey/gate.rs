//! Whether a call by API key is let in: the key must be good, and its bucket must have something left.
//!
//! Most calls are one look-up: [`authenticate`] takes a use that this process holds already. Now and then it holds none,
//! and [`draw`] takes the next few from the database. A call that is refused because the bucket is empty writes nothing.

use std::time::Duration;

use super::inspect::{BadKey, Good, inspect};
use crate::{
    db::{Read, Write},
    error::Result,
    model::{
        actor::{Actor, Origin},
        apikey::Due,
        bucket::{Drawn, Level},
    },
    ops::env::Env,
    store,
    time::Time,
};

/// Who calls, by which key.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The key, with the scopes that it has now, and those it belongs to.
    pub good: Good,
    /// What is left of its bucket.
    pub level: Level,
    /// Whether it should be replaced.
    pub due: Due,
    /// When the call came.
    pub at: Time,
}

impl Caller {
    /// The asker that this key is.
    pub fn actor(&self, origin: Origin) -> Actor {
        Actor::api_key(self.good.key.id.clone(), origin)
    }
}

/// What becomes of a call.
#[derive(Clone, Debug)]
pub enum Verdict {
    /// It is let in.
    In(Box<Caller>),
    /// It came too soon.
    Limited {
        /// Who calls.
        caller: Box<Caller>,
        /// When it is worth coming again.
        retry_after: Duration,
    },
    /// The key is not good.
    Bad(BadKey),
}

/// Judges a call as far as that takes no writing; none: [`draw`] has to.
pub fn authenticate(r: &Read<'_>, env: &Env, text: &str) -> Result<Option<Verdict>> {
    let good = match inspect(r, env, text)? {
        Ok(good) => good,
        Err((bad, _)) => return Ok(Some(Verdict::Bad(bad))),
    };
    let (id, rule) = (&good.key.id, good.key.rule());
    // Read before what is held is looked at: a slice is put there before anyone can see that it was drawn.
    let spent = store::key_bucket::spent_until(r, id)?;
    if let Some(held) = env.meters.take(id, rule, spent, r.now) {
        return Ok(Some(Verdict::In(Box::new(caller(r, env, good, (spent, held))))));
    }
    if rule.left(spent, r.now) > 0 || rule.is_ahead(spent, r.now) {
        return Ok(None);
    }
    Ok(Some(limited(r, env, good, spent)))
}

/// Judges a call, and takes the next few uses from the bucket.
pub fn draw(tx: &Write<'_>, env: &Env, text: &str) -> Result<Verdict> {
    // A key that was taken back in between is not let in.
    let good = match inspect(tx, env, text)? {
        Ok(good) => good,
        Err((bad, _)) => return Ok(Verdict::Bad(bad)),
    };
    let (id, rule) = (&good.key.id, good.key.rule());
    let spent = store::key_bucket::spent_until(tx, id)?;
    // Somebody who waited beside us may have drawn meanwhile.
    if let Some(held) = env.meters.take(id, rule, spent, tx.now) {
        return Ok(Verdict::In(Box::new(caller(tx, env, good, (spent, held)))));
    }
    match rule.draw(spent, tx.now) {
        Drawn::Some { rest, spent_until } => {
            store::key_bucket::set(tx, id, spent_until)?;
            // Nothing of it can be taken before it is committed: whoever takes asks how far the bucket is spent.
            env.meters.put(id, rest, tx.now);
            let state = (Some(spent_until), rest.left(tx.now));
            Ok(Verdict::In(Box::new(caller(tx, env, good, state))))
        }
        Drawn::None { spent_until, .. } => {
            if let Some(mended) = spent_until {
                store::key_bucket::set(tx, id, mended)?;
            }
            Ok(limited(tx, env, good, spent_until.or(spent)))
        }
    }
}

fn limited(r: &Read<'_>, env: &Env, good: Good, spent: Option<i64>) -> Verdict {
    let retry_after = good.key.rule().wait(spent, r.now);
    Verdict::Limited { caller: Box::new(caller(r, env, good, (spent, 0))), retry_after }
}

fn caller(r: &Read<'_>, env: &Env, good: Good, (spent, held): (Option<i64>, u32)) -> Caller {
    let (key, rule) = (&good.key, good.key.rule());
    let left = rule.left(spent, r.now).saturating_add(held).min(key.burst_size);
    let level = Level {
        depth: key.burst_size,
        per_minute: key.requests_per_minute,
        left,
        full_in: rule.refill(key.burst_size.saturating_sub(left)),
    };
    let due = key.due(env.rotation(), r.now);
    Caller { level, due, at: r.now, good }
}
