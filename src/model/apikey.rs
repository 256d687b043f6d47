//! API keys: what one is, when it falls due and when it ends.
//! How one is written is in `text`, how often it may be used in `bucket`.

pub mod text;

use std::time::Duration;

use super::{
    bucket::Rule,
    id::{AgentId, ApiKeyId, UserId},
    scope::ScopeSet,
};
use crate::time::Time;

/// A key's row, without the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKey {
    /// Its public half.
    pub id: ApiKeyId,
    /// Who answers for it.
    pub user_id: UserId,
    /// The agent that it belongs to; none: to the person.
    pub agent_id: Option<AgentId>,
    /// What the owner calls it.
    pub name: String,
    /// How it begins, for people to recognise it.
    pub hint: String,
    /// What it may do.
    pub scopes: ScopeSet,
    /// Its refill per minute.
    pub requests_per_minute: u32,
    /// Its depth.
    pub burst_size: u32,
    /// When it was made.
    pub created_at: Time,
    /// When it ends, if ever.
    pub expires_at: Option<Time>,
    /// When it should be rotated.
    pub rotation_due_at: Option<Time>,
    /// When it was last used.
    pub last_used_at: Option<Time>,
    /// From where that was.
    pub last_used_address: Option<String>,
    /// When it was taken back.
    pub revoked_at: Option<Time>,
    /// Why.
    pub revoke_reason: Option<String>,
    /// The key in whose place it came.
    pub replaces: Option<ApiKeyId>,
    /// The key that came in its place.
    pub replaced_by: Option<ApiKeyId>,
    /// When it ends at the latest, since there is another in its place.
    pub overlap_until: Option<Time>,
}

/// A key with the names of those it belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRow {
    /// The key.
    pub key: ApiKey,
    /// The user name of whoever answers for it.
    pub username: String,
    /// The name of its agent, when it belongs to one.
    pub agent: Option<String>,
}

/// How often a key was used on one day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DayOfUse {
    /// Which: days since 1970, in UTC.
    pub day: i64,
    /// How often it was let in.
    pub used: u32,
    /// How often it was refused, since its bucket was empty.
    pub limited: u32,
}

impl DayOfUse {
    /// The day of a moment.
    pub fn day_of(at: Time) -> i64 {
        at.secs().div_euclid(86_400)
    }

    /// The day as `2026-11-23`.
    pub fn date(&self) -> String {
        Time::from_secs(self.day.saturating_mul(86_400)).rfc3339().chars().take(10).collect()
    }
}

/// What the configuration says about keys that grow old.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rotation {
    /// Whether a key ends when it falls due, and may fetch its successor before.
    pub auto: bool,
    /// How long before that it is announced.
    pub warning: Duration,
}

/// How near a key is to the day on which it should be replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// Not near, or there is a key in its place already.
    No,
    /// It falls due then, and it is time to say so.
    Soon(Time),
    /// It fell due then and works on.
    Over(Time),
}

impl Due {
    /// The word in JSON and in tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::No => "ok",
            Self::Soon(_) => "due",
            Self::Over(_) => "overdue",
        }
    }

    /// The day, when there is something to say about it.
    pub fn at(self) -> Option<Time> {
        match self {
            Self::No => None,
            Self::Soon(at) | Self::Over(at) => Some(at),
        }
    }
}

impl ApiKey {
    /// When it ends, by whichever of its ends comes first.
    pub fn ends_at(&self, rotation: Rotation) -> Option<Time> {
        let due = self.rotation_due_at.filter(|_| rotation.auto);
        [self.expires_at, self.overlap_until, due].into_iter().flatten().min()
    }

    /// The state in one word: `active`, `expired` or `revoked`.
    pub fn state(&self, rotation: Rotation, now: Time) -> &'static str {
        if self.revoked_at.is_some() {
            "revoked"
        } else if self.ends_at(rotation).is_some_and(|end| now >= end) {
            "expired"
        } else {
            "active"
        }
    }

    /// How near it is to being replaced.
    pub fn due(&self, rotation: Rotation, now: Time) -> Due {
        let waits = self.revoked_at.is_none() && self.replaced_by.is_none();
        match self.rotation_due_at.filter(|_| waits) {
            Some(due) if now >= due => Due::Over(due),
            Some(due) if now >= due.minus(rotation.warning) => Due::Soon(due),
            Some(_) | None => Due::No,
        }
    }

    /// How often it may be used.
    pub fn rule(&self) -> Rule {
        Rule::new(self.requests_per_minute, self.burst_size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_secs(86_400);
    const AUTO: Rotation = Rotation { auto: true, warning: Duration::from_secs(14 * 86_400) };
    const BY_HAND: Rotation = Rotation { auto: false, ..AUTO };

    fn key() -> ApiKey {
        ApiKey {
            id: ApiKeyId::from_text("ak_1"),
            user_id: UserId::from_text("u_1"),
            agent_id: None,
            name: "ci".to_owned(),
            hint: "mcp_abcd".to_owned(),
            scopes: ScopeSet::default(),
            requests_per_minute: 100,
            burst_size: 20,
            created_at: Time::from_secs(0),
            expires_at: None,
            rotation_due_at: Some(Time::from_secs(0).plus(DAY * 90)),
            last_used_at: None,
            last_used_address: None,
            revoked_at: None,
            revoke_reason: None,
            replaces: None,
            replaced_by: None,
            overlap_until: None,
        }
    }

    #[test]
    fn key_is_announced_before_it_falls_due_and_ends_then_only_if_keys_rotate_by_themselves() {
        let day = |n: u32| Time::from_secs(0).plus(DAY * n);
        let told = |rotation, now| (key().due(rotation, now).as_str(), key().state(rotation, now));
        for rotation in [AUTO, BY_HAND] {
            assert_eq!(told(rotation, day(76).minus(Duration::from_millis(1))), ("ok", "active"));
            assert_eq!(told(rotation, day(76)), ("due", "active"));
        }
        assert_eq!(told(BY_HAND, day(90)), ("overdue", "active"));
        assert_eq!(told(AUTO, day(90)), ("overdue", "expired"));
    }

    #[test]
    fn first_of_its_ends_counts_and_a_replaced_key_is_due_no_more() {
        let day = |n: u32| Time::from_secs(0).plus(DAY * n);
        let replaced = ApiKey {
            expires_at: Some(day(80)),
            overlap_until: Some(day(78)),
            replaced_by: Some(ApiKeyId::from_text("ak_2")),
            ..key()
        };
        assert_eq!(replaced.ends_at(AUTO), Some(day(78)));
        assert_eq!(replaced.due(AUTO, day(77)), Due::No);
        assert_eq!(replaced.state(AUTO, day(78)), "expired");
        assert_eq!(ApiKey { overlap_until: None, ..replaced }.ends_at(BY_HAND), Some(day(80)));
    }
}
