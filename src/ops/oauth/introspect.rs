//! What a token is, told to a resource server that asks (RFC 7662).
//! That the asker is a confidential client was found out before.
//!
//! A client learns about an access token that was given to it, and about one for a resource that its registration names:
//! it is that resource's server, or an app that an operator made for it. To everybody else the token is unknown, since
//! whoever comes by a token must not learn whose it is (RFC 7662 §4).

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::{refresh_token, terms::Terms, token};
use crate::{
    db::Read,
    error::Result,
    model::{
        client::{Client, ClientOrigin},
        grant::{Verdict, judge},
        id::ApiKeyId,
        resource::ResourceUri,
        user::UserState,
    },
    ops::{apikey, env::Env, seen::Seen},
    store,
};

/// [`introspect`], also about API keys. To tell of a key is a use of it, which is noted with the address of whoever asks; it
/// takes nothing from the key's bucket, since what is shared by all who ask would be theirs to empty.
pub fn tell(
    r: &Read<'_>,
    env: &Env,
    seen: &Seen,
    (client, address): (&Client, &str),
    text: &str,
) -> Result<Value> {
    if !apikey::is_one(env, text) {
        return introspect(r, env, client, text);
    }
    Ok(match api_key(r, env, client, text)? {
        Some((id, answer)) => {
            seen.used(&id, r.now, address);
            answer
        }
        None => json!({ "active": false }),
    })
}

/// Tells about a token that is good now; of any other it says no more than that.
pub fn introspect(r: &Read<'_>, env: &Env, client: &Client, text: &str) -> Result<Value> {
    let found = if text.starts_with(refresh_token::PREFIX) {
        refresh(r, env, client, text)?
    } else {
        access(r, env, client, text)?
    };
    Ok(match found {
        Some(mut answer) => {
            answer.insert("active".to_owned(), true.into());
            Value::Object(answer)
        }
        None => json!({ "active": false }),
    })
}

fn access(
    r: &Read<'_>,
    env: &Env,
    client: &Client,
    text: &str,
) -> Result<Option<Map<String, Value>>> {
    let Ok(access) = token::access(r, env, text)? else { return Ok(None) };
    let serves = access.resources.iter().any(|own| client.resources.contains(&own.uri));
    if access.client_id != client.id && !serves {
        return Ok(None);
    }
    let username = access.person().map(|(user, _)| user.username.clone());
    let mut answer = access.claims;
    answer.remove("gid");
    answer.remove("epoch");
    answer.insert("scope".to_owned(), access.scopes.to_string().into());
    if let Some(username) = username {
        answer.insert("username".to_owned(), username.into());
    }
    let token_type = if access.jkt.is_some() { "DPoP" } else { "Bearer" };
    answer.insert("token_type".to_owned(), token_type.into());
    Ok(Some(answer))
}

/// A key is for no server in particular: every confidential client that an operator has entered is told about it.
fn api_key(
    r: &Read<'_>,
    env: &Env,
    client: &Client,
    text: &str,
) -> Result<Option<(ApiKeyId, Value)>> {
    if !matches!(client.origin, ClientOrigin::Static | ClientOrigin::BuiltIn) {
        return Ok(None);
    }
    let Ok(good) = apikey::inspect(r, env, text)? else { return Ok(None) };
    let terms = Terms::of(env);
    let own: Vec<&str> = client.resources.iter().map(ResourceUri::as_str).collect();
    let audience = match own.as_slice() {
        [] => terms.audience.into(),
        [only] => (*only).into(),
        several => Value::from(several),
    };
    let mut answer = json!({
        "active": true,
        "iss": terms.access_issuer,
        "sub": good.subject(),
        "username": good.subject_name(),
        "aud": audience,
        "scope": good.key.scopes.to_string(),
        "iat": good.key.created_at.secs(),
        "jti": good.key.id,
        "token_type": "Bearer",
        "api_key": good.key.id,
    });
    if let Some(members) = answer.as_object_mut() {
        let end = good.key.ends_at(env.rotation());
        members.extend(end.map(|end| ("exp".to_owned(), end.secs().into())));
        let owner = good.agent.as_ref().map(|_| good.user.id.as_str().into());
        members.extend(owner.map(|owner| ("owner".to_owned(), owner)));
    }
    Ok(Some((good.key.id, answer)))
}

/// A refresh token is nobody's business but its own client's.
fn refresh(
    r: &Read<'_>,
    env: &Env,
    client: &Client,
    text: &str,
) -> Result<Option<Map<String, Value>>> {
    let Some((id, generation)) = refresh_token::read(&env.keys.vault, text) else {
        return Ok(None);
    };
    let grant = store::grant::by_id(r, &id)?.filter(|grant| grant.client_id == client.id);
    let Some(grant) = grant else { return Ok(None) };
    let Some(token) = store::grant::token(r, &id, generation)? else { return Ok(None) };
    let user = store::user::by_id(r, &grant.user_id)?;
    let Some(user) = user.filter(|user| user.state == UserState::Active) else { return Ok(None) };
    if judge(&grant, &token, None, false, Duration::ZERO, r.now) != Verdict::Rotate {
        return Ok(None);
    }
    let answer = json!({
        "scope": grant.scopes.to_string(),
        "client_id": client.id.as_str(),
        "username": user.username,
        "sub": user.id.as_str(),
        "iat": token.issued_at.secs(),
        "exp": token.expires_at.secs(),
    });
    Ok(answer.as_object().cloned())
}
