//! The pages' handlers: extract, call the op, render. What a page looks like is `view`.

pub mod account;
pub mod back;
pub mod codes;
pub mod confirm;
pub mod device;
pub mod enrol_link;
pub mod enroll;
pub mod enroll_contact;
pub mod invite;
pub mod login;
pub mod logout;
pub mod message;
pub mod mfa;
pub mod passkey;
pub mod password;
pub mod reset;
pub mod setup;
pub mod strength;

use std::any::Any;

use axum::{
    extract::{Path, RawQuery, State},
    http::{HeaderMap, HeaderValue, StatusCode, Uri, header},
    response::{AppendHeaders, Html, IntoResponse, Redirect, Response},
};

use super::{
    assets, brand, cookies,
    error::PageError,
    extract::{self, Browser},
    fields::Fields,
    lang::Lang,
    middleware,
    oauth::cors,
    view::{Form, Shell},
};
use crate::{
    app::App,
    error::{Error, Result},
    model::{session::Session, sign_in::Stage},
    ops::{
        self,
        env::Env,
        login::{Entered, OnTheWay, Step, Visitor},
    },
    time::Time,
};

/// The frame of every page, in the language of the browser.
pub fn shell(env: &Env, browser: &Browser) -> Shell {
    Shell {
        // Longer than what the switch would lead back to.
        here: browser.here().filter(|here| own_path(Some(here)) == *here).map(str::to_owned),
        ..brand::frame(env, browser.lang())
    }
}

/// A form that carries the CSRF token of this browser.
pub fn form(env: &Env, browser: &Browser, action: &str, more: &[(&str, &str)]) -> Form {
    let mut hidden = vec![("csrf".to_owned(), browser.csrf(env))];
    hidden.extend(more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    Form { action: action.to_owned(), hidden }
}

/// A page, with the browser's cookie if it came without.
pub fn page(env: &Env, browser: &Browser, status: StatusCode, html: String) -> Response {
    (status, browser.set_cookies(env), Html(html)).into_response()
}

/// A page on which a script of ours runs, which may ask this server.
pub fn scripted(mut page: Response) -> Response {
    let policy = HeaderValue::from_static(middleware::CSP_WITH_SCRIPT);
    page.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    page
}

/// A path on our own origin that a browser may be sent to; anything else becomes `/account`.
pub fn own_path(wanted: Option<&str>) -> String {
    wanted
        .filter(|path| path.len() <= 2_048)
        .filter(|path| path.starts_with('/') && !path.starts_with("//"))
        .filter(|path| path.bytes().all(|b| b.is_ascii_graphic() && b != b'\\'))
        .unwrap_or("/account")
        .to_owned()
}

/// The browser as a sign-in sees it: its cookies, and the session it had when it came.
pub fn visitor(app: &App, headers: &HeaderMap, browser: &Browser) -> Result<Visitor> {
    let found = extract::find_session(headers, app)?;
    Ok(Visitor {
        browser: browser.hash(),
        device: browser.device().cloned(),
        previous: found.and_then(std::result::Result::ok).map(|signed_in| signed_in.session.id),
    })
}

/// The session cookie for a session that has just been opened or raised.
pub fn session_cookie(app: &App, session: &Session) -> Result<String> {
    let value = ops::session::cookie(&app.env, session)?;
    Ok(cookies::session(&app.env, session, value, app.db.now()))
}

/// The sign-in that this browser is in the middle of.
pub fn on_the_way(
    app: &App,
    headers: &HeaderMap,
    browser: &Browser,
) -> Result<Option<OnTheWay>, PageError> {
    let Some(token) = extract::cookie(headers, cookies::SIGN_IN) else { return Ok(None) };
    let visitor = visitor(app, headers, browser)?;
    Ok(app.db.read(|r| ops::login::on_the_way(r, token, &visitor))?)
}

/// The page of a step.
pub fn stage_path(stage: Stage) -> &'static str {
    match stage {
        Stage::SecondFactor => "/mfa",
        Stage::Enroll => "/mfa/enroll",
        Stage::RecoveryCodes => "/mfa/codes",
        Stage::PasswordExpired => "/password",
    }
}

/// A sign-in that stands at `stage`, or the way to the step it does stand at (or to the beginning).
pub fn at_stage(
    app: &App,
    headers: &HeaderMap,
    browser: &Browser,
    stage: Stage,
) -> Result<OnTheWay, Response> {
    match on_the_way(app, headers, browser).map_err(IntoResponse::into_response)? {
        Some(way) if way.sign_in.stage == stage => Ok(way),
        Some(way) => Err(Redirect::to(stage_path(way.sign_in.stage)).into_response()),
        None => Err(Redirect::to("/login").into_response()),
    }
}

/// What follows a step that went well: the next page, or the session and the path that was wanted.
pub fn follow(env: &Env, now: Time, step: Step) -> Result<Response, PageError> {
    Ok(match step {
        Step::Next(stage) => Redirect::to(stage_path(stage)).into_response(),
        Step::In(entered) => {
            let Entered { session, return_to, device } = *entered;
            let value = ops::session::cookie(env, &session)?;
            let mut cookies = vec![
                (header::SET_COOKIE, cookies::session(env, &session, value, now)),
                (header::SET_COOKIE, cookies::no_sign_in(env)),
            ];
            if let Some(device) = device {
                cookies.push((header::SET_COOKIE, cookies::device(env, device.expose())));
            }
            (AppendHeaders(cookies), Redirect::to(&return_to)).into_response()
        }
        Step::Gone | Step::Wrong(_) => Redirect::to("/login").into_response(),
    })
}

/// Hashes on a thread that may block.
pub async fn blocking<T: Send + 'static>(
    job: impl FnOnce() -> T + Send + 'static,
) -> Result<T, PageError> {
    tokio::task::spawn_blocking(job).await.map_err(|error| {
        PageError::Core(Error::internal("a password could not be hashed").with_source(error))
    })
}

/// `GET /assets/…`.
pub async fn asset(State(app): State<App>, Path(file): Path<String>) -> Response {
    let path = format!("{}{file}", assets::PREFIX);
    let (kind, cache, etag, body) = if let Some(asset) = assets::find(&path) {
        (asset.content_type, asset.cache_control, asset.etag.clone(), asset.body.clone())
    } else if let Some(made) = brand::find(&app.env.look, &path) {
        (made.content_type, made.cache_control, made.etag, made.body.into_owned().into())
    } else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, cache),
        (header::ETAG, etag.as_str()),
    ];
    (headers, body).into_response()
}

/// `GET /language?to=TAG&return_to=PATH`: the switch at the foot of a page.
pub async fn language(State(app): State<App>, RawQuery(query): RawQuery) -> Response {
    let query = Fields::parse(query.unwrap_or_default().as_bytes());
    let back = Redirect::to(&own_path(query.get("return_to")));
    let cookie = Lang::parse(query.text("to")).map(|lang| cookies::language(&app.env, lang));
    (AppendHeaders(cookie.map(|cookie| (header::SET_COOKIE, cookie))), back).into_response()
}

/// Any other path. Below `/.well-known`, `/api` and `/auth` in JSON, since programs ask there.
pub async fn not_found(State(app): State<App>, uri: Uri) -> Response {
    let path = uri.path();
    if ["/.well-known/", "/api/", "/auth/"].iter().any(|prefix| path.contains(prefix)) {
        let body = serde_json::json!({ "error": {
            "code": "not_found",
            "message": "there is nothing at this path",
            "next": format!("{}/.well-known/openid-configuration", app.env.site.issuer),
        }});
        let answer = (StatusCode::NOT_FOUND, axum::Json(body)).into_response();
        // Clients of a resource below a path probe there as well.
        return if path.contains("/.well-known/") { cors::opened(answer) } else { answer };
    }
    PageError::Core(Error::absent("there is no page at this address")).into_response()
}

/// A path that exists, asked with a method that does not.
pub async fn method_not_allowed() -> Response {
    let body = serde_json::json!({
        "error": "invalid_request",
        "error_description": "this path does not take that method",
    });
    (StatusCode::METHOD_NOT_ALLOWED, axum::Json(body)).into_response()
}

/// A handler that panicked: logged by its message, answered without it.
#[expect(clippy::needless_pass_by_value, reason = "the layer hands the panic over by value")]
pub fn panicked(panic: Box<dyn Any + Send + 'static>) -> Response {
    let text = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("unknown");
    PageError::Core(Error::internal(format!("a handler panicked: {text}"))).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn return_path_never_leaves_our_origin() {
        for bad in [
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "/a\nb",
            "",
            "javascript:x",
        ] {
            assert_eq!(own_path(Some(bad)), "/account", "{bad}");
        }
        assert_eq!(
            own_path(Some("/authorize/continue?request=r_1")),
            "/authorize/continue?request=r_1"
        );
    }
}
