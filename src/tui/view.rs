//! The whole screen, drawn from the state alone.

use ratatui::{Frame, layout::Rect};

use super::{
    action::Tab,
    app::{App, Overlay},
    canvas::Canvas,
    layout::{Parts, Room},
    screens::{
        apikeys_view, audit_view, clients_view, dashboard_view, keys_view, messages_view, mfa_view,
        record, resources, sessions_view, users_view,
    },
    text,
    theme::{Role, Theme},
    widgets::{chrome, dialog, enroll, form, handed, help, palette, story},
};

/// How to draw.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// What roles look like.
    pub theme: Theme,
    /// Whether only ASCII can be shown.
    pub ascii: bool,
}

impl Look {
    /// Chooses by the environment; `var` reads it.
    pub fn choose(var: impl Fn(&str) -> Option<String>) -> Self {
        let theme = Theme::choose(&var);
        // The first that is set decides (POSIX, "Environment Variables").
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
            .into_iter()
            .filter_map(&var)
            .find(|value| !value.is_empty())
            .map(|value| value.to_ascii_lowercase());
        let utf8 = locale.is_none_or(|value| value.contains("utf-8") || value.contains("utf8"));
        Self { theme, ascii: !utf8 }
    }
}

/// Draws the console.
pub fn draw(app: &App, frame: &mut Frame<'_>, look: Look) {
    let area = frame.area();
    let mut canvas = Canvas::new(frame.buffer_mut(), look, app.now);
    if Room::of(area.width, area.height) == Room::Line {
        one_line(&mut canvas, area, app);
    } else {
        screen(&mut canvas, area, app);
    }
    if look.ascii {
        canvas.to_ascii();
    }
    if let Some(cursor) = canvas.cursor {
        frame.set_cursor_position(cursor);
    }
}

fn screen(canvas: &mut Canvas<'_>, area: Rect, app: &App) {
    let parts = Parts::of(area);
    chrome::header(canvas, parts.header, app);
    chrome::tabs(canvas, parts.tabs, app);
    body(canvas, parts.body, app);
    chrome::toast(canvas, parts.toast, app);
    chrome::footer(canvas, parts.footer, app);
    // A question may lie over everything but the message and the keys.
    let above = Rect { height: parts.body.bottom() - area.y, ..area };
    match &app.overlay {
        Some(Overlay::Confirm(question)) => dialog::draw(canvas, above, question),
        Some(Overlay::Form(open)) => form::draw(canvas, above, open),
        Some(Overlay::Leave) => dialog::leave(canvas, above),
        Some(Overlay::Palette(open)) => palette::draw(canvas, parts.body, open),
        Some(Overlay::Story(open)) => story::draw(canvas, parts.body, open),
        Some(Overlay::Help(top)) => help::draw(canvas, above, app.tab, *top),
        Some(Overlay::Handed(open)) => {
            // It hides no name of a screen where there is room enough.
            let over = if parts.body.height >= 16 { parts.body } else { above };
            handed::draw(canvas, area, over, open);
        }
        Some(Overlay::Enroll(open)) if open.sight.full => {
            enroll::draw_full(canvas, area, app, open);
        }
        Some(Overlay::Enroll(_)) | None => {}
    }
}

/// The screen itself, without what stands around it and lies over it.
pub(super) fn body(canvas: &mut Canvas<'_>, area: Rect, app: &App) {
    match (&app.overlay, app.tab) {
        (Some(Overlay::Enroll(open)), _) => enroll::draw(canvas, area, app, open),
        (_, Tab::Dashboard) => dashboard_view::draw(canvas, area, app),
        (_, Tab::Users) => users_view::draw(canvas, area, app),
        (_, Tab::Sessions) => sessions_view::draw(canvas, area, app),
        (_, Tab::ApiKeys) => apikeys_view::draw(canvas, area, app),
        (_, Tab::Clients) => clients_view::draw(canvas, area, app),
        (_, Tab::Resources) => resources::draw(canvas, area, app),
        (_, Tab::Mfa) => mfa_view::draw(canvas, area, app),
        (_, Tab::Keys) => keys_view::draw(canvas, area, app),
        (_, Tab::Audit) => record::draw(canvas, area, app),
        (_, Tab::Attempts) => audit_view::draw(canvas, area, app),
        (_, Tab::Messages) => messages_view::draw(canvas, area, app),
    }
}

/// What can be said in a window that is too small for more.
fn one_line(canvas: &mut Canvas<'_>, area: Rect, app: &App) {
    let words = match (&app.overlay, app.tab) {
        (Some(Overlay::Confirm(question)), _) => {
            format!("{} enlarge the window to answer", question.title)
        }
        (Some(Overlay::Enroll(open)), _) => {
            format!("enrolling {}: enlarge the window", open.name)
        }
        (Some(Overlay::Handed(open)), _) => {
            format!("{}: enlarge the window", open.title)
        }
        (Some(Overlay::Leave), _) => "leave, and stop the server? y leaves, Esc stays".to_owned(),
        (Some(Overlay::Form(open)), _) => format!("{}: enlarge the window", open.title),
        (_, Tab::Dashboard) => dashboard_view::word(app),
        (_, Tab::ApiKeys) => match app.apikeys.rows.list.selected() {
            Some(row) => apikeys_view::word(row, app.now),
            None => "no API key".to_owned(),
        },
        (_, Tab::Resources | Tab::Audit) => {
            let none = || format!("nothing under {}", app.tab.title());
            app.shelf(app.tab).title().unwrap_or_else(none)
        }
        (_, Tab::Mfa) => match (app.mfa.people.list.selected(), &app.mfa.coverage) {
            (Some(row), _) => {
                format!("{} {}", row.user.username, mfa_view::word(row, &app.site.policy))
            }
            (None, Some(coverage)) => format!("MFA {} %", coverage.everyone.percent()),
            (None, None) => "no user".to_owned(),
        },
        (_, Tab::Keys) => match app.keys.list.selected() {
            Some(row) => keys_view::word(row, app.now),
            None => "no signing key".to_owned(),
        },
        (_, Tab::Attempts) => match app.attempts.list.selected() {
            Some(row) => audit_view::word(row),
            None => "no attempt".to_owned(),
        },
        (_, Tab::Clients) => match app.clients.list.selected() {
            Some(row) => clients_view::word(row),
            None => "no client".to_owned(),
        },
        (_, Tab::Messages) => match app.messages.rows.list.selected() {
            Some(row) => messages_view::word(row),
            None => "no message".to_owned(),
        },
        (_, Tab::Users) => match app.users.people.list.selected() {
            Some(row) => {
                let sessions = text::count(usize::try_from(row.sessions).unwrap_or(0), "session");
                format!("{} {} · {sessions}", row.user.username, row.user.state.as_str())
            }
            None => "no user".to_owned(),
        },
        (_, Tab::Sessions) => match app.sessions.rows.list.selected() {
            Some(row) => format!("{} {}", row.username, row.session.address),
            None => "no session".to_owned(),
        },
    };
    let line = Rect { height: area.height.min(1), ..area };
    canvas.line(line, &[(&words, Role::Strong), (" · needs 60×16 · q quits", Role::Muted)]);
    canvas.put_cursor(line);
}
