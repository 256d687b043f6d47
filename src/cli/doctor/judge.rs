//! Judging what servers say, without asking them anything: challenges, documents, and texts that must be equal.

use std::collections::BTreeMap;

use serde_json::Value;
use url::{Host, Url};

/// A `WWW-Authenticate` answer (RFC 9110 §11.6.1) as far as it is about bearer tokens.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Challenge {
    /// The schemes in order.
    pub schemes: Vec<String>,
    /// The parameters of `Bearer`.
    pub bearer: BTreeMap<String, String>,
}

impl Challenge {
    /// Reads every header line.
    pub fn read(lines: &[&str]) -> Self {
        let mut challenge = Self::default();
        for line in lines {
            let mut rest = line.trim_start_matches([' ', ',']);
            while !rest.is_empty() {
                rest = challenge.take(rest).trim_start_matches([' ', ',', '\t']);
            }
        }
        challenge
    }

    /// Takes a scheme or a parameter off the front.
    fn take<'t>(&mut self, text: &'t str) -> &'t str {
        let end = text.find([' ', ',', '=']).unwrap_or(text.len());
        let (word, rest) = text.split_at(end);
        let Some(value) = rest.trim_start().strip_prefix('=') else {
            self.schemes.push(word.to_ascii_lowercase());
            return rest;
        };
        let value = value.trim_start();
        let (value, rest) = if let Some(quoted) = value.strip_prefix('"') {
            unquote(quoted)
        } else {
            let end = value.find([' ', ',']).unwrap_or(value.len());
            let (value, rest) = value.split_at(end);
            (value.to_owned(), rest)
        };
        if self.schemes.last().is_some_and(|scheme| scheme == "bearer") {
            self.bearer.entry(word.to_ascii_lowercase()).or_insert(value);
        }
        rest
    }

    /// Whether a bearer token is asked for.
    pub fn has_bearer(&self) -> bool {
        self.schemes.iter().any(|scheme| scheme == "bearer")
    }

    /// Whether that comes first.
    pub fn bearer_first(&self) -> bool {
        self.schemes.first().is_some_and(|scheme| scheme == "bearer")
    }
}

/// The text up to the closing quote, and what comes after it.
fn unquote(text: &str) -> (String, &str) {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return (value, text.get(at + 1..).unwrap_or_default()),
            '\\' => value.extend(chars.next().map(|(_, c)| c)),
            c => value.push(c),
        }
    }
    (value, "")
}

/// The address of a well-known document for `base`: inserted before its path (RFC 8414 §3.1, RFC 9728 §3.1).
pub fn inserted(base: &Url, name: &str) -> Url {
    let path = base.path().trim_end_matches('/');
    at(base, &format!("/.well-known/{name}{path}"))
}

/// The address of a path on the same server.
pub fn at(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    url.set_path(path);
    url.set_query(None);
    url.set_fragment(None);
    url
}

/// Where clients look for the document of an issuer, in the order of MCP's specification.
pub fn issuer_documents(issuer: &Url) -> Vec<Url> {
    const NAMES: [&str; 2] = ["oauth-authorization-server", "openid-configuration"];
    let mut all: Vec<Url> = NAMES.iter().map(|name| inserted(issuer, name)).collect();
    let path = issuer.path().trim_end_matches('/');
    if !path.is_empty() {
        all.push(at(issuer, &format!("{path}/.well-known/openid-configuration")));
    }
    all
}

/// In what two addresses differ that should be the same letter by letter; none if they are.
pub fn difference(wanted: &str, found: &str) -> Option<&'static str> {
    if wanted == found {
        return None;
    }
    if wanted.trim_end_matches('/') == found.trim_end_matches('/') {
        return Some("a slash at the end");
    }
    if wanted.eq_ignore_ascii_case(found) {
        return Some("capital letters");
    }
    let (Ok(one), Ok(other)) = (Url::parse(wanted), Url::parse(found)) else {
        return Some("everything: one of them is no address");
    };
    Some(if one == other {
        "the spelling (a default port, or an encoded letter)"
    } else if one.host_str() != other.host_str() {
        "the host"
    } else if one.scheme() != other.scheme() {
        "http and https"
    } else if one.port_or_known_default() != other.port_or_known_default() {
        "the port"
    } else {
        "the path"
    })
}

/// The members that are null, which some clients take for a broken document.
pub fn nulls(document: &Value) -> Vec<String> {
    let members = document.as_object().into_iter().flatten();
    members.filter(|(_, value)| value.is_null()).map(|(name, _)| name.clone()).collect()
}

/// A member that is a text.
pub fn text<'d>(document: &'d Value, name: &str) -> Option<&'d str> {
    document.get(name).and_then(Value::as_str)
}

/// A member that is a list, with the texts in it.
pub fn texts<'d>(document: &'d Value, name: &str) -> Option<Vec<&'d str>> {
    let list = document.get(name)?.as_array()?;
    Some(list.iter().filter_map(Value::as_str).collect())
}

/// Whether tokens may be sent there: https, or http on this computer.
pub fn is_safe(url: &Url) -> bool {
    let local = url.host().is_some_and(|host| match host {
        Host::Domain(name) => name == "localhost" || name.ends_with(".localhost"),
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    });
    url.scheme() == "https" || (url.scheme() == "http" && local)
}

/// An address that may be opened or asked: http or https with a host, and nothing else.
pub fn web(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    (matches!(url.scheme(), "http" | "https") && url.has_host()).then_some(url)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(lines: &[&str]) -> Challenge {
        Challenge::read(lines)
    }

    #[test]
    fn challenges_are_read_whatever_stands_around_them() {
        let usual = read(&[r#"Bearer resource_metadata="https://h/x?a=1,b", scope="a b""#]);
        assert!(usual.has_bearer() && usual.bearer_first());
        assert_eq!(usual.bearer["resource_metadata"], "https://h/x?a=1,b");
        assert_eq!(usual.bearer["scope"], "a b");
        let mixed = read(&[
            r#"Basic realm="a, b=c", bearer Error=invalid_token , error_description="a \"b\"""#,
        ]);
        assert_eq!(mixed.schemes, ["basic", "bearer"]);
        assert!(!mixed.bearer_first());
        assert_eq!(mixed.bearer["error"], "invalid_token");
        assert_eq!(mixed.bearer["error_description"], "a \"b\"");
        let lines = read(&["Negotiate abc==", "Bearer"]);
        assert!(lines.has_bearer() && lines.bearer.is_empty());
        assert!(!read(&[]).has_bearer());
        // Whatever comes, an end is found.
        for odd in ["\"", "=", "Bearer a=\"", ",,,", "Bearer =x", "Bearer a = b"] {
            read(&[odd]);
        }
    }

    #[test]
    fn documents_are_looked_for_where_clients_look() {
        let of = |issuer: &str| -> Vec<String> {
            let all = issuer_documents(&Url::parse(issuer).unwrap());
            all.iter().map(|url| url.path().to_owned()).collect()
        };
        let root = ["/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"];
        assert_eq!(of("https://h"), root);
        assert_eq!(of("https://h/"), root);
        assert_eq!(
            of("https://h/auth"),
            [
                "/.well-known/oauth-authorization-server/auth",
                "/.well-known/openid-configuration/auth",
                "/auth/.well-known/openid-configuration",
            ]
        );
    }

    #[test]
    fn difference_of_addresses_is_named() {
        let of = |wanted, found| difference(wanted, found);
        assert_eq!(of("https://h", "https://h"), None);
        assert_eq!(of("https://h", "https://h/"), Some("a slash at the end"));
        assert_eq!(of("https://h/MCP", "https://h/mcp"), Some("capital letters"));
        assert_eq!(of("https://h/mcp", "http://h/mcp"), Some("http and https"));
        assert_eq!(of("https://h/mcp", "https://h:8443/mcp"), Some("the port"));
        assert_eq!(of("https://h/mcp", "https://i/mcp"), Some("the host"));
        assert_eq!(of("https://h/mcp", "https://h"), Some("the path"));
        assert_eq!(
            of("https://h/mcp", "https://h:443/mcp").map(|d| &d[..12]),
            Some("the spelling")
        );
        assert!(of("https://h/mcp", "mcp").unwrap().starts_with("everything"));
    }

    #[test]
    fn only_addresses_of_the_web_are_opened() {
        for bad in
            ["javascript:alert(1)", "file:///etc/passwd", "--flag", "$(id)", "http:", "ssh://h"]
        {
            assert!(web(bad).is_none(), "{bad}");
        }
        assert!(web("http://127.0.0.1:1/x").is_some());
        assert!(is_safe(&Url::parse("http://app.localhost/x").unwrap()));
        assert!(is_safe(&Url::parse("http://127.1.2.3/x").unwrap()));
        assert!(is_safe(&Url::parse("http://[::1]:8/x").unwrap()));
        for far in
            ["http://192.168.1.2/x", "http://127.evil.example/x", "http://localhost.example/"]
        {
            assert!(!is_safe(&Url::parse(far).unwrap()), "{far}");
        }
        assert_eq!(nulls(&json!({ "a": null, "b": 1 })), ["a"]);
    }
}
