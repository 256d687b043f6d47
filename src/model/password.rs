//! What a password must be: every rule at once, each refusal a sentence that helps.
//! Hashing is `crypto`'s, remembering old ones is the store's, and reading the rules is `config`'s.

use std::fmt;

use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use crate::error::Error;

pub mod listed;
pub mod pattern;
pub mod strength;

pub use pattern::Pattern;

/// Longer input is refused before anything looks at it; 128 characters of any script fit.
const MAX_BYTES: usize = 1024;
/// More of a name than anybody would type into a password.
const MAX_OWN_LENGTH: usize = 100;
/// A shorter name would be found in half of all good passwords.
const MIN_OWN_WORD: usize = 4;
/// A person has few names; more than this is somebody's experiment.
const MAX_OWN_WORDS: usize = 32;

/// The rules, as the configuration gives them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own in the file")]
pub struct Policy {
    /// Fewest characters.
    pub min_length: usize,
    /// Most characters.
    pub max_length: usize,
    /// An upper-case letter must be in it.
    pub require_uppercase: bool,
    /// A lower-case letter must be in it.
    pub require_lowercase: bool,
    /// A digit must be in it.
    pub require_numbers: bool,
    /// Something that is neither letter nor digit must be in it; a space will do.
    pub require_symbols: bool,
    /// Least zxcvbn score, 0 to 4.
    pub min_score: u8,
    /// Listed words and leaked passwords are refused.
    pub dictionary_check: bool,
    /// Keyboard walks, repeats, sequences and dates are let through.
    pub common_patterns_allowed: bool,
}

/// Whose password it is to be: what an attacker would try first.
#[derive(Clone, Copy, Debug, Default)]
pub struct About<'a> {
    /// The name to sign in with.
    pub username: &'a str,
    /// The e-mail address.
    pub email: &'a str,
    /// The name shown to others.
    pub display_name: &'a str,
    /// What the product, the site and the organisation are called.
    pub words: &'a [&'a str],
}

/// One rule that a password breaks. `Display` says what would be right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Violation {
    /// Fewer characters than asked for.
    TooShort {
        /// Fewest characters.
        min: usize,
    },
    /// More characters than are read.
    TooLong {
        /// Most characters.
        max: usize,
    },
    /// No upper-case letter.
    NoUppercase,
    /// No lower-case letter.
    NoLowercase,
    /// No digit.
    NoNumber,
    /// Letters and digits only.
    NoSymbol,
    /// zxcvbn thinks that it would be guessed.
    TooWeak {
        /// Its score.
        score: u8,
        /// The least that will do.
        min: u8,
        /// What zxcvbn makes of it, in words; may be empty.
        hint: String,
    },
    /// A listed word or leaked password, as it stands or decorated.
    Listed,
    /// Little else than a common pattern.
    Pattern {
        /// The pattern that most of it is.
        what: Pattern,
    },
    /// The person's or the site's own name is in it. Which one stays unsaid: this may be logged.
    ContainsOwnWords,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooShort { min } => {
                write!(f, "Use at least {min} characters; a few unrelated words make a good password.")
            }
            Self::TooLong { max } => write!(f, "Use at most {max} characters."),
            Self::NoUppercase => f.write_str("Add an upper-case letter."),
            Self::NoLowercase => f.write_str("Add a lower-case letter."),
            Self::NoNumber => f.write_str("Add a digit."),
            Self::NoSymbol => f.write_str("Add a symbol or a space, for example - or !."),
            Self::TooWeak { score, min, hint } => {
                write!(f, "Too easy to guess: its strength is {score} of 4, at least {min} is asked for.")?;
                if hint.is_empty() { Ok(()) } else { write!(f, " {hint}") }
            }
            Self::Listed => f.write_str(
                "This is a common word or a leaked password, also without the digits and symbols around it; \
                 choose something that nobody else uses.",
            ),
            Self::Pattern { what } => {
                write!(f, "Most of it is {what}; use something without a pattern.")
            }
            Self::ContainsOwnWords => {
                f.write_str("Leave out your name, your e-mail address and the name of this site.")
            }
        }
    }
}

/// Brings a password into the form that is hashed: NFC, so that every keyboard's spelling of it logs in.
pub fn normalise(text: &str) -> Zeroizing<String> {
    // Room for the longest expansion that NFC has, so that growing leaves no copy behind.
    let mut out = Zeroizing::new(String::with_capacity(text.len().saturating_mul(3)));
    out.extend(text.nfc());
    out
}

/// Holds a password against every rule and names all that it breaks.
pub fn check(policy: &Policy, candidate: &str, about: &About<'_>) -> Result<(), Vec<Violation>> {
    if candidate.len() > MAX_BYTES {
        return Err(vec![Violation::TooLong { max: policy.max_length.min(MAX_BYTES) }]);
    }
    let password = normalise(candidate);
    let mut broken = composition(policy, &password);
    let own = own_words(about);
    if contains_own_words(&password, &own) {
        broken.push(Violation::ContainsOwnWords);
    }
    if policy.dictionary_check && listed::is_listed(&password) {
        broken.push(Violation::Listed);
    }
    if !policy.common_patterns_allowed
        && let Some(what) = pattern::dominant(&password)
    {
        broken.push(Violation::Pattern { what });
    }
    if let Err((score, hint)) = strength::at_least(policy.min_score.min(4), &password, &own) {
        broken.push(Violation::TooWeak { score, min: policy.min_score.min(4), hint });
    }
    if broken.is_empty() { Ok(()) } else { Err(broken) }
}

/// How hard a password is to guess, from 0 to 4, whatever the policy asks for.
pub fn score(candidate: &str, about: &About<'_>) -> u8 {
    if candidate.len() > MAX_BYTES {
        return 0;
    }
    strength::score(&normalise(candidate), &own_words(about))
}

/// Puts what [`check`] found into one refusal of the field `password`.
pub fn refusal(broken: &[Violation]) -> Error {
    let sentences: Vec<String> = broken.iter().map(ToString::to_string).collect();
    Error::invalid("password", sentences.join(" "))
}

fn composition(policy: &Policy, password: &str) -> Vec<Violation> {
    let length = password.chars().count();
    let has = |kind: fn(char) -> bool| password.chars().any(kind);
    [
        (length < policy.min_length, Violation::TooShort { min: policy.min_length }),
        (length > policy.max_length, Violation::TooLong { max: policy.max_length }),
        (policy.require_uppercase && !has(char::is_uppercase), Violation::NoUppercase),
        (policy.require_lowercase && !has(char::is_lowercase), Violation::NoLowercase),
        (policy.require_numbers && !has(char::is_numeric), Violation::NoNumber),
        (policy.require_symbols && !has(|c| !c.is_alphanumeric()), Violation::NoSymbol),
    ]
    .into_iter()
    .filter_map(|(broken, violation)| broken.then_some(violation))
    .collect()
}

/// Every word that names the person or the site, lower case, whole and in parts.
fn own_words(about: &About<'_>) -> Vec<String> {
    let (local, domain) = about.email.split_once('@').unwrap_or((about.email, ""));
    // The top-level domain says nothing about anybody.
    let domain = domain.rsplit_once('.').map_or(domain, |(names, _)| names);
    let mut own: Vec<String> = Vec::new();
    let sources = [about.username, local, domain, about.display_name];
    for source in sources.into_iter().chain(about.words.iter().copied()) {
        let bounded: String =
            source.chars().take(MAX_OWN_LENGTH).collect::<String>().to_lowercase();
        let parts = bounded.split(|c: char| !c.is_alphanumeric()).map(str::to_owned);
        for word in std::iter::once(bounded.clone()).chain(parts) {
            if own.len() < MAX_OWN_WORDS && !word.is_empty() && !own.contains(&word) {
                own.push(word);
            }
        }
    }
    own
}

fn contains_own_words(password: &str, own: &[String]) -> bool {
    let seen = Zeroizing::new(alike(password));
    own.iter()
        .filter(|word| word.chars().count() >= MIN_OWN_WORD)
        .map(|word| alike(word))
        // Folding drops what is neither letter nor digit; nothing is in everything.
        .any(|word| word.chars().count() >= MIN_OWN_WORD && seen.contains(&word))
}

/// Folds together what reads the same: case, accents, l33t, and separators between letters.
fn alike(text: &str) -> String {
    listed::plain(text)
        .map(|c| match listed::unleet(c, 'i') {
            'l' => 'i',
            other => other,
        })
        .filter(|c| c.is_alphanumeric())
        .collect()
}

#[cfg(test)]
mod tests;
