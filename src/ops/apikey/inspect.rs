//! Whether a text is a key, whose it is, and whether it is good now.

use crate::{
    crypto::secret::Hashed,
    db::Read,
    error::{Error, Result},
    model::{
        actor::Actor,
        agent::Agent,
        apikey::{ApiKey, KeyRow, text},
        id::ApiKeyId,
        user::{User, UserState},
    },
    ops::env::Env,
    store,
};

/// Why a key is not good now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadKey {
    /// It cannot be one: prefix, length or checksum is wrong. Found out without the database.
    Malformed,
    /// No key is taken here.
    Off,
    /// Nobody has it.
    Unknown,
    /// It was taken back.
    Revoked,
    /// Its time is up.
    Expired,
    /// Its time is up, since another came in its place.
    Replaced,
    /// It fell due, and keys end then.
    Overdue,
    /// Its owner may not sign in.
    OwnerShut,
    /// Its agent was disabled.
    AgentShut,
}

impl BadKey {
    /// The reason as a sentence.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Malformed => "not an API key of this server: prefix, length or checksum is wrong",
            Self::Off => "API keys are switched off",
            Self::Unknown => "no such API key",
            Self::Revoked => "revoked",
            Self::Expired => "expired",
            Self::Replaced => "expired: it was replaced by another",
            Self::Overdue => "expired: it fell due and was not rotated",
            Self::OwnerShut => "its owner may not sign in",
            Self::AgentShut => "its agent is disabled",
        }
    }
}

/// A key that is good now, with those it belongs to. Its scopes are what is left of them.
#[derive(Clone, Debug)]
pub struct Good {
    /// The key.
    pub key: ApiKey,
    /// Who answers for it.
    pub user: User,
    /// The agent that it belongs to; none: to the person.
    pub agent: Option<Agent>,
}

impl Good {
    /// The id of whoever acts with it: the agent, else the person.
    pub fn subject(&self) -> &str {
        self.agent.as_ref().map_or_else(|| self.user.id.as_str(), |agent| agent.id.as_str())
    }

    /// The name of whoever acts with it.
    pub fn subject_name(&self) -> &str {
        self.agent.as_ref().map_or(self.user.username.as_str(), |agent| &agent.name)
    }
}

/// A good key, or why it is not good, with its row when there is one.
pub type Inspected = std::result::Result<Good, (BadKey, Option<ApiKey>)>;

/// Whether a text has prefix, length and checksum of a key. Asks no database.
pub fn is_one(env: &Env, text: &str) -> bool {
    text::is_well_formed(text, &env.config.authentication.api_keys.prefix)
}

/// Looks a key up and tells whether it is good now, with its owner and with the scopes that the owner may still have.
/// A key that is not good is still described.
pub fn inspect(r: &Read<'_>, env: &Env, text: &str) -> Result<Inspected> {
    if !is_one(env, text) {
        return Ok(Err((BadKey::Malformed, None)));
    }
    match store::apikey::by_hash(r, &Hashed::of(text))? {
        Some(key) => judged(r, env, key),
        None => Ok(Err((BadKey::Unknown, None))),
    }
}

/// [`inspect`] by the public half, for what was given out in exchange for a key.
pub(in crate::ops) fn inspect_by_id(r: &Read<'_>, env: &Env, id: &ApiKeyId) -> Result<Inspected> {
    match store::apikey::by_id(r, id)? {
        Some(row) => judged(r, env, row.key),
        None => Ok(Err((BadKey::Unknown, None))),
    }
}

fn judged(r: &Read<'_>, env: &Env, mut key: ApiKey) -> Result<Inspected> {
    let owner = store::user::by_id(r, &key.user_id)?;
    let agent = match &key.agent_id {
        Some(id) => store::agent::by_id(r, id)?.map(|(agent, _)| agent),
        None => None,
    };
    let bad = |bad, key| Ok(Err((bad, Some(key))));
    if let Some(why) = over(r, env, &key) {
        return bad(why, key);
    }
    let Some(user) = owner.filter(|owner| owner.state == UserState::Active) else {
        return bad(BadKey::OwnerShut, key);
    };
    let works = agent.as_ref().is_some_and(|agent| agent.is_active() && agent.owner_id == user.id);
    if key.agent_id.is_some() && !works {
        return bad(BadKey::AgentShut, key);
    }
    // A right that the owner has lost since is lost to the key as well.
    key.scopes = super::left(env, &user, &key.scopes);
    Ok(Ok(Good { key, user, agent }))
}

fn over(r: &Read<'_>, env: &Env, key: &ApiKey) -> Option<BadKey> {
    let passed = |end: Option<crate::time::Time>| end.is_some_and(|end| r.now >= end);
    if !env.config.authentication.api_keys.enabled {
        Some(BadKey::Off)
    } else if key.revoked_at.is_some() {
        Some(BadKey::Revoked)
    } else if !passed(key.ends_at(env.rotation())) {
        None
    } else if passed(key.expires_at) {
        Some(BadKey::Expired)
    } else if passed(key.overlap_until) {
        Some(BadKey::Replaced)
    } else {
        Some(BadKey::Overdue)
    }
}

/// The key behind a text that was found somewhere, good or not.
pub fn find(r: &Read<'_>, env: &Env, who: &Actor, text: &str) -> Result<KeyRow> {
    who.must_operate()?;
    let text = text.trim();
    if !is_one(env, text) {
        return Err(Error::invalid("key", BadKey::Malformed.reason()));
    }
    let key = store::apikey::by_hash(r, &Hashed::of(text))?;
    let row = key.map(|key| store::apikey::by_id(r, &key.id)).transpose()?.flatten();
    row.ok_or_else(|| {
        Error::absent("no such API key: nobody has it, or its owner was deleted")
            .with_next("nothing has to be done about it")
    })
}
