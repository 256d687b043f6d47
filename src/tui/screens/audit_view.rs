//! How the screen of attempts looks: the list, and under it why the selected one was refused.

use ratatui::layout::Rect;

use super::{
    super::{
        app::App,
        canvas::Canvas,
        layout, text,
        theme::Role,
        widgets::{
            flow::Flow,
            table::{Cell, Column},
        },
    },
    audit::{WINDOW, refused},
    frame::{self, Frame},
};
use crate::{
    model::trace::{Rule, Shown, State, Trace},
    time::Time,
};

const COLUMNS: [Column; 7] = [
    Column { title: "reference", min: 9, max: 9, rank: 9 },
    Column { title: "when", min: 4, max: 5, rank: 8 },
    Column { title: "what", min: 9, max: 9, rank: 3 },
    Column { title: "state", min: 7, max: 7, rank: 7 },
    Column { title: "rule", min: 14, max: 24, rank: 6 },
    Column { title: "client", min: 12, max: 40, rank: 5 },
    Column { title: "from", min: 11, max: 24, rank: 4 },
];

/// Draws the screen.
pub fn draw(canvas: &mut Canvas<'_>, body: Rect, app: &App) {
    frame::draw(canvas, layout::sessions(body), app, &frame(app), short);
}

/// The list and what stands around it.
pub(in crate::tui) fn frame(app: &App) -> Frame<'_, Trace> {
    let rows = &app.attempts;
    let loaded = rows.list.wait.loaded();
    let refused = format!("   refused {}", text::grouped(refused(rows)));
    Frame {
        title: "Attempts",
        search: &rows.search,
        list: &rows.list,
        counts: vec![
            frame::shown_of(&rows.list, rows.all().len(), WINDOW, ""),
            (if loaded { refused } else { String::new() }, Role::Muted),
        ],
        columns: &COLUMNS,
        cells: Box::new(cells),
        nothing: frame::nothing("no reference, client, rule or address", &rows.search),
        empty: frame::empty(
            "No app has tried to get a token yet.",
            "A reference that somebody was given can be typed after :",
        ),
        foot: None,
    }
}

fn state(trace: &Trace) -> (&'static str, Role) {
    match trace.state {
        State::Refused => ("refused", Role::Danger),
        State::Open => ("open", Role::Muted),
        State::Done => ("done", Role::Good),
    }
}

/// A word for the one line of a window that is too small for more.
pub fn word(row: &Trace) -> String {
    format!("{} {}", Shown(&row.id), state(row).0)
}

fn rule(row: &Trace) -> Option<Rule> {
    row.refusal().and_then(|hop| hop.rule)
}

fn cells(row: &Trace, now: Time) -> Vec<Cell> {
    let (word, role) = state(row);
    vec![
        (Shown(&row.id).to_string(), Role::Strong),
        (text::ago(now, row.created_at), Role::Muted),
        (row.kind.as_str().to_owned(), Role::Text),
        (word.to_owned(), role),
        (rule(row).map_or_else(|| "–".to_owned(), |rule| rule.code().to_owned()), Role::Text),
        (row.client.clone().unwrap_or_else(|| "–".to_owned()), Role::Text),
        (row.address.clone(), Role::Muted),
    ]
}

fn short(canvas: &mut Canvas<'_>, panel: Rect, row: &Trace, _: bool) {
    let (word, role) = state(row);
    let title = format!("{} ", Shown(&row.id));
    let inner = canvas.panel(panel, false, &[(&title, Role::Strong), (word, role)]);
    let mut flow = Flow::new(canvas, inner);
    if let Some(broken) = rule(row) {
        flow.fact("why", broken.says(), Role::Warn);
        flow.fact("to mend", broken.fix(), Role::Text);
    } else {
        let last = row.hops.last().map_or("nothing was decided yet", |hop| hop.step.says());
        flow.fact("so far", last, Role::Text);
    }
    let asked = row.asked("redirect_uri").unwrap_or("–");
    flow.fact("redirect", &text::clean(asked, 200), Role::Muted);
}
