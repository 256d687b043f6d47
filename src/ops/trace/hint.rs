//! What a rule was held against, for this one attempt: what would have done, the nearest of it, and the command.

use super::Grounds;
use crate::{
    db::Read,
    error::Result,
    model::{
        name::sanitise,
        redirect::RedirectUri,
        trace::{Rule, redacted},
    },
    store,
};

/// So many alternatives are told.
const MOST: usize = 8;

/// The hint, for rules that have something to compare.
pub(super) fn of(r: &Read<'_>, rule: Rule, grounds: &Grounds<'_>) -> Result<Option<String>> {
    if matches!(rule, Rule::RedirectUnknown | Rule::RedirectMissing) {
        Ok(redirect(grounds))
    } else if rule == Rule::ScopeOfClient {
        Ok(scopes(grounds))
    } else if matches!(rule, Rule::ResourceUnknown | Rule::ResourceMalformed) {
        resources(r)
    } else {
        Ok(None)
    }
}

fn asked(grounds: &Grounds<'_>, name: &str) -> Option<String> {
    let kept = redacted(grounds.pairs);
    kept.into_iter().find(|(own, _)| own == name).map(|(_, value)| value)
}

fn redirect(grounds: &Grounds<'_>) -> Option<String> {
    let client = grounds.client?;
    let registered: Vec<&str> =
        client.redirect_uris.iter().map(RedirectUri::as_str).take(MOST).collect();
    let mut hint = format!("registered: {}", registered.join(" "));
    let raw =
        grounds.pairs.iter().find(|(name, _)| name == "redirect_uri").map(|(_, uri)| uri.as_str());
    let (Some(raw), Some(shown)) = (raw, asked(grounds, "redirect_uri")) else { return Some(hint) };
    let likeness = |uri: &&&str| strsim::normalized_levenshtein(uri, raw);
    let nearest = registered.iter().max_by(|one, other| likeness(one).total_cmp(&likeness(other)));
    if let Some(nearest) = nearest {
        hint = format!("{hint} · nearest: {nearest} ({})", difference(nearest, raw));
    }
    let all: Vec<String> = registered
        .iter()
        .copied()
        .chain([shown.as_str()])
        .map(|uri| format!("--redirect-uri {}", quoted(uri)))
        .collect();
    Some(format!(
        "{hint} · if the address is the app's own: mcpcodex client edit {} {}",
        quoted(client.id.as_str()),
        all.join(" ")
    ))
}

/// What a shell reads as one word, whatever a stranger put into it.
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._~:/@[]".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// The first part in which two addresses differ.
fn difference(registered: &str, asked: &str) -> &'static str {
    if registered.trim_end_matches('/') == asked.trim_end_matches('/') {
        return "only the slash at the end differs";
    }
    let (Ok(one), Ok(other)) = (url::Url::parse(registered), url::Url::parse(asked)) else {
        return "what was asked for is no address";
    };
    if one.scheme() != other.scheme() {
        "http, https or the app's own scheme differs"
    } else if one.host_str() != other.host_str() {
        "the host differs"
    } else if one.port_or_known_default() != other.port_or_known_default() {
        "the port differs"
    } else if one.path() != other.path() {
        "the path differs"
    } else {
        "the query differs"
    }
}

fn scopes(grounds: &Grounds<'_>) -> Option<String> {
    let client = grounds.client?;
    let asked = asked(grounds, "scope").unwrap_or_default();
    Some(format!("asked for: {asked} · the client may have: {}", client.scopes))
}

fn resources(r: &Read<'_>) -> Result<Option<String>> {
    let all = store::resource::list(r)?;
    let uris: Vec<&str> = all.iter().map(|resource| resource.uri.as_str()).take(MOST).collect();
    Ok(Some(if uris.is_empty() {
        "no resource is registered here".to_owned()
    } else {
        sanitise(&format!("registered: {}", uris.join(" ")), 1_000)
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn difference_is_named_by_the_part_that_a_person_would_change() {
        for (registered, asked, says) in [
            ("https://a.example/cb", "https://a.example/cb/", "only the slash at the end differs"),
            (
                "https://a.example/cb",
                "http://a.example/cb",
                "http, https or the app's own scheme differs",
            ),
            ("https://a.example/cb", "https://b.example/cb", "the host differs"),
            ("https://a.example/cb", "https://a.example:8443/cb", "the port differs"),
            ("https://a.example/cb", "https://a.example/callback", "the path differs"),
            ("https://a.example/cb?a=1", "https://a.example/cb?a=2", "the query differs"),
            ("https://a.example/cb", "not an address", "what was asked for is no address"),
        ] {
            assert_eq!(difference(registered, asked), says);
        }
    }

    #[test]
    fn command_is_one_that_a_shell_reads_as_it_stands() {
        assert_eq!(quoted("https://a.example:80/cb"), "https://a.example:80/cb");
        assert_eq!(quoted("x;rm -rf $HOME"), "'x;rm -rf $HOME'");
        assert_eq!(quoted("a'b"), "'a'\\''b'");
        assert_eq!(quoted(""), "''");
    }
}
