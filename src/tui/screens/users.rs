//! The screen of people: a window of rows by name, and what goes beside the selected person.
//! How it looks is in `users_view`.

use super::super::{
    action::Motion,
    list::{Keyed, List},
    msg::{Detail, Query, Ticket},
    search::Search,
    text,
};
use crate::model::{id::UserId, user::UserRow};

/// How many rows are held at once; the next window begins in the middle of this one.
pub const WINDOW: usize = 200;

impl Keyed for UserRow {
    type Id = UserId;

    fn key(&self) -> UserId {
        self.user.id.clone()
    }

    fn title(&self) -> String {
        text::clean(&self.user.username, 32)
    }
}

/// The state of the screen.
#[derive(Clone, Debug, Default)]
pub struct Users {
    /// The window.
    pub list: List<UserRow>,
    /// The filter.
    pub search: Search,
    /// Whether the selected person fills the screen.
    pub page: bool,
    /// What goes beside the selected person, once it came.
    detail: Option<Detail>,
    detail_ticket: Ticket,
    detail_of: Option<UserId>,
    /// The user names behind which this and the windows before it begin.
    anchors: Vec<String>,
    /// A step that waits for the next window.
    step: Option<Motion>,
    /// The person to choose when rows come.
    wanted: Option<UserId>,
}

impl Users {
    /// The question whose answer this screen shows.
    pub fn query(&self) -> Query {
        Query::Users { filter: self.search.text().to_owned(), after: self.anchors.last().cloned() }
    }

    /// Begins again at the first window, for another filter.
    pub fn rewind(&mut self) {
        self.anchors.clear();
        self.step = None;
    }

    /// Shows one person: the filter becomes their name.
    pub fn look_for(&mut self, id: UserId) {
        self.rewind();
        self.wanted = Some(id);
    }

    /// Takes rows; answers who vanished.
    pub fn take(&mut self, rows: Vec<UserRow>) -> Option<String> {
        let vanished = self.list.take(rows);
        if let Some(motion) = self.step.take() {
            self.list.step(motion, 1);
        }
        if let Some(id) = self.wanted.take() {
            self.list.choose(&id);
        }
        vanished
    }

    /// Moves the selection; answers whether another window is needed for it.
    pub fn step(&mut self, motion: Motion, page: usize) -> bool {
        if !self.list.step(motion, page) {
            return false;
        }
        match motion {
            Motion::Down | Motion::PageDown if self.more() => {
                let middle = self.list.rows().get(WINDOW / 2 - 1);
                self.anchors.extend(middle.map(|row| row.user.username.clone()));
                self.step = Some(Motion::Down);
                true
            }
            Motion::Up | Motion::PageUp => {
                let earlier = self.anchors.pop().is_some();
                self.step = earlier.then_some(Motion::Up);
                earlier
            }
            Motion::Down | Motion::PageDown | Motion::First | Motion::Last => false,
        }
    }

    /// Whether there are rows behind the window.
    pub fn more(&self) -> bool {
        self.list.rows().len() >= WINDOW
    }

    /// How many rows stand before the window.
    pub fn before(&self) -> usize {
        self.anchors.len() * (WINDOW / 2)
    }

    /// The question about the selected person, if it was not asked yet.
    pub fn detail_query(&mut self, ticket: Ticket) -> Option<Query> {
        let id = self.list.selected().map(Keyed::key)?;
        if self.detail_of.as_ref() == Some(&id) {
            return None;
        }
        self.detail_of = Some(id.clone());
        self.detail_ticket = ticket;
        Some(Query::Detail(id))
    }

    /// Lets the question about the selected person be asked again.
    pub fn refresh_detail(&mut self) {
        self.detail_of = None;
    }

    /// Takes what goes beside a person, unless somebody else is asked about by now.
    pub fn take_detail(&mut self, ticket: Ticket, detail: Detail) -> bool {
        let wanted = ticket == self.detail_ticket && self.detail_of.as_ref() == Some(&detail.user);
        if wanted {
            self.detail = Some(detail);
        }
        wanted
    }

    /// What goes beside this person, if it is there.
    pub fn detail(&self, id: &UserId) -> Option<&Detail> {
        self.detail.as_ref().filter(|detail| detail.user == *id)
    }
}
