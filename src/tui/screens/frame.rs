//! A list in its frame, and beside or under it what is selected, as all screens have them: heading and filter above,
//! rows, what is said when there are none, and at the foot where the selection is.

use std::fmt;

use ratatui::layout::Rect;

use super::{
    super::{
        app::App,
        canvas::{Canvas, Piece},
        list::{Keyed, List},
        search::Search,
        text,
        theme::Role,
        widgets::{
            flow::Flow,
            table::{self, Cell, Column},
        },
    },
    heading,
};
use crate::time::Time;

/// Words that somebody made, and what they mean.
pub(in crate::tui) type Words = (String, Role);

/// What the cells of a row say.
type Cells<'a, R> = Box<dyn Fn(&R, Time) -> Vec<Cell> + 'a>;

/// What stands around the rows, and the rows.
pub(in crate::tui) struct Frame<'a, R: Keyed> {
    pub title: &'static str,
    pub search: &'a Search,
    pub list: &'a List<R>,
    /// How many there are, behind the title.
    pub counts: Vec<Words>,
    pub columns: &'static [Column],
    pub cells: Cells<'a, R>,
    /// What is said when a filter finds nothing, and what to do then.
    pub nothing: [Words; 2],
    /// What is said when there is nothing at all, and what to do then.
    pub empty: [Words; 2],
    /// What stands at the foot instead of the row's number.
    pub foot: Option<String>,
}

impl<R: Keyed> fmt::Debug for Frame<'_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Frame").field("title", &self.title).finish_non_exhaustive()
    }
}

/// What is said when a filter finds nothing; `looked` is what it has looked through: `no name or address`.
pub(super) fn nothing(looked: &str, search: &Search) -> [Words; 2] {
    [
        (format!("{looked} holds “{}”", search.text()), Role::Text),
        ("Esc clears the filter".to_owned(), Role::Muted),
    ]
}

/// A sentence that says that there is nothing, and one that says what to do.
pub(super) fn empty(none: impl Into<String>, next: impl Into<String>) -> [Words; 2] {
    [(none.into(), Role::Strong), (next.into(), Role::Muted)]
}

/// How many rows of how many are shown; `+` when the window is full. Nothing before rows came.
pub(super) fn shown_of<R: Keyed>(list: &List<R>, total: usize, window: usize, noun: &str) -> Words {
    let shown = list.rows().len();
    let most = if total >= window { "+" } else { "" };
    let count = if !list.wait.loaded() {
        String::new()
    } else if shown == total {
        format!("{}{most}{noun}", text::grouped(total))
    } else {
        format!("{} of {}{most}{noun}", text::grouped(shown), text::grouped(total))
    };
    (count, Role::Muted)
}

impl<R: Keyed> Frame<'_, R> {
    /// What stands in place of rows; none when there are rows.
    pub(in crate::tui) fn instead(&self, app: &App) -> Option<Vec<Words>> {
        if !self.list.rows().is_empty() {
            return None;
        }
        if let Some(why) = table::waiting(app, self.list) {
            return Some(why);
        }
        let none = if self.search.text().is_empty() { &self.empty } else { &self.nothing };
        Some(none.to_vec())
    }

    /// Draws it.
    pub(super) fn draw(&self, canvas: &mut Canvas<'_>, panel: Rect, app: &App) {
        let counts: Vec<Piece<'_>> =
            self.counts.iter().map(|(words, role)| (words.as_str(), *role)).collect();
        heading::draw(canvas, panel, self.title, self.search, &counts);
        let now = canvas.now;
        table::draw(canvas, panel, self.columns, self.list, |row| (self.cells)(row, now));
        if let Some(lines) = self.instead(app) {
            let lines: Vec<Piece<'_>> =
                lines.iter().map(|(words, role)| (words.as_str(), *role)).collect();
            table::draw_empty(canvas, panel, &lines);
            return;
        }
        let foot = match (self.list.gone(), &self.foot) {
            (Some(gone), _) => format!("{gone} is gone: j k choose another row"),
            (None, Some(foot)) => foot.clone(),
            (None, None) => format!("row {}", text::grouped(self.list.place() + 1)),
        };
        canvas.foot(panel, &foot);
    }
}

/// Draws a list and what is selected in it: both where there is room for `one`, else the one that was opened.
pub(super) fn draw<R: Keyed>(
    canvas: &mut Canvas<'_>,
    (panel, beside): (Rect, Option<Rect>),
    app: &App,
    frame: &Frame<'_, R>,
    one: impl Fn(&mut Canvas<'_>, Rect, &R, bool),
) {
    frame.draw(canvas, panel, app);
    if let Some(beside) = beside {
        selected(canvas, beside, frame.list, false, one);
    }
}

/// Draws what is selected, or the empty panel of what is gone.
pub(super) fn selected<R: Keyed>(
    canvas: &mut Canvas<'_>,
    panel: Rect,
    list: &List<R>,
    focus: bool,
    one: impl Fn(&mut Canvas<'_>, Rect, &R, bool),
) {
    if let Some(row) = list.selected() {
        one(canvas, panel, row, focus);
        return;
    }
    let inner = canvas.panel(panel, focus, &[]);
    let gone = list.gone().map(|gone| format!("{gone} is gone from this list"));
    Flow::new(canvas, inner).say(gone.as_deref().unwrap_or_default(), Role::Muted);
}
