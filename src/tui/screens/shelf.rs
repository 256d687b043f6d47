//! What every screen with a list can do, whatever its rows are: filter, page, wait for answers.

use super::super::{
    action::Motion,
    list::{Keyed, List},
    search::Search,
    wait::Wait,
};

/// The list of a screen, without its rows.
pub trait Shelf {
    /// The filter.
    fn search(&self) -> &Search;
    /// The filter, to be changed.
    fn search_mut(&mut self) -> &mut Search;
    /// How the newest question went.
    fn wait(&self) -> &Wait;
    /// The same, to be changed.
    fn wait_mut(&mut self) -> &mut Wait;
    /// How many rows are here.
    fn count(&self) -> usize;
    /// What was selected when it vanished.
    fn gone(&self) -> Option<&str>;
    /// What the selected row is called.
    fn title(&self) -> Option<String>;
    /// The selected row's id.
    fn id(&self) -> Option<String>;
    /// Whether the selected row fills the screen.
    fn page(&self) -> bool;
    /// Lets the selected row fill the screen, or not; answers whether it did before.
    fn set_page(&mut self, page: bool) -> bool;
    /// Moves the selection; answers whether another window is needed for it.
    fn step(&mut self, motion: Motion, page: usize) -> bool;
    /// Scrolls so that the selection is among `height` rows.
    fn follow(&mut self, height: usize);
    /// Chooses the row that stands so far below the first that is drawn, if there is one.
    fn pick(&mut self, below: usize);
    /// Follows a filter that has become another; answers whether the database must be asked for that.
    fn refilter(&mut self) -> bool;
}

/// A row that a filter can look through.
pub trait Sift: Keyed {
    /// Whether any of its words holds a text that is in lower case.
    fn holds(&self, wanted: &str) -> bool;
}

/// Whether any of these words holds a text that is in lower case.
pub(super) fn any(words: &[&str], wanted: &str) -> bool {
    words.iter().any(|word| word.to_lowercase().contains(wanted))
}

/// Rows that are all here, of which a filter shows some.
#[derive(Clone, Debug)]
pub struct Sifted<R: Sift> {
    /// Those that pass the filter.
    pub list: List<R>,
    /// The filter.
    pub search: Search,
    /// Whether the selected row fills the screen.
    pub page: bool,
    all: Vec<R>,
}

impl<R: Sift> Default for Sifted<R> {
    fn default() -> Self {
        Self { list: List::default(), search: Search::default(), page: false, all: Vec::new() }
    }
}

impl<R: Sift + Clone> Sifted<R> {
    /// Takes rows; answers which selected one vanished.
    pub fn take(&mut self, rows: Vec<R>) -> Option<String> {
        self.all = rows;
        let rows = self.sifted();
        self.list.take(rows)
    }

    fn sifted(&self) -> Vec<R> {
        let wanted = self.search.text().to_lowercase();
        let passes = |row: &&R| wanted.is_empty() || row.holds(&wanted);
        self.all.iter().filter(passes).cloned().collect()
    }
}

impl<R: Sift> Sifted<R> {
    /// Every row, whatever the filter.
    pub fn all(&self) -> &[R] {
        &self.all
    }
}

impl<R: Sift + Clone> Shelf for Sifted<R> {
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
        self.list.step(motion, page);
        false
    }

    fn follow(&mut self, height: usize) {
        self.list.follow(height);
    }

    fn pick(&mut self, below: usize) {
        self.list.pick(below);
    }

    fn refilter(&mut self) -> bool {
        self.list.wait.begin_anew();
        let rows = self.sifted();
        self.list.show(rows);
        false
    }
}
