//! API keys as they travel, and what a key may ask about itself. Shape: `Authorization: Bearer KEY` or `X-API-Key: KEY`;
//! what is left of its limit goes back in headers (RFC 9110 §10.2.3 and the `RateLimit` fields of the IETF's draft), beside
//! the older three that more clients read.

use std::time::Duration;

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use super::{
    error::{JsonError, set_retry_after},
    extract::From,
    oauth::bearer::{self, Shown},
};
use crate::{
    app::App,
    error::Error,
    model::{
        apikey::{ApiKey, Due, Rotation},
        bucket::Level,
    },
    ops::{
        self,
        apikey::{
            BadKey, Good,
            gate::{Caller, Verdict},
        },
    },
    time::Time,
};

const OWN_HEADER: &str = "x-api-key";
/// The day on which a key should be replaced, in RFC 3339; there once it is near, and after it.
const DUE: HeaderName = HeaderName::from_static("x-api-key-rotation-due");

/// The key that a request carries; none when it carries none. Two are refused.
pub fn presented(headers: &HeaderMap) -> Result<Option<String>, Error> {
    let twice = || Error::invalid("X-API-Key", "send one key, in one header");
    let mut own = headers.get_all(OWN_HEADER).iter();
    let key = own.next().map(|value| value.to_str().unwrap_or_default().trim().to_owned());
    let in_authorization = match bearer::token(headers, None) {
        Ok(Shown::Bearer(text)) => Some(text),
        Err(_) if headers.contains_key(header::AUTHORIZATION) => return Err(twice()),
        Ok(Shown::Bound(_)) | Err(_) => None,
    };
    match (key, in_authorization) {
        _ if own.next().is_some() => Err(twice()),
        (Some(_), Some(_)) => Err(twice()),
        (key, token) => Ok(key.or(token)),
    }
}

/// Who calls, or the answer to a call that is not let in.
pub async fn admitted(
    app: &App,
    address: &str,
    headers: &HeaderMap,
) -> Result<(Box<Caller>, String), Response> {
    let failed = |error: Error| JsonError(error).into_response();
    let Some(text) = presented(headers).map_err(failed)? else { return Err(unknown(None)) };
    match app.authenticate_api_key(address, &text).await.map_err(failed)? {
        Verdict::In(caller) => Ok((caller, text)),
        Verdict::Limited { caller, retry_after } => Err(limited(&caller, retry_after)),
        Verdict::Bad(why) => Err(unknown(Some(why))),
    }
}

/// 401. Why a key is not good is told to whoever holds one that was.
fn unknown(why: Option<BadKey>) -> Response {
    let (reason, challenge) = match why {
        None => ("an API key is needed", "Bearer realm=\"mcpcodex\""),
        Some(why) => (why.reason(), "Bearer realm=\"mcpcodex\", error=\"invalid_token\""),
    };
    let body = json!({ "error": {
        "code": "bad_api_key", "message": reason, "next": "send Authorization: Bearer KEY or X-API-Key: KEY",
    }});
    let mut response = (StatusCode::UNAUTHORIZED, Json(body)).into_response();
    response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
    response
}

/// 429.
pub(super) fn limited(caller: &Caller, retry_after: Duration) -> Response {
    let body = json!({ "error": {
        "code": "limited",
        "message": "this API key is used too often",
        "next": "wait as long as Retry-After says",
    }});
    let mut response = (StatusCode::TOO_MANY_REQUESTS, Json(body)).into_response();
    set_retry_after(&mut response, retry_after);
    tell(response.headers_mut(), caller);
    response
}

/// Adds what is left of the limit, and whether the key should be replaced.
pub fn tell(headers: &mut HeaderMap, caller: &Caller) {
    let Level { depth, per_minute, left, full_in } = caller.level;
    let whole = |span: Duration| span.as_millis().div_ceil(1_000);
    let window = u64::from(depth).saturating_mul(60).div_ceil(u64::from(per_minute.max(1)));
    let reset = whole(full_in);
    let mut put = |name: HeaderName, text: String| {
        if let Ok(value) = HeaderValue::from_str(&text) {
            headers.insert(name, value);
        }
    };
    let fields = [
        ("ratelimit-policy", format!("\"api-key\";q={depth};w={window}")),
        ("ratelimit", format!("\"api-key\";r={left};t={reset}")),
        ("ratelimit-limit", depth.to_string()),
        ("ratelimit-remaining", left.to_string()),
        ("ratelimit-reset", reset.to_string()),
    ];
    for (name, text) in fields {
        put(HeaderName::from_static(name), text);
    }
    if let Some(at) = caller.due.at() {
        put(DUE, at.rfc3339());
    }
}

/// `GET /auth/api-key`: what the key is that asks.
pub async fn show(State(app): State<App>, From(origin): From, headers: HeaderMap) -> Response {
    let (caller, _) = match admitted(&app, &origin.address, &headers).await {
        Ok(admitted) => admitted,
        Err(answer) => return answer,
    };
    let Good { key, user, agent } = &caller.good;
    let agent = agent.as_ref().map(|agent| agent.name.as_str());
    let body = described(key, &user.username, agent, app.env.rotation(), caller.due);
    answered(&caller, body)
}

/// `POST /auth/api-key/rotate`: the key's successor, where keys rotate by themselves.
pub async fn rotate(State(app): State<App>, From(origin): From, headers: HeaderMap) -> Response {
    let (caller, text) = match admitted(&app, &origin.address, &headers).await {
        Ok(admitted) => admitted,
        Err(answer) => return answer,
    };
    let env = app.env();
    let done = app.db.write(move |tx| ops::apikey::rotate_own(tx, &env, &origin, &text)).await;
    let done = match done {
        Ok(Ok(done)) => done,
        Ok(Err(why)) => return unknown(Some(why)),
        Err(error) => return JsonError(error).into_response(),
    };
    let (user, agent) = (&caller.good.user, caller.good.agent.as_ref());
    let (rotation, agent) = (app.env.rotation(), agent.map(|agent| agent.name.as_str()));
    let mut body = described(&done.made.key, &user.username, agent, rotation, Due::No);
    if let Some(body) = body.as_object_mut() {
        let ends = done.old.ends_at(rotation).map(Time::rfc3339);
        body.insert("key".to_owned(), done.made.text.expose().into());
        body.insert("replaces".to_owned(), json!(done.old.id));
        body.insert("old_ends_at".to_owned(), json!(ends));
    }
    answered(&caller, body)
}

fn answered(caller: &Caller, body: Value) -> Response {
    let mut response = Json(body).into_response();
    tell(response.headers_mut(), caller);
    response
}

fn described(
    key: &ApiKey,
    username: &str,
    agent: Option<&str>,
    rotation: Rotation,
    due: Due,
) -> Value {
    let mut body = json!({
        "id": key.id,
        "name": key.name,
        "user": username,
        "agent": agent,
        "scopes": key.scopes.to_vec(),
        "created_at": key.created_at.rfc3339(),
        "expires_at": key.ends_at(rotation).map(Time::rfc3339),
        "rotation_due_at": key.rotation_due_at.map(Time::rfc3339),
        "rotation": due.as_str(),
        "rate_limit": {
            "requests_per_minute": key.requests_per_minute,
            "burst_size": key.burst_size,
        },
    });
    // What is not there is left out: clients choke on null.
    if let Some(members) = body.as_object_mut() {
        members.retain(|_, value| !value.is_null());
    }
    body
}
