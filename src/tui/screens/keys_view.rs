//! How the screen of signing keys looks: the list, the lives of the keys on a line of time, and what a state means.

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
    frame::{self, Frame},
    keys::name,
};
use crate::{
    model::key::{KeyStanding, KeyState, MOST_COUNTED, Schedule, WITHDRAWN},
    time::Time,
};

const COLUMNS: [Column; 8] = [
    Column { title: "kid", min: 8, max: 8, rank: 9 },
    Column { title: "alg", min: 5, max: 5, rank: 6 },
    Column { title: "state", min: 8, max: 8, rank: 10 },
    Column { title: "in JWKS", min: 7, max: 7, rank: 4 },
    Column { title: "signs", min: 10, max: 16, rank: 8 },
    Column { title: "believed until", min: 14, max: 16, rank: 5 },
    Column { title: "age", min: 5, max: 5, rank: 3 },
    Column { title: "apps", min: 6, max: 8, rank: 7 },
];

/// Draws the screen.
pub fn draw(canvas: &mut Canvas<'_>, body: Rect, app: &App) {
    let rows = &app.keys;
    let one = |canvas: &mut Canvas<'_>, panel: Rect, row: &KeyStanding, focus: bool| {
        why(canvas, panel, app, row, focus);
    };
    if rows.page {
        return frame::selected(canvas, body, &rows.list, true, one);
    }
    let parts = layout::keys(body);
    frame::draw(canvas, (parts.list, parts.why), app, &frame(app), one);
    if let Some(panel) = parts.timeline {
        timeline(canvas, panel, app);
    }
}

/// The list and what stands around it.
pub(in crate::tui) fn frame(app: &App) -> Frame<'_, KeyStanding> {
    let rows = &app.keys;
    let longest = format!("access tokens live ≤ {}", text::brief(app.site.access_lifetime));
    Frame {
        title: "Signing keys",
        search: &rows.search,
        list: &rows.list,
        counts: vec![(longest, Role::Muted)],
        columns: &COLUMNS,
        cells: Box::new(cells),
        nothing: frame::nothing("no key id, algorithm or state", &rows.search),
        empty: frame::empty("There is no key yet.", "The server makes one."),
        foot: Some(text::count(rows.all().len(), "key")),
    }
}

fn state(row: &KeyStanding, now: Time) -> (&'static str, Role) {
    match row.key.state {
        KeyState::Active => ("ACTIVE", Role::Good),
        KeyState::Next => ("STAGED", Role::Strong),
        KeyState::Retired if row.key.is_published(now) => ("RETIRING", Role::Warn),
        KeyState::Retired => ("RETIRED", Role::Muted),
    }
}

/// A word for the one line of a window that is too small for more.
pub fn word(row: &KeyStanding, now: Time) -> String {
    format!("{} {} {}", name(&row.key.kid), row.key.algorithm, state(row, now).0)
}

fn cells(row: &KeyStanding, now: Time) -> Vec<Cell> {
    let key = &row.key;
    let (word, role) = state(row, now);
    let (signs, signs_role) = signs(row, now);
    let published = if key.is_published(now) { "yes" } else { "no" };
    let until = key.verifies_until.filter(|_| key.state == KeyState::Retired);
    let apps = match key.state {
        KeyState::Next => "–".to_owned(),
        KeyState::Active | KeyState::Retired => apps(row),
    };
    vec![
        (name(&key.kid), Role::Strong),
        (key.algorithm.as_str().to_owned(), Role::Text),
        (word.to_owned(), role),
        (published.to_owned(), Role::Text),
        (signs, signs_role),
        (until.map_or_else(|| "–".to_owned(), minute), Role::Text),
        (text::ago(now, key.created_at), Role::Muted),
        (apps, Role::Text),
    ]
}

fn signs(row: &KeyStanding, now: Time) -> (String, Role) {
    match (row.key.state, row.turns_at) {
        (KeyState::Active, _) if !row.in_use => ("not asked".to_owned(), Role::Muted),
        (KeyState::Active, _) => ("now".to_owned(), Role::Good),
        (KeyState::Next, Some(at)) if at > now => (format!("from {}", day(at)), Role::Text),
        (KeyState::Next, _) => ("after R".to_owned(), Role::Text),
        (KeyState::Retired, _) => ("no".to_owned(), Role::Muted),
    }
}

fn apps(row: &KeyStanding) -> String {
    let most = usize::try_from(MOST_COUNTED).unwrap_or(usize::MAX);
    match usize::try_from(row.apps).unwrap_or(usize::MAX) {
        n if n > most => format!("> {}", text::grouped(most)),
        n => text::grouped(n),
    }
}

/// `2026-11-23 03:12`.
fn minute(time: Time) -> String {
    text::moment(time).get(..16).map_or_else(String::new, str::to_owned)
}

/// `11-29`.
fn day(time: Time) -> String {
    text::moment(time).get(5..10).map_or_else(String::new, str::to_owned)
}

/// The lives of the newest keys; `now` stands on the same column in each.
fn timeline(canvas: &mut Canvas<'_>, panel: Rect, app: &App) {
    const LABEL: u16 = 10;
    let now = canvas.now;
    let inner = canvas.panel(panel, false, &[("Timeline", Role::Title)]);
    let mut flow = Flow::new(canvas, inner);
    let rows = app.keys.list.rows();
    let lines = usize::from(flow.left().saturating_sub(2));
    let shown = rows.get(..rows.len().min(lines)).unwrap_or_default();
    let Some(span) = Span::over(shown, now) else { return };
    let width = inner.width.saturating_sub(LABEL + 3);
    // Oldest first, as time goes.
    let axis = flow.line();
    let (first, last) = (day(span.from), day(span.to));
    let today = span.column(now, width);
    if today > 6 {
        flow.canvas.text(Rect { x: axis.x + LABEL, ..axis }, &first, Role::Muted);
    }
    flow.canvas.text_right(axis, &last, Role::Muted);
    let mark = Rect { x: axis.x + LABEL + today, width: 3, ..axis };
    flow.canvas.text(mark, "now", Role::Strong);
    for row in shown.iter().rev() {
        let line = flow.line();
        flow.canvas.text(Rect { width: LABEL, ..line }, &name(&row.key.kid), Role::Text);
        let at = Rect { x: line.x + LABEL, width, ..line };
        let words: String = (0..width).map(|x| span.glyph(row, x, width, now)).collect();
        flow.canvas.text(at, &words, state(row, now).1);
    }
    let last = Rect { y: inner.bottom().saturating_sub(1), height: 1, ..inner };
    canvas.text(
        Rect { x: last.x + 1 + LABEL, width: last.width.saturating_sub(LABEL + 1), ..last },
        "┄ published only   ━ signs   ─ only believed   ┆ now",
        Role::Muted,
    );
}

/// The time that the line shows.
struct Span {
    from: Time,
    to: Time,
}

impl Span {
    fn over(rows: &[KeyStanding], now: Time) -> Option<Self> {
        let from = rows.iter().map(|row| row.key.created_at).min()?;
        let ends = rows.iter().flat_map(|row| [row.turns_at, row.key.verifies_until]).flatten();
        let to = ends.chain([now]).max()?;
        // A part of the future is always seen.
        let room = to.since(from) / 12;
        Some(Self { from, to: to.plus(room.max(std::time::Duration::from_secs(3_600))) })
    }

    fn column(&self, at: Time, width: u16) -> u16 {
        let (part, whole) = (at.since(self.from).as_millis(), self.to.since(self.from).as_millis());
        let column = (part * u128::from(width)).checked_div(whole).unwrap_or(0);
        u16::try_from(column).unwrap_or(u16::MAX).min(width.saturating_sub(1))
    }

    fn glyph(&self, row: &KeyStanding, x: u16, width: u16, now: Time) -> char {
        let key = &row.key;
        let at = |time: Time| self.column(time, width);
        let ahead = row.turns_at.filter(|turn| *turn > now);
        let signs = key.activated_at.or(ahead.filter(|_| key.state == KeyState::Next));
        let ends = match key.state {
            KeyState::Retired => key.retired_at,
            KeyState::Active => ahead,
            KeyState::Next => None,
        };
        let gone = key.verifies_until.filter(|_| key.state == KeyState::Retired);
        if x == at(now) {
            '┆'
        } else if x < at(key.created_at) || gone.is_some_and(|gone| x > at(gone)) {
            ' '
        } else if signs.is_none_or(|signs| x < at(signs)) {
            // Of what was never to sign, only the past is known.
            if signs.is_none() && x > at(now) { ' ' } else { '┄' }
        } else if ends.is_some_and(|ends| x >= at(ends)) {
            if gone.is_some() || x == ends.map_or(0, at) { '─' } else { ' ' }
        } else {
            '━'
        }
    }
}

fn why(canvas: &mut Canvas<'_>, panel: Rect, app: &App, row: &KeyStanding, focus: bool) {
    let now = canvas.now;
    let (word, role) = state(row, now);
    let title = format!("{} {} ", row.key.kid, row.key.algorithm);
    let inner = canvas.panel(panel, focus, &[(&title, Role::Strong), (word, role)]);
    let mut flow = Flow::new(canvas, inner);
    for sentence in reasons(row, &app.site.schedule, now) {
        flow.say(&sentence, Role::Text);
    }
    let facts = [
        ("published", Some(row.key.created_at)),
        ("signed", row.key.activated_at),
        ("retired", row.key.retired_at),
    ];
    let known: Vec<String> = facts
        .into_iter()
        .filter_map(|(label, at)| at.map(|at| format!("{label} {}", text::moment(at))))
        .collect();
    flow.say(&known.join(" · "), Role::Muted);
    if focus {
        flow.gap();
        flow.say(&row.key.public_jwk.to_string(), Role::Muted);
    }
}

/// What the state of a key means, and what comes next, in sentences.
fn reasons(row: &KeyStanding, schedule: &Schedule, now: Time) -> Vec<String> {
    let key = &row.key;
    let ahead = text::brief(schedule.publish_ahead);
    let held = format!("About {} apps hold a token of it", apps(row));
    match key.state {
        KeyState::Active if !row.in_use => vec![
            format!(
                "No token is signed with {} now; it is believed as long as it stands here.",
                key.algorithm
            ),
            "T takes it out of use.".to_owned(),
        ],
        KeyState::Active => {
            let turn = match row.turns_at {
                Some(at) if at <= now => {
                    "Its turn is over: a running server takes the next step within a minute."
                        .to_owned()
                }
                Some(at) => format!(
                    "Its turn ends {} (auto); the next key is published {ahead} before.",
                    text::moment(at)
                ),
                None => "It signs until R: rotate_after is 0.".to_owned(),
            };
            vec![
                format!("It signs every new {} token.", key.algorithm),
                turn,
                format!("{held}: T would refuse them now."),
            ]
        }
        KeyState::Next => {
            let age = text::brief(now.since(key.created_at));
            let known = match row.ready_at {
                Some(ready) if ready > now => {
                    format!("R may let it sign from {} on.", text::moment(ready))
                }
                _ => "R may let it sign now.".to_owned(),
            };
            let auto = match row.turns_at {
                Some(at) => format!("It signs from {} (auto).", text::moment(at)),
                None => "It signs after R: rotate_after is 0, or nothing asks for its algorithm."
                    .to_owned(),
            };
            vec![format!("In the JWKS for {age}; {ahead} are needed. {known}"), auto]
        }
        KeyState::Retired if key.is_published(now) => {
            let until = key.verifies_until.map_or_else(String::new, text::moment);
            vec![
                format!("It signs no more. {held}; the last of them ends {until}."),
                "It leaves the JWKS then. T refuses those tokens now.".to_owned(),
            ]
        }
        KeyState::Retired => {
            let how = if key.retire_reason.as_deref() == Some(WITHDRAWN) {
                "It was taken out of use by hand"
            } else {
                "Its last token has ended"
            };
            let until = key.verifies_until.map_or_else(String::new, text::moment);
            vec![format!("{how} {until}; tokens of it are refused. The row is kept as history.")]
        }
    }
}
