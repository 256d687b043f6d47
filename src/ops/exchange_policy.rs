//! Which client may exchange tokens of which resource into tokens for which other: nothing unless an operator says so.
//! The exchange itself is `oauth/token_exchange`.

use super::{audit, client};
use crate::{
    db::{Read, Write},
    error::{Error, Result},
    model::{
        actor::Actor,
        audit::Event,
        client::GrantType,
        exchange::{ExchangePolicy, Passage},
        resource::{Resource, ResourceUri},
    },
    store,
};

/// What is to be allowed, in the words of whoever allows it.
#[derive(Clone, Debug, Default)]
pub struct Allowance {
    /// The client, by id or name.
    pub client: String,
    /// The resource whose tokens it gets.
    pub from: String,
    /// The resource it needs tokens for.
    pub to: String,
    /// `SCOPE` or `HAVE=GIVE`, at least one.
    pub scopes: Vec<String>,
}

/// Allows it, instead of what was allowed between these two before.
pub fn allow(tx: &Write<'_>, who: &Actor, new: &Allowance) -> Result<ExchangePolicy> {
    who.must_operate()?;
    let client = client::find(tx, who, &new.client)?;
    if !client.may(GrantType::TokenExchange) || client.is_public() {
        let next = format!(
            "mcpcodex client edit {} --grant {} (with its other grants)",
            client.id,
            GrantType::TokenExchange.as_str()
        );
        let why = "the client may not exchange tokens: it needs a secret or keys, and the grant";
        return Err(Error::conflict(why).with_next(next));
    }
    let (from, to) = (resource(tx, &new.from)?, resource(tx, &new.to)?);
    if from.uri == to.uri {
        return Err(Error::invalid(
            "to",
            "a token for a resource need not be exchanged for that resource",
        ));
    }
    if new.scopes.is_empty() {
        return Err(Error::invalid(
            "scope",
            "name at least one scope, or nothing would be allowed",
        ));
    }
    let scopes = new.scopes.iter().map(|text| Passage::parse(text)).collect::<Result<Vec<_>>>()?;
    for passage in &scopes {
        offers(&from, &passage.have)?;
        offers(&to, &passage.give)?;
    }
    let policy = ExchangePolicy {
        client_id: client.id,
        from: from.uri,
        to: to.uri,
        scopes,
        created_at: tx.now,
    };
    store::exchange_policy::put(tx, &policy)?;
    let words: Vec<String> = policy.scopes.iter().map(ToString::to_string).collect();
    let event = event("exchange.allow", &policy).with("scopes", words.join(" "));
    audit::record(tx, who, &event)?;
    Ok(policy)
}

fn event(name: &'static str, policy: &ExchangePolicy) -> Event {
    Event::new(name)
        .client(&policy.client_id)
        .with("from", policy.from.as_str())
        .with("to", policy.to.as_str())
}

fn resource(r: &Read<'_>, text: &str) -> Result<Resource> {
    let uri = ResourceUri::parse(text)?;
    store::resource::by_uri(r, &uri)?.ok_or_else(|| {
        Error::not_found("resource", uri.as_str()).with_next("mcpcodex resource list")
    })
}

fn offers(resource: &Resource, scope: &str) -> Result<()> {
    if resource.scope(scope).is_some() {
        return Ok(());
    }
    Err(Error::not_found("scope", scope)
        .with_next(format!("{} has other scopes: mcpcodex resource list", resource.uri.as_str())))
}

/// Takes it back. Tokens that were exchanged already end by themselves, within minutes.
pub fn revoke(tx: &Write<'_>, who: &Actor, typed: &str, from: &str, to: &str) -> Result<()> {
    who.must_operate()?;
    let client = client::find(tx, who, typed)?;
    let (from, to) = (resource(tx, from)?.uri, resource(tx, to)?.uri);
    if !store::exchange_policy::delete(tx, &client.id, &from, &to)? {
        return Err(Error::absent("nothing of that sort was allowed")
            .with_next("mcpcodex client exchange list"));
    }
    let event = Event::new("exchange.revoke")
        .client(&client.id)
        .with("from", from.as_str())
        .with("to", to.as_str());
    audit::record(tx, who, &event)
}

/// What a client is allowed, or everybody.
pub fn list(r: &Read<'_>, who: &Actor, client: Option<&str>) -> Result<Vec<ExchangePolicy>> {
    who.must_operate()?;
    match client {
        Some(typed) => store::exchange_policy::of_client(r, &client::find(r, who, typed)?.id),
        None => store::exchange_policy::list(r),
    }
}
