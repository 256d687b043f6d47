//! How the screen of API keys looks: the list, and one key in full with its use by the day.

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
    apikeys::{DAYS, WINDOW},
    frame::{self, Frame},
};
use crate::{
    model::apikey::{DayOfUse, Due},
    ops::apikey::standing::Standing,
    time::Time,
};

const COLUMNS: [Column; 7] = [
    Column { title: "begins", min: 9, max: 14, rank: 8 },
    Column { title: "name", min: 10, max: 24, rank: 10 },
    Column { title: "owner", min: 10, max: 28, rank: 9 },
    Column { title: "state", min: 14, max: 16, rank: 7 },
    Column { title: "used", min: 5, max: 5, rank: 5 },
    Column { title: "bucket", min: 11, max: 15, rank: 4 },
    Column { title: "scopes", min: 12, max: 40, rank: 3 },
];

/// Draws the screen.
pub fn draw(canvas: &mut Canvas<'_>, body: Rect, app: &App) {
    let rows = &app.apikeys.rows;
    let one = |canvas: &mut Canvas<'_>, panel: Rect, row: &Standing, focus: bool| {
        inspector(canvas, panel, app, row, focus);
    };
    if rows.page {
        return frame::selected(canvas, body, &rows.list, true, one);
    }
    frame::draw(canvas, layout::apikeys(body), app, &frame(app), one);
}

/// The list and what stands around it.
pub(in crate::tui) fn frame(app: &App) -> Frame<'_, Standing> {
    let rows = &app.apikeys.rows;
    let wants = rows.all().iter().filter(|row| row.wants_something()).count();
    let wants = match wants {
        0 => String::new(),
        1 => "   1 needs attention".to_owned(),
        n => format!("   {} need attention", text::grouped(n)),
    };
    Frame {
        title: "API keys",
        search: &rows.search,
        list: &rows.list,
        counts: vec![
            frame::shown_of(&rows.list, rows.all().len(), WINDOW, ""),
            (wants, Role::Warn),
        ],
        columns: &COLUMNS,
        cells: Box::new(cells),
        nothing: frame::nothing("no name, owner, beginning, state or scope", &rows.search),
        empty: frame::empty("There is no API key yet.", "N makes one; it is shown once."),
        foot: None,
    }
}

/// The state in two or three words: what it is, or what should be done about it.
fn state(row: &Standing, now: Time) -> (String, Role) {
    let left = |until: Time| text::brief(until.since(now));
    match (row.state, row.due, row.ends_at) {
        ("revoked", ..) => ("revoked".to_owned(), Role::Muted),
        ("expired", _, _) if row.row.key.replaced_by.is_some() => {
            ("replaced".to_owned(), Role::Muted)
        }
        ("expired", _, Some(end)) => (format!("ENDED {} ▲", text::ago(now, end)), Role::Danger),
        (_, Due::Over(at), _) => (format!("overdue {} ▲", text::ago(now, at)), Role::Danger),
        (_, Due::Soon(at), _) => (format!("due in {} ▲", left(at)), Role::Warn),
        (_, Due::No, Some(end)) => (format!("ends in {}", left(end)), Role::Text),
        (_, Due::No, None) => ("in force".to_owned(), Role::Good),
    }
}

fn owner(row: &Standing) -> String {
    match &row.row.agent {
        Some(agent) => format!("{agent} ({})", row.row.username),
        None => row.row.username.clone(),
    }
}

fn bucket(row: &Standing) -> (String, Role) {
    if row.state != "active" {
        return ("–".to_owned(), Role::Muted);
    }
    let depth = row.row.key.burst_size;
    let role = if row.today.limited > 0 || row.left == 0 { Role::Warn } else { Role::Text };
    let mark = if row.today.limited > 0 { " ▲" } else { "" };
    (format!("{}/{depth}{mark}", row.left), role)
}

fn cells(row: &Standing, now: Time) -> Vec<Cell> {
    let key = &row.row.key;
    let used = key.last_used_at.map_or_else(|| "never".to_owned(), |at| text::ago(now, at));
    vec![
        (format!("{}…", key.hint), Role::Muted),
        (key.name.clone(), Role::Strong),
        (owner(row), Role::Text),
        state(row, now),
        (used, Role::Muted),
        bucket(row),
        (key.scopes.to_string(), Role::Text),
    ]
}

/// A word for the one line of a window that is too small for more.
pub fn word(row: &Standing, now: Time) -> String {
    format!("{} of {} {}", row.row.key.name, row.row.username, state(row, now).0)
}

fn inspector(canvas: &mut Canvas<'_>, panel: Rect, app: &App, row: &Standing, focus: bool) {
    let now = canvas.now;
    let key = &row.row.key;
    let (word, role) = state(row, now);
    let title = format!("{}  {}… ", text::clean(&key.name, 32), key.hint);
    let inner = canvas.panel(panel, focus, &[(&title, Role::Strong), (&word, role)]);
    let mut flow = Flow::new(canvas, inner);
    flow.fact("owner", &owner(row), Role::Text);
    flow.fact("may", &key.scopes.to_string(), Role::Text);
    let rate = format!("{} a minute, {} at once", key.requests_per_minute, key.burst_size);
    let line = flow.line();
    flow.canvas.text(line, "bucket", Role::Muted);
    let at = Rect { x: line.x.saturating_add(10), width: 12, ..line }.intersection(line);
    flow.canvas.bar(at, row.left.min(key.burst_size), key.burst_size, bucket(row).1);
    let at = Rect { x: line.x.saturating_add(24), width: line.width.saturating_sub(24), ..line };
    let words = format!("{} of {} left · {rate}", row.left, key.burst_size);
    flow.canvas.text(at.intersection(line), &words, Role::Text);
    used(&mut flow, app, row, now);
    ends(&mut flow, row, now);
    let made = format!("{} · {}", text::moment(key.created_at), key.id);
    flow.fact("made", &made, Role::Text);
    if let Some(before) = &key.replaces {
        flow.fact("replaces", before.as_str(), Role::Text);
    }
    if let Some(after) = &key.replaced_by {
        flow.fact("followed", &format!("by {after}"), Role::Text);
    }
    if let Some(at) = key.revoked_at {
        let why = key.revoke_reason.as_deref().unwrap_or("revoked");
        flow.fact("ended", &format!("{} · {why}", text::moment(at)), Role::Danger);
    }
}

fn ends(flow: &mut Flow<'_, '_>, row: &Standing, now: Time) {
    let key = &row.row.key;
    let end = row.ends_at.map_or_else(|| "never".to_owned(), text::moment);
    let due = key.rotation_due_at.filter(|_| key.replaced_by.is_none());
    let due = due.map_or_else(String::new, |at| {
        let when = if at > now {
            format!("in {}", text::brief(at.since(now)))
        } else {
            format!("since {}", text::brief(now.since(at)))
        };
        format!(" · rotation due {when}")
    });
    let role = if row.wants_something() { Role::Warn } else { Role::Text };
    flow.fact("ends", &format!("{end}{due}"), role);
}

/// When it was last used and from where, and how often on each day.
fn used(flow: &mut Flow<'_, '_>, app: &App, row: &Standing, now: Time) {
    let key = &row.row.key;
    let last = match (key.last_used_at, &key.last_used_address) {
        (None, _) => "never".to_owned(),
        (Some(at), None) => text::moment(at),
        (Some(at), Some(from)) => format!("{} from {from}", text::moment(at)),
    };
    let limited = match row.today.limited {
        0 => String::new(),
        n => format!(" · {n} over the limit"),
    };
    let today = format!("{last} · today {}{limited}", row.today.used);
    flow.fact("used", &today, Role::Text);
    let Some(days) = app.apikeys.usage(&key.id) else { return };
    let values = by_day(days, now);
    let total: u64 = values.iter().copied().map(u64::from).sum();
    let line = flow.line();
    flow.canvas.text(line, "30 days", Role::Muted);
    let at = Rect { x: line.x.saturating_add(10), width: 30, ..line }.intersection(line);
    flow.canvas.spark(at, &values, Role::Good);
    let at = Rect { x: line.x.saturating_add(42), width: line.width.saturating_sub(42), ..line };
    flow.canvas.text(at.intersection(line), &format!("{total} uses"), Role::Muted);
}

/// Uses of the last days, oldest first; days on which it was not used stand there too.
fn by_day(days: &[DayOfUse], now: Time) -> Vec<u32> {
    let today = DayOfUse::day_of(now);
    let of = |day: i64| days.iter().find(|one| one.day == day).map_or(0, |one| one.used);
    (0..i64::from(DAYS)).rev().map(|back| of(today - back)).collect()
}
