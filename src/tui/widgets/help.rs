//! The keys of a screen, read from the keymap, so that it cannot say what is not so.

use ratatui::layout::Rect;

use super::super::{
    action::{Action, Motion, Tab},
    canvas::Canvas,
    keymap::{BINDINGS, Binding, Group, Place},
    layout,
    theme::Role,
};

/// A line of the help: keys and what they mean, or a heading, or nothing.
type Line = (String, &'static str);

/// Draws the help of a screen; `top` is the first line that is shown.
pub fn draw(canvas: &mut Canvas<'_>, area: Rect, tab: Tab, top: usize) {
    let columns: u16 = if area.width >= 76 { 2 } else { 1 };
    let width = if columns == 2 { 78 } else { 50 };
    let lines = lines(tab);
    let rows = u16::try_from(lines.len()).unwrap_or(u16::MAX);
    let split = lines.len().div_ceil(2);
    let split = next_heading(&lines, split);
    let tall = if columns == 2 { u16::try_from(split).unwrap_or(u16::MAX) } else { rows };
    let frame = layout::middle(area, width, tall.saturating_add(4));
    let title = format!("Help   {}", tab.title());
    let inner = canvas.dialog(frame, Role::Focus, &[(&title, Role::Strong)]);
    let inner = Rect { y: inner.y + 1, height: inner.height.saturating_sub(2), ..inner };
    let fits = usize::from(inner.height);
    let half = inner.width / columns;
    let (left, right) =
        if columns == 2 { lines.split_at(split) } else { (lines.as_slice(), [].as_slice()) };
    let longest = left.len().max(right.len());
    let top = top.min(longest.saturating_sub(fits));
    for (part, x) in [(left, inner.x), (right, inner.x + half)] {
        for ((keys, label), y) in part.iter().skip(top).zip(inner.top()..inner.bottom()) {
            let line = Rect { x: x + 2, y, width: half.saturating_sub(3), height: 1 };
            if label.is_empty() {
                canvas.text(line, keys, Role::Title);
                continue;
            }
            canvas.text(Rect { width: 17, ..line }, keys, Role::Key);
            canvas.text(
                Rect { x: line.x + 18, width: line.width.saturating_sub(18), ..line },
                label,
                Role::Text,
            );
        }
    }
    canvas.put_cursor(Rect { width: 1, height: 1, ..inner });
    let more = if longest > fits { "j k scroll · " } else { "" };
    canvas.foot(frame, &format!("{more}Esc closes · the same words work after :"));
}

/// The first line of the help after a key; never past the last one.
pub fn scroll(top: usize, motion: Motion, page: usize) -> usize {
    let last = Tab::ALL.into_iter().map(|tab| lines(tab).len()).max().unwrap_or(0);
    match motion {
        Motion::Up => top.saturating_sub(1),
        Motion::Down => (top + 1).min(last),
        Motion::PageUp => top.saturating_sub(page),
        Motion::PageDown => (top + page).min(last),
        Motion::First => 0,
        Motion::Last => last,
    }
}

fn lines(tab: Tab) -> Vec<Line> {
    let own = match tab {
        Tab::Dashboard => Place::Dashboard,
        Tab::ApiKeys => Place::ApiKeys,
        Tab::Resources => Place::Resources,
        Tab::Attempts => Place::Attempts,
        Tab::Users => Place::Users,
        Tab::Sessions => Place::Sessions,
        Tab::Clients => Place::Clients,
        Tab::Mfa => Place::Mfa,
        Tab::Keys => Place::Keys,
        Tab::Audit => Place::Audit,
        Tab::Messages => Place::Messages,
    };
    let mut lines: Vec<Line> = Vec::new();
    for group in Group::ALL {
        let here = |b: &&Binding| {
            b.group == group
                && (b.place == own || b.place == Place::Screen || b.place == Place::Always)
        };
        if !lines.is_empty() {
            lines.push((String::new(), ""));
        }
        lines.push((group.title().to_owned(), ""));
        let mut rows: Vec<(Action, Line)> = Vec::new();
        for binding in BINDINGS.iter().filter(here) {
            let keys: Vec<String> = binding.keys.iter().map(ToString::to_string).collect();
            let label = binding.action.label();
            // Up and down, first and last stand on one line.
            match rows.iter_mut().find(|(_, (_, other))| *other == label) {
                Some((_, (before, _))) => *before = format!("{before} {}", keys.join(" ")),
                None => rows.push((binding.action, (keys.join(" "), label))),
            }
        }
        lines.extend(rows.into_iter().map(|(_, line)| line));
    }
    lines
}

/// The line at which the second column begins: the heading nearest after the middle.
fn next_heading(lines: &[Line], from: usize) -> usize {
    let blank = lines.iter().enumerate().skip(from).find(|(_, (keys, _))| keys.is_empty());
    blank.map_or(lines.len(), |(index, _)| index + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        model::verb::{Noun, Verb},
        tui::text,
    };

    #[test]
    fn help_shows_every_verb_of_the_screen_with_its_key() {
        let lines = lines(Tab::Users);
        for verb in Verb::ALL.into_iter().filter(|verb| verb.spec().noun == Noun::User) {
            let line = lines.iter().find(|(_, label)| *label == verb.spec().label);
            assert!(line.is_some_and(|(keys, _)| !keys.is_empty()), "{verb:?}");
        }
        assert!(lines.iter().all(|(keys, _)| text::width(keys) <= 30));
    }
}
