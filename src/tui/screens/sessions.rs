//! The screen of sessions: who is signed in now, live, and one session in full.
//! How it looks is in `sessions_view`.

use super::super::{
    list::{Keyed, List},
    msg::Query,
    search::Search,
    text,
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

/// The state of the screen.
#[derive(Clone, Debug, Default)]
pub struct Sessions {
    /// Those that pass the filter.
    pub list: List<SessionRow>,
    /// The filter.
    pub search: Search,
    /// Whether the selected session fills the screen.
    pub page: bool,
    /// Whose sessions are shown, if not everybody's.
    pub of: Option<(UserId, String)>,
    all: Vec<SessionRow>,
}

impl Sessions {
    /// The question whose answer this screen shows.
    pub fn query(&self) -> Query {
        Query::Sessions(self.of.as_ref().map(|(id, _)| id.clone()))
    }

    /// Takes rows; answers which selected one vanished.
    pub fn take(&mut self, rows: Vec<SessionRow>) -> Option<String> {
        self.all = rows;
        let rows = self.sifted();
        self.list.take(rows)
    }

    /// Applies another filter to the rows that are here.
    pub fn sift_anew(&mut self) {
        self.list.wait.begin_anew();
        let rows = self.sifted();
        self.list.show(rows);
    }

    fn sifted(&self) -> Vec<SessionRow> {
        let wanted = self.search.text().to_lowercase();
        let passes = |row: &&SessionRow| {
            let session = &row.session;
            let words =
                [row.username.as_str(), &session.address, &session.user_agent, session.id.as_str()];
            wanted.is_empty()
                || words
                    .into_iter()
                    .chain(row.clients.iter().map(String::as_str))
                    .any(|word| word.to_lowercase().contains(&wanted))
        };
        self.all.iter().filter(passes).cloned().collect()
    }

    /// How many live sessions there are before the filter.
    pub fn total(&self) -> usize {
        self.all.len()
    }

    /// How many live sessions of a person are known here.
    pub fn alive_of(&self, user: &UserId) -> usize {
        self.all.iter().filter(|row| row.session.user_id == *user).count()
    }
}
