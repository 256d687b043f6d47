//! The mouse: a click chooses a screen or a row, the wheel moves. It never agrees to anything, and `m` lets it go, so that
//! the terminal can select text.

use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::{Position, Rect};

use super::{
    action::{Action, Motion},
    app::App,
    layout::{self, Room},
    msg::Effect,
    toast::Tone,
    widgets::chrome,
};

/// How many rows the wheel moves at a time.
const WHEEL: usize = 3;

impl App {
    pub(super) fn mouse(&mut self, event: MouseEvent) {
        if self.room() == Room::Line {
            return;
        }
        #[expect(clippy::wildcard_enum_match_arm, reason = "every other event is left alone")]
        match event.kind {
            MouseEventKind::ScrollUp => self.wheel(Motion::Up),
            MouseEventKind::ScrollDown => self.wheel(Motion::Down),
            MouseEventKind::Down(MouseButton::Left) if self.overlay.is_none() => {
                self.click(Position { x: event.column, y: event.row });
            }
            _ => {}
        }
    }

    fn wheel(&mut self, motion: Motion) {
        for _ in 0..WHEEL {
            self.act(Action::Move(motion));
        }
    }

    fn click(&mut self, at: Position) {
        let (width, height) = self.size;
        if at.y == 1 {
            if let Some(tab) = chrome::tab_at(self, width, at.x) {
                self.act(Action::Show(tab));
            }
            return;
        }
        let rows: Rect = layout::rows(layout::list(self.tab, width, height));
        if rows.contains(at) && !self.page() {
            let below = usize::from(at.y - rows.y);
            self.shelf_mut(self.tab).pick(below);
        }
    }

    /// Takes the mouse, or lets the terminal have it.
    pub(super) fn toggle_mouse(&mut self) {
        self.site.mouse = !self.site.mouse;
        self.effects.push(Effect::Mouse(self.site.mouse));
        let words = if self.site.mouse {
            "the mouse chooses rows and screens: m lets it go"
        } else {
            "the mouse is the terminal's: select text with it; m takes it back"
        };
        self.say(Tone::Plain, words);
    }
}
