//! How an access token of ours is known again.

use serde_json::{Map, Value};

use super::{
    ACCESS_TYP,
    opaque::{self, OPAQUE_PREFIX},
};
use crate::{
    crypto::jwt::{self, Check},
    db::Read,
    error::Result,
    model::{
        client::Client,
        grant::Grant,
        id::{ApiKeyId, ClientId, GrantId},
        resource::Resource,
        scope::ScopeSet,
        user::{User, UserState},
    },
    ops::{
        apikey::{self, Good},
        env::Env,
        key,
        oauth::{policy, terms::Terms},
    },
    store,
    time::Time,
};

/// An access token of ours that is good at this moment, with what stands behind it.
#[derive(Debug)]
pub struct Access {
    /// Every claim.
    pub claims: Map<String, Value>,
    /// What it is good for now: the `scope` claim without rights that the person has lost.
    pub scopes: ScopeSet,
    /// What it is for, as far as that still exists and the person may use it; empty: this server's own endpoints.
    pub resources: Vec<Resource>,
    /// In whose name it speaks.
    pub owner: Owner,
    /// The client it was given to.
    pub client_id: ClientId,
    /// Thumbprint of the key that must stand behind whoever shows it.
    pub jkt: Option<String>,
    /// Its own id.
    pub jti: String,
    /// When it ends.
    pub expires_at: Time,
}

/// In whose name an access token speaks.
#[derive(Debug)]
pub enum Owner {
    /// A person.
    Person {
        /// Who.
        user: Box<User>,
        /// The grant it comes from.
        grant: Box<Grant>,
    },
    /// A program, by its API key.
    Key(Box<Good>),
    /// The client itself.
    Client,
}

impl Access {
    /// The person and their grant, if there is one.
    pub fn person(&self) -> Option<(&User, &Grant)> {
        match &self.owner {
            Owner::Person { user, grant } => Some((user, grant)),
            Owner::Key(_) | Owner::Client => None,
        }
    }
}

/// Reads an access token: signature, type, issuer and time, and then whether what stands behind it still does.
/// `Ok(Err(_))` says why it counts for nothing. The audience is for whoever accepts the token to check.
pub fn access(r: &Read<'_>, env: &Env, token: &str) -> Result<Result<Access, jwt::Refusal>> {
    let opaque = token.starts_with(OPAQUE_PREFIX);
    let read = if opaque { stored(r, token)? } else { signed(r, env, token)? };
    let (claims, jti, expires_at) = match read {
        Ok(read) => read,
        Err(refusal) => return Ok(Err(refusal)),
    };
    // A token that was taken back is as good as ended.
    let over = Ok(Err(jwt::Refusal::Expired));
    let text = |name: &str| claims.get(name).and_then(Value::as_str).unwrap_or_default();
    if store::grant::is_jti_revoked(r, &jti)? {
        return over;
    }
    let client = store::client::by_id(r, &ClientId::from_text(text("client_id")))?;
    let Some(client) = client.filter(Client::is_active) else { return over };
    if !actors_stand(r, claims.get("act"))? {
        return over;
    }
    let asked = ScopeSet::parse(text("scope"));
    let owner = if claims.contains_key("gid") {
        person(r, &GrantId::from_text(text("gid")), &client)?
    } else {
        let epoch = claims.get("epoch").and_then(Value::as_i64);
        match claims.get("api_key").and_then(Value::as_str) {
            _ if epoch != Some(client.not_before.millis()) => None,
            Some(id) => by_key(r, env, &ApiKeyId::from_text(id))?,
            None => Some(Owner::Client),
        }
    };
    let Some(owner) = owner else { return over };
    let Some((resources, scopes)) = standing(r, env, (&client, &owner), &claims, &asked)? else {
        return over;
    };
    let jkt = claims.get("cnf").and_then(|cnf| cnf.get("jkt")).and_then(Value::as_str);
    let jkt = jkt.map(str::to_owned);
    Ok(Ok(Access { scopes, resources, owner, client_id: client.id, jkt, jti, expires_at, claims }))
}

/// What of the token's audience stands and may be used, and the scopes that it still means. None when nothing is left.
fn standing(
    r: &Read<'_>,
    env: &Env,
    (client, owner): (&Client, &Owner),
    claims: &Map<String, Value>,
    asked: &ScopeSet,
) -> Result<Option<(Vec<Resource>, ScopeSet)>> {
    // Every token of ours says whom it is for (RFC 9068 §2.2); one that does not is none of ours.
    let named: Option<Vec<&str>> = match claims.get("aud") {
        Some(Value::String(one)) => Some(vec![one]),
        Some(Value::Array(all)) => all.iter().map(Value::as_str).collect(),
        _ => None,
    };
    let Some(named) = named.filter(|all| !all.is_empty()) else { return Ok(None) };
    let given = claims.get("iat").and_then(Value::as_i64).map(Time::from_secs).unwrap_or_default();
    let own = Terms::of(env).audience;
    let for_us = named.iter().all(|text| *text == own);
    let all = if for_us { Vec::new() } else { policy::audience(r, &named, given)? };
    let meant = policy::meaningful(r, client, &all, asked)?;
    let (resources, scopes) = match owner {
        Owner::Person { user, .. } => {
            let scopes = policy::for_person(user, &all, &meant);
            (policy::open_to(user, all).unwrap_or_default(), scopes)
        }
        Owner::Key(good) => {
            let left = meant.filter(|scope| good.key.scopes.has(scope));
            let scopes = policy::for_person(&good.user, &all, &left);
            (policy::open_to(&good.user, all).unwrap_or_default(), scopes)
        }
        Owner::Client => (policy::open_to_client(client, all), meant),
    };
    Ok((for_us || !resources.is_empty()).then_some((resources, scopes)))
}

/// The key behind a token that one was exchanged for, if it is good still.
fn by_key(r: &Read<'_>, env: &Env, id: &ApiKeyId) -> Result<Option<Owner>> {
    let found = apikey::inspect_by_id(r, env, id)?;
    Ok(found.ok().map(|good| Owner::Key(Box::new(good))))
}

/// Whether each client that acts, or acted before, may still be used: a token goes when one hand in its chain is cut off.
fn actors_stand(r: &Read<'_>, act: Option<&Value>) -> Result<bool> {
    let mut hand = act;
    while let Some(act) = hand {
        let id = act.get("client_id").and_then(Value::as_str).unwrap_or_default();
        let client = store::client::by_id(r, &ClientId::from_text(id))?;
        if client.is_none_or(|client| !client.is_active()) {
            return Ok(false);
        }
        hand = act.get("act");
    }
    Ok(true)
}

/// The person behind a grant that stands. A token that was exchanged was given to another client than its grant.
fn person(r: &Read<'_>, id: &GrantId, client: &Client) -> Result<Option<Owner>> {
    let grant = store::grant::by_id(r, id)?.filter(|grant| grant.revoked.is_none());
    let Some(grant) = grant else { return Ok(None) };
    if grant.client_id != client.id
        && store::client::by_id(r, &grant.client_id)?.is_none_or(|first| !first.is_active())
    {
        return Ok(None);
    }
    let user = store::user::by_id(r, &grant.user_id)?;
    let user = user.filter(|user| user.state == UserState::Active);
    Ok(user.map(|user| Owner::Person { user: Box::new(user), grant: Box::new(grant) }))
}

type Signed = (Map<String, Value>, String, Time);

/// What stands behind a token that says nothing by itself.
fn stored(r: &Read<'_>, token: &str) -> Result<Result<Signed, jwt::Refusal>> {
    let read = opaque::read(r, token)?.and_then(ends);
    Ok(read.and_then(|read| if read.2 <= r.now { Err(jwt::Refusal::Expired) } else { Ok(read) }))
}

/// The part that needs no more than the published keys.
fn signed(r: &Read<'_>, env: &Env, token: &str) -> Result<Result<Signed, jwt::Refusal>> {
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
        issuer: Terms::of(env).access_issuer,
        audience: None,
        typ: ACCESS_TYP,
        now: r.now,
        leeway_secs: 0,
    };
    let read = key.verify(token).and_then(|(header, claims)| {
        check.apply(&header, &claims)?;
        let Value::Object(claims) = claims else { return Err(jwt::Refusal::Malformed) };
        ends(claims)
    });
    Ok(read)
}

/// The claims with the id and the end among them.
fn ends(claims: Map<String, Value>) -> Result<Signed, jwt::Refusal> {
    let jti = claims.get("jti").and_then(Value::as_str).map(str::to_owned);
    let exp = claims.get("exp").and_then(Value::as_i64).map(Time::from_secs);
    let (Some(jti), Some(exp)) = (jti, exp) else { return Err(jwt::Refusal::Malformed) };
    Ok((claims, jti, exp))
}
