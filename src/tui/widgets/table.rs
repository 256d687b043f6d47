//! Rows in columns: which columns there is room for, heading, rule, the rows that are seen.
//! What the cells say is for the screens; only rows that are seen are asked for.

use ratatui::layout::Rect;

use super::super::{
    app::App,
    canvas::Canvas,
    layout,
    list::{Keyed, List},
    theme::Role,
};

/// A column.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Its heading.
    pub title: &'static str,
    /// The least that is of use.
    pub min: u16,
    /// The most that is of use.
    pub max: u16,
    /// How much it matters; what matters least goes first when there is no room.
    pub rank: u8,
}

/// A cell: what it says and how it is meant.
pub type Cell = (String, Role);

const MARK: u16 = 2;
const GAP: u16 = 2;

/// Which columns stand where; those that found no room are left out.
pub fn fit(columns: &[Column], width: u16) -> Vec<(usize, u16, u16)> {
    let mut shown: Vec<usize> = (0..columns.len()).collect();
    let needs = |shown: &[usize]| {
        let cells: u16 = shown.iter().filter_map(|i| columns.get(*i)).map(|c| c.min + GAP).sum();
        MARK + cells.saturating_sub(GAP)
    };
    while shown.len() > 1 && needs(&shown) > width {
        let rank = |i: &usize| columns.get(*i).map_or(0, |column| column.rank);
        let least = shown.iter().copied().min_by_key(rank);
        shown.retain(|i| Some(*i) != least);
    }
    let mut spare = width.saturating_sub(needs(&shown));
    let mut widths: Vec<(usize, u16, u16)> =
        shown.iter().filter_map(|i| columns.get(*i).map(|c| (*i, c.min, c.max))).collect();
    // A cell at a time to each that can use it: columns grow evenly.
    while spare > 0 && widths.iter().any(|(_, cells, max)| cells < max) {
        for (_, cells, max) in &mut widths {
            if *cells < *max && spare > 0 {
                *cells += 1;
                spare -= 1;
            }
        }
    }
    let mut x = MARK;
    widths
        .into_iter()
        .map(|(i, cells, _)| {
            let start = x;
            x += cells + GAP;
            (i, start, cells.min(width.saturating_sub(start)))
        })
        .collect()
}

/// Draws heading, rule and rows into a panel's inside, or why there are none.
pub fn draw<R: Keyed>(
    canvas: &mut Canvas<'_>,
    panel: Rect,
    columns: &[Column],
    list: &List<R>,
    cells: impl Fn(&R) -> Vec<Cell>,
) {
    let inner = layout::inner(panel);
    let columns_at = fit(columns, inner.width.saturating_sub(1));
    let heading = Rect { height: inner.height.min(1), ..inner };
    for (index, x, width) in &columns_at {
        let title = columns.get(*index).map_or("", |column| column.title);
        canvas.text(Rect { x: heading.x + x, width: *width, ..heading }, title, Role::Muted);
    }
    canvas.rule(Rect { y: inner.y + 1, height: inner.height.saturating_sub(1).min(1), ..inner });
    let rows = layout::rows(panel);
    let selected = list.selected().map(Keyed::key);
    for (row, y) in list.rows().iter().skip(list.top()).zip(rows.top()..rows.bottom()) {
        let line = Rect { y, height: 1, ..rows };
        let texts = cells(row);
        for (index, x, width) in &columns_at {
            if let Some((words, role)) = texts.get(*index) {
                canvas.text(Rect { x: line.x + x, width: *width, ..line }, words, *role);
            }
        }
        if selected.as_ref() == Some(&row.key()) {
            canvas.text(line, "▌", Role::Text);
            canvas.select(line);
        }
    }
}

/// Says in place of rows why there are none, in a line or two.
pub fn draw_empty(canvas: &mut Canvas<'_>, panel: Rect, lines: &[(&str, Role)]) {
    let rows = layout::rows(panel);
    let first = if rows.height > 4 { rows.y + 1 } else { rows.y };
    for (words_role, y) in lines.iter().zip(first..rows.bottom()) {
        let line = Rect { x: rows.x + MARK, width: rows.width.saturating_sub(MARK), y, height: 1 };
        canvas.text(line, words_role.0, words_role.1);
    }
}

/// What a list without rows says for a reason of its own; none when the reason is the screen's.
pub fn waiting<R: Keyed>(app: &App, list: &List<R>) -> Option<Vec<Cell>> {
    match list.wait.trouble() {
        Some(problem) => {
            let next = problem.next.clone().unwrap_or_else(|| "r tries again".to_owned());
            Some(vec![(format!("▲ {}", problem.text), Role::Danger), (next, Role::Text)])
        }
        None if !list.wait.loaded() => Some(vec![("loading …".to_owned(), Role::Muted)]),
        None if app.is_working() && list.wait.changing() => Some(Vec::new()),
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: [Column; 3] = [
        Column { title: "a", min: 10, max: 20, rank: 9 },
        Column { title: "b", min: 10, max: 10, rank: 1 },
        Column { title: "c", min: 10, max: 40, rank: 5 },
    ];

    #[test]
    fn what_matters_least_goes_first_and_the_rest_grows() {
        assert_eq!(fit(&COLUMNS, 36), [(0, 2, 10), (1, 14, 10), (2, 26, 10)]);
        assert_eq!(fit(&COLUMNS, 35), [(0, 2, 16), (2, 20, 15)]);
        assert_eq!(fit(&COLUMNS, 8), [(0, 2, 6)]);
        assert_eq!(fit(&COLUMNS, 0), [(0, 2, 0)]);
    }
}
