//! The languages of the pages: which there are, which one a person gets, and every text they read.
//! The texts themselves are in `assets/locales`, one file a language.

pub mod core;
mod negotiate;
pub mod password;
pub mod scope;
mod text;
pub mod when;

pub use negotiate::{by_ui_locales, wanted};
pub use text::{Arg, Rich, Text};

/// A language that the pages speak.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lang {
    /// English, also for whoever asks for a language that is not here.
    #[default]
    En,
    /// German.
    De,
}

impl Lang {
    /// Every language, in the order of the switch at the foot of a page.
    pub const ALL: [Self; 2] = [Self::En, Self::De];

    /// Its tag (BCP 47), as in `<html lang>` and `ui_locales`.
    pub fn code(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::De => "de",
        }
    }

    /// What it calls itself.
    pub fn own_name(self) -> &'static str {
        match self {
            Self::En => "English",
            Self::De => "Deutsch",
        }
    }

    /// The file of its texts.
    pub fn file(self) -> &'static str {
        match self {
            Self::En => include_str!("../../../assets/locales/en.ftl"),
            Self::De => include_str!("../../../assets/locales/de.ftl"),
        }
    }

    /// The language of a tag, whatever the country: `de-AT` is German.
    pub fn parse(tag: &str) -> Option<Self> {
        let primary = tag.trim().split(['-', '_']).next().unwrap_or_default();
        Self::ALL.into_iter().find(|lang| lang.code().eq_ignore_ascii_case(primary))
    }

    /// The text `key`, plain: what shows it escapes it.
    pub fn t(self, key: &'static str) -> Text {
        Text::new(self, key)
    }

    /// The text `key` with the emphasis that its file gives it, ready for HTML.
    pub fn rich(self, key: &'static str) -> Rich {
        Rich::new(self, key)
    }
}
