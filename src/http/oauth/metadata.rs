//! Discovery (RFC 8414, OpenID Connect Discovery) and the public keys.

use axum::{
    Json, Router,
    body::Bytes,
    extract::State,
    http::{HeaderName, header},
    response::{IntoResponse, Response},
    routing::{MethodRouter, get},
};

use super::{cors, error::OAuthError};
use crate::{
    app::App,
    http::lang::Lang,
    ops::{self, oauth::metadata},
};

const OAUTH: &str = "/.well-known/oauth-authorization-server";
const OPENID: &str = "/.well-known/openid-configuration";
const JWKS: &str = "/.well-known/jwks.json";
const CACHE: (HeaderName, &str) = (header::CACHE_CONTROL, "public, max-age=300");

/// Discovery and keys at the root.
pub fn routes(app: &App) -> Router<App> {
    let document = document(app);
    Router::new()
        .route(OAUTH, document.clone()) //  anyone
        .route(OPENID, document) //         anyone
        .route(JWKS, cors::open(get(jwks))) //  anyone
}

/// Discovery of an issuer with a path, as RFC 8414 §3.1 inserts it.
pub fn inserted(app: &App, base: &str) -> Router<App> {
    let document = document(app);
    Router::new()
        .route(&format!("{OAUTH}{base}"), document.clone()) //  anyone
        .route(&format!("{OPENID}{base}"), document) //         anyone
}

/// Written once: it depends on the configuration alone.
fn document(app: &App) -> MethodRouter<App> {
    let mut document = metadata::document(&app.env);
    if let Some(object) = document.as_object_mut() {
        object.insert("ui_locales_supported".to_owned(), Lang::ALL.map(Lang::code).into());
    }
    let bytes = Bytes::from(document.to_string());
    cors::open(get(move || async move {
        ([(header::CONTENT_TYPE, "application/json"), CACHE], bytes).into_response()
    }))
}

/// The public keys, read at every request: another process may have changed them.
async fn jwks(State(app): State<App>) -> Result<Response, OAuthError> {
    let keys = app.db.read(ops::key::jwks)?;
    Ok(([CACHE], Json(keys)).into_response())
}
