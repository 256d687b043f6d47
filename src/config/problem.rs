//! What is wrong with a configuration, where, and how it is shown: for people with the line and a
//! caret, for programs as fields. Finding the mistakes is left to `load` and `rules`.

use std::fmt::{self, Write as _};

use serde::Serialize;

use super::tree::Place;

/// One mistake that keeps the configuration from being used.
#[derive(Clone, Debug, Serialize)]
pub struct Problem {
    /// The file, or the environment variable, that holds the mistake.
    pub source: Option<Box<str>>,
    /// Line in the file, from 1.
    pub line: Option<usize>,
    /// Column in the line, in characters, from 1.
    pub column: Option<usize>,
    /// The key, for example `authentication.tokens.access_token.lifetime`; empty for the whole file.
    pub path: String,
    /// What is wrong and what would be right.
    pub message: String,
    #[serde(skip)]
    width: usize,
    #[serde(skip)]
    excerpt: Option<Box<str>>,
}

impl Problem {
    /// A mistake that has no place yet.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            source: None,
            line: None,
            column: None,
            path: String::new(),
            message: message.into(),
            width: 1,
            excerpt: None,
        }
    }

    /// Says where in the file.
    #[must_use]
    pub fn at(mut self, place: Place) -> Self {
        if place.line > 0 {
            self.line = Some(place.line);
            self.column = Some(place.column);
            self.width = place.width;
        }
        self
    }

    /// Says which key.
    #[must_use]
    pub fn on(mut self, path: &str) -> Self {
        path.clone_into(&mut self.path);
        self
    }

    /// Says which file or variable.
    #[must_use]
    pub fn from_source(mut self, source: impl Into<Box<str>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Adds the line of the file that is shown above the caret.
    #[must_use]
    pub fn with_excerpt(mut self, text: &str) -> Self {
        let line = self.line.and_then(|line| text.lines().nth(line.saturating_sub(1)));
        self.excerpt = line.map(|line| line.trim_end().into());
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(source) = &self.source {
            f.write_str(source)?;
            if let (Some(line), Some(column)) = (self.line, self.column) {
                write!(f, ":{line}:{column}")?;
            }
            f.write_str(": ")?;
        }
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.message)?;
        let (Some(excerpt), Some(line), Some(column)) = (&self.excerpt, self.line, self.column)
        else {
            return Ok(());
        };
        let (shown, column) = window(excerpt, column);
        let number = line.to_string();
        let margin = " ".repeat(number.len());
        // A tab before the caret stays a tab, so that the caret stands under what it means.
        let lead: String = shown
            .chars()
            .take(column.saturating_sub(1))
            .map(|c| if c == '\t' { '\t' } else { ' ' })
            .collect();
        let room = shown.chars().count().saturating_sub(column.saturating_sub(1));
        let carets = "^".repeat(self.width.min(room).max(1));
        write!(f, "\n{margin} |\n{number} | {}\n{margin} | {lead}{carets}", printable(&shown))
    }
}

/// Cuts a line that no terminal could show around the column, which moves along.
fn window(line: &str, column: usize) -> (String, usize) {
    const MOST: usize = 160;
    if line.chars().count() <= MOST {
        return (line.to_owned(), column);
    }
    let skip = column.saturating_sub(MOST / 2);
    let cut = line.chars().skip(skip).take(MOST).collect();
    (cut, column - skip)
}

/// Keeps escape sequences in a file from reaching the terminal.
fn printable(line: &str) -> String {
    line.chars().map(|c| if c.is_control() && c != '\t' { '\u{fffd}' } else { c }).collect()
}

/// More than these at once help no one; the form for programs has them all.
const SHOWN: usize = 20;

/// All the mistakes of one configuration, in the order of the file.
#[derive(Clone, Debug, Serialize)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// Sorts the mistakes as a reader of the file meets them.
    pub(super) fn new(mut problems: Vec<Problem>) -> Self {
        problems.sort_by_key(|p| (p.line.unwrap_or(usize::MAX), p.column));
        Self(problems)
    }

    /// Each mistake.
    pub fn iter(&self) -> std::slice::Iter<'_, Problem> {
        self.0.iter()
    }

    /// How many there are; never 0.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none, which no error of this type is.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'a> IntoIterator for &'a Problems {
    type Item = &'a Problem;
    type IntoIter = std::slice::Iter<'a, Problem>;
    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        for problem in self.0.iter().take(SHOWN) {
            write!(text, "{problem}\n\n")?;
        }
        let count = self.0.len();
        if count > SHOWN {
            write!(text, "… and {} more\n\n", count - SHOWN)?;
        }
        let noun = if count == 1 { "mistake" } else { "mistakes" };
        write!(f, "{text}{count} {noun} in the configuration")
    }
}

impl std::error::Error for Problems {}
