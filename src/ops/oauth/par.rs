//! Requests that clients push before they send the browser (RFC 9126): checked at once like any other, kept for a minute
//! under a name that nobody can guess, and used once.

use std::time::Duration;

use super::{
    Code, Refusal,
    begin::Unsure,
    request::{self, Aim, Params, Source},
    whence::Whence,
};
use crate::{
    crypto::secret::{Hashed, random_token},
    db::{Read, Write},
    error::Result,
    model::{
        actor::Actor,
        authorization::REQUEST_LIFETIME,
        client::Client,
        id::{ClientId, RequestId},
        trace::Rule,
    },
    ops::env::Env,
    store::{self, pushed::Crowd},
};

/// How `request_uri` begins when it is one of ours (RFC 9126 §2.2).
pub const PREFIX: &str = "urn:ietf:params:oauth:request_uri:";
/// How long a client may take from pushing to sending the browser here.
pub const LIFETIME: Duration = Duration::from_secs(90);
/// A request with an ID token as a hint has some two thousand bytes. Counted as it is kept.
const LONGEST: usize = 20_480;
/// Requests that are kept of one client.
const OF_CLIENT: u32 = 1_000;
/// Requests, and bytes of them, that are kept of clients that nobody here uses.
const OF_STRANGERS: (u32, u32) = (4_000, 16 * 1024 * 1024);
/// The same of all others.
const OF_KNOWN: (u32, u32) = (20_000, 64 * 1024 * 1024);
/// How a client proves itself belongs to the endpoint, not to the request.
const CREDENTIALS: [&str; 3] = ["client_secret", "client_assertion", "client_assertion_type"];

/// A request that was taken.
#[derive(Clone, Debug)]
pub struct Pushed {
    /// What the browser brings instead of the request.
    pub request_uri: String,
    /// How long it counts.
    pub expires_in: Duration,
}

/// Checks and keeps a request of `client`, which has proved itself, and perhaps a key of thumbprint `jkt`.
pub fn push(
    tx: &Write<'_>,
    env: &Env,
    who: &Actor,
    client: &Client,
    pairs: &[(String, String)],
    jkt: Option<&str>,
) -> Result<Result<Pushed, Refusal>> {
    let refuse = |rule, why: &'static str| Ok(Err(Refusal::new(Code::InvalidRequest, rule, why)));
    let mut kept: Vec<(String, String)> = Vec::with_capacity(pairs.len().saturating_add(1));
    kept.extend(pairs.iter().filter(|(name, _)| !CREDENTIALS.contains(&name.as_str())).cloned());
    if !kept.iter().any(|(name, _)| name == "client_id") {
        kept.push(("client_id".to_owned(), client.id.as_str().to_owned()));
    }
    let text = store::pushed::text(&kept);
    if text.len() > LONGEST {
        return refuse(Rule::TooLong, "the request is longer than 20480 bytes");
    }
    let params = Params::read(&kept);
    if params.get("request_uri").is_some() {
        let why = "request_uri cannot be pushed (RFC 9126 section 2.1)";
        return refuse(Rule::RequestObject, why);
    }
    let Some(uri) = params.get("redirect_uri").filter(|uri| client.accepts_redirect(uri)) else {
        let none = params.get("redirect_uri").is_none();
        let rule = if none { Rule::RedirectMissing } else { Rule::RedirectUnknown };
        return refuse(rule, "redirect_uri is missing or not registered for this client");
    };
    let aim = Aim { client, redirect_uri: uri };
    let source = Source::Pushed { jkt };
    if let Err(refusal) = request::check(tx, env, RequestId::new(), &params, &aim, source)? {
        return Ok(Err(refusal));
    }
    let Whence { network, stranger } = Whence::of(tx, who, client)?;
    make_room(tx, &client.id, stranger)?;
    let reference = random_token(32);
    let hash = Hashed::of(reference.expose());
    let new =
        store::pushed::New { client: &client.id, text: &text, jkt, network: &network, stranger };
    store::pushed::insert(tx, &hash, &new, LIFETIME)?;
    let request_uri = format!("{PREFIX}{}", reference.expose());
    Ok(Ok(Pushed { request_uri, expires_in: LIFETIME }))
}

/// A flood of one client pushes out its own requests, and one of strangers those of strangers; of these first those that
/// came from where the flood comes from, since public clients can be flooded by anyone.
fn make_room(tx: &Write<'_>, client: &ClientId, stranger: bool) -> Result<()> {
    if store::pushed::count(tx, Crowd::Client(client))?.0 >= OF_CLIENT {
        store::pushed::sweep(tx)?;
        store::pushed::thin_out(tx, Crowd::Client(client), OF_CLIENT / 10)?;
    }
    let (crowd, (most, bytes)) =
        if stranger { (Crowd::Strangers, OF_STRANGERS) } else { (Crowd::Known, OF_KNOWN) };
    let kept = store::pushed::count(tx, crowd)?;
    if kept.0 >= most || kept.1 >= bytes {
        store::pushed::sweep(tx)?;
        store::pushed::thin_out(tx, crowd, most / 10)?;
    }
    Ok(())
}

/// What a browser's `request_uri` stands for.
pub(super) enum Opened {
    /// The request, taken by this browser for good.
    Request(Box<store::pushed::Pushed>),
    /// The page was loaded again: this request waits already.
    Again(RequestId),
    /// Nothing, or nothing any more.
    No(Unsure),
}

/// Uses a pushed request, once, as `id`. Whatever else the browser brought counts for nothing (RFC 9126 §4).
pub(super) fn open(
    tx: &Write<'_>,
    browser: &Hashed,
    id: &RequestId,
    params: &Params<'_>,
    reference: &str,
) -> Result<Opened> {
    if params.twice.iter().any(|name| matches!(*name, "client_id" | "request_uri")) {
        return Ok(Opened::No(Unsure::Ambiguous));
    }
    let gone = Ok(Opened::No(Unsure::UnknownRequest));
    let hash = Hashed::of(reference);
    let Some(pushed) = store::pushed::by_reference(tx, &hash)? else { return gone };
    if params.get("client_id") != Some(pushed.client.as_str()) {
        return gone;
    }
    if let Some(request) = &pushed.request {
        // Answered already, or another browser's: then it is not found.
        let waits = store::authorization::request(tx, request, browser)?.is_some();
        return if waits { Ok(Opened::Again(request.clone())) } else { gone };
    }
    if !store::pushed::spend(tx, &hash, id, REQUEST_LIFETIME)? {
        return gone;
    }
    Ok(Opened::Request(Box::new(pushed)))
}

/// The languages that a pushed request asks for (`ui_locales`), for the first page that is shown for it.
pub fn locales(r: &Read<'_>, pairs: &[(String, String)]) -> Result<Option<String>> {
    let params = Params::read(pairs);
    let Some(reference) = reference(&params) else { return Ok(None) };
    let pushed = store::pushed::by_reference(r, &Hashed::of(reference))?;
    // Somebody else's says nothing here.
    let own = pushed.filter(|pushed| params.get("client_id") == Some(pushed.client.as_str()));
    Ok(own.and_then(|pushed| Params::read(&pushed.pairs).get("ui_locales").map(str::to_owned)))
}

/// The part of a `request_uri` of ours that names the request.
pub(super) fn reference<'p>(params: &Params<'p>) -> Option<&'p str> {
    params.get("request_uri").and_then(|uri| uri.strip_prefix(PREFIX))
}
