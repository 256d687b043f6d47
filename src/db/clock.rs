//! The only clock of the program: the system's, or one that a test moves by hand.
//! It is read once per transaction (`tx.now`); nothing above reads it otherwise without a reason.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, SystemTime},
};

use crate::time::Time;

/// Tells the time. Clones of a manual clock show the same hands.
#[derive(Clone, Debug)]
pub struct Clock(Source);

#[derive(Clone, Debug)]
enum Source {
    System,
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// The machine's clock.
    pub fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that stands at `start` until it is moved.
    pub fn manual(start: Time) -> Self {
        Self(Source::Manual(Arc::new(AtomicI64::new(start.millis()))))
    }

    /// The present moment.
    pub fn now(&self) -> Time {
        match &self.0 {
            Source::System => system_now(),
            Source::Manual(hands) => Time::from_millis(hands.load(Ordering::SeqCst)),
        }
    }

    /// Moves a manual clock forward; the system's clock stays what it is.
    pub fn advance(&self, span: Duration) {
        if let Source::Manual(hands) = &self.0 {
            let span = i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
            hands.fetch_add(span, Ordering::SeqCst);
        }
    }

    /// Sets a manual clock, backwards too; the system's clock stays what it is.
    pub fn set(&self, now: Time) {
        if let Source::Manual(hands) = &self.0 {
            hands.store(now.millis(), Ordering::SeqCst);
        }
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::system()
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the clock")]
fn system_now() -> Time {
    let epoch = Time::from_millis(0);
    match SystemTime::now().duration_since(SystemTime::UNIX_EPOCH) {
        Ok(after) => epoch.plus(after),
        Err(before) => epoch.minus(before.duration()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clones_of_a_manual_clock_move_together() {
        let clock = Clock::manual(Time::from_secs(100));
        let seen_elsewhere = clock.clone();
        clock.advance(Duration::from_millis(1500));
        assert_eq!(seen_elsewhere.now(), Time::from_millis(101_500));
        seen_elsewhere.set(Time::from_secs(7));
        assert_eq!(clock.now(), Time::from_secs(7));
    }

    #[test]
    fn system_clock_cannot_be_moved_and_is_past_2026() {
        let clock = Clock::system();
        clock.set(Time::from_secs(0));
        assert!(clock.now() > Time::from_secs(1_767_225_600));
    }
}
