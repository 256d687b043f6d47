//! Lines from top to bottom, until the area is full.

use ratatui::layout::Rect;

use super::super::{
    canvas::{Canvas, Piece},
    text,
    theme::Role,
};

/// An area that is filled line by line.
#[derive(Debug)]
pub struct Flow<'a, 'b> {
    /// What is drawn on.
    pub canvas: &'a mut Canvas<'b>,
    area: Rect,
    y: u16,
}

impl<'a, 'b> Flow<'a, 'b> {
    /// Begins at the top of a panel's inside, with a cell of air at both sides.
    pub fn new(canvas: &'a mut Canvas<'b>, inner: Rect) -> Self {
        let area =
            Rect { x: inner.x.saturating_add(1), width: inner.width.saturating_sub(2), ..inner };
        Self { canvas, area, y: area.y }
    }

    /// The next line; empty when the area is full.
    pub fn line(&mut self) -> Rect {
        let line = Rect { y: self.y, height: 1, ..self.area }.intersection(self.area);
        self.y = self.y.saturating_add(1);
        line
    }

    /// How many lines are left.
    pub fn left(&self) -> u16 {
        self.area.bottom().saturating_sub(self.y)
    }

    /// A line of nothing, unless there is hardly any room.
    pub fn gap(&mut self) {
        self.y = self.y.saturating_add(1);
    }

    /// Pieces on one line.
    pub fn pieces(&mut self, pieces: &[Piece<'_>]) {
        let line = self.line();
        self.canvas.line(line, pieces);
    }

    /// Words on as many lines as they need.
    pub fn say(&mut self, words: &str, role: Role) {
        self.say_within(words, role, 0);
    }

    /// The same, further to the right.
    pub fn say_within(&mut self, words: &str, role: Role, indent: u16) {
        let cells = usize::from(self.area.width.saturating_sub(indent));
        for words in text::wrap(words, cells) {
            let line = self.line();
            let x = line.x.saturating_add(indent);
            let width = line.width.saturating_sub(indent);
            self.canvas.text(Rect { x, width, ..line }, &words, role);
        }
    }

    /// A label and its value, which may go on below.
    pub fn fact(&mut self, label: &str, words: &str, role: Role) {
        const LABEL: u16 = 10;
        let cells = usize::from(self.area.width.saturating_sub(LABEL));
        let mut lines = text::wrap(words, cells);
        if lines.is_empty() {
            lines.push("–".to_owned());
        }
        for (index, words) in lines.iter().enumerate() {
            let line = self.line();
            if index == 0 {
                let label_at = Rect { width: line.width.min(LABEL), ..line };
                self.canvas.text(label_at, label, Role::Muted);
            }
            let x = line.x.saturating_add(LABEL);
            let width = line.width.saturating_sub(LABEL);
            self.canvas.text(Rect { x, width, ..line }, words, role);
        }
    }
}
