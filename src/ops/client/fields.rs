//! What an operator may write into a client, checked.

use super::{Change, New};
use crate::{
    crypto::secret::Plain,
    db::{Read, Write},
    error::{Error, Result},
    model::{
        client::{AuthMethod, Client, GrantType},
        document::DocumentUrl,
        id::ClientId,
        redirect::RedirectUri,
        registration::{backchannel_uri, https_page, post_logout_uris},
        resource::ResourceUri,
        scope::{STANDARD, ScopeSet, is_scope},
    },
    store,
};

const MOST_URIS: usize = 32;

/// A name, or the URL by which an app names itself: what is entered here is never fetched. Not for one with a secret, which
/// could not show both by HTTP Basic.
pub(super) fn chosen_id(tx: &Write<'_>, id: String, method: AuthMethod) -> Result<ClientId> {
    let pinned = !method.has_secret() && DocumentUrl::parse(&id).is_ok();
    let fits = (3..=128).contains(&id.len())
        && id.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
    // `u_…` is how people are named (RFC 9700 §4.15).
    if !pinned && (!fits || id.starts_with("u_")) {
        return Err(Error::invalid(
            "client_id",
            "a client_id has 3 to 128 of: letters, digits, '-', '_' and '.', and does not begin with 'u_'; \
             or it is the https URL of the document by which an app without a secret names itself",
        ));
    }
    let id = ClientId::from_text(id);
    if store::client::by_id(tx, &id)?.is_some() {
        return Err(Error::conflict(format!("client \"{id}\" exists already")));
    }
    Ok(id)
}

pub(super) fn strong(secret: Plain) -> Result<Plain> {
    if secret.expose().len() < 32 {
        return Err(Error::invalid(
            "client_secret",
            "a client secret needs at least 32 characters",
        )
        .with_next("leave it out and one is made"));
    }
    Ok(secret)
}

pub(super) fn name(text: &str) -> Result<String> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > 100 || text.chars().any(char::is_control) {
        return Err(Error::invalid("name", "a client's name has 1 to 100 characters, on one line"));
    }
    Ok(text.to_owned())
}

/// What a client may do that gets no token of its own: the server of a resource, which only asks about tokens.
pub const NO_GRANT: &str = "none";

pub(super) fn grant_types(words: &[String]) -> Result<Vec<GrantType>> {
    match words {
        [] => return Ok(GrantType::USUAL.to_vec()),
        [only] if only == NO_GRANT => return Ok(Vec::new()),
        _ => {}
    }
    let mut grants = Vec::with_capacity(words.len());
    for word in words {
        let grant = GrantType::parse(word)?;
        if !grants.contains(&grant) {
            grants.push(grant);
        }
    }
    Ok(grants)
}

pub(super) fn scopes(words: &[String]) -> Result<ScopeSet> {
    if let Some(bad) = words.iter().find(|word| !is_scope(word)) {
        return Err(Error::invalid("scope", format!("\"{bad}\" cannot be a scope")));
    }
    if words.is_empty() {
        return Ok(ScopeSet::from_words(STANDARD));
    }
    Ok(ScopeSet::from_words(words.iter().map(String::as_str)))
}

pub(super) fn redirect_uris(texts: &[String]) -> Result<Vec<RedirectUri>> {
    if texts.len() > MOST_URIS {
        return Err(Error::invalid("redirect_uri", "a client has at most 32 redirect URIs"));
    }
    let mut uris: Vec<RedirectUri> = Vec::with_capacity(texts.len());
    for text in texts {
        let uri = RedirectUri::parse(text)?;
        if !uris.contains(&uri) {
            uris.push(uri);
        }
    }
    Ok(uris)
}

pub(super) fn resources(r: &Read<'_>, texts: &[String]) -> Result<Vec<ResourceUri>> {
    let mut uris: Vec<ResourceUri> = Vec::with_capacity(texts.len());
    for text in texts {
        let uri = ResourceUri::parse(text)?;
        if store::resource::by_uri(r, &uri)?.is_none() {
            return Err(
                Error::not_found("resource", uri.as_str()).with_next("mcpcodex resource list")
            );
        }
        if !uris.contains(&uri) {
            uris.push(uri);
        }
    }
    Ok(uris)
}

pub(super) fn reachable(client: &Client) -> Result<()> {
    if client.may(GrantType::AuthorizationCode) && client.redirect_uris.is_empty() {
        return Err(Error::invalid(
            "redirect_uri",
            "a client that signs people in needs at least one redirect URI",
        ));
    }
    let alone = [GrantType::ClientCredentials, GrantType::TokenExchange, GrantType::JwtBearer];
    match alone.into_iter().find(|grant| client.is_public() && client.may(*grant)) {
        None => Ok(()),
        Some(grant) => Err(Error::invalid(
            "grant",
            format!("a public client proves nothing and may not use {}", grant.as_str()),
        )
        .with_next("make a client with a secret: mcpcodex client create, without --public")),
    }
}

/// How a client to be proves itself: as it is said, else as follows from the rest.
pub(super) fn first_method(new: &New) -> Result<AuthMethod> {
    let signs = new.jwks.is_some() || new.jwks_uri.is_some();
    let fitting = match (new.public, signs) {
        (true, _) => AuthMethod::None,
        (false, true) => AuthMethod::PrivateKeyJwt,
        (false, false) => AuthMethod::Basic,
    };
    let Some(word) = &new.auth_method else { return Ok(fitting) };
    let said = method(word)?;
    if new.public && said != AuthMethod::None {
        return Err(Error::invalid("auth_method", "a public client proves nothing"));
    }
    if signs != (said == AuthMethod::PrivateKeyJwt) {
        return Err(Error::invalid("auth_method", "private_key_jwt and public keys go together")
            .with_next(
                "give --jwks or --jwks-uri with --auth-method private_key_jwt, or none of them",
            ));
    }
    Ok(said)
}

fn method(word: &str) -> Result<AuthMethod> {
    AuthMethod::parse(word).ok_or_else(|| {
        let known = AuthMethod::ALL.map(AuthMethod::as_str).join(", ");
        Error::invalid("auth_method", format!("\"{word}\" is not one of: {known}"))
    })
}

/// An address that may be left out: `""` is how it is taken away.
pub(super) fn home_page(text: &str) -> Result<Option<String>> {
    if text.is_empty() { Ok(None) } else { https_page(text).map(Some) }
}

/// The same, for who is told when a session ends.
pub(super) fn backchannel(text: &str) -> Result<Option<String>> {
    if text.is_empty() { Ok(None) } else { backchannel_uri(text).map(Some) }
}

/// Writes what is to change, as far as it needs no more than the client.
pub(super) fn write(client: &mut Client, change: &Change) -> Result<()> {
    if let Some(text) = &change.name {
        client.name = name(text)?;
    }
    if let Some(uris) = &change.redirect_uris {
        client.redirect_uris = redirect_uris(uris)?;
    }
    if let Some(grants) = &change.grant_types {
        client.grant_types = grant_types(grants)?;
    }
    if let Some(words) = &change.scopes {
        client.scopes = scopes(words)?;
    }
    if let Some(uris) = &change.post_logout_redirect_uris {
        let some: Vec<_> = uris.iter().filter(|uri| !uri.is_empty()).collect();
        client.post_logout_redirect_uris = post_logout_uris(&some)?;
    }
    if let Some(text) = &change.backchannel_logout_uri {
        client.backchannel_logout_uri = backchannel(text)?;
    }
    if let Some(text) = &change.client_uri {
        client.client_uri = home_page(text)?;
    }
    if let Some(word) = &change.auth_method {
        client.auth_method = method(word)?;
        client.either_way = false;
        let keys = client.jwks.is_some() || client.jwks_uri.is_some();
        if client.auth_method == AuthMethod::PrivateKeyJwt && !keys {
            return Err(Error::invalid("auth_method", "this client has no public keys")
                .with_next("make it anew with --jwks or --jwks-uri"));
        }
    }
    client.strict_refresh = change.strict_refresh.unwrap_or(client.strict_refresh);
    client.dpop_bound = change.dpop_bound.unwrap_or(client.dpop_bound);
    client.par_required = change.par_required.unwrap_or(client.par_required);
    Ok(())
}
