//! Apps known by a document at a URL of their own, which is their `client_id`
//! (draft-ietf-oauth-client-id-metadata-document): which URLs are such, what a document must say, and how long it counts.
//! How it is fetched is `net`'s matter, whether it is taken `ops/document`'s.

mod keys;
mod read;
#[cfg(test)]
mod tests;

use std::{fmt, time::Duration};

use url::Url;

pub use self::{
    keys::{KeySet, check_keys},
    read::Document,
};
use super::fetch::Fault;

/// The longest URL that is taken for an app's name.
const LONGEST: usize = 1_024;
/// A document is not asked for again before this has passed, whatever its server says.
const LEAST_FRESH: Duration = Duration::from_secs(5 * 60);
/// And counts for no longer than this.
const MOST_FRESH: Duration = Duration::from_secs(24 * 3_600);
/// Where the server says nothing.
const USUALLY_FRESH: Duration = Duration::from_secs(3_600);
/// How long after that a document still counts that cannot be fetched again.
pub const STALE: Duration = Duration::from_secs(24 * 3_600);

/// The URL of an app's document, letter by letter as the app names itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentUrl {
    url: Url,
    text: String,
}

impl DocumentUrl {
    /// Whether a `client_id` is meant as a URL at all. No other id has a colon in it.
    pub fn is_meant(client_id: &str) -> bool {
        ["https:", "http:"].iter().any(|scheme| {
            client_id.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
        })
    }

    /// Reads one. Whether its host may be dialled is asked when it is.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let refuse = |why| Err(Fault::Url(why));
        if text.len() > LONGEST {
            return refuse("is longer than 1024 characters");
        }
        if !text.starts_with("https://") {
            return refuse("is not https");
        }
        if text.contains('#') {
            return refuse("has a fragment (#)");
        }
        let Ok(url) = Url::parse(text) else { return refuse("cannot be read") };
        if !url.username().is_empty() || url.password().is_some() {
            return refuse("has a user name in it");
        }
        if url.port() == Some(0) {
            return refuse("has port 0");
        }
        if has_dot_segments(text) {
            return refuse("has . or .. in its path");
        }
        if url.path() == "/" {
            return refuse("has no path, so it names a site rather than a document");
        }
        // Another spelling of the same address would be another app to us and the same one to its server.
        if url.as_str() != text {
            return refuse("is not in its normal form, as a browser would write it");
        }
        Ok(Self { url, text: text.to_owned() })
    }

    /// Where it leads.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// As the app writes it.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The host, which is what people can judge an app by.
    pub fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }

    /// Whether the host is one of these domains or below one.
    pub fn is_within(&self, domains: &[String]) -> bool {
        domains.iter().any(|domain| {
            let rest = self.host().strip_suffix(domain.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        })
    }
}

impl fmt::Display for DocumentUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Before any parser takes them out: the text counts, not what becomes of it.
fn has_dot_segments(text: &str) -> bool {
    let path = text.split(['?', '#']).next().unwrap_or_default();
    path.split(['/', '\\']).any(|segment| {
        let plain = segment.to_ascii_lowercase().replace("%2e", ".");
        matches!(plain.as_str(), "." | "..")
    })
}

/// How long a document counts before it is asked for again.
pub fn freshness(said: Option<Duration>) -> Duration {
    said.unwrap_or(USUALLY_FRESH).clamp(LEAST_FRESH, MOST_FRESH)
}

/// What is wrong with a document. The words are for the people who wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// It is no JSON object.
    NotAnObject,
    /// Its `client_id` is not the URL it was fetched from.
    OtherId,
    /// A member is missing.
    Missing(&'static str),
    /// A member is not what it must be: which, and what it must be.
    Member(String, &'static str),
    /// A redirect URI cannot be registered: why.
    Redirect(String),
    /// It holds a secret, or wants to prove itself by one, which everyone could read.
    Secret(String),
    /// It wants to prove itself in a way that is not offered.
    Method(String),
    /// Its keys cannot be used: why.
    Keys(&'static str),
}

impl Flaw {
    /// A stable word, for the log, the audit and the texts of pages.
    pub fn word(&self) -> &'static str {
        match self {
            Self::NotAnObject => "object",
            Self::OtherId => "id",
            Self::Missing(_) => "missing",
            Self::Member(..) => "member",
            Self::Redirect(_) => "redirect-uri",
            Self::Secret(_) => "secret",
            Self::Method(_) => "method",
            Self::Keys(_) => "keys",
        }
    }
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAnObject => f.write_str("it is not a JSON object"),
            Self::OtherId => {
                f.write_str("its client_id is not, letter by letter, the URL it is fetched from")
            }
            Self::Missing(member) => write!(f, "{member} is missing"),
            Self::Member(member, wanted) => write!(f, "{member} must be {wanted}"),
            Self::Redirect(why) => f.write_str(why),
            Self::Secret(member) => {
                write!(f, "{member} has no place in a document that everyone can read")
            }
            Self::Method(found) => write!(
                f,
                "token_endpoint_auth_method is {found}; a document can have none or private_key_jwt"
            ),
            Self::Keys(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for Flaw {}
