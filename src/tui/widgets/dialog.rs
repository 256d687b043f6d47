//! The question before a change, drawn: what will happen, what of it is final, and Cancel under the cursor.

use ratatui::layout::Rect;

use super::super::{
    action::Action,
    canvas::Canvas,
    confirm::{Confirm, Fate, Step, Word},
    keymap, layout, text,
    theme::Role,
};

const WIDTH: u16 = 70;

/// Draws a question into the middle of an area. The buttons are always there; what is said besides goes first.
pub fn draw(canvas: &mut Canvas<'_>, area: Rect, question: &Confirm) {
    let width = WIDTH.min(area.width.saturating_sub(2));
    let note = text::wrap(
        question.note.as_deref().unwrap_or_default(),
        usize::from(width.saturating_sub(6)),
    );
    let option = usize::from(question.option.is_some());
    let lines = u16::try_from(question.steps.len() + note.len() + option).unwrap_or(0);
    // Frame, first sentence, gaps, buttons; a roomy one has air inside its frame and says how to answer.
    let close = lines + 7;
    let roomy = area.height >= close + 6;
    let frame = layout::middle(area, width, if roomy { close + 4 } else { close });
    let inner = canvas.dialog(frame, Role::Danger, &[(&question.title, Role::Strong)]);
    let inner = if roomy {
        Rect { y: inner.y + 1, height: inner.height.saturating_sub(2), ..inner }
    } else {
        inner
    };
    let hint = u16::from(roomy) * 2;
    let last = Rect { y: inner.bottom().saturating_sub(1 + hint), ..inner };
    let mut page = Rect { height: inner.height.saturating_sub(1 + hint), ..inner };
    canvas.text(
        indent(take_line(&mut page), 2),
        "This happens now, in one transaction:",
        Role::Text,
    );
    take_line(&mut page);
    for step in &question.steps {
        draw_step(canvas, indent(take_line(&mut page), 4), step);
    }
    if let Some(option) = &question.option {
        let line = indent(take_line(&mut page), 4);
        let mark = if option.on { "[x] " } else { "[ ] " };
        let role = if option.on { Role::Danger } else { Role::Text };
        canvas.line(line, &[("l ", Role::Key), (mark, role), (option.what, role)]);
    }
    take_line(&mut page);
    for words in &note {
        canvas.text(indent(take_line(&mut page), 2), words, Role::Muted);
    }
    let row = Rect { height: 1, ..last };
    match &question.word {
        Some(word) => field(canvas, indent(row, 2), word),
        None => buttons(canvas, indent(row, 8), question),
    }
    if roomy {
        let line = Rect { y: last.y + 2, height: 1, ..last };
        let how = if question.word.is_some() {
            "Enter does it once the name stands there; Esc leaves"
        } else {
            "y is required; Enter presses the button with the focus"
        };
        canvas.text(indent(line, 2), how, Role::Muted);
    }
}

/// The first line of what is left; empty when nothing is.
fn take_line(page: &mut Rect) -> Rect {
    let line = Rect { height: page.height.min(1), ..*page };
    page.y = page.y.saturating_add(line.height);
    page.height -= line.height;
    line
}

fn indent(line: Rect, cells: u16) -> Rect {
    Rect { x: line.x.saturating_add(cells), width: line.width.saturating_sub(cells + 2), ..line }
}

fn draw_step(canvas: &mut Canvas<'_>, line: Rect, step: &Step) {
    let (fate, role) = match step.fate {
        Fate::Final => ("final".to_owned(), Role::Danger),
        Fate::Said => ("–".to_owned(), Role::Muted),
        Fate::Undo(verb) => {
            let key = keymap::key_of(&keymap::EVERY, Action::Run(verb)).unwrap_or_default();
            (format!("undo: {key}"), Role::Muted)
        }
    };
    let right = line.width.min(8);
    let left = line.width - right;
    canvas.text(Rect { width: left.saturating_sub(1), ..line }, &step.what, Role::Strong);
    canvas.text(Rect { x: line.x + left, width: right, ..line }, &fate, role);
}

/// The field in which a name must be typed.
fn field(canvas: &mut Canvas<'_>, line: Rect, word: &Word) {
    let role = if word.is_typed() { Role::Good } else { Role::Strong };
    let pieces =
        [("Type ", Role::Text), (word.wanted.as_str(), Role::Strong), (" to do it:  ", Role::Text)];
    let rest = canvas.line(line, &pieces);
    let rest = canvas.line(rest, &[(&word.typed, role)]);
    canvas.put_cursor(rest);
}

/// Draws the question whether to leave, with the server in this process.
pub fn leave(canvas: &mut Canvas<'_>, area: Rect) {
    let frame = layout::middle(area, 60, 8);
    let inner = canvas.dialog(frame, Role::Danger, &[("Leave ?", Role::Strong)]);
    let mut page = Rect { y: inner.y + 1, height: inner.height.saturating_sub(1), ..inner };
    let first = "The server runs in this process and stops with it.";
    canvas.text(indent(take_line(&mut page), 2), first, Role::Text);
    let next = "Open requests may end; the console alone is mcpcodex --tui.";
    canvas.text(indent(take_line(&mut page), 2), next, Role::Muted);
    take_line(&mut page);
    let rest =
        canvas.line(indent(take_line(&mut page), 8), &[(" [y] Stop and leave ", Role::Text)]);
    let rest = canvas.line(rest, &[("      ", Role::Text)]);
    canvas.put_cursor(rest);
    canvas.line(rest, &[(" [n] Stay ", Role::Button)]);
}

fn buttons(canvas: &mut Canvas<'_>, line: Rect, question: &Confirm) {
    let yes = format!(" [y] {} ", capital(question.change.verb.spec().label));
    let no = " [n] Cancel ";
    let (yes_role, no_role) =
        if question.armed { (Role::Button, Role::Text) } else { (Role::Text, Role::Button) };
    let rest = canvas.line(line, &[(&yes, yes_role)]);
    if question.armed {
        canvas.put_cursor(line);
    }
    let rest = canvas.line(rest, &[("      ", Role::Text)]);
    if !question.armed {
        canvas.put_cursor(rest);
    }
    canvas.line(rest, &[(no, no_role)]);
}

fn capital(words: &str) -> String {
    let mut chars = words.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
