//! A device that cannot show a sign-in page and waits for a person who can (RFC 8628).
//! What a poll is answered is decided here; who allows it is `ops/oauth/device`.

use std::time::Duration;

use super::{
    id::{ClientId, DeviceRequestId, SessionId, TraceId, UserId},
    resource::ResourceUri,
    scope::ScopeSet,
};
use crate::time::Time;

/// How long a person may take.
pub const LIFETIME: Duration = Duration::from_secs(10 * 60);
/// How long a device waits between two polls, at first.
pub const INTERVAL: Duration = Duration::from_secs(5);
/// How much longer after each poll that came too early (RFC 8628 §3.5).
pub const SLOWER: Duration = Duration::from_secs(5);
/// A poll may come early by this: clocks and networks are not exact.
const LENIENCE: Duration = Duration::from_millis(500);

/// How far a request has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Nobody has answered.
    Pending,
    /// Somebody allowed it; the device has not come for its tokens.
    Approved,
    /// Somebody said no.
    Denied,
    /// The device has had its tokens.
    Spent,
}

impl State {
    /// The word in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Approved => "approved",
            Self::Denied => "denied",
            Self::Spent => "spent",
        }
    }

    /// Reads what [`State::as_str`] wrote.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Pending, Self::Approved, Self::Denied, Self::Spent]
            .into_iter()
            .find(|state| state.as_str() == text)
    }
}

/// A request of a device, without its two codes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceRequest {
    /// Its id, which pages carry.
    pub id: DeviceRequestId,
    /// Which app.
    pub client_id: ClientId,
    /// What is asked for, after what cannot be had was dropped; once approved: what was allowed.
    pub scopes: ScopeSet,
    /// For which resources.
    pub resources: Vec<ResourceUri>,
    /// How the app spelled those.
    pub spelled: Vec<String>,
    /// How far it has come.
    pub state: State,
    /// How long the device must wait between two polls.
    pub interval: Duration,
    /// When it last asked.
    pub last_poll_at: Option<Time>,
    /// Where the device is.
    pub address: String,
    /// What it calls itself.
    pub user_agent: String,
    /// Where its story is told.
    pub trace: Option<TraceId>,
    /// Who decided.
    pub user_id: Option<UserId>,
    /// In which session.
    pub session_id: Option<SessionId>,
    /// When it came.
    pub created_at: Time,
    /// When it ends.
    pub expires_at: Time,
}

/// What a poll is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Poll {
    /// Tokens.
    Give,
    /// Not yet.
    Pending,
    /// Not yet, and from now on more slowly.
    SlowDown,
    /// The person said no.
    Denied,
    /// Too late.
    Expired,
    /// It had its tokens.
    Spent,
}

impl DeviceRequest {
    /// Judges a poll. Only who still waits can be too fast: an answer that is there is given.
    pub fn poll(&self, now: Time) -> Poll {
        match self.state {
            State::Spent => Poll::Spent,
            State::Denied => Poll::Denied,
            State::Pending | State::Approved if now >= self.expires_at => Poll::Expired,
            State::Approved => Poll::Give,
            State::Pending if self.is_early(now) => Poll::SlowDown,
            State::Pending => Poll::Pending,
        }
    }

    fn is_early(&self, now: Time) -> bool {
        let wait = self.interval.saturating_sub(LENIENCE);
        self.last_poll_at.is_some_and(|last| now < last.plus(wait))
    }

    /// Whether a person may still answer it.
    pub fn is_open(&self, now: Time) -> bool {
        self.state == State::Pending && now < self.expires_at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> Time {
        Time::from_millis(1_000_000_000_000 + ms)
    }

    fn request(state: State) -> DeviceRequest {
        DeviceRequest {
            id: DeviceRequestId::from_text("dr_1"),
            client_id: ClientId::from_text("c_1"),
            scopes: ScopeSet::default(),
            resources: Vec::new(),
            spelled: Vec::new(),
            state,
            interval: INTERVAL,
            last_poll_at: Some(at(0)),
            address: String::new(),
            user_agent: String::new(),
            trace: None,
            user_id: None,
            session_id: None,
            created_at: at(0),
            expires_at: at(600_000),
        }
    }

    #[test]
    fn who_waits_is_slowed_down_when_early_and_who_is_answered_is_not() {
        let waiting = request(State::Pending);
        assert_eq!(waiting.poll(at(4_499)), Poll::SlowDown);
        assert_eq!(waiting.poll(at(4_500)), Poll::Pending);
        assert_eq!(DeviceRequest { last_poll_at: None, ..waiting }.poll(at(0)), Poll::Pending);
        assert_eq!(request(State::Approved).poll(at(1)), Poll::Give);
        assert_eq!(request(State::Denied).poll(at(1)), Poll::Denied);
        assert_eq!(request(State::Spent).poll(at(1)), Poll::Spent);
    }

    #[test]
    fn neither_waiting_nor_allowed_outlives_the_end() {
        for (state, last, after) in [
            (State::Pending, Poll::Pending, Poll::Expired),
            (State::Approved, Poll::Give, Poll::Expired),
            (State::Denied, Poll::Denied, Poll::Denied),
            (State::Spent, Poll::Spent, Poll::Spent),
        ] {
            assert_eq!(request(state).poll(at(599_999)), last);
            assert_eq!(request(state).poll(at(600_000)), after);
        }
        assert!(request(State::Pending).is_open(at(599_999)));
        assert!(!request(State::Pending).is_open(at(600_000)));
        assert!(!request(State::Approved).is_open(at(1)));
    }
}
