//! The front door of `/authorize`: finds out for whom a request is and who may be told of a refusal, and keeps what
//! passed. What a request must say is `request`; what the person then sees is decided in `authorize`.

use super::{
    par::{self, Opened},
    reply::{Held, Post, Reply, Return, may_redirect},
    request::{self, Aim, Params, Source},
    whence::Whence,
};
use crate::{
    crypto::secret::Hashed,
    db::Write,
    error::Result,
    model::{
        actor::Actor,
        authorization::AuthorizationRequest,
        client::{Client, ClientState},
        id::{ClientId, RequestId, TraceId},
        trace::{Rule, Step},
    },
    ops::{
        client::newcomer,
        env::Env,
        trace::{self, Grounds},
    },
    store,
};

/// Requests that wait for a person, over all browsers: of clients that nobody here uses, and of all others.
const WAITING_MAX: (u32, u32) = (5_000, 20_000);

/// What becomes of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Begun {
    /// It waits for the person in this browser.
    Waiting(RequestId),
    /// The client is told what is wrong, by redirect.
    Redirect(String),
    /// The client waits for an administrator: the person is told, and nobody is redirected.
    Pending(Box<newcomer::Waiting>),
    /// The client is told what is wrong, by a form.
    Post(Post),
    /// The person is told what is wrong, and may go back to the client, for which nobody here vouches.
    Held(Box<Held>),
    /// It is not certain that the client is meant: the person is told, and nobody is redirected (RFC 9700 §4.11).
    Page(Unsure),
}

impl From<Reply> for Begun {
    fn from(reply: Reply) -> Self {
        match reply {
            Reply::Redirect(url) => Self::Redirect(url),
            Reply::Post(post) => Self::Post(post),
        }
    }
}

/// Why a request is answered with a page of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unsure {
    /// No client of that id.
    UnknownClient,
    /// The client was switched off.
    SwitchedOff,
    /// No redirect URI, or not one of the client's.
    UnknownRedirect,
    /// A parameter that decides about client or redirect came twice.
    Ambiguous,
    /// A pushed request that is over, was used, or is another client's (RFC 9126 §2.2).
    UnknownRequest,
}

/// Checks a request and keeps it, bound to the browser that brought it. `story` is where all of it is told.
pub fn begin(
    tx: &Write<'_>,
    env: &Env,
    who: &Actor,
    browser: &Hashed,
    pairs: &[(String, String)],
    story: Option<&TraceId>,
) -> Result<Begun> {
    let begun = take(tx, env, browser, &Came { who, source: Source::Browser, pairs, story })?;
    match (&begun, story) {
        (Begun::Page(unsure), Some(story)) => tell(tx, Some(*unsure), pairs, story)?,
        (Begun::Pending(_), Some(story)) => tell(tx, None, pairs, story)?,
        _ => {}
    }
    Ok(begun)
}

/// Tells why a request ended with a page of ours; without a reason, because the client waits for an administrator.
fn tell(
    tx: &Write<'_>,
    unsure: Option<Unsure>,
    pairs: &[(String, String)],
    story: &TraceId,
) -> Result<()> {
    let params = Params::read(pairs);
    let client = match params.get("client_id") {
        Some(id) => store::client::by_id(tx, &ClientId::from_text(id))?,
        None => None,
    };
    let rule = match unsure {
        None | Some(Unsure::SwitchedOff) => Rule::ClientShut,
        Some(Unsure::UnknownClient) => Rule::UnknownClient,
        Some(Unsure::UnknownRedirect) if params.get("redirect_uri").is_none() => {
            Rule::RedirectMissing
        }
        Some(Unsure::UnknownRedirect) => Rule::RedirectUnknown,
        Some(Unsure::Ambiguous) => Rule::Ambiguous,
        Some(Unsure::UnknownRequest) => Rule::PushedUnknown,
    };
    let grounds = Grounds { client: client.as_ref(), pairs, ..Grounds::default() };
    trace::refuse_page(tx, story, rule, &grounds)
}

/// How a request came, and where that is told.
#[derive(Clone, Copy)]
struct Came<'a> {
    who: &'a Actor,
    source: Source<'a>,
    pairs: &'a [(String, String)],
    story: Option<&'a TraceId>,
}

fn take(tx: &Write<'_>, env: &Env, browser: &Hashed, from: &Came<'_>) -> Result<Begun> {
    let id = RequestId::new();
    let params = Params::read(from.pairs);
    let Some(reference) = par::reference(&params) else {
        return keep(tx, env, browser, id, &params, from);
    };
    match par::open(tx, browser, &id, &params, reference)? {
        Opened::Request(pushed) => {
            let owner = store::client::by_id(tx, &pushed.client)?;
            let proved = owner.is_some_and(|client| !client.is_public());
            trace::pushed(tx, from.story, &pushed.pairs, proved)?;
            let source = Source::Pushed { jkt: pushed.jkt.as_deref() };
            let from = Came { source, pairs: &pushed.pairs, ..*from };
            keep(tx, env, browser, id, &Params::read(&pushed.pairs), &from)
        }
        Opened::Again(id) => Ok(Begun::Waiting(id)),
        Opened::No(unsure) => Ok(Begun::Page(unsure)),
    }
}

fn keep(
    tx: &Write<'_>,
    env: &Env,
    browser: &Hashed,
    id: RequestId,
    params: &Params<'_>,
    from: &Came<'_>,
) -> Result<Begun> {
    let (client, uri) = match back(tx, params)? {
        Ok(back) => back,
        Err(unsure) => return Ok(Begun::Page(unsure)),
    };
    if client.state == ClientState::Pending {
        return Ok(Begun::Pending(Box::new(newcomer::Waiting::of(&client, uri))));
    }
    let aim = Aim { client: &client, redirect_uri: uri };
    let request = match request::check(tx, env, id, params, &aim, from.source)? {
        Ok(request) => AuthorizationRequest { trace: from.story.cloned(), ..request },
        Err(refusal) => {
            let grounds =
                Grounds { client: Some(&client), pairs: from.pairs, ..Grounds::default() };
            let refusal = trace::refuse(tx, from.story, refusal, &grounds)?;
            let back = Return { uri, state: params.state(), mode: params.mode(uri) };
            if !may_redirect(tx, &client, uri)? {
                return Ok(Begun::Held(Box::new(back.hold(env, refusal, from.story))));
            }
            return Ok(back.refuse(env, &refusal).into());
        }
    };
    let Whence { network, stranger } = Whence::of(tx, from.who, &client)?;
    // Nobody signs in to make a request wait. Under a flood its own requests go: refusing new ones instead would keep
    // everyone out for as long as those live.
    let most = if stranger { WAITING_MAX.0 } else { WAITING_MAX.1 };
    if store::authorization::count_requests(tx, stranger)? >= most {
        store::authorization::thin_out_requests(tx, stranger, most / 10)?;
    }
    store::authorization::insert_request(tx, &request, browser, &network, stranger)?;
    let scopes = format!("scopes: {}", request.scopes);
    trace::note(tx, from.story, Step::Taken, &scopes)?;
    Ok(Begun::Waiting(request.id))
}

/// Client and redirect URI, both certain.
fn back<'p>(
    tx: &Write<'_>,
    params: &Params<'p>,
) -> Result<std::result::Result<(Client, &'p str), Unsure>> {
    if params.twice.iter().any(|name| matches!(*name, "client_id" | "redirect_uri")) {
        return Ok(Err(Unsure::Ambiguous));
    }
    let Some(id) = params.get("client_id") else { return Ok(Err(Unsure::UnknownClient)) };
    let Some(client) = store::client::by_id(tx, &ClientId::from_text(id))? else {
        return Ok(Err(Unsure::UnknownClient));
    };
    if client.state == ClientState::Disabled {
        return Ok(Err(Unsure::SwitchedOff));
    }
    let uri = params.get("redirect_uri").filter(|uri| client.accepts_redirect(uri));
    Ok(match uri {
        Some(uri) => Ok((client, uri)),
        None => Err(Unsure::UnknownRedirect),
    })
}
