//! `/authorize` and `/consent`: the part of the protocol that a person sees.

use std::sync::Arc;

use axum::{
    Extension,
    body::Bytes,
    extract::{RawQuery, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{AppendHeaders, IntoResponse, Response},
};

use super::{
    client_form::is_form,
    held,
    resolve::Resolver,
    told,
    unfit::{self, Unfit},
    waiting,
};
use crate::{
    app::App,
    config::session::SameSite,
    error::Error,
    http::{
        cookies,
        error::PageError,
        extract::{self, Browser, From, MaybeSession, PageForm},
        fields::Fields,
        lang::{Lang, scope},
        middleware,
        pages::{form, page, shell, stage_path},
        view::{
            Bounce, Consent, ErrorPage, FormPost, Label, Registered, Resource, ScopeLine, Shell,
            Trust,
        },
    },
    model::{
        actor::{Actor, Origin},
        id::{RequestId, TraceId},
        sign_in::Stage,
        trace::{Kind, Rule, Shown},
    },
    ops::{
        oauth::{
            authorize::{self as op, Next},
            begin::{self, Begun, Unsure},
            consent::{Destination, Line, Question, Standing},
            par,
            reply::Post,
        },
        session::SignedIn,
        trace::{self, Grounds},
    },
};

/// What came with a request besides its parameters.
struct Visit {
    app: App,
    origin: Origin,
    browser: Browser,
    session: Option<SignedIn>,
}

/// `GET /authorize`.
pub async fn begin(
    State(app): State<App>,
    From(origin): From,
    MaybeSession(session): MaybeSession,
    browser: Browser,
    Extension(resolver): Extension<Arc<Resolver>>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let fields = Fields::parse(query.unwrap_or_default().as_bytes());
    start(Visit { app, origin, browser, session }, &resolver, &headers, fields).await
}

/// `POST /authorize` (OpenID Connect Core §3.1.2.1). Parameters of URL and form count together.
pub async fn begin_by_form(
    State(app): State<App>,
    From(origin): From,
    MaybeSession(session): MaybeSession,
    browser: Browser,
    Extension(resolver): Extension<Arc<Resolver>>,
    request: axum::extract::Request,
) -> Result<Response, PageError> {
    let headers = request.headers().clone();
    let query = Fields::parse(request.uri().query().unwrap_or_default().as_bytes());
    if !is_form(&headers) {
        let error = Error::invalid("form", "an authorization request by POST must be a form");
        let who = Actor::anonymous(origin);
        return Err(told::page(&app, who, Kind::Authorize, Rule::Malformed, error).await);
    }
    let body = <Bytes as axum::extract::FromRequest<App>>::from_request(request, &app)
        .await
        .map_err(|_| Error::invalid("form", "the form was too large or cut off"))?;
    let fields = query.and(Fields::parse(&body));
    start(Visit { app, origin, browser, session }, &resolver, &headers, fields).await
}

async fn start(
    mut visit: Visit,
    resolver: &Resolver,
    headers: &HeaderMap,
    fields: Fields,
) -> Result<Response, PageError> {
    let pushed = visit.app.db.read(|r| par::locales(r, fields.pairs()))?;
    visit.browser.asked_for(pushed.as_deref().unwrap_or(fields.text("ui_locales")));
    let client = fields.text("client_id");
    if let Err(problem) = resolver.know(&visit.app, &actor(&visit), client).await? {
        let shut_in = resolver.is_shut_in(&visit.app);
        let unfit = Unfit { problem: &problem, shut_in, promised: resolver.promises(&visit.app) };
        return unfit_page(&visit, fields, &unfit).await;
    }
    let (env, browser, who) = (visit.app.env(), visit.browser.hash(), actor(&visit));
    let (begun, story) = visit
        .app
        .db
        .write(move |tx| {
            let story = trace::open(tx, &who, Kind::Authorize, fields.pairs(), false)?;
            let begun = begin::begin(tx, &env, &who, &browser, fields.pairs(), Some(&story))?;
            Ok((begun, story))
        })
        .await?;
    match begun {
        Begun::Waiting(id) if withheld(&visit, headers) => Ok(bounce(&visit, &id)),
        Begun::Waiting(id) => decide(visit, id).await,
        Begun::Redirect(url) => redirect(&visit, &url),
        Begun::Pending(client) => {
            Ok(waiting::response(&visit.app, &visit.browser, &client, &story))
        }
        Begun::Post(post) => Ok(post_page(&visit, post)),
        Begun::Held(held) => Ok(held::response(&visit.app, &visit.browser, *held)),
        Begun::Page(unsure) => Ok(unsure_page(&visit, unsure, &story)),
    }
}

/// The page for an app whose own document is not taken.
async fn unfit_page(
    visit: &Visit,
    fields: Fields,
    unfit: &Unfit<'_>,
) -> Result<Response, PageError> {
    let (who, hint) = (actor(visit), unfit.problem.to_string());
    let story = visit
        .app
        .db
        .write(move |tx| {
            let pairs = fields.pairs();
            let story = trace::open(tx, &who, Kind::Authorize, pairs, false)?;
            let grounds = Grounds { hint: Some(&hint), pairs, ..Grounds::default() };
            trace::refuse_page(tx, &story, Rule::Document, &grounds)?;
            Ok(story)
        })
        .await?;
    Ok(unfit::response(&visit.app, &visit.browser, unfit, &story))
}

/// Whether the browser may have held the session cookie back because another site sent it here.
fn withheld(visit: &Visit, headers: &HeaderMap) -> bool {
    let session = &visit.app.env.config.authentication.session;
    let cross = headers.get("sec-fetch-site").is_some_and(|site| site == "cross-site");
    cross
        && session.security.same_site == SameSite::Strict
        && extract::cookie(headers, &session.cookie_name).is_none()
}

/// `GET /authorize/continue?request=ID` and `GET /consent?request=ID`: after sign-in, or on reload.
pub async fn proceed(
    State(app): State<App>,
    From(origin): From,
    MaybeSession(session): MaybeSession,
    browser: Browser,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let fields = Fields::parse(query.unwrap_or_default().as_bytes());
    decide(Visit { app, origin, browser, session }, RequestId::from_text(fields.text("request")))
        .await
}

async fn decide(visit: Visit, id: RequestId) -> Result<Response, PageError> {
    let (env, browser, session) = (visit.app.env(), visit.browser.hash(), visit.session.clone());
    let (who, request) = (actor(&visit), id.clone());
    let next = visit
        .app
        .db
        .write(move |tx| {
            let at =
                op::Visit { browser: &browser, request: &request, signed_in: session.as_ref() };
            op::decide(tx, &env, &who, at)
        })
        .await?;
    respond(&visit, &id, next)
}

/// `POST /consent`: `decision` is `allow` or `deny`; everything else was kept here.
pub async fn answer(
    State(app): State<App>,
    From(origin): From,
    MaybeSession(session): MaybeSession,
    browser: Browser,
    PageForm(fields): PageForm,
) -> Result<Response, PageError> {
    let visit = Visit { app, origin, browser, session };
    let allow = match fields.get("decision") {
        Some("allow") => true,
        Some("deny") => false,
        _ => {
            let error = Error::invalid("decision", "the decision must be allow or deny");
            return Err(told_page(&visit, Rule::Malformed, error).await);
        }
    };
    let id = RequestId::from_text(fields.text("request"));
    let shown = fields.text("shown").to_owned();
    let (env, browser, session) = (visit.app.env(), visit.browser.hash(), visit.session.clone());
    let (who, request) = (actor(&visit), id.clone());
    let next = visit
        .app
        .db
        .write(move |tx| {
            let at =
                op::Visit { browser: &browser, request: &request, signed_in: session.as_ref() };
            op::answer(tx, &env, &who, at, op::Decision { allow, shown: &shown })
        })
        .await;
    match next {
        Ok(next) => respond(&visit, &id, next),
        Err(error) => Err(told_page(&visit, Rule::NotShown, error).await),
    }
}

async fn told_page(visit: &Visit, rule: Rule, error: Error) -> PageError {
    told::page(&visit.app, actor(visit), Kind::Authorize, rule, error).await
}

fn actor(visit: &Visit) -> Actor {
    match &visit.session {
        Some(session) => session.actor(visit.origin.clone()),
        None => Actor::anonymous(visit.origin.clone()),
    }
}

fn respond(visit: &Visit, id: &RequestId, next: Next) -> Result<Response, PageError> {
    match next {
        Next::SignIn | Next::SignInAgain => redirect(visit, &format!("/login?request={id}")),
        Next::StepUp(token) => {
            let cookie = cookies::sign_in(&visit.app.env, token.expose());
            let cookie = AppendHeaders([(header::SET_COOKIE, cookie)]);
            Ok((cookie, redirect(visit, stage_path(Stage::SecondFactor))?).into_response())
        }
        Next::Redirect(url) => redirect(visit, &url),
        Next::Post(post) => Ok(post_page(visit, post)),
        Next::Held(held) => Ok(held::response(&visit.app, &visit.browser, *held)),
        Next::Consent(question) => Ok(consent_page(visit, *question)),
        Next::Gone(story) => Ok(gone_page(visit, &story)),
    }
}

/// 303, so that no browser sends a form along (RFC 9700 §4.12).
fn redirect(visit: &Visit, url: &str) -> Result<Response, PageError> {
    let location = HeaderValue::from_bytes(url.as_bytes())
        .map_err(|source| Error::internal("a redirect could not be written").with_source(source))?;
    let headers = [(header::LOCATION, location)];
    let cookies = visit.browser.set_cookies(&visit.app.env);
    Ok((StatusCode::SEE_OTHER, cookies, headers).into_response())
}

/// The answer in a form, sent by a script of ours that may do nothing else.
fn post_page(visit: &Visit, post: Post) -> Response {
    let env = &visit.app.env;
    // Loaded again, the page would be another one: no switch of the language.
    let view = FormPost {
        shell: Shell { here: None, ..shell(env, &visit.browser) },
        action: post.action,
        fields: post.fields,
    };
    let mut page = page(env, &visit.browser, StatusCode::OK, view.render());
    let policy = HeaderValue::from_static(middleware::CSP_WITH_FORM);
    page.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    page
}

fn bounce(visit: &Visit, id: &RequestId) -> Response {
    let env = &visit.app.env;
    let view = Bounce {
        shell: shell(env, &visit.browser),
        to: format!("/authorize/continue?request={id}"),
    };
    page(env, &visit.browser, StatusCode::OK, view.render())
}

fn consent_page(visit: &Visit, question: Question) -> Response {
    use crate::http::view::Destination as Shown;
    let env = &visit.app.env;
    let lang = visit.browser.lang();
    // Not the request of the app, whose wish for a language would undo what is chosen on the page.
    let here = format!("/consent?request={}", question.request);
    let hidden = [("request", question.request.as_str()), ("shown", question.shown.as_str())];
    // Nothing is marked as new where everything is.
    let known = question.scopes.iter().any(|line| !line.new);
    let view = Consent {
        shell: Shell { here: Some(here), ..shell(env, &visit.browser) },
        form: form(env, &visit.browser, "/consent", &hidden),
        client: Label::new(&question.client_name),
        client_host: question.host,
        trust: match question.standing {
            Standing::BuiltIn => Trust::BuiltIn,
            Standing::Entered => Trust::Verified,
            Standing::Approved => Trust::Approved,
            Standing::Addressed => Trust::Addressed,
            Standing::Stranger => Trust::Unverified,
        },
        registered: match question.registered_today {
            Some(true) => Registered::Today,
            Some(false) => Registered::Earlier,
            None => Registered::Never,
        },
        destination: match question.destination {
            Destination::Host(host) => Shown::Host(host),
            Destination::ThisComputer(host) => Shown::ThisComputer(host),
            Destination::App(scheme) => Shown::App(scheme),
        },
        resources: question
            .resources
            .into_iter()
            .map(|(name, url)| Resource { name: Label::new(&name), url })
            .collect(),
        scopes: question
            .scopes
            .into_iter()
            .map(|line| ScopeLine {
                sentence: scope_sentence(lang, &line),
                name: line.scope,
                sensitive: line.sensitive,
                new: line.new && known,
            })
            .collect(),
        again: question.again,
        username: Label::new(&question.username),
        email: Label::new(&question.email),
        not_you: None,
    };
    page(env, &visit.browser, StatusCode::OK, view.render())
}

/// What a scope allows: in the words of the resource that has it, else in ours.
fn scope_sentence(lang: Lang, line: &Line) -> String {
    line.own.clone().unwrap_or_else(|| scope::sentence(lang, &line.scope))
}

fn unsure_page(visit: &Visit, unsure: Unsure, story: &TraceId) -> Response {
    let env = &visit.app.env;
    // Nothing that a stranger sent stands on this page, not even in the switch of the language.
    let frame = Shell { here: None, ..shell(env, &visit.browser) };
    let t = |key| visit.browser.t(key).into();
    let (what, next) = match unsure {
        Unsure::UnknownClient => (t("unsure-client"), t("unsure-client-next")),
        Unsure::SwitchedOff => (t("unsure-off"), t("unsure-off-next")),
        Unsure::UnknownRedirect => (t("unsure-redirect"), t("unsure-redirect-next")),
        Unsure::UnknownRequest => (t("unsure-request"), t("unsure-request-next")),
        Unsure::Ambiguous => (t("unsure-ambiguous"), t("unsure-ambiguous-next")),
    };
    let view = ErrorPage {
        shell: frame,
        title: t("unsure-title"),
        what,
        next,
        reference: Some(Shown(story).to_string()),
        link: None,
    };
    page(env, &visit.browser, StatusCode::BAD_REQUEST, view.render())
}

fn gone_page(visit: &Visit, story: &TraceId) -> Response {
    let env = &visit.app.env;
    let view = ErrorPage {
        shell: shell(env, &visit.browser),
        title: visit.browser.t("gone-title").into(),
        what: visit.browser.t("gone-what").into(),
        next: visit.browser.t("gone-next").into(),
        reference: Some(Shown(story).to_string()),
        link: None,
    };
    page(env, &visit.browser, StatusCode::BAD_REQUEST, view.render())
}
