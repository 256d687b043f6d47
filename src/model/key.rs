//! Signing keys and their life: next, active, retired; and when each step is due.

use std::time::Duration;

use crate::{crypto::jwt::Algorithm, time::Time};

/// Where a key stands in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// Published, not signing yet.
    Next,
    /// Signing.
    Active,
    /// No longer signing; published until its last token has ended.
    Retired,
}

impl KeyState {
    /// The word in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Next => "next",
            Self::Active => "active",
            Self::Retired => "retired",
        }
    }

    /// Reads what [`KeyState::as_str`] wrote.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Next, Self::Active, Self::Retired].into_iter().find(|state| state.as_str() == text)
    }
}

/// Why a key stopped signing when its turn was over.
pub const ROTATED: &str = "rotated";
/// Why a key was taken out of use at once.
pub const WITHDRAWN: &str = "withdrawn";

/// A signing key without its private half.
#[derive(Clone, Debug, PartialEq)]
pub struct SigningKeyRow {
    /// Its key id: the RFC 7638 thumbprint.
    pub kid: String,
    /// What it signs with.
    pub algorithm: Algorithm,
    /// The public half as a JWK.
    pub public_jwk: serde_json::Value,
    /// Where it stands.
    pub state: KeyState,
    /// When it was made and published.
    pub created_at: Time,
    /// When it began to sign.
    pub activated_at: Option<Time>,
    /// When it stopped.
    pub retired_at: Option<Time>,
    /// When its last token ends, once it is retired.
    pub verifies_until: Option<Time>,
    /// The longest that a token of it could live while it signed.
    pub longest: Duration,
    /// Why it was retired: [`ROTATED`] or [`WITHDRAWN`].
    pub retire_reason: Option<String>,
}

impl SigningKeyRow {
    /// Whether it stands in the JWKS, and tokens that it signed are believed.
    pub fn is_published(&self, now: Time) -> bool {
        self.state != KeyState::Retired || self.verifies_until.is_some_and(|until| until > now)
    }

    /// The moments between which the newest token of an app can be one of its own; none when no such token can be
    /// alive. `longest` is how long a token lives at most.
    pub fn signed_between(&self, now: Time, longest: Duration) -> Option<(Time, Time)> {
        let from = self.activated_at?.max(now.minus(longest.max(self.longest)));
        let to = self.retired_at.unwrap_or(now);
        (self.is_published(now) && from <= to).then_some((from, to))
    }
}

/// A key with what an operator wants to know of it.
#[derive(Clone, Debug, PartialEq)]
pub struct KeyStanding {
    /// The key.
    pub key: SigningKeyRow,
    /// Whether tokens are signed with its algorithm at all.
    pub in_use: bool,
    /// When the schedule puts the next step: for a staged key when it signs, for a signing one when another does.
    /// None when the operator decides that.
    pub turns_at: Option<Time>,
    /// The first moment at which a staged key may sign without harm.
    pub ready_at: Option<Time>,
    /// Apps whose newest access token it signed, as far as that can be told; at most [`MOST_COUNTED`] are counted.
    pub apps: u32,
}

/// No more apps than this are counted for a key; the answer is then "more than".
pub const MOST_COUNTED: u32 = 10_000;

/// When keys take turns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// How long a key signs; none: until somebody says otherwise.
    pub rotate_after: Option<Duration>,
    /// How long a key is published before it signs.
    pub publish_ahead: Duration,
}

/// What the schedule wants done for an algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Nothing now.
    Wait,
    /// A key must begin to sign: there is none.
    Begin,
    /// The next key must be published.
    Stage,
    /// The published key must sign instead of the one that does.
    Turn,
}

impl Schedule {
    /// The first moment at which a staged key may sign: whoever keeps a copy of the JWKS knows it by then.
    pub fn ready_at(&self, next: &SigningKeyRow) -> Time {
        next.created_at.plus(self.publish_ahead)
    }

    /// When the turn of a signing key is over.
    pub fn due_at(&self, active: &SigningKeyRow) -> Option<Time> {
        Some(active.activated_at.unwrap_or(active.created_at).plus(self.rotate_after?))
    }

    /// When `next` signs instead of `active`, if nobody does it before.
    pub fn turns_at(&self, active: &SigningKeyRow, next: Option<&SigningKeyRow>) -> Option<Time> {
        let due = self.due_at(active)?;
        Some(next.map_or(due, |next| due.max(self.ready_at(next))))
    }

    /// What is to be done now.
    pub fn step(
        &self,
        active: Option<&SigningKeyRow>,
        next: Option<&SigningKeyRow>,
        now: Time,
    ) -> Step {
        let Some(active) = active else { return Step::Begin };
        let Some(due) = self.due_at(active) else { return Step::Wait };
        match next {
            None if due.minus(self.publish_ahead) <= now => Step::Stage,
            Some(next) if due.max(self.ready_at(next)) <= now => Step::Turn,
            None | Some(_) => Step::Wait,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCHEDULE: Schedule = Schedule {
        rotate_after: Some(Duration::from_secs(1_000)),
        publish_ahead: Duration::from_secs(100),
    };

    fn key(state: KeyState, at: i64) -> SigningKeyRow {
        SigningKeyRow {
            kid: "k".to_owned(),
            algorithm: Algorithm::ES256,
            public_jwk: serde_json::Value::Null,
            state,
            created_at: Time::from_secs(at),
            activated_at: (state != KeyState::Next).then(|| Time::from_secs(at)),
            retired_at: None,
            verifies_until: None,
            longest: Duration::ZERO,
            retire_reason: None,
        }
    }

    #[test]
    fn next_key_is_published_ahead_and_signs_when_the_turn_is_over() {
        let active = key(KeyState::Active, 0);
        let step = |next: Option<i64>, now| {
            let next = next.map(|at| key(KeyState::Next, at));
            SCHEDULE.step(Some(&active), next.as_ref(), Time::from_secs(now))
        };
        assert_eq!(step(None, 899), Step::Wait);
        assert_eq!(step(None, 900), Step::Stage);
        assert_eq!(step(Some(900), 999), Step::Wait);
        assert_eq!(step(Some(900), 1_000), Step::Turn);
        // Staged late, because no server was running: it waits all the same.
        assert_eq!(step(Some(5_000), 5_099), Step::Wait);
        assert_eq!(step(Some(5_000), 5_100), Step::Turn);
        // Staged early, by hand.
        assert_eq!(step(Some(10), 999), Step::Wait);
        assert_eq!(step(Some(10), 1_000), Step::Turn);
    }

    #[test]
    fn without_a_schedule_only_a_missing_key_is_a_reason_to_act() {
        let never = Schedule { rotate_after: None, ..SCHEDULE };
        let (active, next) = (key(KeyState::Active, 0), key(KeyState::Next, 0));
        let late = Time::from_secs(1_000_000_000);
        assert_eq!(never.step(Some(&active), Some(&next), late), Step::Wait);
        assert_eq!(never.step(Some(&active), None, late), Step::Wait);
        assert_eq!(never.step(None, Some(&next), late), Step::Begin);
    }

    #[test]
    fn retired_key_is_published_until_its_last_token_has_ended() {
        let mut old = key(KeyState::Retired, 0);
        (old.retired_at, old.verifies_until) =
            (Some(Time::from_secs(50)), Some(Time::from_secs(80)));
        assert!(old.is_published(Time::from_secs(79)));
        assert!(!old.is_published(Time::from_secs(80)));
        let longest = Duration::from_secs(30);
        let between = |now| old.signed_between(Time::from_secs(now), longest);
        assert_eq!(between(60), Some((Time::from_secs(30), Time::from_secs(50))));
        assert_eq!(between(80), None);
        assert_eq!(key(KeyState::Next, 0).signed_between(Time::from_secs(9), longest), None);
    }
}
