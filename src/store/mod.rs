//! SQL, one file a table or a table and its details; no decisions.
//! A look-up answers `Option`: what absence means is for `ops` to say.

pub mod apikey;
pub mod attempt;
pub mod audit;
pub mod authorization;
pub mod client;
pub mod code;
pub mod consent;
pub mod contact;
pub mod device;
pub mod factor;
pub mod grant;
pub mod key;
pub mod link;
pub mod message;
pub mod meta;
pub mod passkey;
pub mod resource;
pub mod send_count;
pub mod session;
pub mod sign_in;
pub mod user;

use crate::model::{resource::ResourceUri, scope::ScopeSet};

/// Words as one column holds them.
fn words(list: &[String]) -> String {
    list.join(" ")
}

fn unwords(text: &str) -> Vec<String> {
    text.split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// Resources as one column holds them: a JSON array, since a URI may hold any separator but not a quote.
fn uris(list: &[ResourceUri]) -> String {
    list.iter().map(ResourceUri::as_str).collect::<serde_json::Value>().to_string()
}

fn parse_uris(text: &str) -> Vec<ResourceUri> {
    serde_json::from_str::<Vec<String>>(text)
        .unwrap_or_default()
        .into_iter()
        .map(ResourceUri::from_text)
        .collect()
}

fn scopes(text: &str) -> ScopeSet {
    ScopeSet::parse(text)
}
