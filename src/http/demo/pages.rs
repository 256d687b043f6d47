//! The demo app's handlers: which run it is, one step of the flow, the page.

use std::sync::Arc;

use axum::{
    Extension,
    extract::{RawQuery, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{AppendHeaders, IntoResponse, Redirect, Response},
};
use cookie::{Cookie, SameSite};

use super::{
    DemoApp,
    flow::{self, Outcome, Refused, SignedIn},
    runs::{self, Run},
    show,
};
use crate::{
    app::App,
    error::{Error, Result},
    http::{
        cookies,
        error::PageError,
        extract::{self, Browser, From, MaybeSession, PageForm},
        fields::Fields,
        lang::Lang,
        pages::{form, page, shell},
        view::{Action, DemoResult, DemoStart, Label, Link, Person, Shell, SignedOut, Step},
    },
    ops,
};

type Demo = Extension<Arc<DemoApp>>;

/// `GET /demo`: the start, or what the flow brought.
pub async fn show(
    State(app): State<App>,
    Extension(demo): Demo,
    browser: Browser,
    headers: HeaderMap,
) -> Response {
    // The answer comes to the registered address, and so must the cookie that it is compared with.
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    if host.is_some_and(|host| !host.eq_ignore_ascii_case(app.env.site.public_url.authority())) {
        return Redirect::to(&demo.address("/demo")).into_response();
    }
    let run = run_id(&headers).and_then(|id| demo.runs.get(id, app.db.now()));
    let html = match run {
        Some(Run::SignedIn(signed_in)) => signed_in_page(&app, &browser, *signed_in).render(),
        Some(Run::Refused(refused)) => refused_page(&app, &browser, *refused).render(),
        Some(Run::Waiting(_)) | None => start_page(&app, &demo, &browser).render(),
    };
    page(&app.env, &browser, StatusCode::OK, html)
}

/// `POST /demo/start`: off to the server.
pub async fn start(
    State(app): State<App>,
    Extension(demo): Demo,
    headers: HeaderMap,
    PageForm(_): PageForm,
) -> Result<Response, PageError> {
    if let Some(old) = run_id(&headers) {
        demo.runs.remove(old);
    }
    let (waiting, url) = flow::begin(&demo);
    let id = demo.runs.begin(waiting, app.db.now());
    let location = HeaderValue::try_from(url)
        .map_err(|source| Error::internal("the address cannot be sent").with_source(source))?;
    let cookie = AppendHeaders([(header::SET_COOKIE, run_cookie(&app, &id))]);
    Ok((StatusCode::SEE_OTHER, cookie, [(header::LOCATION, location)]).into_response())
}

/// `GET /demo/callback`: the answer, taken once and only in the browser that asked.
pub async fn callback(
    State(app): State<App>,
    Extension(demo): Demo,
    browser: Browser,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let answer = Fields::parse(query.unwrap_or_default().as_bytes());
    let now = app.db.now();
    let waiting = run_id(&headers).and_then(|id| {
        let waiting = demo.runs.answered(id, answer.get("state")?, now)?;
        Some((id, waiting))
    });
    let Some((id, waiting)) = waiting else {
        let why = "This answer does not belong to a request of this browser.".to_owned();
        let refused = Refused { why, steps: vec![show::foreign_answer(&answer)] };
        let html = refused_page(&app, &browser, refused).render();
        return Ok(page(&app.env, &browser, StatusCode::BAD_REQUEST, html));
    };
    let run = match flow::finish(&demo, waiting, &answer).await? {
        Outcome::SignedIn(signed_in) => Run::SignedIn(signed_in),
        Outcome::Refused(refused) => Run::Refused(Box::new(refused)),
    };
    demo.runs.put(id, run, now);
    // On to an address without the code, so that a reload repeats nothing.
    Ok(Redirect::to("/demo").into_response())
}

/// `POST /demo/refresh`.
pub async fn refresh(
    Extension(demo): Demo,
    headers: HeaderMap,
    PageForm(_): PageForm,
) -> Result<Response, PageError> {
    let Some((id, mut signed_in)) = held(&demo, &headers) else { return Ok(over()) };
    flow::refresh(&demo, &mut signed_in).await?;
    Ok(keep(&demo, id, signed_in, "refresh"))
}

/// `POST /demo/repeat`.
pub async fn repeat(
    Extension(demo): Demo,
    headers: HeaderMap,
    PageForm(_): PageForm,
) -> Result<Response, PageError> {
    let Some((id, mut signed_in)) = held(&demo, &headers) else { return Ok(over()) };
    flow::repeat(&demo, &mut signed_in).await?;
    Ok(keep(&demo, id, signed_in, "refresh"))
}

/// `POST /demo/introspect`.
pub async fn introspect(
    Extension(demo): Demo,
    headers: HeaderMap,
    PageForm(_): PageForm,
) -> Result<Response, PageError> {
    let Some((id, mut signed_in)) = held(&demo, &headers) else { return Ok(over()) };
    flow::introspect(&demo, &mut signed_in).await?;
    Ok(keep(&demo, id, signed_in, "introspect"))
}

/// `POST /demo/revoke`.
pub async fn revoke(
    Extension(demo): Demo,
    headers: HeaderMap,
    PageForm(_): PageForm,
) -> Result<Response, PageError> {
    let Some((id, mut signed_in)) = held(&demo, &headers) else { return Ok(over()) };
    flow::revoke(&demo, &mut signed_in).await?;
    Ok(keep(&demo, id, signed_in, "revoke"))
}

/// `POST /demo/logout`: gives the tokens back, and ends the session at the server too.
pub async fn logout(
    State(app): State<App>,
    Extension(demo): Demo,
    From(origin): From,
    MaybeSession(session): MaybeSession,
    browser: Browser,
    headers: HeaderMap,
    PageForm(_): PageForm,
) -> Result<Response, PageError> {
    if let Some((id, mut signed_in)) = held(&demo, &headers) {
        flow::revoke(&demo, &mut signed_in).await?;
        demo.runs.remove(id);
    }
    if let Some(signed_in) = session {
        let who = signed_in.actor(origin);
        app.db.write(move |tx| ops::session::logout(tx, &who)).await?;
    }
    let view = SignedOut {
        shell: frame(&app, &browser),
        sign_in: "/login".to_owned(),
        back: Some(Link { label: "Back to the demo app".to_owned(), href: "/demo".to_owned() }),
    };
    let cookies = AppendHeaders([
        (header::SET_COOKIE, cookies::no_session(&app.env)),
        (header::SET_COOKIE, cookies::no_sign_in(&app.env)),
    ]);
    Ok((cookies, page(&app.env, &browser, StatusCode::OK, view.render())).into_response())
}

fn run_id(headers: &HeaderMap) -> Option<&str> {
    extract::cookie(headers, runs::COOKIE)
}

/// Lax, since the answer comes by a redirect that another site's page may have begun.
fn run_cookie(app: &App, id: &str) -> String {
    let mut cookie = Cookie::new(runs::COOKIE, id);
    cookie.set_path("/demo");
    cookie.set_http_only(true);
    cookie.set_secure(app.env.site.secure_cookies);
    cookie.set_same_site(SameSite::Lax);
    cookie.to_string()
}

fn held<'h>(demo: &DemoApp, headers: &'h HeaderMap) -> Option<(&'h str, Box<SignedIn>)> {
    let id = run_id(headers)?;
    match demo.runs.get(id, demo.app.db.now())? {
        Run::SignedIn(signed_in) => Some((id, signed_in)),
        Run::Waiting(_) | Run::Refused(_) => None,
    }
}

fn over() -> Response {
    Redirect::to("/demo").into_response()
}

fn keep(demo: &DemoApp, id: &str, signed_in: Box<SignedIn>, step: &str) -> Response {
    let number = signed_in.steps.len() + AFTER.iter().take_while(|name| **name != step).count() + 1;
    demo.runs.put(id, Run::SignedIn(signed_in), demo.app.db.now());
    Redirect::to(&format!("/demo#step-{number}")).into_response()
}

/// What can be done with tokens, in the order of the page.
const AFTER: [&str; 3] = ["refresh", "introspect", "revoke"];

/// The frame, in English: these pages explain the protocol to developers, and so do the words in them.
fn frame(app: &App, browser: &Browser) -> Shell {
    Shell { lang: Lang::En, here: None, ..shell(&app.env, browser) }
}

fn start_page(app: &App, demo: &DemoApp, browser: &Browser) -> DemoStart {
    let now = app.db.now();
    let people = demo.data.people.iter().map(|person| {
        let code = person.authenticator.as_ref().and_then(|device| device.code(now).ok());
        Person {
            username: person.username.to_owned(),
            password: person.password.to_owned(),
            about: person.about.to_owned(),
            second_factor: person.authenticator.is_some(),
            code: code.map(|(code, _)| spaced(code.expose())),
        }
    });
    DemoStart {
        shell: frame(app, browser),
        sign_in: form(&app.env, browser, "/demo/start", &[]),
        people: people.collect(),
        error: None,
    }
}

/// A code in two halves, as authenticator apps show it; spaces are ignored when it is typed.
pub fn spaced(code: &str) -> String {
    let (first, second) = code.split_at_checked(code.len() / 2).unwrap_or((code, ""));
    format!("{first} {second}")
}

fn refused_page(app: &App, browser: &Browser, refused: Refused) -> DemoResult {
    DemoResult {
        shell: frame(app, browser),
        who: Label::default(),
        error: Some(refused.why),
        steps: numbered(refused.steps),
        actions: vec![action(app, browser, "Start again", "/demo/start", true)],
    }
}

fn signed_in_page(app: &App, browser: &Browser, signed_in: SignedIn) -> DemoResult {
    let button = |label: &str, path: &str, primary| action(app, browser, label, path, primary);
    let SignedIn { who, mut steps, tokens, mut refresh, mut introspect, mut revoke } = signed_in;
    if tokens.refresh.is_some() {
        refresh.actions.push(button("Refresh now", "/demo/refresh", true));
    }
    if tokens.spent.is_some() {
        refresh.actions.push(button("Repeat the last request", "/demo/repeat", false));
    }
    introspect.actions.push(button("Ask as the API", "/demo/introspect", false));
    revoke.actions.push(button("Revoke the tokens", "/demo/revoke", false));
    steps.extend([refresh, introspect, revoke]);
    DemoResult {
        shell: frame(app, browser),
        who: Label::new(&who),
        error: None,
        steps: numbered(steps),
        actions: vec![
            button("Sign in again", "/demo/start", false),
            button("Sign out", "/demo/logout", false),
        ],
    }
}

fn action(app: &App, browser: &Browser, label: &str, path: &str, primary: bool) -> Action {
    Action { label: label.to_owned(), form: form(&app.env, browser, path, &[]), primary }
}

fn numbered(mut steps: Vec<Step>) -> Vec<Step> {
    for (step, number) in steps.iter_mut().zip(1..) {
        step.number = number;
    }
    steps
}
