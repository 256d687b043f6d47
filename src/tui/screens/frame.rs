//! A list in its frame, as most screens have one: heading and filter above, rows, what is said when there are none, and
//! at the foot where the selection is.

use ratatui::layout::Rect;

use super::{
    super::{
        app::App,
        canvas::{Canvas, Piece},
        list::{Keyed, List},
        search::Search,
        text,
        theme::Role,
        widgets::table::{self, Cell, Column},
    },
    heading,
};
use crate::time::Time;

/// What stands around the rows, and the rows.
pub(super) struct Frame<'a, R: Keyed> {
    pub title: &'a str,
    pub search: &'a Search,
    /// How many there are, behind the title.
    pub counts: &'a [Piece<'a>],
    pub columns: &'a [Column],
    pub list: &'a List<R>,
    /// What a filter has looked through in vain: `no name or address`.
    pub none: &'a str,
    /// What is said when there is nothing at all, and what to do then.
    pub empty: [Piece<'a>; 2],
    /// What stands at the foot instead of the row's number.
    pub foot: Option<String>,
}

/// Draws it.
pub(super) fn draw<R: Keyed>(
    canvas: &mut Canvas<'_>,
    panel: Rect,
    app: &App,
    frame: &Frame<'_, R>,
    cells: impl Fn(&R, Time) -> Vec<Cell>,
) {
    let Frame { search, list, .. } = frame;
    heading::draw(canvas, panel, frame.title, search, frame.counts);
    let now = canvas.now;
    table::draw(canvas, panel, frame.columns, list, |row| cells(row, now));
    if table::draw_waiting(canvas, panel, app, list) {
        return;
    }
    if list.rows().is_empty() {
        let typed = search.text();
        let none = format!("{} holds “{typed}”", frame.none);
        let filtered = [(none.as_str(), Role::Text), ("Esc clears the filter", Role::Muted)];
        table::draw_empty(canvas, panel, if typed.is_empty() { &frame.empty } else { &filtered });
        return;
    }
    let foot = match (list.gone(), &frame.foot) {
        (Some(gone), _) => format!("{gone} is gone: j k choose another row"),
        (None, Some(foot)) => foot.clone(),
        (None, None) => format!("row {}", text::grouped(list.place() + 1)),
    };
    canvas.foot(panel, &foot);
}
