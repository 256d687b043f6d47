//! What the person behind a waiting authorization request must do next, and what the client is answered in the end.
//! The request itself was checked in `begin`; how pages look is left to `http`.

use super::{
    Code, Refusal,
    consent::{self, Question},
    ending::{back, gone, refuse, refuse_or_hold},
    policy,
    reply::{Held, Post, Reply, may_redirect},
};
use crate::{
    crypto::secret::{Hashed, Plain, b64, equal, random_token},
    db::{Read, Write},
    error::{Error, Result},
    model::{
        actor::Actor,
        audit::Event,
        authorization::{AuthorizationCode, AuthorizationRequest, CODE_LIFETIME},
        client::{Client, ClientOrigin},
        id::{RequestId, TraceId},
        scope::{ADMIN_PREFIX, ScopeSet},
        session::Session,
        sign_in::Strength,
        trace::{Kind, Rule, Step},
    },
    ops::{
        audit,
        client::newcomer,
        env::Env,
        factor, login,
        session::{self, SignedIn},
        trace,
    },
    store,
};

/// What comes next.
#[derive(Clone, Debug)]
pub enum Next {
    /// Nobody is signed in: the sign-in pages, then here again.
    SignIn,
    /// The client wants a fresh sign-in: the sign-in pages although someone is signed in.
    SignInAgain,
    /// A sensitive scope is asked for: the second factor alone, then here again. The secret carries the browser through.
    StepUp(Plain),
    /// The person is asked.
    Consent(Box<Question>),
    /// The answer goes to the client.
    Redirect(String),
    /// The answer goes to the client in a form.
    Post(Post),
    /// The person is told what is wrong, and may go back to the client, for which nobody here vouches.
    Held(Box<Held>),
    /// No such request in this browser: answered before, too old, or never there. Where that is told.
    Gone(TraceId),
}

impl From<Reply> for Next {
    fn from(reply: Reply) -> Self {
        match reply {
            Reply::Redirect(url) => Self::Redirect(url),
            Reply::Post(post) => Self::Post(post),
        }
    }
}

/// What the sign-in page says of the request that waits behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// The client's name.
    pub client: String,
    /// Who is expected.
    pub login_hint: Option<String>,
    /// How much the sign-in must prove.
    pub strength: Strength,
}

/// The request that waits in this browser, as the sign-in page shows it.
pub fn waiting(
    r: &Read<'_>,
    env: &Env,
    request: &RequestId,
    browser: &Hashed,
) -> Result<Option<Waiting>> {
    let Some(request) = store::authorization::request(r, request, browser)? else {
        return Ok(None);
    };
    let strength = if request.mfa || is_sensitive(r, env, &request)? {
        // Asked for now, it need not be asked for after the password.
        Strength::Mfa
    } else if request.prompt.login || request.max_age.is_some() {
        Strength::Fresh
    } else {
        Strength::Usual
    };
    let client = store::client::by_id(r, &request.client_id)?;
    let login_hint = request.login_hint;
    Ok(client.map(|client| Waiting { client: client.name, login_hint, strength }))
}

/// Whether it takes a second factor to allow what a request asks for, whoever allows it.
fn is_sensitive(r: &Read<'_>, env: &Env, request: &AuthorizationRequest) -> Result<bool> {
    if !env.config.authentication.mfa.enabled {
        return Ok(false);
    }
    let mut resources = Vec::with_capacity(request.resources.len());
    for uri in &request.resources {
        resources.extend(store::resource::by_uri(r, uri)?);
    }
    let ordinary = request.scopes.filter(|scope| !scope.starts_with(ADMIN_PREFIX));
    Ok(!policy::sensitive(&resources, &ordinary).is_empty())
}

/// Which request is meant, and by whom.
#[derive(Clone, Copy, Debug)]
pub struct Visit<'a> {
    /// The browser, as its cookie names it.
    pub browser: &'a Hashed,
    /// The request; only this browser's are found.
    pub request: &'a RequestId,
    /// Who is signed in here.
    pub signed_in: Option<&'a SignedIn>,
}

/// Everything that an answer depends on, read anew at each step: what a page carried counts for nothing.
struct Case<'a> {
    env: &'a Env,
    request: AuthorizationRequest,
    client: Client,
    signed_in: &'a SignedIn,
    scopes: ScopeSet,
}

enum Opened<'a> {
    Case(Box<Case<'a>>),
    Next(Next),
}

/// Decides what comes next for a request; answers it at once where nothing needs to be asked.
pub fn decide(tx: &Write<'_>, env: &Env, who: &Actor, visit: Visit<'_>) -> Result<Next> {
    let case = match open(tx, env, who, visit)? {
        Opened::Case(case) => case,
        Opened::Next(next) => return Ok(next),
    };
    let user = &case.signed_in.user.id;
    let (client, request) = (&case.client, &case.request);
    let known = client.origin == ClientOrigin::BuiltIn
        || consent::covers(tx, user, &client.id, &request.resources, &case.scopes)?
            && consent::is_assured(tx, client, &request.redirect_uri)?;
    if known && !case.request.prompt.consent {
        return give(tx, who, &case);
    }
    if case.request.prompt.none {
        let why = "the person must be asked first";
        let refusal = Refusal::new(Code::ConsentRequired, Rule::ConsentRequired, why);
        return refuse(tx, env, who, &case.request, refusal);
    }
    trace::note(tx, case.request.trace.as_ref(), Step::Asked, "")?;
    let question =
        consent::question(tx, &case.request, &case.client, &case.signed_in.user, &case.scopes)?;
    let shown = shown(env, &case.request, &case.signed_in.session);
    Ok(Next::Consent(Box::new(Question { shown, ..question })))
}

/// Proves that this session was shown the question of this request: the page carries it back.
fn shown(env: &Env, request: &AuthorizationRequest, session: &Session) -> String {
    b64(&env.keys.vault.mac("consent", format!("{}:{}", request.id, session.id).as_bytes()))
}

/// What the person decided, and the proof that they were asked.
#[derive(Clone, Copy, Debug)]
pub struct Decision<'a> {
    /// Yes or no.
    pub allow: bool,
    /// [`Question::shown`] of the page they answered.
    pub shown: &'a str,
}

/// Takes the person's decision. The kept request decides what was allowed; the decision is yes or no.
pub fn answer(
    tx: &Write<'_>,
    env: &Env,
    who: &Actor,
    visit: Visit<'_>,
    decision: Decision<'_>,
) -> Result<Next> {
    let case = match open(tx, env, who, visit)? {
        Opened::Case(case) => case,
        Opened::Next(next) => return Ok(next),
    };
    let proof = shown(env, &case.request, &case.signed_in.session);
    if !equal(decision.shown.as_bytes(), proof.as_bytes()) {
        return Err(Error::invalid("decision", "this question was not shown in this session"));
    }
    let user = &case.signed_in.user.id;
    let event = |name| {
        Event::new(name)
            .user(user)
            .client(&case.client.id)
            .session(&case.signed_in.session.id)
            .with("scopes", case.scopes.to_string())
    };
    if !decision.allow {
        audit::record(tx, who, &event("consent.deny"))?;
        let refusal = Refusal::new(Code::AccessDenied, Rule::SaidNo, "the person said no");
        return refuse(tx, env, who, &case.request, refusal);
    }
    consent::remember(tx, user, &case.client.id, &case.request.resources, &case.scopes)?;
    audit::record(tx, who, &event("consent.allow"))?;
    trace::note(tx, case.request.trace.as_ref(), Step::Allowed, "")?;
    give(tx, who, &case)
}

/// Finds the request and passes it if someone fitting is signed in.
fn open<'a>(tx: &Write<'_>, env: &'a Env, who: &Actor, visit: Visit<'a>) -> Result<Opened<'a>> {
    let Visit { browser, request: id, signed_in } = visit;
    let next = |next| Ok(Opened::Next(next));
    let Some(request) = store::authorization::request(tx, id, browser)? else {
        return next(gone(tx, who, None)?);
    };
    let client = store::client::by_id(tx, &request.client_id)?;
    // Switched off, or its redirect URI withdrawn, while the person was reading: nobody is redirected.
    let Some(client) = client
        .filter(|client| client.is_active() && client.accepts_redirect(&request.redirect_uri))
    else {
        store::authorization::take_request(tx, id)?;
        let story = request.trace.as_ref();
        return next(Next::Gone(trace::page(tx, who, Kind::Authorize, story, Rule::Left)?));
    };
    let signed_in = match signed_in {
        // Ended since this request was let in.
        Some(one) if session::is_over(tx, &one.user.id, &one.session.id)? => None,
        other => other,
    };
    if request.mfa && !env.config.authentication.mfa.enabled {
        let why = "second factors are switched off here";
        let code = Code::UnmetAuthenticationRequirements;
        let refusal = Refusal::new(code, Rule::FactorsOff, why);
        let led = signed_in.is_some() || may_redirect(tx, &client, &request.redirect_uri)?;
        return refuse_or_hold(tx, env, who, &request, refusal, led).map(Opened::Next);
    }
    let meant = |one: &SignedIn| request.subject.as_ref().is_none_or(|who| *who == one.user.id);
    let fitting = signed_in.filter(|one| {
        let proved = !request.mfa || one.session.mfa_verified();
        is_fresh(&request, &one.session, tx) && proved && meant(one)
    });
    let Some(signed_in) = fitting else {
        // Whoever signed in for this request is somebody else: to ask again would be to ask for ever.
        let other =
            signed_in.is_some_and(|one| !meant(one) && one.session.auth_time > request.created_at);
        return if request.prompt.none || other {
            let rule = if other { Rule::AnotherPerson } else { Rule::LoginRequired };
            let why = "nobody fitting is signed in";
            let refusal = Refusal::new(Code::LoginRequired, rule, why);
            // Nobody does anything for a silent request: it must be an app that an operator vouches for, or that somebody
            // here has let in. Such apps ask so again and again in the background.
            let led = signed_in.is_some()
                || may_redirect(tx, &client, &request.redirect_uri)?
                || newcomer::is_in_use(tx, &client)?;
            refuse_or_hold(tx, env, who, &request, refusal, led).map(Opened::Next)
        } else {
            trace::note(tx, request.trace.as_ref(), Step::SignIn, "")?;
            next(if signed_in.is_some() { Next::SignInAgain } else { Next::SignIn })
        };
    };
    let case = Case { env, request, client, signed_in, scopes: ScopeSet::default() };
    may(tx, who, browser, case)
}

/// What this person can allow of it, and whether their session proves enough to allow it now.
fn may<'a>(
    tx: &Write<'_>,
    who: &Actor,
    browser: &Hashed,
    mut case: Case<'a>,
) -> Result<Opened<'a>> {
    let refuse = |case: &Case<'_>, code, rule, why| {
        let event = Event::new("authorize.refused")
            .user(&case.signed_in.user.id)
            .client(&case.client.id)
            .with("reason", why);
        audit::record(tx, who, &event)?;
        refuse(tx, case.env, who, &case.request, Refusal::new(code, rule, why)).map(Opened::Next)
    };
    let user = &case.signed_in.user;
    trace::belongs(tx, case.request.trace.as_ref(), Some(&user.id), None)?;
    let all = policy::remaining(tx, &case.client, &case.request.resources)?;
    if all.is_empty() && !case.request.resources.is_empty() {
        let why = "the resource is no longer registered";
        return refuse(&case, Code::InvalidTarget, Rule::ResourceGone, why);
    }
    case.scopes = policy::for_person(user, &all, &case.request.scopes);
    let Ok(open) = policy::open_to(user, all) else {
        let why = "this person may not use the resource: it takes a role that they do not have";
        return refuse(&case, Code::AccessDenied, Rule::ResourceOfPerson, why);
    };
    let sensitive = policy::sensitive(&open, &case.scopes);
    let enabled = case.env.config.authentication.mfa.enabled;
    if !enabled {
        // Nobody can prove what they take.
        case.scopes = case.scopes.filter(|scope| !sensitive.has(scope));
    }
    if case.scopes.is_empty() && !case.request.scopes.is_empty() {
        let why = "none of the scopes can be had by this person";
        return refuse(&case, Code::InvalidScope, Rule::ScopeOfPerson, why);
    }
    case.request.resources = open.into_iter().map(|resource| resource.uri).collect();
    let fresh = case.signed_in.session.has_fresh_factor(tx.now, case.request.created_at);
    if sensitive.is_empty() || !enabled || fresh {
        return Ok(Opened::Case(Box::new(case)));
    }
    if case.request.prompt.none {
        let why = "a sensitive scope takes a second factor, proved just now";
        return refuse(&case, Code::LoginRequired, Rule::FactorNeeded, why);
    }
    step_up(tx, &case, browser).map(Opened::Next)
}

/// To the second factor alone; whoever has none signs in with the password again and enrols one.
fn step_up(tx: &Write<'_>, case: &Case<'_>, browser: &Hashed) -> Result<Next> {
    let session = &case.signed_in.session;
    let enrolled = factor::enrolled(tx, &session.user_id)?;
    if !enrolled.iter().any(|method| factor::allowed(case.env, *method)) {
        store::authorization::want_mfa(tx, &case.request.id)?;
        return Ok(Next::SignInAgain);
    }
    let back = format!("/authorize/continue?request={}", case.request.id);
    login::raise_session(tx, browser, session, back).map(Next::StepUp)
}

/// Whether the sign-in is as young as the client wants it (OpenID Connect Core §3.1.2.1).
fn is_fresh(request: &AuthorizationRequest, session: &Session, tx: &Write<'_>) -> bool {
    let since_asked = session.auth_time > request.created_at;
    let young =
        request.max_age.is_none_or(|age| tx.now.since(session.auth_time) <= age && !age.is_zero());
    since_asked || (young && !request.prompt.login && !request.prompt.select_account)
}

/// Makes the code and sends it to the client, once.
fn give(tx: &Write<'_>, who: &Actor, case: &Case<'_>) -> Result<Next> {
    let request = &case.request;
    if !store::authorization::take_request(tx, &request.id)? {
        return gone(tx, who, request.trace.as_ref());
    }
    let story = request.trace.as_ref();
    trace::note(tx, story, Step::Code, &format!("scopes: {}", case.scopes))?;
    let code = random_token(32);
    let row = AuthorizationCode {
        client_id: case.client.id.clone(),
        user_id: case.signed_in.user.id.clone(),
        session_id: case.signed_in.session.id.clone(),
        redirect_uri: request.redirect_uri.clone(),
        code_challenge: request.code_challenge.clone(),
        scopes: case.scopes.clone(),
        resources: request.resources.clone(),
        spelled: request.spelled.clone(),
        nonce: request.nonce.clone(),
        expires_at: tx.now.plus(CODE_LIFETIME),
        grant_id: None,
        spent: false,
        jkt: request.jkt.clone(),
        trace: request.trace.clone(),
    };
    store::authorization::insert_code(tx, &Hashed::of(code.expose()), &row)?;
    let event = Event::new("code.create")
        .user(&row.user_id)
        .client(&row.client_id)
        .session(&row.session_id)
        .with("scopes", row.scopes.to_string());
    audit::record(tx, who, &event)?;
    Ok(back(request).answer(case.env, &[("code", code.expose())]).into())
}
