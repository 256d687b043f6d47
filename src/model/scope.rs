//! Sets of scopes as OAuth writes them (RFC 6749 §3.3).
//! Who may have which is decided in `ops/oauth/policy.rs`.

use std::fmt;

/// Signs the person in (OpenID Connect Core §3.1.2.1).
pub const OPENID: &str = "openid";
/// Name and user name.
pub const PROFILE: &str = "profile";
/// E-mail address.
pub const EMAIL: &str = "email";
/// A refresh token that outlives the session.
pub const OFFLINE_ACCESS: &str = "offline_access";
/// What every client may ask for.
pub const STANDARD: [&str; 4] = [OPENID, PROFILE, EMAIL, OFFLINE_ACCESS];
/// Scopes below this need the role `admin`.
pub const ADMIN_PREFIX: &str = "admin:";

/// More than any real request names; what lies beyond is dropped unread.
const MOST: usize = 64;
const LONGEST: usize = 128;

/// Scopes without repeats, in the order they were asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScopeSet(Vec<String>);

impl ScopeSet {
    /// Reads a space-separated list; words that cannot be scopes are dropped, as RFC 6749 §3.3 allows.
    pub fn parse(text: &str) -> Self {
        Self::from_words(text.split(' '))
    }

    /// Collects words; the first of equal ones stays.
    pub fn from_words(words: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        let mut set: Vec<String> = Vec::new();
        for word in words.into_iter().filter(|word| is_scope(word.as_ref())).take(MOST) {
            if !set.iter().any(|seen| seen == word.as_ref()) {
                set.push(word.as_ref().to_owned());
            }
        }
        Self(set)
    }

    /// Whether `scope` is among them.
    pub fn has(&self, scope: &str) -> bool {
        self.0.iter().any(|own| own == scope)
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Each in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Those for which `keep` holds.
    #[must_use]
    pub fn filter(&self, mut keep: impl FnMut(&str) -> bool) -> Self {
        Self(self.0.iter().filter(|scope| keep(scope)).cloned().collect())
    }

    /// Whether each of these is in `other`.
    pub fn is_subset(&self, other: &Self) -> bool {
        self.0.iter().all(|scope| other.has(scope))
    }

    /// These and those of `other`.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        Self::from_words(self.iter().chain(other.iter()))
    }

    /// The words themselves.
    pub fn to_vec(&self) -> Vec<String> {
        self.0.clone()
    }
}

impl fmt::Display for ScopeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(" "))
    }
}

/// `scope-token = 1*( %x21 / %x23-5B / %x5D-7E )` (RFC 6749 §3.3), bounded.
pub fn is_scope(word: &str) -> bool {
    !word.is_empty()
        && word.len() <= LONGEST
        && word.bytes().all(|b| matches!(b, 0x21 | 0x23..=0x5B | 0x5D..=0x7E))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeats_and_impossible_words_are_dropped() {
        let set = ScopeSet::parse("openid  openid pro\"file email\u{7f} a\\b read:models");
        assert_eq!(set.to_string(), "openid read:models");
    }

    #[test]
    fn ten_kilobytes_of_scopes_are_bounded() {
        let long = (0..5_000).map(|n| format!("s{n}")).collect::<Vec<_>>().join(" ");
        assert_eq!(ScopeSet::parse(&long).len(), MOST);
        assert!(ScopeSet::parse(&"x".repeat(10_000)).is_empty());
    }
}
