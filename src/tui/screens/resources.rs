//! The screen of resources: the MCP servers and APIs that tokens are for, with their scopes.

use ratatui::layout::Rect;

use super::{
    super::{
        app::App,
        canvas::Canvas,
        layout,
        list::Keyed,
        text,
        theme::Role,
        widgets::{
            flow::Flow,
            table::{Cell, Column},
        },
    },
    frame::{self, Frame},
    shelf::{self, Sift},
};
use crate::{
    model::{
        id::ResourceId,
        resource::{Resource, ResourceUri, Risk},
    },
    time::Time,
};

impl Keyed for Resource {
    type Id = ResourceId;

    fn key(&self) -> ResourceId {
        self.id.clone()
    }

    fn title(&self) -> String {
        text::clean(if self.name.is_empty() { self.uri.as_str() } else { &self.name }, 32)
    }
}

impl Sift for Resource {
    fn holds(&self, wanted: &str) -> bool {
        let aliases: Vec<&str> = self.aliases.iter().map(ResourceUri::as_str).collect();
        let scopes: Vec<&str> = self.scopes.iter().map(|scope| scope.name.as_str()).collect();
        shelf::any(&[&self.name, self.uri.as_str()], wanted)
            || shelf::any(&aliases, wanted)
            || shelf::any(&scopes, wanted)
    }
}

const COLUMNS: [Column; 6] = [
    Column { title: "name", min: 14, max: 28, rank: 8 },
    Column { title: "resource", min: 24, max: 60, rank: 9 },
    Column { title: "scopes", min: 6, max: 6, rank: 6 },
    Column { title: "tokens", min: 7, max: 14, rank: 5 },
    Column { title: "who", min: 8, max: 24, rank: 4 },
    Column { title: "since", min: 5, max: 5, rank: 3 },
];

/// Draws the screen.
pub fn draw(canvas: &mut Canvas<'_>, body: Rect, app: &App) {
    let rows = &app.resources;
    let one = |canvas: &mut Canvas<'_>, panel: Rect, row: &Resource, focus: bool| {
        inspector(canvas, panel, app, row, focus);
    };
    if rows.page {
        return frame::selected(canvas, body, &rows.list, true, one);
    }
    frame::draw(canvas, layout::apikeys(body), app, &frame(app), one);
}

/// The list and what stands around it.
pub(in crate::tui) fn frame(app: &App) -> Frame<'_, Resource> {
    let rows = &app.resources;
    Frame {
        title: "Resources",
        search: &rows.search,
        list: &rows.list,
        counts: vec![frame::shown_of(&rows.list, rows.all().len(), usize::MAX, "")],
        columns: &COLUMNS,
        cells: Box::new(cells),
        nothing: frame::nothing("no name, URI, alias or scope", &rows.search),
        empty: frame::empty(
            "No MCP server or API is registered yet.",
            "In a shell:  mcpcodex resource add URL --name N --scope \"notes:read=Read your notes\"",
        ),
        foot: None,
    }
}

fn lifetime(row: &Resource, app: Option<&App>) -> String {
    match (row.token_lifetime, app) {
        (Some(own), _) => text::brief(own),
        (None, Some(app)) => format!("{} (as configured)", text::brief(app.site.access_lifetime)),
        (None, None) => String::new(),
    }
}

fn who(row: &Resource) -> String {
    if row.roles.is_empty() { "anyone".to_owned() } else { row.roles.join(", ") }
}

fn cells(row: &Resource, now: Time) -> Vec<Cell> {
    let tokens = format!("{} {}", row.token_format.as_str(), lifetime(row, None));
    vec![
        (row.title(), Role::Strong),
        (row.uri.as_str().to_owned(), Role::Text),
        (row.scopes.len().to_string(), Role::Text),
        (tokens.trim().to_owned(), Role::Text),
        (who(row), Role::Text),
        (text::ago(now, row.created_at), Role::Muted),
    ]
}

fn inspector(canvas: &mut Canvas<'_>, panel: Rect, app: &App, row: &Resource, focus: bool) {
    let title = row.title();
    let inner = canvas.panel(panel, focus, &[(&title, Role::Strong)]);
    let mut flow = Flow::new(canvas, inner);
    flow.fact("resource", &text::clean(row.uri.as_str(), 2_048), Role::Text);
    if !row.aliases.is_empty() {
        let aliases: Vec<&str> = row.aliases.iter().map(ResourceUri::as_str).collect();
        flow.fact("aliases", &text::clean(&aliases.join(" "), 2_048), Role::Text);
    }
    let signed = row.algorithm.map_or_else(String::new, |algorithm| format!(" · {algorithm}"));
    let tokens =
        format!("{}, live {}{signed}", row.token_format.as_str(), lifetime(row, Some(app)));
    flow.fact("tokens", &tokens, Role::Text);
    flow.fact("who", &who(row), Role::Text);
    if row.scopes.is_empty() {
        flow.fact("scopes", "none of its own", Role::Muted);
    }
    for scope in &row.scopes {
        let risk = match scope.risk {
            Risk::Low => ("low", Role::Muted),
            Risk::Normal => ("", Role::Text),
            Risk::Sensitive => ("sensitive: asks for a second factor", Role::Warn),
        };
        let default = if scope.is_default { "" } else { " · only by name" };
        let words = format!("{}  {}{default}  {}", scope.name, scope.description, risk.0);
        flow.fact("scope", &text::clean(words.trim(), 400), risk.1);
    }
}
