//! E-mail addresses: the part of RFC 5321 that mail providers hand out.
//! Whether somebody reads what is sent there is for a confirmation message to find out.

use std::fmt;

use crate::error::{Error, Result};

const MAX_ADDRESS: usize = 254;
const MAX_LOCAL: usize = 64;
const MAX_LABEL: usize = 63;

/// An address that mail can be sent to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Email {
    address: String,
    key: String,
}

impl Email {
    /// Takes an address as somebody typed it.
    pub fn parse(text: &str) -> Result<Self> {
        let refuse = |message: &str| Err(Error::invalid("email", message));
        // An IDN may shrink or grow on its way to ASCII; this only bounds the work.
        if text.len() > MAX_ADDRESS.saturating_mul(4) {
            return refuse("use at most 254 characters");
        }
        // Line breaks at the ends go with them: inside they would end a mail header.
        if text.chars().any(super::clean::is_hidden) {
            return refuse("leave out line breaks and invisible characters");
        }
        let Some((local, domain)) = text.trim().split_once('@') else {
            return refuse("write it as name@example.com");
        };
        if domain.contains('@') {
            return refuse("write one @ only, as in name@example.com");
        }
        if !is_local(local) {
            return refuse(
                "before the @ use up to 64 of a-z, digits and . _ + -, with no dot first, last or doubled",
            );
        }
        let Some(domain) = ascii_domain(domain) else {
            return refuse("after the @ give a domain such as example.com, or localhost");
        };
        if local.len().saturating_add(1).saturating_add(domain.len()) > MAX_ADDRESS {
            return refuse("use at most 254 characters");
        }
        Ok(Self::from_text(format!("{local}@{domain}")))
    }

    /// Takes one that was parsed before, from where it is kept.
    pub fn from_text(text: impl Into<String>) -> Self {
        let address = text.into();
        let key = super::fold(&address);
        Self { address, key }
    }

    /// The key to look a typed address up by: none when no account can have it.
    pub fn lookup_key(text: &str) -> Option<String> {
        Self::parse(text).ok().map(|email| email.key)
    }

    /// The address to send to. Only this one is ever written to, never what somebody typed.
    pub fn as_str(&self) -> &str {
        &self.address
    }

    /// Lower case, compatibility forms resolved: one account each.
    pub fn key(&self) -> &str {
        &self.key
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.address)
    }
}

/// A dot-string (RFC 5321 §4.1.2); the quoted form exists in specifications only.
fn is_local(local: &str) -> bool {
    let atext = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c);
    local.len() <= MAX_LOCAL && local.split('.').all(|a| !a.is_empty() && a.chars().all(atext))
}

/// The domain in ASCII; one in other scripts becomes its `xn--` form, as mail servers want it.
fn ascii_domain(domain: &str) -> Option<String> {
    let ascii = if domain.is_ascii() {
        domain.to_owned()
    } else {
        // The URL rules also undo %-escapes, which no domain has.
        if domain.contains('%') {
            return None;
        }
        url::Host::parse(domain).ok()?.to_string()
    };
    let label = |l: &str| {
        !l.is_empty()
            && l.len() <= MAX_LABEL
            && !l.starts_with('-')
            && !l.ends_with('-')
            && l.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
    };
    let named = ascii.eq_ignore_ascii_case("localhost")
        // Digits alone at the end are an address of a machine.
        || ascii.rsplit_once('.').is_some_and(|(_, top)| !top.chars().all(|c| c.is_ascii_digit()));
    (named && ascii.split('.').all(label)).then_some(ascii)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn usual_addresses_are_taken() {
        for (typed, kept, key) in [
            ("ann@example.com", "ann@example.com", "ann@example.com"),
            (" Ann.Berg+mcp@Example.COM ", "Ann.Berg+mcp@Example.COM", "ann.berg+mcp@example.com"),
            ("root@localhost", "root@localhost", "root@localhost"),
            ("o'neil@mail.example.co.uk", "o'neil@mail.example.co.uk", "o'neil@mail.example.co.uk"),
            ("ann@bücher.example", "ann@xn--bcher-kva.example", "ann@xn--bcher-kva.example"),
        ] {
            let email = Email::parse(typed).unwrap();
            assert_eq!((email.as_str(), email.key()), (kept, key));
            assert_eq!(Email::lookup_key(typed).as_deref(), Some(key));
        }
    }

    #[test]
    fn everything_else_is_refused_with_a_sentence() {
        let long_local = format!("{}@example.com", "a".repeat(65));
        let long_label = format!("a@{}.com", "a".repeat(64));
        let long = format!("{}@{}com", "a".repeat(64), "abcdefghi.".repeat(19));
        for bad in [
            "",
            "ann",
            "@example.com",
            "ann@",
            "ann@@example.com",
            "ann@evil.example@example.com",
            "ann@example",
            "ann@-x.example",
            "ann@x-.example",
            "ann@x..example",
            "ann@example.com.",
            "ann@127.0.0.1",
            "ann@[127.0.0.1]",
            ".ann@example.com",
            "ann.@example.com",
            "a..b@example.com",
            "a b@example.com",
            "\"a b\"@example.com",
            "ann@exam ple.com",
            "ann@example.com\r\nBcc: x@example.com",
            "ann@example.com\n",
            "ann\u{0}@example.com",
            "ann\u{200b}@example.com",
            "аnn@example.com",
            "ann,bob@example.com",
            "<ann@example.com>",
            "ann@b%C3%BCcher.exämple",
            &long_local,
            &long_label,
            &long,
            &"x".repeat(64 * 1024),
        ] {
            let error = Email::parse(bad).unwrap_err();
            assert_eq!(error.field(), Some("email"), "{bad}");
            assert_eq!(Email::lookup_key(bad), None);
        }
    }

    proptest! {
        #[test]
        fn what_is_kept_is_one_ascii_line_and_parses_again(text in "\\PC{0,12}@?[a-z\u{fc}\u{130}.-]{0,12}\\PC{0,4}") {
            if let Ok(email) = Email::parse(&text) {
                prop_assert!(email.as_str().chars().all(|c| c.is_ascii_graphic()));
                let again = Email::parse(email.as_str()).unwrap();
                prop_assert_eq!(again, email);
            }
        }
    }
}
