//! How wrong tries are answered: a growing delay, then a lock for a time.
//! Where the counts live and who reserves a try is left to `ops/attempt.rs`.

use std::time::Duration;

use crate::time::Time;

/// What is being tried; each has its own count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Passwords for one user name, whether it exists or not.
    Account,
    /// Wrong tries of any sort from one address.
    Address,
    /// One-time codes of one person.
    Totp,
    /// Recovery codes of one person.
    Recovery,
    /// Secrets of one OAuth client.
    Client,
    /// Codes that were sent to one person.
    Code,
    /// Requests for a new password, by name or address.
    Reset,
    /// Codes of devices, typed by one person.
    UserCode,
}

impl Scope {
    /// The word in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Address => "address",
            Self::Totp => "totp",
            Self::Recovery => "recovery",
            Self::Client => "client",
            Self::Code => "code",
            Self::Reset => "reset",
            Self::UserCode => "user_code",
        }
    }
}

/// How many wrong tries are let through and what they cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Tries before the pause.
    pub max: u32,
    /// The pause.
    pub lock: Duration,
    /// Whether each wrong try already costs a delay: 1 s, 2 s, 4 s …
    pub progressive: bool,
    /// Whether each further pause in a row is twice as long as the one before, up to a day.
    pub escalate: bool,
}

/// The count behind one subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Tries {
    /// Tries that were reserved and not yet proved right.
    pub failures: u32,
    /// How many times in a row the limit was reached.
    pub locks: u32,
    /// No try counts before this.
    pub next_at: Time,
    /// The newest try.
    pub last_at: Time,
}

/// What a reservation answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reserved {
    /// The try may be made; it is already counted as wrong until it is proved right.
    Go(Tries),
    /// It may not; come back then.
    Wait(Duration),
}

const LONGEST: Duration = Duration::from_secs(86_400);

impl Tries {
    /// Takes one try if there is one to take.
    pub fn reserve(self, limits: &Limits, now: Time) -> Reserved {
        if now < self.next_at {
            return Reserved::Wait(self.next_at.since(now));
        }
        // A full count whose pause is over starts again; so does one that nobody touched for long enough.
        let over = self.failures >= limits.max;
        let rested = now.since(self.last_at) >= limits.rest();
        let (before, locks) = match (over, rested) {
            (true, _) => (0, self.locks),
            (false, true) => (0, 0),
            (false, false) => (self.failures, self.locks),
        };
        let failures = before.saturating_add(1);
        let locked = failures >= limits.max;
        let pause = if locked {
            limits.pause(locks)
        } else if limits.progressive {
            delay(failures).min(limits.lock)
        } else {
            Duration::ZERO
        };
        Reserved::Go(Self {
            failures,
            locks: if locked { locks.saturating_add(1) } else { locks },
            // Not `now` where there is no pause: a clock that is set back must not make one of it.
            next_at: if pause.is_zero() { Time::default() } else { now.plus(pause) },
            last_at: now,
        })
    }
}

impl Limits {
    /// How long nobody may have tried for the count to be forgotten. Where pauses grow it is the longest of them:
    /// whoever stops one try before the pause and comes back after its length would never meet it.
    fn rest(&self) -> Duration {
        if self.escalate { LONGEST.max(self.lock) } else { self.lock }
    }

    fn pause(&self, locks: u32) -> Duration {
        if self.escalate {
            self.lock.saturating_mul(1 << locks.min(16)).min(LONGEST.max(self.lock))
        } else {
            self.lock
        }
    }
}

/// What the `failures`-th wrong try costs: 1 s, 2 s, 4 s, 8 s …
fn delay(failures: u32) -> Duration {
    Duration::from_secs(1 << failures.saturating_sub(1).min(10))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits =
        Limits { max: 5, lock: Duration::from_secs(900), progressive: true, escalate: false };

    fn go(tries: Tries, limits: &Limits, at: i64) -> Tries {
        match tries.reserve(limits, Time::from_secs(at)) {
            Reserved::Go(tries) => tries,
            Reserved::Wait(wait) => panic!("told to wait {wait:?} at {at}"),
        }
    }

    #[test]
    fn delay_doubles_and_the_fifth_try_locks_for_exactly_the_duration() {
        let mut tries = Tries::default();
        let mut at = 1_000_000;
        for delay in [1, 2, 4, 8] {
            tries = go(tries, &LIMITS, at);
            let early = tries.reserve(&LIMITS, Time::from_millis(at * 1000 + delay * 1000 - 1));
            assert_eq!(early, Reserved::Wait(Duration::from_millis(1)));
            at += delay;
        }
        tries = go(tries, &LIMITS, at);
        assert_eq!(tries.failures, 5);
        assert_eq!(
            tries.reserve(&LIMITS, Time::from_secs(at + 899)),
            Reserved::Wait(Duration::from_secs(1))
        );
        assert_eq!(go(tries, &LIMITS, at + 900).failures, 1);
    }

    #[test]
    fn without_delay_the_limit_still_holds() {
        let limits = Limits { progressive: false, ..LIMITS };
        let mut tries = Tries::default();
        for _ in 0..5 {
            tries = go(tries, &limits, 1_000_000);
        }
        assert!(matches!(tries.reserve(&limits, Time::from_secs(1_000_000)), Reserved::Wait(_)));
    }

    #[test]
    fn pauses_in_a_row_grow_when_they_escalate() {
        let limits = Limits { max: 1, progressive: false, escalate: true, ..LIMITS };
        let first = go(Tries::default(), &limits, 1_000_000);
        let second = go(first, &limits, 1_000_900);
        assert_eq!(second.next_at, Time::from_secs(1_000_900 + 1_800));
    }

    #[test]
    fn a_day_of_quiet_forgets_old_failures() {
        let tries = go(go(Tries::default(), &LIMITS, 1_000_000), &LIMITS, 1_000_001);
        assert_eq!(go(tries, &LIMITS, 1_086_401).failures, 1);
    }
}
