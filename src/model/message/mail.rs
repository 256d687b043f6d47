//! The mails that are not codes: which text each takes and what goes into it.

use std::{fmt, time::Duration};

use super::{Kind, text::tame};
use crate::{crypto::secret::Plain, model::factor::Method, time::Time};

/// A mail about an account.
#[derive(Clone, PartialEq, Eq)]
pub enum Mail {
    /// A link to choose a new password.
    Reset {
        /// The link.
        url: String,
    },
    /// A link to choose the first password.
    Invite {
        /// The link.
        url: String,
    },
    /// A link to enrol a second factor.
    Enroll {
        /// The link.
        url: String,
    },
    /// Someone signed in from a browser that was not seen before.
    NewDevice {
        /// What the browser calls itself.
        device: String,
        /// Where it is.
        address: String,
        /// When.
        at: Time,
    },
    /// The password was changed.
    PasswordChanged {
        /// When.
        at: Time,
    },
    /// A second factor was added.
    FactorAdded {
        /// Which.
        method: Method,
        /// When.
        at: Time,
    },
    /// A second factor was removed.
    FactorRemoved {
        /// When.
        at: Time,
    },
    /// An app was cut off because a copy of what it holds was shown.
    ConnectionEnded {
        /// What the app calls itself.
        client: String,
        /// From where the copy was shown.
        address: String,
        /// When.
        at: Time,
    },
    /// An API key falls due.
    KeyDue {
        /// What its owner calls it.
        name: String,
        /// When.
        at: Time,
    },
}

/// The kind alone: whoever has the link has the account.
impl fmt::Debug for Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Mail({})", self.kind().as_str())
    }
}

impl Mail {
    /// What it is about.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Reset { .. } => Kind::Reset,
            Self::Invite { .. } => Kind::Invite,
            Self::Enroll { .. } => Kind::Enroll,
            Self::NewDevice { .. } => Kind::NewDevice,
            Self::PasswordChanged { .. } => Kind::PasswordChanged,
            Self::FactorAdded { .. } => Kind::FactorAdded,
            Self::FactorRemoved { .. } => Kind::FactorRemoved,
            Self::ConnectionEnded { .. } => Kind::ConnectionEnded,
            Self::KeyDue { .. } => Kind::KeyDue,
        }
    }

    /// The name of its text.
    pub fn text(&self) -> &'static str {
        match self {
            Self::Reset { .. } => "reset",
            Self::Invite { .. } => "invite",
            Self::Enroll { .. } => "enroll",
            Self::NewDevice { .. } => "new-device",
            Self::PasswordChanged { .. } => "password-changed",
            Self::FactorAdded { .. } => "factor-added",
            Self::FactorRemoved { .. } => "factor-removed",
            Self::ConnectionEnded { .. } => "connection-ended",
            Self::KeyDue { .. } => "key-due",
        }
    }

    /// How long it is of use: a link that comes after its end only puzzles.
    pub fn lifetime(&self) -> Duration {
        match self {
            Self::Reset { .. } => Duration::from_secs(3_600),
            Self::Invite { .. }
            | Self::Enroll { .. }
            | Self::NewDevice { .. }
            | Self::PasswordChanged { .. }
            | Self::FactorAdded { .. }
            | Self::FactorRemoved { .. }
            | Self::ConnectionEnded { .. }
            | Self::KeyDue { .. } => Duration::from_secs(24 * 3_600),
        }
    }

    /// The link, when it has one.
    pub fn url(&self) -> Option<&str> {
        match self {
            Self::Reset { url } | Self::Invite { url } | Self::Enroll { url } => Some(url),
            Self::NewDevice { .. }
            | Self::PasswordChanged { .. }
            | Self::FactorAdded { .. }
            | Self::FactorRemoved { .. }
            | Self::ConnectionEnded { .. }
            | Self::KeyDue { .. } => None,
        }
    }

    /// What must not be read in a carrier's answer.
    pub fn hide(&self) -> Vec<Plain> {
        let token = |url: &str| url.split_once("token=").map(|(_, token)| token.to_owned());
        self.url()
            .into_iter()
            .filter_map(|url| token(url).or(Some(url.to_owned())))
            .map(Plain::new)
            .collect()
    }

    /// What goes into the text. Whatever somebody far away chose is tamed.
    pub fn fields(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Reset { url } | Self::Invite { url } | Self::Enroll { url } => {
                vec![("url", url.clone())]
            }
            Self::NewDevice { device, address, at } => {
                vec![
                    ("device", tame(device)),
                    ("address", tame_address(address)),
                    ("at", when(*at)),
                ]
            }
            Self::PasswordChanged { at } | Self::FactorRemoved { at } => vec![("at", when(*at))],
            Self::FactorAdded { method, at } => {
                vec![("method", method.as_str().to_owned()), ("at", when(*at))]
            }
            Self::ConnectionEnded { client, address, at } => vec![
                ("client", tame(client)),
                ("address", tame_address(address)),
                ("at", when(*at)),
            ],
            Self::KeyDue { name, at } => vec![("name", tame(name)), ("at", when(*at))],
        }
    }
}

/// `2026-11-23 03:12 UTC`.
fn when(at: Time) -> String {
    let text = at.rfc3339();
    let cut: String = text.chars().take(16).collect();
    format!("{} UTC", cut.replace('T', " "))
}

/// An address, or nothing: what is no address was not checked by anyone.
fn tame_address(address: &str) -> String {
    address
        .parse::<std::net::IpAddr>()
        .map_or_else(|_| "?".to_owned(), |address| address.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::message::text::{self, Lang};

    fn all() -> Vec<Mail> {
        let url = || "https://auth.example.com/reset?token=abc.def".to_owned();
        let at = Time::from_secs(1_772_445_600);
        vec![
            Mail::Reset { url: url() },
            Mail::Invite { url: url() },
            Mail::Enroll { url: url() },
            Mail::NewDevice { device: "Firefox".into(), address: "198.51.100.7".into(), at },
            Mail::PasswordChanged { at },
            Mail::FactorAdded { method: Method::Totp, at },
            Mail::FactorRemoved { at },
            Mail::ConnectionEnded { client: "Chat".into(), address: "::1".into(), at },
            Mail::KeyDue { name: "ci".into(), at },
        ]
    }

    #[test]
    fn every_mail_fills_its_text_in_every_language() {
        for mail in all() {
            for lang in [Lang::En, Lang::De] {
                let mut fields = mail.fields();
                fields.push(("site", "auth.example.com".to_owned()));
                let filled = text::fill(mail.text(), lang, &fields).unwrap();
                assert!(!filled.body.contains('{'), "{filled:?}");
                assert_eq!(filled.body.contains("token=abc.def"), mail.url().is_some());
            }
        }
    }

    #[test]
    fn link_is_neither_printed_nor_left_in_an_answer() {
        let mail = Mail::Reset { url: "https://a.example/reset?token=abc.def".into() };
        assert_eq!(format!("{mail:?}"), "Mail(reset)");
        assert_eq!(mail.hide().first().map(Plain::expose), Some("abc.def"));
    }

    #[test]
    fn what_is_no_address_is_not_repeated() {
        let at = Time::from_secs(1_772_445_600);
        let mail = Mail::NewDevice { device: "x".into(), address: "evil.example".into(), at };
        assert_eq!(
            mail.fields(),
            [
                ("device", "x".to_owned()),
                ("address", "?".to_owned()),
                ("at", "2026-03-02 10:00 UTC".to_owned())
            ]
        );
    }
}
