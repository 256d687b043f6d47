//! What the core says, in the language of the page.
//!
//! The core speaks English, to the command line and to programs. Its sentences are found by their words: the texts
//! `core-…` of the English file are those sentences, and the other files say the same. A sentence that is not among
//! them is shown as it is in English, and in any other language as what sort of refusal it is.

use std::sync::LazyLock;

use super::Lang;
use crate::error::{Error, Kind};

/// A sentence of the core: the key of its text, and its words with a name for each gap between them.
struct Known {
    key: &'static str,
    words: Vec<&'static str>,
    gaps: Vec<&'static str>,
}

static SENTENCES: LazyLock<Vec<Known>> = LazyLock::new(|| known("core-"));
static HINTS: LazyLock<Vec<Known>> = LazyLock::new(|| known("hint-"));

/// The texts of the English file whose key begins so. Each stands on one line.
fn known(prefix: &str) -> Vec<Known> {
    let lines = Lang::En.file().lines().filter(|line| line.starts_with(prefix));
    lines
        .filter_map(|line| {
            let (key, text) = line.split_once(" = ")?;
            let mut parts = text.split("{ $");
            let mut words = vec![parts.next()?];
            let mut gaps = Vec::new();
            for part in parts {
                let (gap, rest) = part.split_once(" }")?;
                gaps.push(gap);
                words.push(rest);
            }
            Some(Known { key, words, gaps })
        })
        .collect()
}

impl Known {
    /// What stands in the gaps, if `said` is this sentence.
    fn gaps_of<'s>(&self, said: &'s str) -> Option<Vec<&'s str>> {
        let (first, rest) = self.words.split_first()?;
        let mut left = said.strip_prefix(first)?;
        let Some((last, between)) = rest.split_last() else {
            return left.is_empty().then(Vec::new);
        };
        let mut found = Vec::new();
        for word in between {
            let (gap, after) = left.split_once(word)?;
            found.push(gap);
            left = after;
        }
        found.push(left.strip_suffix(last)?);
        Some(found)
    }
}

/// A sentence of the core in the language; `None` when there is none for it.
fn translated(lang: Lang, said: &str) -> Option<String> {
    let said = sentence(said);
    if lang == Lang::En {
        return Some(said);
    }
    let found = SENTENCES.iter().find_map(|known| Some((known, known.gaps_of(&said)?)));
    let Some((known, gaps)) = found else {
        tracing::debug!(lang = lang.code(), said, "a sentence has no translation");
        return None;
    };
    let fill = known.gaps.iter().zip(gaps);
    Some(fill.fold(lang.t(known.key), |text, (name, gap)| text.with(name, gap)).into())
}

/// A message of the core as a sentence for people.
pub fn sentence(message: &str) -> String {
    let mut chars = message.chars();
    let start: String =
        chars.next().map(|first| first.to_uppercase().collect()).unwrap_or_default();
    let end = if message.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{start}{}{end}", chars.as_str())
}

/// What was refused, or that something failed.
pub fn what(lang: Lang, error: &Error) -> String {
    let general = match error.kind() {
        Kind::Internal => return lang.t("error-internal-what").into(),
        Kind::NotFound => "error-not-found-what",
        Kind::Conflict => "error-conflict-what",
        Kind::Invalid => "error-invalid-what",
        Kind::Denied => "error-denied-what",
        Kind::Limited => "error-limited-what",
        Kind::Busy => "error-busy-what",
    };
    translated(lang, &error.to_string()).unwrap_or_else(|| lang.t(general).into())
}

/// What to do about it.
pub fn next(lang: Lang, error: &Error) -> String {
    let general = match error.kind() {
        Kind::NotFound | Kind::Invalid | Kind::Conflict => "error-next-back",
        Kind::Denied => "error-next-denied",
        Kind::Limited | Kind::Busy => "error-next-wait",
        Kind::Internal => "error-next-internal",
    };
    let own = error.next().and_then(|next| translated(lang, next));
    own.unwrap_or_else(|| lang.t(general).into())
}

/// What sort of refusal it is, in a few words.
pub fn title(lang: Lang, kind: Kind) -> String {
    let key = match kind {
        Kind::NotFound => "error-not-found",
        Kind::Conflict => "error-conflict",
        Kind::Invalid => "error-invalid",
        Kind::Denied => "error-denied",
        Kind::Limited => "error-limited",
        Kind::Busy => "error-busy",
        Kind::Internal => "error-internal",
    };
    lang.t(key).into()
}

/// What zxcvbn advises about a password, sentence by sentence.
pub fn hints(lang: Lang, said: &str) -> String {
    if lang == Lang::En {
        return said.to_owned();
    }
    let place = |known: &Known| said.find(known.words.first().copied()?);
    let mut found: Vec<(usize, &str)> =
        HINTS.iter().filter_map(|known| Some((place(known)?, known.key))).collect();
    found.sort_unstable();
    let texts: Vec<String> = found.into_iter().map(|(_, key)| lang.t(key).into()).collect();
    texts.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentence_of_the_core_is_found_by_its_words_and_keeps_what_it_names() {
        let taken = Error::conflict("the user name \"änn\" looks like \"ann\", which is taken");
        assert_eq!(
            what(Lang::En, &taken),
            "The user name \"änn\" looks like \"ann\", which is taken."
        );
        assert_eq!(
            what(Lang::De, &taken),
            "Der Benutzername „änn“ sieht aus wie „ann“, und den gibt es schon."
        );
    }

    #[test]
    fn unknown_sentence_is_shown_in_english_and_else_said_in_general() {
        let odd = Error::conflict("the moon is full").with_next("wait two weeks");
        assert_eq!(what(Lang::En, &odd), "The moon is full.");
        assert_eq!(next(Lang::En, &odd), "Wait two weeks.");
        assert_eq!(what(Lang::De, &odd), Lang::De.t("error-conflict-what").to_string());
        assert_eq!(next(Lang::De, &odd), Lang::De.t("error-next-back").to_string());
    }

    #[test]
    fn cause_of_a_fault_is_told_in_no_language() {
        let fault = Error::internal("the table \"users\" is missing");
        for lang in Lang::ALL {
            assert!(!what(lang, &fault).contains("users"));
        }
    }

    #[test]
    fn advice_about_a_password_keeps_its_order() {
        let said = "This is a top-10 common password. Use a few words, avoid common phrases.";
        let german = hints(Lang::De, said);
        assert_eq!(german.matches('.').count(), 2, "{german}");
        assert!(german.starts_with("Das ist eines der zehn"), "{german}");
        assert_eq!(hints(Lang::De, ""), "");
    }
}
