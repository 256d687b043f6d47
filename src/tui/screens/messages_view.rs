//! How the screen of messages looks: the list, and one message with what its carrier said.

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
    messages::{WINDOW, kind},
};
use crate::{
    model::message::{Carrier, MessageRow, State},
    time::Time,
};

const COLUMNS: [Column; 7] = [
    Column { title: "when", min: 4, max: 5, rank: 7 },
    Column { title: "state", min: 8, max: 8, rank: 9 },
    Column { title: "message", min: 14, max: 16, rank: 6 },
    Column { title: "to", min: 17, max: 34, rank: 8 },
    Column { title: "carrier", min: 8, max: 8, rank: 4 },
    Column { title: "tries", min: 5, max: 5, rank: 3 },
    Column { title: "answer", min: 14, max: 60, rank: 5 },
];

/// Draws the screen.
pub fn draw(canvas: &mut Canvas<'_>, body: Rect, app: &App) {
    let rows = &app.messages.rows;
    let one = |canvas: &mut Canvas<'_>, panel: Rect, row: &MessageRow, focus: bool| {
        inspector(canvas, panel, app, row, focus);
    };
    if rows.page {
        return frame::selected(canvas, body, &rows.list, true, one);
    }
    frame::draw(canvas, layout::sessions(body), app, &frame(app), one);
}

/// The list and what stands around it.
pub(in crate::tui) fn frame(app: &App) -> Frame<'_, MessageRow> {
    let rows = &app.messages.rows;
    Frame {
        title: "Messages",
        search: &rows.search,
        list: &rows.list,
        counts: vec![frame::shown_of(&rows.list, rows.all().len(), WINDOW, "")],
        columns: &COLUMNS,
        cells: Box::new(cells),
        nothing: frame::nothing("no message, recipient or answer", &rows.search),
        empty: frame::empty(
            "No message was sent yet.",
            "Codes, links and notices appear here with their state.",
        ),
        foot: None,
    }
}

fn state(state: State) -> (&'static str, Role) {
    let role = match state {
        State::Queued | State::Sending => Role::Text,
        State::Sent => Role::Good,
        State::Failed => Role::Danger,
        State::Unknown | State::Expired => Role::Warn,
    };
    (state.as_str(), role)
}

/// A word for the one line of a window that is too small for more.
pub fn word(row: &MessageRow) -> String {
    format!("{} · {}", state(row.state).0, row.recipient)
}

fn cells(row: &MessageRow, now: Time) -> Vec<Cell> {
    let (word, role) = state(row.state);
    let answer = match &row.vendor_answer {
        Some(answer) => answer.clone(),
        None => row.vendor_id.clone().unwrap_or_else(|| "–".to_owned()),
    };
    vec![
        (text::ago(now, row.created_at), Role::Muted),
        (word.to_owned(), role),
        (kind(row.kind).to_owned(), Role::Text),
        (row.recipient.clone(), Role::Strong),
        (row.carrier.as_str().to_owned(), Role::Text),
        (row.tries.to_string(), Role::Muted),
        (answer, Role::Text),
    ]
}

/// Where a message stands, in a sentence.
fn story(row: &MessageRow, now: Time) -> String {
    match row.state {
        State::Queued if row.carrier == Carrier::Console => {
            "nobody carries it: it is read here".to_owned()
        }
        State::Queued if row.next_at > now => {
            format!("waits, next try in {}", text::brief(row.next_at.since(now)))
        }
        State::Queued => "waits for a running server to send it".to_owned(),
        State::Sending => "a server talks to the carrier".to_owned(),
        State::Sent if row.carrier == Carrier::Console => {
            "it stands in the server's log, and here as long as it is of use".to_owned()
        }
        State::Sent => "the carrier took it".to_owned(),
        State::Failed => "the carrier refused it; it is not tried again".to_owned(),
        State::Unknown => {
            "the carrier may have it or not; it is not sent twice, so send a new one".to_owned()
        }
        State::Expired => "nobody took it as long as it was of use".to_owned(),
    }
}

fn inspector(canvas: &mut Canvas<'_>, panel: Rect, app: &App, row: &MessageRow, focus: bool) {
    let now = canvas.now;
    let title = text::clean(&format!("{} to {}", kind(row.kind), row.recipient), 60);
    let inner = canvas.panel(panel, focus, &[(&title, Role::Strong)]);
    let mut flow = Flow::new(canvas, inner);
    let (word, role) = state(row.state);
    flow.fact("state", &format!("{word}: {}", story(row, now)), role);
    let template = row.template.as_ref().map(|id| format!(" · template {id}")).unwrap_or_default();
    let tries =
        text::count(usize::try_from(row.tries).unwrap_or(0), "try").replace("trys", "tries");
    flow.fact("carrier", &format!("{}{template} · {tries}", row.carrier.as_str()), Role::Text);
    flow.fact("its id", row.vendor_id.as_deref().unwrap_or("–"), Role::Text);
    flow.fact("answer", row.vendor_answer.as_deref().unwrap_or("–"), Role::Text);
    flow.fact("queued", &text::moment(row.created_at), Role::Text);
    let until = match row.finished_at {
        Some(at) => format!("{} · over {}", text::moment(row.expires_at), text::moment(at)),
        None => text::moment(row.expires_at),
    };
    flow.fact("of use", &format!("until {until}"), Role::Text);
    if focus {
        flow.gap();
        said(&mut flow, app, row);
        canvas.foot(panel, row.id.as_str());
    }
}

fn said(flow: &mut Flow<'_, '_>, app: &App, row: &MessageRow) {
    if row.carrier != Carrier::Console {
        flow.say("What it says is for its recipient alone.", Role::Muted);
        return;
    }
    match app.messages.body(&row.id) {
        None => flow.say("loading …", Role::Muted),
        Some(None) => flow.say("It is not of use any more, and what it said is gone.", Role::Muted),
        Some(Some(text)) => {
            for line in text.expose().lines() {
                if line.trim().is_empty() {
                    flow.gap();
                } else {
                    flow.say(line, Role::Text);
                }
            }
        }
    }
}
