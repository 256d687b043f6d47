//! What an identity assertion says, read and held against what must be true of any: type, signature, audience, time.

use serde_json::Value;

use super::{Proof, Why};
use crate::{
    crypto::jwt::{self, Header},
    model::{
        assertion::{IssuerKeys, LIFETIME, TYP},
        document::KeySet,
        scope::ScopeSet,
    },
    ops::{env::Env, oauth::terms::Terms},
    time::Time,
};

/// How far the issuer's clock may be off.
const LEEWAY: std::time::Duration = std::time::Duration::from_secs(30);
/// The longest identifier that is taken.
const LONGEST_ID: usize = 255;
/// More methods than anybody proves themselves by.
const MOST_METHODS: usize = 10;

/// Checks an assertion by keys that were got from where its issuer is trusted for.
pub fn check(
    env: &Env,
    now: Time,
    issuer: &str,
    (keys, set): (&IssuerKeys, &KeySet),
    assertion: &str,
) -> Result<Proof, Why> {
    let typ = Header::read(assertion)?.typ.unwrap_or_default().to_ascii_lowercase();
    if typ.strip_prefix("application/").unwrap_or(&typ) != TYP {
        return Err(jwt::Refusal::WrongType.into());
    }
    let claims = set.verify(assertion)?;
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    let id = |name: &str, why| {
        let found = text(name).filter(|id| (1..=LONGEST_ID).contains(&id.len()));
        found.map(str::to_owned).ok_or(Why::Claim(why))
    };
    if text("iss") != Some(issuer) {
        return Err(jwt::Refusal::WrongIssuer.into());
    }
    if !is_for_us(Terms::of(env).issuer, claims.get("aud")) {
        return Err(Why::Claim(
            "aud of the assertion must be the issuer of this server and nothing else",
        ));
    }
    let (made, until) = life(now, &claims)?;
    Ok(Proof {
        issuer: issuer.to_owned(),
        keys: keys.clone(),
        subject: id("sub", "the assertion has no sub of 1 to 255 characters")?,
        client_id: text("client_id")
            .ok_or(Why::Claim("the assertion has no client_id"))?
            .to_owned(),
        jti: id("jti", "the assertion has no jti of 1 to 255 characters")?,
        until,
        resources: resources(&claims)?,
        scope: scope(&claims)?,
        email: text("email")
            .filter(|_| claims.get("email_verified") == Some(&Value::Bool(true)))
            .map(str::to_owned),
        made: made.min(now),
        auth_time: moment(&claims, "auth_time")?.map(|at| at.min(now)),
        amr: methods(&claims),
    })
}

/// Whoever else it is for could use it here.
fn is_for_us(issuer: &str, aud: Option<&Value>) -> bool {
    let ours = |one: &Value| one.as_str() == Some(issuer);
    match aud {
        Some(Value::Array(all)) => matches!(all.as_slice(), [only] if ours(only)),
        Some(one) => ours(one),
        None => false,
    }
}

/// When it was made, and how long its identifier must be remembered.
fn life(now: Time, claims: &Value) -> Result<(Time, Time), Why> {
    let made = moment(claims, "iat")?.ok_or(Why::Claim("the assertion has no iat"))?;
    let ends = moment(claims, "exp")?.ok_or(Why::Claim("the assertion has no exp"))?;
    if ends.since(made) > LIFETIME || ends > now.plus(LIFETIME).plus(LEEWAY) {
        return Err(Why::Claim("the assertion lives longer than five minutes"));
    }
    if now >= ends.plus(LEEWAY) {
        return Err(jwt::Refusal::Expired.into());
    }
    let early = |at: Option<Time>| at.is_some_and(|at| at > now.plus(LEEWAY));
    if early(Some(made)) || early(moment(claims, "nbf")?) {
        return Err(jwt::Refusal::NotYetValid.into());
    }
    Ok((made, ends.plus(LEEWAY)))
}

fn moment(claims: &Value, name: &str) -> Result<Option<Time>, Why> {
    let Some(value) = claims.get(name) else { return Ok(None) };
    let seconds = value.as_i64().ok_or(Why::Token(jwt::Refusal::Malformed))?;
    Ok(Some(Time::from_secs(seconds)))
}

/// One text or a list of texts.
fn resources(claims: &Value) -> Result<Vec<String>, Why> {
    let wrong = Why::Claim("resource of the assertion must be a URI or a list of them");
    match claims.get("resource") {
        None => Ok(Vec::new()),
        Some(Value::String(only)) => Ok(vec![only.clone()]),
        Some(Value::Array(all)) if !all.is_empty() => all
            .iter()
            .map(|one| one.as_str().map(str::to_owned).ok_or_else(|| wrong.clone()))
            .collect(),
        Some(_) => Err(wrong),
    }
}

fn scope(claims: &Value) -> Result<Option<ScopeSet>, Why> {
    match claims.get("scope") {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(ScopeSet::parse(text))),
        Some(_) => Err(Why::Claim("scope of the assertion must be a text")),
    }
}

/// How the person proved themselves there (RFC 8176), as far as it can stand in a token of ours.
fn methods(claims: &Value) -> Vec<String> {
    let all = claims.get("amr").and_then(Value::as_array).into_iter().flatten();
    all.filter_map(Value::as_str)
        .filter(|word| {
            (1..=32).contains(&word.len()) && word.bytes().all(|b| b.is_ascii_alphanumeric())
        })
        .take(MOST_METHODS)
        .map(str::to_owned)
        .collect()
}
