//! Who the person behind an access token is (OpenID Connect Core §5.3).

use serde_json::{Map, Value};

use super::{Code, Refusal, token};
use crate::{
    db::Read,
    error::Result,
    model::scope::{EMAIL, OPENID, PROFILE},
    ops::env::Env,
};

/// The claims about the person that the token's scopes allow. Any access token of ours counts that carries
/// `openid`, whatever resource it is for: the person agreed to that scope.
pub fn userinfo(
    r: &Read<'_>,
    env: &Env,
    text: &str,
) -> Result<Result<Map<String, Value>, Refusal>> {
    let Ok(access) = token::access(r, env, text)? else {
        return Ok(Err(Refusal::new(
            Code::InvalidToken,
            "the access token is not, or no longer, good",
        )));
    };
    if !access.scopes.has(OPENID) {
        return Ok(Err(Refusal::new(
            Code::InsufficientScope,
            "the access token lacks the scope openid",
        )));
    }
    let Some((user, _)) = access.person() else {
        return Ok(Err(Refusal::new(Code::InvalidToken, "no person stands behind the token")));
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
    Ok(Ok(claims))
}
