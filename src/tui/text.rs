//! Words for the screen: foreign text made harmless, cut to cells, and times as people say them.
//! Where the words stand is for `screens` and `widgets`.

use std::time::Duration;

use unicode_width::UnicodeWidthStr;

use crate::{
    model::{device::browser_and_system, factor::Method, name::sanitise},
    time::Time,
};

/// Makes foreign text fit for one line of a terminal, at most `cells` wide.
///
/// A name is chosen by whoever signs up, and a user agent by whoever connects: neither may drive the terminal.
pub fn clean(text: &str, cells: usize) -> String {
    sanitise(text, cells)
}

/// How wide text is on the screen.
pub fn width(text: &str) -> u16 {
    u16::try_from(text.width()).unwrap_or(u16::MAX)
}

/// How long ago, in one or two characters and a unit: `now`, `5 m`, `3 h`, `12 d`.
pub fn ago(now: Time, then: Time) -> String {
    let span = now.since(then);
    if span < Duration::from_mins(1) { "now".to_owned() } else { brief(span) }
}

/// A span in its largest unit, rounded down.
pub fn brief(span: Duration) -> String {
    let secs = span.as_secs();
    match secs {
        0..60 => format!("{secs} s"),
        60..3_600 => format!("{} m", secs / 60),
        3_600..86_400 => format!("{} h", secs / 3_600),
        86_400..31_536_000 => format!("{} d", secs / 86_400),
        _ => format!("{} y", secs / 31_536_000),
    }
}

/// A moment in full: `2026-11-23 03:12:44Z`.
pub fn moment(time: Time) -> String {
    time.rfc3339().replacen('T', " ", 1)
}

/// The time of day for the header: `03:12Z`.
pub fn clock(time: Time) -> String {
    let text = time.rfc3339();
    text.get(11..16).map_or_else(String::new, |hours| format!("{hours}Z"))
}

/// `1 session`, `3 sessions`.
pub fn count(n: usize, noun: &str) -> String {
    if n == 1 { format!("1 {noun}") } else { format!("{} {noun}s", grouped(n)) }
}

/// A number with thin groups: `12 345`.
pub fn grouped(n: usize) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(' ');
        }
        out.push(digit);
    }
    out
}

/// The end of an id, which is the part that differs between rows made at the same time.
pub fn short_id(id: &str) -> String {
    let (prefix, rest) = id.split_once('_').unwrap_or(("", id));
    let tail: String = rest.chars().rev().take(6).collect::<Vec<_>>().into_iter().rev().collect();
    let text = if prefix.is_empty() { tail } else { format!("{prefix}…{tail}") };
    clean(&text, 12)
}

/// A browser's own words in two of ours: `Firefox/Linux`. What is not known is shown as it stands.
pub fn agent(words: &str) -> String {
    match browser_and_system(words) {
        (Some(browser), Some(system)) => format!("{browser}/{system}"),
        (Some(browser), None) => browser.to_owned(),
        _ if words.trim().is_empty() => "–".to_owned(),
        _ => clean(words, 60),
    }
}

/// A method of a second factor, as people call it.
pub fn method(method: Method) -> &'static str {
    match method {
        Method::Passkey => "passkey",
        Method::Totp => "app",
        Method::Sms => "SMS",
        Method::Email => "e-mail",
        Method::Recovery => "recovery codes",
    }
}

/// Words in lines of at most so many cells; a word that is longer than a line is cut into lines of its own.
pub fn wrap(words: &str, cells: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in words.split_whitespace() {
        let needed = usize::from(width(word)) + 1;
        match lines.last_mut() {
            Some(line) if usize::from(width(line)) + needed <= cells => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.extend(pieces(word, cells)),
        }
    }
    lines
}

fn pieces(word: &str, cells: usize) -> Vec<String> {
    if usize::from(width(word)) <= cells {
        return vec![word.to_owned()];
    }
    let letters: Vec<char> = word.chars().collect();
    letters.chunks(cells.max(1)).map(|piece| piece.iter().collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_cannot_drive_the_terminal() {
        assert_eq!(clean("\u{1b}]52;c;cm0=\u{7}x", 40), "]52;c;cm0=x");
        assert_eq!(clean("a\u{202e}nimda\u{2069}\u{200b}\u{9b}2J", 40), "animda2J");
        assert_eq!(clean("one\r\ntwo", 40), "one two");
    }

    #[test]
    fn text_is_cut_by_cells_and_never_within_a_wide_character() {
        assert_eq!(clean("abcdef", 6), "abcdef");
        assert_eq!(clean("abcdefg", 6), "abcde…");
        assert_eq!(clean("日本語", 5), "日本…");
        assert_eq!(clean("日本語", 4), "日…");
        assert_eq!(width(&clean("日本語日本語", 7)), 7);
        assert_eq!(clean("abc", 0), "");
        assert_eq!(clean("abc", 1), "…");
    }

    #[test]
    fn times_are_said_in_their_largest_unit() {
        let now = Time::from_secs(1_000_000);
        let before = |secs: i64| Time::from_secs(1_000_000 - secs);
        assert_eq!(ago(now, before(59)), "now");
        assert_eq!(ago(now, before(60)), "1 m");
        assert_eq!(ago(now, before(7_199)), "1 h");
        assert_eq!(ago(now, before(90_000)), "1 d");
        assert_eq!(ago(now, before(-50)), "now");
        assert_eq!(clock(Time::from_secs(11_564)), "03:12Z");
    }

    #[test]
    fn browsers_are_named_by_what_they_are_and_not_by_what_they_claim() {
        let edge =
            "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/126.0 Safari/537.36 Edg/126.0";
        assert_eq!(agent(edge), "Edge/Windows");
        assert_eq!(
            agent("Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Firefox/127.0"),
            "Firefox/Linux"
        );
        assert_eq!(agent(""), "–");
        assert_eq!(agent("my\u{1b}[2Japp"), "my[2Japp");
    }

    #[test]
    fn words_are_wrapped_and_what_has_no_gap_is_cut_without_losing_a_letter() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(
            wrap("to https://a.example/x?token=abc", 10).concat(),
            "tohttps://a.example/x?token=abc"
        );
        assert_eq!(wrap("", 10), Vec::<String>::new());
    }

    #[test]
    fn numbers_are_grouped_and_nouns_counted() {
        assert_eq!(grouped(1_234_567), "1 234 567");
        assert_eq!(count(1, "session"), "1 session");
        assert_eq!(count(0, "session"), "0 sessions");
    }
}
