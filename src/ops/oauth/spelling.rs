//! What a client calls its resources. Every spelling of an identifier means the same resource, but resource servers
//! compare `aud` letter by letter with the one that they know, which is as a rule the one that the client was given.

use crate::model::resource::{Resource, ResourceUri};

/// The client's own words for these resources, as far as they are not the registered ones: for each as it is asked for
/// now, else as it was asked for before.
pub(super) fn own(resources: &[Resource], now: &[String], before: &[String]) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for resource in resources {
        let words = |texts: &[String]| -> Vec<String> {
            texts.iter().filter(|text| means(resource, text)).cloned().collect()
        };
        let current = words(now);
        let said = if current.is_empty() { words(before) } else { current };
        for text in said {
            if text != resource.uri.as_str() && !all.contains(&text) {
                all.push(text);
            }
        }
    }
    all
}

/// Whether a client that writes this means that resource.
pub(super) fn means(resource: &Resource, text: &str) -> bool {
    ResourceUri::parse(text).is_ok_and(|uri| resource.is_named(&uri))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resource(uri: &str, alias: &[&str]) -> Resource {
        let read = |text: &str| ResourceUri::parse(text).unwrap();
        let aliases = alias.iter().map(|text| read(text)).collect();
        Resource { aliases, ..Resource::new(read(uri), "R".to_owned()) }
    }

    fn texts(words: &[&str]) -> Vec<String> {
        words.iter().map(|&word| word.to_owned()).collect()
    }

    #[test]
    fn each_resource_is_called_as_now_else_as_before_and_no_other_is_named() {
        let both = [
            resource("https://a.example", &["https://a.example/mcp"]),
            resource("https://b.example", &[]),
        ];
        let before = texts(&["https://A.example", "https://b.example/", "https://c.example/"]);
        let said = |now: &[&str]| own(&both, &texts(now), &before);
        assert_eq!(said(&[]), ["https://A.example", "https://b.example/"]);
        assert_eq!(said(&["https://a.example/"]), ["https://a.example/", "https://b.example/"]);
        assert_eq!(said(&["https://a.example"]), ["https://b.example/"], "as it is registered");
        assert_eq!(
            said(&["https://a.example/mcp"]),
            ["https://a.example/mcp", "https://b.example/"]
        );
        assert_eq!(said(&["no address"]), said(&[]));
        assert_eq!(own(&both[..1], &[], &before), ["https://A.example"]);
    }
}
