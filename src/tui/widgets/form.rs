//! A form, drawn: a label and a line each, what may stand there, and what is wrong.

use ratatui::layout::Rect;

use super::super::{canvas::Canvas, form::Form, layout, theme::Role};

const WIDTH: u16 = 74;
const LABEL: u16 = 12;

/// Draws a form into the middle of an area; the field with the focus is always seen.
pub fn draw(canvas: &mut Canvas<'_>, area: Rect, form: &Form) {
    let fields = u16::try_from(form.fields.len()).unwrap_or(u16::MAX);
    // A field and its hint, where there is room for both.
    let each = if area.height >= fields.saturating_mul(2) + 6 { 2 } else { 1 };
    let width = WIDTH.min(area.width.saturating_sub(2));
    let frame = layout::middle(area, width, fields.saturating_mul(each) + 5);
    let inner = canvas.dialog(frame, Role::Focus, &[(&form.title, Role::Strong)]);
    let page = Rect {
        x: inner.x + 2,
        y: inner.y + 1,
        width: inner.width.saturating_sub(4),
        height: inner.height.saturating_sub(1),
    };
    for (index, (field, y)) in form.fields.iter().zip((page.y..).step_by(each.into())).enumerate() {
        let line = Rect { y, height: 1, ..page }.intersection(page);
        let focus = index == form.focus;
        let label = if focus { Role::Key } else { Role::Muted };
        canvas.text(Rect { width: line.width.min(LABEL), ..line }, field.label, label);
        let x = line.x.saturating_add(LABEL);
        let value = Rect { x, width: line.width.saturating_sub(LABEL), ..line };
        canvas.text(value, &"_".repeat(usize::from(value.width)), Role::Muted);
        canvas.text(value, field.value(), Role::Strong);
        if each == 2 {
            let below = Rect { y: y.saturating_add(1), ..value }.intersection(page);
            canvas.text(below, &field.hint, Role::Muted);
        }
        if focus {
            let cursor = u16::try_from(field.cursor()).unwrap_or(u16::MAX);
            let x = value.x.saturating_add(cursor).min(value.right().saturating_sub(1));
            canvas.put_cursor(Rect { x, width: 1, ..value });
        }
    }
    let y = inner.bottom().saturating_sub(1);
    let last = Rect { y, height: 1, ..page }.intersection(inner);
    match &form.trouble {
        Some(why) => canvas.text(last, &format!("▲ {why}"), Role::Warn),
        None => canvas.text(
            last,
            "Enter goes on; after the last field it asks before anything is done",
            Role::Muted,
        ),
    };
}
