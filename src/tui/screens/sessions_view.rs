//! How the screen of sessions looks: the live list, and one session in full.

use ratatui::layout::Rect;

use super::{
    super::{
        app::App,
        canvas::Canvas,
        layout, text,
        theme::Role,
        widgets::table::{Cell, Column},
    },
    frame::{self, Frame},
    sessions::{Sessions, WINDOW},
};
use crate::{model::session::SessionRow, time::Time};

const COLUMNS: [Column; 8] = [
    Column { title: "user", min: 10, max: 20, rank: 9 },
    Column { title: "device", min: 13, max: 28, rank: 7 },
    Column { title: "from", min: 15, max: 24, rank: 8 },
    Column { title: "factors", min: 8, max: 12, rank: 4 },
    Column { title: "apps", min: 10, max: 40, rank: 2 },
    Column { title: "seen", min: 4, max: 5, rank: 6 },
    Column { title: "since", min: 5, max: 5, rank: 5 },
    Column { title: "id", min: 8, max: 8, rank: 3 },
];

/// Draws the screen.
pub fn draw(canvas: &mut Canvas<'_>, body: Rect, app: &App) {
    if app.sessions.page {
        inspector(canvas, body, app, true);
        return;
    }
    let (panel, below) = layout::sessions(body);
    list(canvas, panel, app);
    if let Some(below) = below {
        inspector(canvas, below, app, false);
    }
}

fn list(canvas: &mut Canvas<'_>, panel: Rect, app: &App) {
    let Sessions { list, search, of, .. } = &app.sessions;
    let (shown, total) = (list.rows().len(), app.sessions.total());
    let most = if total >= WINDOW { "+" } else { "" };
    let count = if shown == total {
        format!("{}{most} live", text::grouped(total))
    } else {
        format!("{} of {}{most} live", text::grouped(shown), text::grouped(total))
    };
    let count = if list.wait.loaded() { count } else { String::new() };
    let whose = of.as_ref().map(|(_, name)| format!("of {name}   ")).unwrap_or_default();
    let nobody = of.as_ref().map(|(_, name)| format!("{name} is not signed in anywhere."));
    let next =
        if of.is_some() { "Esc shows everybody's" } else { "Sign-ins appear here as they happen." };
    let frame = Frame {
        title: "Sessions",
        search,
        counts: &[(&whose, Role::Strong), (&count, Role::Muted)],
        columns: &COLUMNS,
        list,
        none: "no person, address, device or app",
        empty: [
            (nobody.as_deref().unwrap_or("Nobody is signed in."), Role::Strong),
            (next, Role::Muted),
        ],
        foot: None,
    };
    frame::draw(canvas, panel, app, &frame, cells);
}

fn cells(row: &SessionRow, now: Time) -> Vec<Cell> {
    let session = &row.session;
    let factors = if session.mfa_verified() { Role::Good } else { Role::Text };
    vec![
        (row.username.clone(), Role::Strong),
        (text::agent(&session.user_agent), Role::Text),
        (session.address.clone(), Role::Text),
        (methods(&session.amr), factors),
        (if row.clients.is_empty() { "–".to_owned() } else { row.clients.join(", ") }, Role::Text),
        (text::ago(now, session.last_seen_at), Role::Text),
        (text::ago(now, session.created_at), Role::Muted),
        (text::short_id(session.id.as_str()), Role::Muted),
    ]
}

/// How somebody proved who they are, without the word that only says there was more than one proof.
fn methods(amr: &[String]) -> String {
    let proofs: Vec<&str> =
        amr.iter().map(String::as_str).filter(|method| *method != "mfa").collect();
    if proofs.is_empty() { "–".to_owned() } else { proofs.join("+") }
}

fn inspector(canvas: &mut Canvas<'_>, panel: Rect, app: &App, focus: bool) {
    let Some(row) = app.sessions.list.selected() else {
        let inner = canvas.panel(panel, focus, &[]);
        let words = app.sessions.list.gone().map(|gone| format!("{gone} is gone from this list"));
        let line = Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner };
        canvas.text(line, words.as_deref().unwrap_or_default(), Role::Muted);
        return;
    };
    let session = &row.session;
    let now = canvas.now;
    let id = session.id.as_str();
    let inner = canvas.panel(panel, focus, &[(id, Role::Strong)]);
    let inner = Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner };
    let proof = if session.mfa_verified() { "two factors" } else { "one factor" };
    let end = |span: Time| text::brief(span.since(now));
    let apps = if row.clients.is_empty() {
        "none has tokens from it".to_owned()
    } else {
        row.clients.join(", ")
    };
    let remembered = if session.remember_me { " · remembered" } else { "" };
    let facts = [
        ("user", format!("{}   {}", row.username, session.user_id)),
        (
            "proved",
            format!("{} · {proof} · {}", methods(&session.amr), text::moment(session.auth_time)),
        ),
        (
            "ends",
            format!(
                "in {} unused (limit {}), at the latest in {}{remembered}",
                end(session.ends_at()),
                text::brief(session.idle),
                end(session.expires_at),
            ),
        ),
        ("from", format!("{} · last seen {}", session.address, text::moment(session.last_seen_at))),
        ("device", session.user_agent.clone()),
        ("apps", apps),
    ];
    for ((label, words), y) in facts.iter().zip(inner.top()..inner.bottom()) {
        let line = Rect { y, height: 1, ..inner };
        canvas.text(Rect { width: line.width.min(8), ..line }, label, Role::Muted);
        canvas.text(
            Rect { x: line.x + 8, width: line.width.saturating_sub(8), ..line },
            words,
            Role::Text,
        );
    }
}
