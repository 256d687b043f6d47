//! A client gets a token in its own name, with no person behind it (RFC 6749 §4.4): services and agents.

use super::{
    Code, Outcome, Refusal, policy,
    token::{self, Holder, Subject},
};
use crate::{
    db::Write,
    error::Result,
    model::{
        actor::Actor,
        audit::Event,
        client::{Client, GrantType},
        resource::Resource,
        scope::ScopeSet,
        trace::Rule,
    },
    ops::{audit, env::Env},
    store,
};

/// What a client sends.
#[derive(Clone, Debug, Default)]
pub struct Ask {
    /// What the token is to be good for; the resources' ordinary scopes when absent.
    pub scope: Option<String>,
    /// What it is for.
    pub resources: Vec<String>,
    /// Thumbprint of the key that was proved with the request.
    pub jkt: Option<String>,
}

/// Gives an access token and nothing else: what can prove itself at any time needs no refresh token (RFC 6749 §4.4.3).
pub fn give(tx: &Write<'_>, env: &Env, who: &Actor, client: &Client, ask: &Ask) -> Result<Outcome> {
    if let Some(refusal) = super::own_name(client, GrantType::ClientCredentials) {
        return Ok(Outcome::Refused(refusal));
    }
    let (resources, scopes) = match wanted(tx, client, ask)? {
        Ok(wanted) => wanted,
        Err(refusal) => return Ok(Outcome::Refused(refusal)),
    };
    store::client::set_last_used(tx, &client.id)?;
    let event = Event::new("client.token")
        .client(&client.id)
        .with("scopes", scopes.to_string())
        .with("resources", resources.iter().map(|res| res.uri.as_str()).collect::<Vec<_>>());
    audit::record(tx, who, &event)?;
    let subject = Subject {
        client,
        holder: Holder::Client,
        scopes: &scopes,
        resources: &resources,
        spelled: &ask.resources,
        nonce: None,
        jkt: ask.jkt.as_deref(),
        act: None,
        until: None,
    };
    Ok(Outcome::Minted(Box::new(token::mint(tx, env, &subject, None)?)))
}

type Wanted = (Vec<Resource>, ScopeSet);

fn wanted(tx: &Write<'_>, client: &Client, ask: &Ask) -> Result<Result<Wanted, Refusal>> {
    let asked = match policy::asked(ask.scope.as_deref()) {
        Ok(asked) => asked,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let resources = match policy::meant(tx, client, &ask.resources, &asked)? {
        Ok(resources) => resources,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let count = resources.len();
    let resources = policy::open_to_client(client, resources);
    if resources.len() < count {
        let why =
            "this resource takes a role: an operator must name it in the client's registration";
        return Ok(Err(Refusal::new(Code::InvalidTarget, Rule::ResourceOfClient, why)));
    }
    let had = policy::scopes(tx, client, &resources, &asked)?;
    let scopes = policy::for_client(client, &resources, &had);
    if scopes.is_empty() && !asked.is_empty() {
        let why = "none of the scopes can be had by a client in its own name";
        return Ok(Err(Refusal::new(Code::InvalidScope, Rule::ScopeOfOwnName, why)));
    }
    Ok(Ok((resources, scopes)))
}
