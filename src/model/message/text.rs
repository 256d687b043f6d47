//! The words of messages: one file for each text and language in `assets/messages`, its first line the subject.

use crate::error::{Error, Result};

/// The languages that messages are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lang {
    /// English.
    En,
    /// German.
    De,
}

macro_rules! texts {
    ($($name:literal),* $(,)?) => {
        /// Each text: its name, and its words in every language.
        const TEXTS: &[(&str, &str, &str)] = &[$((
            $name,
            include_str!(concat!("../../../assets/messages/", $name, ".en.txt")),
            include_str!(concat!("../../../assets/messages/", $name, ".de.txt")),
        )),*];
    };
}

texts![
    "sms-code",
    "mfa-code",
    "reset",
    "invite",
    "enroll",
    "new-device",
    "password-changed",
    "factor-added",
    "factor-removed",
    "connection-ended",
    "key-due",
];

/// A text that is ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filled {
    /// The first line.
    pub subject: String,
    /// The rest.
    pub body: String,
}

/// The names of the texts that a code can stand in.
pub fn for_codes() -> impl Iterator<Item = &'static str> {
    TEXTS.iter().filter(|(_, en, _)| en.contains("{code}")).map(|(name, _, _)| *name)
}

/// Fills a text in. Everything that stands in braces must be among `fields`.
pub fn fill(name: &str, lang: Lang, fields: &[(&str, String)]) -> Result<Filled> {
    let (_, en, de) = TEXTS
        .iter()
        .find(|(known, _, _)| *known == name)
        .ok_or_else(|| Error::internal(format!("there is no message text \"{name}\"")))?;
    let text = match lang {
        Lang::En => en,
        Lang::De => de,
    };
    let (subject, body) = text.split_once("\n\n").unwrap_or(("", text));
    Ok(Filled { subject: insert(subject.trim(), fields)?, body: insert(body, fields)? })
}

/// Puts each field in its place. What was put in is not looked at again: a value in braces stays what it is.
pub fn insert(text: &str, fields: &[(&str, String)]) -> Result<String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let (name, after) = after
            .split_once('}')
            .ok_or_else(|| Error::internal("a brace in a message text is never closed"))?;
        let (_, value) = fields
            .iter()
            .find(|(known, _)| *known == name)
            .ok_or_else(|| Error::internal(format!("a message text asks for {{{name}}}")))?;
        out.push_str(value);
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}

/// What a program or a person far away calls itself, so that it can stand in a mail: no line breaks, and nothing that
/// a mail program would make a link of. A dot stays only between digits, as in a version.
pub fn tame(text: &str) -> String {
    let all: Vec<char> = text.chars().take(120).collect();
    let digit = |at: Option<usize>| at.and_then(|at| all.get(at)).is_some_and(char::is_ascii_digit);
    let tamed = all.iter().enumerate().map(|(at, c)| match c {
        '.' if digit(at.checked_sub(1)) && digit(at.checked_add(1)) => '.',
        ';' | ',' | '(' | ')' | '_' | '-' => *c,
        c if c.is_alphanumeric() => *c,
        _ => ' ',
    });
    let tamed: String = tamed.collect();
    tamed.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn placeholders(text: &str) -> BTreeSet<&str> {
        text.split('{')
            .skip(1)
            .filter_map(|rest| rest.split_once('}'))
            .map(|(name, _)| name)
            .collect()
    }

    #[test]
    fn every_text_has_a_subject_and_asks_for_the_same_in_every_language() {
        for (name, en, de) in TEXTS {
            assert_eq!(placeholders(en), placeholders(de), "{name}");
            for text in [en, de] {
                let (subject, body) = text.split_once("\n\n").unwrap();
                assert!(
                    !subject.contains('\n') && !subject.is_empty() && subject.len() < 78,
                    "{name}"
                );
                assert!(body.ends_with('\n') && !text.contains(['\r', '\0', '<']), "{name}");
            }
        }
    }

    #[test]
    fn codes_go_into_the_texts_that_have_a_place_for_them() {
        assert_eq!(for_codes().collect::<Vec<_>>(), ["sms-code", "mfa-code"]);
    }

    #[test]
    fn value_in_braces_is_not_filled_in_again() {
        let fields = [("a", "{b}".to_owned()), ("b", "secret".to_owned())];
        assert_eq!(insert("{a} and {b}", &fields).unwrap(), "{b} and secret");
        assert!(insert("{c}", &fields).is_err() && insert("{a", &fields).is_err());
    }

    #[test]
    fn tamed_text_holds_no_line_break_and_no_link() {
        assert_eq!(tame("Firefox 128.0.1 (Linux; x86_64)"), "Firefox 128.0.1 (Linux; x86_64)");
        assert_eq!(tame("go to https://evil.example/x?y"), "go to https evil example x y");
        assert_eq!(tame("a\r\nBcc: b@evil.example"), "a Bcc b evil example");
        assert_eq!(tame(&"x".repeat(500)).len(), 120);
    }
}
