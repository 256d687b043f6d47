//! The screen of signing keys: which signs, which comes next, which are only believed still.
//! How it looks is in `keys_view`.

use super::super::{
    list::{Keyed, List},
    search::Search,
    text,
};
use crate::model::key::KeyStanding;

/// So much of a key's id tells it from others.
const NAME: usize = 8;

impl Keyed for KeyStanding {
    type Id = String;

    fn key(&self) -> String {
        self.key.kid.clone()
    }

    fn title(&self) -> String {
        format!("key {}", name(&self.key.kid))
    }
}

/// How a key's id begins.
pub fn name(kid: &str) -> String {
    text::clean(kid.get(..NAME).unwrap_or(kid), NAME)
}

/// The state of the screen.
#[derive(Clone, Debug, Default)]
pub struct Keys {
    /// Those that pass the filter.
    pub list: List<KeyStanding>,
    /// The filter.
    pub search: Search,
    /// Whether the selected key fills the screen.
    pub page: bool,
    all: Vec<KeyStanding>,
}

impl Keys {
    /// Takes rows; answers which selected one vanished.
    pub fn take(&mut self, rows: Vec<KeyStanding>) -> Option<String> {
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

    fn sifted(&self) -> Vec<KeyStanding> {
        let wanted = self.search.text().to_lowercase();
        let passes = |row: &&KeyStanding| {
            let key = &row.key;
            let words = [key.kid.as_str(), key.algorithm.as_str(), key.state.as_str()];
            wanted.is_empty() || words.into_iter().any(|word| word.to_lowercase().contains(&wanted))
        };
        self.all.iter().filter(passes).cloned().collect()
    }

    /// Every key, whatever the filter.
    pub fn all(&self) -> &[KeyStanding] {
        &self.all
    }
}
