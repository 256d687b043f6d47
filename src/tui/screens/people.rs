//! A window of people by user name, as several screens show it: rows, filter, and what lies before and behind.

use super::super::{
    action::Motion,
    list::{Keyed, List},
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

/// A window of people.
#[derive(Clone, Debug, Default)]
pub struct People {
    /// The rows.
    pub list: List<UserRow>,
    /// The filter.
    pub search: Search,
    /// The user names behind which this and the windows before it begin.
    anchors: Vec<String>,
    /// A step that waits for the next window.
    step: Option<Motion>,
    /// The person to choose when rows come.
    wanted: Option<UserId>,
}

impl People {
    /// The user name behind which the window begins.
    pub fn after(&self) -> Option<String> {
        self.anchors.last().cloned()
    }

    /// Begins again at the first window, for another filter.
    pub fn rewind(&mut self) {
        self.anchors.clear();
        self.step = None;
    }

    /// Chooses one person when rows come, of another filter.
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
}
