//! A device that can show no sign-in page asks for tokens, and a person allows it elsewhere (RFC 8628): the device's side.
//! What the person sees and answers is `approval`.

mod approval;

use std::{fmt, time::Duration};

pub use self::approval::{Answered, Decision, Looked, Question, answer, look};
use super::{
    Code, Outcome, Refusal, exchange, policy, spelling,
    terms::Terms,
    token::{self, Holder, Subject},
};
use crate::{
    crypto::{
        secret::{Hashed, Plain, random_token},
        user_code,
    },
    db::Write,
    error::{Error, Result},
    model::{
        actor::Actor,
        audit::Event,
        client::{Client, GrantType},
        device_request::{DeviceRequest, INTERVAL, LIFETIME, Poll, SLOWER, State},
        grant::Grant,
        id::{DeviceRequestId, GrantId, TraceId},
        resource::Resource,
        scope::{OFFLINE_ACCESS, ScopeSet},
        trace::{Rule, Step},
    },
    ops::{
        attempt, audit,
        env::Env,
        key,
        session::{self, SignedIn},
        trace,
    },
    store,
};

/// Requests that may wait at the same time: more would make guessing a code easier.
const MOST: u32 = 2_000;
/// The same from one address: a public client proves nothing, so anybody could fill the table.
const MOST_HERE: u32 = 100;

/// What a device asks for.
#[derive(Clone, Debug, Default)]
pub struct Ask {
    /// Scopes; the ordinary ones when absent.
    pub scope: Option<String>,
    /// What the tokens are for.
    pub resources: Vec<String>,
    /// Where all of it is told.
    pub trace: Option<TraceId>,
}

/// What the device is to show, and what it comes back with (RFC 8628 §3.2).
#[derive(Clone, Debug)]
pub struct Authorization {
    /// What the device polls with.
    pub device_code: Plain,
    /// What the person types.
    pub user_code: Plain,
    /// Where they type it.
    pub verification_uri: String,
    /// The same with the code filled in.
    pub verification_uri_complete: String,
    /// How long they have.
    pub lifetime: Duration,
    /// How long the device waits between two polls.
    pub interval: Duration,
}

/// What became of a device's first request.
#[derive(Clone, Debug)]
pub enum Begun {
    /// It waits for a person.
    Waiting(Box<Authorization>),
    /// It is not taken.
    Refused(Refusal),
}

/// Takes a device's request. Fails with `Limited` when too many wait already.
pub fn begin(tx: &Write<'_>, env: &Env, who: &Actor, client: &Client, ask: &Ask) -> Result<Begun> {
    let refuse = |code, rule, why| Ok(Begun::Refused(Refusal::new(code, rule, why)));
    if !client.may(GrantType::DeviceCode) {
        let why = "this client may not use device codes";
        return refuse(Code::UnauthorizedClient, Rule::GrantNotAllowed, why);
    }
    let asked = match policy::asked(ask.scope.as_deref()) {
        Ok(asked) => asked,
        Err(refusal) => return Ok(Begun::Refused(refusal)),
    };
    let resources = match policy::meant(tx, client, &ask.resources, &asked)? {
        Ok(resources) => resources,
        Err(refusal) => return Ok(Begun::Refused(refusal)),
    };
    let scopes = policy::scopes(tx, client, &resources, &asked)?;
    if scopes.is_empty() && !asked.is_empty() {
        let why = "none of the scopes can be had by this client";
        return refuse(Code::InvalidScope, Rule::ScopeOfClient, why);
    }
    let address_key = attempt::address_key(&who.origin.address);
    let (all, here) = store::device_request::waiting(tx, &address_key)?;
    if all >= MOST || here >= MOST_HERE {
        return Err(Error::limited("too many devices wait for a person already", LIFETIME));
    }
    let request = DeviceRequest {
        id: DeviceRequestId::new(),
        client_id: client.id.clone(),
        scopes,
        spelled: spelling::own(&resources, &ask.resources, &[]),
        resources: resources.into_iter().map(|resource| resource.uri).collect(),
        state: State::Pending,
        interval: INTERVAL,
        last_poll_at: None,
        address: who.origin.address.clone(),
        user_agent: who.origin.user_agent.clone(),
        trace: ask.trace.clone(),
        user_id: None,
        session_id: None,
        created_at: tx.now,
        expires_at: tx.now.plus(LIFETIME),
    };
    let (device_code, user_code) = insert(tx, env, &request, &address_key)?;
    let event =
        Event::new("device.begin").client(&client.id).with("scopes", request.scopes.to_string());
    audit::record(tx, who, &event)?;
    let scopes = format!("scopes: {}", request.scopes);
    trace::note(tx, request.trace.as_ref(), Step::Taken, &scopes)?;
    let verification_uri = format!("{}/device", env.site.issuer);
    Ok(Begun::Waiting(Box::new(Authorization {
        verification_uri_complete: format!("{verification_uri}?user_code={}", user_code.expose()),
        device_code,
        user_code,
        verification_uri,
        lifetime: LIFETIME,
        interval: INTERVAL,
    })))
}

/// Keeps the request under two fresh codes.
fn insert(
    tx: &Write<'_>,
    env: &Env,
    request: &DeviceRequest,
    address_key: &str,
) -> Result<(Plain, Plain)> {
    // One code in ten million is taken, and ten taken in a row are no accident.
    for _ in 0..10 {
        let (device, user) = (random_token(32), user_code::make());
        let codes = store::device_request::Codes {
            device: &Hashed::of(device.expose()),
            user: &code_key(env, &user),
        };
        if store::device_request::insert(tx, request, codes, address_key)? {
            return Ok((device, user));
        }
    }
    Err(Error::internal("no code is left for a device"))
}

/// What the database knows a person's code by. A plain hash of so few letters could be undone.
fn code_key(env: &Env, code: &Plain) -> [u8; 32] {
    env.keys.vault.mac("user code", code.expose().as_bytes())
}

/// What a device polls with.
#[derive(Clone, Default)]
pub struct PollAsk {
    /// Its code.
    pub device_code: Option<String>,
    /// Resources, to narrow what the token is for.
    pub resources: Vec<String>,
    /// Thumbprint of the key that was proved with the request.
    pub jkt: Option<String>,
}

/// Without the code.
impl fmt::Debug for PollAsk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PollAsk").field("resources", &self.resources).finish_non_exhaustive()
    }
}

const NOT_GOOD: &str = "the device code is not, or no longer, good";

/// Answers a poll (RFC 8628 §3.5): tokens once somebody allowed it, exactly once.
pub fn poll(
    tx: &Write<'_>,
    env: &Env,
    who: &Actor,
    client: &Client,
    ask: &PollAsk,
) -> Result<Outcome> {
    if !client.may(GrantType::DeviceCode) {
        return Ok(Outcome::refuse(
            Code::UnauthorizedClient,
            Rule::GrantNotAllowed,
            "this client may not use device codes",
        ));
    }
    let Some(code) = ask.device_code.as_deref() else {
        return Ok(Outcome::refuse(Code::InvalidRequest, Rule::Missing, "device_code is missing"));
    };
    let Some(request) = store::device_request::by_device_code(tx, &Hashed::of(code))? else {
        return Ok(Outcome::refuse(Code::InvalidGrant, Rule::DeviceUnknown, NOT_GOOD));
    };
    if request.client_id != client.id {
        audit::record(tx, who, &event("device.wrong_client", client, &request))?;
        return Ok(Outcome::refuse(Code::InvalidGrant, Rule::DeviceOfAnother, NOT_GOOD));
    }
    let refuse = |code, rule, why| Ok(Outcome::refuse(code, rule, why));
    match request.poll(tx.now) {
        Poll::Give => give(tx, env, who, client, &request, ask),
        Poll::Pending => {
            store::device_request::set_polled(tx, &request.id, request.interval)?;
            refuse(Code::AuthorizationPending, Rule::Again, "the person has not answered yet")
        }
        Poll::SlowDown => {
            let slower = request.interval.saturating_add(SLOWER).min(LIFETIME);
            store::device_request::set_polled(tx, &request.id, slower)?;
            let why = "wait five seconds longer between two polls from now on";
            refuse(Code::SlowDown, Rule::Again, why)
        }
        Poll::Denied => refuse(Code::AccessDenied, Rule::SaidNo, "the person said no"),
        Poll::Expired => {
            let why = "the person did not answer in time";
            refuse(Code::ExpiredToken, Rule::DeviceExpired, why)
        }
        Poll::Spent => {
            audit::record(tx, who, &event("device.replayed", client, &request))?;
            refuse(Code::InvalidGrant, Rule::DeviceUsed, NOT_GOOD)
        }
    }
}

fn event(name: &'static str, client: &Client, request: &DeviceRequest) -> Event {
    let event = Event::new(name).client(&client.id).with("request", request.id.as_str());
    match &request.user_id {
        Some(user) => event.user(user),
        None => event,
    }
}

fn give(
    tx: &Write<'_>,
    env: &Env,
    who: &Actor,
    client: &Client,
    request: &DeviceRequest,
    ask: &PollAsk,
) -> Result<Outcome> {
    if !store::device_request::take(tx, &request.id)? {
        return Ok(Outcome::refuse(Code::InvalidGrant, Rule::DeviceUsed, NOT_GOOD));
    }
    let (holder, resources) = match fit(tx, env, client, request, ask)? {
        Ok(fit) => fit,
        Err(refusal) => {
            let event =
                event("device.refused", client, request).with("reason", refusal.to_string());
            audit::record(tx, who, &event)?;
            return Ok(Outcome::Refused(refusal));
        }
    };
    let had = policy::having(tx, client, &resources, &request.scopes)?;
    let scopes = policy::for_person(&holder.user, &resources, &had);
    let granted = policy::remaining(tx, client, &request.resources)?;
    let spelled = spelling::own(&granted, &ask.resources, &request.spelled);
    let grant = grant(tx, env, client, request, &holder, scopes)?;
    let grant = Grant { jkt: ask.jkt.clone(), spelled, ..grant };
    store::grant::insert(tx, &grant)?;
    trace::became(tx, &grant)?;
    let refresh =
        if grant.generation > 0 { Some(exchange::first(tx, env, who, &grant)?) } else { None };
    store::client::set_last_used(tx, &client.id)?;
    let event = event("grant.create", client, request)
        .session(&holder.session.id)
        .grant(&grant.id)
        .with("scopes", grant.scopes.to_string())
        .with("refresh", refresh.is_some());
    audit::record(tx, who, &event)?;
    let subject = Subject {
        client,
        holder: Holder::Person { user: &holder.user, grant: &grant },
        scopes: &grant.scopes,
        resources: &resources,
        spelled: &grant.spelled,
        nonce: None,
        jkt: grant.jkt.as_deref(),
        act: None,
        until: None,
    };
    Ok(Outcome::Minted(Box::new(token::mint(tx, env, &subject, refresh)?)))
}

/// Who allowed it, while their sign-in stands, and what the token is for.
fn fit(
    tx: &Write<'_>,
    env: &Env,
    client: &Client,
    request: &DeviceRequest,
    ask: &PollAsk,
) -> Result<Result<(SignedIn, Vec<Resource>), Refusal>> {
    let found = match &request.session_id {
        Some(session) => session::by_id(tx, env, None, session)?.ok(),
        None => None,
    };
    let Some(holder) = found.filter(|found| Some(&found.user.id) == request.user_id.as_ref())
    else {
        let why = "the sign-in that allowed this device is over";
        return Ok(Err(Refusal::new(Code::InvalidGrant, Rule::SignInOver, why)));
    };
    let before = (request.resources.as_slice(), request.created_at);
    let narrowed = policy::narrow_for(tx, client, &holder.user, before, &ask.resources)?;
    Ok(narrowed.map(|resources| (holder, resources)))
}

fn grant(
    tx: &Write<'_>,
    env: &Env,
    client: &Client,
    request: &DeviceRequest,
    holder: &SignedIn,
    scopes: ScopeSet,
) -> Result<Grant> {
    let terms = Terms::of(env);
    let refreshable = client.may(GrantType::RefreshToken) || scopes.has(OFFLINE_ACCESS);
    let lifetime = if refreshable { terms.refresh_lifetime } else { key::longest(tx, env)? };
    Ok(Grant {
        id: GrantId::new(),
        client_id: client.id.clone(),
        user_id: holder.user.id.clone(),
        session_id: Some(holder.session.id.clone()),
        scopes,
        resources: request.resources.clone(),
        spelled: Vec::new(),
        nonce: None,
        amr: holder.session.amr.clone(),
        auth_time: holder.session.proved_at(),
        generation: u32::from(refreshable),
        created_at: tx.now,
        expires_at: tx.now.plus(lifetime),
        revoked: None,
        jkt: None,
        trace: request.trace.clone(),
    })
}
