//! An API key becomes an access token (RFC 8693): for servers that read tokens and know nothing of keys. The token says no
//! more than the key may, ends when the key ends, and counts for nothing once the key is taken back.
//! Tokens that become others are in `token_exchange`.

use super::{
    Code, Outcome, Refusal, policy,
    token::{self, Holder, Subject},
    token_exchange::Ask,
};
use crate::{
    db::Write,
    error::{Error, Result},
    model::{
        actor::Actor,
        audit::Event,
        client::Client,
        resource::Resource,
        scope::{STANDARD, ScopeSet},
        trace::Rule,
    },
    ops::{
        apikey::{
            Good,
            gate::{self, Caller, Verdict},
        },
        audit,
        env::Env,
        seen,
    },
    store,
};

/// Exchanges a key. It counts as a use of it: fails with `Limited` when its bucket is empty.
pub(super) fn exchange(
    tx: &Write<'_>,
    env: &Env,
    who: &Actor,
    client: &Client,
    ask: &Ask,
) -> Result<Result<Outcome, Refusal>> {
    if ask.actor_token.is_some() {
        let why = "whoever has an API key acts for itself: no actor_token goes with it";
        return Ok(Err(Refusal::new(Code::InvalidRequest, Rule::ExchangeActor, why)));
    }
    let key = ask.subject_token.as_deref().unwrap_or_default();
    let caller = match gate::draw(tx, env, key)? {
        Verdict::In(caller) => caller,
        Verdict::Limited { retry_after, .. } => {
            return Err(Error::limited("this API key is used too often", retry_after));
        }
        // Which it was not is not told.
        Verdict::Bad(_) => {
            let why = "the API key that was shown is not, or no longer, good";
            return Ok(Err(Refusal::new(Code::InvalidRequest, Rule::ExchangeToken, why)));
        }
    };
    seen::write_use(tx, &caller, &who.origin.address)?;
    let target = match target(tx, client, &caller.good, ask)? {
        Ok(target) => target,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let scopes = scopes(tx, client, &caller.good, &target, ask)?;
    if scopes.is_empty() {
        let why = "none of the scopes can be had with this API key";
        return Ok(Err(Refusal::new(Code::InvalidScope, Rule::ExchangeScope, why)));
    }
    give(tx, env, who, client, (&caller, &target, &scopes, ask)).map(Ok)
}

/// The resource that the token is for, which the owner of the key must be allowed to use; none: this server's own
/// audience.
fn target(
    tx: &Write<'_>,
    client: &Client,
    good: &Good,
    ask: &Ask,
) -> Result<Result<Vec<Resource>, Refusal>> {
    let asked: Vec<String> = ask.resources.iter().chain(&ask.audiences).cloned().collect();
    let found = match policy::resources(tx, client, &asked)? {
        Ok(found) => found,
        Err(refusal) => return Ok(Err(refusal)),
    };
    if found.len() > 1 {
        let why = "a key is exchanged for one resource at a time";
        return Ok(Err(Refusal::new(Code::InvalidTarget, Rule::ExchangeTarget, why)));
    }
    Ok(policy::open_to(&good.user, found))
}

/// What was asked for, as far as the key has it and the client may have it. Nobody proves a second factor for a key, and a
/// key signs nobody in.
fn scopes(
    tx: &Write<'_>,
    client: &Client,
    good: &Good,
    target: &[Resource],
    ask: &Ask,
) -> Result<ScopeSet> {
    let Ok(asked) = policy::asked(ask.scope.as_deref()) else { return Ok(ScopeSet::default()) };
    let own = good.key.scopes.filter(|scope| asked.is_empty() || asked.has(scope));
    let had = policy::having(tx, client, target, &own)?;
    let had = policy::for_person(&good.user, target, &had);
    let sensitive = policy::sensitive(target, &had);
    Ok(had.filter(|scope| !sensitive.has(scope) && !STANDARD.contains(&scope)))
}

fn give(
    tx: &Write<'_>,
    env: &Env,
    who: &Actor,
    client: &Client,
    (caller, target, scopes, ask): (&Caller, &[Resource], &ScopeSet, &Ask),
) -> Result<Outcome> {
    let good = &caller.good;
    store::client::set_last_used(tx, &client.id)?;
    let event = Event::new("token.exchange")
        .user(&good.user.id)
        .client(&client.id)
        .with("api_key", good.key.id.as_str())
        .with("to", target.iter().map(|own| own.uri.as_str()).collect::<Vec<_>>())
        .with("scopes", scopes.to_string());
    audit::record(tx, who, &event)?;
    let subject = Subject {
        client,
        holder: Holder::Key(good),
        scopes,
        resources: target,
        spelled: &ask.resources,
        nonce: None,
        jkt: ask.jkt.as_deref(),
        act: None,
        until: good.key.ends_at(env.rotation()),
    };
    Ok(Outcome::Minted(Box::new(token::mint(tx, env, &subject, None)?)))
}
