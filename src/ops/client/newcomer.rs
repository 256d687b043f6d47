//! Clients that came by themselves, by registration or by a document: how they are let in, how many there may be, and
//! when the unused ones go.

use std::time::Duration;

use crate::{
    config::authentication::Approval,
    db::{Read, Write},
    error::{Error, Result},
    model::{
        actor::Actor,
        audit::Event,
        client::{Client, ClientOrigin, ClientState},
        ending,
        id::ClientId,
        redirect::host_of,
    },
    ops::{attempt::network_key, audit, env::Env},
    store,
};

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(86_400);
/// When it may be worth trying again where all are in use.
const LATER: Duration = Duration::from_secs(3_600);
/// Where there are as many as may be: how many one network may bring in a minute, and all of them together as far as
/// they brought one in this minute already. Each leaves a row in the audit.
const A_MINUTE: (u32, u32) = (60, 1_200);
/// As many go in one transaction as are gone in a moment.
const AT_ONCE: u32 = 1_000;
/// As many are named in an audit row.
const NAMED: usize = 20;

/// How a client of that origin begins: used at once, or waiting for an administrator.
pub fn admission(env: &Env, origin: ClientOrigin) -> ClientState {
    match (origin, env.config.authentication.clients.approval) {
        (ClientOrigin::Dynamic | ClientOrigin::Document, Approval::FirstSeen) => {
            ClientState::Pending
        }
        (ClientOrigin::Dynamic | ClientOrigin::Document, Approval::None)
        | (ClientOrigin::BuiltIn | ClientOrigin::Static, _) => ClientState::Active,
    }
}

/// Lets a client that came by itself begin anew with everyone who had let it in, if it looks different now, answers
/// elsewhere or may do more: people agreed to what it was, and so did the administrator. What it holds ends as well where
/// strangers could have made it what it is; of a document, its owner has the address. One that is switched off stays so.
pub fn begin_anew(tx: &Write<'_>, env: &Env, before: &Client, client: &mut Client) -> Result<bool> {
    let same = client.name == before.name
        && client.redirect_uris == before.redirect_uris
        && client.grant_types == before.grant_types
        && client.client_uri == before.client_uri
        && client.post_logout_redirect_uris == before.post_logout_redirect_uris
        && client.backchannel_logout_uri == before.backchannel_logout_uri;
    if same {
        return Ok(false);
    }
    store::consent::forget_client(tx, &client.id)?;
    store::registration::unapprove(tx, &client.id)?;
    if client.origin == ClientOrigin::Dynamic {
        store::grant::revoke_of_client(tx, &client.id, ending::CLIENT_CHANGED)?;
    }
    if client.state == ClientState::Active {
        client.state = admission(env, client.origin);
        store::client::set_state(tx, &client.id, client.state)?;
    }
    Ok(true)
}

/// Whether a client is more than a stranger here: an operator entered it or let it in, or a person did and has not taken
/// that back.
pub fn is_in_use(r: &Read<'_>, client: &Client) -> Result<bool> {
    match client.origin {
        ClientOrigin::BuiltIn | ClientOrigin::Static => Ok(true),
        ClientOrigin::Dynamic | ClientOrigin::Document => {
            store::registration::is_in_use(r, &client.id)
        }
    }
}

/// Why no more may come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Full {
    /// Somebody uses each of those that are there.
    InUse,
    /// There are as many as may be, and too many came at once.
    Rush,
}

impl From<Full> for Error {
    fn from(full: Full) -> Self {
        match full {
            Full::InUse => {
                let what = "as many apps have registered here as may, and all of them are in use";
                Self::limited(what, LATER)
                    .with_next("raise authentication.clients.most, or mcpcodex client delete ID")
            }
            Full::Rush => {
                Self::limited("too many apps register at once; try again in a minute", MINUTE)
            }
        }
    }
}

/// Whether one more may come, if need be in the place of one that nobody uses.
pub fn has_room(r: &Read<'_>, env: &Env) -> Result<bool> {
    Ok(store::registration::count(r)? < env.config.authentication.clients.most
        || store::registration::has_never_used(r)?)
}

/// Sees to it that one more may come, brought by `who`. When there are as many as may be, some go that nobody ever let
/// in, first of the network that brought most of them: a flood makes room for itself, and whoever comes from elsewhere
/// finds a place at once. Nothing that is in use, or that an administrator let in, ever goes.
pub fn make_room(tx: &Write<'_>, env: &Env, who: &Actor) -> Result<Result<(), Full>> {
    let most = env.config.authentication.clients.most;
    if store::registration::count(tx)? < most {
        return Ok(Ok(()));
    }
    let network = network_key(&who.origin.address);
    let (here, all) = store::registration::came_since(tx, &network, tx.now.minus(MINUTE))?;
    // Of a small number one network may have renewed half in a minute.
    if here >= A_MINUTE.0.min(most / 2).max(1) || (all >= A_MINUTE.1 && here > 0) {
        return Ok(Err(Full::Rush));
    }
    let gone = store::registration::in_the_way(tx, (most / 100).clamp(1, AT_ONCE))?;
    if gone.is_empty() {
        return Ok(Err(Full::InUse));
    }
    forget(tx, &Actor::system(), &gone)?;
    Ok(Ok(()))
}

/// Notes whence a newcomer came that was just added.
pub fn arrived(tx: &Write<'_>, who: &Actor, id: &ClientId) -> Result<()> {
    store::registration::arrive(tx, id, &network_key(&who.origin.address))
}

/// Forgets those that nobody has used for as long as the configuration says; some each time.
pub fn sweep(tx: &Write<'_>, env: &Env) -> Result<usize> {
    let days = env.config.authentication.clients.unused_days;
    let ids = store::registration::idle(tx, tx.now.minus(DAY * days), AT_ONCE)?;
    forget(tx, &Actor::system(), &ids)?;
    Ok(ids.len())
}

/// A client that waits for an administrator, as the person who wants to use it sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// What an administrator calls it by.
    pub id: ClientId,
    /// The name it gave itself.
    pub name: String,
    /// Where it comes from or answers to.
    pub place: String,
}

impl Waiting {
    /// What is said of a client.
    pub fn of(client: &Client, redirect_uri: &str) -> Self {
        let place = match client.origin {
            ClientOrigin::Document => host_of(client.id.as_str()),
            ClientOrigin::Dynamic | ClientOrigin::Static | ClientOrigin::BuiltIn => None,
        };
        let scheme = || redirect_uri.split(':').next().unwrap_or_default().to_owned();
        Self {
            id: client.id.clone(),
            name: client.name.clone(),
            place: place.or_else(|| host_of(redirect_uri)).unwrap_or_else(scheme),
        }
    }
}

/// Lets in a client that waits; of one that came in by itself it says that somebody here has looked at it.
pub fn approve(tx: &Write<'_>, who: &Actor, id: &ClientId) -> Result<Client> {
    who.must_operate()?;
    let stranger = store::client::by_id(tx, id)?.filter(|client| {
        let came = matches!(client.origin, ClientOrigin::Dynamic | ClientOrigin::Document);
        came && client.is_active()
    });
    let client = match stranger {
        Some(client) if !store::registration::is_approved(tx, id)? => client,
        Some(_) | None => decide(tx, who, id, ClientState::Active)?,
    };
    store::registration::approve(tx, id)?;
    record(tx, who, "client.approve", &client)?;
    Ok(client)
}

/// Keeps out a client that waits, also when it comes again.
pub fn deny(tx: &Write<'_>, who: &Actor, id: &ClientId) -> Result<Client> {
    let client = decide(tx, who, id, ClientState::Disabled)?;
    record(tx, who, "client.deny", &client)?;
    Ok(client)
}

fn decide(tx: &Write<'_>, who: &Actor, id: &ClientId, to: ClientState) -> Result<Client> {
    who.must_operate()?;
    let missing = || Error::not_found("client", id).with_next("mcpcodex client list --pending");
    let client = store::client::by_id(tx, id)?.ok_or_else(missing)?;
    if client.state != ClientState::Pending || !store::client::set_state(tx, id, to)? {
        return Err(Error::conflict("the client does not wait for an administrator")
            .with_next("mcpcodex client list --pending"));
    }
    Ok(Client { state: to, ..client })
}

fn record(tx: &Write<'_>, who: &Actor, event: &'static str, client: &Client) -> Result<()> {
    let event = Event::new(event).client(&client.id).with("name", client.name.as_str());
    audit::record(tx, who, &event)
}

/// Those that nobody has used for so long: `prune` would forget them.
pub fn unused(r: &Read<'_>, who: &Actor, unseen: Duration) -> Result<Vec<Client>> {
    who.must_operate()?;
    let ids = store::registration::idle(r, r.now.minus(unseen), u32::MAX)?;
    let mut clients = Vec::with_capacity(ids.len());
    for id in ids {
        clients.extend(store::client::by_id(r, &id)?);
    }
    Ok(clients)
}

/// Forgets those that nobody has used for so long; answers which.
pub fn prune(tx: &Write<'_>, who: &Actor, unseen: Duration) -> Result<Vec<ClientId>> {
    who.must_operate()?;
    let ids = store::registration::idle(tx, tx.now.minus(unseen), u32::MAX)?;
    forget(tx, who, &ids)?;
    Ok(ids)
}

fn forget(tx: &Write<'_>, who: &Actor, ids: &[ClientId]) -> Result<()> {
    for id in ids {
        store::client::delete(tx, id)?;
    }
    if ids.is_empty() {
        return Ok(());
    }
    let named: Vec<_> = ids.iter().take(NAMED).map(ClientId::as_str).collect();
    let event = Event::new("client.prune").with("count", ids.len()).with("clients", named);
    audit::record(tx, who, &event)
}
