//! Protected resources: the MCP servers and APIs that access tokens are for (RFC 8707).

use std::time::Duration;

use url::Url;

use super::id::ResourceId;
use crate::{
    crypto::jwt::Algorithm,
    error::{Error, Result},
};

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

/// How much harm a scope can do in the wrong hands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Risk {
    /// Hardly any.
    Low,
    /// Some.
    #[default]
    Normal,
    /// It takes a fresh second factor to allow it.
    Sensitive,
}

impl Risk {
    /// The word in the database and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Normal => "normal",
            Self::Sensitive => "sensitive",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Low, Self::Normal, Self::Sensitive].into_iter().find(|risk| risk.as_str() == text)
    }
}

/// A scope of a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceScope {
    /// Its name (RFC 6749 §3.3).
    pub name: String,
    /// What it lets an app do, as people read it.
    pub description: String,
    /// How much harm it can do.
    pub risk: Risk,
    /// Whether a client gets it that names no scope.
    pub is_default: bool,
}

impl ResourceScope {
    /// One of ordinary risk, given by default.
    pub fn new(name: impl Into<String>, description: impl Into<String>) -> Self {
        let (name, description) = (name.into(), description.into());
        Self { name, description, risk: Risk::Normal, is_default: true }
    }
}

/// What an access token looks like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TokenFormat {
    /// A signed JWT, which the resource reads by itself (RFC 9068).
    #[default]
    Jwt,
    /// A random word, about which the resource asks here (RFC 7662).
    Opaque,
}

impl TokenFormat {
    /// The word in the database and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Jwt => "jwt",
            Self::Opaque => "opaque",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Jwt, Self::Opaque].into_iter().find(|format| format.as_str() == text)
    }
}

/// A resource that tokens can be asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    /// Its row.
    pub id: ResourceId,
    /// Its identifier, which becomes `aud`.
    pub uri: ResourceUri,
    /// Other spellings that clients use for it.
    pub aliases: Vec<ResourceUri>,
    /// What people see.
    pub name: String,
    /// Its scopes in order.
    pub scopes: Vec<ResourceScope>,
    /// Roles of which one is needed to use it; empty means anyone may.
    pub roles: Vec<String>,
    /// How long its access tokens live; none: as configured.
    pub token_lifetime: Option<Duration>,
    /// What its access tokens look like.
    pub token_format: TokenFormat,
    /// What its access tokens are signed with; none: as configured.
    pub algorithm: Option<Algorithm>,
}

impl Resource {
    /// One with nothing but identifier and name: signed tokens, every setting as configured.
    pub fn new(uri: ResourceUri, name: String) -> Self {
        Self {
            id: ResourceId::new(),
            uri,
            aliases: Vec::new(),
            name,
            scopes: Vec::new(),
            roles: Vec::new(),
            token_lifetime: None,
            token_format: TokenFormat::Jwt,
            algorithm: None,
        }
    }

    /// The scope of that name.
    pub fn scope(&self, name: &str) -> Option<&ResourceScope> {
        self.scopes.iter().find(|scope| scope.name == name)
    }
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
