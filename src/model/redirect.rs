//! Redirect URIs: which may be registered, and which request fits which registration.
//! The comparison is of strings, so that no URL parser can be made to disagree with another (RFC 9700 §4.1.3).

use url::Url;

use crate::error::{Error, Result};

const FIELD: &str = "redirect_uri";
const LONGEST: usize = 2_048;
/// Schemes that run code, read files or leave the web in ways no client needs.
const REFUSED_SCHEMES: [&str; 31] = [
    "javascript",
    "livescript",
    "data",
    "file",
    "vbscript",
    "blob",
    "about",
    "ftp",
    "ws",
    "wss",
    "mailto",
    "view-source",
    "filesystem",
    "jar",
    "chrome",
    "resource",
    "intent",
    "shell",
    "search",
    "search-ms",
    "ms-msdt",
    "ms-officecmd",
    "ms-settings",
    "hcp",
    "tel",
    "sms",
    "ldap",
    "gopher",
    "telnet",
    "ssh",
    "urn",
];

/// What an authorization response says (RFC 6749 §4.1.2, RFC 9207 §2).
const ANSWERS: [&str; 5] = ["code", "state", "iss", "error", "response"];

/// A redirect URI as it was registered, to the letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RedirectUri(String);

impl RedirectUri {
    /// Accepts `https` anywhere, `http` on this computer only, and private-use schemes (RFC 8252 §7).
    pub fn parse(text: &str) -> Result<Self> {
        let refuse =
            |why: &str| Err(Error::invalid(FIELD, format!("redirect URI \"{text}\" {why}")));
        if text.len() > LONGEST {
            return Err(Error::invalid(FIELD, "a redirect URI may have at most 2048 characters"));
        }
        if text.chars().any(|c| c.is_control() || c.is_whitespace() || c == '\\' || c == '*') {
            return refuse("has a space, control character, backslash or wildcard in it");
        }
        let Ok(url) = Url::parse(text) else {
            return refuse("is not an absolute URI, for example https://app.example.com/callback");
        };
        if url.fragment().is_some() {
            return refuse("has a fragment (#…), which RFC 6749 §3.1.2 forbids");
        }
        if !url.username().is_empty() || url.password().is_some() {
            return refuse("has a user name in it");
        }
        // Readers of URLs mend `https:h` and `https:///h`, each in its own way, and browsers take the first for a path.
        let rest = text.get(url.scheme().len()..).and_then(|rest| rest.strip_prefix("://"));
        if matches!(url.scheme(), "http" | "https")
            && rest.is_none_or(|rest| rest.is_empty() || rest.starts_with('/'))
        {
            return refuse("does not begin with https://HOST or http://HOST");
        }
        // The answer brings these; a second one would be another answer.
        if url.query_pairs().any(|(name, _)| ANSWERS.contains(&name.as_ref())) {
            return refuse("has a parameter of the answer (code, state, iss, error) in its query");
        }
        match url.scheme() {
            "https" if url.host_str().is_some() => Ok(Self(text.to_owned())),
            "http" if loopback_parts(text).is_some() => Ok(Self(text.to_owned())),
            "http" => refuse("is http but not on this computer: use https"),
            scheme if REFUSED_SCHEMES.contains(&scheme) || scheme.starts_with("ms-") => {
                refuse("has a scheme that is not allowed")
            }
            _ => Ok(Self(text.to_owned())),
        }
    }

    /// Takes one from the database.
    pub fn from_text(text: String) -> Self {
        Self(text)
    }

    /// The URI as registered.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The URI without the port, if an app on this computer gets the answer: two that differ in it alone fit the same
    /// requests.
    pub fn without_port(&self) -> String {
        match loopback_parts(&self.0) {
            Some((host, path)) => format!("http://{host}{path}"),
            None => self.0.clone(),
        }
    }

    /// Whether `requested` is this URI: the same string, or, for an app on this computer, the same but for
    /// the port (RFC 8252 §7.3; `localhost` too, since real MCP clients register it).
    pub fn fits(&self, requested: &str) -> bool {
        if self.0 == requested {
            return true;
        }
        match (loopback_parts(&self.0), loopback_parts(requested)) {
            (Some((host, path)), Some((asked_host, asked_path))) => {
                host == asked_host && path == asked_path
            }
            _ => false,
        }
    }
}

/// The host of a redirect URI as a person should see it; none for private-use schemes without one.
pub fn host_of(uri: &str) -> Option<String> {
    Url::parse(uri).ok().and_then(|url| url.host_str().map(str::to_owned))
}

/// Whether an app on this computer gets the answer.
pub fn is_local(uri: &str) -> bool {
    loopback_parts(uri).is_some()
}

fn is_loopback(host: &str) -> bool {
    matches!(host, "127.0.0.1" | "[::1]" | "localhost") || host.ends_with(".localhost")
}

/// Splits `http://HOST[:PORT]REST` of a loopback host into host and rest.
fn loopback_parts(uri: &str) -> Option<(&str, &str)> {
    let rest = uri.strip_prefix("http://")?;
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let (host, port) = match authority.rfind(':') {
        Some(colon) if !authority.ends_with(']') => {
            let (host, port) = authority.split_at(colon);
            (host, port.strip_prefix(':')?)
        }
        _ => (authority, "80"),
    };
    let port_ok = !port.is_empty()
        && port.len() <= 5
        && port.bytes().all(|b| b.is_ascii_digit())
        && port.parse::<u16>().is_ok_and(|port| port > 0);
    let host_ok = is_loopback(host)
        && host
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'[' | b']' | b':'));
    (port_ok && host_ok).then_some((host, path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_readers_would_mend_or_take_for_an_answer_is_refused() {
        for text in [
            "https:app.example.com/cb",
            "https:/app.example.com/cb",
            "https:///app.example.com/cb",
            "http:127.0.0.1/cb",
            "http:/127.0.0.1/cb",
            "http://127.1/cb",
            "http://0x7f.1:8080/cb",
            "http://2130706433/cb",
            "ms-word:ofe|u|http://app.example.com/x",
            "livescript:x",
            "https://app.example.com/cb?code=x",
            "https://app.example.com/cb?a=b&state=y",
            "https://app.example.com/cb?iss=z",
        ] {
            assert!(RedirectUri::parse(text).is_err(), "{text}");
        }
        for text in
            ["https://app.example.com/cb?keep=1", "http://localhost:8080/cb", "http://[::1]/cb"]
        {
            assert!(RedirectUri::parse(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn only_the_same_string_fits_an_https_registration() {
        let registered = RedirectUri::parse("https://app.example.com/callback").unwrap();
        assert!(registered.fits("https://app.example.com/callback"));
        for other in [
            "https://app.example.com/callback/",
            "https://app.example.com/Callback",
            "https://APP.example.com/callback",
            "HTTPS://app.example.com/callback",
            "https://app.example.com/callback?x=1",
            "https://app.example.com/callback?",
            "https://app.example.com/callback#",
            "https://app.example.com/callback#f",
            "https://app.example.com:443/callback",
            "https://app.example.com:8443/callback",
            "http://app.example.com/callback",
            "https://app.example.com/callback/../callback",
            "https://app.example.com/x/../callback",
            "https://app.example.com/%63allback",
            "https://app.example.com/%2e%2e/callback",
            "https://app.example.com//callback",
            "https://app.example.com/callback%00",
            "https://app.example.com/callback%20",
            "https://app.example.com/callback ",
            " https://app.example.com/callback",
            "https://app.example.com.evil.example/callback",
            "https://app.example.com@evil.example/callback",
            "https://user@app.example.com/callback",
            "https://evil.example/https://app.example.com/callback",
            "https://sub.app.example.com/callback",
            "https://app.example.com./callback",
            "https://app.example.com\\@evil.example/callback",
            "https:app.example.com/callback",
            "//app.example.com/callback",
            "/callback",
            "",
            "javascript:alert(1)",
        ] {
            assert!(!registered.fits(other), "{other}");
        }
    }

    #[test]
    fn loopback_registration_leaves_only_the_port_open() {
        for host in ["127.0.0.1", "[::1]", "localhost"] {
            let registered = RedirectUri::parse(&format!("http://{host}/callback")).unwrap();
            assert!(registered.fits(&format!("http://{host}:49152/callback")), "{host}");
            assert!(!registered.fits(&format!("https://{host}:49152/callback")));
            assert!(!registered.fits(&format!("http://{host}:49152/other")));
            assert!(!registered.fits(&format!("http://{host}:0/callback")));
            assert!(!registered.fits(&format!("http://{host}:70000/callback")));
            assert!(!registered.fits(&format!("http://{host}:80@evil.example/callback")));
            assert!(!registered.fits(&format!("http://u@{host}:80/callback")));
        }
        let registered = RedirectUri::parse("http://127.0.0.1:3000/callback").unwrap();
        for other in
            ["localhost:3000", "127.1:3000", "0.0.0.0:3000", "[::1]:3000", "127.0.0.2:3000"]
        {
            assert!(!registered.fits(&format!("http://{other}/callback")), "{other}");
        }
    }

    #[test]
    fn dangerous_registrations_are_refused() {
        for bad in [
            "javascript:alert(1)",
            "data:text/html,x",
            "file:///etc/passwd",
            "http://example.com/cb",
            "https://*.example.com/cb",
            "https://a.example/cb#x",
            "https://u:p@a.example/cb",
            "cb",
            "",
            "https://a.example/\ncb",
            "http://0.0.0.0/cb",
            "http://127.0.0.1.evil.example/cb",
        ] {
            assert!(RedirectUri::parse(bad).is_err(), "{bad}");
        }
        for good in [
            "https://a.example/cb?x=1",
            "cursor://anysphere.cursor-mcp/oauth/callback",
            "com.example.app:/cb",
        ] {
            assert!(RedirectUri::parse(good).is_ok(), "{good}");
        }
    }
}
