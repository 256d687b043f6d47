//! The heading of a list: its name, the filter or the field it is typed in, how many rows.

use ratatui::layout::Rect;

use super::super::{
    canvas::{Canvas, Piece},
    search::Search,
    text,
    theme::Role,
};

/// Frames a list's panel with its heading.
pub(super) fn draw(
    canvas: &mut Canvas<'_>,
    panel: Rect,
    title: &str,
    search: &Search,
    counts: &[Piece<'_>],
) {
    let filter = match search.field() {
        Some((typed, _)) => format!("/{typed}"),
        None if search.text().is_empty() => String::new(),
        None => format!("/{}", search.text()),
    };
    let role = if search.is_open() { Role::Key } else { Role::Strong };
    let mut pieces = vec![(title, Role::Title), ("   ", Role::Text)];
    if !filter.is_empty() {
        // The field keeps a cell behind its text for the cursor.
        let gap = if search.is_open() { "    " } else { "   " };
        pieces.extend([(filter.as_str(), role), (gap, Role::Text)]);
    }
    pieces.extend_from_slice(counts);
    canvas.panel(panel, true, &pieces);
    if let Some((_, cursor)) = search.field() {
        let before = 3 + text::width(title) + 3 + 1;
        let x = panel.x.saturating_add(before).saturating_add(u16::try_from(cursor).unwrap_or(0));
        canvas.put_cursor(Rect {
            x: x.min(panel.right().saturating_sub(2)),
            width: 1,
            height: 1,
            ..panel
        });
    }
}
