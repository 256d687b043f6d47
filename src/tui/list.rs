//! A window of rows with a selection that is an id: rows may come, go and move, the selection stays on what was chosen.
//! What the rows are and how they are asked for is for the screens.

use std::fmt;

use super::{action::Motion, wait::Wait};

/// A row that can be chosen.
pub trait Keyed {
    /// What tells it from every other row.
    type Id: Clone + PartialEq + fmt::Debug + fmt::Display;
    /// Its id.
    fn key(&self) -> Self::Id;
    /// What to call it, fit for the screen.
    fn title(&self) -> String;
}

/// A window of rows.
#[derive(Clone, Debug)]
pub struct List<R: Keyed> {
    rows: Vec<R>,
    selected: Option<(R::Id, String)>,
    /// Where the selection is or was.
    place: usize,
    /// What was selected when it vanished.
    gone: Option<String>,
    /// The first row that is drawn.
    top: usize,
    /// What is asked and was answered.
    pub wait: Wait,
}

impl<R: Keyed> Default for List<R> {
    fn default() -> Self {
        Self {
            rows: Vec::new(),
            selected: None,
            place: 0,
            gone: None,
            top: 0,
            wait: Wait::default(),
        }
    }
}

impl<R: Keyed> List<R> {
    /// Takes rows; answers the title of the selected row if it is not among them any more.
    pub fn take(&mut self, rows: Vec<R>) -> Option<String> {
        self.wait.answered();
        self.show(rows)
    }

    /// As [`List::take`], for rows that were here already and are sifted otherwise.
    pub fn show(&mut self, rows: Vec<R>) -> Option<String> {
        self.rows = rows;
        if self.wait.take_fresh() {
            self.gone = None;
            self.top = 0;
            self.selected = None;
            self.select(0);
            return None;
        }
        let Some((id, title)) = self.selected.take() else {
            if self.gone.is_none() {
                self.select(self.place);
            }
            return None;
        };
        if let Some(index) = self.rows.iter().position(|row| row.key() == id) {
            self.select(index);
            return None;
        }
        self.gone = Some(title.clone());
        Some(title)
    }

    fn select(&mut self, index: usize) {
        let index = index.min(self.rows.len().saturating_sub(1));
        self.place = index;
        self.selected = self.rows.get(index).map(|row| (row.key(), row.title()));
        if self.selected.is_some() {
            self.gone = None;
        }
    }

    /// Moves the selection; answers whether it could not because the window ends there.
    pub fn step(&mut self, motion: Motion, page: usize) -> bool {
        let last = self.rows.len().saturating_sub(1);
        let page = page.max(1);
        // Where the row vanished, the next one has taken its place: down is already there.
        let below = if self.gone.is_some() { self.place } else { self.place + 1 };
        let wanted = match motion {
            Motion::Up => self.place.checked_sub(1),
            Motion::Down => (below <= last).then_some(below),
            Motion::PageUp => (self.place > 0).then(|| self.place.saturating_sub(page)),
            Motion::PageDown => (below <= last).then(|| (self.place + page).min(last)),
            Motion::First => Some(0),
            Motion::Last => Some(last),
        };
        if let Some(index) = wanted {
            self.select(index);
            return false;
        }
        if self.gone.is_some() {
            self.select(self.place);
        }
        true
    }

    /// Chooses the row with this id, when it is there.
    pub fn choose(&mut self, id: &R::Id) -> bool {
        let index = self.rows.iter().position(|row| row.key() == *id);
        if let Some(index) = index {
            self.select(index);
        }
        index.is_some()
    }

    /// Chooses the row that stands so far below the first that is drawn, if there is one.
    pub fn pick(&mut self, below: usize) {
        if self.top + below < self.rows.len() {
            self.select(self.top + below);
        }
    }

    /// Scrolls so that the selection is among `height` rows.
    pub fn follow(&mut self, height: usize) {
        let height = height.max(1);
        let lowest = self.rows.len().saturating_sub(height);
        self.top =
            self.top.min(self.place).max((self.place + 1).saturating_sub(height)).min(lowest);
    }

    /// The rows.
    pub fn rows(&self) -> &[R] {
        &self.rows
    }

    /// The selected row.
    pub fn selected(&self) -> Option<&R> {
        let (id, _) = self.selected.as_ref()?;
        self.rows.get(self.place).filter(|row| row.key() == *id)
    }

    /// Where the selection is or was.
    pub fn place(&self) -> usize {
        self.place
    }

    /// What was selected when it vanished; nothing can be done until another row is chosen.
    pub fn gone(&self) -> Option<&str> {
        self.gone.as_deref()
    }

    /// The first row that is drawn.
    pub fn top(&self) -> usize {
        self.top
    }
}

#[cfg(test)]
mod tests {
    use super::{super::msg::Ticket, *};

    impl Keyed for u32 {
        type Id = Self;
        fn key(&self) -> Self {
            *self
        }
        fn title(&self) -> String {
            format!("row {self}")
        }
    }

    fn list(rows: &[u32]) -> List<u32> {
        let mut list = List::default();
        list.take(rows.to_vec());
        list
    }

    #[test]
    fn selection_stays_on_its_row_when_rows_arrive_above_it() {
        let mut list = list(&[10, 20, 30]);
        list.step(Motion::Down, 1);
        assert_eq!(list.take(vec![1, 2, 3, 10, 20, 30]), None);
        assert_eq!(list.selected(), Some(&20));
        assert_eq!(list.place(), 4);
    }

    #[test]
    fn vanished_row_leaves_nothing_selected_until_the_next_move() {
        let mut list = list(&[10, 20, 30]);
        list.step(Motion::Down, 1);
        assert_eq!(list.take(vec![10, 30]), Some("row 20".to_owned()));
        assert_eq!(list.selected(), None);
        assert_eq!(list.take(vec![10, 30, 40]), None, "said once");
        assert_eq!((list.selected(), list.gone()), (None, Some("row 20")));
        list.step(Motion::Down, 1);
        assert_eq!((list.selected(), list.gone()), (Some(&30), None));
    }

    #[test]
    fn vanished_last_row_can_be_left_in_both_directions() {
        for motion in [Motion::Up, Motion::Down] {
            let mut list = list(&[10, 20]);
            list.step(Motion::Last, 1);
            list.take(vec![10]);
            list.step(motion, 1);
            assert_eq!(list.selected(), Some(&10), "{motion:?}");
        }
    }

    #[test]
    fn other_rows_begin_at_the_top() {
        let mut list = list(&[10, 20, 30]);
        list.step(Motion::Last, 1);
        list.wait.asked(Ticket(7), true);
        assert_eq!(list.take(vec![5, 6]), None);
        assert_eq!(list.selected(), Some(&5));
    }

    #[test]
    fn selection_is_scrolled_into_sight_and_no_row_is_wasted() {
        let mut list = list(&[1, 2, 3, 4, 5, 6]);
        list.step(Motion::Last, 1);
        list.follow(4);
        assert_eq!(list.top(), 2);
        list.follow(6);
        assert_eq!(list.top(), 0);
        list.step(Motion::First, 1);
        list.follow(1);
        assert_eq!(list.top(), 0);
    }
}
