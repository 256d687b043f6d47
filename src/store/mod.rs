//! SQL, one file a table or a table and its details; no decisions.
//! A look-up answers `Option`: what absence means is for `ops` to say.

pub mod agent;
pub mod apikey;
pub mod assertion;
pub mod attempt;
pub mod audit;
pub mod authorization;
pub mod client;
pub mod code;
pub mod consent;
pub mod contact;
pub mod coverage;
pub mod dashboard;
pub mod device;
pub mod device_request;
pub mod document;
pub mod exchange_policy;
pub mod factor;
pub mod grant;
pub mod idempotency;
pub mod key;
pub mod key_bucket;
pub mod key_usage;
pub mod link;
pub mod logout_notice;
pub mod message;
pub mod meta;
pub mod opaque;
pub mod passkey;
pub mod provider_flow;
pub mod provider_link;
pub mod provider_token;
pub mod pushed;
pub mod registration;
pub mod replay;
pub mod resource;
pub mod send_count;
pub mod session;
pub mod sign_in;
pub mod stats;
pub mod trace;
pub mod user;

use crate::model::{factor::Method, resource::ResourceUri, scope::ScopeSet};

/// Every second factor in force as `user_id` and `method`, one row each: the one place that says where they are kept.
const FACTORS: &str =
    "(select user_id, 'totp' as method from totp_credentials where state = 'active'
    union all select user_id, 'webauthn' from passkeys
    union all select user_id, kind from contacts where state = 'active')";

/// People with a second factor of the methods whose words stand, with a blank around each, in a parameter.
fn covered(parameter: &str) -> String {
    format!("(select user_id from {FACTORS} where instr({parameter}, ' ' || method || ' ') > 0)")
}

/// What [`covered`] takes.
fn blank_words(methods: &[Method]) -> String {
    methods.iter().flat_map(|method| [" ", method.as_str(), " "]).collect()
}

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

/// Texts as one column holds them, a JSON array, too.
fn texts(list: &[String]) -> String {
    serde_json::Value::from(list).to_string()
}

fn parse_texts(text: &str) -> Vec<String> {
    serde_json::from_str(text).unwrap_or_default()
}

fn scopes(text: &str) -> ScopeSet {
    ScopeSet::parse(text)
}
