//! What is published of a resource (RFC 9728), and where.
//!
//! A resource on our own origin has its document where RFC 9728 §3.1 wants it. One on another host has it below the
//! issuer, `/.well-known/oauth-protected-resource/https/mcp.example.com/mcp`: its server names that address in its
//! challenge (§5.1) and need not publish anything itself. Which host a request named counts for nothing.

use serde_json::{Map, Value};
use url::Url;

use crate::{
    db::Read,
    error::{Error, Result},
    model::{
        resource::{Resource, ResourceUri, Risk},
        scope::{ADMIN_PREFIX, ScopeSet},
    },
    ops::env::Env,
    store,
};

/// What stands before a resource's own path.
pub const WELL_KNOWN: &str = "/.well-known/oauth-protected-resource";

/// The address of a resource's document.
pub fn address(env: &Env, resource: &Resource) -> Result<String> {
    let uri = Url::parse(resource.uri.as_str())
        .map_err(|error| Error::internal("a stored resource is no URI").with_source(error))?;
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    let own = env.site.public_url.origin();
    Ok(if own.is_tuple() && uri.origin() == own {
        let path = uri.path().trim_end_matches('/');
        format!("{}{WELL_KNOWN}{path}{query}", own.ascii_serialization())
    } else {
        let (scheme, rest) = resource.uri.as_str().split_once(':').unwrap_or_default();
        let rest = rest.strip_prefix("//").unwrap_or(rest);
        format!("{}{WELL_KNOWN}/{scheme}/{rest}", env.site.issuer)
    })
}

/// The challenge with which the resource's server leads a client here (RFC 9728 §5.1, RFC 6750 §3): the value of
/// `WWW-Authenticate` for a request without a token.
pub fn challenge(env: &Env, resource: &Resource) -> Result<String> {
    let scopes = usual(resource);
    let scope = if scopes.is_empty() { String::new() } else { format!(", scope=\"{scopes}\"") };
    Ok(format!("Bearer resource_metadata=\"{}\"{scope}", address(env, resource)?))
}

/// The scopes that a client is told to begin with.
pub fn usual(resource: &Resource) -> ScopeSet {
    ScopeSet::from_words(offered(resource))
}

/// The document that `rest` asks for: what follows [`WELL_KNOWN`] in the address, its query included. None when no
/// resource is meant.
pub fn find(r: &Read<'_>, env: &Env, rest: &str) -> Result<Option<Value>> {
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    let queries = [query, ""];
    let queries = queries.get(usize::from(query.is_empty())..).unwrap_or_default();
    for query in queries {
        let query = if query.is_empty() { String::new() } else { format!("?{query}") };
        for path in [path, path.trim_end_matches('/')] {
            for text in readings(env, path) {
                if let Some(found) = named(r, env, &format!("{text}{query}"))? {
                    return Ok(Some(found));
                }
            }
        }
    }
    if path.trim_end_matches('/').is_empty() { only(r, env) } else { Ok(None) }
}

/// The identifiers that a path may stand for: one on our own origin, with the issuer's path or without, or one that
/// is written out.
fn readings(env: &Env, path: &str) -> Vec<String> {
    let own = env.site.public_url.origin().ascii_serialization();
    let mut all = vec![format!("{own}{path}")];
    if !env.site.path().is_empty() {
        all.push(format!("{own}{}{path}", env.site.path()));
    }
    if let Some((scheme, rest)) = path.strip_prefix('/').and_then(|path| path.split_once('/')) {
        all.extend([format!("{scheme}://{rest}"), format!("{scheme}:{rest}")]);
    }
    all
}

fn named(r: &Read<'_>, env: &Env, text: &str) -> Result<Option<Value>> {
    let Ok(uri) = ResourceUri::parse(text) else { return Ok(None) };
    let found = store::resource::by_uri(r, &uri)?;
    // Clients compare with what the person typed, so a document at an alias' address names the alias.
    Ok(found.map(|resource| document(env, &resource, &uri)))
}

/// A client that knows only our origin means the one resource there is on it.
fn only(r: &Read<'_>, env: &Env) -> Result<Option<Value>> {
    let own = env.site.public_url.origin();
    let here = |resource: &Resource| {
        Url::parse(resource.uri.as_str()).is_ok_and(|uri| uri.origin() == own)
    };
    let mut all = store::resource::list(r)?;
    Ok(match (all.pop(), all.is_empty()) {
        (Some(resource), true) if own.is_tuple() && here(&resource) => {
            Some(document(env, &resource, &resource.uri))
        }
        _ => None,
    })
}

/// The document (RFC 9728 §2), without a member that would say nothing.
fn document(env: &Env, resource: &Resource, spelled: &ResourceUri) -> Value {
    let mut document = Map::new();
    let mut put = |name: &str, value: Value| document.insert(name.to_owned(), value);
    put("resource", spelled.as_str().into());
    put("authorization_servers", vec![env.site.issuer.as_str()].into());
    let scopes: Vec<_> = offered(resource).collect();
    if !scopes.is_empty() {
        put("scopes_supported", scopes.into());
    }
    put("bearer_methods_supported", vec!["header"].into());
    put("resource_name", resource.name.as_str().into());
    Value::Object(document)
}

/// The scopes that a client should begin with: many ask for all they are told of. What takes more, such as a second
/// factor or a role, is asked for when it is needed (RFC 6750 §3.1, `insufficient_scope`).
fn offered(resource: &Resource) -> impl Iterator<Item = &str> {
    let ordinary = resource.scopes.iter().filter(|scope| {
        scope.is_default && scope.risk != Risk::Sensitive && !scope.name.starts_with(ADMIN_PREFIX)
    });
    ordinary.map(|scope| scope.name.as_str())
}
