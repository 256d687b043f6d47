//! How the screen of clients looks: the list, and one client in full.

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
    clients::{WINDOW, places, waiting},
    frame::{self, Frame},
};
use crate::{
    model::{
        client::{Client, ClientOrigin, ClientState, GrantType},
        redirect::RedirectUri,
        resource::ResourceUri,
    },
    time::Time,
};

const COLUMNS: [Column; 7] = [
    Column { title: "name", min: 14, max: 32, rank: 9 },
    Column { title: "state", min: 7, max: 7, rank: 8 },
    Column { title: "came", min: 11, max: 11, rank: 7 },
    Column { title: "answers at", min: 14, max: 40, rank: 6 },
    Column { title: "token", min: 5, max: 5, rank: 5 },
    Column { title: "since", min: 5, max: 5, rank: 4 },
    Column { title: "id", min: 12, max: 46, rank: 3 },
];

/// Draws the screen.
pub fn draw(canvas: &mut Canvas<'_>, body: Rect, app: &App) {
    let rows = &app.clients;
    if rows.page {
        return frame::selected(canvas, body, &rows.list, true, inspector);
    }
    frame::draw(canvas, layout::sessions(body), app, &frame(app), inspector);
}

/// The list and what stands around it.
pub(in crate::tui) fn frame(app: &App) -> Frame<'_, Client> {
    let rows = &app.clients;
    let waits = waiting(rows);
    let waits =
        if waits > 0 { format!("   waiting {}", text::grouped(waits)) } else { String::new() };
    Frame {
        title: "Clients",
        search: &rows.search,
        list: &rows.list,
        counts: vec![
            frame::shown_of(&rows.list, rows.all().len(), WINDOW, ""),
            (waits, Role::Warn),
        ],
        columns: &COLUMNS,
        cells: Box::new(cells),
        nothing: frame::nothing("no name, id, address or state", &rows.search),
        empty: frame::empty(
            "No app is known yet.",
            "Apps appear here as they register, or by mcpcodex client create.",
        ),
        foot: None,
    }
}

fn state(row: &Client) -> (&'static str, Role) {
    match row.state {
        ClientState::Active => ("in use", Role::Good),
        ClientState::Pending => ("WAITS", Role::Warn),
        ClientState::Disabled => ("off", Role::Muted),
    }
}

fn came(row: &Client) -> &'static str {
    match row.origin {
        ClientOrigin::BuiltIn => "mcpcodex",
        ClientOrigin::Static => "by hand",
        ClientOrigin::Dynamic => "by itself",
        ClientOrigin::Document => "by document",
    }
}

/// A word for the one line of a window that is too small for more.
pub fn word(row: &Client) -> String {
    format!("{} {}", text::clean(&row.name, 24), state(row).0)
}

fn cells(row: &Client, now: Time) -> Vec<Cell> {
    let (word, role) = state(row);
    let used = row.last_used_at.map_or_else(|| "–".to_owned(), |at| text::ago(now, at));
    vec![
        (row.name.clone(), Role::Strong),
        (word.to_owned(), role),
        (came(row).to_owned(), Role::Text),
        (places(row).join(" "), Role::Text),
        (used, Role::Text),
        (text::ago(now, row.created_at), Role::Muted),
        (row.id.to_string(), Role::Muted),
    ]
}

fn inspector(canvas: &mut Canvas<'_>, panel: Rect, row: &Client, focus: bool) {
    let (word, role) = state(row);
    let title = format!("{} ", text::clean(&row.name, 40));
    let inner = canvas.panel(panel, focus, &[(&title, Role::Strong), (word, role)]);
    let mut flow = Flow::new(canvas, inner);
    let next = match row.state {
        ClientState::Pending => Some(("It waits: A lets it in, D keeps it out.", Role::Warn)),
        ClientState::Disabled => Some(("It is off: A switches it on again.", Role::Muted)),
        ClientState::Active => None,
    };
    if let Some((words, role)) = next {
        flow.say(words, role);
    }
    for (label, words) in facts(row) {
        flow.fact(label, &text::clean(&words, 2_048), Role::Text);
    }
}

/// What is registered of a client, the most telling first.
fn facts(row: &Client) -> Vec<(&'static str, String)> {
    let join = |words: Vec<&str>| words.join(" ");
    let uris = join(row.redirect_uris.iter().map(RedirectUri::as_str).collect());
    let how = if row.is_public() { "proves nothing (public)" } else { row.auth_method.as_str() };
    let token = row.last_used_at.map_or_else(|| "none yet".to_owned(), text::moment);
    let mut facts = vec![
        ("id", row.id.to_string()),
        ("answers", uris),
        ("came", format!("{} · {} · last token {token}", came(row), text::moment(row.created_at))),
        ("proof", how.to_owned()),
        ("grants", join(row.grant_types.iter().copied().map(GrantType::as_str).collect())),
        ("scopes", row.scopes.to_string()),
    ];
    let resources = join(row.resources.iter().map(ResourceUri::as_str).collect());
    let optional = [
        ("for", Some(resources).filter(|all| !all.is_empty())),
        ("home", row.client_uri.clone()),
        ("keys", row.jwks_uri.clone()),
        ("logout", row.backchannel_logout_uri.clone()),
    ];
    facts.extend(optional.into_iter().filter_map(|(label, words)| Some((label, words?))));
    facts
}
