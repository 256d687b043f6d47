//! What a person is asked before a client gets anything, and what they allowed before.
//! When to ask is decided in `authorize`.

use std::time::Duration;

use crate::{
    db::{Read, Write},
    error::Result,
    model::{
        authorization::AuthorizationRequest,
        client::{Client, ClientOrigin},
        id::{ClientId, RequestId, UserId},
        redirect::{host_of, is_local},
        resource::{ResourceScope, ResourceUri, Risk},
        scope::{ADMIN_PREFIX, ScopeSet},
        user::User,
    },
    store,
};

/// Where the answer goes, as the person should see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// A host on the web.
    Host(String),
    /// A program on this computer, by the loopback host it listens on.
    ThisComputer(String),
    /// An app that registered a scheme of its own.
    App(String),
}

/// How far a client can be believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It belongs to this server.
    BuiltIn,
    /// An operator entered it.
    Entered,
    /// It came by itself, and an administrator let it in.
    Approved,
    /// It came by itself, and its address proves where from; nobody here looked at it.
    Addressed,
    /// It registered itself, and nobody here looked at it.
    Stranger,
}

/// How long a client that registered itself is new.
const NEW: Duration = Duration::from_secs(86_400);

/// One thing that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The scope.
    pub scope: String,
    /// What it lets the client do, in the words of the resource that has it.
    pub own: Option<String>,
    /// Whether it deserves a second look.
    pub sensitive: bool,
    /// Whether it was not allowed before.
    pub new: bool,
}

/// What the consent page says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The request that waits for the answer.
    pub request: RequestId,
    /// Who asks.
    pub client_id: ClientId,
    /// The name it goes by.
    pub client_name: String,
    /// How far it can be believed.
    pub standing: Standing,
    /// The host that its own address proves; none unless it is known by a document there.
    pub host: Option<String>,
    /// Whether it registered itself within the last day; none unless it registered itself.
    pub registered_today: Option<bool>,
    /// Where the answer goes.
    pub destination: Destination,
    /// Name and identifier of what the tokens are for.
    pub resources: Vec<(String, String)>,
    /// What is asked for.
    pub scopes: Vec<Line>,
    /// Who is asked.
    pub username: String,
    /// Their address.
    pub email: String,
    /// Whether all of it was allowed before, and is asked again since the app may be another one this time.
    pub again: bool,
    /// Goes back with the answer, to show that this was asked.
    pub shown: String,
}

/// What is asked for, as a page shows it.
pub(super) struct Offer {
    /// Name and identifier of what the tokens are for.
    pub(super) resources: Vec<(String, String)>,
    /// What is asked for.
    pub(super) scopes: Vec<Line>,
}

/// Puts the question together.
pub fn question(
    r: &Read<'_>,
    request: &AuthorizationRequest,
    client: &Client,
    user: &User,
    scopes: &ScopeSet,
) -> Result<Question> {
    let before = allowed(r, &user.id, &client.id, &request.resources)?;
    let again = !scopes.is_empty()
        && scopes.is_subset(&before)
        && !is_assured(r, client, &request.redirect_uri)?;
    let offer = offer(r, &before, &request.resources, scopes)?;
    Ok(Question {
        request: request.id.clone(),
        client_id: client.id.clone(),
        client_name: client.name.clone(),
        standing: standing(r, client)?,
        host: (client.origin == ClientOrigin::Document)
            .then(|| host_of(client.id.as_str()))
            .flatten(),
        registered_today: (client.origin == ClientOrigin::Dynamic)
            .then(|| r.now.since(client.created_at) < NEW),
        destination: destination(&request.redirect_uri),
        resources: offer.resources,
        scopes: offer.scopes,
        username: user.username.clone(),
        email: user.email.clone(),
        again,
        shown: String::new(),
    })
}

/// Resources and scopes in words; `before` is what was allowed earlier.
pub(super) fn offer(
    r: &Read<'_>,
    before: &ScopeSet,
    uris: &[ResourceUri],
    scopes: &ScopeSet,
) -> Result<Offer> {
    let mut resources = Vec::with_capacity(uris.len());
    let mut words: Vec<ResourceScope> = Vec::new();
    for uri in uris {
        if let Some(resource) = store::resource::by_uri(r, uri)? {
            resources.push((resource.name, uri.as_str().to_owned()));
            words.extend(resource.scopes);
        }
    }
    let line = |scope: &str| {
        let own = words.iter().find(|own| own.name == scope);
        Line {
            scope: scope.to_owned(),
            own: own.map(|own| own.description.clone()).filter(|text| !text.is_empty()),
            sensitive: scope.starts_with(ADMIN_PREFIX)
                || own.is_some_and(|own| own.risk == Risk::Sensitive),
            new: !before.has(scope),
        }
    };
    Ok(Offer { resources, scopes: scopes.iter().map(line).collect() })
}

fn standing(r: &Read<'_>, client: &Client) -> Result<Standing> {
    Ok(match client.origin {
        ClientOrigin::BuiltIn => Standing::BuiltIn,
        ClientOrigin::Static => Standing::Entered,
        ClientOrigin::Dynamic | ClientOrigin::Document
            if store::registration::is_approved(r, &client.id)? =>
        {
            Standing::Approved
        }
        ClientOrigin::Document => Standing::Addressed,
        ClientOrigin::Dynamic => Standing::Stranger,
    })
}

fn destination(uri: &str) -> Destination {
    if is_local(uri) {
        return Destination::ThisComputer(host_of(uri).unwrap_or_default());
    }
    let scheme = uri.split(':').next().unwrap_or_default();
    match host_of(uri) {
        Some(host) if scheme.eq_ignore_ascii_case("https") => Destination::Host(host),
        _ => Destination::App(scheme.to_owned()),
    }
}

/// Whether it is this client that gets the answer, as far as that can be known. What an app without a secret gets on the
/// person's own computer, any program there may have asked for and may get: only an administrator's word says that this
/// does not matter (RFC 8252 §8.6, RFC 6749 §10.2).
pub fn is_assured(r: &Read<'_>, client: &Client, redirect_uri: &str) -> Result<bool> {
    if !client.is_public() {
        return Ok(true);
    }
    Ok(match destination(redirect_uri) {
        Destination::Host(_) => true,
        Destination::ThisComputer(_) | Destination::App(_) => match standing(r, client)? {
            Standing::BuiltIn | Standing::Entered | Standing::Approved => true,
            Standing::Addressed | Standing::Stranger => false,
        },
    })
}

/// Whether everything was allowed before. A request for nothing in particular is asked about each time, since
/// nothing of it can be remembered.
pub fn covers(
    r: &Read<'_>,
    user: &UserId,
    client: &ClientId,
    resources: &[ResourceUri],
    scopes: &ScopeSet,
) -> Result<bool> {
    Ok(!scopes.is_empty() && scopes.is_subset(&allowed(r, user, client, resources)?))
}

/// Remembers what was allowed, beside what was before.
pub fn remember(
    tx: &Write<'_>,
    user: &UserId,
    client: &ClientId,
    resources: &[ResourceUri],
    scopes: &ScopeSet,
) -> Result<()> {
    for resource in keys(resources) {
        let all = store::consent::get(tx, user, client, resource)?.union(scopes);
        store::consent::put(tx, user, client, resource, &all)?;
    }
    Ok(())
}

/// What was allowed for every one of the resources.
fn allowed(
    r: &Read<'_>,
    user: &UserId,
    client: &ClientId,
    resources: &[ResourceUri],
) -> Result<ScopeSet> {
    let mut all: Option<ScopeSet> = None;
    for resource in keys(resources) {
        let here = store::consent::get(r, user, client, resource)?;
        all = Some(match all {
            Some(before) => before.filter(|scope| here.has(scope)),
            None => here,
        });
    }
    Ok(all.unwrap_or_default())
}

/// How resources are named in the table: no resource is one, too.
fn keys(resources: &[ResourceUri]) -> Vec<&str> {
    if resources.is_empty() {
        vec![""]
    } else {
        resources.iter().map(ResourceUri::as_str).collect()
    }
}
