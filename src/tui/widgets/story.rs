//! A story over the screen, a window of its lines at a time.

use ratatui::layout::Rect;

use super::super::{canvas::Canvas, story::Open, text, theme::Role};
use crate::model::trace::story::{Line, Tone};

/// How wide labels are: a moment fits.
const LABEL: u16 = 22;

/// Draws a story over an area.
pub fn draw(canvas: &mut Canvas<'_>, area: Rect, open: &Open) {
    let inner = canvas.dialog(area, Role::Focus, &[(&open.title, Role::Strong)]);
    let inner = Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner };
    let rows: Vec<(String, String, Role)> =
        open.lines.iter().flat_map(|line| wrapped(line, inner.width)).collect();
    // The top counts lines of the story, of which each has a row at least.
    let before =
        open.lines.iter().take(open.top).map(|line| wrapped(line, inner.width).len()).sum();
    let fits = usize::from(inner.height);
    let top = rows.len().saturating_sub(fits).min(before);
    for ((label, words, role), y) in rows.iter().skip(top).zip(inner.top()..inner.bottom()) {
        let line = Rect { y, height: 1, ..inner };
        if *role == Role::Title {
            canvas.text(line, words, *role);
            continue;
        }
        canvas.text(Rect { width: line.width.min(LABEL), ..line }, label, Role::Muted);
        let x = line.x.saturating_add(LABEL.min(line.width));
        canvas.text(Rect { x, width: line.width.saturating_sub(LABEL), ..line }, words, *role);
    }
    canvas.put_cursor(Rect { width: 1, height: 1, ..inner });
    let end = (top + fits).min(rows.len());
    canvas.foot(area, &format!("{}–{end} of {} · Esc closes", (top + 1).min(end), rows.len()));
}

fn wrapped(line: &Line, width: u16) -> Vec<(String, String, Role)> {
    let role = match line.tone {
        Tone::Head => Role::Title,
        Tone::Plain => Role::Text,
        Tone::Muted => Role::Muted,
        Tone::Bad => Role::Warn,
        Tone::Fix => Role::Good,
    };
    let cells = usize::from(width.saturating_sub(LABEL)).max(1);
    // A heading with a label is a line like others.
    let role = if role == Role::Title && !line.label.is_empty() { Role::Strong } else { role };
    if role == Role::Title {
        return vec![(String::new(), line.words.clone(), role)];
    }
    let mut lines = text::wrap(&line.words, cells);
    if lines.is_empty() {
        lines.push(String::new());
    }
    let label = |at: usize| if at == 0 { line.label.clone() } else { String::new() };
    lines.into_iter().enumerate().map(|(at, words)| (label(at), words, role)).collect()
}
