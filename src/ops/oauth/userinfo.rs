//! Who the person behind an access token is (OpenID Connect Core §5.3).

use serde_json::{Map, Value};

use super::{
    Code, Refusal,
    dpop::{self, Place, Proof},
    token::{self, Access},
};
use crate::{
    db::{Read, Write},
    error::Result,
    model::{
        scope::{EMAIL, OPENID, PROFILE},
        trace::Rule,
    },
    ops::env::Env,
};

/// For a token that whoever has it may show.
pub fn userinfo(
    r: &Read<'_>,
    env: &Env,
    text: &str,
) -> Result<Result<Map<String, Value>, Refusal>> {
    let Ok(access) = token::access(r, env, text)? else { return Ok(Err(not_good())) };
    if access.jkt.is_some() {
        let why = "the access token is bound to a key: show it as DPoP, with a proof";
        return Ok(Err(Refusal::new(Code::InvalidToken, Rule::AccessToken, why)));
    }
    Ok(claims(&access))
}

/// For a token that is shown with a proof of the key that it is bound to (RFC 9449 §7.1).
pub fn bound(
    tx: &Write<'_>,
    env: &Env,
    method: &str,
    text: &str,
    proof: Option<&Proof>,
) -> Result<Result<Map<String, Value>, Refusal>> {
    let Some(proof) = proof else {
        let why = "a proof of the key is missing (DPoP)";
        return Ok(Err(Refusal::new(Code::InvalidDpopProof, Rule::AccessToken, why)));
    };
    let place = Place { method, path: "/userinfo", token: Some(text) };
    if let Err(refusal) = dpop::accept(tx, env, proof, place)? {
        return Ok(Err(refusal));
    }
    let Ok(access) = token::access(tx, env, text)? else { return Ok(Err(not_good())) };
    if access.jkt.as_ref() != Some(&proof.jkt) {
        let why = "the access token is not bound to the key that was proved";
        return Ok(Err(Refusal::new(Code::InvalidToken, Rule::AccessToken, why)));
    }
    Ok(claims(&access))
}

fn not_good() -> Refusal {
    let why = "the access token is not, or no longer, good";
    Refusal::new(Code::InvalidToken, Rule::AccessToken, why)
}

/// The claims about the person that the token's scopes allow. Any access token of ours counts that carries
/// `openid`, whatever resource it is for: the person agreed to that scope.
fn claims(access: &Access) -> Result<Map<String, Value>, Refusal> {
    if !access.scopes.has(OPENID) {
        let why = "the access token lacks the scope openid";
        return Err(Refusal::new(Code::InsufficientScope, Rule::AccessToken, why));
    }
    let Some((user, _)) = access.person() else {
        let why = "no person stands behind the token";
        return Err(Refusal::new(Code::InvalidToken, Rule::AccessToken, why));
    };
    let mut claims = Map::new();
    if access.scopes.has(PROFILE) {
        claims.insert("name".to_owned(), user.display_name().into());
        claims.insert("preferred_username".to_owned(), user.username.as_str().into());
        claims.insert("roles".to_owned(), user.roles.clone().into());
    }
    if access.scopes.has(EMAIL) {
        claims.insert("email".to_owned(), user.email.as_str().into());
    }
    claims.insert("sub".to_owned(), user.id.as_str().into());
    Ok(claims)
}
