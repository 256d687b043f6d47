//! The front door of `/authorize`: checks a request in the order in which a refusal may be told to whom, and keeps
//! what passed. What the person then sees is decided in `authorize`.

use std::{collections::HashMap, time::Duration};

use super::{Code, Refusal, policy, terms::Terms};
use crate::{
    crypto::{pkce, secret::Hashed},
    db::Write,
    error::Result,
    model::{
        authorization::{AuthorizationRequest, Prompt, ResponseMode},
        client::{Client, ClientState, GrantType},
        id::{ClientId, RequestId},
        scope::ScopeSet,
        session::acr_wants_mfa,
    },
    ops::{client::newcomer, env::Env},
    store,
};

/// The only parameter that may come more than once (RFC 8707 §2).
const REPEATABLE: &str = "resource";
const STATE_MAX: usize = 2_048;
const NONCE_MAX: usize = 512;
const HINT_MAX: usize = 256;
/// Requests that wait for a person, over all browsers; beyond it the oldest go.
const WAITING_MAX: u32 = 20_000;

/// What becomes of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Begun {
    /// It waits for the person in this browser.
    Waiting(RequestId),
    /// The client is told what is wrong, by redirect.
    Redirect(String),
    /// The client waits for an administrator: the person is told, and nobody is redirected.
    Pending(Box<newcomer::Waiting>),
    /// It is not certain that the client is meant: the person is told, and nobody is redirected (RFC 9700 §4.11).
    Page(Unsure),
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
}

/// Where an answer goes, once that is certain.
struct Return<'p> {
    client: Client,
    uri: &'p str,
    state: Option<&'p str>,
}

struct Params<'p> {
    single: HashMap<&'p str, &'p str>,
    resources: Vec<String>,
    twice: Vec<&'p str>,
}

impl<'p> Params<'p> {
    /// Parameters without a value count as left out (RFC 6749 §3.1).
    fn read(pairs: &'p [(String, String)]) -> Self {
        let mut params = Self { single: HashMap::new(), resources: Vec::new(), twice: Vec::new() };
        for (name, value) in pairs {
            let (name, value) = (name.as_str(), value.as_str());
            if name == REPEATABLE {
                if !value.is_empty() {
                    params.resources.push(value.to_owned());
                }
            } else if params.single.insert(name, value).is_some() {
                params.twice.push(name);
            }
        }
        params
    }

    fn get(&self, name: &str) -> Option<&'p str> {
        self.single.get(name).copied().filter(|value| !value.is_empty())
    }
}

/// Checks a request and keeps it, bound to the browser that brought it.
pub fn begin(
    tx: &Write<'_>,
    env: &Env,
    browser: &Hashed,
    pairs: &[(String, String)],
) -> Result<Begun> {
    let params = Params::read(pairs);
    let back = match back(tx, &params)? {
        Ok(back) => back,
        Err(unsure) => return Ok(Begun::Page(unsure)),
    };
    if back.client.state == ClientState::Pending {
        let waiting = newcomer::Waiting::of(&back.client, back.uri);
        return Ok(Begun::Pending(Box::new(waiting)));
    }
    let request = match check(tx, &params, &back)? {
        Ok(request) => request,
        Err(refusal) => {
            let url = refused(env, back.uri, back.state, &refusal);
            return Ok(Begun::Redirect(url));
        }
    };
    // Nobody signs in to make a request wait. Under a flood the oldest go: refusing new ones instead would keep
    // everyone out for as long as the flood's own requests live.
    if store::authorization::count_requests(tx)? >= WAITING_MAX {
        store::authorization::drop_oldest_requests(tx, WAITING_MAX / 10)?;
    }
    store::authorization::insert_request(tx, &request, browser)?;
    Ok(Begun::Waiting(request.id))
}

/// Client and redirect URI, both certain.
fn back<'p>(tx: &Write<'_>, params: &Params<'p>) -> Result<Result<Return<'p>, Unsure>> {
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
    let Some(uri) = params.get("redirect_uri").filter(|uri| client.accepts_redirect(uri)) else {
        return Ok(Err(Unsure::UnknownRedirect));
    };
    // A state that came twice, or is too long to be carried, is none that could be returned.
    let state = params
        .get("state")
        .filter(|state| state.len() <= STATE_MAX && !params.twice.contains(&"state"));
    Ok(Ok(Return { client, uri, state }))
}

fn check(
    tx: &Write<'_>,
    params: &Params<'_>,
    back: &Return<'_>,
) -> Result<Result<AuthorizationRequest, Refusal>> {
    let form = match form(params, &back.client) {
        Ok(form) => form,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let resources = match policy::resources(tx, &back.client, &params.resources)? {
        Ok(resources) => resources,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let asked = params.get("scope").unwrap_or_default();
    let scopes = if asked.is_empty() {
        policy::scopes(&back.client, &resources, &ScopeSet::default())
    } else {
        policy::having(&back.client, &resources, &ScopeSet::parse(asked))
    };
    if scopes.is_empty() && !asked.is_empty() {
        return Ok(Err(Refusal::new(
            Code::InvalidScope,
            "none of the scopes can be had by this client",
        )));
    }
    Ok(Ok(AuthorizationRequest {
        id: RequestId::new(),
        client_id: back.client.id.clone(),
        redirect_uri: back.uri.to_owned(),
        scopes,
        resources: resources.into_iter().map(|resource| resource.uri).collect(),
        state: back.state.map(str::to_owned),
        nonce: params.get("nonce").map(str::to_owned),
        code_challenge: form.challenge.to_owned(),
        prompt: form.prompt,
        max_age: form.max_age,
        login_hint: params
            .get("login_hint")
            .filter(|hint| hint.len() <= HINT_MAX)
            .map(str::to_owned),
        mfa: params.get("acr_values").is_some_and(acr_wants_mfa),
        response_mode: ResponseMode::Query,
        jkt: None,
        trace: None,
        created_at: tx.now,
    }))
}

struct Form<'p> {
    challenge: &'p str,
    prompt: Prompt,
    max_age: Option<Duration>,
}

/// What can be said without asking the database.
fn form<'p>(params: &Params<'p>, client: &Client) -> Result<Form<'p>, Refusal> {
    let refuse = |code, why: &'static str| Err(Refusal::new(code, why));
    if !params.twice.is_empty() {
        return refuse(Code::InvalidRequest, "a parameter came more than once");
    }
    if params.get("state").is_some_and(|state| state.len() > STATE_MAX) {
        return refuse(Code::InvalidRequest, "state may have at most 2048 bytes");
    }
    match params.get("response_type") {
        Some("code") => {}
        Some(_) => {
            return refuse(Code::UnsupportedResponseType, "only response_type=code is supported");
        }
        None => return refuse(Code::InvalidRequest, "response_type is missing"),
    }
    if !client.may(GrantType::AuthorizationCode) {
        return refuse(
            Code::UnauthorizedClient,
            "this client may not use the authorization code grant",
        );
    }
    if params.get("response_mode").is_some_and(|mode| mode != "query") {
        return refuse(Code::InvalidRequest, "only response_mode=query is supported");
    }
    if params.get("request").is_some() {
        return refuse(Code::RequestNotSupported, "the request parameter is not supported");
    }
    if params.get("request_uri").is_some() {
        return refuse(Code::RequestUriNotSupported, "the request_uri parameter is not supported");
    }
    let Some(challenge) = params.get("code_challenge") else {
        return refuse(
            Code::InvalidRequest,
            "code_challenge is missing: PKCE is required (RFC 7636)",
        );
    };
    if params.get("code_challenge_method") != Some("S256") {
        return refuse(Code::InvalidRequest, "code_challenge_method must be S256");
    }
    if !pkce::is_challenge(challenge) {
        return refuse(Code::InvalidRequest, "code_challenge must be the base64url of a SHA-256");
    }
    if params.get("nonce").is_some_and(|nonce| nonce.len() > NONCE_MAX) {
        return refuse(Code::InvalidRequest, "nonce may have at most 512 bytes");
    }
    let Some(prompt) = Prompt::parse(params.get("prompt").unwrap_or_default()) else {
        return refuse(Code::InvalidRequest, "prompt=none cannot be combined");
    };
    let max_age = match params.get("max_age").map(str::parse::<u32>) {
        None => None,
        Some(Ok(seconds)) => Some(Duration::from_secs(seconds.into())),
        Some(Err(_)) => return refuse(Code::InvalidRequest, "max_age must be a number of seconds"),
    };
    Ok(Form { challenge, prompt, max_age })
}

/// The redirect that tells the client of a refusal (RFC 6749 §4.1.2.1, RFC 9207).
pub(super) fn refused(env: &Env, uri: &str, state: Option<&str>, refusal: &Refusal) -> String {
    let pairs =
        [("error", refusal.code.as_str()), ("error_description", refusal.description.as_ref())];
    answer(env, uri, state, &pairs)
}

/// An answer to the client: the redirect URI as it came, its own query first, and `iss` always.
pub(super) fn answer(env: &Env, uri: &str, state: Option<&str>, pairs: &[(&str, &str)]) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(pairs);
    if let Some(state) = state {
        query.append_pair("state", state);
    }
    query.append_pair("iss", Terms::of(env).issuer);
    let joint = match uri.find('?') {
        None => "?",
        Some(at) if at + 1 == uri.len() || uri.ends_with('&') => "",
        Some(_) => "&",
    };
    format!("{uri}{joint}{}", query.finish())
}
