//! A window of people by user name, as several screens show it: rows, filter, and what lies before and behind.

use super::{
    super::{
        action::Motion,
        list::{Keyed, List},
        search::Search,
        text,
        wait::Wait,
    },
    shelf::Shelf,
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
    /// Whether the selected person fills the screen.
    pub page: bool,
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

    /// Whether there are rows behind the window.
    pub fn more(&self) -> bool {
        self.list.rows().len() >= WINDOW
    }

    /// Which row of all is selected, in words.
    pub fn place(&self) -> String {
        format!("row {}", text::grouped(self.before() + self.list.place() + 1))
    }

    /// How many rows stand before the window.
    pub fn before(&self) -> usize {
        self.anchors.len() * (WINDOW / 2)
    }
}

impl Shelf for People {
    fn search(&self) -> &Search {
        &self.search
    }

    fn search_mut(&mut self) -> &mut Search {
        &mut self.search
    }

    fn wait(&self) -> &Wait {
        &self.list.wait
    }

    fn wait_mut(&mut self) -> &mut Wait {
        &mut self.list.wait
    }

    fn count(&self) -> usize {
        self.list.rows().len()
    }

    fn gone(&self) -> Option<&str> {
        self.list.gone()
    }

    fn title(&self) -> Option<String> {
        self.list.selected().map(Keyed::title)
    }

    fn id(&self) -> Option<String> {
        self.list.selected().map(|row| row.key().to_string())
    }

    fn page(&self) -> bool {
        self.page
    }

    fn set_page(&mut self, page: bool) -> bool {
        let may = !page || self.list.selected().is_some();
        std::mem::replace(&mut self.page, page && may)
    }

    fn step(&mut self, motion: Motion, page: usize) -> bool {
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

    fn follow(&mut self, height: usize) {
        self.list.follow(height);
    }

    fn pick(&mut self, below: usize) {
        self.list.pick(below);
    }

    fn refilter(&mut self) -> bool {
        self.rewind();
        true
    }
}
