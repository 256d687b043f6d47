//! Cross-origin reading for programs in browsers (inspectors, web agents). Without credentials: what carries a
//! cookie is never opened this way.

use axum::{
    extract::Request,
    http::{HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::MethodRouter,
};

use super::error::OAuthError;
use crate::{app::App, http::error::Fault};

const HEADERS: [(HeaderName, &str); 2] = [
    (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
    (header::ACCESS_CONTROL_EXPOSE_HEADERS, "WWW-Authenticate, DPoP-Nonce, Retry-After"),
];
const PREFLIGHT: [(HeaderName, &str); 3] = [
    (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST, PUT, DELETE, OPTIONS"),
    (
        header::ACCESS_CONTROL_ALLOW_HEADERS,
        "Authorization, Content-Type, Accept, DPoP, MCP-Protocol-Version",
    ),
    (header::ACCESS_CONTROL_MAX_AGE, "600"),
];

/// Opens an endpoint to every origin, refusals too, and answers preflights. Its own fallback stands inside, so that
/// the answer to another method can be read as well.
pub fn open(endpoint: MethodRouter<App>) -> MethodRouter<App> {
    open_as_it_is(endpoint.fallback(async || OAuthError::method()))
}

/// [`open`] for an endpoint that answers every method.
pub fn open_as_it_is(endpoint: MethodRouter<App>) -> MethodRouter<App> {
    endpoint.layer(middleware::from_fn(mark))
}

/// An answer that pages of every origin may read.
pub fn opened(mut response: Response) -> Response {
    for (name, value) in HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Where programs ask, and below.
const OPEN: [&str; 8] = [
    "/.well-known",
    "/device_authorization",
    "/introspect",
    "/par",
    "/register",
    "/revoke",
    "/token",
    "/userinfo",
];

/// What goes wrong around an endpoint rather than in it (too slow, another host, a fault of ours) is told in the
/// endpoint's form too, and to every origin: a program can read nothing else.
pub async fn failures(request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let below = |place: &&str| {
        path.strip_prefix(*place).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let open = OPEN.iter().any(below);
    let mut response = next.run(request).await;
    if !open || response.headers().contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN) {
        return response;
    }
    let status = response.status();
    let told = if status == StatusCode::REQUEST_TIMEOUT {
        OAuthError::too_slow().into_response()
    } else if status.is_server_error() {
        OAuthError::fault(status, Fault::take(&mut response)).into_response()
    } else {
        response
    };
    opened(told)
}

async fn mark(request: Request, next: Next) -> Response {
    if request.method() != Method::OPTIONS {
        return opened(next.run(request).await);
    }
    let mut response = opened(StatusCode::NO_CONTENT.into_response());
    for (name, value) in PREFLIGHT {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}
