//! Access tokens that say nothing by themselves: a random word, about which the resource asks here (RFC 7662).
//! Only a hash of it is kept, beside what a signed token would say.

use serde_json::{Map, Value};

use super::claims::AccessClaims;
use crate::{
    crypto::{
        jwt,
        secret::{Hashed, Plain, random_token},
    },
    db::{Read, Write},
    error::{Error, Result},
    model::id::{ClientId, GrantId},
    store,
    time::Time,
};

/// How every opaque access token begins, for people and secret scanners.
pub const OPAQUE_PREFIX: &str = "mcpat_";
/// The prefix and 256 bits in base64url.
const LENGTH: usize = OPAQUE_PREFIX.len() + 43;

/// Makes a token that stands for these claims.
pub(super) fn issue(
    tx: &Write<'_>,
    claims: &AccessClaims,
    client: &ClientId,
    grant: Option<&GrantId>,
) -> Result<Plain> {
    let token = Plain::new(format!("{OPAQUE_PREFIX}{}", random_token(32).expose()));
    let text = serde_json::to_string(claims)
        .map_err(|error| Error::internal("claims could not be written").with_source(error))?;
    let end = Time::from_secs(claims.exp);
    store::opaque::insert(tx, &Hashed::of(token.expose()), &text, client, grant, end)?;
    Ok(token)
}

/// The claims of a token, ended or not; no database is asked about a text of another form.
pub fn read(r: &Read<'_>, token: &str) -> Result<Result<Map<String, Value>, jwt::Refusal>> {
    if token.len() != LENGTH || !token.starts_with(OPAQUE_PREFIX) {
        return Ok(Err(jwt::Refusal::Malformed));
    }
    let Some(text) = store::opaque::claims(r, &Hashed::of(token))? else {
        return Ok(Err(jwt::Refusal::UnknownKey));
    };
    serde_json::from_str(&text)
        .map(Ok)
        .map_err(|error| Error::internal("stored claims could not be read").with_source(error))
}
