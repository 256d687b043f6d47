//! The command line behind `:`; it takes the words of `mcpcodex` itself, shortened or not.
//! What the words are is in `action` and `model::verb`; drawing is for `widgets`.

use tui_input::{Input, InputRequest};

use super::{
    action::{Command, Motion, candidates},
    text,
};

/// The longest line in characters.
const LONGEST: usize = 120;

/// The open command line.
#[derive(Clone, Debug, Default)]
pub struct Palette {
    input: Input,
    /// Which candidate Enter takes.
    chosen: usize,
}

impl Palette {
    /// The text and where its cursor stands, in cells.
    pub fn line(&self) -> (&str, usize) {
        (self.input.value(), self.input.visual_cursor())
    }

    /// What the line may mean, best first.
    pub fn candidates(&self) -> Vec<Command> {
        candidates(self.input.value())
    }

    /// Which candidate Enter takes.
    pub fn chosen(&self) -> usize {
        self.chosen
    }

    /// The candidate that Enter takes.
    pub fn command(&self) -> Option<Command> {
        self.candidates().into_iter().nth(self.chosen)
    }

    /// Changes the text.
    pub fn edit(&mut self, request: InputRequest) {
        let grows = matches!(request, InputRequest::InsertChar(_));
        if !grows || self.input.value().chars().count() < LONGEST {
            self.input.handle(request);
            self.chosen = 0;
        }
    }

    /// Adds the first line of pasted text.
    pub fn paste(&mut self, pasted: &str) {
        let first = pasted.lines().next().unwrap_or_default().trim();
        for c in text::clean(first, LONGEST).chars() {
            self.edit(InputRequest::InsertChar(c));
        }
    }

    /// Chooses the candidate before or after.
    pub fn step(&mut self, motion: Motion) {
        let last = self.candidates().len().saturating_sub(1);
        self.chosen = match motion {
            Motion::Up | Motion::PageUp => self.chosen.saturating_sub(1),
            Motion::Down | Motion::PageDown => (self.chosen + 1).min(last),
            Motion::First => 0,
            Motion::Last => last,
        };
    }
}
