//! The public keys of a client that signs (RFC 7591 §2 `jwks`, `jwks_uri`).

use serde_json::Value;

use super::{Members, member, text, web, wrong};
use crate::{error::Result, model::client::AuthMethod};

const MOST_KEYS: usize = 10;
/// Members of private and symmetric keys (RFC 7518 §6).
const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// The keys by value or by address, one of both, if the client proves itself by them. Those of others are of no use
/// here and are not kept.
pub(super) fn read(
    members: &Members,
    method: AuthMethod,
) -> Result<(Option<Value>, Option<String>)> {
    if method != AuthMethod::PrivateKeyJwt {
        return Ok((None, None));
    }
    match (member(members, "jwks"), text(members, "jwks_uri")?) {
        (Some(_), Some(_)) => Err(wrong("jwks and jwks_uri exclude each other")),
        (None, None) => Err(wrong("private_key_jwt needs jwks or jwks_uri")),
        (Some(set), None) => Ok((Some(public_keys(set)?), None)),
        (None, Some(uri)) if web(uri) => Ok((None, Some(uri.to_owned()))),
        (None, Some(_)) => Err(wrong("jwks_uri must be an https address")),
    }
}

/// A JWK set with public keys alone: a private one that was sent by mistake is not stored.
pub fn public_keys(set: &Value) -> Result<Value> {
    let keys = set.get("keys").and_then(Value::as_array).filter(|keys| !keys.is_empty());
    let keys = keys.ok_or_else(|| wrong("jwks must be a JWK set: {\"keys\": [...]}"))?;
    if keys.len() > MOST_KEYS {
        return Err(wrong("jwks may hold at most 10 keys"));
    }
    let mut kept = Vec::with_capacity(keys.len());
    for key in keys {
        let Some(key) = key.as_object() else {
            return Err(wrong("jwks holds something that is no key"));
        };
        if PRIVATE.iter().any(|name| key.contains_key(*name)) {
            return Err(wrong("jwks holds a private or symmetric key; send public keys only"));
        }
        if !matches!(key.get("kty").and_then(Value::as_str), Some("RSA" | "EC" | "OKP")) {
            return Err(wrong("jwks holds a key whose kty is not RSA, EC or OKP"));
        }
        let members = key.iter().filter(|(_, value)| !value.is_null());
        kept.push(members.map(|(name, value)| (name.clone(), value.clone())).collect::<Members>());
    }
    Ok(serde_json::json!({ "keys": kept }))
}
