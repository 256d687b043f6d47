//! Discovery (RFC 8414, OpenID Connect Discovery), the documents of resources (RFC 9728) and the public keys.
//!
//! Whatever stands below `/.well-known` answers in JSON, to every origin and every method: clients probe there, and take
//! a page, a redirect or a demand to sign in for a broken server.

use std::sync::Arc;

use axum::{
    Extension, Json, Router,
    body::Bytes,
    extract::{RawQuery, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header},
    response::{IntoResponse, Response},
    routing::{MethodRouter, any, get},
};
use serde_json::{Value, json};

use super::{cors, error::OAuthError, resolve::Resolver};
use crate::{
    app::App,
    crypto::secret::{b64, sha256},
    http::lang::Lang,
    ops::{self, oauth::metadata, resource::document::WELL_KNOWN},
};

const OAUTH: &str = "/.well-known/oauth-authorization-server";
const OPENID: &str = "/.well-known/openid-configuration";
const JWKS: &str = "/.well-known/jwks.json";
const CACHE: (HeaderName, &str) = (header::CACHE_CONTROL, "public, max-age=300");

/// All of discovery. For an issuer with a path also where RFC 8414 §3.1 inserts it; what comes below that path is led
/// here by `http/base`.
pub fn routes(app: &App) -> Router<App> {
    let document = server(app);
    let mut routes = Router::new()
        .route(JWKS, cors::open(get(jwks))) //                          anyone
        .route(WELL_KNOWN, cors::open(get(resource))) //                anyone
        .route(&format!("{WELL_KNOWN}/{{*path}}"), cors::open(get(resource))) // anyone
        .route(&format!("{WELL_KNOWN}/"), cors::open(get(resource))); // anyone
    let mut places = vec![String::new(), "/".to_owned()];
    let base = app.env.site.path();
    if !base.is_empty() {
        places.extend([base.to_owned(), format!("{base}/")]);
    }
    for place in places {
        routes = routes
            .route(&format!("{OAUTH}{place}"), document.clone()) //     anyone
            .route(&format!("{OPENID}{place}"), document.clone()); //   anyone
    }
    let nothing = || cors::open_as_it_is(any(nothing));
    routes
        .route("/.well-known", nothing()) //                            anyone
        .route("/.well-known/", nothing()) //                           anyone
        .route("/.well-known/{*path}", nothing()) //                    anyone
}

/// What this server says of itself, written once for each of two cases: it depends on the configuration, and on whether
/// documents of apps can be fetched.
fn server(app: &App) -> MethodRouter<App> {
    let write = |documents| {
        let mut document = metadata::document(&app.env, documents);
        if let Some(object) = document.as_object_mut() {
            object.insert("ui_locales_supported".to_owned(), Lang::ALL.map(Lang::code).into());
        }
        Written::of(&document)
    };
    let (usual, shut_in) = (write(true), write(false));
    cors::open(get(
        async move |State(app): State<App>,
                    Extension(resolver): Extension<Arc<Resolver>>,
                    headers: HeaderMap| {
            let written = if resolver.promises(&app) { &usual } else { &shut_in };
            written.answer(&headers)
        },
    ))
}

/// A document with the mark by which a client knows that it has not changed (RFC 9110 §8.8.3).
#[derive(Clone)]
struct Written {
    body: Bytes,
    etag: HeaderValue,
}

impl Written {
    fn of(document: &Value) -> Self {
        let body = Bytes::from(document.to_string());
        let mark = sha256(&body);
        let mark = format!("\"{}\"", b64(mark.get(..12).unwrap_or(&mark)));
        // Base64url between quotes is always a header's value.
        let etag = HeaderValue::try_from(mark).unwrap_or(HeaderValue::from_static("\"\""));
        Self { body, etag }
    }

    fn answer(&self, asked: &HeaderMap) -> Response {
        let known =
            asked.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
        let known = known.flat_map(|value| value.split(',')).map(str::trim);
        let known: Vec<_> = known.map(|mark| mark.trim_start_matches("W/")).collect();
        let headers = [CACHE, (header::CONTENT_TYPE, "application/json")];
        let etag = [(header::ETAG, self.etag.clone())];
        if self.etag.to_str().is_ok_and(|own| known.contains(&own) || known.contains(&"*")) {
            return (StatusCode::NOT_MODIFIED, headers, etag).into_response();
        }
        (headers, etag, self.body.clone()).into_response()
    }
}

/// The document of a resource, read at every request: another process may have changed it. The path counts as it was
/// sent, since its encoding belongs to the identifier.
async fn resource(
    State(app): State<App>,
    headers: HeaderMap,
    uri: Uri,
    RawQuery(query): RawQuery,
) -> Result<Response, OAuthError> {
    let path = uri.path().strip_prefix(WELL_KNOWN).unwrap_or_default();
    let rest = query.map_or_else(|| path.to_owned(), |query| format!("{path}?{query}"));
    let found = app.db.read(|r| ops::resource::document::find(r, &app.env, &rest))?;
    Ok(match found {
        Some(document) => Written::of(&document).answer(&headers),
        None => absent("no resource of that address is registered here"),
    })
}

async fn nothing() -> Response {
    absent("there is nothing at this path")
}

/// 404 in JSON.
fn absent(what: &str) -> Response {
    let body = json!({ "error": "not_found", "error_description": what });
    (StatusCode::NOT_FOUND, Json(body)).into_response()
}

/// The public keys, read at every request: another process may have changed them.
async fn jwks(State(app): State<App>) -> Result<Response, OAuthError> {
    let keys = app.db.read(ops::key::jwks)?;
    Ok(([CACHE], Json(keys)).into_response())
}
