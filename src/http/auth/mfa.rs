//! `POST /auth/mfa/verify`: the second factor of a sign-in, for programs. The token came with the answer of
//! `/auth/callback`, to this very browser; the code counts with those that the pages take.

use std::time::Duration;

use axum::{
    Json,
    body::to_bytes,
    extract::{Request, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::json;

use super::describe;
use crate::{
    app::App,
    error::Error,
    http::{
        error::{JsonError, PageError, set_retry_after},
        extract::{self, Browser, From},
        pages::{self, stage_path, visitor},
    },
    model::{factor::Method, sign_in::Stage, user::User},
    ops::{
        factor::Given,
        login::{self, Entered, Step, Verified},
        session::SignedIn,
    },
};

/// Far more than a token, a code and a word take.
const LARGEST: usize = 4 * 1024;

/// What is sent. Another member is refused: it may be one misspelt.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    mfa_token: String,
    code: String,
    method: String,
}

/// The endpoint.
pub async fn verify(
    State(app): State<App>,
    From(origin): From,
    browser: Browser,
    request: Request,
) -> Result<Response, Response> {
    let failed = |error: Error| JsonError(error).into_response();
    let (parts, body) = request.into_parts();
    extract::refuse_foreign(&parts.headers, &app.env).map_err(PageError::into_response)?;
    let asked = read(&parts.headers, to_bytes(body, LARGEST).await.ok().as_deref())?;
    let Some(method) = Method::parse(&asked.method) else { return Err(not_offered()) };
    let given = Given { method, code: asked.code, trust_device: false };
    let visitor = visitor(&app, &parts.headers, &browser).map_err(failed)?;
    let (env, token) = (app.env(), asked.mfa_token);
    let verified = app
        .db
        .write(move |tx| login::verify_mfa(tx, &env, &origin, (&token, &visitor), &given))
        .await
        .map_err(failed)?;
    match verified {
        Verified::Step(user, Step::In(entered)) => entered_by(&app, *user, entered),
        Verified::Step(_, Step::Next(stage)) => Err(page_needed(&app, stage)),
        Verified::Step(_, Step::Wrong(wait)) => Err(wrong(wait)),
        Verified::Paused(wait) => Err(paused(wait)),
        Verified::NotOffered => Err(not_offered()),
        Verified::Step(_, Step::Gone) | Verified::Unknown => Err(unknown()),
    }
}

fn read(headers: &HeaderMap, body: Option<&[u8]>) -> Result<Asked, Response> {
    let mime = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let mime = mime.and_then(|mime| mime.split(';').next()).unwrap_or_default().trim();
    if !mime.eq_ignore_ascii_case("application/json") {
        let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        return Err(refused(status, "not_json", "the body must be application/json", FORM));
    }
    let Some(body) = body else {
        let status = StatusCode::PAYLOAD_TOO_LARGE;
        return Err(refused(status, "too_large", "the body was too large or cut off", FORM));
    };
    serde_json::from_slice(body).map_err(|error| {
        // Where, and not what: the body holds a secret.
        let place = format!("the body is not what is taken here, line {}", error.line());
        refused(StatusCode::BAD_REQUEST, "invalid", &place, FORM)
    })
}

const FORM: &str = "send {\"mfa_token\",\"code\",\"method\"} and nothing else";

fn entered_by(app: &App, user: User, entered: Box<Entered>) -> Result<Response, Response> {
    let signed_in = SignedIn { session: entered.session.clone(), user };
    let User { id, username, email, name, roles, .. } = &signed_in.user;
    let body = json!({
        "success": true,
        "session": describe(&signed_in),
        "user": { "id": id, "username": username, "email": email, "name": name, "roles": roles },
    });
    let mut response = Json(body).into_response();
    let page = pages::follow(&app.env, app.db.now(), Step::In(entered));
    let page = page.map_err(PageError::into_response)?;
    for cookie in page.headers().get_all(header::SET_COOKIE) {
        response.headers_mut().append(header::SET_COOKIE, cookie.clone());
    }
    Ok(response)
}

fn unknown() -> Response {
    let why = "there is no such sign-in: it was finished, has expired, or began in another browser";
    refused(StatusCode::UNAUTHORIZED, "no_sign_in", why, "start again at /auth/login")
}

fn wrong(wait: Duration) -> Response {
    let why = "the code is wrong, was used before, or has expired";
    let mut response = refused(StatusCode::UNAUTHORIZED, "wrong_code", why, "send another code");
    if !wait.is_zero() {
        set_retry_after(&mut response, wait);
    }
    response
}

fn paused(wait: Duration) -> Response {
    let status = StatusCode::TOO_MANY_REQUESTS;
    let next = "wait as long as Retry-After says";
    let mut response = refused(status, "too_many_tries", "too many wrong codes", next);
    set_retry_after(&mut response, wait);
    response
}

fn not_offered() -> Response {
    let why = "that second factor cannot be used here";
    let next = "send one of the methods that came with the mfa_token";
    refused(StatusCode::BAD_REQUEST, "no_such_method", why, next)
}

/// The code was right; the account owes something that takes a page.
fn page_needed(app: &App, stage: Stage) -> Response {
    let next = format!("open {}{} in the same browser", app.env.site.issuer, stage_path(stage));
    let why = "the code was right, but the account owes another step";
    refused(StatusCode::FORBIDDEN, "page_needed", why, &next)
}

fn refused(status: StatusCode, code: &str, message: &str, next: &str) -> Response {
    let body = json!({ "error": { "code": code, "message": message, "next": next } });
    (status, Json(body)).into_response()
}
