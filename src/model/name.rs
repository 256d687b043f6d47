//! What people and roles are called: parsed once, at the edge, into forms that no twin can imitate.
//! Whether a name is taken is for the store, by `key` and by `skeleton`.

use std::{borrow::Cow, fmt};

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};
use unicode_security::{GeneralSecurityProfile, MixedScript, skeleton};

use crate::error::{Error, Result};

pub mod clean;
pub mod email;

pub use clean::sanitise;
pub use email::Email;

/// Longer input is refused before anything looks at it; 200 Korean syllables in parts fit.
const MAX_BYTES: usize = 2048;
const MAX_USERNAME: usize = 64;
const MAX_DISPLAY_NAME: usize = 200;
const MAX_ROLE: usize = 32;
/// No script in use stacks more than this; what does is there to climb over its line.
const MAX_MARKS: usize = 3;

/// A name to sign in with.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Username {
    display: String,
    key: String,
    skeleton: String,
}

impl Username {
    /// Takes a name as somebody typed it.
    pub fn parse(text: &str) -> Result<Self> {
        if text.len() > MAX_BYTES {
            return Err(username("use at most 64 characters"));
        }
        if text.chars().any(clean::is_hidden) {
            return Err(username(
                "leave out line breaks and invisible characters; letters, digits and . _ - are welcome",
            ));
        }
        let display: String = text.trim().nfkc().collect();
        check_username(&display)?;
        let key = fold(&display);
        let skeleton = fold(&skeleton(&key).collect::<String>());
        // A capital may look like another letter than its small one: Cyrillic ВОВ reads BOB, вов does not.
        let seen = fold(&unicode_security::skeleton(&display).collect::<String>());
        if seen.is_ascii() && seen != skeleton && !display.is_ascii() {
            return Err(username(
                "write it in small letters: in capitals it looks like another name",
            ));
        }
        Ok(Self { display, key, skeleton })
    }

    /// Takes one that was parsed before, from where it is kept.
    pub fn from_parts(
        display: impl Into<String>,
        key: impl Into<String>,
        skeleton: impl Into<String>,
    ) -> Self {
        Self { display: display.into(), key: key.into(), skeleton: skeleton.into() }
    }

    /// The key to look a typed name up by at sign-in: none when no account can have that name.
    /// Says nothing about why, so that a refusal tells nothing about the accounts there are.
    pub fn lookup_key(text: &str) -> Option<String> {
        let trimmed = text.trim();
        if trimmed.is_empty() || trimmed.len() > MAX_BYTES {
            return None;
        }
        Some(fold(trimmed))
    }

    /// As typed, in compatibility form (NFKC) and trimmed: for showing.
    pub fn display(&self) -> &str {
        &self.display
    }

    /// Case-folded NFKC: one account each, and what sign-in looks up.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// What is left once look-alikes are one (UTS 39 §4): one account each as well.
    pub fn skeleton(&self) -> &str {
        &self.skeleton
    }
}

impl fmt::Display for Username {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.display)
    }
}

fn username(message: &str) -> Error {
    Error::invalid("username", message)
}

fn check_username(name: &str) -> Result<()> {
    let (Some(first), Some(last)) = (name.chars().next(), name.chars().next_back()) else {
        return Err(username("give a name of 1 to 64 characters"));
    };
    if name.chars().count() > MAX_USERNAME {
        return Err(username("use at most 64 characters"));
    }
    if name.contains('@') {
        return Err(username("leave out the @; the e-mail address has a field of its own"));
    }
    if name.chars().any(char::is_whitespace) {
        return Err(username("leave out the spaces; . _ and - may join words"));
    }
    // UTS 39 §3.1 allows what living languages write with: nothing unassigned, private or ornamental.
    let written = |c: char| {
        matches!(c, '.' | '_' | '-')
            || (c.identifier_allowed() && (c.is_alphanumeric() || is_combining_mark(c)))
    };
    if let Some(bad) = name.chars().find(|c| !written(*c)) {
        let shown = sanitise(&bad.to_string(), 4);
        let message = if shown.is_empty() {
            "use letters, digits and . _ - only".to_owned()
        } else {
            format!("leave out {shown}; letters, digits and . _ - are welcome")
        };
        return Err(username(&message));
    }
    if !first.is_alphanumeric() || matches!(last, '.' | '_' | '-') {
        return Err(username("begin and end with a letter or digit"));
    }
    if clean::longest_marks(name) > MAX_MARKS {
        return Err(username("put fewer accents on one letter"));
    }
    if !name.is_single_script() {
        return Err(username(
            "use the letters of one script; letters of several look like another name",
        ));
    }
    Ok(())
}

/// NFKC and case folding until neither changes anything.
///
/// Through upper case and back is full case folding but for Cherokee and the dotless i, where it
/// joins more: ß is ss, final ς is σ.
pub(super) fn fold(text: &str) -> String {
    let mut folded: String = text.nfkc().collect();
    // One round nearly always; the bound is there for what a later Unicode may bring.
    for _ in 0..4 {
        let next: String = folded
            .chars()
            .flat_map(char::to_uppercase)
            .flat_map(char::to_lowercase)
            .nfkc()
            .collect();
        if next == folded {
            break;
        }
        folded = next;
    }
    folded
}

/// What a person is called, to be shown to others; never an identifier.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DisplayName(String);

impl DisplayName {
    /// Takes a name as somebody typed it.
    pub fn parse(text: &str) -> Result<Self> {
        let refuse = |message: &str| Err(Error::invalid("name", message));
        if text.len() > MAX_BYTES {
            return refuse("use at most 200 characters");
        }
        // Emoji keyboards add these to hearts and stars; they change the look, not the text.
        let plain = text.chars().filter(|c| !matches!(c, '\u{fe0e}' | '\u{fe0f}'));
        let name: String = plain.nfc().collect::<String>().trim().to_owned();
        if name.is_empty() {
            return refuse("give a name of 1 to 200 characters");
        }
        if name.chars().any(clean::is_hidden) {
            return refuse("leave out line breaks and invisible characters");
        }
        if name.chars().count() > MAX_DISPLAY_NAME {
            return refuse("use at most 200 characters");
        }
        if clean::longest_marks(&name) > MAX_MARKS {
            return refuse("put fewer accents on one letter");
        }
        Ok(Self(name))
    }

    /// Takes one that was parsed before, from where it is kept.
    pub fn from_text(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for DisplayName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What somebody may do, in one word.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Role(Cow<'static, str>);

impl Role {
    /// May manage everything.
    pub const ADMIN: Self = Self(Cow::Borrowed("admin"));
    /// May make clients and keys.
    pub const DEVELOPER: Self = Self(Cow::Borrowed("developer"));
    /// May sign in.
    pub const USER: Self = Self(Cow::Borrowed("user"));

    /// Takes a role as it stands in a file or on a command line.
    pub fn parse(text: &str) -> Result<Self> {
        let small = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        if text.is_empty()
            || text.len() > MAX_ROLE
            || !text.starts_with(small)
            || !text.chars().all(|c| small(c) || matches!(c, '_' | '-'))
        {
            return Err(Error::invalid(
                "role",
                "a role has 1 to 32 small letters a-z, digits, _ and -, and begins with a letter or digit",
            ));
        }
        Ok(Self(Cow::Owned(text.to_owned())))
    }

    /// Takes one that was parsed before, from where it is kept.
    pub fn from_text(text: impl Into<String>) -> Self {
        Self(Cow::Owned(text.into()))
    }

    /// The role as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is one of the three that every installation has.
    pub fn is_built_in(&self) -> bool {
        [Self::ADMIN, Self::DEVELOPER, Self::USER].contains(self)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests;
