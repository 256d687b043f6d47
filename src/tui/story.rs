//! What happened to something, told over the screen; asked for by a reference that was typed or pasted, or for a row.
//! What is told is `model::trace::story`; drawing is for `widgets`.

use super::{
    action::Motion,
    app::{App, Overlay},
    msg::{Effect, Query, Ticket},
    text,
};
use crate::model::trace::{
    self,
    story::{Line, Story},
};

/// An open story.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Open {
    /// What it is about.
    pub title: String,
    /// Its lines.
    pub lines: Vec<Line>,
    /// The first line that is shown.
    pub top: usize,
    /// Whether it is the server's log, which goes on.
    pub is_log: bool,
}

impl Open {
    fn new(story: &Story) -> Self {
        Self { title: text::clean(&story.title, 60), lines: story.lines(), top: 0, is_log: false }
    }

    /// Moves what is read; the last lines stay in sight.
    pub(super) fn scroll(&mut self, motion: Motion, page: usize) {
        let last = self.lines.len().saturating_sub(1);
        self.top = match motion {
            Motion::Up => self.top.saturating_sub(1),
            Motion::Down => (self.top + 1).min(last),
            Motion::PageUp => self.top.saturating_sub(page.max(1)),
            Motion::PageDown => (self.top + page.max(1)).min(last),
            Motion::First => 0,
            Motion::Last => last,
        };
    }
}

/// Whether a line of the palette is an id of something that has a story.
pub(super) fn is_id(typed: &str) -> bool {
    trace::read(typed).is_some()
        || ["g_", "s_", "u_"].iter().any(|prefix| typed.starts_with(prefix))
        || (!typed.is_empty() && typed.bytes().all(|byte| byte.is_ascii_digit()))
}

impl App {
    /// Asks what happened to whatever has this id.
    pub(super) fn look_up(&mut self, id: String) {
        let ticket = self.ticket();
        self.finding = Some(ticket);
        self.effects.push(Effect::Ask(ticket, Query::Story(id)));
    }

    pub(super) fn tell(&mut self, ticket: Ticket, found: &Story) {
        if self.finding == Some(ticket) {
            self.finding = None;
            self.overlay = Some(Overlay::Story(Box::new(Open::new(found))));
        }
    }
}
