//! The command line and what it may mean, drawn above the message row.

use ratatui::layout::Rect;

use super::super::{action::Action, canvas::Canvas, keymap, palette::Palette, theme::Role};

const MOST: u16 = 8;

/// Draws the palette at the lower edge of an area.
pub fn draw(canvas: &mut Canvas<'_>, area: Rect, palette: &Palette) {
    let candidates = palette.candidates();
    let count = u16::try_from(candidates.len()).unwrap_or(u16::MAX).clamp(1, MOST);
    let height = (count + 3).min(area.height);
    let frame = Rect { y: area.y + area.height - height, height, ..area };
    let inner = canvas.dialog(frame, Role::Focus, &[("Command", Role::Strong)]);
    let (line, cursor) = palette.line();
    let field = Rect { height: inner.height.min(1), ..inner };
    let rest = canvas.line(field, &[(" :", Role::Key)]);
    canvas.text(rest, line, Role::Strong);
    let top = palette.chosen().saturating_sub(usize::from(count.saturating_sub(1)));
    let shown = candidates.iter().enumerate().skip(top);
    for ((index, command), y) in shown.zip(inner.top() + 1..inner.bottom()) {
        let line = Rect { y, height: 1, ..inner };
        let words = command.action.words().unwrap_or_default();
        let name = command.name.as_deref().unwrap_or_default();
        let left = canvas.line(
            Rect { x: line.x + 2, width: 34.min(line.width.saturating_sub(2)), ..line },
            &[(words, Role::Strong), (" ", Role::Text), (name, Role::Text)],
        );
        let _: Rect = left;
        let help = Rect { x: line.x + 38, width: line.width.saturating_sub(46), ..line };
        canvas.text(help.intersection(inner), command.action.help(), Role::Muted);
        if let Some(key) = key(command.action) {
            canvas.text_right(
                Rect { width: line.width.saturating_sub(2), ..line },
                &key,
                Role::Key,
            );
        }
        if index == palette.chosen() {
            canvas.select(line);
        }
    }
    if candidates.is_empty() {
        let line = Rect {
            x: inner.x + 2,
            y: inner.y + 1,
            width: inner.width.saturating_sub(2),
            height: 1,
        };
        canvas.text(line.intersection(inner), "no such command", Role::Warn);
    }
    let x = rest.x.saturating_add(u16::try_from(cursor).unwrap_or(u16::MAX));
    canvas.put_cursor(Rect { x: x.min(inner.right().saturating_sub(1)), ..rest });
}

fn key(action: Action) -> Option<String> {
    keymap::key_of(&keymap::EVERY, action)
}
