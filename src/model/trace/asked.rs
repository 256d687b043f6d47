//! What of a request may be kept: names that everybody knows, with values that unlock nothing.

use crate::model::name::sanitise;

/// Parameters whose values are told, and how much of each.
const TOLD: [(&str, usize); 20] = [
    ("client_id", 200),
    ("redirect_uri", 300),
    ("redirect_uris", 600),
    ("post_logout_redirect_uri", 300),
    ("resource", 300),
    ("audience", 300),
    ("scope", 300),
    ("response_type", 40),
    ("response_mode", 40),
    ("prompt", 60),
    ("max_age", 20),
    ("acr_values", 120),
    ("ui_locales", 60),
    ("code_challenge_method", 20),
    ("grant_type", 80),
    ("grant_types", 200),
    ("token_endpoint_auth_method", 40),
    ("requested_token_type", 80),
    ("subject_token_type", 80),
    ("client_name", 100),
];
/// Parameters that are a secret or somebody's own: only that they came, and how long they are.
const COUNTED: [&str; 20] = [
    "code",
    "code_verifier",
    "code_challenge",
    "state",
    "nonce",
    "client_secret",
    "client_assertion",
    "client_assertion_type",
    "refresh_token",
    "device_code",
    "user_code",
    "subject_token",
    "actor_token",
    "assertion",
    "request",
    "request_uri",
    "login_hint",
    "id_token_hint",
    "claims",
    "dpop_jkt",
];
/// More values of one request than anybody needs to see.
const MOST: usize = 24;

/// The parameters of a request as they may be kept. Of parameters that nobody knows only the number is kept: a name may
/// hold a secret too.
pub fn redacted(pairs: &[(String, String)]) -> Vec<(String, String)> {
    let mut kept = Vec::new();
    let mut others = 0_usize;
    for (name, value) in pairs {
        if let Some((name, cells)) = TOLD.iter().find(|(own, _)| own == name) {
            let value = if name.contains("uri") || *name == "resource" || *name == "audience" {
                without_query(value)
            } else {
                value.clone()
            };
            kept.push(((*name).to_owned(), sanitise(&value, *cells)));
        } else if COUNTED.contains(&name.as_str()) {
            kept.push((name.clone(), format!("({} bytes)", value.len())));
        } else {
            others += 1;
        }
    }
    others += kept.len().saturating_sub(MOST);
    kept.truncate(MOST);
    if others > 0 {
        kept.push(("others".to_owned(), others.to_string()));
    }
    kept
}

/// A URI without what may be secret in it: the values of its query, its fragment, its user part.
fn without_query(uri: &str) -> String {
    let (uri, fragment) = match uri.split_once('#') {
        Some((before, _)) => (before, "#…"),
        None => (uri, ""),
    };
    let (path, query) = match uri.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (uri, None),
    };
    let path = match path.split_once("//") {
        Some((scheme, rest)) => {
            let (authority, tail) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            match authority.rsplit_once('@') {
                Some((_, host)) => format!("{scheme}//…@{host}{tail}"),
                None => path.to_owned(),
            }
        }
        None => path.to_owned(),
    };
    let query = query.map(|query| {
        let names: Vec<String> = query
            .split('&')
            .take(8)
            .map(|pair| {
                pair.split_once('=').map_or_else(|| "…".to_owned(), |(name, _)| format!("{name}=…"))
            })
            .collect();
        format!("?{}", names.join("&"))
    });
    format!("{path}{}{fragment}", query.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(name: &str, value: &str) -> Vec<(String, String)> {
        redacted(&[(name.to_owned(), value.to_owned())])
    }

    #[test]
    fn no_secret_is_kept_wherever_it_stands() {
        for name in COUNTED {
            assert_eq!(one(name, "canary"), [(name.to_owned(), "(6 bytes)".to_owned())]);
        }
        for (name, value) in [
            ("canary", "x"),
            ("x", "canary"),
            ("redirect_uri", "https://app.example/cb?token=canary&x=canary#canary"),
            ("redirect_uri", "https://user:canary@app.example/cb"),
            ("redirect_uri", "https://app.example/cb?canary"),
            ("resource", "https://mcp.example/?key=canary"),
        ] {
            let kept = one(name, value);
            assert!(!format!("{kept:?}").contains("canary"), "{kept:?}");
        }
        assert_eq!(
            one("redirect_uri", "https://app.example/cb?a=1&b=2#c"),
            [("redirect_uri".to_owned(), "https://app.example/cb?a=…&b=…#…".to_owned())]
        );
    }

    #[test]
    fn what_is_kept_is_short_and_harmless() {
        let long = "x".repeat(65_536);
        for (name, cells) in TOLD {
            let kept = one(name, &long);
            assert!(kept[0].1.chars().count() <= cells, "{name}");
            let hostile = one(name, "a\r\nb\u{1b}[2J\u{202e}c\u{0}d");
            assert!(
                !hostile[0].1.chars().any(|c| c.is_control() || c == '\u{202e}'),
                "{hostile:?}"
            );
        }
        let many: Vec<_> =
            (0..10_000).map(|n| ("resource".to_owned(), format!("https://{n}.example"))).collect();
        let kept = redacted(&many);
        assert_eq!(kept.len(), MOST + 1);
        assert_eq!(kept.last(), Some(&("others".to_owned(), (10_000 - MOST).to_string())));
    }
}
