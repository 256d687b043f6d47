//! Keys as they come from the terminal, one or two after each other, and as they are written in hints.
//! Which key means what is in `keymap`.

use std::fmt;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use tui_input::InputRequest;

/// A key with the modifiers that matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    pub(super) code: KeyCode,
    control: bool,
}

impl Key {
    const fn new(code: KeyCode) -> Self {
        Self { code, control: false }
    }

    const fn char(c: char) -> Self {
        Self::new(KeyCode::Char(c))
    }

    const fn control(c: char) -> Self {
        Self { code: KeyCode::Char(c), control: true }
    }

    /// The key of an event; none with Alt or the like held, which nothing is bound to.
    pub fn of(event: KeyEvent) -> Option<Self> {
        // Shift is in the character already.
        let others = event.modifiers.difference(KeyModifiers::SHIFT | KeyModifiers::CONTROL);
        let control = event.modifiers.contains(KeyModifiers::CONTROL);
        others.is_empty().then_some(Self { code: event.code, control })
    }

    /// Whether it writes a character.
    pub fn is_printable(self) -> bool {
        matches!(self.code, KeyCode::Char(_)) && !self.control
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.control {
            f.write_str("^")?;
        }
        #[expect(clippy::wildcard_enum_match_arm, reason = "only keys of the table are shown")]
        match self.code {
            KeyCode::Char(c) if self.control => write!(f, "{}", c.to_uppercase()),
            KeyCode::Char(c) => write!(f, "{c}"),
            KeyCode::Enter => f.write_str("⏎"),
            KeyCode::Esc => f.write_str("Esc"),
            KeyCode::Tab => f.write_str("Tab"),
            KeyCode::BackTab => f.write_str("⇧Tab"),
            KeyCode::Up => f.write_str("↑"),
            KeyCode::Down => f.write_str("↓"),
            KeyCode::Left => f.write_str("←"),
            KeyCode::Right => f.write_str("→"),
            KeyCode::PageUp => f.write_str("PgUp"),
            KeyCode::PageDown => f.write_str("PgDn"),
            KeyCode::Home => f.write_str("Home"),
            KeyCode::End => f.write_str("End"),
            other => write!(f, "{other:?}"),
        }
    }
}

/// One or two keys after each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chord {
    pub(super) prefix: Option<Key>,
    pub(super) key: Key,
}

impl fmt::Display for Chord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(prefix) = self.prefix {
            write!(f, "{prefix}")?;
        }
        write!(f, "{}", self.key)
    }
}

pub(super) const fn one(code: KeyCode) -> Chord {
    Chord { prefix: None, key: Key::new(code) }
}
pub(super) const fn ch(c: char) -> Chord {
    Chord { prefix: None, key: Key::char(c) }
}
pub(super) const fn ctrl(c: char) -> Chord {
    Chord { prefix: None, key: Key::control(c) }
}
pub(super) const fn g(c: char) -> Chord {
    Chord { prefix: Some(Key::char('g')), key: Key::char(c) }
}

/// What a key does to a line of text.
pub fn edit(key: Key) -> Option<InputRequest> {
    use InputRequest as R;
    Some(match (key.code, key.control) {
        (KeyCode::Char('a'), true) | (KeyCode::Home, _) => R::GoToStart,
        (KeyCode::Char('e'), true) | (KeyCode::End, _) => R::GoToEnd,
        (KeyCode::Char('w'), true) => R::DeletePrevWord,
        (KeyCode::Char('u'), true) => R::DeleteLine,
        (KeyCode::Char('h'), true) | (KeyCode::Backspace, _) => R::DeletePrevChar,
        (KeyCode::Delete, _) => R::DeleteNextChar,
        (KeyCode::Left, _) => R::GoToPrevChar,
        (KeyCode::Right, _) => R::GoToNextChar,
        (KeyCode::Char(c), false) => R::InsertChar(c),
        _ => return None,
    })
}
