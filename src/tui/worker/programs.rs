//! Changes of what belongs to programs: API keys, agents, resources; and accounts that are not there yet.

use std::time::Duration;

use super::{
    super::{
        form::{Limits, NewKey, NewUser},
        msg::{Change, MadeKey, Outcome, Target},
        secret::Secret,
    },
    other_kind,
};
use crate::{
    db::Write,
    error::{Error, Kind, Result},
    model::{actor::Actor, agent::Agent, id::ApiKeyId, user::User, verb::Verb},
    ops::{
        self,
        apikey::{Edit, Made, New, Old},
        env::Env,
        user::FirstPassword,
    },
};

/// How long a rotated key works on.
const OVERLAP: Duration = Duration::from_hours(24);

/// Makes a change to a key, an agent or a resource.
pub(super) fn alter(tx: &Write<'_>, env: &Env, who: &Actor, change: &Change) -> Result<Outcome> {
    match (&change.target, change.verb) {
        (Target::ApiKey { id, leaked, .. }, Verb::ApiKeyRotate) => {
            rotate(tx, env, who, id, *leaked)
        }
        (Target::ApiKey { id, .. }, Verb::ApiKeyRevoke) => {
            ops::apikey::revoke(tx, who, id).map(|_| Outcome::default())
        }
        (Target::Limits { id, limits, .. }, _) => edit(tx, env, who, id, limits),
        (Target::NewKey(new), _) => create(tx, env, who, new),
        (Target::Agent { id, .. }, Verb::AgentDisable) => {
            ops::agent::disable(tx, who, id).map(|_| Outcome::default())
        }
        (Target::Agent { id, .. }, Verb::AgentEnable) => {
            ops::agent::enable(tx, who, id).map(|_| Outcome::default())
        }
        (Target::Resource { id, .. }, Verb::ResourceDelete) => {
            let clients = ops::resource::delete(tx, who, id)?;
            Ok(Outcome { clients, ..Outcome::default() })
        }
        _ => Err(other_kind()),
    }
}

fn rotate(tx: &Write<'_>, env: &Env, who: &Actor, id: &ApiKeyId, leaked: bool) -> Result<Outcome> {
    let row = ops::apikey::get(tx, who, id)?;
    let old = if leaked { Old::Leaked } else { Old::Overlap(OVERLAP) };
    let done = ops::apikey::rotate(tx, env, who, id, old)?;
    let until = done.old.ends_at(env.rotation()).filter(|_| !leaked);
    let owner = row.agent.unwrap_or(row.username);
    Ok(shown(done.made, owner, Some((done.old.id, until))))
}

fn edit(tx: &Write<'_>, env: &Env, who: &Actor, id: &ApiKeyId, limits: &Limits) -> Result<Outcome> {
    let edit = Edit {
        name: Some(limits.name.clone()),
        requests_per_minute: Some(limits.rate),
        burst_size: Some(limits.burst),
    };
    ops::apikey::edit(tx, env, who, id, &edit).map(|_| Outcome::default())
}

fn create(tx: &Write<'_>, env: &Env, who: &Actor, new: &NewKey) -> Result<Outcome> {
    let (owner, agent) = owner(tx, who, &new.owner)?;
    let name = agent.as_ref().map_or_else(|| owner.username.clone(), |agent| agent.name.clone());
    let new = New {
        name: new.name.clone(),
        agent: agent.map(|agent| agent.id),
        scopes: new.scopes.clone(),
        lifetime: new.lifetime,
        requests_per_minute: new.rate,
        burst_size: new.burst,
    };
    let made = ops::apikey::create(tx, env, who, &owner, &new)?;
    Ok(shown(made, name, None))
}

/// The person, or the agent and who answers for it.
fn owner(tx: &Write<'_>, who: &Actor, typed: &str) -> Result<(User, Option<Agent>)> {
    let unknown = match ops::user::find(tx, typed) {
        Ok(user) => return Ok((user, None)),
        Err(error) if error.kind() == Kind::NotFound => error,
        Err(error) => return Err(error),
    };
    match ops::agent::find(tx, who, typed) {
        Ok((agent, _)) => Ok((ops::user::get(tx, &agent.owner_id)?, Some(agent))),
        Err(error) if error.kind() == Kind::NotFound => {
            Err(Error::with_next(unknown, "there is no agent of that name either"))
        }
        Err(error) => Err(error),
    }
}

fn shown(
    made: Made,
    owner: String,
    before: Option<(ApiKeyId, Option<crate::time::Time>)>,
) -> Outcome {
    let made = MadeKey { text: Secret::from(made.text), key: made.key, owner, before };
    Outcome { key: Some(Box::new(made)), ..Outcome::default() }
}

/// Makes an account and the link to its first password.
pub(super) fn make_user(tx: &Write<'_>, env: &Env, who: &Actor, new: &NewUser) -> Result<Outcome> {
    let new = ops::user::New {
        username: new.username.clone(),
        email: new.email.clone(),
        name: new.name.clone(),
        roles: new.roles.clone(),
    };
    let created = ops::user::create(tx, env, who, &new, &FirstPassword::Invite)?;
    Ok(Outcome { link: created.invite, ..Outcome::default() })
}
