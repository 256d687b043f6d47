//! What a person allowed a client once, and the family of refresh tokens that follows from it.
//! A spent token is told apart here into an honest retry and a theft; `ops/oauth/refresh.rs` acts on it.

use std::time::Duration;

use super::{
    id::{ClientId, GrantId, SessionId, TraceId, UserId},
    resource::ResourceUri,
    scope::ScopeSet,
};
use crate::time::Time;

/// A grant: the root of every token that one authorization gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Its id; access tokens carry it.
    pub id: GrantId,
    /// To whom it was given.
    pub client_id: ClientId,
    /// By whom.
    pub user_id: UserId,
    /// In which session.
    pub session_id: Option<SessionId>,
    /// What was allowed.
    pub scopes: ScopeSet,
    /// For which resources.
    pub resources: Vec<ResourceUri>,
    /// What the client calls those, where that is not as they are registered.
    pub spelled: Vec<String>,
    /// The nonce of the authorization request.
    pub nonce: Option<String>,
    /// How the person proved who they are (RFC 8176).
    pub amr: Vec<String>,
    /// When they did.
    pub auth_time: Time,
    /// The newest refresh token's generation; 0 when there is none.
    pub generation: u32,
    /// When it was given.
    pub created_at: Time,
    /// No refresh after this.
    pub expires_at: Time,
    /// When and why it was taken back, if it was.
    pub revoked: Option<(Time, String)>,
    /// Thumbprint of the key that its tokens are bound to (RFC 9449 §5).
    pub jkt: Option<String>,
    /// Where the story of its beginning is told.
    pub trace: Option<TraceId>,
}

/// One generation of a family.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefreshToken {
    /// Which, counted from 1.
    pub generation: u32,
    /// When it was given out.
    pub issued_at: Time,
    /// When it ends unused.
    pub expires_at: Time,
    /// When it was exchanged for its successor.
    pub spent_at: Option<Time>,
    /// When it was honoured once more after the retry window.
    pub recovered_at: Option<Time>,
    /// Where it was asked for from.
    pub address: String,
    /// By what.
    pub user_agent: String,
}

/// What becomes of a presented refresh token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is the newest: spend it and give its successor.
    Rotate,
    /// It was spent a moment ago: give the same successor again.
    Again,
    /// Its successor was never used and the same client asks: give that one again, this once.
    Recover,
    /// It was spent and someone else may hold the successor: end the family.
    Replayed,
    /// Its time is up.
    Expired,
    /// The family is over.
    Revoked,
}

/// Decides about `presented`. `successor` is the next generation, if there is one; `same_place` tells whether
/// address or user agent are those the token was given to; a `window` of zero is textbook rotation.
pub fn judge(
    grant: &Grant,
    presented: &RefreshToken,
    successor: Option<&RefreshToken>,
    same_place: bool,
    window: Duration,
    now: Time,
) -> Verdict {
    if grant.revoked.is_some() {
        return Verdict::Revoked;
    }
    let Some(spent_at) = presented.spent_at else {
        return if now >= presented.expires_at || now >= grant.expires_at {
            Verdict::Expired
        } else {
            Verdict::Rotate
        };
    };
    if now >= grant.expires_at {
        return Verdict::Expired;
    }
    if window.is_zero() {
        return Verdict::Replayed;
    }
    let within = |since: Time| now < since.plus(window);
    if within(spent_at) || presented.recovered_at.is_some_and(within) {
        return Verdict::Again;
    }
    let unused = successor.is_some_and(|next| {
        next.spent_at.is_none() && next.generation == grant.generation && now < next.expires_at
    });
    if unused && same_place && presented.recovered_at.is_none() {
        Verdict::Recover
    } else {
        Verdict::Replayed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: Duration = Duration::from_secs(30);

    fn at(s: i64) -> Time {
        Time::from_secs(1_000_000 + s)
    }

    fn grant(generation: u32) -> Grant {
        Grant {
            id: GrantId::from_text("g_1"),
            client_id: ClientId::from_text("c_1"),
            user_id: UserId::from_text("u_1"),
            session_id: None,
            scopes: ScopeSet::parse("openid"),
            resources: Vec::new(),
            spelled: Vec::new(),
            nonce: None,
            amr: Vec::new(),
            auth_time: at(0),
            generation,
            created_at: at(0),
            expires_at: at(86_400),
            revoked: None,
            jkt: None,
            trace: None,
        }
    }

    fn token(generation: u32, spent: Option<i64>) -> RefreshToken {
        RefreshToken {
            generation,
            issued_at: at(0),
            expires_at: at(3_600),
            spent_at: spent.map(at),
            recovered_at: None,
            address: "127.0.0.1".to_owned(),
            user_agent: "app".to_owned(),
        }
    }

    #[test]
    fn newest_token_rotates_until_its_end() {
        assert_eq!(
            judge(&grant(1), &token(1, None), None, false, WINDOW, at(3_599)),
            Verdict::Rotate
        );
        assert_eq!(
            judge(&grant(1), &token(1, None), None, true, WINDOW, at(3_600)),
            Verdict::Expired
        );
    }

    #[test]
    fn spent_token_gets_the_same_successor_within_the_window_even_when_that_is_spent() {
        let (old, next) = (token(1, Some(10)), token(2, Some(12)));
        assert_eq!(judge(&grant(3), &old, Some(&next), false, WINDOW, at(39)), Verdict::Again);
        assert_eq!(judge(&grant(3), &old, Some(&next), true, WINDOW, at(40)), Verdict::Replayed);
    }

    #[test]
    fn unused_successor_is_given_once_more_to_the_same_place_only() {
        let (mut old, next) = (token(1, Some(10)), token(2, None));
        assert_eq!(judge(&grant(2), &old, Some(&next), true, WINDOW, at(500)), Verdict::Recover);
        assert_eq!(judge(&grant(2), &old, Some(&next), false, WINDOW, at(500)), Verdict::Replayed);
        old.recovered_at = Some(at(500));
        assert_eq!(judge(&grant(2), &old, Some(&next), true, WINDOW, at(529)), Verdict::Again);
        assert_eq!(judge(&grant(2), &old, Some(&next), true, WINDOW, at(530)), Verdict::Replayed);
    }

    #[test]
    fn window_of_zero_is_textbook_rotation() {
        let (old, next) = (token(1, Some(10)), token(2, None));
        assert_eq!(
            judge(&grant(2), &old, Some(&next), true, Duration::ZERO, at(10)),
            Verdict::Replayed
        );
    }

    #[test]
    fn nothing_comes_from_a_revoked_or_ended_family() {
        let mut over = grant(1);
        over.revoked = Some((at(5), "logout".to_owned()));
        assert_eq!(judge(&over, &token(1, None), None, true, WINDOW, at(6)), Verdict::Revoked);
        assert_eq!(
            judge(
                &grant(2),
                &token(1, Some(86_399)),
                Some(&token(2, None)),
                true,
                WINDOW,
                at(86_400)
            ),
            Verdict::Expired
        );
    }
}
