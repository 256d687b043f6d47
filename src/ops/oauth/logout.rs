//! A client sends the browser here to sign out (OpenID Connect RP-Initiated Logout 1.0): who asks, where the person may
//! go afterwards, and whether they must be asked first. Ending the session itself is `ops/session`.

use std::time::Duration;

use serde_json::{Value, json};

use super::{hint, reply::in_query, request::Params};
use crate::{
    crypto::{
        seal::Vault,
        secret::{Hashed, b64, unb64},
    },
    db::{Read, Write},
    error::Result,
    model::{
        actor::Actor,
        client::{Client, ClientOrigin},
        id::{ClientId, SessionId, UserId},
    },
    ops::{
        env::Env,
        session::{self, SignedIn},
    },
    store,
    time::Time,
};

/// The parameters that make a request one of a client's.
pub const PARAMETERS: [&str; 5] =
    ["id_token_hint", "client_id", "post_logout_redirect_uri", "state", "logout_hint"];
const STATE_MAX: usize = 2_048;
/// How long a person may take to answer.
const LIFETIME: Duration = Duration::from_secs(30 * 60);

/// A request that was checked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// Who asks, if that is known.
    pub client: Option<ClientId>,
    /// Where the person goes afterwards: registered by that client, with its state.
    pub back: Option<String>,
    /// Whose session, and which, as an ID token of ours says.
    meant: Option<(UserId, SessionId)>,
}

/// Why a request is answered with a page of ours, and nobody is redirected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// The ID token is not one of ours, or the client is unknown, or they contradict each other.
    Client,
    /// The way back is not registered by the client, or too long.
    Redirect,
}

/// Checks a request (§2, §3). `Err` is for a page.
pub fn check(
    r: &Read<'_>,
    env: &Env,
    pairs: &[(String, String)],
) -> Result<std::result::Result<Asked, Unfit>> {
    let params = Params::read(pairs);
    if !params.twice.is_empty() || !params.resources().is_empty() {
        return Ok(Err(Unfit::Client));
    }
    let hint = match params.get("id_token_hint") {
        None => None,
        Some(text) => match hint::read(r, env, text)? {
            Some(hint) => Some(hint),
            None => return Ok(Err(Unfit::Client)),
        },
    };
    let named = params.get("client_id").map(ClientId::from_text);
    if hint.as_ref().zip(named.as_ref()).is_some_and(|(hint, named)| hint.client != *named) {
        return Ok(Err(Unfit::Client));
    }
    let id = named.or_else(|| hint.as_ref().map(|hint| hint.client.clone()));
    let client = match &id {
        None => None,
        Some(id) => match store::client::by_id(r, id)?.filter(Client::is_active) {
            Some(client) => Some(client),
            None => return Ok(Err(Unfit::Client)),
        },
    };
    // Anyone can register a client with any address, so that such a one has to show an ID token it was given.
    let stranger = client.as_ref().is_some_and(|client| {
        matches!(client.origin, ClientOrigin::Dynamic | ClientOrigin::Document)
    });
    if stranger && hint.is_none() && params.get("post_logout_redirect_uri").is_some() {
        return Ok(Err(Unfit::Redirect));
    }
    let back = match way_back(&params, client.as_ref()) {
        Ok(back) => back,
        Err(unfit) => return Ok(Err(unfit)),
    };
    let meant = hint.and_then(|hint| Some((hint.user, hint.session?)));
    Ok(Ok(Asked { client: client.map(|client| client.id), back, meant }))
}

/// Letter by letter one of the client's (§3.1), with the state beside it.
fn way_back(
    params: &Params<'_>,
    client: Option<&Client>,
) -> std::result::Result<Option<String>, Unfit> {
    let Some(uri) = params.get("post_logout_redirect_uri") else { return Ok(None) };
    let registered =
        client.is_some_and(|client| client.post_logout_redirect_uris.iter().any(|own| own == uri));
    let state = params.get("state");
    if !registered || state.is_some_and(|state| state.len() > STATE_MAX) {
        return Err(Unfit::Redirect);
    }
    Ok(Some(match state {
        Some(state) => in_query(uri, [("state", state)]),
        None => uri.to_owned(),
    }))
}

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Nobody is signed in here any more.
    Out,
    /// The person must be asked: a link or a picture on another site may have led here (§2).
    Ask,
}

/// Signs out at once if the ID token that the client showed is about the very session of this browser: no other site
/// has that.
pub fn decide(
    tx: &Write<'_>,
    who: &Actor,
    asked: &Asked,
    signed_in: Option<&SignedIn>,
) -> Result<Next> {
    let Some(signed_in) = signed_in else { return Ok(Next::Out) };
    if !is_meant(tx, asked, signed_in)? {
        return Ok(Next::Ask);
    }
    session::logout(tx, who)?;
    Ok(Next::Out)
}

fn is_meant(r: &Read<'_>, asked: &Asked, signed_in: &SignedIn) -> Result<bool> {
    let (Some(client), Some((user, session))) = (&asked.client, &asked.meant) else {
        return Ok(false);
    };
    let own = &signed_in.session.id;
    if *user != signed_in.user.id {
        return Ok(false);
    }
    // The session may have been replaced since, when more was proved in it.
    Ok(session == own || store::grant::knows_session(r, client, own, session)?)
}

/// The client's name, for the page that asks.
pub fn name(r: &Read<'_>, asked: &Asked) -> Result<Option<String>> {
    let Some(id) = &asked.client else { return Ok(None) };
    Ok(store::client::by_id(r, id)?.map(|client| client.name))
}

/// A checked request as a page of ours carries it: nobody can read or make one, and another browser cannot use it.
pub fn seal(env: &Env, browser: &Hashed, asked: &Asked, now: Time) -> Result<String> {
    let (user, session) = asked.meant.clone().unzip();
    let text = json!({
        "client": asked.client,
        "back": asked.back,
        "user": user,
        "session": session,
        "until": now.plus(LIFETIME).millis(),
    });
    Ok(b64(&env.keys.vault.seal(&aad(browser), text.to_string().as_bytes())?))
}

/// Reads what [`seal`] wrote; `None` for anything else, and when its time is over.
pub fn open(env: &Env, browser: &Hashed, sealed: &str, now: Time) -> Option<Asked> {
    let text = opened(&env.keys.vault, browser, sealed)?;
    let member = |name: &str| text.get(name).and_then(Value::as_str);
    if now.millis() >= text.get("until")?.as_i64()? {
        return None;
    }
    let meant = member("user").map(UserId::from_text);
    Some(Asked {
        client: member("client").map(ClientId::from_text),
        back: member("back").map(str::to_owned),
        meant: meant.zip(member("session").map(SessionId::from_text)),
    })
}

fn opened(vault: &Vault, browser: &Hashed, sealed: &str) -> Option<Value> {
    let bytes = unb64(sealed).filter(|bytes| bytes.len() <= 16_384)?;
    let plain = vault.open(&aad(browser), &bytes).ok()?;
    serde_json::from_slice(&plain).ok()
}

fn aad(browser: &Hashed) -> String {
    format!("logout:request:{}", b64(browser.as_bytes()))
}
