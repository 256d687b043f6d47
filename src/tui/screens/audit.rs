//! The screen of attempts: which apps tried to get a token, and why they were refused; those first.
//! How it looks is in `audit_view`.

use super::super::{
    list::{Keyed, List},
    search::Search,
    text,
};
use crate::model::{
    id::TraceId,
    trace::{Shown, State, Trace},
};

/// How many attempts are held at most, the newest.
pub const WINDOW: usize = 300;

impl Keyed for Trace {
    type Id = TraceId;

    fn key(&self) -> TraceId {
        self.id.clone()
    }

    fn title(&self) -> String {
        text::clean(&format!("attempt {}", Shown(&self.id)), 32)
    }
}

/// The state of the screen.
#[derive(Clone, Debug, Default)]
pub struct Audit {
    /// Those that pass the filter.
    pub list: List<Trace>,
    /// The filter.
    pub search: Search,
    all: Vec<Trace>,
}

impl Audit {
    /// Takes rows, newest first; answers which selected one vanished.
    pub fn take(&mut self, mut rows: Vec<Trace>) -> Option<String> {
        // Stable: each half stays in its order.
        rows.sort_by_key(|row| row.state != State::Refused);
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

    fn sifted(&self) -> Vec<Trace> {
        let wanted = self.search.text().to_lowercase();
        let passes = |row: &&Trace| {
            let shown = Shown(&row.id).to_string();
            let rule = row.refusal().and_then(|hop| hop.rule).map_or("", |rule| rule.code());
            let words = [
                shown.as_str(),
                row.id.as_str(),
                row.client.as_deref().unwrap_or_default(),
                row.state.as_str(),
                row.kind.as_str(),
                row.address.as_str(),
                row.asked("redirect_uri").unwrap_or_default(),
                rule,
            ];
            wanted.is_empty() || words.into_iter().any(|word| word.to_lowercase().contains(&wanted))
        };
        self.all.iter().filter(passes).cloned().collect()
    }

    /// How many attempts are known before the filter, and how many of them were refused.
    pub fn totals(&self) -> (usize, usize) {
        let refused = self.all.iter().filter(|row| row.state == State::Refused).count();
        (self.all.len(), refused)
    }
}
