//! The screen of the audit record: what was done, by whom, newest first, and whether the chain of it is whole.

use ratatui::layout::Rect;

use super::{
    super::{
        app::App,
        canvas::Canvas,
        layout,
        list::Keyed,
        msg::Problem,
        text,
        theme::Role,
        widgets::{
            flow::Flow,
            table::{Cell, Column},
        },
    },
    frame::{self, Frame},
    shelf::{self, Sift, Sifted},
};
use crate::{
    model::{
        audit::EventRow,
        dashboard::{Severity, weigh},
        id::UserId,
    },
    ops::audit::chain::Checked,
    time::Time,
};

/// How many events are held at most, the newest.
pub const WINDOW: usize = 1_000;

impl Keyed for EventRow {
    type Id = i64;

    fn key(&self) -> i64 {
        self.id
    }

    fn title(&self) -> String {
        format!("event {}", self.id)
    }
}

impl Sift for EventRow {
    fn holds(&self, wanted: &str) -> bool {
        let (severity, words) = weigh(&self.event);
        let text = |field: &Option<String>| field.clone().unwrap_or_default();
        let fields = [
            self.event.as_str(),
            words,
            severity.as_str(),
            self.actor.as_str(),
            self.via.as_str(),
            self.detail.as_str(),
            &text(&self.user_id),
            &text(&self.client_id),
            &text(&self.session_id),
            &text(&self.address),
        ]
        .map(str::to_owned);
        let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
        shelf::any(&fields, wanted)
    }
}

/// The state of the screen.
#[derive(Clone, Debug, Default)]
pub struct Record {
    /// The events.
    pub rows: Sifted<EventRow>,
    /// Whose events are shown, if not everybody's.
    pub of: Option<(UserId, String)>,
    /// What the last check of the chain found, or that one is under way.
    pub checked: Check,
}

/// A check of the whole record.
#[derive(Clone, Debug, Default)]
pub enum Check {
    /// Nobody asked for one.
    #[default]
    Not,
    /// It is under way.
    Running,
    /// It ended.
    Done(Checked, Time),
    /// It could not be made.
    Failed(Problem),
}

const COLUMNS: [Column; 6] = [
    Column { title: "when", min: 14, max: 14, rank: 7 },
    Column { title: "sev", min: 4, max: 4, rank: 6 },
    Column { title: "event", min: 18, max: 26, rank: 9 },
    Column { title: "by", min: 10, max: 20, rank: 8 },
    Column { title: "about", min: 10, max: 20, rank: 5 },
    Column { title: "from", min: 12, max: 24, rank: 4 },
];

/// Draws the screen.
pub fn draw(canvas: &mut Canvas<'_>, body: Rect, app: &App) {
    let rows = &app.record.rows;
    if rows.page {
        return frame::selected(canvas, body, &rows.list, true, inspector);
    }
    frame::draw(canvas, layout::sessions(body), app, &frame(app), inspector);
}

/// The list and what stands around it.
pub(in crate::tui) fn frame(app: &App) -> Frame<'_, EventRow> {
    let rows = &app.record.rows;
    let whose = app.record.of.as_ref().map(|(_, name)| format!("of {name}   "));
    let whose = (whose.unwrap_or_default(), Role::Strong);
    Frame {
        title: "Audit",
        search: &rows.search,
        list: &rows.list,
        counts: vec![whose, frame::shown_of(&rows.list, rows.all().len(), WINDOW, ""), chain(app)],
        columns: &COLUMNS,
        cells: Box::new(cells),
        nothing: frame::nothing("no event, actor, id, address or detail among these", &rows.search),
        empty: frame::empty(
            "Nothing was recorded yet.",
            "Every act of an operator and of an app leaves an event here.",
        ),
        foot: None,
    }
}

/// Whether the record is whole, as far as that is known.
fn chain(app: &App) -> (String, Role) {
    let torn = app.dashboard.overview.as_ref().is_some_and(|overview| overview.torn);
    match &app.record.checked {
        Check::Running => ("   chain: checking …".to_owned(), Role::Muted),
        Check::Failed(problem) => (format!("   chain: {}", problem.text), Role::Warn),
        Check::Done(Checked { flaw: Some(flaw), .. }, _) => {
            let at = flaw.id().map_or_else(String::new, |id| format!(" at event {id}"));
            (format!("   chain BROKEN{at} ▲"), Role::Danger)
        }
        _ if torn => ("   chain TAMPERED WITH ▲ v checks".to_owned(), Role::Danger),
        Check::Done(checked, at) => {
            let events = usize::try_from(checked.events).unwrap_or(0);
            let events = text::count(events, "event");
            (format!("   chain ✓ {events}, {}", text::clock(*at)), Role::Good)
        }
        Check::Not => ("   chain: v checks it".to_owned(), Role::Muted),
    }
}

fn severity(row: &EventRow) -> (&'static str, Role) {
    let (severity, _) = weigh(&row.event);
    let role = match severity {
        Severity::High => Role::Danger,
        Severity::Medium => Role::Warn,
        Severity::Low => Role::Muted,
    };
    (severity.as_str(), role)
}

fn short(id: &str) -> String {
    let made = ["u_", "s_", "ak_", "a_", "c_", "g_"].iter().any(|prefix| id.starts_with(prefix));
    if made && id.len() > 16 { text::short_id(id) } else { id.to_owned() }
}

/// About whom or what, the most telling first.
fn about(row: &EventRow) -> String {
    let ids = [&row.user_id, &row.client_id, &row.session_id, &row.grant_id];
    ids.into_iter().flatten().next().map_or_else(|| "–".to_owned(), |id| short(id))
}

fn cells(row: &EventRow, _: Time) -> Vec<Cell> {
    let (word, role) = severity(row);
    let at = text::moment(row.at);
    vec![
        (at.get(5..19).unwrap_or(&at).to_owned(), Role::Muted),
        (word.to_owned(), role),
        (row.event.clone(), Role::Strong),
        (short(&row.actor), Role::Text),
        (about(row), Role::Text),
        (row.address.clone().unwrap_or_else(|| "–".to_owned()), Role::Muted),
    ]
}

fn inspector(canvas: &mut Canvas<'_>, panel: Rect, row: &EventRow, focus: bool) {
    let (_, words) = weigh(&row.event);
    let title = format!("Event {}  ", row.id);
    let inner = canvas.panel(panel, focus, &[(&title, Role::Strong), (words, Role::Text)]);
    let mut flow = Flow::new(canvas, inner);
    let by = format!("{} · {}", row.actor, row.via);
    flow.fact("when", &text::moment(row.at), Role::Text);
    flow.fact("by", &text::clean(&by, 200), Role::Text);
    let ids = [
        ("user", &row.user_id),
        ("client", &row.client_id),
        ("session", &row.session_id),
        ("grant", &row.grant_id),
        ("from", &row.address),
    ];
    for (label, id) in ids {
        if let Some(id) = id {
            flow.fact(label, &text::clean(id, 200), Role::Text);
        }
    }
    flow.fact("detail", &text::clean(&row.detail, 2_000), Role::Text);
}
