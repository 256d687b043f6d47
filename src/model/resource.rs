//! Protected resources: the MCP servers and APIs that access tokens are for (RFC 8707).

use std::time::Duration;

use url::Url;

use super::id::ResourceId;
use crate::{
    crypto::jwt::Algorithm,
    error::{Error, Result},
    time::Time,
};

/// What a browser would run or read from the disk: no server is reached by it.
const NO_SERVER: [&str; 6] = ["javascript", "data", "vbscript", "blob", "file", "about"];

/// The identifier of a resource in its one canonical spelling.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ResourceUri(String);

impl ResourceUri {
    /// Reads an absolute URI without fragment (RFC 8707 §2): scheme and host in lower case and in ASCII, no default
    /// port, no `.` and `..`, percent-encoding as RFC 3986 §6.2.2 has it, and `https://h` for `https://h/`. A slash at the
    /// end of a longer path makes another resource.
    pub fn parse(text: &str) -> Result<Self> {
        let refuse = |why: &str| {
            Err(Error::invalid("resource", format!("resource \"{text}\" {why}")).with_next(
                "write the URL that people give their client, such as https://mcp.example.com/mcp",
            ))
        };
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
        // Browsers mend `https:h` and `https:\\h`; two readers of such a thing may differ.
        let mended = url.has_host()
            && !text.get(url.scheme().len()..).unwrap_or_default().starts_with("://");
        if mended || text.contains('\\') || NO_SERVER.contains(&url.scheme()) {
            return refuse("is not the address of a server");
        }
        let bare = url.path() == "/" && url.query().is_none();
        let canonical = plain_percents(url.as_str());
        Ok(Self(if bare { canonical.trim_end_matches('/').to_owned() } else { canonical }))
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

/// Writes what need not be encoded as it is, and the hex digits of the rest in upper case (RFC 3986 §6.2.2).
fn plain_percents(text: &str) -> String {
    let mut parts = text.split('%');
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let byte = part.get(..2).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match (byte.map(char::from), part.get(..2), part.get(2..)) {
            (Some(c), Some(_), Some(rest))
                if c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | '~') =>
            {
                plain.push(c);
                plain.push_str(rest);
            }
            (Some(_), Some(hex), Some(rest)) => {
                plain.push('%');
                plain.push_str(&hex.to_ascii_uppercase());
                plain.push_str(rest);
            }
            _ => {
                plain.push('%');
                plain.push_str(part);
            }
        }
    }
    plain
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
    /// When it was registered: what was given before was for another of that name.
    pub created_at: Time,
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
            created_at: Time::default(),
        }
    }

    /// The scope of that name.
    pub fn scope(&self, name: &str) -> Option<&ResourceScope> {
        self.scopes.iter().find(|scope| scope.name == name)
    }

    /// Whether it goes by this identifier or alias.
    pub fn is_named(&self, uri: &ResourceUri) -> bool {
        self.uri == *uri || self.aliases.contains(uri)
    }

    /// Whether somebody with these roles may use it.
    pub fn is_for(&self, roles: &[String]) -> bool {
        self.roles.is_empty() || self.roles.iter().any(|role| roles.contains(role))
    }
}

/// What one access token for these resources looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenRules {
    /// How long it lives.
    pub lifetime: Duration,
    /// Its form.
    pub format: TokenFormat,
    /// What it is signed with.
    pub algorithm: Algorithm,
}

impl TokenRules {
    /// For several resources the strictest of each: the shortest lifetime, opaque if one of them wants that. Where they do
    /// not agree about the algorithm, and where there are none, it is as configured.
    pub fn of(resources: &[Resource], configured: Self) -> Self {
        let lifetimes =
            resources.iter().map(|own| own.token_lifetime.unwrap_or(configured.lifetime));
        let opaque = resources.iter().any(|own| own.token_format == TokenFormat::Opaque);
        let mut wanted = resources.iter().map(|own| own.algorithm.unwrap_or(configured.algorithm));
        let algorithm = wanted.next().filter(|first| wanted.all(|other| other == *first));
        Self {
            lifetime: lifetimes.min().unwrap_or(configured.lifetime),
            format: if opaque { TokenFormat::Opaque } else { configured.format },
            algorithm: algorithm.unwrap_or(configured.algorithm),
        }
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
    fn case_ports_names_dots_and_percents_make_no_difference_but_a_slash_after_a_path_does() {
        let one = |text: &str| ResourceUri::parse(text).unwrap().as_str().to_owned();
        for (text, canonical) in [
            ("HTTPS://H.Example:443/MCP", "https://h.example/MCP"),
            ("http://h.example:80/mcp", "http://h.example/mcp"),
            ("https://h.example:8443/mcp", "https://h.example:8443/mcp"),
            ("https://bücher.example/mcp", "https://xn--bcher-kva.example/mcp"),
            ("https://h.example/a/../mcp", "https://h.example/mcp"),
            ("https://h.example/%2e%2E/mcp", "https://h.example/mcp"),
            ("https://h.example/%7emcp%2fx%c3%bc", "https://h.example/~mcp%2Fx%C3%BC"),
            ("https://h.example/mcpü", "https://h.example/mcp%C3%BC"),
            ("https://h.example/%", "https://h.example/%"),
            ("https://h.example/%zz%4", "https://h.example/%zz%4"),
            ("https://h.example/%25%34%31", "https://h.example/%2541"),
            ("https://h.example?tenant=1", "https://h.example/?tenant=1"),
            ("https://[2001:DB8::1]:443/mcp", "https://[2001:db8::1]/mcp"),
            ("urn:example:API", "urn:example:API"),
        ] {
            assert_eq!(one(text), canonical, "{text}");
            assert_eq!(one(canonical), canonical, "the canonical spelling is its own");
        }
        assert_ne!(one("https://h.example/mcp/"), one("https://h.example/mcp"));
        assert_ne!(one("https://h.example/mcp"), one("http://h.example/mcp"));
        assert_ne!(one("https://h.example/MCP"), one("https://h.example/mcp"));
    }

    #[test]
    fn relative_fragment_and_userinfo_are_refused() {
        for text in [
            "/mcp",
            "mcp",
            "https://h.example/#",
            "https://h.example/#x",
            "https://u@h.example/",
            "https://u:p@h.example/",
            "https:h.example/mcp",
            "https:/h.example/mcp",
            "https:\\\\h.example\\mcp",
            "https:///mcp",
            "https://",
            "https://h.example/m cp",
            "https://h.example/\tmcp",
            " https://h.example/mcp",
            "https://h.example:99999/",
            "javascript:alert(1)",
            "data:text/html,x",
            "file:///etc/passwd",
            "",
        ] {
            assert!(ResourceUri::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn strictest_of_several_resources_decides_what_their_token_looks_like() {
        use Algorithm::{ES256, EdDSA, RS256};
        use TokenFormat::{Jwt, Opaque};
        let secs = Duration::from_secs;
        let configured = TokenRules { lifetime: secs(900), format: Jwt, algorithm: RS256 };
        let resource = |lifetime: Option<u64>, opaque: bool, algorithm: Option<Algorithm>| {
            let uri = ResourceUri::from_text("https://h.example".to_owned());
            Resource {
                token_lifetime: lifetime.map(secs),
                token_format: if opaque { Opaque } else { Jwt },
                algorithm,
                ..Resource::new(uri, String::new())
            }
        };
        let of = |all: &[Resource]| {
            let rules = TokenRules::of(all, configured);
            (rules.lifetime.as_secs(), rules.format, rules.algorithm)
        };
        assert_eq!(of(&[]), (900, Jwt, RS256));
        let plain = resource(None, false, None);
        let long = resource(Some(3_600), false, Some(ES256));
        let short = resource(Some(60), true, Some(ES256));
        let other = resource(None, false, Some(EdDSA));
        assert_eq!(of(std::slice::from_ref(&long)), (3_600, Jwt, ES256));
        assert_eq!(of(&[long.clone(), short.clone()]), (60, Opaque, ES256));
        assert_eq!(of(&[long.clone(), plain.clone()]), (900, Jwt, RS256));
        assert_eq!(of(&[plain, long.clone()]), (900, Jwt, RS256));
        assert_eq!(of(&[long, other]), (900, Jwt, RS256), "they do not agree");
    }
}
