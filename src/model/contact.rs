//! Where codes go to: phone numbers and addresses, how they are read and how much of them is shown.

use super::{
    factor::Method,
    id::{ContactId, UserId},
    name::Email,
};
use crate::{
    crypto::secret::Hashed,
    error::{Error, Result},
    time::Time,
};

/// A phone number or an address as a second factor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    /// Its id.
    pub id: ContactId,
    /// Whose.
    pub user_id: UserId,
    /// By what codes go there: SMS or e-mail.
    pub method: Method,
    /// The number or the address.
    pub value: String,
    /// Whether a code has proved it.
    pub active: bool,
    /// Since when.
    pub created_at: Time,
    /// When a code that went there was last used.
    pub last_used_at: Option<Time>,
}

impl Contact {
    /// Enough of it to be recognised by its owner, and too little to be written to.
    pub fn masked(&self) -> String {
        masked(&self.value)
    }
}

/// What a code is good for; one of one purpose opens nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The second step of a sign-in.
    SignIn,
    /// Proving that a number or an address is one's own.
    Enroll,
}

impl Purpose {
    /// The word in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SignIn => "sign_in",
            Self::Enroll => "enroll",
        }
    }
}

/// A code as the database keeps it.
#[derive(Clone, Debug)]
pub struct Code {
    /// Its id.
    pub id: String,
    /// A keyed hash of it.
    pub hash: Hashed,
}

/// A phone number in the form of E.164: a plus and up to fifteen digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phone(String);

/// The digits in front that a run of neighbouring numbers shares.
const PREFIX: usize = 6;

impl Phone {
    /// Takes a number as somebody typed it, with its country: `+49 (151) 2345-678` or `0049…`.
    pub fn parse(text: &str) -> Result<Self> {
        let refuse = || {
            Err(Error::invalid("phone", "this is no phone number with a country in front")
                .with_next("write it as +49 151 23456789"))
        };
        if text.len() > 64 {
            return refuse();
        }
        let bare: String = text
            .trim()
            .chars()
            .filter(|c| !matches!(c, ' ' | '-' | '.' | '/' | '(' | ')'))
            .collect();
        let digits = bare.strip_prefix('+').or_else(|| bare.strip_prefix("00"));
        match digits {
            Some(digits)
                if (8..=15).contains(&digits.len())
                    && !digits.starts_with('0')
                    && digits.bytes().all(|b| b.is_ascii_digit()) =>
            {
                Ok(Self(format!("+{digits}")))
            }
            _ => refuse(),
        }
    }

    /// The number.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it begins with one of these; with none given, any will do.
    pub fn is_within(&self, prefixes: &[String]) -> bool {
        prefixes.is_empty() || prefixes.iter().any(|prefix| self.0.starts_with(prefix.as_str()))
    }
}

/// What neighbouring numbers have in common: whoever is paid for messages to them orders them by the block.
pub fn prefix(number: &str) -> &str {
    number.get(..=PREFIX).unwrap_or(number)
}

/// The number or address as it is kept and written to.
pub fn normalise(method: Method, value: &str) -> Result<String> {
    match method {
        Method::Sms => Phone::parse(value).map(|phone| phone.as_str().to_owned()),
        Method::Email => Email::parse(value).map(|email| email.as_str().to_owned()),
        Method::Passkey | Method::Totp | Method::Recovery => {
            Err(Error::invalid("method", "codes go out by SMS or e-mail"))
        }
    }
}

/// `+49 ••• ••42`, `a•••@example.com`.
pub fn masked(value: &str) -> String {
    if let Some((local, domain)) = value.split_once('@') {
        let first: String = local.chars().take(1).collect();
        return format!("{first}•••@{domain}");
    }
    let end = value.get(value.len().saturating_sub(2)..).unwrap_or_default();
    format!("{} ••• ••{end}", value.get(..3).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn number_is_read_as_people_type_it() {
        for typed in
            ["+49 151 2345678", "+49(151)23-45-678", "0049 151/2345678", " +49.151.2345678 "]
        {
            assert_eq!(Phone::parse(typed).unwrap().as_str(), "+491512345678", "{typed}");
        }
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for typed in [
            "",
            "+",
            "0151 2345678",
            "+0491512345678",
            "+49151",
            "+4915123456789012",
            "+49151234567a",
            "+49 151 2345678\r\nx",
            "++491512345678",
            "+49151234567٨",
            "tel:+491512345678",
        ] {
            assert!(Phone::parse(typed).is_err(), "{typed}");
        }
    }

    #[test]
    fn allowed_prefixes_bound_where_messages_go() {
        let phone = Phone::parse("+491512345678").unwrap();
        assert!(phone.is_within(&[]));
        assert!(phone.is_within(&["+43".to_owned(), "+49".to_owned()]));
        assert!(!phone.is_within(&["+43".to_owned()]));
    }

    #[test]
    fn neighbours_share_a_prefix() {
        assert_eq!(prefix("+491512345678"), "+491512");
        assert_eq!(prefix("+491512345678"), prefix("+491512999999"));
        assert_ne!(prefix("+491512345678"), prefix("+491602345678"));
    }

    #[test]
    fn masked_value_tells_its_owner_enough_and_others_too_little() {
        assert_eq!(masked("+491512345642"), "+49 ••• ••42");
        assert_eq!(masked("alice@example.com"), "a•••@example.com");
    }
}
