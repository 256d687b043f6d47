//! What came of fetching a document that an app publishes: its bytes, or why there are none.
//! The words are for the people who run the app, since they alone can mend it.

use std::{borrow::Cow, fmt, time::Duration};

/// What a server answered that has the document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fetched {
    /// The document.
    Body {
        /// Its bytes.
        bytes: Vec<u8>,
        /// Its `ETag`, as it came, to ask by next time.
        etag: Option<String>,
        /// How long it may be kept, as the server says; none: it says nothing (RFC 9111 §4.2.1).
        fresh: Option<Duration>,
    },
    /// It is what was fetched before (304).
    Unchanged {
        /// How long it may be kept from now on.
        fresh: Option<Duration>,
    },
}

/// Why there is no document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The URL is none that is fetched from: the reason, with `the URL` as its subject.
    Url(&'static str),
    /// The host is this computer, a private network, or kept for special use. Nothing was sent.
    Inner(String),
    /// The name leads to no address.
    Unknown(String),
    /// No connection, or one that is not to be trusted: the reason.
    Connection(String),
    /// Not everything was there in time.
    Slow(Duration),
    /// It leads elsewhere, with this status.
    Redirect(u16),
    /// Another status than 200.
    Status(u16),
    /// More bytes than so many.
    Large(usize),
    /// It came compressed.
    Encoded,
    /// It says that it is something else than JSON.
    Type(String),
    /// The connection broke in the middle.
    Broken,
    /// Our own side cannot fetch at the moment: too many ask for the host, or there is no egress.
    Busy(&'static str),
}

impl Fault {
    /// A stable word, for the log, the audit and the texts of pages.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Url(_) => "url",
            Self::Inner(_) => "inner",
            Self::Unknown(_) => "unknown",
            Self::Connection(_) => "connection",
            Self::Slow(_) => "slow",
            Self::Redirect(_) => "redirect",
            Self::Status(_) => "status",
            Self::Large(_) => "large",
            Self::Encoded => "encoded",
            Self::Type(_) => "type",
            Self::Broken => "broken",
            Self::Busy(_) => "busy",
        }
    }

    /// What differs from case to case, for a text that has a gap for it.
    pub fn detail(&self) -> Cow<'_, str> {
        match self {
            Self::Url(why) | Self::Busy(why) => Cow::Borrowed(why),
            Self::Inner(text) | Self::Unknown(text) | Self::Connection(text) | Self::Type(text) => {
                Cow::Borrowed(text)
            }
            Self::Slow(limit) => Cow::Owned(limit.as_secs_f32().to_string()),
            Self::Redirect(status) | Self::Status(status) => Cow::Owned(status.to_string()),
            Self::Large(limit) => Cow::Owned(limit.to_string()),
            Self::Encoded | Self::Broken => Cow::Borrowed(""),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url(why) => write!(f, "the URL {why}"),
            Self::Inner(host) => write!(f, "{host} is not on the public internet"),
            Self::Unknown(host) => write!(f, "the name {host} leads to no address"),
            Self::Connection(why) => write!(f, "no trustworthy connection: {why}"),
            Self::Slow(limit) => {
                write!(f, "it did not come within {} seconds", limit.as_secs_f32())
            }
            Self::Redirect(status) => {
                write!(f, "it is a redirect ({status}), and redirects are not followed")
            }
            Self::Status(status) => write!(f, "the server answered {status} instead of 200"),
            Self::Large(limit) => write!(f, "it has more than {limit} bytes"),
            Self::Encoded => f.write_str("it came compressed, which was not asked for"),
            Self::Type(found) if found.is_empty() => f.write_str("it has no Content-Type"),
            Self::Type(found) => {
                write!(f, "its Content-Type is {found} instead of application/json")
            }
            Self::Broken => f.write_str("the connection broke before all of it was there"),
            Self::Busy(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for Fault {}
