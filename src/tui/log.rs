//! The server's log while the console has the screen: the newest lines, kept in memory and shown over any screen.

use std::{collections::VecDeque, io, sync::Arc};

use parking_lot::Mutex;

use super::{
    app::{App, Overlay},
    story::Open,
    text,
    toast::Tone,
};
use crate::model::trace::story::{self, Line};

/// How many lines are kept.
const KEPT: usize = 1_000;
/// The longest line in characters.
const LONGEST: usize = 1_000;

/// The newest lines of a log; clones share them. What is written to it becomes lines, in however many pieces it comes.
#[derive(Clone, Debug, Default)]
pub struct Log(Arc<Mutex<Kept>>);

#[derive(Debug, Default)]
struct Kept {
    lines: VecDeque<String>,
    /// Whether the newest line goes on.
    open: bool,
}

impl Log {
    /// The lines, oldest first.
    pub fn lines(&self) -> Vec<String> {
        self.0.lock().lines.iter().cloned().collect()
    }
}

impl Kept {
    fn take(&mut self, piece: &str) {
        // What strangers send may stand in a log.
        let words = text::clean(piece.trim_end_matches(['\r', '\n']), LONGEST);
        match self.lines.back_mut().filter(|_| self.open) {
            Some(last) if last.len() < LONGEST => last.push_str(&words),
            Some(_) => {}
            None if words.trim().is_empty() => return,
            None => {
                if self.lines.len() >= KEPT {
                    self.lines.pop_front();
                }
                self.lines.push_back(words);
            }
        }
        self.open = !piece.ends_with('\n');
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(bytes);
        let mut kept = self.0.lock();
        text.split_inclusive('\n').for_each(|piece| kept.take(piece));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A line of the log, its time apart.
fn line(words: &str) -> Line {
    let at = words.get(11..19).filter(|at| at.as_bytes().get(2) == Some(&b':'));
    let rest = at.and_then(|_| words.split_once(' ')).map_or(words, |(_, rest)| rest.trim_start());
    let tone = if rest.starts_with("ERROR") || rest.starts_with("WARN") {
        story::Tone::Bad
    } else {
        story::Tone::Plain
    };
    Line { label: at.unwrap_or_default().to_owned(), words: rest.to_owned(), tone }
}

impl App {
    /// Shows the log of the server in this process.
    pub(super) fn show_log(&mut self) {
        let Some(log) = self.site.log.clone() else {
            self.say(Tone::Bad, "no server runs in this process: serve --tui has its log here");
            return;
        };
        let lines: Vec<Line> = log.lines().iter().map(|words| line(words)).collect();
        let top = lines.len().saturating_sub(1);
        let title = "Server log, newest last".to_owned();
        self.overlay = Some(Overlay::Story(Box::new(Open { title, lines, top, is_log: true })));
    }

    /// Brings the log that is shown up to date, as long as its end is in sight.
    pub(super) fn follow_log(&mut self) {
        let Some(log) = self.site.log.clone() else { return };
        let Some(Overlay::Story(open)) = &mut self.overlay else { return };
        if !open.is_log || open.top + 1 < open.lines.len() {
            return;
        }
        let lines: Vec<Line> = log.lines().iter().map(|words| line(words)).collect();
        if lines.len() != open.lines.len() || lines.last() != open.lines.last() {
            open.top = lines.len().saturating_sub(1);
            open.lines = lines;
            self.dirty = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn newest_lines_are_kept_and_harmless() {
        let mut log = Log::default();
        for n in 0..KEPT + 5 {
            // It comes in pieces.
            writeln!(log, "2026-11-23T03:12:44Z  WARN mcpcodex: line {n} \u{1b}[2J").unwrap();
        }
        let lines = log.lines();
        assert_eq!((lines.len(), lines[0].contains("line 5 ")), (KEPT, true));
        assert!(lines.iter().all(|line| !line.contains('\u{1b}')));
        let shown = line(&lines[0]);
        assert_eq!((shown.label.as_str(), shown.tone), ("03:12:44", story::Tone::Bad));
        assert!(shown.words.starts_with("WARN mcpcodex: line 5"), "{}", shown.words);
    }
}
