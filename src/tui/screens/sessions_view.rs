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
    let rows = &app.sessions.rows;
    if rows.page {
        return frame::selected(canvas, body, &rows.list, true, inspector);
    }
    frame::draw(canvas, layout::sessions(body), app, &frame(app), inspector);
}

/// The list and what stands around it.
pub(in crate::tui) fn frame(app: &App) -> Frame<'_, SessionRow> {
    let Sessions { rows, of } = &app.sessions;
    let whose = of.as_ref().map(|(_, name)| format!("of {name}   ")).unwrap_or_default();
    let empty = match of {
        Some((_, name)) => {
            frame::empty(format!("{name} is not signed in anywhere."), "Esc shows everybody's")
        }
        None => frame::empty("Nobody is signed in.", "Sign-ins appear here as they happen."),
    };
    Frame {
        title: "Sessions",
        search: &rows.search,
        list: &rows.list,
        counts: vec![
            (whose, Role::Strong),
            frame::shown_of(&rows.list, rows.all().len(), WINDOW, " live"),
        ],
        columns: &COLUMNS,
        cells: Box::new(cells),
        nothing: frame::nothing("no person, address, device or app", &rows.search),
        empty,
        foot: None,
    }
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

fn inspector(canvas: &mut Canvas<'_>, panel: Rect, row: &SessionRow, focus: bool) {
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
