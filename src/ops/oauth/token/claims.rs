//! What access and ID tokens say (RFC 9068 §2.2, OpenID Connect Core §2).

use serde::Serialize;
use serde_json::{Map, Value};

use super::Subject;
use crate::{
    config::tokens::IdClaim,
    model::{
        grant::Grant,
        id::SessionId,
        scope::{EMAIL, PROFILE, ScopeSet},
        session::acr_of,
        user::User,
    },
    ops::oauth::{spelling, terms::Terms},
    time::Time,
};

/// The claims of an access token.
#[derive(Clone, Debug, Serialize)]
pub(super) struct AccessClaims {
    pub(super) iss: String,
    pub(super) sub: String,
    pub(super) aud: Value,
    pub(super) exp: i64,
    pub(super) iat: i64,
    pub(super) jti: String,
    pub(super) client_id: String,
    pub(super) scope: String,
    #[serde(flatten)]
    pub(super) person: Option<PersonClaims>,
    /// Of an API key: its public half. It must be good for the token to be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) api_key: Option<String>,
    /// Without a grant behind it: [`Client::not_before`] at the time, which must still be that one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) epoch: Option<i64>,
    /// Who acts for the subject (RFC 8693 §4.1).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) act: Option<Value>,
    /// The key whose holder alone may use the token (RFC 7800 §3.1, RFC 9449 §6).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cnf: Option<Confirmation>,
}

/// What an access token says of the person behind it; a client in its own name has none.
#[derive(Clone, Debug, Serialize)]
pub(super) struct PersonClaims {
    pub(super) auth_time: i64,
    pub(super) acr: &'static str,
    pub(super) amr: Vec<String>,
    pub(super) roles: Vec<String>,
    pub(super) gid: String,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct Confirmation {
    pub(super) jkt: String,
}

impl PersonClaims {
    pub(super) fn of(user: &User, grant: &Grant) -> Self {
        Self {
            auth_time: grant.auth_time.secs(),
            acr: acr_of(&grant.amr),
            amr: grant.amr.clone(),
            roles: user.roles.clone(),
            gid: grant.id.as_str().to_owned(),
        }
    }
}

/// The registered identifiers of the resources; beside them the client's own spelling where that differs, since
/// resource servers compare letter by letter with what the person typed. What means none of the resources is no audience,
/// whoever asked for it.
pub(super) fn audience(terms: &Terms<'_>, subject: &Subject<'_>) -> Value {
    let mut all: Vec<&str> = Vec::new();
    let registered = subject.resources.iter().map(|resource| resource.uri.as_str());
    let meant = |text: &&str| subject.resources.iter().any(|own| spelling::means(own, text));
    let spelled = subject.spelled.iter().map(String::as_str).filter(meant);
    for one in registered.chain(spelled) {
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

pub(super) fn id_claims(
    terms: &Terms<'_>,
    subject: &Subject<'_>,
    (user, grant): (&User, &Grant),
    sid: Option<&SessionId>,
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
    if let Some(session) = sid {
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
