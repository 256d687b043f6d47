//! The question before a change, drawn: what will happen, what of it is final, and Cancel under the cursor.

use ratatui::layout::Rect;

use super::super::{
    action::Action,
    canvas::Canvas,
    confirm::{Confirm, Fate},
    keymap, layout, text,
    theme::Role,
};

const WIDTH: u16 = 70;

/// Draws a question into the middle of an area.
pub fn draw(canvas: &mut Canvas<'_>, area: Rect, question: &Confirm) {
    let width = WIDTH.min(area.width.saturating_sub(2));
    let lines =
        wrap(question.note.as_deref().unwrap_or_default(), usize::from(width.saturating_sub(6)));
    let body = 8 + u16::try_from(question.steps.len() + lines.len()).unwrap_or(0);
    let roomy = area.height >= body + 4;
    let height = if roomy { body + 3 } else { body };
    let frame = layout::middle(area, width, height);
    let heading = [(question.title.as_str(), Role::Strong)];
    let inner = canvas.dialog(frame, Role::Danger, &heading);
    let mut y = inner.y;
    let skip = |y: &mut u16| *y += u16::from(roomy);
    let row = |y: u16, indent: u16| {
        let area = Rect {
            x: inner.x + indent,
            y,
            width: inner.width.saturating_sub(indent + 1),
            height: 1,
        };
        area.intersection(inner)
    };
    skip(&mut y);
    canvas.text(row(y, 2), "This happens now, in one transaction:", Role::Text);
    y += 2;
    for step in &question.steps {
        let (undo, role) = match step.fate {
            Fate::Final => ("final".to_owned(), Role::Danger),
            Fate::Said => ("–".to_owned(), Role::Muted),
            Fate::Undo(verb) => {
                let key = keymap::key_of(&keymap::EVERY, Action::Run(verb)).unwrap_or_default();
                (format!("undo: {key}"), Role::Muted)
            }
        };
        let line = row(y, 4);
        let undo_width = 12;
        canvas.text(
            Rect { width: line.width.saturating_sub(undo_width + 1), ..line },
            &step.what,
            Role::Strong,
        );
        let x = line.x + line.width.saturating_sub(undo_width);
        canvas.text(Rect { x, width: undo_width, ..line }.intersection(inner), &undo, role);
        y += 1;
    }
    y += 1;
    for words in &lines {
        canvas.text(row(y, 2), words, Role::Muted);
        y += 1;
    }
    y += u16::from(!lines.is_empty());
    buttons(canvas, row(y, 8), question);
    y += 1 + u16::from(roomy);
    canvas.text(row(y, 2), "y is required; Enter presses the button with the focus", Role::Muted);
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

fn wrap(words: &str, cells: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in words.split_whitespace() {
        let needed = usize::from(text::width(word)) + 1;
        match lines.last_mut() {
            Some(line) if usize::from(text::width(line)) + needed <= cells => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}
