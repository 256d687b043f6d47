//! The person's side of a device's request: a code is looked up, a question is shown, an answer is taken.
//! Codes are short, so whoever types wrong ones is paused, and everybody is when there are very many.

use std::time::Duration;

use super::code_key;
use crate::{
    crypto::{
        secret::{Hashed, Plain, b64, equal},
        user_code,
    },
    db::{Read, Write},
    error::{Error, Result},
    model::{
        actor::Actor,
        attempt::{Limits, Reserved, Scope},
        audit::Event,
        client::{Client, ClientOrigin},
        device_request::{DeviceRequest, State},
        id::{ClientId, DeviceRequestId, TraceId},
        scope::ScopeSet,
        session::Session,
        trace::{Kind, Rule, Step},
    },
    ops::{
        attempt, audit,
        env::Env,
        factor, login,
        oauth::{Code, Refusal, consent, consent::Line, policy},
        session::{self, SignedIn},
        trace::{self, Grounds},
    },
    store,
    time::Time,
};

/// Wrong codes of one person before a pause; each further pause is longer.
const TRIES: Limits =
    Limits { max: 10, lock: Duration::from_secs(15 * 60), progressive: false, escalate: true };
/// Wrong codes of everybody in one hour. At that rate, and with as many devices waiting as may wait, a year of guessing
/// hits one in three times; ordinary mistakes stay far below it.
const MOST_MISSES: u32 = 500;
const HOUR: Duration = Duration::from_secs(3_600);

/// What a person is asked about a device.
#[derive(Clone, Debug)]
pub struct Question {
    /// The request that waits for the answer.
    pub request: DeviceRequestId,
    /// The code as the device shows it.
    pub code: Plain,
    /// Which app.
    pub client_id: ClientId,
    /// The name it goes by.
    pub client_name: String,
    /// How this server came to know it.
    pub origin: ClientOrigin,
    /// Where the device is.
    pub address: String,
    /// What it calls itself.
    pub user_agent: String,
    /// When it asked.
    pub asked_at: Time,
    /// Name and identifier of what the tokens are for.
    pub resources: Vec<(String, String)>,
    /// What is asked for.
    pub scopes: Vec<Line>,
    /// Who is asked.
    pub username: String,
    /// Their address.
    pub email: String,
    /// Goes back with the answer, to show that this was asked.
    pub shown: String,
}

/// What became of a code that was typed; each is committed, since wrong ones count.
#[derive(Clone, Debug)]
pub enum Looked {
    /// A device waits for it.
    Question(Box<Question>),
    /// One does, and to allow what it asks for takes the second factor: that alone, then here again. The secret carries
    /// the browser through.
    StepUp(Plain),
    /// The same for whoever has no second factor yet: the sign-in pages, where one is added.
    Enrol,
    /// No device does, or not any more.
    Wrong,
    /// Too many were wrong lately; not even the right one counts before this has passed.
    Wait(Duration),
    /// Nothing of what it asks for can be had by this person; where that is told.
    Nothing(TraceId),
}

/// Finds the device that waits for a code. Nothing is allowed by that.
pub fn look(
    tx: &Write<'_>,
    env: &Env,
    who: &Actor,
    (browser, signed_in): (&Hashed, &SignedIn),
    typed: &str,
) -> Result<Looked> {
    session::permit(tx, who, &signed_in.user.id)?;
    if let Some(wait) = paused(tx, signed_in)? {
        return Ok(Looked::Wait(wait));
    }
    let Some((code, request)) = find(tx, env, typed)? else {
        return wrong(tx, who, signed_in);
    };
    let Some(Standing { client, scopes, needs_factor }) = standing(tx, env, signed_in, &request)?
    else {
        return wrong(tx, who, signed_in);
    };
    if needs_factor {
        return step_up(tx, env, (browser, signed_in), &code);
    }
    if scopes.is_empty() && !request.scopes.is_empty() {
        let (kind, story) = (Kind::Device, request.trace.as_ref());
        return trace::page(tx, who, kind, story, Rule::ScopeOfPerson).map(Looked::Nothing);
    }
    trace::note(tx, request.trace.as_ref(), Step::Asked, "")?;
    trace::belongs(tx, request.trace.as_ref(), Some(&signed_in.user.id), None)?;
    let offer = consent::offer(tx, &ScopeSet::default(), &request.resources, &scopes)?;
    Ok(Looked::Question(Box::new(Question {
        shown: shown(env, &request, &signed_in.session),
        request: request.id,
        code,
        client_id: client.id,
        client_name: client.name,
        origin: client.origin,
        address: request.address,
        user_agent: request.user_agent,
        asked_at: request.created_at,
        resources: offer.resources,
        scopes: offer.scopes,
        username: signed_in.user.username.clone(),
        email: signed_in.user.email.clone(),
    })))
}

/// To the second factor alone, as for an app that asks in the browser.
fn step_up(
    tx: &Write<'_>,
    env: &Env,
    (browser, signed_in): (&Hashed, &SignedIn),
    code: &Plain,
) -> Result<Looked> {
    let enrolled = factor::enrolled(tx, &signed_in.user.id)?;
    if !enrolled.iter().any(|method| factor::allowed(env, *method)) {
        return Ok(Looked::Enrol);
    }
    let back = format!("/device?user_code={}", code.expose());
    login::raise_session(tx, browser, &signed_in.session, back).map(Looked::StepUp)
}

fn find(r: &Read<'_>, env: &Env, typed: &str) -> Result<Option<(Plain, DeviceRequest)>> {
    let Some(code) = user_code::read(typed) else { return Ok(None) };
    let found = store::device_request::by_user_code(r, &code_key(env, &code))?;
    Ok(found.map(|request| (code, request)))
}

/// The app behind a request that can still be answered.
struct Standing {
    client: Client,
    /// What this person could allow it.
    scopes: ScopeSet,
    /// Whether that takes a second factor that was not proved just now.
    needs_factor: bool,
}

fn standing(
    r: &Read<'_>,
    env: &Env,
    signed_in: &SignedIn,
    request: &DeviceRequest,
) -> Result<Option<Standing>> {
    if !request.is_open(r.now) {
        return Ok(None);
    }
    let client = store::client::by_id(r, &request.client_id)?;
    let Some(client) = client.filter(Client::is_active) else { return Ok(None) };
    let (user, session) = (&signed_in.user, &signed_in.session);
    let all = policy::remaining(r, &client, &request.resources)?;
    let scopes = policy::for_person(user, &all, &request.scopes);
    // Of resources that the person may not use, nothing is left either.
    let Ok(open) = policy::open_to(user, all) else {
        let scopes = ScopeSet::default();
        return Ok(Some(Standing { client, scopes, needs_factor: false }));
    };
    let sensitive = policy::sensitive(&open, &scopes);
    if !env.config.authentication.mfa.enabled {
        // Nobody can prove what they take.
        let scopes = scopes.filter(|scope| !sensitive.has(scope));
        return Ok(Some(Standing { client, scopes, needs_factor: false }));
    }
    let fresh = session.has_fresh_factor(r.now, request.created_at);
    let needs_factor = !fresh && !sensitive.is_empty();
    Ok(Some(Standing { client, scopes, needs_factor }))
}

/// How long no code counts, for this person or for everybody.
fn paused(r: &Read<'_>, signed_in: &SignedIn) -> Result<Option<Duration>> {
    let own = attempt::pause(r, Scope::UserCode, signed_in.user.id.as_str())?;
    if own.is_some() {
        return Ok(own);
    }
    let hour = hour(r.now);
    let full = store::device_request::misses(r, hour)? >= MOST_MISSES;
    Ok(full.then(|| hour.plus(HOUR).since(r.now)))
}

fn wrong(tx: &Write<'_>, who: &Actor, signed_in: &SignedIn) -> Result<Looked> {
    let user = &signed_in.user.id;
    let reserved = attempt::reserve(tx, Scope::UserCode, user.as_str(), &TRIES)?;
    let hour = hour(tx.now);
    store::device_request::add_miss(tx, hour)?;
    let mut event = Event::new("device.wrong_code").user(user).session(&signed_in.session.id);
    if let Reserved::Go(tries) = reserved
        && tries.failures >= TRIES.max
    {
        event = event.with("paused", true);
    }
    audit::record(tx, who, &event)?;
    if store::device_request::misses(tx, hour)? == MOST_MISSES {
        audit::record(tx, who, &Event::new("device.codes_paused").with("misses", MOST_MISSES))?;
    }
    Ok(Looked::Wrong)
}

/// The beginning of the hour that a moment lies in.
fn hour(now: Time) -> Time {
    let span = i64::try_from(HOUR.as_millis()).unwrap_or(i64::MAX);
    Time::from_millis(now.millis().saturating_sub(now.millis().rem_euclid(span)))
}

/// Proves that this session was shown the question about this device: the page carries it back.
fn shown(env: &Env, request: &DeviceRequest, session: &Session) -> String {
    b64(&env.keys.vault.mac("device", format!("{}:{}", request.id, session.id).as_bytes()))
}

/// What the person decided, and the proof that they were asked.
#[derive(Clone, Copy, Debug)]
pub struct Decision<'a> {
    /// [`Question::request`].
    pub request: &'a DeviceRequestId,
    /// Yes or no.
    pub allow: bool,
    /// [`Question::shown`].
    pub shown: &'a str,
}

/// What became of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answered {
    /// The device of this app gets its tokens with its next poll.
    Allowed(String),
    /// It gets none.
    Denied(String),
    /// Nothing yet: to allow it takes a second factor, which was not proved, or too long ago. [`look`] says how.
    Stale,
    /// It was answered before, or too late; where that is told.
    Gone(TraceId),
}

/// Takes the person's decision, once.
pub fn answer(
    tx: &Write<'_>,
    env: &Env,
    who: &Actor,
    signed_in: &SignedIn,
    decision: Decision<'_>,
) -> Result<Answered> {
    session::permit(tx, who, &signed_in.user.id)?;
    let gone = |story: Option<&TraceId>| {
        trace::page(tx, who, Kind::Device, story, Rule::RequestGone).map(Answered::Gone)
    };
    let Some(request) = store::device_request::by_id(tx, decision.request)? else {
        return gone(None);
    };
    let proof = shown(env, &request, &signed_in.session);
    if !equal(decision.shown.as_bytes(), proof.as_bytes()) {
        return Err(Error::invalid("decision", "this question was not shown in this session"));
    }
    let found = standing(tx, env, signed_in, &request)?;
    let Some(Standing { client, scopes, needs_factor }) = found else {
        return gone(request.trace.as_ref());
    };
    if needs_factor && decision.allow {
        return Ok(Answered::Stale);
    }
    let (state, name) = if decision.allow {
        (State::Approved, "device.allow")
    } else {
        (State::Denied, "device.deny")
    };
    let decided = store::device_request::Decided {
        state,
        user: &signed_in.user.id,
        session: &signed_in.session.id,
        scopes: &scopes,
    };
    if !store::device_request::decide(tx, &request.id, decided)? {
        return gone(request.trace.as_ref());
    }
    let story = request.trace.as_ref();
    trace::belongs(tx, story, Some(&signed_in.user.id), None)?;
    if decision.allow {
        trace::note(tx, story, Step::Allowed, &format!("scopes: {scopes}"))?;
    } else {
        let no = Refusal::new(Code::AccessDenied, Rule::SaidNo, "the person said no");
        trace::refuse(tx, story, no, &Grounds::default())?;
    }
    let event = Event::new(name)
        .user(&signed_in.user.id)
        .client(&client.id)
        .session(&signed_in.session.id)
        .with("request", request.id.as_str())
        .with("device_address", request.address.as_str())
        .with("scopes", scopes.to_string());
    audit::record(tx, who, &event)?;
    Ok(if decision.allow { Answered::Allowed(client.name) } else { Answered::Denied(client.name) })
}
