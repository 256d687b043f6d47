//! Tables: aligned and cut to the terminal for people, one tab between values for programs.

use unicode_width::UnicodeWidthStr as _;

use super::output::Out;
use crate::model::name::sanitise;

/// One line of a table.
pub type Row = Vec<String>;

const GAP: usize = 2;
const NARROWEST: usize = 8;
/// Wider than any terminal, for output that no terminal cuts.
const UNCUT: usize = 100_000;

/// A table to be.
#[derive(Debug)]
pub struct Table<'a> {
    /// Names of the columns; left out when a program reads.
    pub head: &'a [&'a str],
    /// The lines.
    pub rows: Vec<Row>,
}

impl Table<'_> {
    /// As text.
    pub fn render(&self, out: &Out) -> String {
        if out.terminal {
            let width = crossterm::terminal::size().map_or(80, |(columns, _)| columns);
            let text = self.aligned(usize::from(width), out.color);
            let rest = text.split_once('\n').map(|(_, rest)| rest.to_owned());
            if out.headers() { text } else { rest.unwrap_or_default() }
        } else {
            self.tabbed()
        }
    }

    fn tabbed(&self) -> String {
        self.rows.iter().map(|row| cells(row).join("\t") + "\n").collect()
    }

    fn aligned(&self, width: usize, color: bool) -> String {
        let rows: Vec<Row> = self.rows.iter().map(|row| cells(row)).collect();
        let mut widths: Vec<usize> = self.head.iter().map(|head| head.width()).collect();
        for row in &rows {
            for (own, cell) in widths.iter_mut().zip(row) {
                *own = (*own).max(cell.width());
            }
        }
        shrink(&mut widths, width);
        let head: Row = self.head.iter().map(|head| head.to_uppercase()).collect();
        let (bold, plain) = if color { ("\x1b[1m", "\x1b[0m") } else { ("", "") };
        let mut text = format!("{bold}{}{plain}\n", line(&head, &widths));
        for row in &rows {
            text.push_str(&line(row, &widths));
            text.push('\n');
        }
        text
    }
}

/// Takes from the widest column until the line fits; identifiers stand first and are seldom the widest.
fn shrink(widths: &mut [usize], room: usize) {
    let gaps = GAP * widths.len().saturating_sub(1);
    while widths.iter().sum::<usize>() + gaps > room {
        let Some(widest) = widths.iter_mut().rev().max_by_key(|width| **width) else { return };
        if *widest <= NARROWEST {
            return;
        }
        *widest -= 1;
    }
}

fn line(row: &[String], widths: &[usize]) -> String {
    let mut text = String::new();
    for (cell, width) in row.iter().zip(widths) {
        let cell = sanitise(cell, *width);
        let pad = width.saturating_sub(cell.width()) + GAP;
        text.push_str(&cell);
        text.push_str(&" ".repeat(pad));
    }
    text.trim_end().to_owned()
}

fn cells(row: &[String]) -> Row {
    row.iter().map(|cell| sanitise(cell, UNCUT)).collect()
}

/// The properties of one thing, a line each.
pub fn properties(properties: &[(&str, String)], out: &Out) -> String {
    let width = properties.iter().map(|(name, _)| name.width()).max().unwrap_or(0) + GAP;
    properties
        .iter()
        .map(|(name, value)| {
            let value = sanitise(value, UNCUT);
            if out.terminal {
                format!("{name}{}{value}", " ".repeat(width - name.width())).trim_end().to_owned()
                    + "\n"
            } else {
                format!("{name}\t{value}\n")
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table<'static> {
        let row = |name: &str, email: &str| vec![name.to_owned(), email.to_owned()];
        Table {
            head: &["name", "e-mail"],
            rows: vec![row("ann", "ann@example.com"), row("李雷", "l\u{1b}[31mi@e\tx.org")],
        }
    }

    #[test]
    fn columns_align_by_cells_and_controls_are_gone() {
        let text = table().aligned(80, false);
        assert_eq!(text, "NAME  E-MAIL\nann   ann@example.com\n李雷  l[31mi@e x.org\n");
    }

    #[test]
    fn narrow_terminal_cuts_the_widest_column() {
        for line in table().aligned(16, false).lines() {
            assert!(line.width() <= 16, "{line}");
        }
    }

    #[test]
    fn piped_lines_have_one_tab_between_values_whatever_these_hold() {
        assert_eq!(table().tabbed(), "ann\tann@example.com\n李雷\tl[31mi@e x.org\n");
    }
}
