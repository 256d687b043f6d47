//! How ID tokens of ours are known again: one is shown back by the client that it was given to.

use serde_json::{Map, Value};

use super::ID_TYP;
use crate::{
    crypto::jwt::{self, Check},
    db::Read,
    error::Result,
    model::client::Client,
    ops::{env::Env, key, oauth::terms::Terms},
};

/// Reads an ID token: signature, type, issuer, time, and that it was made for this client and no other. `Ok(Err(_))` says
/// why it counts for nothing. Whether the sign-in behind it stands is for the caller to ask.
pub(in crate::ops::oauth) fn identity(
    r: &Read<'_>,
    env: &Env,
    client: &Client,
    token: &str,
) -> Result<Result<Map<String, Value>, jwt::Refusal>> {
    let header = match jwt::Header::read(token) {
        Ok(header) => header,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let Some(key) =
        header.kid.as_deref().map(|kid| key::verifier(r, env, kid)).transpose()?.flatten()
    else {
        return Ok(Err(jwt::Refusal::UnknownKey));
    };
    let check = Check {
        issuer: Terms::of(env).issuer,
        audience: Some(client.id.as_str()),
        typ: ID_TYP,
        now: r.now,
        leeway_secs: 0,
    };
    Ok(key.verify(token).and_then(|(header, claims)| {
        check.apply(&header, &claims)?;
        let Value::Object(claims) = claims else { return Err(jwt::Refusal::Malformed) };
        // Nothing else that is signed here has the type `JWT` and a party that it was given to.
        if claims.get("azp").and_then(Value::as_str) != Some(client.id.as_str()) {
            return Err(jwt::Refusal::WrongAudience);
        }
        Ok(claims)
    }))
}
