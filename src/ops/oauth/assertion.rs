//! Clients that prove themselves by a statement signed with a key of their own (RFC 7523 §3, OpenID Connect Core §9:
//! `private_key_jwt`). What a statement says is checked before the transaction, that it is the first of its kind within.

use std::{fmt, time::Duration};

use serde_json::Value;
use url::Url;

use super::terms::Terms;
use crate::{
    crypto::jwt::{self, Header},
    db::{Read, Write},
    error::{Error, Result},
    model::{
        client::{AuthMethod, Client},
        document::{KeySet, check_keys},
        id::ClientId,
    },
    ops::{
        client::{New, newcomer},
        env::Env,
        replay::{self, Kind},
    },
    store,
    time::Time,
};

/// `client_assertion_type` of such a statement (RFC 7523 §2.2).
pub const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// A statement ends within this time, or it could be stolen and kept.
const LONGEST: Duration = Duration::from_secs(600);
/// How far the client's clock may be off.
const LEEWAY: Duration = Duration::from_secs(30);
/// How long ago it may say that it was made.
const OLDEST: Duration = Duration::from_secs(24 * 3_600);
/// The longest identifier that is taken.
const LONGEST_ID: usize = 255;
/// The endpoints that a statement may be addressed to besides the issuer: some clients name the one they call.
const ENDPOINTS: [&str; 5] = ["/token", "/par", "/device_authorization", "/introspect", "/revoke"];
/// Types that a statement may have; without one most clients send it. Others are tokens for something else.
const TYPES: [&str; 2] = ["jwt", "client-authentication+jwt"];

/// Where a client's keys are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Keys {
    /// In its registration.
    Own(Value),
    /// At an address of its own.
    At(String),
}

impl Keys {
    fn of(client: &Client) -> Option<Self> {
        let at = || client.jwks_uri.clone().map(Self::At);
        client.jwks.clone().map(Self::Own).or_else(at)
    }
}

/// A statement that is right, but was not yet spent.
#[derive(Clone, Debug)]
pub struct Proof {
    client: ClientId,
    keys: Keys,
    jti: String,
    until: Time,
}

/// Why a statement proves nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// Signature, form or key.
    Token(jwt::Refusal),
    /// A claim: what is wrong with it.
    Claim(&'static str),
}

impl From<jwt::Refusal> for Why {
    fn from(refusal: jwt::Refusal) -> Self {
        Self::Token(refusal)
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Token(refusal) => refusal.fmt(f),
            Self::Claim(why) => f.write_str(why),
        }
    }
}

/// Where the keys of a client are, if it proves itself in this way and may be used; and whether it is in use here, so
/// that its keys are not fetched as those of a stranger.
pub fn keys(r: &Read<'_>, client_id: &str) -> Result<Option<(Keys, bool)>> {
    let client = store::client::by_id(r, &ClientId::from_text(client_id))?;
    let Some(client) = client.filter(|one| one.is_active() && signs(one)) else { return Ok(None) };
    let Some(keys) = Keys::of(&client) else { return Ok(None) };
    Ok(Some((keys, newcomer::is_in_use(r, &client)?)))
}

fn signs(client: &Client) -> bool {
    client.auth_method == AuthMethod::PrivateKeyJwt
}

/// Checks a statement by keys that were got from `keys`.
pub fn check(
    env: &Env,
    now: Time,
    client_id: &str,
    (keys, set): (Keys, &KeySet),
    statement: &str,
) -> Result<Proof, Why> {
    let typ = Header::read(statement)?.typ.unwrap_or_default().to_ascii_lowercase();
    let typ = typ.strip_prefix("application/").unwrap_or(&typ);
    if !typ.is_empty() && !TYPES.contains(&typ) {
        return Err(jwt::Refusal::WrongType.into());
    }
    let claims = set.verify(statement)?;
    let (jti, until) = read(env, now, client_id, &claims)?;
    Ok(Proof { client: ClientId::from_text(client_id), keys, jti, until })
}

fn read(env: &Env, now: Time, client: &str, claims: &Value) -> Result<(String, Time), Why> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    if text("iss") != Some(client) || text("sub") != Some(client) {
        return Err(Why::Claim("iss and sub of the client assertion must both be the client_id"));
    }
    if !is_for_us(Terms::of(env).issuer, claims.get("aud")) {
        return Err(Why::Claim("aud of the client assertion must be the issuer of this server"));
    }
    let until = moment(claims, "exp")?.ok_or(Why::Claim("the client assertion has no exp"))?;
    let until = until.plus(LEEWAY);
    if now >= until {
        return Err(jwt::Refusal::Expired.into());
    }
    if until > now.plus(LONGEST).plus(LEEWAY).plus(LEEWAY) {
        return Err(Why::Claim("the client assertion must expire within ten minutes"));
    }
    let early = |at: Option<Time>| at.is_some_and(|at| at > now.plus(LEEWAY));
    let made = moment(claims, "iat")?;
    if early(moment(claims, "nbf")?) || early(made) {
        return Err(jwt::Refusal::NotYetValid.into());
    }
    if made.is_some_and(|made| made < now.minus(OLDEST)) {
        return Err(Why::Claim("the client assertion was made more than a day ago"));
    }
    let jti = text("jti").filter(|jti| !jti.is_empty() && jti.len() <= LONGEST_ID);
    let jti = jti.ok_or(Why::Claim("the client assertion has no jti of 1 to 255 characters"))?;
    Ok((jti.to_owned(), until))
}

/// One text or a list; whoever else it is for could use it here, so it must be for nobody else.
fn is_for_us(issuer: &str, aud: Option<&Value>) -> bool {
    let ours = |one: &Value| {
        let rest = one.as_str().and_then(|one| one.strip_prefix(issuer));
        rest.is_some_and(|rest| rest.is_empty() || rest == "/" || ENDPOINTS.contains(&rest))
    };
    match aud {
        Some(Value::Array(all)) => !all.is_empty() && all.iter().all(ours),
        Some(one) => ours(one),
        None => false,
    }
}

/// A time claim; a fraction of a second counts for nothing, but some clients write one.
fn moment(claims: &Value, name: &str) -> Result<Option<Time>, Why> {
    let Some(value) = claims.get(name) else { return Ok(None) };
    let whole = || value.is_f64().then(|| value.to_string().split('.').next()?.parse().ok())?;
    let seconds: Option<i64> = value.as_i64().or_else(whole);
    seconds.map(|s| Some(Time::from_secs(s))).ok_or(Why::Token(jwt::Refusal::Malformed))
}

/// Spends a statement: whose it is, if the client still stands as it was checked and this is the first use.
pub fn spend(tx: &Write<'_>, proof: &Proof) -> Result<Option<Client>> {
    let client = store::client::by_id(tx, &proof.client)?;
    let still =
        |one: &Client| one.is_active() && signs(one) && Keys::of(one).as_ref() == Some(&proof.keys);
    let Some(client) = client.filter(still) else { return Ok(None) };
    let id = client.id.as_str();
    let first = replay::first_use(tx, Kind::ClientAssertion, id, &proof.jti, proof.until)?;
    Ok(first.then_some(client))
}

/// Refuses a registration whose keys cannot be used.
pub fn check_registration(new: &New) -> Result<()> {
    let refuse = |why: &'static str| {
        Err(Error::invalid("jwks", why)
            .with_next("give a JWK set of public keys, or the https address of one"))
    };
    match (&new.jwks, &new.jwks_uri) {
        (None, None) => Ok(()),
        _ if new.public => refuse("a public client has no keys"),
        _ if new.secret.is_some() => refuse("a client has a secret or keys, not both"),
        (Some(_), Some(_)) => refuse("jwks and jwks_uri exclude each other"),
        (Some(jwks), None) => check_keys(jwks).or_else(refuse),
        (None, Some(uri)) => match Url::parse(uri) {
            Ok(url) if url.scheme() == "https" && url.has_host() => Ok(()),
            _ => refuse("jwks_uri must be an https address"),
        },
    }
}
