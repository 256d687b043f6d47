//! API keys: made, listed, revoked, looked up.
//! A key never does more than its owner may, and never makes keys.

use std::time::Duration;

use super::{audit, env::Env, oauth::policy, session};
use crate::{
    crypto::secret::{Hashed, Plain},
    db::{Read, Write},
    error::{Error, Result},
    model::{
        actor::Actor,
        apikey::{self, ApiKey},
        audit::Event,
        id::{ApiKeyId, UserId},
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
    /// What it may do.
    pub scopes: Vec<String>,
    /// How long it lives; none: until revoked.
    pub lifetime: Option<Duration>,
    /// Refill per minute; none: as configured.
    pub requests_per_minute: Option<u32>,
    /// Depth; none: as configured.
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

/// Makes a key for a person.
pub fn create(tx: &Write<'_>, env: &Env, who: &Actor, owner: &User, new: &New) -> Result<Made> {
    session::permit_recent(tx, env, who, &owner.id)?;
    let config = &env.config.authentication.api_keys;
    if !config.enabled {
        return Err(Error::conflict("API keys are switched off")
            .with_next("set authentication.api_keys.enabled: true"));
    }
    if owner.state != UserState::Active {
        return Err(Error::conflict(format!(
            "\"{}\" is {} and cannot own a working key",
            owner.username,
            owner.state.as_str()
        )));
    }
    let name = DisplayName::parse(&new.name)?;
    if name.as_str().is_empty() {
        return Err(Error::invalid("name", "a key needs a name, for example --name ci-deploy"));
    }
    let scopes = allowed(env, owner, &new.scopes)?;
    let rate = new.requests_per_minute.unwrap_or(config.rate_limiting.requests_per_minute);
    let burst = new.burst_size.unwrap_or(config.rate_limiting.burst_size);
    if rate == 0 || burst == 0 {
        return Err(Error::invalid("rate", "rate and burst must be at least 1"));
    }
    let text = apikey::generate(&config.prefix, config.length);
    let due = Duration::from_secs(u64::from(config.rotation.rotation_period) * 86_400);
    let key = ApiKey {
        id: ApiKeyId::new(),
        user_id: owner.id.clone(),
        name: name.as_str().to_owned(),
        hint: text.expose().chars().take(config.prefix.chars().count() + 4).collect(),
        scopes,
        requests_per_minute: rate,
        burst_size: burst,
        created_at: tx.now,
        expires_at: new.lifetime.map(|lifetime| tx.now.plus(lifetime)),
        rotation_due_at: (!due.is_zero()).then(|| tx.now.plus(due)),
        last_used_at: None,
        revoked_at: None,
    };
    store::apikey::insert(tx, &key, &Hashed::of(text.expose()))?;
    let event = Event::new("api_key.create")
        .user(&owner.id)
        .with("id", key.id.as_str())
        .with("name", key.name.as_str())
        .with("scopes", key.scopes.to_string());
    audit::record(tx, who, &event)?;
    Ok(Made { key, text })
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

/// Keys of a person, or of everyone, newest first, with their owners' user names.
pub fn list(
    r: &Read<'_>,
    who: &Actor,
    user: Option<&UserId>,
    limit: u32,
) -> Result<Vec<(ApiKey, String)>> {
    match user {
        Some(user) => who.must_be(user)?,
        None => who.must_operate()?,
    }
    store::apikey::list(r, user, limit)
}

/// Finds a key by id.
pub fn get(r: &Read<'_>, who: &Actor, id: &ApiKeyId) -> Result<(ApiKey, String)> {
    let found = store::apikey::by_id(r, id)?;
    let (key, owner) = found
        .ok_or_else(|| Error::not_found("API key", id).with_next("mcpcodex auth apikey list"))?;
    who.must_be(&key.user_id)?;
    Ok((key, owner))
}

/// Takes a key back at once.
pub fn revoke(tx: &Write<'_>, who: &Actor, id: &ApiKeyId) -> Result<ApiKey> {
    session::stands(tx, who)?;
    let (key, _) = get(tx, who, id)?;
    if !store::apikey::revoke(tx, id)? {
        return Err(Error::conflict(format!("the API key \"{}\" is revoked already", key.name)));
    }
    let event = Event::new("api_key.revoke").user(&key.user_id).with("id", id.as_str());
    audit::record(tx, who, &event.with("name", key.name.as_str()))?;
    Ok(key)
}

/// Why a key is not good now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadKey {
    /// It cannot be one: prefix, length or checksum is wrong. Found out without the database.
    Malformed,
    /// Nobody has it.
    Unknown,
    /// It was taken back.
    Revoked,
    /// Its time is up.
    Expired,
    /// Its owner may not sign in.
    OwnerShut,
}

impl BadKey {
    /// The reason as a sentence.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Malformed => "not an API key of this server: prefix, length or checksum is wrong",
            Self::Unknown => "no such API key",
            Self::Revoked => "revoked",
            Self::Expired => "expired",
            Self::OwnerShut => "its owner may not sign in",
        }
    }
}

/// A good key with its owner, or why it is not good, with its row when there is one.
pub type Inspected = std::result::Result<(ApiKey, User), (BadKey, Option<ApiKey>)>;

/// Looks a key up and tells whether it is good now, with its owner and with the scopes that the owner may still have.
/// A key that is not good is still described.
pub fn inspect(r: &Read<'_>, env: &Env, text: &str) -> Result<Inspected> {
    let config = &env.config.authentication.api_keys;
    if !apikey::is_well_formed(text, &config.prefix, config.length) {
        return Ok(Err((BadKey::Malformed, None)));
    }
    let Some((mut key, _)) = store::apikey::by_hash(r, &Hashed::of(text))? else {
        return Ok(Err((BadKey::Unknown, None)));
    };
    let owner = store::user::by_id(r, &key.user_id)?;
    let bad = match (key.state(r.now), &owner) {
        ("revoked", _) => Some(BadKey::Revoked),
        ("expired", _) => Some(BadKey::Expired),
        (_, Some(owner)) if owner.state == UserState::Active => None,
        _ => Some(BadKey::OwnerShut),
    };
    match (bad, owner) {
        (None, Some(owner)) => {
            // A right that the owner has lost since is lost to the key as well.
            key.scopes = policy::of_person(&owner, &key.scopes);
            Ok(Ok((key, owner)))
        }
        (bad, _) => Ok(Err((bad.unwrap_or(BadKey::OwnerShut), Some(key)))),
    }
}
