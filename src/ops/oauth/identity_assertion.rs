//! This server as the provider of an enterprise: a client that has signed a person in here takes an assertion about them
//! to another authorization server (Identity Assertion Authorization Grant, §4), without asking the person again.
//! What this server makes of the assertions of others is `jwt_bearer`.

use std::{sync::Arc, time::Duration};

use serde_json::{Map, Value};

use super::{
    Code, Outcome, Refusal, policy,
    terms::Terms,
    token,
    token_exchange::{Ask, kind},
};
use crate::{
    crypto::{
        jwt::SigningKey,
        secret::{Plain, b64, random_bytes},
    },
    db::Write,
    error::Result,
    model::{
        actor::Actor,
        assertion::{AssertionAudience, LIFETIME, TYP},
        audit::Event,
        client::Client,
        id::SessionId,
        resource::ResourceUri,
        scope::ScopeSet,
        trace::Rule,
    },
    ops::{
        audit,
        env::Env,
        key,
        session::{self, SignedIn},
    },
    store,
};

/// An assertion that was decided upon and waits for its signature.
#[derive(Debug)]
pub struct Unsigned {
    signer: Arc<SigningKey>,
    claims: Map<String, Value>,
    scope: String,
}

/// An assertion as the client gets it.
#[derive(Debug)]
pub struct Assertion {
    /// A signed JWT.
    pub token: Plain,
    /// What it says that the client may have, space-separated; may be empty.
    pub scope: String,
    /// How long it lives.
    pub lifetime: Duration,
}

impl Unsigned {
    /// Signs. Not inside a transaction.
    pub fn sign(self) -> Result<Assertion> {
        let token = self.signer.sign(TYP, &self.claims)?;
        Ok(Assertion { token: Plain::new(token), scope: self.scope, lifetime: LIFETIME })
    }
}

type Judged<T> = Result<Result<T, Refusal>>;

/// Decides about an assertion. That the client may exchange tokens was found out before.
pub(super) fn issue(
    tx: &Write<'_>,
    env: &Env,
    who: &Actor,
    client: &Client,
    ask: &Ask,
) -> Result<Outcome> {
    match fit(tx, env, client, ask)? {
        Ok(fit) => give(tx, env, who, client, fit),
        Err(refusal) => {
            let event = Event::new("assertion.refused")
                .client(&client.id)
                .with("reason", refusal.to_string());
            audit::record(tx, who, &event)?;
            Ok(Outcome::Refused(refusal))
        }
    }
}

struct Fit {
    signed_in: SignedIn,
    identity: Map<String, Value>,
    allowed: AssertionAudience,
    resources: Vec<String>,
    scopes: ScopeSet,
}

fn fit(tx: &Write<'_>, env: &Env, client: &Client, ask: &Ask) -> Judged<Fit> {
    let refuse = |code, rule, why: &'static str| Ok(Err(Refusal::new(code, rule, why)));
    if ask.actor_token.is_some() {
        return refuse(Code::InvalidRequest, Rule::IdentityForm, "an ID-JAG has no actor");
    }
    let (signed_in, identity) = match subject(tx, env, client, ask)? {
        Ok(subject) => subject,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let [audience] = ask.audiences.as_slice() else {
        let why = "audience must be the issuer of one other server";
        return refuse(Code::InvalidRequest, Rule::IdentityForm, why);
    };
    let Some(allowed) = store::assertion::audience(tx, audience, &client.id)? else {
        let why = "this client may take no assertions to that server";
        return refuse(Code::InvalidTarget, Rule::IdentityAudience, why);
    };
    if ask.resources.len() > 1 || ask.resources.iter().any(|uri| ResourceUri::parse(uri).is_err()) {
        let why = "resource must be one absolute URI without a fragment";
        return refuse(Code::InvalidTarget, Rule::ResourceMalformed, why);
    }
    let asked = match policy::asked(ask.scope.as_deref()) {
        Ok(asked) => asked,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let any = allowed.scopes.is_empty();
    let scopes = asked.filter(|scope| any || allowed.scopes.has(scope));
    if scopes.is_empty() && !asked.is_empty() {
        let why = "none of the scopes may be taken to that server";
        return refuse(Code::InvalidScope, Rule::IdentityScope, why);
    }
    Ok(Ok(Fit { signed_in, identity, allowed, resources: ask.resources.clone(), scopes }))
}

/// The person behind the client's own ID token, while their sign-in stands.
fn subject(
    tx: &Write<'_>,
    env: &Env,
    client: &Client,
    ask: &Ask,
) -> Judged<(SignedIn, Map<String, Value>)> {
    let refuse = |rule, why: &'static str| Ok(Err(Refusal::new(Code::InvalidRequest, rule, why)));
    let (Some(token), Some(kind::ID_TOKEN)) =
        (ask.subject_token.as_deref(), ask.subject_type.as_deref())
    else {
        let why = "an ID-JAG is given for an ID token: subject_token, and its type";
        return refuse(Rule::IdentityForm, why);
    };
    let Ok(identity) = token::identity(tx, env, client, token)? else {
        let why = "the ID token is not, or no longer, good, or is another client's";
        return refuse(Rule::IdentityToken, why);
    };
    let text = |name: &str| identity.get(name).and_then(Value::as_str).unwrap_or_default();
    let found = session::by_id(tx, env, None, &SessionId::from_text(text("sid")))?.ok();
    match found.filter(|found| found.user.id.as_str() == text("sub")) {
        Some(signed_in) => Ok(Ok((signed_in, identity))),
        None => refuse(Rule::SignInOver, "the sign-in behind the ID token is over"),
    }
}

fn give(tx: &Write<'_>, env: &Env, who: &Actor, client: &Client, fit: Fit) -> Result<Outcome> {
    let Fit { signed_in, identity, allowed, resources, scopes } = fit;
    let (user, session) = (&signed_in.user, &signed_in.session);
    let mut claims = Map::new();
    let mut put = |name: &str, value: Value| claims.insert(name.to_owned(), value);
    put("iss", Terms::of(env).issuer.into());
    put("sub", user.id.as_str().into());
    put("aud", allowed.audience.as_str().into());
    put("client_id", allowed.client_there.as_str().into());
    put("jti", b64(&random_bytes::<16>()).into());
    put("iat", tx.now.secs().into());
    put("exp", tx.now.plus(LIFETIME).secs().into());
    put("auth_time", session.auth_time.secs().into());
    put("acr", session.acr().into());
    put("amr", session.amr.clone().into());
    if let Some(resource) = resources.first() {
        put("resource", resource.as_str().into());
    }
    if !scopes.is_empty() {
        put("scope", scopes.to_string().into());
    }
    // No more about the person than the client was told itself.
    for name in ["email", "email_verified"] {
        if let Some(value) = identity.get(name) {
            put(name, value.clone());
        }
    }
    store::client::set_last_used(tx, &client.id)?;
    let event = Event::new("assertion.issue")
        .user(&user.id)
        .client(&client.id)
        .session(&session.id)
        .with("audience", allowed.audience.as_str())
        .with("resource", resources)
        .with("scopes", scopes.to_string());
    audit::record(tx, who, &event)?;
    let signer = key::signer(tx, env, Terms::of(env).algorithm)?;
    Ok(Outcome::Assertion(Box::new(Unsigned { signer, claims, scope: scopes.to_string() })))
}
