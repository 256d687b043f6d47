//! A signed-in browser.

use serde::Serialize;
use utoipa::ToSchema;

use crate::model::session::SessionRow;

/// A session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Session {
    /// Its id.
    pub id: String,
    /// Its owner's user name.
    pub user: String,
    /// Its owner's id.
    pub user_id: String,
    /// Whether a second factor was proved.
    pub mfa_verified: bool,
    /// How the person proved who they are (RFC 8176).
    pub amr: Vec<String>,
    /// Whether they asked to be remembered.
    pub remember_me: bool,
    /// Where it was opened from.
    pub address: String,
    /// The browser's own words.
    pub user_agent: String,
    /// Names of the apps that hold tokens from it.
    pub clients: Vec<String>,
    /// When it was opened.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// When it was last used.
    #[schema(format = DateTime)]
    pub last_seen_at: String,
    /// When it ends if nobody uses it any more.
    #[schema(format = DateTime)]
    pub expires_at: String,
}

impl Session {
    /// Of a row of the list of sessions.
    pub fn of(row: &SessionRow) -> Self {
        let SessionRow { session, username, clients } = row;
        Self {
            id: session.id.to_string(),
            user: username.clone(),
            user_id: session.user_id.to_string(),
            mfa_verified: session.mfa_verified(),
            amr: session.amr.clone(),
            remember_me: session.remember_me,
            address: session.address.clone(),
            user_agent: session.user_agent.clone(),
            clients: clients.clone(),
            created_at: session.created_at.rfc3339(),
            last_seen_at: session.last_seen_at.rfc3339(),
            expires_at: session.ends_at().rfc3339(),
        }
    }
}

/// What was ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = SessionsRevoked)]
pub struct Revoked {
    /// How many: sessions, or for a client its connections.
    pub revoked: usize,
}
