//! Token buckets: how often a key may be used. Shape: one number, the moment up to which the refill is spent, in Unix
//! nanoseconds, so that time alone fills the bucket and nothing has to be counted up.
//!
//! A process takes a slice of the bucket in one write and spends it from memory: [`Slots`]. Each slot is a piece of
//! the refill with a moment of its own; one whose moment has passed is void, as what runs over the rim is lost. So slices
//! that several processes hold never add up to more than the depth.

use std::time::Duration;

use crate::time::Time;

const NANOS_OF_A_MINUTE: u64 = 60_000_000_000;

/// How fast a bucket fills and how deep it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Nanoseconds in which one flows in, rounded up: the rate is never more than it says.
    step: i64,
    depth: u32,
}

/// A slice of a bucket: so many uses, already accounted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slots {
    next: i64,
    end: i64,
    step: i64,
}

/// What a bucket gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drawn {
    /// One use for whoever asks and these for later; the bucket is spent up to `spent_until`.
    Some {
        /// For whoever comes next.
        rest: Slots,
        /// What is to be kept.
        spent_until: i64,
    },
    /// Nothing yet.
    None {
        /// After which there is one.
        wait: Duration,
        /// What is to be kept, if it is not what was: the clock went back.
        spent_until: Option<i64>,
    },
}

/// A bucket as its holder is told about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level {
    /// How deep it is.
    pub depth: u32,
    /// How many uses a minute flow in.
    pub per_minute: u32,
    /// How many uses are left now.
    pub left: u32,
    /// After how long it is full again.
    pub full_in: Duration,
}

impl Rule {
    /// A rule; nothing at all is taken for one.
    pub fn new(per_minute: u32, depth: u32) -> Self {
        let step = NANOS_OF_A_MINUTE.div_ceil(u64::from(per_minute.max(1)));
        Self { step: i64::try_from(step).unwrap_or(i64::MAX), depth: depth.max(1) }
    }

    fn span(self) -> i64 {
        self.step.saturating_mul(i64::from(self.depth))
    }

    /// How many uses are left of a bucket that is spent up to there; `None` was never used.
    pub fn left(self, spent_until: Option<i64>, now: Time) -> u32 {
        let now = instant(now);
        let from = spent_until.map_or(now, |until| until.max(now));
        let room = now.saturating_add(self.span()).saturating_sub(from);
        u32::try_from(room.max(0) / self.step).unwrap_or(self.depth)
    }

    /// The time in which so many flow in.
    pub fn refill(self, count: u32) -> Duration {
        nanos(self.step.saturating_mul(i64::from(count)))
    }

    /// After how long there is one, if there is none.
    pub fn wait(self, spent_until: Option<i64>, now: Time) -> Duration {
        let now = instant(now);
        let from = spent_until.unwrap_or(now).min(now.saturating_add(self.span()));
        nanos(from.saturating_add(self.step).saturating_sub(self.span()).saturating_sub(now))
    }

    /// Whether the bucket is spent further ahead than it is deep: the clock went back, or the rule got smaller.
    pub fn is_ahead(self, spent_until: Option<i64>, now: Time) -> bool {
        spent_until.is_some_and(|until| until > instant(now).saturating_add(self.span()))
    }

    /// Takes one use, and a few more for whoever comes next. When the clock went back the bucket is empty and fills from
    /// now on: nothing is given away, and nobody waits for the time that was before.
    pub fn draw(self, spent_until: Option<i64>, now: Time) -> Drawn {
        let left = self.left(spent_until, now);
        if left == 0 {
            let full = instant(now).saturating_add(self.span());
            let mended = self.is_ahead(spent_until, now).then_some(full);
            return Drawn::None { wait: self.wait(spent_until, now), spent_until: mended };
        }
        let first = instant(now).max(spent_until.unwrap_or(i64::MIN));
        // A quarter at most: it is lost to the others when this process dies.
        let taken = left.min((self.depth / 4).max(1));
        let end = first.saturating_add(self.step.saturating_mul(i64::from(taken)));
        let rest = Slots { next: first.saturating_add(self.step), end, step: self.step };
        Drawn::Some { rest, spent_until: end }
    }
}

impl Slots {
    /// Takes a use whose moment has not passed, and which stands in the database: up to `spent_until`.
    pub fn take(&mut self, rule: Rule, spent_until: Option<i64>, now: Time) -> bool {
        let now = instant(now);
        self.skip(now);
        let stands =
            self.next.saturating_add(self.step) <= self.end.min(spent_until.unwrap_or(i64::MIN));
        let fits = self.next.saturating_add(self.step) <= now.saturating_add(rule.span());
        if rule.step != self.step || !stands || !fits {
            return false;
        }
        self.next = self.next.saturating_add(self.step);
        true
    }

    /// How many uses are left in it.
    pub fn left(&self, now: Time) -> u32 {
        let mut rest = *self;
        rest.skip(instant(now));
        u32::try_from(rest.end.saturating_sub(rest.next).max(0) / rest.step.max(1)).unwrap_or(0)
    }

    fn skip(&mut self, now: i64) {
        if self.next < now {
            // Rounded up: a moment that has begun has passed.
            let behind = now.saturating_sub(self.next).saturating_add(self.step.saturating_sub(1));
            let steps = behind / self.step.max(1);
            self.next = self.next.saturating_add(steps.saturating_mul(self.step));
        }
    }
}

/// Nanoseconds since 1970; good until 2262.
fn instant(time: Time) -> i64 {
    time.millis().saturating_mul(1_000_000)
}

fn nanos(count: i64) -> Duration {
    Duration::from_nanos(u64::try_from(count).unwrap_or(0))
}

#[cfg(test)]
mod tests;
