//! Access and ID tokens: what they say (RFC 9068, OpenID Connect Core §2) and how ours are known again.
//! Refresh tokens are in `refresh_token`; who gets which token is decided in `exchange` and `refresh`.

use std::{sync::Arc, time::Duration};

use serde::Serialize;
use serde_json::{Map, Value};

use super::{policy, terms::Terms};
use crate::{
    config::tokens::IdClaim,
    crypto::{
        jwt::{self, Algorithm, Check, SigningKey},
        secret::{Plain, b64, random_bytes, sha256},
    },
    db::Read,
    error::Result,
    model::{
        client::Client,
        grant::Grant,
        id::{ClientId, GrantId},
        resource::Resource,
        scope::{EMAIL, OPENID, PROFILE, ScopeSet},
        session::acr_of,
        user::{User, UserState},
    },
    ops::{env::Env, key},
    store,
    time::Time,
};

/// `typ` of access tokens (RFC 9068 §2.1).
pub const ACCESS_TYP: &str = "at+jwt";
/// `typ` of ID tokens: nothing else we sign for clients has it.
pub const ID_TYP: &str = "JWT";

/// The claims of an access token.
#[derive(Clone, Debug, Serialize)]
struct AccessClaims {
    iss: String,
    sub: String,
    aud: Value,
    exp: i64,
    iat: i64,
    jti: String,
    client_id: String,
    scope: String,
    #[serde(flatten)]
    person: Option<PersonClaims>,
    /// Of a client in its own name: [`Client::not_before`] at the time, which must still be that one.
    #[serde(skip_serializing_if = "Option::is_none")]
    epoch: Option<i64>,
    /// Who acts for the subject (RFC 8693 §4.1).
    #[serde(skip_serializing_if = "Option::is_none")]
    act: Option<Value>,
    /// The key whose holder alone may use the token (RFC 7800 §3.1, RFC 9449 §6).
    #[serde(skip_serializing_if = "Option::is_none")]
    cnf: Option<Confirmation>,
}

/// What an access token says of the person behind it; a client in its own name has none.
#[derive(Clone, Debug, Serialize)]
struct PersonClaims {
    auth_time: i64,
    acr: &'static str,
    amr: Vec<String>,
    roles: Vec<String>,
    gid: String,
}

#[derive(Clone, Debug, Serialize)]
struct Confirmation {
    jkt: String,
}

/// Tokens that were decided upon and wait for their signatures, which are made after the commit.
#[derive(Debug)]
pub struct Minted {
    signer: Arc<SigningKey>,
    access: AccessClaims,
    id: Option<Map<String, Value>>,
    refresh: Option<Plain>,
    expires_in: Duration,
}

/// Tokens as the client gets them.
#[derive(Debug)]
pub struct Tokens {
    /// A signed JWT.
    pub access_token: Plain,
    /// How it is to be shown: `Bearer`, or `DPoP` when it is bound to a key (RFC 9449 §5).
    pub token_type: &'static str,
    /// Seconds until it ends.
    pub expires_in: u64,
    /// What it is good for, space-separated.
    pub scope: String,
    /// The newest of its family, when there is one.
    pub refresh_token: Option<Plain>,
    /// A signed JWT, when `openid` was granted.
    pub id_token: Option<Plain>,
}

/// What one set of tokens is about.
pub(super) struct Subject<'a> {
    pub(super) client: &'a Client,
    /// In whose name.
    pub(super) holder: Holder<'a>,
    /// What this access token carries: the grant's scopes or fewer.
    pub(super) scopes: &'a ScopeSet,
    /// What it is for: the grant's resources or fewer.
    pub(super) resources: &'a [Resource],
    /// How the client spelled those at the token endpoint.
    pub(super) spelled: &'a [String],
    /// The nonce of the authorization request; none at a refresh (OpenID Connect Core §12.2).
    pub(super) nonce: Option<&'a str>,
    /// Thumbprint of the key that the access token is bound to.
    pub(super) jkt: Option<&'a str>,
    /// Who acts for the person (RFC 8693 §4.1).
    pub(super) act: Option<Value>,
    /// When the access token ends at the latest.
    pub(super) until: Option<Time>,
}

/// In whose name a token speaks.
#[derive(Clone, Copy, Debug)]
pub(super) enum Holder<'a> {
    /// A person, who allowed it.
    Person {
        /// Who.
        user: &'a User,
        /// What was allowed.
        grant: &'a Grant,
    },
    /// The client itself (RFC 6749 §4.4).
    Client,
}

/// Decides what the tokens say.
pub(super) fn mint(
    r: &Read<'_>,
    env: &Env,
    subject: &Subject<'_>,
    refresh: Option<Plain>,
) -> Result<Minted> {
    let terms = Terms::of(env);
    let client = subject.client.id.as_str();
    let end = r.now.plus(terms.access_lifetime);
    let end = subject.until.map_or(end, |until| until.min(end));
    let (sub, person, epoch) = match subject.holder {
        Holder::Person { user, grant } => {
            (user.id.as_str(), Some(PersonClaims::of(user, grant)), None)
        }
        Holder::Client => (client, None, Some(subject.client.not_before.millis())),
    };
    let access = AccessClaims {
        iss: terms.access_issuer.to_owned(),
        sub: sub.to_owned(),
        aud: audience(&terms, subject),
        exp: end.secs(),
        iat: r.now.secs(),
        jti: b64(&random_bytes::<16>()),
        client_id: client.to_owned(),
        scope: subject.scopes.to_string(),
        person,
        epoch,
        act: subject.act.clone(),
        cnf: subject.jkt.map(|jkt| Confirmation { jkt: jkt.to_owned() }),
    };
    let id = match subject.holder {
        Holder::Person { user, grant } if subject.scopes.has(OPENID) => {
            Some(id_claims(&terms, subject, (user, grant), r.now))
        }
        Holder::Person { .. } | Holder::Client => None,
    };
    let signer = key::signer(r, env, terms.algorithm)?;
    Ok(Minted { signer, access, id, refresh, expires_in: end.since(r.now) })
}

impl PersonClaims {
    fn of(user: &User, grant: &Grant) -> Self {
        Self {
            auth_time: grant.auth_time.secs(),
            acr: acr_of(&grant.amr),
            amr: grant.amr.clone(),
            roles: user.roles.clone(),
            gid: grant.id.as_str().to_owned(),
        }
    }
}

/// The registered identifiers of the resources; beside each the client's own spelling where that differs, since
/// resource servers compare letter by letter with what the person typed.
fn audience(terms: &Terms<'_>, subject: &Subject<'_>) -> Value {
    let mut all: Vec<&str> = Vec::new();
    let registered = subject.resources.iter().map(|resource| resource.uri.as_str());
    for one in registered.chain(subject.spelled.iter().map(String::as_str)) {
        if !all.contains(&one) {
            all.push(one);
        }
    }
    match all.as_slice() {
        [] => terms.audience.into(),
        [only] => (*only).into(),
        several => several.into(),
    }
}

fn id_claims(
    terms: &Terms<'_>,
    subject: &Subject<'_>,
    (user, grant): (&User, &Grant),
    now: Time,
) -> Map<String, Value> {
    let client = subject.client.id.as_str();
    let mut claims = Map::new();
    let mut put = |name: &str, value: Value| claims.insert(name.to_owned(), value);
    put("iss", terms.issuer.into());
    put("sub", user.id.as_str().into());
    put("aud", client.into());
    put("azp", client.into());
    put("iat", now.secs().into());
    put("exp", now.plus(terms.id_lifetime).secs().into());
    put("auth_time", grant.auth_time.secs().into());
    put("acr", acr_of(&grant.amr).into());
    put("amr", grant.amr.clone().into());
    if let Some(nonce) = subject.nonce {
        put("nonce", nonce.into());
    }
    if let Some(session) = &grant.session_id {
        put("sid", session.as_str().into());
    }
    for claim in terms.id_claims {
        if let Some(value) = personal(*claim, user, subject.scopes) {
            put(claim.as_str(), value);
        }
    }
    claims
}

/// A configured claim about the person, if the scopes allow it. Those about the sign-in are there anyway.
fn personal(claim: IdClaim, user: &User, scopes: &ScopeSet) -> Option<Value> {
    match claim {
        IdClaim::Email => scopes.has(EMAIL).then(|| user.email.as_str().into()),
        IdClaim::Name => scopes.has(PROFILE).then(|| user.display_name().into()),
        IdClaim::PreferredUsername => scopes.has(PROFILE).then(|| user.username.as_str().into()),
        IdClaim::Roles => scopes.has(PROFILE).then(|| user.roles.clone().into()),
        // Addresses are entered by operators and not confirmed by mail, so nothing is claimed of it.
        IdClaim::EmailVerified => scopes.has(EMAIL).then_some(Value::Bool(false)),
        IdClaim::Sub | IdClaim::AuthTime | IdClaim::Amr | IdClaim::Acr | IdClaim::Sid => None,
    }
}

impl Minted {
    /// Signs. A quarter of a millisecond each with RSA, so not inside a transaction.
    pub fn sign(self) -> Result<Tokens> {
        let access_token = self.signer.sign(ACCESS_TYP, &self.access)?;
        let id_token = self
            .id
            .map(|mut claims| {
                if let Some(hash) = at_hash(self.signer.algorithm(), &access_token) {
                    claims.insert("at_hash".to_owned(), hash.into());
                }
                self.signer.sign(ID_TYP, &claims).map(Plain::new)
            })
            .transpose()?;
        Ok(Tokens {
            access_token: Plain::new(access_token),
            token_type: if self.access.cnf.is_some() { "DPoP" } else { "Bearer" },
            expires_in: self.expires_in.as_secs(),
            scope: self.access.scope,
            refresh_token: self.refresh,
            id_token,
        })
    }
}

/// The left half of the access token's digest (OpenID Connect Core §3.1.3.6). Optional in the code flow, and left
/// out where clients disagree about the hash (`EdDSA`).
fn at_hash(algorithm: Algorithm, access_token: &str) -> Option<String> {
    match algorithm {
        Algorithm::RS256 | Algorithm::PS256 | Algorithm::ES256 => {
            sha256(access_token.as_bytes()).get(..16).map(b64)
        }
        Algorithm::ES384 | Algorithm::EdDSA => None,
    }
}

/// An access token of ours that is good at this moment, with what stands behind it.
#[derive(Debug)]
pub struct Access {
    /// Every claim.
    pub claims: Map<String, Value>,
    /// What it is good for now: the `scope` claim without rights that the person has lost.
    pub scopes: ScopeSet,
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
    /// The client itself.
    Client,
}

impl Access {
    /// The person and their grant, if there is one.
    pub fn person(&self) -> Option<(&User, &Grant)> {
        match &self.owner {
            Owner::Person { user, grant } => Some((user, grant)),
            Owner::Client => None,
        }
    }
}

/// Reads an access token: signature, type, issuer and time, and then whether what stands behind it still does.
/// `Ok(Err(_))` says why it counts for nothing. The audience is for whoever accepts the token to check.
pub fn access(r: &Read<'_>, env: &Env, token: &str) -> Result<Result<Access, jwt::Refusal>> {
    let (claims, jti, expires_at) = match signed(r, env, token)? {
        Ok(signed) => signed,
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
    let asked = ScopeSet::parse(text("scope"));
    let owner = if claims.contains_key("gid") {
        person(r, &GrantId::from_text(text("gid")), &client)?
    } else {
        let epoch = claims.get("epoch").and_then(Value::as_i64);
        (epoch == Some(client.not_before.millis())).then_some(Owner::Client)
    };
    let Some(owner) = owner else { return over };
    let scopes = match &owner {
        Owner::Person { user, .. } => policy::of_person(user, &asked),
        Owner::Client => asked,
    };
    let jkt = claims.get("cnf").and_then(|cnf| cnf.get("jkt")).and_then(Value::as_str);
    let jkt = jkt.map(str::to_owned);
    Ok(Ok(Access { scopes, owner, client_id: client.id, jkt, jti, expires_at, claims }))
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

/// The part that needs no more than the published keys.
pub(super) fn signed(r: &Read<'_>, env: &Env, token: &str) -> Result<Result<Signed, jwt::Refusal>> {
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
        let jti = claims.get("jti").and_then(Value::as_str).map(str::to_owned);
        let exp = claims.get("exp").and_then(Value::as_i64).map(Time::from_secs);
        let (Some(jti), Some(exp)) = (jti, exp) else { return Err(jwt::Refusal::Malformed) };
        Ok((claims, jti, exp))
    });
    Ok(read)
}
