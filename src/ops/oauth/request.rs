//! What an authorization request must say, checked in one place for requests that come with the browser and for those
//! that clients push. Who is told of a refusal is decided in `begin` and `par`.

use std::{collections::HashMap, time::Duration};

use super::{
    Code, Refusal,
    claims::{self, Wishes},
    hint, policy, spelling,
};
use crate::{
    crypto::pkce,
    db::Read,
    error::Result,
    model::{
        authorization::{AuthorizationRequest, Prompt, ResponseMode},
        client::{Client, GrantType},
        id::{RequestId, UserId},
        scope::ScopeSet,
        session::acr_wants_mfa,
        trace::Rule,
    },
    ops::env::Env,
};

/// The only parameter that may come more than once (RFC 8707 §2).
const REPEATABLE: &str = "resource";
pub(super) const STATE_MAX: usize = 2_048;
const NONCE_MAX: usize = 512;
const HINT_MAX: usize = 256;

/// Parameters, each once but for `resource`, with repeats remembered.
pub(super) struct Params<'p> {
    single: HashMap<&'p str, &'p str>,
    resources: Vec<String>,
    pub(super) twice: Vec<&'p str>,
}

impl<'p> Params<'p> {
    /// Parameters without a value count as left out (RFC 6749 §3.1).
    pub(super) fn read(pairs: &'p [(String, String)]) -> Self {
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

    pub(super) fn get(&self, name: &str) -> Option<&'p str> {
        self.single.get(name).copied().filter(|value| !value.is_empty())
    }

    pub(super) fn resources(&self) -> &[String] {
        &self.resources
    }

    /// The state, unless it came twice or is too long: then it is none that could be returned.
    pub(super) fn state(&self) -> Option<&'p str> {
        self.get("state").filter(|state| state.len() <= STATE_MAX && !self.twice.contains(&"state"))
    }

    /// The mode in which even a refusal is told; the usual one when the wish for another is the mistake.
    pub(super) fn mode(&self, redirect_uri: &str) -> ResponseMode {
        let wanted = self.get("response_mode").filter(|_| !self.twice.contains(&"response_mode"));
        match wanted.and_then(ResponseMode::parse) {
            Some(mode) if fits(mode, redirect_uri, self.get("state")) => mode,
            _ => ResponseMode::Query,
        }
    }
}

/// Whether an answer can travel that way. A form can go to the web only, and browsers change line breaks and NUL in its
/// fields, so that such a state would not come back to the letter.
fn fits(mode: ResponseMode, redirect_uri: &str, state: Option<&str>) -> bool {
    match mode {
        ResponseMode::Query => true,
        ResponseMode::FormPost => {
            let web = redirect_uri.starts_with("https://") || redirect_uri.starts_with("http://");
            web && state.is_none_or(|state| !state.contains(char::is_control))
        }
    }
}

/// How a request came, which decides what it may leave out.
#[derive(Clone, Copy, Debug)]
pub(super) enum Source<'a> {
    /// With the browser.
    Browser,
    /// From the client itself, which proved a key with it or did not (RFC 9126, RFC 9449 §10.1).
    Pushed {
        /// The thumbprint of that key.
        jkt: Option<&'a str>,
    },
}

/// What a request is for: certain by the time it is checked.
pub(super) struct Aim<'a> {
    pub(super) client: &'a Client,
    pub(super) redirect_uri: &'a str,
}

/// Checks everything but client and redirect URI. What passes is a request that may wait for a person, as `id`.
pub(super) fn check(
    r: &Read<'_>,
    env: &Env,
    id: RequestId,
    params: &Params<'_>,
    aim: &Aim<'_>,
    source: Source<'_>,
) -> Result<Result<AuthorizationRequest, Refusal>> {
    let client = aim.client;
    let form = match form(params, aim, source) {
        Ok(form) => form,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let subject = match subject(r, env, params, client, form.wishes.subject.as_deref())? {
        Ok(subject) => subject,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let asked = params.get("scope").unwrap_or_default();
    let wanted = ScopeSet::parse(asked);
    let resources = match policy::meant(r, client, &params.resources, &wanted)? {
        Ok(resources) => resources,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let scopes = if asked.is_empty() {
        policy::scopes(r, client, &resources, &ScopeSet::default())?
    } else {
        policy::having(r, client, &resources, &wanted)?
    };
    if scopes.is_empty() && !asked.is_empty() {
        return Ok(Err(Refusal::new(
            Code::InvalidScope,
            Rule::ScopeOfClient,
            "none of the scopes can be had by this client",
        )));
    }
    Ok(Ok(AuthorizationRequest {
        id,
        client_id: client.id.clone(),
        redirect_uri: aim.redirect_uri.to_owned(),
        scopes,
        spelled: spelling::own(&resources, &params.resources, &[]),
        resources: resources.into_iter().map(|resource| resource.uri).collect(),
        state: params.state().map(str::to_owned),
        nonce: params.get("nonce").map(str::to_owned),
        code_challenge: form.challenge.to_owned(),
        prompt: form.prompt,
        max_age: form.max_age,
        login_hint: params
            .get("login_hint")
            .filter(|hint| hint.len() <= HINT_MAX)
            .map(str::to_owned),
        subject,
        mfa: form.wishes.mfa || params.get("acr_values").is_some_and(acr_wants_mfa),
        response_mode: form.mode,
        jkt: form.jkt,
        trace: None,
        created_at: r.now,
    }))
}

/// Who alone may answer.
fn subject(
    r: &Read<'_>,
    env: &Env,
    params: &Params<'_>,
    client: &Client,
    claimed: Option<&str>,
) -> Result<Result<Option<UserId>, Refusal>> {
    let refuse =
        |why: &'static str| Ok(Err(Refusal::new(Code::InvalidRequest, Rule::IdTokenHint, why)));
    let claimed = claimed.map(UserId::from_text);
    let Some(text) = params.get("id_token_hint") else { return Ok(Ok(claimed)) };
    let Some(hint) = hint::read(r, env, text)?.filter(|hint| hint.client == client.id) else {
        return refuse("id_token_hint is not an ID token that this server gave to this client");
    };
    if claimed.is_some_and(|claimed| claimed != hint.user) {
        return refuse("id_token_hint and claims ask for different people");
    }
    Ok(Ok(Some(hint.user)))
}

struct Form<'p> {
    challenge: &'p str,
    prompt: Prompt,
    max_age: Option<Duration>,
    mode: ResponseMode,
    wishes: Wishes,
    jkt: Option<String>,
}

/// What can be said without asking the database.
fn form<'p>(params: &Params<'p>, aim: &Aim<'_>, source: Source<'_>) -> Result<Form<'p>, Refusal> {
    let refuse = |code, rule, why: &'static str| Err(Refusal::new(code, rule, why));
    let invalid = |rule, why| refuse(Code::InvalidRequest, rule, why);
    if !params.twice.is_empty() {
        return invalid(Rule::Repeated, "a parameter came more than once");
    }
    if params.get("state").is_some_and(|state| state.len() > STATE_MAX) {
        return invalid(Rule::StateTooLong, "state may have at most 2048 bytes");
    }
    match params.get("response_type") {
        Some("code") => {}
        Some(_) => {
            let why = "only response_type=code is supported";
            return refuse(Code::UnsupportedResponseType, Rule::ResponseType, why);
        }
        None => return invalid(Rule::ResponseType, "response_type is missing"),
    }
    if !aim.client.may(GrantType::AuthorizationCode) {
        let why = "this client may not use the authorization code grant";
        return refuse(Code::UnauthorizedClient, Rule::GrantNotAllowed, why);
    }
    if params.get("request").is_some() {
        let why = "the request parameter is not supported";
        return refuse(Code::RequestNotSupported, Rule::RequestObject, why);
    }
    if params.get("request_uri").is_some() {
        let why = "only a request_uri of this server's own /par is supported";
        return refuse(Code::RequestUriNotSupported, Rule::RequestObject, why);
    }
    if aim.client.par_required && matches!(source, Source::Browser) {
        let why = "this client must push its requests to /par first (RFC 9126)";
        return invalid(Rule::PushRequired, why);
    }
    let mode = mode(params, aim.redirect_uri)?;
    let challenge = challenge(params)?;
    if params.get("nonce").is_some_and(|nonce| nonce.len() > NONCE_MAX) {
        return invalid(Rule::NonceTooLong, "nonce may have at most 512 bytes");
    }
    let Some(prompt) = Prompt::parse(params.get("prompt").unwrap_or_default()) else {
        return invalid(Rule::PromptMixed, "prompt=none cannot be combined");
    };
    let max_age = match params.get("max_age").map(str::parse::<u32>) {
        None => None,
        Some(Ok(seconds)) => Some(Duration::from_secs(seconds.into())),
        Some(Err(_)) => return invalid(Rule::MaxAge, "max_age must be a number of seconds"),
    };
    // It is shown in a field that nobody could type those into.
    if params.get("login_hint").is_some_and(|hint| hint.contains(char::is_control)) {
        return invalid(Rule::Malformed, "login_hint must have no control characters");
    }
    let wishes = params.get("claims").map(claims::read).transpose()?.unwrap_or_default();
    let jkt = key(params, source)?;
    Ok(Form { challenge, prompt, max_age, mode, wishes, jkt })
}

fn mode(params: &Params<'_>, redirect_uri: &str) -> Result<ResponseMode, Refusal> {
    let refuse =
        |why: &'static str| Err(Refusal::new(Code::InvalidRequest, Rule::ResponseMode, why));
    let Some(mode) =
        params.get("response_mode").map_or(Some(ResponseMode::Query), ResponseMode::parse)
    else {
        return refuse("only response_mode=query and form_post are supported");
    };
    if !fits(mode, redirect_uri, params.get("state")) {
        return refuse(
            "form_post goes to http or https only, with a state without control characters",
        );
    }
    Ok(mode)
}

/// PKCE, for every client (OAuth 2.1 §4.1.1).
fn challenge<'p>(params: &Params<'p>) -> Result<&'p str, Refusal> {
    let refuse = |rule, why: &'static str| Err(Refusal::new(Code::InvalidRequest, rule, why));
    let Some(challenge) = params.get("code_challenge") else {
        return refuse(Rule::PkceMissing, "code_challenge is missing: PKCE is required (RFC 7636)");
    };
    if params.get("code_challenge_method") != Some("S256") {
        return refuse(Rule::PkceMethod, "code_challenge_method must be S256");
    }
    if !pkce::is_challenge(challenge) {
        return refuse(Rule::PkceMalformed, "code_challenge must be the base64url of a SHA-256");
    }
    Ok(challenge)
}

/// The key that the code is to be bound to: named, or proved with a pushed request, or both alike (RFC 9449 §10).
fn key(params: &Params<'_>, source: Source<'_>) -> Result<Option<String>, Refusal> {
    let refuse = |code, why: &'static str| Err(Refusal::new(code, Rule::DpopKey, why));
    let named = params.get("dpop_jkt");
    // A thumbprint has the form of a challenge: base64url of 32 bytes (RFC 7638).
    if named.is_some_and(|jkt| !pkce::is_challenge(jkt)) {
        return refuse(Code::InvalidRequest, "dpop_jkt must be the base64url of a SHA-256");
    }
    let proved = match source {
        Source::Browser => None,
        Source::Pushed { jkt } => jkt,
    };
    if named.zip(proved).is_some_and(|(named, proved)| named != proved) {
        return refuse(Code::InvalidDpopProof, "dpop_jkt is not the key of the DPoP proof");
    }
    Ok(named.or(proved).map(str::to_owned))
}
