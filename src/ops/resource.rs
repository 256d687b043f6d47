//! Protected resources: the MCP servers and APIs that tokens are asked for (RFC 8707).
//! Who may have which of their scopes is decided in `oauth/policy`; what is published of them is in `document`.

pub mod document;

use std::{collections::BTreeSet, time::Duration};

use super::{audit, client, env::Env};
use crate::{
    crypto::jwt::Algorithm,
    db::{Read, Write},
    error::{Error, Result},
    model::{
        actor::Actor,
        audit::Event,
        client::ClientState,
        id::ResourceId,
        resource::{Resource, ResourceScope, ResourceUri, Risk, TokenFormat},
        scope::{STANDARD, is_scope},
    },
    store,
};

const MOST_ALIASES: usize = 16;
const MOST_SCOPES: usize = 64;
/// Tokens of a resource live a minute at least, since clocks differ, and a day at most, since nobody can take a
/// signed one back from a resource that does not ask.
const LIFETIMES: (Duration, Duration) = (Duration::from_secs(60), Duration::from_secs(86_400));

/// A resource to be.
#[derive(Clone, Debug, Default)]
pub struct New {
    /// Its identifier: the URL that people give their client.
    pub uri: String,
    /// What people see; the identifier when empty.
    pub name: String,
    /// Its scopes.
    pub scopes: Vec<ResourceScope>,
    /// All else that is said of it.
    pub settings: Change,
}

/// What becomes of a setting that can be left to the configuration.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Setting<T> {
    /// It stays.
    #[default]
    Same,
    /// As configured.
    Configured,
    /// This.
    To(T),
}

impl<T: Copy> Setting<T> {
    fn over(self, before: Option<T>) -> Option<T> {
        match self {
            Self::Same => before,
            Self::Configured => None,
            Self::To(value) => Some(value),
        }
    }
}

/// What to say of a resource, or to say anew; what is empty or `None` stays.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// What people see.
    pub name: Option<String>,
    /// Scopes that are added, and the new words of those that are there.
    pub scopes: Vec<(String, String)>,
    /// Scopes that go.
    pub without_scopes: Vec<String>,
    /// Whether a client gets a scope that names none.
    pub defaults: Vec<(String, bool)>,
    /// How much harm a scope can do.
    pub risks: Vec<(String, Risk)>,
    /// Aliases that are added.
    pub aliases: Vec<String>,
    /// Aliases that go.
    pub without_aliases: Vec<String>,
    /// Exactly these roles, of which one is needed; empty: anyone. That they exist is for [`must_exist`] to say.
    pub roles: Option<Vec<String>>,
    /// How long its access tokens live.
    pub token_lifetime: Setting<Duration>,
    /// What its access tokens look like.
    pub token_format: Option<TokenFormat>,
    /// What its access tokens are signed with.
    pub algorithm: Setting<Algorithm>,
}

/// Registers a resource.
pub fn add(tx: &Write<'_>, who: &Actor, new: New) -> Result<Resource> {
    who.must_operate()?;
    let uri = ResourceUri::parse(&new.uri)?;
    if store::resource::by_uri(tx, &uri)?.is_some() {
        return Err(taken(&uri).with_next("mcpcodex resource show URI"));
    }
    let name = if new.name.trim().is_empty() { uri.as_str() } else { new.name.trim() }.to_owned();
    let known = Resource::new(uri, name);
    let mut resource = Resource { scopes: new.scopes, created_at: tx.now, ..known };
    apply(tx, &mut resource, new.settings)?;
    store::resource::insert(tx, &resource)?;
    audit::record(tx, who, &event("resource.create", &resource))?;
    Ok(resource)
}

/// Changes a resource. Tokens that were given keep what they say, but a right that is taken away here is gone with
/// their next look-up.
pub fn edit(tx: &Write<'_>, who: &Actor, id: &ResourceId, change: Change) -> Result<Resource> {
    who.must_operate()?;
    let mut resource = store::resource::by_id(tx, id)?.ok_or_else(|| {
        Error::absent("this resource has gone").with_next("mcpcodex resource list")
    })?;
    apply(tx, &mut resource, change)?;
    store::resource::update(tx, &resource)?;
    audit::record(tx, who, &event("resource.edit", &resource))?;
    Ok(resource)
}

fn apply(r: &Read<'_>, resource: &mut Resource, change: Change) -> Result<()> {
    if let Some(name) = change.name {
        name.trim().clone_into(&mut resource.name);
    }
    rescope(resource, change.scopes, &change.without_scopes)?;
    for (scope, is_default) in change.defaults {
        scope_of(resource, &scope)?.is_default = is_default;
    }
    for (scope, risk) in change.risks {
        scope_of(resource, &scope)?.risk = risk;
    }
    for text in &change.without_aliases {
        let uri = ResourceUri::parse(text)?;
        let before = resource.aliases.len();
        resource.aliases.retain(|own| *own != uri);
        if resource.aliases.len() == before {
            return Err(
                Error::not_found("alias", uri.as_str()).with_next("mcpcodex resource show URI")
            );
        }
    }
    alias(r, resource, &change.aliases)?;
    if let Some(roles) = change.roles {
        resource.roles = roles;
    }
    resource.token_lifetime = change.token_lifetime.over(resource.token_lifetime);
    resource.token_format = change.token_format.unwrap_or(resource.token_format);
    resource.algorithm = change.algorithm.over(resource.algorithm);
    check(resource)
}

/// Every role must be one of the configuration's.
pub fn must_exist(env: &Env, roles: &[String]) -> Result<()> {
    let known = env.roles();
    match roles.iter().find(|role| !known.contains(&role.as_str())) {
        Some(role) => Err(Error::not_found("role", role)
            .with_next(format!("roles there are: {}", known.join(", ")))),
        None => Ok(()),
    }
}

fn event(name: &'static str, resource: &Resource) -> Event {
    Event::new(name)
        .with("uri", resource.uri.as_str())
        .with("resource", resource.id.as_str())
        .with("scopes", words(resource.scopes.iter().map(|own| own.name.as_str())))
        .with("aliases", words(resource.aliases.iter().map(ResourceUri::as_str)))
        .with("roles", resource.roles.join(" "))
        .with("token_format", resource.token_format.as_str())
}

fn words<S: AsRef<str>>(all: impl Iterator<Item = S>) -> String {
    all.map(|word| word.as_ref().to_owned()).collect::<Vec<_>>().join(" ")
}

fn taken(uri: &ResourceUri) -> Error {
    Error::conflict(format!("resource \"{}\" is registered already", uri.as_str()))
}

/// Adds spellings that no other resource goes by.
fn alias(r: &Read<'_>, resource: &mut Resource, texts: &[String]) -> Result<()> {
    for text in texts {
        let uri = ResourceUri::parse(text)?;
        if resource.is_named(&uri) {
            continue;
        }
        if let Some(other) =
            store::resource::by_uri(r, &uri)?.filter(|other| other.id != resource.id)
        {
            return Err(taken(&uri).with_next(format!(
                "it stands for {}: mcpcodex resource list",
                other.uri.as_str()
            )));
        }
        resource.aliases.push(uri);
    }
    resource.aliases.sort();
    Ok(())
}

fn rescope(resource: &mut Resource, said: Vec<(String, String)>, without: &[String]) -> Result<()> {
    for name in without {
        scope_of(resource, name)?;
        resource.scopes.retain(|own| own.name != *name);
    }
    let mut seen = BTreeSet::new();
    for (name, description) in said {
        if !seen.insert(name.clone()) {
            return Err(Error::invalid("scope", format!("scope \"{name}\" is named twice")));
        }
        match resource.scopes.iter_mut().find(|own| own.name == name) {
            Some(own) => own.description = description,
            None => resource.scopes.push(ResourceScope::new(name, description)),
        }
    }
    Ok(())
}

fn scope_of<'r>(resource: &'r mut Resource, name: &str) -> Result<&'r mut ResourceScope> {
    let known = words(resource.scopes.iter().map(|own| own.name.as_str()));
    resource.scopes.iter_mut().find(|own| own.name == name).ok_or_else(|| {
        Error::not_found("scope", name).with_next(format!("scopes of this resource: {known}"))
    })
}

fn check(resource: &Resource) -> Result<()> {
    let name = &resource.name;
    if name.is_empty() || name.chars().count() > 100 || name.chars().any(char::is_control) {
        return Err(Error::invalid(
            "name",
            "a resource's name has 1 to 100 characters, on one line",
        ));
    }
    if resource.aliases.len() > MOST_ALIASES || resource.scopes.len() > MOST_SCOPES {
        return Err(Error::invalid("resource", "a resource has at most 16 aliases and 64 scopes"));
    }
    let (shortest, longest) = LIFETIMES;
    if resource.token_lifetime.is_some_and(|span| span < shortest || span > longest) {
        return Err(Error::invalid(
            "token_lifetime",
            "tokens of a resource live 1 minute to 24 hours",
        ));
    }
    for (at, own) in resource.scopes.iter().enumerate() {
        let scope = &own.name;
        if !is_scope(scope) {
            return Err(Error::invalid("scope", format!("\"{scope}\" cannot be a scope")));
        }
        if STANDARD.contains(&scope.as_str()) {
            return Err(Error::invalid(
                "scope",
                format!("\"{scope}\" is a scope of this server itself"),
            ));
        }
        if resource.scopes.iter().take(at).any(|earlier| earlier.name == *scope) {
            return Err(Error::invalid("scope", format!("scope \"{scope}\" is named twice")));
        }
    }
    Ok(())
}

/// Every resource by identifier.
pub fn list(r: &Read<'_>, who: &Actor) -> Result<Vec<Resource>> {
    who.must_operate()?;
    store::resource::list(r)
}

/// Finds a resource by its id alone.
pub fn by_id(r: &Read<'_>, who: &Actor, id: &ResourceId) -> Result<Resource> {
    who.must_operate()?;
    store::resource::by_id(r, id)?
        .ok_or_else(|| Error::not_found("resource", id).with_next("mcpcodex resource list"))
}

/// A slice of the resources by identifier, those after this one.
pub fn slice(r: &Read<'_>, who: &Actor, after: Option<&str>, limit: u32) -> Result<Vec<Resource>> {
    who.must_operate()?;
    store::resource::slice(r, after, limit)
}

/// The resource with this id, identifier or alias.
pub fn find(r: &Read<'_>, who: &Actor, typed: &str) -> Result<Resource> {
    who.must_operate()?;
    let found = match store::resource::by_id(r, &ResourceId::from_text(typed))? {
        Some(found) => Some(found),
        None => store::resource::by_uri(r, &ResourceUri::parse(typed)?)?,
    };
    found.ok_or_else(|| Error::not_found("resource", typed).with_next("mcpcodex resource list"))
}

/// Removes a resource: no further token is given for it, and those there are end with their next look-up. Clients that
/// were registered for it alone are switched off, since without it they would be registered for every resource;
/// answers how many.
pub fn delete(tx: &Write<'_>, who: &Actor, id: &ResourceId) -> Result<usize> {
    who.must_operate()?;
    let resource = store::resource::by_id(tx, id)?.ok_or_else(|| {
        Error::absent("this resource has gone").with_next("mcpcodex resource list")
    })?;
    let mut disabled = 0;
    for client in store::resource::sole_clients(tx, id)? {
        let active = store::client::by_id(tx, &client)?;
        if active.is_some_and(|client| client.state != ClientState::Disabled) {
            client::disable(tx, who, &client)?;
            disabled += 1;
        }
    }
    store::resource::delete(tx, id)?;
    let event = event("resource.delete", &resource).with("clients_disabled", disabled);
    audit::record(tx, who, &event)?;
    Ok(disabled)
}
