//! Apps that are known by a document at their own URL: whether one is taken, when it is asked for again, and what
//! becomes of what it says. The fetching itself is the faces' matter: [`need`], fetch, [`keep`].

use std::fmt;

use super::{
    audit,
    client::newcomer::{self, Full},
    env::Env,
};
use crate::{
    config::authentication::MetadataDocuments,
    crypto::secret::{Hashed, b64, sha256},
    db::{Read, Write},
    error::Result,
    model::{
        actor::Actor,
        audit::Event,
        client::{Client, ClientOrigin, ClientState},
        document::{Document, DocumentUrl, Flaw, STALE, freshness},
        fetch::{Fault, Fetched},
        id::ClientId,
        redirect::RedirectUri,
    },
    store::{self, document::Seen},
};

/// Why an app that names itself by a URL is not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// Documents are switched off here.
    Off,
    /// Its domain is not one of those listed here.
    Domain,
    /// There are as many apps here that came by themselves as there may be, and all are in use.
    Full,
    /// The document cannot be fetched.
    Fault(Fault),
    /// The document says something that cannot be.
    Flaw(Flaw),
    /// A client of that id was made here by other means.
    Taken,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Off => f.write_str("client ID metadata documents are switched off here"),
            Self::Domain => f.write_str("its domain is not among those that are taken here"),
            Self::Full => f.write_str("too many apps are known here already"),
            Self::Fault(fault) => write!(f, "its metadata document cannot be fetched: {fault}"),
            Self::Flaw(flaw) => write!(f, "its metadata document cannot be used: {flaw}"),
            Self::Taken => f.write_str("a client of that id was registered here by other means"),
        }
    }
}

/// What is to be done before a request of a client can be decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Need {
    /// Nothing: it is known well enough, or known by other means.
    Nothing,
    /// Its document must be fetched.
    Fetch(Box<Fetch>),
    /// It is not taken, whatever its document says.
    Refused(Problem),
}

/// A document that must be fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetch {
    /// From where.
    pub url: DocumentUrl,
    /// By which the server can say that nothing changed.
    pub etag: Option<String>,
    /// Whether the app is known here.
    pub known: bool,
    /// Whether somebody here uses it, or an administrator let it in: then no flood of strangers' wishes holds it up.
    pub in_use: bool,
    /// Whether what is known of it still does if there is no document to be had now.
    pub stale: bool,
}

/// Says what is to be done about a `client_id`.
pub fn need(r: &Read<'_>, env: &Env, client_id: &str) -> Result<Need> {
    if !DocumentUrl::is_meant(client_id) {
        return Ok(Need::Nothing);
    }
    let client = store::client::by_id(r, &ClientId::from_text(client_id))?;
    if client.as_ref().is_some_and(|client| client.origin != ClientOrigin::Document) {
        return Ok(Need::Nothing);
    }
    let refused = |problem| Ok(Need::Refused(problem));
    let clients = &env.config.authentication.clients;
    if clients.metadata_documents == MetadataDocuments::Off {
        return refused(Problem::Off);
    }
    let url = match DocumentUrl::parse(client_id) {
        Ok(url) => url,
        Err(fault) => return refused(Problem::Fault(fault)),
    };
    if clients.metadata_documents == MetadataDocuments::Domains && !url.is_within(&clients.domains)
    {
        return refused(Problem::Domain);
    }
    let Some(client) = client else {
        // Asked before anything is fetched: who finds the house full is not looked at.
        if !newcomer::has_room(r, env)? {
            return refused(Problem::Full);
        }
        let fetch = Fetch { url, etag: None, known: false, in_use: false, stale: false };
        return Ok(Need::Fetch(Box::new(fetch)));
    };
    if client.state == ClientState::Disabled {
        return Ok(Need::Nothing);
    }
    let seen = store::document::seen(r, &client.id)?;
    let fresh_until = seen.as_ref().map(|seen| seen.fresh_until).unwrap_or_default();
    if r.now < fresh_until {
        return Ok(Need::Nothing);
    }
    let etag = seen.and_then(|seen| seen.etag);
    let stale = r.now < fresh_until.plus(STALE);
    let in_use = newcomer::is_in_use(r, &client)?;
    Ok(Need::Fetch(Box::new(Fetch { url, etag, known: true, in_use, stale })))
}

/// Takes what was fetched: a new client, a changed one, or the same as before.
pub fn keep(
    tx: &Write<'_>,
    env: &Env,
    who: &Actor,
    url: &DocumentUrl,
    fetched: &Fetched,
) -> Result<Result<(), Problem>> {
    let id = ClientId::from_text(url.as_str());
    let client = store::client::by_id(tx, &id)?;
    if client.as_ref().is_some_and(|client| client.origin != ClientOrigin::Document) {
        return Ok(Err(Problem::Taken));
    }
    let before = store::document::seen(tx, &id)?;
    let (bytes, etag, fresh) = match (fetched, before) {
        (Fetched::Body { bytes, etag, fresh }, before) => {
            if let (Some(before), Some(_)) = (before, &client)
                && before.digest.matches(&digest(bytes))
            {
                note(tx, &id, etag.clone(), before.digest, *fresh)?;
                return Ok(Ok(()));
            }
            (bytes, etag, fresh)
        }
        (Fetched::Unchanged { fresh }, Some(before)) => {
            note(tx, &id, before.etag, before.digest, *fresh)?;
            return Ok(Ok(()));
        }
        // It went in the meantime; whoever asks again gets it whole.
        (Fetched::Unchanged { .. }, None) => return Ok(Err(Problem::Fault(Fault::Broken))),
    };
    let document = match Document::read(url.as_str(), bytes) {
        Ok(document) => document,
        Err(flaw) => return Ok(Err(Problem::Flaw(flaw))),
    };
    if let Some(client) = client {
        change(tx, env, who, client, document)?;
    } else {
        match newcomer::make_room(tx, env, who)? {
            Ok(()) => {}
            Err(Full::InUse) => return Ok(Err(Problem::Full)),
            Err(Full::Rush) => {
                return Ok(Err(Problem::Fault(Fault::Busy("too many apps are new"))));
            }
        }
        add(tx, who, &id, document, newcomer::admission(env, ClientOrigin::Document))?;
    }
    note(tx, &id, etag.clone(), digest(bytes), *fresh)?;
    Ok(Ok(()))
}

fn digest(bytes: &[u8]) -> Hashed {
    // Of the digest's text: what is kept as `Hashed` is the digest of a text.
    Hashed::of(&b64(&sha256(bytes)))
}

fn note(
    tx: &Write<'_>,
    id: &ClientId,
    etag: Option<String>,
    digest: Hashed,
    fresh: Option<std::time::Duration>,
) -> Result<()> {
    let fresh_until = tx.now.plus(freshness(fresh));
    store::document::note(tx, id, &Seen { etag, digest, fetched_at: tx.now, fresh_until })
}

fn add(
    tx: &Write<'_>,
    who: &Actor,
    id: &ClientId,
    document: Document,
    state: ClientState,
) -> Result<()> {
    let mut client = Client {
        origin: ClientOrigin::Document,
        state,
        ..Client::new(id.clone(), String::new(), tx.now)
    };
    document.apply(&mut client);
    store::client::insert(tx, &client, None)?;
    newcomer::arrived(tx, who, id)?;
    let event = Event::new("client.create")
        .client(id)
        .with("name", client.name.as_str())
        .with("origin", client.origin.as_str())
        .with("redirect_uris", words(&client.redirect_uris));
    audit::record(tx, who, &event)
}

fn change(
    tx: &Write<'_>,
    env: &Env,
    who: &Actor,
    mut client: Client,
    document: Document,
) -> Result<()> {
    let before = client.clone();
    document.apply(&mut client);
    if client == before {
        return Ok(());
    }
    store::client::update(tx, &client)?;
    newcomer::begin_anew(tx, env, &before, &mut client)?;
    let mut event = Event::new("client.edit")
        .client(&client.id)
        .with("name", client.name.as_str())
        .with("origin", client.origin.as_str());
    if client.redirect_uris != before.redirect_uris {
        event = event
            .with("redirect_uris", words(&client.redirect_uris))
            .with("redirect_uris_before", words(&before.redirect_uris));
    }
    if (client.jwks.as_ref(), &client.jwks_uri) != (before.jwks.as_ref(), &before.jwks_uri) {
        event = event.with("keys", "changed");
    }
    audit::record(tx, who, &event)
}

fn words(uris: &[RedirectUri]) -> Vec<String> {
    uris.iter().map(|uri| uri.as_str().to_owned()).collect()
}
