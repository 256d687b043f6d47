//! Putting words into cells: everything drawn passes here, is made harmless, cut, and kept inside the screen.
//! What stands where is for the screens and `widgets`.

use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
    text::Span,
    widgets::{Block, BorderType, Clear, Widget},
};

use super::{
    layout,
    qr::Qr,
    text,
    theme::{Role, Theme},
    view::Look,
};
use crate::time::Time;

/// Words and what they mean.
pub type Piece<'a> = (&'a str, Role);

/// Where things are drawn.
#[derive(Debug)]
pub struct Canvas<'b> {
    buf: &'b mut Buffer,
    theme: Theme,
    /// Whether only ASCII can be shown.
    pub ascii: bool,
    /// The present moment, for relative times.
    pub now: Time,
    /// Where the terminal's own cursor shall stand.
    pub cursor: Option<Position>,
}

impl<'b> Canvas<'b> {
    /// A canvas over a buffer.
    pub fn new(buf: &'b mut Buffer, look: Look, now: Time) -> Self {
        Self { buf, theme: look.theme, ascii: look.ascii, now, cursor: None }
    }

    /// Writes words from the left of an area's first row; answers how many cells they took.
    pub fn text(&mut self, area: Rect, words: &str, role: Role) -> u16 {
        let area = area.intersection(self.buf.area);
        if area.is_empty() {
            return 0;
        }
        let words = text::clean(words, usize::from(area.width));
        let cells = text::width(&words);
        Span::styled(words, self.theme.style(role)).render(Rect { height: 1, ..area }, self.buf);
        cells
    }

    /// Writes words to the right end of an area's first row.
    pub fn text_right(&mut self, area: Rect, words: &str, role: Role) {
        let words = text::clean(words, usize::from(area.width));
        let cells = text::width(&words);
        let start = area.x.saturating_add(area.width.saturating_sub(cells));
        self.text(Rect { x: start, width: cells.min(area.width), ..area }, &words, role);
    }

    /// Writes pieces after each other; answers what is left of the row.
    pub fn line(&mut self, area: Rect, pieces: &[Piece<'_>]) -> Rect {
        let mut rest = Rect { height: area.height.min(1), ..area };
        for (words, role) in pieces {
            let cells = self.text(rest, words, *role);
            rest = Rect {
                x: rest.x.saturating_add(cells),
                width: rest.width.saturating_sub(cells),
                ..rest
            };
        }
        rest
    }

    /// Frames an area with a heading; answers the inside.
    pub fn panel(&mut self, area: Rect, focus: bool, heading: &[Piece<'_>]) -> Rect {
        let role = if focus { Role::Focus } else { Role::Border };
        self.frame(area, BorderType::Rounded, role, heading)
    }

    /// Empties an area and frames it as something that lies above; answers the inside.
    pub fn dialog(&mut self, area: Rect, role: Role, heading: &[Piece<'_>]) -> Rect {
        Clear.render(area.intersection(self.buf.area), self.buf);
        self.frame(area, BorderType::Double, role, heading)
    }

    fn frame(&mut self, area: Rect, kind: BorderType, role: Role, heading: &[Piece<'_>]) -> Rect {
        let area = area.intersection(self.buf.area);
        let style = self.theme.style(role);
        Block::bordered().border_type(kind).border_style(style).render(area, self.buf);
        let top = Rect {
            x: area.x.saturating_add(2),
            width: area.width.saturating_sub(4),
            height: 1,
            ..area
        };
        if !heading.is_empty() && area.height > 0 {
            let rest = self.line(top, &[(" ", Role::Text)]);
            let rest = self.line(rest, heading);
            self.text(rest, " ", Role::Text);
        }
        layout::inner(area)
    }

    /// Writes into the lower edge of a frame.
    pub fn foot(&mut self, area: Rect, words: &str) {
        if area.height > 1 && !words.is_empty() {
            let y = area.y + area.height - 1;
            let edge = Rect { x: area.x + 2, y, width: area.width.saturating_sub(4), height: 1 };
            self.text(edge, &format!(" {words} "), Role::Muted);
        }
    }

    /// Rules a line across an area's first row.
    pub fn rule(&mut self, area: Rect) {
        let dashes = "─".repeat(usize::from(area.width));
        self.text(area, &dashes, Role::Border);
    }

    /// Shows an area as selected, whatever is written in it, and puts the terminal's cursor on it: a screen reader
    /// reads the line that the cursor is on.
    pub fn select(&mut self, area: Rect) {
        let area = area.intersection(self.buf.area);
        self.buf.set_style(area, self.theme.style(Role::Selected));
        self.put_cursor(area);
    }

    /// Puts the terminal's cursor at the first cell of an area, unless it is outside.
    pub fn put_cursor(&mut self, area: Rect) {
        let spot = Position { x: area.x, y: area.y };
        if self.buf.area.contains(spot) {
            self.cursor = Some(spot);
        }
    }

    /// Empties an area.
    pub fn clear(&mut self, area: Rect) {
        Clear.render(area.intersection(self.buf.area), self.buf);
    }

    /// Draws a bar of which a part is full.
    pub fn bar(&mut self, area: Rect, part: u32, whole: u32, role: Role) {
        let cells = u32::from(area.width);
        let full = (part * cells).checked_div(whole).unwrap_or(0).min(cells);
        // Something is never drawn as nothing, and not quite all never as all.
        let full = match part {
            0 => 0,
            part if part >= whole => cells,
            _ => full.clamp(1, cells.saturating_sub(1).max(1)),
        };
        let full = usize::try_from(full).unwrap_or(0);
        self.text(area, &"█".repeat(full), role);
        let x = area.x.saturating_add(u16::try_from(full).unwrap_or(0));
        let rest = usize::from(area.width).saturating_sub(full);
        let width = u16::try_from(rest).unwrap_or(0);
        self.text(Rect { x, width, ..area }, &"░".repeat(rest), Role::Border);
    }

    /// Draws numbers as columns, one cell each and the last at the right; where there are more numbers than cells, the
    /// highest of several stands for them.
    pub fn spark(&mut self, area: Rect, values: &[u32], role: Role) {
        const STEPS: [&str; 8] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];
        let cells = usize::from(area.width);
        if cells == 0 {
            return;
        }
        let each = values.len().div_ceil(cells).max(1);
        let peak = values.iter().max().copied().unwrap_or(0).max(1);
        let columns: String = values
            .chunks(each)
            .map(|some| {
                let high = u64::from(some.iter().max().copied().unwrap_or(0));
                // Something is never drawn as nothing.
                let step = (high * 7).div_ceil(u64::from(peak)).min(7);
                usize::try_from(step).ok().and_then(|step| STEPS.get(step)).copied().unwrap_or("▁")
            })
            .collect();
        self.text(area, &columns, role);
    }

    /// Draws a QR code into the middle of an area; answers whether there was room for it.
    pub fn qr(&mut self, area: Rect, qr: &Qr, inverted: bool) -> bool {
        let area = area.intersection(self.buf.area);
        let Some(quiet) = qr.fit(area.width, area.height).filter(|_| !self.ascii) else {
            return false;
        };
        let (width, height) = qr.cells(quiet);
        let place = layout::middle(area, width, height);
        let role = if inverted { Role::QrInverted } else { Role::Qr };
        // Without colours the light modules are drawn, which is right on a dark terminal.
        let light = self.theme == Theme::Mono && !inverted;
        let style = self.theme.style(role);
        for (row, y) in (0..height).zip(place.top()..place.bottom()) {
            for (column, x) in (0..width).zip(place.left()..place.right()) {
                let drawn = |module: u16| qr.is_dark(column, module, quiet) != light;
                let symbol = match (drawn(row * 2), drawn(row * 2 + 1)) {
                    (true, true) => "█",
                    (true, false) => "▀",
                    (false, true) => "▄",
                    (false, false) => " ",
                };
                if let Some(cell) = self.buf.cell_mut(Position { x, y }) {
                    cell.set_symbol(symbol).set_style(style);
                }
            }
        }
        true
    }

    /// Replaces every character that is not ASCII, for terminals that know no other.
    pub fn to_ascii(&mut self) {
        for cell in &mut self.buf.content {
            if !cell.symbol().is_ascii() {
                let plain = ascii(cell.symbol());
                cell.set_symbol(plain);
            }
        }
    }
}

fn ascii(symbol: &str) -> &'static str {
    match symbol {
        "─" | "═" | "–" | "▃" | "▄" => "-",
        "━" => "=",
        "│" | "║" | "┆" | "‖" => "|",
        "╭" | "╮" | "╰" | "╯" | "╔" | "╗" | "╚" | "╝" | "▅" => "+",
        "▌" | "›" | "→" => ">",
        "●" | "·" | "▆" | "▇" => "*",
        "▲" => "!",
        "…" => "~",
        "✓" | "↓" => "v",
        "○" => "o",
        "▁" => "_",
        "▂" => ",",
        "×" => "x",
        "█" => "#",
        "░" | "┄" => ".",
        "↑" | "≤" | "⇧" => "^",
        "⏎" | "←" => "<",
        "“" | "”" => "\"",
        _ => "?",
    }
}
