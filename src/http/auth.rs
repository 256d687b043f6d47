//! `/auth/*`: the session for programs, in JSON.

pub mod mfa;

use axum::{
    Extension, Json,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{AppendHeaders, IntoResponse, Response},
};
use serde_json::json;

use super::{
    cookies,
    error::{JsonError, PageError},
    extract::{self, From},
};
use crate::{
    app::App,
    ops::session::SignedIn,
    service::{authentication::sign_out, provider::Providers},
};

/// `GET /auth/session`: the session behind the cookie, 401 when there is none.
pub async fn session(State(app): State<App>, headers: HeaderMap) -> Result<Response, JsonError> {
    Ok(match extract::find_session(&headers, &app)? {
        Some(Ok(signed_in)) => Json(describe(&signed_in)).into_response(),
        Some(Err(why)) => none(why.reason()),
        None => none("no session cookie came with the request"),
    })
}

fn none(reason: &str) -> Response {
    let body = json!({ "error": {
        "code": "no_session", "message": reason, "next": "sign in at /login",
    }});
    (StatusCode::UNAUTHORIZED, Json(body)).into_response()
}

/// A session as programs see it.
pub fn describe(signed_in: &SignedIn) -> serde_json::Value {
    let SignedIn { session, user } = signed_in;
    json!({
        "id": session.id,
        "user": {
            "id": user.id,
            "username": user.username,
            "email": user.email,
            "name": user.name,
        },
        "roles": user.roles,
        "mfa_verified": session.mfa_verified(),
        "amr": session.amr,
        "created_at": session.created_at.rfc3339(),
        "last_seen_at": session.last_seen_at.rfc3339(),
        "expires_at": session.ends_at().rfc3339(),
    })
}

/// `POST /auth/logout`: ends the session, gives its tokens back at the provider and takes the cookie away.
pub async fn logout(
    State(app): State<App>,
    From(origin): From,
    Extension(providers): Extension<Providers>,
    headers: HeaderMap,
) -> Result<Response, Response> {
    extract::refuse_foreign(&headers, &app.env).map_err(PageError::into_response)?;
    let found = extract::find_session(&headers, &app).map_err(|e| JsonError(e).into_response())?;
    let Some(Ok(signed_in)) = found else { return Ok(none("nobody is signed in here")) };
    let ended = sign_out(&app, &providers, &signed_in, &origin).await;
    ended.map_err(|error| JsonError(error).into_response())?;
    let cookie = AppendHeaders([(header::SET_COOKIE, cookies::no_session(&app.env))]);
    Ok((cookie, Json(json!({ "success": true }))).into_response())
}
