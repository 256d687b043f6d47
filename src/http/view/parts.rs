//! What several pages share: the frame, a form, a link, a name from outside, password rules.
//! The pages themselves are beside this file.

use std::fmt;

use crate::http::lang::{Lang, Rich, Text};

/// The frame around every page.
#[derive(Clone, Debug)]
pub struct Shell {
    /// The product or company name, in the header and in every title.
    pub brand: String,
    /// The address of the stylesheet with the brand's colours, which come after ours.
    pub style: Option<String>,
    /// The address of the brand's logo, in the place of our mark.
    pub logo: Option<String>,
    /// The server's own host, shown in the footer so that people can compare it with the address bar.
    pub host: String,
    /// The language of the page.
    pub lang: Lang,
    /// Where the page can be had again in another language: its own path, or `None` when what it shows
    /// would be lost.
    pub here: Option<String>,
}

impl Default for Shell {
    fn default() -> Self {
        Self {
            brand: String::from("mcpcodex"),
            style: None,
            logo: None,
            host: String::new(),
            lang: Lang::default(),
            here: None,
        }
    }
}

impl Shell {
    /// The text `key`, plain; the template escapes it.
    pub fn t(&self, key: &'static str) -> Text {
        self.lang.t(key)
    }

    /// The text `key` as HTML; what is put into it is escaped.
    pub fn rich(&self, key: &'static str) -> Rich {
        self.lang.rich(key)
    }

    /// The title of a page, which says first when something was refused (WCAG G83).
    pub fn title(&self, key: &'static str, refused: bool) -> Text {
        if refused { self.t("title-error").with("title", self.t(key)) } else { self.t(key) }
    }

    /// The other languages, each with the way to this page in it.
    pub fn languages(&self) -> Vec<(Lang, String)> {
        let Some(here) = &self.here else { return Vec::new() };
        let here: String = form_urlencoded::byte_serialize(here.as_bytes()).collect();
        Lang::ALL
            .into_iter()
            .filter(|lang| *lang != self.lang)
            .map(|lang| (lang, format!("/language?to={}&return_to={here}", lang.code())))
            .collect()
    }
}

/// Where a form posts to and what it carries unseen.
#[derive(Clone, Default)]
pub struct Form {
    /// The path the form posts to.
    pub action: String,
    /// Hidden fields, name and value: the CSRF token, the flow, what the endpoint needs.
    pub hidden: Vec<(String, String)>,
}

/// A link to another page.
#[derive(Clone, Debug, Default)]
pub struct Link {
    /// The words.
    pub label: String,
    /// The address; callers give only their own paths and addresses registered by a client.
    pub href: String,
}

/// A button that leads to a provider.
#[derive(Clone, Debug, Default)]
pub struct ProviderButton {
    /// What people know it by.
    pub label: String,
    /// The address, one of our own paths.
    pub href: String,
}

/// Another way on, at the foot of a page.
#[derive(Clone, Debug, Default)]
pub struct Way {
    /// Names the link.
    pub id: &'static str,
    /// The words.
    pub label: String,
    /// The address, one of our own paths.
    pub href: String,
}

/// How a code is sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Medium {
    /// To a phone number.
    #[default]
    Sms,
    /// To an address.
    Email,
}

impl Medium {
    /// The word in forms, as `model` spells it.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Sms => "sms",
            Self::Email => "email",
        }
    }

    pub(super) fn is_sms(self) -> bool {
        self == Self::Sms
    }
}

/// How far a code that was asked for has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sending {
    /// It is on its way to its carrier.
    Underway,
    /// The carrier has it.
    Sent,
    /// It cannot be delivered.
    Failed,
    /// Nobody can tell.
    Unknown,
}

impl Sending {
    pub(super) fn is_stuck(self) -> bool {
        matches!(self, Self::Failed | Self::Unknown)
    }

    /// The sentence about it, with `to` in it.
    pub(super) fn said(self, shell: &Shell, to: &str) -> Text {
        let text = match self {
            Self::Underway => shell.t("sending-underway"),
            Self::Sent => shell.t("sending-sent"),
            Self::Failed => shell.t("sending-failed"),
            Self::Unknown => shell.t("sending-unknown"),
        };
        text.with("to", to)
    }
}

/// A name given by someone else (a client, a person), made fit to be shown.
///
/// Control, direction and invisible characters are dropped, since they can make one name look like
/// another or turn the sentence around it; white space is folded; length is capped.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Label(String);

/// The longest name shown, in characters.
const LABEL_MAX: usize = 80;

impl Label {
    /// Makes `raw` fit to be shown.
    pub fn new(raw: &str) -> Self {
        let visible: String = raw
            .chars()
            .map(|c| if c.is_whitespace() { ' ' } else { c })
            .filter(|c| !is_hidden(*c))
            .collect();
        let folded =
            visible.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
        if folded.chars().count() <= LABEL_MAX {
            return Self(folded);
        }
        let mut cut: String = folded.chars().take(LABEL_MAX - 1).collect();
        cut.push('…');
        Self(cut)
    }
}

/// Characters that draw nothing of their own but change what is around them.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{00ad}' | '\u{034f}' | '\u{061c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}'
            | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

impl<T: AsRef<str>> From<T> for Label {
    fn from(raw: T) -> Self {
        Self::new(raw.as_ref())
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a new password must meet, and what the last attempt did not.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    /// Every rule, as a short phrase: "at least 12 characters".
    pub all: Vec<String>,
    /// What was wrong with the last attempt, one sentence each; empty at first.
    pub broken: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn label_drops_characters_that_turn_or_hide_text() {
        assert_eq!(Label::new("Goo\u{202e}gle\u{200b}\u{0000}").to_string(), "Google");
        assert_eq!(Label::new(" a\r\n\tb  c ").to_string(), "a b c");
    }

    #[test]
    fn label_is_capped_and_says_so() {
        let long = Label::new(&"ä".repeat(500)).to_string();
        assert_eq!(long.chars().count(), LABEL_MAX);
        assert!(long.ends_with('…'));
        assert_eq!(Label::new(&"x".repeat(LABEL_MAX)).to_string(), "x".repeat(LABEL_MAX));
    }
}
