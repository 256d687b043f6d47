//! A resource that got a person's token gets another one for the next resource (RFC 8693): the way on that replaces
//! passing a token through. Nothing is exchanged that an operator has not allowed, and nothing grows by it.
//! Assertions for other servers, which are asked for in the same way, are in `identity_assertion`.

use std::fmt;

use serde_json::Value;

use super::{
    Code, Outcome, Refusal, identity_assertion, key_exchange, policy,
    token::{self, Access, Holder, Owner, Subject},
};
use crate::{
    db::{Read, Write},
    error::Result,
    model::{
        actor::Actor,
        audit::Event,
        client::{Client, GrantType},
        exchange::{ExchangePolicy, acting},
        grant::Grant,
        id::ClientId,
        resource::{Resource, ResourceUri},
        scope::ScopeSet,
        trace::Rule,
        user::User,
    },
    ops::{audit, env::Env},
    store,
};

/// Types of tokens (RFC 8693 §3).
pub mod kind {
    /// An access token.
    pub const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
    /// Any JWT.
    pub const JWT: &str = "urn:ietf:params:oauth:token-type:jwt";
    /// An ID token.
    pub const ID_TOKEN: &str = "urn:ietf:params:oauth:token-type:id_token";
    /// An API key of this server: no RFC names such a type, so this is ours.
    pub const API_KEY: &str = "urn:mcpcodex:token-type:api-key";
    /// An identity assertion for another authorization server.
    pub const ID_JAG: &str = "urn:ietf:params:oauth:token-type:id-jag";
}

/// What a client sends (RFC 8693 §2.1).
#[derive(Clone, Default)]
pub struct Ask {
    /// The token of the person for whom something is to be done.
    pub subject_token: Option<String>,
    /// Its type.
    pub subject_type: Option<String>,
    /// The token of whoever does it; the client itself when absent.
    pub actor_token: Option<String>,
    /// Its type.
    pub actor_type: Option<String>,
    /// What is wanted: an access token when absent.
    pub requested_type: Option<String>,
    /// What it is for, by name.
    pub audiences: Vec<String>,
    /// What it is for, by address.
    pub resources: Vec<String>,
    /// What it is to be good for; all that can be had when absent.
    pub scope: Option<String>,
    /// Thumbprint of the key that was proved with the request.
    pub jkt: Option<String>,
}

/// Without the tokens.
impl fmt::Debug for Ask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ask")
            .field("requested_type", &self.requested_type)
            .field("audiences", &self.audiences)
            .field("resources", &self.resources)
            .field("scope", &self.scope)
            .finish_non_exhaustive()
    }
}

/// Exchanges a token.
pub fn exchange(
    tx: &Write<'_>,
    env: &Env,
    who: &Actor,
    client: &Client,
    ask: &Ask,
) -> Result<Outcome> {
    if let Some(refusal) = super::own_name(client, GrantType::TokenExchange) {
        return Ok(Outcome::Refused(refusal));
    }
    if ask.actor_token.is_some() != ask.actor_type.is_some() {
        let why = "actor_token and actor_token_type come together";
        return Ok(Outcome::refuse(Code::InvalidRequest, Rule::ExchangeForm, why));
    }
    match ask.requested_type.as_deref() {
        None | Some(kind::ACCESS_TOKEN) => {}
        Some(kind::ID_JAG) => return identity_assertion::issue(tx, env, who, client, ask),
        Some(_) => {
            let why = "requested_token_type must be that of access tokens or of ID-JAGs";
            return Ok(Outcome::refuse(Code::InvalidRequest, Rule::ExchangeForm, why));
        }
    }
    let judged = if ask.subject_type.as_deref() == Some(kind::API_KEY) {
        key_exchange::exchange(tx, env, who, client, ask)?
    } else {
        match fit(tx, env, client, ask)? {
            Ok(fit) => Ok(give(tx, env, who, client, (&fit, ask.jkt.as_deref()))?),
            Err(refusal) => Err(refusal),
        }
    };
    match judged {
        Ok(outcome) => Ok(outcome),
        Err(refusal) => {
            let event = Event::new("token.exchange_refused")
                .client(&client.id)
                .with("reason", refusal.to_string());
            audit::record(tx, who, &event)?;
            Ok(Outcome::Refused(refusal))
        }
    }
}

/// Everything that a good exchange brings together.
struct Fit {
    user: Box<User>,
    grant: Box<Grant>,
    /// The token that was shown.
    shown: Shown,
    from: ResourceUri,
    to: Resource,
    spelled: Vec<String>,
    scopes: ScopeSet,
    act: Value,
    actor: ClientId,
}

/// What the new token takes over from the old one.
struct Shown {
    client_id: ClientId,
    ends: crate::time::Time,
}

type Judged<T> = Result<Result<T, Refusal>>;

fn fit(tx: &Write<'_>, env: &Env, client: &Client, ask: &Ask) -> Judged<Fit> {
    let subject = match read(tx, env, ask.subject_token.as_deref(), ask.subject_type.as_deref())? {
        Ok(subject) => subject,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let to = match target(tx, client, ask)? {
        Ok(to) => to,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let rule = match rule(tx, client, &subject, &to)? {
        Ok(rule) => rule,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let (act, actor) = match actor(tx, env, client, &subject, &rule, ask)? {
        Ok(acting) => acting,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let Owner::Person { user, grant } = subject.owner else {
        let why = "the subject token speaks for a client, not for a person";
        return Ok(Err(Refusal::new(Code::InvalidRequest, Rule::ExchangeToken, why)));
    };
    if !to.is_for(&user.roles) {
        let why = "this person may not use the resource";
        return Ok(Err(Refusal::new(Code::InvalidTarget, Rule::ResourceOfPerson, why)));
    }
    let scopes = scopes(tx, client, &user, &to, &rule.pass(&subject.scopes), ask)?;
    if scopes.is_empty() {
        let why = "none of the scopes follow from those of the subject token";
        return Ok(Err(Refusal::new(Code::InvalidScope, Rule::ExchangeScope, why)));
    }
    Ok(Ok(Fit {
        user,
        grant,
        shown: Shown { client_id: subject.client_id, ends: subject.expires_at },
        from: rule.from,
        to,
        spelled: ask.resources.clone(),
        scopes,
        act,
        actor,
    }))
}

/// A token of ours that is good at this moment. Which it was not is not told.
fn read(tx: &Write<'_>, env: &Env, token: Option<&str>, typ: Option<&str>) -> Judged<Access> {
    let refuse = |rule, why: &'static str| Ok(Err(Refusal::new(Code::InvalidRequest, rule, why)));
    let (Some(token), Some(typ)) = (token, typ) else {
        return refuse(Rule::Missing, "subject_token and subject_token_type are needed");
    };
    if !matches!(typ, kind::ACCESS_TOKEN | kind::JWT) {
        return refuse(Rule::ExchangeForm, "only access tokens of this server are exchanged");
    }
    match token::access(tx, env, token)? {
        Ok(access) => Ok(Ok(access)),
        Err(_) => refuse(Rule::ExchangeToken, "a token that was shown is not, or no longer, good"),
    }
}

/// The one resource that the new token is for: with several, each could use it at the others.
fn target(tx: &Write<'_>, client: &Client, ask: &Ask) -> Judged<Resource> {
    let asked: Vec<String> = ask.resources.iter().chain(&ask.audiences).cloned().collect();
    let mut found = match policy::resources(tx, client, &asked)? {
        Ok(found) => found,
        Err(refusal) => return Ok(Err(refusal)),
    };
    Ok(match (found.pop(), found.is_empty()) {
        (Some(only), true) => Ok(only),
        (Some(_), false) => Err(Refusal::new(
            Code::InvalidTarget,
            Rule::ExchangeTarget,
            "a token is exchanged for one resource at a time",
        )),
        (None, _) => {
            let why = "say for which resource: resource is missing";
            Err(Refusal::new(Code::InvalidRequest, Rule::ExchangeTarget, why))
        }
    })
}

/// What an operator allowed this client for a token of this audience.
fn rule(
    tx: &Write<'_>,
    client: &Client,
    subject: &Access,
    to: &Resource,
) -> Judged<ExchangePolicy> {
    let own: Vec<ExchangePolicy> = store::exchange_policy::of_client(tx, &client.id)?
        .into_iter()
        .filter(|rule| is_for(subject, &rule.from))
        .collect();
    if own.is_empty() {
        let why = "this client may not exchange tokens of that audience";
        return Ok(Err(Refusal::new(Code::UnauthorizedClient, Rule::ExchangeNotAllowed, why)));
    }
    Ok(own.into_iter().find(|rule| rule.to == to.uri).ok_or_else(|| {
        let why = "this client may not reach that resource";
        Refusal::new(Code::InvalidTarget, Rule::ExchangeNotAllowed, why)
    }))
}

/// Whether a token was made for a resource.
fn is_for(access: &Access, resource: &ResourceUri) -> bool {
    let is = |one: &Value| one.as_str() == Some(resource.as_str());
    match access.claims.get("aud") {
        Some(Value::Array(all)) => all.iter().any(is),
        Some(one) => is(one),
        None => false,
    }
}

/// Who acts: the client itself, or the one whose token it shows. Such a token must be the client's own or made for the
/// same resource, since otherwise it was meant for others.
fn actor(
    tx: &Write<'_>,
    env: &Env,
    client: &Client,
    subject: &Access,
    rule: &ExchangePolicy,
    ask: &Ask,
) -> Judged<(Value, ClientId)> {
    let refuse = |rule, why: &'static str| Ok(Err(Refusal::new(Code::InvalidRequest, rule, why)));
    let actor = match ask.actor_token.as_deref() {
        None => client.id.clone(),
        Some(token) => {
            let shown = match read(tx, env, Some(token), ask.actor_type.as_deref())? {
                Ok(shown) => shown,
                Err(refusal) => return Ok(Err(refusal)),
            };
            if !matches!(shown.owner, Owner::Client) {
                let why = "the actor token must speak for a client in its own name";
                return refuse(Rule::ExchangeActor, why);
            }
            if shown.client_id != client.id && !is_for(&shown, &rule.from) {
                let why = "the actor token was made for somebody else";
                return refuse(Rule::ExchangeActor, why);
            }
            shown.client_id
        }
    };
    match acting(&actor, subject.claims.get("act")) {
        Some(act) => Ok(Ok((act, actor))),
        None => {
            refuse(Rule::ExchangeChain, "the subject token went through too many hands already")
        }
    }
}

/// What was asked for, as far as it follows from what is held and may be had by client and person.
fn scopes(
    r: &Read<'_>,
    client: &Client,
    user: &User,
    to: &Resource,
    passed: &ScopeSet,
    ask: &Ask,
) -> Result<ScopeSet> {
    let Ok(asked) = policy::asked(ask.scope.as_deref()) else { return Ok(ScopeSet::default()) };
    let wanted = passed.filter(|scope| asked.is_empty() || asked.has(scope));
    let had = policy::having(r, client, std::slice::from_ref(to), &wanted)?;
    Ok(policy::of_person(user, &had))
}

fn give(
    tx: &Write<'_>,
    env: &Env,
    who: &Actor,
    client: &Client,
    (fit, jkt): (&Fit, Option<&str>),
) -> Result<Outcome> {
    store::client::set_last_used(tx, &client.id)?;
    let event = Event::new("token.exchange")
        .user(&fit.user.id)
        .client(&client.id)
        .grant(&fit.grant.id)
        .with("of_client", fit.shown.client_id.as_str())
        .with("actor", fit.actor.as_str())
        .with("from", fit.from.as_str())
        .with("to", fit.to.uri.as_str())
        .with("scopes", fit.scopes.to_string());
    audit::record(tx, who, &event)?;
    let subject = Subject {
        client,
        holder: Holder::Person { user: &fit.user, grant: &fit.grant },
        scopes: &fit.scopes,
        resources: std::slice::from_ref(&fit.to),
        spelled: &fit.spelled,
        nonce: None,
        // This client's own key, if it proved one: the key behind the old token is its holder's.
        jkt,
        act: Some(fit.act.clone()),
        until: Some(fit.shown.ends),
    };
    Ok(Outcome::Minted(Box::new(token::mint(tx, env, &subject, None)?)))
}
