//! Characters that act instead of showing, and text made safe to print.
//! Escaping for HTML is the templates' business; this is about what a terminal or a reader would obey.

use unicode_normalization::char::is_combining_mark;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::MAX_MARKS;

/// Makes text from outside safe for a terminal or a page, at most `max_cells` wide.
///
/// Control, direction and invisible characters go, line breaks and tabs become one space, marks do
/// not pile up, and `…` shows that something was cut off.
pub fn sanitise(text: &str, max_cells: usize) -> String {
    let mut out = String::new();
    let mut used = 0_usize;
    let mut marks = MAX_MARKS;
    let mut cut = false;
    for c in text.chars() {
        let shown = if is_break(c) { ' ' } else { c };
        let gap = shown == ' ' && shown != c;
        if (gap && (out.is_empty() || out.ends_with(' '))) || is_hidden(shown) {
            continue;
        }
        let cells = shown.width().unwrap_or(0);
        if cells == 0 || is_combining_mark(shown) {
            // Without a limit a name of one cell could hold a megabyte; without a base it has no place.
            marks = marks.saturating_add(1);
            if marks > MAX_MARKS {
                continue;
            }
        } else {
            marks = 0;
        }
        if used.saturating_add(cells) > max_cells {
            cut = true;
            break;
        }
        used = used.saturating_add(cells);
        out.push(shown);
    }
    while out.ends_with(' ') && !cut && text.ends_with(is_break) {
        out.pop();
    }
    if cut && max_cells > 0 {
        while out.width() >= max_cells && out.pop().is_some() {}
        out.push('…');
    }
    // A sequence may be wider than its characters one by one.
    while out.width() > max_cells && out.pop().is_some() {}
    out
}

/// Whether a character acts on its surroundings or leaves no trace: control, direction, zero width,
/// private use, or no character at all.
pub fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{ad}'
                | '\u{34f}'
                | '\u{61c}'
                | '\u{115f}'..='\u{1160}'
                | '\u{17b4}'..='\u{17b5}'
                | '\u{180b}'..='\u{180f}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{2800}'
                | '\u{3164}'
                | '\u{e000}'..='\u{f8ff}'
                | '\u{fdd0}'..='\u{fdef}'
                | '\u{fe00}'..='\u{fe0f}'
                | '\u{feff}'
                | '\u{ffa0}'
                | '\u{fff0}'..='\u{fffb}'
                | '\u{1bca0}'..='\u{1bca3}'
                | '\u{1d173}'..='\u{1d17a}'
                | '\u{e0000}'..='\u{10ffff}'
        )
        || u32::from(c) & 0xfffe == 0xfffe
}

/// Whether a character parts lines or columns, so that dropping it would join two words.
fn is_break(c: char) -> bool {
    matches!(c, '\t'..='\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// The longest row of marks on one letter.
pub(super) fn longest_marks(text: &str) -> usize {
    let mut longest = 0_usize;
    let mut run = 0_usize;
    for c in text.chars() {
        run = if is_combining_mark(c) { run.saturating_add(1) } else { 0 };
        longest = longest.max(run);
    }
    longest
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn escape_sequences_lose_their_escape() {
        assert_eq!(sanitise("\u{1b}[31mred\u{1b}[0m\u{7}", 40), "[31mred[0m");
        assert_eq!(sanitise("a\u{9b}2Jb\u{0}c\u{7f}", 40), "a2Jbc");
        assert_eq!(sanitise("\u{1b}]52;c;cm0=\u{7}", 40), "]52;c;cm0=");
    }

    #[test]
    fn direction_and_invisible_characters_go() {
        assert_eq!(sanitise("user\u{202e}nimda\u{2066}\u{200b}\u{feff}\u{e0041}", 40), "usernimda");
        assert_eq!(sanitise("so\u{ad}ft\u{3164}", 40), "soft");
    }

    #[test]
    fn line_breaks_become_one_space() {
        assert_eq!(sanitise("one\r\n\ttwo\u{2028}three\n", 40), "one two three");
        assert_eq!(sanitise("a  b ", 40), "a  b ");
    }

    #[test]
    fn long_text_is_cut_by_cells() {
        assert_eq!(sanitise("abcdef", 6), "abcdef");
        assert_eq!(sanitise("abcdefg", 6), "abcde…");
        assert_eq!(sanitise("漢字漢字", 5), "漢字…");
        assert_eq!(sanitise("漢字漢字", 8), "漢字漢字");
        assert_eq!(sanitise("漢字", 1), "…");
        assert_eq!(sanitise("x", 0), "");
    }

    #[test]
    fn marks_do_not_pile_up() {
        let tower = format!("a{}b", "\u{301}".repeat(100_000));
        assert_eq!(sanitise(&tower, 10), "a\u{301}\u{301}\u{301}b");
        assert_eq!(sanitise("\u{301}a", 10), "a");
    }

    fn any_text() -> impl Strategy<Value = String> {
        let wild = prop_oneof![
            any::<char>(),
            prop::char::range('\u{0}', '\u{ff}'),
            prop::char::range('\u{300}', '\u{36f}'),
            prop::char::range('\u{2000}', '\u{206f}'),
            prop::char::range('\u{fe00}', '\u{feff}'),
            prop::char::range('\u{1f1e6}', '\u{1faff}'),
        ];
        prop::collection::vec(wild, 0..80).prop_map(String::from_iter)
    }

    proptest! {
        #[test]
        fn nothing_that_acts_is_left_and_the_width_is_kept(text in any_text(), cells in 0_usize..40) {
            let safe = sanitise(&text, cells);
            prop_assert!(!safe.chars().any(is_hidden), "{:?}", safe);
            prop_assert!(!safe.chars().any(char::is_control), "{:?}", safe);
            prop_assert!(safe.width() <= cells, "{} of {}: {:?}", safe.width(), cells, safe);
            prop_assert_eq!(sanitise(&safe, cells), safe);
        }
    }
}
