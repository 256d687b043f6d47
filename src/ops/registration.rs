//! Clients that register themselves (RFC 7591) and look after their registration (RFC 7592).
//! What a registration may say is `model::registration`; how many there may be is `client::newcomer`.

use super::{audit, client::newcomer, env::Env};
use crate::{
    config::authentication::Registration as Mode,
    crypto::secret::{Hashed, Plain, b64, random_token},
    db::{Read, Write},
    error::Result,
    model::{
        actor::Actor,
        audit::Event,
        client::{Client, ClientOrigin},
        id::ClientId,
        redirect::RedirectUri,
        registration::{Members, Metadata},
        scope::{ADMIN_PREFIX, STANDARD, ScopeSet},
    },
    store,
};

pub mod initial;

/// A registered client as it is told of itself.
#[derive(Clone, Debug)]
pub struct Registered {
    /// The client.
    pub client: Client,
    /// Where answers may go, as it spelled them this time.
    pub redirect_uris: Vec<String>,
    /// What is told beside the client.
    pub beside: Members,
    /// Its secret, if it has just got one.
    pub secret: Option<Plain>,
    /// What it looks after its registration with, if it has just got one.
    pub token: Option<Plain>,
}

/// What becomes of a registration.
#[derive(Clone, Debug)]
pub enum Answer {
    /// It is registered.
    Registered(Box<Registered>),
    /// An initial access token is needed, and this is none.
    NoToken,
    /// Nobody may register.
    Off,
}

/// Registers a client. One without a secret that registers the same again is the same client: what a stranger gets to
/// know by that is its `client_id`, which is no secret, and no more.
pub fn register(
    tx: &Write<'_>,
    env: &Env,
    who: &Actor,
    metadata: &Metadata,
    token: Option<&str>,
) -> Result<Answer> {
    match env.config.authentication.clients.dynamic_registration {
        Mode::Off => return Ok(Answer::Off),
        Mode::Open => {}
        Mode::Token => {
            let hash = Hashed::of(token.unwrap_or_default());
            if store::registration::use_token(tx, &hash)?.is_none() {
                return Ok(Answer::NoToken);
            }
        }
    }
    let registered = if metadata.auth_method.has_secret() {
        confidential(tx, env, who, metadata)?
    } else {
        without_secret(tx, env, who, metadata)?
    };
    Ok(Answer::Registered(Box::new(registered)))
}

/// Each is a client of its own: a secret cannot be shown twice.
fn confidential(tx: &Write<'_>, env: &Env, who: &Actor, metadata: &Metadata) -> Result<Registered> {
    let (secret, token) = (random_token(32), random_token(32));
    let client = add(tx, env, who, ClientId::new(), metadata, Some(&secret))?;
    let hash = Hashed::of(token.expose());
    store::registration::insert(tx, &client.id, None, Some(&hash), &metadata.beside())?;
    told(tx, client, metadata, Some(secret), Some(token))
}

fn without_secret(
    tx: &Write<'_>,
    env: &Env,
    who: &Actor,
    metadata: &Metadata,
) -> Result<Registered> {
    let digest = metadata.digest();
    if let Some(id) = store::registration::seen_again(tx, &digest)?
        && let Some(client) = store::client::by_id(tx, &id)?
    {
        return told(tx, client, metadata, None, None);
    }
    // The same after a backup was restored that does not know it: the app need not notice.
    let mac = env.keys.vault.mac("registration", digest.as_bytes());
    let id = ClientId::from_text(format!("c_{}", b64(mac.get(..16).unwrap_or_default())));
    let client = add(tx, env, who, id, metadata, None)?;
    store::registration::insert(tx, &client.id, Some(&digest), None, &metadata.beside())?;
    told(tx, client, metadata, None, None)
}

fn add(
    tx: &Write<'_>,
    env: &Env,
    who: &Actor,
    id: ClientId,
    metadata: &Metadata,
    secret: Option<&Plain>,
) -> Result<Client> {
    newcomer::make_room(tx, env, who)??;
    let origin = ClientOrigin::Dynamic;
    let mut client = Client {
        origin,
        state: newcomer::admission(env, origin),
        ..Client::new(id, String::new(), tx.now)
    };
    metadata.write_onto(&mut client);
    let hash = secret.map(|secret| Hashed::of(secret.expose()));
    store::client::insert(tx, &client, hash.as_ref())?;
    newcomer::arrived(tx, who, &client.id)?;
    let event = Event::new("client.register")
        .client(&client.id)
        .with("name", client.name.as_str())
        .with("state", client.state.as_str());
    audit::record(tx, who, &event)?;
    Ok(client)
}

fn told(
    r: &Read<'_>,
    client: Client,
    metadata: &Metadata,
    secret: Option<Plain>,
    token: Option<Plain>,
) -> Result<Registered> {
    // What an administrator changed since counts; a port of this computer is told back as it came. Some register the
    // same address with a port and without: each of theirs is told once.
    let mut asked: Vec<_> = metadata.redirect_uris.iter().collect();
    let mut spelled = |own: &RedirectUri| {
        let same = asked.iter().position(|uri| *uri == own);
        let at = same.or_else(|| asked.iter().position(|uri| own.fits(uri.as_str())));
        at.map_or(own, |at| asked.remove(at)).as_str().to_owned()
    };
    let redirect_uris = client.redirect_uris.iter().map(&mut spelled).collect();
    let beside = known(r, metadata.beside())?;
    Ok(Registered { client, redirect_uris, beside, secret, token })
}

/// Of the scopes that a client means to ask for, those that there are. When none of them is, it is told what there is
/// everywhere; when it named none, nothing is said that it might take for all there is.
fn known(r: &Read<'_>, mut beside: Members) -> Result<Members> {
    let Some(asked) = beside.get("scope").and_then(|scope| scope.as_str()) else {
        return Ok(beside);
    };
    let offered = store::registration::offered_scopes(r)?;
    let had = ScopeSet::parse(asked).filter(|scope| {
        STANDARD.contains(&scope)
            || (!scope.starts_with(ADMIN_PREFIX) && offered.iter().any(|own| own == scope))
    });
    let told = if had.is_empty() { ScopeSet::from_words(STANDARD) } else { had };
    beside.insert("scope".to_owned(), told.to_string().into());
    Ok(beside)
}

/// What becomes of a client's wish about its registration.
#[derive(Clone, Debug)]
pub enum Managed<T> {
    /// It is done.
    Done(T),
    /// No such client, or this is not its token.
    NotYours,
    /// It was switched off, and may not look after itself any more.
    SwitchedOff,
}

/// A client whose token was right, with the digest of that token.
struct Own {
    client: Client,
    token: Hashed,
    beside: Members,
}

/// Finds the client if the token is its own (RFC 7592 §2).
fn own(r: &Read<'_>, id: &ClientId, token: &str) -> Result<Managed<Box<Own>>> {
    let Some(registration) = store::registration::get(r, id)? else { return Ok(Managed::NotYours) };
    let token = Hashed::of(token);
    if !registration.token.is_some_and(|own| own.matches(&token)) {
        return Ok(Managed::NotYours);
    }
    let Some(client) = store::client::by_id(r, id)? else { return Ok(Managed::NotYours) };
    if client.state == crate::model::client::ClientState::Disabled {
        return Ok(Managed::SwitchedOff);
    }
    Ok(Managed::Done(Box::new(Own { client, token, beside: registration.beside })))
}

/// Tells a client what is registered (RFC 7592 §2.1).
pub fn read(r: &Read<'_>, id: &ClientId, token: &str) -> Result<Managed<Registered>> {
    let own = match own(r, id, token)? {
        Managed::Done(own) => *own,
        Managed::NotYours => return Ok(Managed::NotYours),
        Managed::SwitchedOff => return Ok(Managed::SwitchedOff),
    };
    let redirect_uris = own.client.redirect_uris.iter().map(|uri| uri.as_str().to_owned());
    Ok(Managed::Done(Registered {
        redirect_uris: redirect_uris.collect(),
        beside: known(r, own.beside)?,
        client: own.client,
        secret: None,
        token: None,
    }))
}

/// Registers a client anew under its old id, and gives it a new token; the old one ends (RFC 7592 §2.2). One that looks
/// different afterwards, or answers elsewhere, begins anew with everyone who had let it in.
pub fn update(
    tx: &Write<'_>,
    env: &Env,
    who: &Actor,
    id: &ClientId,
    token: &str,
    metadata: &Metadata,
) -> Result<Managed<Registered>> {
    let own = match own(tx, id, token)? {
        Managed::Done(own) => *own,
        Managed::NotYours => return Ok(Managed::NotYours),
        Managed::SwitchedOff => return Ok(Managed::SwitchedOff),
    };
    let before = own.client;
    let mut client = before.clone();
    metadata.write_onto(&mut client);
    let secret = exchange_secret(tx, &before, &client)?;
    store::client::update(tx, &client)?;
    newcomer::begin_anew(tx, env, &before, &mut client)?;
    let fresh = random_token(32);
    let hash = Hashed::of(fresh.expose());
    if !store::registration::update(tx, id, &own.token, &hash, &metadata.beside())? {
        return Ok(Managed::NotYours);
    }
    let event = Event::new("client.edit").client(id).with("name", client.name.as_str());
    audit::record(tx, who, &event)?;
    told(tx, client, metadata, secret, Some(fresh)).map(Managed::Done)
}

/// A client that changes how it proves itself gets a secret or loses it.
fn exchange_secret(tx: &Write<'_>, before: &Client, after: &Client) -> Result<Option<Plain>> {
    match (before.auth_method.has_secret(), after.auth_method.has_secret()) {
        (false, true) => {
            let secret = random_token(32);
            store::client::set_secret(tx, &after.id, &Hashed::of(secret.expose()))?;
            Ok(Some(secret))
        }
        (true, false) => {
            store::client::drop_secret(tx, &after.id)?;
            Ok(None)
        }
        (true, true) | (false, false) => Ok(None),
    }
}

/// Removes a client at its own wish, with everything it was given (RFC 7592 §2.3).
pub fn delete(tx: &Write<'_>, who: &Actor, id: &ClientId, token: &str) -> Result<Managed<()>> {
    let own = match own(tx, id, token)? {
        Managed::Done(own) => own,
        Managed::NotYours => return Ok(Managed::NotYours),
        Managed::SwitchedOff => return Ok(Managed::SwitchedOff),
    };
    store::client::delete(tx, id)?;
    let event = Event::new("client.delete").client(id).with("name", own.client.name);
    audit::record(tx, who, &event)?;
    Ok(Managed::Done(()))
}
