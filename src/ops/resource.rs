//! Protected resources: the MCP servers and APIs that tokens are asked for (RFC 8707).
//! Who may have which of their scopes is decided in `oauth/policy`.

use super::audit;
use crate::{
    db::{Read, Write},
    error::{Error, Result},
    model::{
        actor::Actor,
        audit::Event,
        resource::{Resource, ResourceScope, ResourceUri},
        scope::{STANDARD, is_scope},
    },
    store,
};

/// A resource to be.
#[derive(Clone, Debug, Default)]
pub struct New {
    /// Its identifier: the URL that people give their client.
    pub uri: String,
    /// What people see; the identifier when empty.
    pub name: String,
    /// Its scopes.
    pub scopes: Vec<ResourceScope>,
}

/// Registers a resource.
pub fn add(tx: &Write<'_>, who: &Actor, new: New) -> Result<Resource> {
    who.must_operate()?;
    let uri = ResourceUri::parse(&new.uri)?;
    if store::resource::by_uri(tx, &uri)?.is_some() {
        return Err(Error::conflict(format!(
            "resource \"{}\" is registered already",
            uri.as_str()
        )));
    }
    check(&new.scopes)?;
    let name = if new.name.is_empty() { uri.as_str().to_owned() } else { new.name };
    let resource = Resource { scopes: new.scopes, ..Resource::new(uri, name) };
    store::resource::insert(tx, &resource)?;
    audit::record(tx, who, &Event::new("resource.create").with("uri", resource.uri.as_str()))?;
    Ok(resource)
}

fn check(scopes: &[ResourceScope]) -> Result<()> {
    for (at, own) in scopes.iter().enumerate() {
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
        if scopes.iter().take(at).any(|earlier| earlier.name == *scope) {
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

/// Removes a resource; no further token is given for it.
pub fn delete(tx: &Write<'_>, who: &Actor, uri: &str) -> Result<()> {
    who.must_operate()?;
    let uri = ResourceUri::parse(uri)?;
    if !store::resource::delete(tx, &uri)? {
        return Err(Error::not_found("resource", uri.as_str()).with_next("mcpcodex resource list"));
    }
    audit::record(tx, who, &Event::new("resource.delete").with("uri", uri.as_str()))
}
