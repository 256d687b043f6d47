//! The slices of buckets that this process holds: uses that are accounted for in the database already, so that most calls
//! write nothing. What is in here when the process dies is lost to the key, never given twice.

use std::collections::HashMap;

use parking_lot::Mutex;

use crate::{
    model::{
        bucket::{Rule, Slots},
        id::ApiKeyId,
    },
    time::Time,
};

/// More keys than that are in use at once nowhere; beyond it those that hold nothing are forgotten.
const MOST: usize = 10_000;

/// The slices, by key.
#[derive(Debug, Default)]
pub struct Meters {
    held: Mutex<HashMap<ApiKeyId, Slots>>,
}

impl Meters {
    /// Takes one use of a bucket that stands spent up to `spent_until`; how many more are held here when there was one.
    pub(super) fn take(
        &self,
        id: &ApiKeyId,
        rule: Rule,
        spent_until: Option<i64>,
        now: Time,
    ) -> Option<u32> {
        let mut held = self.held.lock();
        let slots = held.get_mut(id)?;
        slots.take(rule, spent_until, now).then(|| slots.left(now))
    }

    /// Holds a new slice. What was held before is void: there was nothing to take in it.
    pub(super) fn put(&self, id: &ApiKeyId, slots: Slots, now: Time) {
        let mut held = self.held.lock();
        if held.len() >= MOST {
            held.retain(|_, slots| slots.left(now) > 0);
        }
        held.insert(id.clone(), slots);
    }
}
