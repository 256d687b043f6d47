//! How the screen of people looks: the list, and one person in full.

use ratatui::layout::Rect;

use super::{
    super::{
        app::App,
        canvas::Canvas,
        layout,
        list::Keyed,
        text,
        theme::Role,
        widgets::table::{Cell, Column},
    },
    frame::{self, Frame, Words},
};
use crate::{
    model::user::{UserRow, UserState},
    time::Time,
};

/// So many of each are named beside a person.
const SOME: usize = 3;

const COLUMNS: [Column; 7] = [
    Column { title: "user", min: 12, max: 24, rank: 9 },
    Column { title: "name", min: 12, max: 26, rank: 3 },
    Column { title: "e-mail", min: 18, max: 36, rank: 2 },
    Column { title: "state", min: 8, max: 8, rank: 8 },
    Column { title: "MFA", min: 3, max: 3, rank: 7 },
    Column { title: "sessions", min: 8, max: 8, rank: 6 },
    Column { title: "signed in", min: 9, max: 9, rank: 5 },
];

/// Draws the screen.
pub fn draw(canvas: &mut Canvas<'_>, body: Rect, app: &App) {
    let people = &app.users.people;
    let one = |canvas: &mut Canvas<'_>, panel: Rect, row: &UserRow, focus: bool| {
        detail(canvas, panel, app, row, focus);
    };
    if people.page {
        return frame::selected(canvas, body, &people.list, true, one);
    }
    frame::draw(canvas, layout::users(body), app, &frame(app), one);
}

/// The list and what stands around it.
pub(in crate::tui) fn frame(app: &App) -> Frame<'_, UserRow> {
    let people = &app.users.people;
    let rows = people.list.rows().len();
    let count = match (people.more() || people.before() > 0, people.search.text().is_empty()) {
        _ if !people.list.wait.loaded() => String::new(),
        (true, _) => format!("{}+", text::grouped(people.before() + rows)),
        (false, true) => text::grouped(rows),
        (false, false) if rows == 1 => "1 match".to_owned(),
        (false, false) => format!("{} matches", text::grouped(rows)),
    };
    Frame {
        title: "Users",
        search: &people.search,
        list: &people.list,
        counts: vec![(count, Role::Muted)],
        columns: &COLUMNS,
        cells: Box::new(cells),
        nothing: frame::nothing("no name, user name or address", &people.search),
        empty: nobody(),
        foot: Some(people.place()),
    }
}

/// What is said where there are no people at all.
pub(super) fn nobody() -> [Words; 2] {
    [
        ("Nobody is here yet.".to_owned(), Role::Strong),
        ("Add the first person in a shell:  mcpcodex user create NAME".to_owned(), Role::Text),
    ]
}

fn cells(row: &UserRow, now: Time) -> Vec<Cell> {
    let user = &row.user;
    let (state, role) = state(row, now);
    vec![
        (user.username.clone(), Role::Strong),
        (user.name.clone(), Role::Text),
        (user.email.clone(), Role::Text),
        (state.to_owned(), role),
        if row.mfa() { ("✓".to_owned(), Role::Good) } else { ("–".to_owned(), Role::Warn) },
        if row.sessions == 0 {
            ("–".to_owned(), Role::Muted)
        } else {
            (row.sessions.to_string(), Role::Text)
        },
        (
            user.last_login_at.map_or_else(|| "never".to_owned(), |at| text::ago(now, at)),
            Role::Muted,
        ),
    ]
}

/// The account's state in a word: what it is, or that tries wait.
fn state(row: &UserRow, now: Time) -> (&'static str, Role) {
    match row.user.state {
        UserState::Active if row.paused_until.is_some_and(|until| until > now) => {
            ("paused", Role::Warn)
        }
        UserState::Active => ("active", Role::Good),
        UserState::Invited => ("invited", Role::Muted),
        UserState::Locked => ("locked", Role::Danger),
        UserState::Disabled => ("disabled", Role::Muted),
    }
}

fn detail(canvas: &mut Canvas<'_>, panel: Rect, app: &App, row: &UserRow, focus: bool) {
    let title = row.title();
    let inner = canvas.panel(panel, focus, &[(&title, Role::Strong)]);
    let inner = Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner };
    let mut page = Page { canvas, area: inner, y: inner.y };
    facts(&mut page, row);
    related(&mut page, app, row);
    canvas.foot(panel, row.user.id.as_str());
}

/// Lines from top to bottom, until the area is full.
struct Page<'a, 'b> {
    canvas: &'a mut Canvas<'b>,
    area: Rect,
    y: u16,
}

impl Page<'_, '_> {
    fn next(&mut self) -> Rect {
        let line = Rect { y: self.y, height: 1, ..self.area }.intersection(self.area);
        self.y = self.y.saturating_add(1);
        line
    }

    fn fact(&mut self, label: &str, words: &str, role: Role) {
        let line = self.next();
        self.canvas.text(Rect { width: line.width.min(11), ..line }, label, Role::Muted);
        let value = Rect { x: line.x + 11, width: line.width.saturating_sub(11), ..line };
        self.canvas.text(value, words, role);
    }

    fn section(&mut self, title: &str, keys: &str) {
        self.y = self.y.saturating_add(1);
        let line = self.next();
        self.canvas.text(line, title, Role::Title);
        self.canvas.text_right(line, keys, Role::Key);
    }

    /// A row of a section: what takes the room, a narrow column at the right.
    fn row(&mut self, words: &str, right: &str, role: Role) {
        let line = self.next();
        let width = line.width.saturating_sub(8);
        self.canvas.text(Rect { x: line.x + 1, width, ..line }, words, role);
        self.canvas.text_right(line, right, Role::Muted);
    }
}

fn facts(page: &mut Page<'_, '_>, row: &UserRow) {
    let user = &row.user;
    let now = page.canvas.now;
    let (word, role) = state(row, now);
    let state = match row.paused_until {
        Some(until) if until > now => {
            format!(
                "{word}: wrong passwords, tries count again in {}",
                text::brief(until.since(now))
            )
        }
        _ => word.to_owned(),
    };
    page.fact("state", &state, role);
    page.fact("name", if user.name.is_empty() { "–" } else { &user.name }, Role::Text);
    page.fact("e-mail", &user.email, Role::Text);
    page.fact("roles", &user.roles.join(", "), Role::Text);
    page.fact("created", &dated(now, Some(user.created_at), "–"), Role::Text);
    page.fact("signed in", &dated(now, user.last_login_at, "never"), Role::Text);
    page.fact("password", &dated(now, user.password_changed_at, "none yet"), Role::Text);
    let codes = format!(
        "on · {} left",
        text::count(usize::try_from(row.recovery_codes).unwrap_or(0), "recovery code")
    );
    let methods: Vec<&str> = row.methods.iter().copied().map(text::method).collect();
    let codes = format!("{} · {}", methods.join(", "), codes.trim_start_matches("on · "));
    match (row.mfa(), user.mfa_grace_from) {
        (true, _) => page.fact("MFA", &codes, Role::Good),
        (false, Some(_)) => page.fact("MFA", "off, and required: in the grace period", Role::Warn),
        (false, None) => page.fact("MFA", "off", Role::Warn),
    }
    let keys =
        if row.api_keys == 0 { "none".to_owned() } else { format!("{} in force", row.api_keys) };
    page.fact("API keys", &keys, Role::Text);
}

fn dated(now: Time, at: Option<Time>, never: &str) -> String {
    match at {
        None => never.to_owned(),
        Some(at) => {
            let full = text::moment(at);
            let day = full.get(..16).unwrap_or(&full);
            format!("{day}Z · {}", text::ago(now, at))
        }
    }
}

fn related(page: &mut Page<'_, '_>, app: &App, row: &UserRow) {
    let now = page.canvas.now;
    page.section(&format!("Sessions ({})", row.sessions), "gs");
    let Some(detail) = app.users.detail(&row.user.id) else {
        page.row("loading …", "", Role::Muted);
        return;
    };
    for session in detail.sessions.iter().take(SOME) {
        let agent = text::clean(&text::agent(&session.session.user_agent), 22);
        let words = format!("{agent:<16} {}", session.session.address);
        page.row(&words, &text::ago(now, session.session.last_seen_at), Role::Text);
    }
    if detail.sessions.is_empty() {
        page.row("not signed in anywhere", "", Role::Muted);
    }
    if !detail.keys.is_empty() {
        page.section(&format!("API keys ({})", detail.keys.len()), "gk");
    }
    for key in detail.keys.iter().take(SOME) {
        let key = &key.key;
        let (state, role) = match key.expires_at {
            _ if key.revoked_at.is_some() => ("revoked".to_owned(), Role::Muted),
            Some(end) if end <= now => ("ENDED".to_owned(), Role::Warn),
            Some(end) => (text::brief(end.since(now)), Role::Text),
            None => ("no end".to_owned(), Role::Text),
        };
        let words = format!("{}…  {}", key.hint, text::clean(&key.name, 24));
        page.row(&words, &state, role);
    }
    if !detail.apps.is_empty() {
        page.section(&format!("Connected apps ({})", detail.apps.len()), "w");
    }
    for app in detail.apps.iter().take(SOME) {
        let used = app.last_used_at.map_or_else(|| "–".to_owned(), |at| text::ago(now, at));
        page.row(&text::clean(&app.name, 32), &used, Role::Text);
    }
    page.section("Last events", "ga");
    for event in &detail.events {
        let actor = if event.actor == row.user.id.as_str() {
            row.user.username.clone()
        } else if event.actor.starts_with("u_") {
            text::short_id(&event.actor)
        } else {
            event.actor.clone()
        };
        page.row(&format!("{:<16} {}", event.event, actor), &text::ago(now, event.at), Role::Text);
    }
    if detail.events.is_empty() {
        page.row("none", "", Role::Muted);
    }
}
