//! What a screen says in lines: its rows in words, and one row in full.

use ratatui::{buffer::Buffer, layout::Rect};

use super::{
    super::{
        action::Tab,
        app::App,
        canvas::Canvas,
        list::Keyed,
        theme::Theme,
        view::{self, Look},
    },
    apikeys_view, audit_view, clients_view, dashboard_view,
    frame::Frame,
    keys_view, messages_view, mfa_view, record, resources, sessions_view, users_view,
};

/// A screen in lines.
#[derive(Clone, Debug, Default)]
pub struct Listed {
    /// Its heading, with how many rows there are and the filter.
    pub title: String,
    /// Its rows: what each column says.
    pub rows: Vec<String>,
    /// What stands in place of rows.
    pub instead: Vec<String>,
    /// The selected row in full.
    pub opened: Vec<String>,
}

/// The screen that is shown, in lines.
pub fn of(app: &App) -> Listed {
    let mut listed = match app.tab {
        Tab::Dashboard => lines(app, &dashboard_view::frame(app)),
        Tab::Users => lines(app, &users_view::frame(app)),
        Tab::Sessions => lines(app, &sessions_view::frame(app)),
        Tab::ApiKeys => lines(app, &apikeys_view::frame(app)),
        Tab::Clients => lines(app, &clients_view::frame(app)),
        Tab::Resources => lines(app, &resources::frame(app)),
        Tab::Mfa => lines(app, &mfa_view::frame(app)),
        Tab::Keys => lines(app, &keys_view::frame(app)),
        Tab::Audit => lines(app, &record::frame(app)),
        Tab::Attempts => lines(app, &audit_view::frame(app)),
        Tab::Messages => lines(app, &messages_view::frame(app)),
    };
    if app.page() {
        listed.opened = opened(app);
    }
    listed
}

fn lines<R: Keyed>(app: &App, frame: &Frame<'_, R>) -> Listed {
    let counts: String = frame.counts.iter().map(|(words, _)| words.as_str()).collect();
    let filter = match frame.search.text() {
        "" => String::new(),
        typed => format!(", filter {typed}"),
    };
    let row = |row: &R| {
        let cells = (frame.cells)(row, app.now);
        let said =
            frame.columns.iter().zip(cells).filter(|(_, (words, _))| !words.trim().is_empty());
        let said: Vec<String> =
            said.map(|(column, (words, _))| format!("{} {words}", column.title)).collect();
        said.join("; ")
    };
    let instead = frame.instead(app).unwrap_or_default();
    Listed {
        title: format!("{}: {}{filter}", frame.title, counts.trim()),
        rows: frame.list.rows().iter().map(row).collect(),
        instead: instead.into_iter().map(|(words, _)| words).collect(),
        opened: Vec::new(),
    }
}

/// What the first screen says besides its events.
pub fn summary(app: &App) -> Vec<String> {
    if app.tab == Tab::Dashboard { dashboard_view::lines(app) } else { Vec::new() }
}

/// What the page of the selected row says, without its frame.
fn opened(app: &App) -> Vec<String> {
    let area = Rect::new(0, 0, 100, 120);
    let mut buffer = Buffer::empty(area);
    let mut canvas = Canvas::new(&mut buffer, Look { theme: Theme::Mono, ascii: false }, app.now);
    view::body(&mut canvas, area, app);
    let width = usize::from(area.width);
    let rows = buffer.content.chunks(width).map(|row| {
        let line: String = row.iter().map(ratatui::buffer::Cell::symbol).collect();
        line.trim_matches(|c: char| "╭╮╰╯│─ ".contains(c)).to_owned()
    });
    rows.filter(|line| !line.is_empty()).collect()
}
