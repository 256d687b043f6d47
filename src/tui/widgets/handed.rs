//! A one-time link, drawn: in full for reading, and as a QR code where it fits.

use ratatui::layout::Rect;

use super::{
    super::{canvas::Canvas, handed::Handed, layout, text, theme::Role},
    flow::Flow,
};

/// The least width beside a QR code in which everything can be said.
const BESIDE: u16 = 34;
const WIDTH: u16 = 96;

/// Draws the link into the middle of `above`, or its QR code over the whole `area`.
pub fn draw(canvas: &mut Canvas<'_>, area: Rect, above: Rect, handed: &Handed) {
    if handed.sight.full && draw_full(canvas, area, handed) {
        return;
    }
    let qr = handed.qr().filter(|_| !canvas.ascii);
    let room = (above.width.min(WIDTH).saturating_sub(BESIDE + 2), above.height.saturating_sub(2));
    let side = qr.and_then(|qr| qr.fit(room.0, room.1).map(|quiet| qr.cells(quiet)));
    let width = WIDTH.min(above.width.saturating_sub(2));
    let height = side.map_or_else(|| words(handed, width), |(_, rows)| rows + 2);
    let frame = layout::middle(above, width, height);
    let inner = canvas.dialog(frame, Role::Focus, &[(&handed.title, Role::Strong)]);
    let mut page = inner;
    if let (Some((columns, _)), Some(qr)) = (side, qr) {
        let left = Rect { width: columns, ..inner };
        canvas.qr(left, qr, handed.sight.inverted);
        page = Rect { x: left.right(), width: inner.width.saturating_sub(columns), ..inner };
    }
    canvas.put_cursor(Rect { width: 1, height: 1, ..page });
    say(&mut Flow::new(canvas, page), handed, side.is_some());
}

/// How many rows the words need, frame and air included.
fn words(handed: &Handed, width: u16) -> u16 {
    let cells = usize::from(width.saturating_sub(4)).max(1);
    let lines = |words: &str| text::wrap(words, cells).len();
    let said: usize = handed.said.iter().map(|words| lines(words)).sum();
    let secret = handed.secret.as_ref().map_or(1, |(secret, _)| lines(secret.expose()));
    u16::try_from(said + secret).unwrap_or(u16::MAX).saturating_add(10)
}

fn say(flow: &mut Flow<'_, '_>, handed: &Handed, scannable: bool) {
    flow.gap();
    for words in &handed.said {
        flow.say(words, Role::Text);
    }
    flow.gap();
    let noun = handed.noun;
    match &handed.secret {
        None => {
            let hidden = format!(
                "The {noun} was hidden after 2 minutes without a key. If it did not arrive, make a new one."
            );
            flow.say(&hidden, Role::Warn);
        }
        Some(_) if handed.sight.veiled => {
            flow.say(&format!("The {noun} is covered: t shows it."), Role::Muted);
        }
        Some((secret, qr)) => {
            flow.say(secret.expose(), Role::Strong);
            flow.gap();
            if !scannable && qr.is_some() && flow.left() >= 5 {
                flow.say("f shows it as a QR code over the whole window.", Role::Muted);
            }
            flow.say(&format!("▲ {}", handed.warning), Role::Warn);
        }
    }
}

fn draw_full(canvas: &mut Canvas<'_>, area: Rect, handed: &Handed) -> bool {
    let Some(qr) = handed.qr().filter(|_| !canvas.ascii) else { return false };
    let above = Rect { height: area.height.saturating_sub(1), ..area };
    if qr.fit(above.width, above.height).is_none() {
        return false;
    }
    canvas.clear(area);
    canvas.qr(above, qr, handed.sight.inverted);
    let last = Rect { y: above.bottom(), height: 1, ..area };
    let pieces = [
        (" ", Role::Text),
        (&*handed.title, Role::Strong),
        ("   ", Role::Text),
        ("f", Role::Key),
        (" back  ", Role::Text),
        ("i", Role::Key),
        (" invert  ", Role::Text),
        ("c", Role::Key),
        (" copy", Role::Text),
    ];
    canvas.line(last, &pieces);
    canvas.put_cursor(last);
    true
}
