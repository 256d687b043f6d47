//! The screen of sessions: who is signed in now, live, and one session in full.
//! How it looks is in `sessions_view`.

use super::{
    super::{list::Keyed, msg::Query, text},
    shelf::{self, Sift, Sifted},
};
use crate::model::{
    id::{SessionId, UserId},
    session::SessionRow,
};

/// How many sessions are held at most, the last used first.
pub const WINDOW: usize = 500;

impl Keyed for SessionRow {
    type Id = SessionId;

    fn key(&self) -> SessionId {
        self.session.id.clone()
    }

    fn title(&self) -> String {
        let id = text::short_id(self.session.id.as_str());
        format!("session {id} of {}", text::clean(&self.username, 32))
    }
}

impl Sift for SessionRow {
    fn holds(&self, wanted: &str) -> bool {
        let session = &self.session;
        let words =
            [self.username.as_str(), &session.address, &session.user_agent, session.id.as_str()];
        let apps: Vec<&str> = self.clients.iter().map(String::as_str).collect();
        shelf::any(&words, wanted) || shelf::any(&apps, wanted)
    }
}

/// The state of the screen.
#[derive(Clone, Debug, Default)]
pub struct Sessions {
    /// The rows.
    pub rows: Sifted<SessionRow>,
    /// Whose sessions are shown, if not everybody's.
    pub of: Option<(UserId, String)>,
}

impl Sessions {
    /// The question whose answer this screen shows.
    pub fn query(&self) -> Query {
        Query::Sessions(self.of.as_ref().map(|(id, _)| id.clone()))
    }

    /// How many live sessions of a person are known here.
    pub fn alive_of(&self, user: &UserId) -> usize {
        self.rows.all().iter().filter(|row| row.session.user_id == *user).count()
    }
}
