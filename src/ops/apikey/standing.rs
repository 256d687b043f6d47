//! How every key stands: what an operator decides by, those that want something done first.

use std::collections::HashMap;

use crate::{
    db::Read,
    error::Result,
    model::{
        actor::Actor,
        apikey::{DayOfUse, Due, KeyRow},
        id::ApiKeyId,
    },
    ops::env::Env,
    store,
    time::Time,
};

/// A key and how it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The key, with the names of those it belongs to.
    pub row: KeyRow,
    /// `active`, `expired` or `revoked`.
    pub state: &'static str,
    /// How near it is to being replaced.
    pub due: Due,
    /// When it ends, by whichever of its ends comes first.
    pub ends_at: Option<Time>,
    /// How many uses are left in its bucket, as far as is written.
    pub left: u32,
    /// How often it was used today.
    pub today: DayOfUse,
}

impl Standing {
    /// Whether somebody should do something about it.
    pub fn wants_something(&self) -> bool {
        let orphaned = self.state == "expired" && self.row.key.replaced_by.is_none();
        orphaned || (self.state == "active" && (self.due != Due::No || self.today.limited > 0))
    }
}

/// Keys of everyone with how they stand: those that want something done first, then the newest.
pub fn standings(r: &Read<'_>, env: &Env, who: &Actor, limit: u32) -> Result<Vec<Standing>> {
    who.must_operate()?;
    let rows = store::apikey::list(r, None, None, limit)?;
    let spent: HashMap<ApiKeyId, i64> = store::key_bucket::all(r)?.into_iter().collect();
    let today: HashMap<ApiKeyId, DayOfUse> =
        store::key_usage::on(r, DayOfUse::day_of(r.now))?.into_iter().collect();
    let mut found: Vec<Standing> = rows
        .into_iter()
        .map(|row| {
            let (spent, used) = (spent.get(&row.key.id), today.get(&row.key.id));
            stands(env, row, spent.copied(), used.copied(), r.now)
        })
        .collect();
    // Stable: each half stays newest first.
    found.sort_by_key(|one| (!one.wants_something(), one.state != "active"));
    Ok(found)
}

/// How one key stands.
pub fn standing(r: &Read<'_>, env: &Env, who: &Actor, id: &ApiKeyId) -> Result<Standing> {
    let row = super::get(r, who, id)?;
    let spent = store::key_bucket::spent_until(r, id)?;
    let used = store::key_usage::of_key(r, id, DayOfUse::day_of(r.now))?.into_iter().next();
    Ok(stands(env, row, spent, used, r.now))
}

fn stands(
    env: &Env,
    row: KeyRow,
    spent: Option<i64>,
    used: Option<DayOfUse>,
    now: Time,
) -> Standing {
    let rotation = env.rotation();
    let key = &row.key;
    Standing {
        state: key.state(rotation, now),
        due: key.due(rotation, now),
        ends_at: key.ends_at(rotation),
        left: key.rule().left(spent, now),
        today: used.unwrap_or_default(),
        row,
    }
}
