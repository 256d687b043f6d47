//! Sign-in at a provider, as a browser sees it: `/auth/login` leads there, `/auth/callback` is where it comes back. And
//! the address at which a provider tells that somebody signed out there.

use std::time::Duration;

use axum::{
    Extension, Json,
    body::Bytes,
    extract::{Path, RawQuery, Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{AppendHeaders, IntoResponse, Redirect, Response},
};
use serde_json::{Value, json};

use super::{
    auth, cookies,
    error::{PageError, status},
    extract::{self, Browser, From},
    fields::Fields,
    pages::{self, login, own_path, page, shell, stage_path, visitor},
    view::{Bounce, ProviderButton},
};
use crate::{
    app::App,
    config::providers::Passwords,
    error::Error,
    model::{
        actor::Origin,
        provider::Purpose,
        sign_in::{Stage, Strength},
        trace::Shown,
        user::User,
    },
    ops::{
        self,
        login::{Arrival, Step},
        session::SignedIn,
    },
    service::provider::{Answer, Begin, Completed, Pending, Providers, Signed, Told},
};

/// How long a request waits for the tokens of its session to be renewed; that goes on behind it.
const PATIENCE: Duration = Duration::from_secs(1);

/// `GET /auth/login[?provider=NAME][&redirect_uri=URI | &return_to=PATH | &request=ID][&anew=yes][&remember_me=true]`.
pub async fn begin(
    State(app): State<App>,
    From(origin): From,
    browser: Browser,
    Extension(providers): Extension<Providers>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let fields = Fields::parse(query.unwrap_or_default().as_bytes());
    let mut arrival = login::arrival(&app, &browser, &headers, &fields)?;
    if let Some(uri) = fields.get("redirect_uri") {
        arrival.return_to = app.db.read(|r| ops::provider::own::target(r, &app.env, uri))?;
    }
    if fields.get("anew").is_some() {
        arrival.strength = Strength::Fresh;
    }
    let provider = fields.get("provider").filter(|name| !name.is_empty()).map(str::to_owned);
    let asked = Begin { provider, redirect_uri: None, arrival, purpose: Purpose::SignIn };
    lead(&app, &origin, &browser, &providers, asked).await
}

/// Sends the browser to the provider.
pub async fn lead(
    app: &App,
    origin: &Origin,
    browser: &Browser,
    providers: &Providers,
    asked: Begin,
) -> Result<Response, PageError> {
    let begun = match providers.begin(app, origin, asked).await? {
        Ok(begun) => begun,
        Err(refused) => return Err(PageError::Told(refused.error(), refused.story)),
    };
    let location = HeaderValue::from_str(&begun.url)
        .map_err(|source| Error::internal("a redirect could not be written").with_source(source))?;
    let cookies = browser.set_cookies(&app.env);
    let headers = [
        (header::LOCATION, location),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    Ok((StatusCode::SEE_OTHER, cookies, headers).into_response())
}

/// `GET /auth/callback`: from the first provider.
pub async fn callback(
    state: State<App>,
    from: From,
    browser: Browser,
    providers: Extension<Providers>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    back(Visit { app: state.0, origin: from.0, browser, headers }, &providers.0, None, query).await
}

/// `GET /auth/callback/{provider}`: from a further one, so that the answers of two cannot be mixed up.
pub async fn callback_of(
    state: State<App>,
    from: From,
    browser: Browser,
    providers: Extension<Providers>,
    headers: HeaderMap,
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let visit = Visit { app: state.0, origin: from.0, browser, headers };
    back(visit, &providers.0, Some(name), query).await
}

struct Visit {
    app: App,
    origin: Origin,
    browser: Browser,
    headers: HeaderMap,
}

async fn back(
    visit: Visit,
    providers: &Providers,
    provider: Option<String>,
    query: Option<String>,
) -> Result<Response, PageError> {
    let fields = Fields::parse(query.unwrap_or_default().as_bytes());
    let twice = fields.repeated(&[]).is_some();
    let text = |name: &str| fields.get(name).filter(|_| !twice).map(str::to_owned);
    let answer = Answer {
        provider,
        code: text("code"),
        state: text("state"),
        iss: text("iss"),
        error: text("error"),
        visitor: visitor(&visit.app, &visit.headers, &visit.browser)?,
    };
    match providers.complete(&visit.app, &visit.origin, answer).await? {
        Completed::In(signed) => entered(&visit, *signed),
        Completed::Next(pending) => Ok(next(&visit, &pending)),
        Completed::Linked { .. } => Ok(onward(&visit, Vec::new(), "/account/security?done=linked")),
        Completed::Refused(refused) if wants_json(&visit.headers) => {
            let error = refused.error();
            let body = json!({ "error": {
                "code": refused.why.rule().code(),
                "message": error.to_string(),
                "next": error.next(),
                "reference": Shown(&refused.story).to_string(),
            } });
            Ok((status(&error), no_store(), Json(body)).into_response())
        }
        Completed::Refused(refused) => Err(PageError::Told(refused.error(), refused.story)),
    }
}

/// In: the session's cookie, and where the person wanted to be.
fn entered(visit: &Visit, signed: Signed) -> Result<Response, PageError> {
    let Signed { user, entered, .. } = signed;
    let body = wants_json(&visit.headers).then(|| {
        let signed_in = SignedIn { session: entered.session.clone(), user: user.clone() };
        json!({
            "requires_mfa": false,
            "session": auth::describe(&signed_in),
            "user": person(&user),
        })
    });
    let return_to = entered.return_to.clone();
    let step = Step::In(Box::new(entered));
    let mut answer = pages::follow(&visit.app.env, visit.app.db.now(), step)?;
    if let Some(body) = body {
        let mut json = (no_store(), Json(body)).into_response();
        move_cookies(&mut answer, &mut json);
        return Ok(json);
    }
    if is_held_back(visit) {
        let mut bounced = bounce(visit, &return_to);
        move_cookies(&mut answer, &mut bounced);
        return Ok(bounced);
    }
    Ok(answer)
}

/// Another step: its page, or what a program needs to take it.
fn next(visit: &Visit, pending: &Pending) -> Response {
    let cookie = cookies::sign_in(&visit.app.env, pending.token.expose());
    let set = AppendHeaders([(header::SET_COOKIE, cookie.clone())]);
    if wants_json(&visit.headers) {
        return (set, no_store(), Json(pending_json(pending))).into_response();
    }
    onward(visit, vec![cookie], stage_path(pending.stage))
}

/// A sign-in that waits for its next step, as programs see it.
pub fn pending_json(pending: &Pending) -> Value {
    let methods: Vec<&str> = pending.methods.iter().map(|method| method.as_str()).collect();
    json!({
        "requires_mfa": true,
        "mfa_token": pending.token.expose(),
        "methods": methods,
        "requires_enrolment": pending.stage == Stage::Enroll,
        "user": person(&pending.user),
    })
}

fn person(user: &User) -> Value {
    json!({
        "id": user.id,
        "username": user.username,
        "email": user.email,
        "name": user.name,
        "roles": user.roles,
    })
}

fn no_store() -> [(header::HeaderName, &'static str); 1] {
    [(header::CACHE_CONTROL, "no-store")]
}

fn move_cookies(from: &mut Response, to: &mut Response) {
    for cookie in from.headers().get_all(header::SET_COOKIE) {
        to.headers_mut().append(header::SET_COOKIE, cookie.clone());
    }
}

/// To a page of ours, with cookies.
fn onward(visit: &Visit, set: Vec<String>, to: &str) -> Response {
    let set = AppendHeaders(set.into_iter().map(|cookie| (header::SET_COOKIE, cookie)));
    if is_held_back(visit) {
        return (set, bounce(visit, to)).into_response();
    }
    (set, Redirect::to(to)).into_response()
}

/// Whether the browser, which comes from another site, holds back cookies that are `SameSite=Strict` also at the next
/// redirect: the sign-in's own cookie always is.
fn is_held_back(visit: &Visit) -> bool {
    visit.headers.get("sec-fetch-site").is_some_and(|site| site == "cross-site")
}

fn bounce(visit: &Visit, to: &str) -> Response {
    let env = &visit.app.env;
    let view = Bounce { shell: shell(env, &visit.browser), to: to.to_owned() };
    page(env, &visit.browser, StatusCode::OK, view.render())
}

fn wants_json(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    accept
        .is_some_and(|accept| accept.contains("application/json") && !accept.contains("text/html"))
}

/// `POST /auth/backchannel-logout`: the first provider tells that somebody signed out there.
pub async fn logout(
    State(app): State<App>,
    From(origin): From,
    Extension(providers): Extension<Providers>,
    body: Bytes,
) -> Result<Response, PageError> {
    hear(&app, &origin, &providers, None, &body).await
}

/// `POST /auth/backchannel-logout/{provider}`: a further one does.
pub async fn logout_of(
    State(app): State<App>,
    From(origin): From,
    Extension(providers): Extension<Providers>,
    Path(name): Path<String>,
    body: Bytes,
) -> Result<Response, PageError> {
    hear(&app, &origin, &providers, Some(&name), &body).await
}

/// 200 when it was heard, whether anybody was signed in or not; else 400 (Back-Channel Logout 1.0 §2.8).
async fn hear(
    app: &App,
    origin: &Origin,
    providers: &Providers,
    provider: Option<&str>,
    body: &[u8],
) -> Result<Response, PageError> {
    let fields = Fields::parse(body);
    let told = providers.hear(app, origin, provider, fields.text("logout_token")).await?;
    Ok(match told {
        Told::Ended(_) => (StatusCode::OK, no_store()).into_response(),
        Told::Refused(why) => {
            tracing::info!(why, "a provider's notice of a sign-out was refused");
            let body = json!({ "error": "invalid_request", "error_description": why });
            (StatusCode::BAD_REQUEST, no_store(), Json(body)).into_response()
        }
    })
}

/// Renews the tokens of the session that a request comes with, when they are about to end.
pub async fn keep(
    State((app, providers)): State<(App, Providers)>,
    request: Request,
    next: Next,
) -> Response {
    if let Ok(Some(Ok(signed_in))) = extract::find_session(request.headers(), &app) {
        let kept = tokio::spawn(async move {
            if let Err(error) = providers.keep(&app, &signed_in.session.id).await {
                tracing::warn!(%error, "a provider's tokens could not be looked after");
            }
        });
        drop(tokio::time::timeout(PATIENCE, kept).await);
    }
    next.run(request).await
}

/// The buttons of the sign-in page; `more` goes along to where the person wants to be.
pub fn buttons(app: &App, more: &[(&str, &str)]) -> Vec<ProviderButton> {
    let offered = ops::provider::offered(&app.env);
    let button = |one: ops::provider::Provider<'_>| ProviderButton {
        label: one.label.to_string(),
        href: address(one.name, more),
    };
    offered.into_iter().map(button).collect()
}

fn address(provider: &str, more: &[(&str, &str)]) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("provider", provider);
    query.extend_pairs(more.iter().filter(|(_, value)| !value.is_empty()));
    format!("/auth/login?{}", query.finish())
}

/// Where `/login` leads when passwords are hidden: to the first provider.
pub fn instead_of_passwords(app: &App, more: &[(&str, &str)]) -> Option<String> {
    let hidden = app.env.config.authentication.primary.passwords == Passwords::Hidden;
    let first = ops::provider::find(&app.env, None).filter(|_| hidden)?;
    Some(address(first.name, more))
}

/// Links an identity at a provider with the account that is signed in.
pub async fn begin_link(
    app: &App,
    origin: &Origin,
    browser: &Browser,
    (headers, providers): (&HeaderMap, &Providers),
    provider: &str,
) -> Result<Response, PageError> {
    let arrival =
        Arrival::new(visitor(app, headers, browser)?, own_path(Some("/account/security")));
    let asked = Begin {
        provider: Some(provider.to_owned()),
        redirect_uri: None,
        arrival,
        purpose: Purpose::Link,
    };
    lead(app, origin, browser, providers, asked).await
}
