//! Agents: made, listed, disabled. What one does it does by API key, and never more than its owner may.

use super::audit;
use crate::{
    db::{Read, Write},
    error::{Error, Result},
    model::{
        actor::Actor,
        agent::{Agent, AgentState},
        audit::Event,
        id::{AgentId, UserId},
        name::Username,
        user::{User, UserState},
    },
    store,
};

/// Makes an agent that this person answers for.
pub fn create(tx: &Write<'_>, who: &Actor, owner: &User, name: &str) -> Result<Agent> {
    who.must_operate()?;
    if owner.state != UserState::Active {
        let (name, state) = (&owner.username, owner.state.as_str());
        return Err(Error::conflict(format!("\"{name}\" is {state} and cannot own an agent")));
    }
    let name = Username::parse(name)?;
    if let Some(taken) = store::agent::name_by_skeleton(tx, name.skeleton())? {
        let why = format!("there is an agent \"{taken}\" already, which looks the same");
        return Err(Error::conflict(why).with_next("mcpcodex agent list"));
    }
    let agent = Agent {
        id: AgentId::new(),
        name: name.display().to_owned(),
        owner_id: owner.id.clone(),
        state: AgentState::Active,
        created_at: tx.now,
    };
    store::agent::insert(tx, &agent, &name)?;
    audit::record(tx, who, &about("agent.create", &agent))?;
    Ok(agent)
}

fn about(event: &'static str, agent: &Agent) -> Event {
    let event = Event::new(event).user(&agent.owner_id).with("agent", agent.id.as_str());
    event.with("name", agent.name.as_str())
}

/// Agents by name, with their owners' user names.
pub fn list(
    r: &Read<'_>,
    who: &Actor,
    owner: Option<&UserId>,
    limit: u32,
) -> Result<Vec<(Agent, String)>> {
    match owner {
        Some(owner) => who.must_be(owner)?,
        None => who.must_operate()?,
    }
    store::agent::list(r, owner, limit)
}

/// A slice of the agents by name, those after the one of this name, with their owners' user names.
pub fn slice(
    r: &Read<'_>,
    who: &Actor,
    owner: Option<&UserId>,
    after: Option<&str>,
    limit: u32,
) -> Result<Vec<(Agent, String)>> {
    who.must_operate()?;
    let after = after.map(|name| Username::lookup_key(name).unwrap_or_else(|| name.to_owned()));
    store::agent::slice(r, owner, after.as_deref(), limit)
}

/// Finds an agent by name or id, with its owner's user name.
pub fn find(r: &Read<'_>, who: &Actor, typed: &str) -> Result<(Agent, String)> {
    who.must_operate()?;
    if let Some(found) = store::agent::by_id(r, &AgentId::from_text(typed))? {
        return Ok(found);
    }
    let found = match Username::lookup_key(typed) {
        Some(key) => store::agent::by_name_key(r, &key)?,
        None => None,
    };
    found.ok_or_else(|| missing(typed))
}

/// Finds an agent by id, with its owner's user name.
pub(super) fn get(r: &Read<'_>, id: &AgentId) -> Result<(Agent, String)> {
    store::agent::by_id(r, id)?.ok_or_else(|| missing(id.as_str()))
}

fn missing(name: &str) -> Error {
    Error::not_found("agent", name).with_next("mcpcodex agent list")
}

/// Shuts an agent out: none of its keys works any more, from the next call on.
pub fn disable(tx: &Write<'_>, who: &Actor, id: &AgentId) -> Result<Agent> {
    turn(tx, who, id, AgentState::Disabled, "agent.disable")
}

/// Lets a disabled agent in again, by the keys that it had.
pub fn enable(tx: &Write<'_>, who: &Actor, id: &AgentId) -> Result<Agent> {
    turn(tx, who, id, AgentState::Active, "agent.enable")
}

fn turn(
    tx: &Write<'_>,
    who: &Actor,
    id: &AgentId,
    to: AgentState,
    event: &'static str,
) -> Result<Agent> {
    who.must_operate()?;
    let (agent, _) = get(tx, id)?;
    if !store::agent::set_state(tx, id, agent.state, to)? || agent.state == to {
        let why = format!("the agent \"{}\" is {} already", agent.name, to.as_str());
        return Err(Error::conflict(why));
    }
    audit::record(tx, who, &about(event, &agent))?;
    Ok(Agent { state: to, ..agent })
}

/// Removes an agent with its keys.
pub fn delete(tx: &Write<'_>, who: &Actor, id: &AgentId) -> Result<Agent> {
    who.must_operate()?;
    let (agent, _) = get(tx, id)?;
    if !store::agent::delete(tx, id)? {
        return Err(missing(id.as_str()));
    }
    audit::record(tx, who, &about("agent.delete", &agent))?;
    Ok(agent)
}
