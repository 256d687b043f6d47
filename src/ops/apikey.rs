//! API keys: made, listed, changed, taken back. A key never does more than its owner may, and never makes keys.
//! Whether one is good is in `inspect`, how often it may be used in `gate`, its successor in `rotation`.

mod due;
pub mod gate;
mod inspect;
pub mod meter;
pub mod rotation;
pub mod standing;

use std::time::Duration;

pub(super) use self::inspect::inspect_by_id;
pub use self::{
    due::announce,
    inspect::{BadKey, Good, Inspected, find, inspect, is_one},
    rotation::{Old, Rotated, rotate, rotate_own},
};
use super::{agent, audit, env::Env, oauth::policy, session};
pub use crate::store::apikey::Slice;
use crate::{
    config::api_keys::ApiKeys,
    crypto::secret::{Hashed, Plain},
    db::{Read, Write},
    error::{Error, Result},
    model::{
        actor::Actor,
        apikey::{
            ApiKey, DayOfUse, KeyRow,
            text::{self, CHECKSUM},
        },
        audit::Event,
        id::{AgentId, ApiKeyId, UserId},
        name::DisplayName,
        scope::{ADMIN_PREFIX, ScopeSet},
        user::{ADMIN, User, UserState},
    },
    store,
};

/// What a new key is to be.
#[derive(Clone, Debug, Default)]
pub struct New {
    /// What the owner calls it.
    pub name: String,
    /// The agent that it is for; none: for the person.
    pub agent: Option<AgentId>,
    /// What it may do.
    pub scopes: Vec<String>,
    /// How long it lives; none: until revoked.
    pub lifetime: Option<Duration>,
    /// Refill per minute; none: as configured.
    pub requests_per_minute: Option<u32>,
    /// Depth; none: as configured.
    pub burst_size: Option<u32>,
}

/// What of a key is to be changed.
#[derive(Clone, Debug, Default)]
pub struct Edit {
    /// What the owner calls it.
    pub name: Option<String>,
    /// Refill per minute.
    pub requests_per_minute: Option<u32>,
    /// Depth.
    pub burst_size: Option<u32>,
}

/// A key that was just made; the only moment its text exists.
#[derive(Debug)]
pub struct Made {
    /// Its row.
    pub key: ApiKey,
    /// Its text.
    pub text: Plain,
}

/// Most that a rate or a depth may be.
const MOST: u32 = 1_000_000;

/// Makes a key for a person, or for an agent of theirs.
pub fn create(tx: &Write<'_>, env: &Env, who: &Actor, owner: &User, new: &New) -> Result<Made> {
    session::permit_recent(tx, env, who, &owner.id)?;
    let config = in_use(env)?;
    stands(tx, owner, new.agent.as_ref())?;
    let key = ApiKey {
        id: ApiKeyId::new(),
        user_id: owner.id.clone(),
        agent_id: new.agent.clone(),
        name: name(&new.name)?,
        hint: String::new(),
        scopes: allowed(env, owner, &new.scopes)?,
        requests_per_minute: bounded(
            "rate",
            new.requests_per_minute.unwrap_or(config.rate_limiting.requests_per_minute),
        )?,
        burst_size: bounded("burst", new.burst_size.unwrap_or(config.rate_limiting.burst_size))?,
        created_at: tx.now,
        expires_at: new.lifetime.map(|lifetime| tx.now.plus(lifetime)),
        rotation_due_at: None,
        last_used_at: None,
        last_used_address: None,
        revoked_at: None,
        revoke_reason: None,
        replaces: None,
        replaced_by: None,
        overlap_until: None,
    };
    let made = make(tx, env, key)?;
    let event = about("api_key.create", &made.key).with("scopes", made.key.scopes.to_string());
    audit::record(tx, who, &event)?;
    Ok(made)
}

/// The configuration of keys, if there are to be any.
fn in_use(env: &Env) -> Result<&ApiKeys> {
    let config = &env.config.authentication.api_keys;
    if config.enabled {
        return Ok(config);
    }
    Err(Error::conflict("API keys are switched off")
        .with_next("set authentication.api_keys.enabled: true"))
}

/// Refuses an owner or an agent whose keys would not work.
fn stands(r: &Read<'_>, owner: &User, agent: Option<&AgentId>) -> Result<()> {
    if owner.state != UserState::Active {
        let (name, state) = (&owner.username, owner.state.as_str());
        return Err(Error::conflict(format!("\"{name}\" is {state} and cannot own a working key")));
    }
    let Some(id) = agent else { return Ok(()) };
    let (agent, _) = agent::get(r, id)?;
    if agent.owner_id != owner.id {
        return Err(Error::denied(format!("\"{}\" belongs to somebody else", agent.name)));
    }
    if !agent.is_active() {
        let why = format!("\"{}\" is disabled and cannot own a working key", agent.name);
        return Err(Error::conflict(why).with_next("mcpcodex agent enable NAME"));
    }
    Ok(())
}

/// Gives a key its text and the day on which it falls due, and keeps it.
fn make(tx: &Write<'_>, env: &Env, key: ApiKey) -> Result<Made> {
    let config = &env.config.authentication.api_keys;
    let text = text::generate(&config.prefix, config.length);
    let due = Duration::from_secs(u64::from(config.rotation.rotation_period) * 86_400);
    let key = ApiKey {
        hint: text.expose().chars().take(config.prefix.chars().count() + 4).collect(),
        rotation_due_at: Some(tx.now.plus(due)),
        ..key
    };
    debug_assert!(key.hint.len() + CHECKSUM < text.expose().len(), "most of a key is never shown");
    store::apikey::insert(tx, &key, &Hashed::of(text.expose()))?;
    Ok(Made { key, text })
}

fn name(typed: &str) -> Result<String> {
    if typed.trim().is_empty() {
        return Err(Error::invalid("name", "a key needs a name, for example --name ci-deploy"));
    }
    Ok(DisplayName::parse(typed)?.as_str().to_owned())
}

fn bounded(field: &'static str, number: u32) -> Result<u32> {
    match number {
        0 => Err(Error::invalid(field, "rate and burst must be at least 1")),
        1..=MOST => Ok(number),
        _ => Err(Error::invalid(field, format!("rate and burst must be at most {MOST}"))),
    }
}

fn allowed(env: &Env, owner: &User, scopes: &[String]) -> Result<ScopeSet> {
    let known = &env.config.authentication.api_keys.scopes;
    if scopes.is_empty() {
        return Err(Error::invalid(
            "scope",
            format!("name at least one scope of: {}", known.join(", ")),
        ));
    }
    for scope in scopes {
        if !known.contains(scope) {
            let message = format!("scope \"{scope}\" is not one of: {}", known.join(", "));
            return Err(Error::invalid("scope", message)
                .with_next("scopes are listed in authentication.api_keys.scopes"));
        }
        if scope.starts_with(ADMIN_PREFIX) && !owner.has_role(ADMIN) {
            return Err(Error::denied(format!(
                "scope \"{scope}\" needs the role admin, which \"{}\" does not have",
                owner.username
            )));
        }
    }
    Ok(ScopeSet::from_words(scopes.iter().map(String::as_str)))
}

/// Of a key's scopes those that there still are and that its owner may still have.
fn left(env: &Env, owner: &User, scopes: &ScopeSet) -> ScopeSet {
    let known = &env.config.authentication.api_keys.scopes;
    policy::of_person(owner, scopes).filter(|scope| known.iter().any(|own| own == scope))
}

/// Every scope that a key of this person could have.
pub(super) fn all_of(env: &Env, owner: &User) -> ScopeSet {
    left(env, owner, &ScopeSet::from_words(&env.config.authentication.api_keys.scopes))
}

/// An event about a key.
fn about(event: &'static str, key: &ApiKey) -> Event {
    let event = Event::new(event).user(&key.user_id).with("id", key.id.as_str());
    let event = event.with("name", key.name.as_str());
    match &key.agent_id {
        Some(agent) => event.with("agent", agent.as_str()),
        None => event,
    }
}

/// Whose keys are wanted.
#[derive(Clone, Copy, Debug)]
pub enum Whose<'a> {
    /// Everyone's.
    All,
    /// A person's and those of their agents.
    User(&'a UserId),
    /// An agent's.
    Agent(&'a AgentId),
}

/// Keys, newest first.
pub fn list(r: &Read<'_>, who: &Actor, whose: Whose<'_>, limit: u32) -> Result<Vec<KeyRow>> {
    match whose {
        Whose::User(user) => {
            who.must_be(user)?;
            store::apikey::list(r, Some(user), None, limit)
        }
        Whose::Agent(agent) => {
            who.must_be(&agent::get(r, agent)?.0.owner_id)?;
            store::apikey::list(r, None, Some(agent), limit)
        }
        Whose::All => {
            who.must_operate()?;
            store::apikey::list(r, None, None, limit)
        }
    }
}

/// A slice of the keys, newest first.
pub fn slice(r: &Read<'_>, who: &Actor, slice: &Slice) -> Result<Vec<KeyRow>> {
    match (&slice.user, &slice.agent) {
        (Some(user), _) => who.must_be(user)?,
        (None, Some(agent)) => who.must_be(&agent::get(r, agent)?.0.owner_id)?,
        (None, None) => who.must_operate()?,
    }
    store::apikey::slice(r, slice)
}

/// Finds a key by id.
pub fn get(r: &Read<'_>, who: &Actor, id: &ApiKeyId) -> Result<KeyRow> {
    let found = store::apikey::by_id(r, id)?;
    let row = found
        .ok_or_else(|| Error::not_found("API key", id).with_next("mcpcodex auth apikey list"))?;
    who.must_be(&row.key.user_id)?;
    Ok(row)
}

/// How often a key was used on each of the last `days` days on which it was, the newest first.
pub fn usage(r: &Read<'_>, who: &Actor, id: &ApiKeyId, days: u32) -> Result<Vec<DayOfUse>> {
    get(r, who, id)?;
    let since = DayOfUse::day_of(r.now).saturating_sub(i64::from(days)).saturating_add(1);
    store::key_usage::of_key(r, id, since)
}

/// Changes what a key is called and how often it may be used.
pub fn edit(tx: &Write<'_>, env: &Env, who: &Actor, id: &ApiKeyId, edit: &Edit) -> Result<KeyRow> {
    let mut row = get(tx, who, id)?;
    session::permit_recent(tx, env, who, &row.key.user_id)?;
    if edit.requests_per_minute.is_some() || edit.burst_size.is_some() {
        // Whoever owns a key does not say how much this server bears.
        who.must_operate()?;
    }
    if row.key.revoked_at.is_some() {
        return Err(Error::conflict(format!("the API key \"{}\" is revoked", row.key.name)));
    }
    if let Some(typed) = &edit.name {
        row.key.name = name(typed)?;
    }
    if let Some(rate) = edit.requests_per_minute {
        row.key.requests_per_minute = bounded("rate", rate)?;
    }
    if let Some(burst) = edit.burst_size {
        row.key.burst_size = bounded("burst", burst)?;
    }
    store::apikey::edit(tx, &row.key)?;
    let event = about("api_key.edit", &row.key)
        .with("requests_per_minute", row.key.requests_per_minute)
        .with("burst_size", row.key.burst_size);
    audit::record(tx, who, &event)?;
    Ok(row)
}

/// Takes a key back at once.
pub fn revoke(tx: &Write<'_>, who: &Actor, id: &ApiKeyId) -> Result<ApiKey> {
    session::stands(tx, who)?;
    let KeyRow { key, .. } = get(tx, who, id)?;
    if !store::apikey::revoke(tx, id, "revoked")? {
        return Err(Error::conflict(format!("the API key \"{}\" is revoked already", key.name)));
    }
    audit::record(tx, who, &about("api_key.revoke", &key))?;
    Ok(key)
}
