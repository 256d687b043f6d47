//! The public keys of a client that signs (RFC 7591 §2 `jwks`, `jwks_uri`).

use serde_json::{Value, json};

use super::{Members, member, text, web, wrong};
use crate::{
    error::Result,
    model::{client::AuthMethod, document::check_keys},
};

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

/// A JWK set with public keys alone: a private one that was sent by mistake is not stored. What is null in it is left
/// out, since it is told back.
fn public_keys(set: &Value) -> Result<Value> {
    check_keys(set).map_err(wrong)?;
    let keys = set.get("keys").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let mut kept = Vec::with_capacity(keys.len());
    for key in keys {
        let key = key.as_object().ok_or_else(|| wrong("jwks holds something that is no key"))?;
        let members = key.iter().filter(|(_, value)| !value.is_null());
        kept.push(members.map(|(name, value)| (name.clone(), value.clone())).collect::<Members>());
    }
    Ok(json!({ "keys": kept }))
}
