//! Protected resources: the MCP servers and APIs that access tokens are for (RFC 8707).

use url::Url;

use super::id::ResourceId;
use crate::error::{Error, Result};

/// The identifier of a resource in its one canonical spelling.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ResourceUri(String);

impl ResourceUri {
    /// Reads an absolute URI without fragment (RFC 8707 §2): scheme and host in lower case, no default port,
    /// and `https://h` for `https://h/`.
    pub fn parse(text: &str) -> Result<Self> {
        let refuse =
            |why: &str| Err(Error::invalid("resource", format!("resource \"{text}\" {why}")));
        if text.len() > 2_048 || text.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return Err(Error::invalid(
                "resource",
                "a resource is an absolute URI of at most 2048 characters",
            ));
        }
        let Ok(url) = Url::parse(text) else { return refuse("is not an absolute URI") };
        if url.fragment().is_some() || text.contains('#') {
            return refuse("has a fragment (#…), which RFC 8707 §2 forbids");
        }
        if !url.username().is_empty() || url.password().is_some() {
            return refuse("has a user name in it");
        }
        let canonical = url.as_str();
        let bare = url.path() == "/" && url.query().is_none();
        Ok(Self(if bare { canonical.trim_end_matches('/') } else { canonical }.to_owned()))
    }

    /// Takes one from the database.
    pub fn from_text(text: String) -> Self {
        Self(text)
    }

    /// The canonical spelling.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A resource that tokens can be asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    /// Its row.
    pub id: ResourceId,
    /// Its identifier, which becomes `aud`.
    pub uri: ResourceUri,
    /// What people see.
    pub name: String,
    /// Its scopes and what each lets an app do.
    pub scopes: Vec<(String, String)>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_resource_are_one() {
        for text in ["https://H.example", "https://h.example/", "HTTPS://h.example:443/"] {
            assert_eq!(ResourceUri::parse(text).unwrap().as_str(), "https://h.example", "{text}");
        }
        assert_eq!(
            ResourceUri::parse("https://h.example/mcp").unwrap().as_str(),
            "https://h.example/mcp"
        );
    }

    #[test]
    fn relative_fragment_and_userinfo_are_refused() {
        for text in [
            "/mcp",
            "mcp",
            "https://h.example/#",
            "https://h.example/#x",
            "https://u@h.example/",
            "",
        ] {
            assert!(ResourceUri::parse(text).is_err(), "{text}");
        }
    }
}
