//! A protected MCP server with rmcp and axum: a stranger's own, which knows of mcpcodex no more than its issuer.

use std::sync::{Arc, Mutex};

use ::rmcp::{
    ServerHandler,
    transport::streamable_http_server::{
        StreamableHttpServerConfig, StreamableHttpService, session::local::LocalSessionManager,
    },
};
use axum::{Json, Router, routing::get};
// documented: begin
use axum::{
    extract::{Request, State},
    http::{HeaderMap, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header, jwk::JwkSet};
use serde_json::{Value, json};

/// Who issues tokens, for which URL, and what they must allow.
#[derive(Clone)]
pub(crate) struct Guard {
    /// The keys of the issuer; fetch them again when a token names one that is not among them.
    pub(crate) keys: JwkSet,
    /// What the issuer signs with. A token has no say in it.
    pub(crate) algorithm: Algorithm,
    pub(crate) issuer: String,
    pub(crate) url: String,
    /// Where the document about this server is.
    pub(crate) metadata: String,
    pub(crate) scope: &'static str,
}

/// Why a request does not pass.
#[derive(Debug, PartialEq)]
pub(crate) enum Refused {
    NoToken,
    BadToken,
    LacksScope,
}

impl Guard {
    /// What the token of a request says, if it is good here.
    pub(crate) fn check(&self, headers: &HeaderMap) -> Result<Value, Refused> {
        let shown = headers.get(header::AUTHORIZATION).ok_or(Refused::NoToken)?;
        let token = shown.to_str().ok().and_then(|text| text.strip_prefix("Bearer "));
        let claims = token.and_then(|token| self.verified(token)).ok_or(Refused::BadToken)?;
        let scopes = claims["scope"].as_str().unwrap_or_default();
        if !scopes.split(' ').any(|scope| scope == self.scope) {
            return Err(Refused::LacksScope);
        }
        Ok(claims)
    }

    fn verified(&self, token: &str) -> Option<Value> {
        let header = decode_header(token).ok()?;
        if header.typ.as_deref() != Some("at+jwt") {
            return None;
        }
        let key = DecodingKey::from_jwk(self.keys.find(&header.kid?)?).ok()?;
        let mut rules = Validation::new(self.algorithm);
        rules.set_required_spec_claims(&["exp", "iss", "aud"]);
        rules.set_issuer(&[&self.issuer]);
        rules.set_audience(&[&self.url]);
        Some(decode::<Value>(token, &key, &rules).ok()?.claims)
    }

    /// RFC 9728: where a client finds out who issues tokens.
    pub(crate) fn document(&self) -> Value {
        json!({ "resource": self.url, "authorization_servers": [self.issuer], "scopes_supported": [self.scope],
            "bearer_methods_supported": ["header"] })
    }

    /// What a client is told, so that it knows what to do next.
    fn refuse(&self, why: &Refused) -> Response {
        let (status, error) = match why {
            Refused::NoToken => (StatusCode::UNAUTHORIZED, ""),
            Refused::BadToken => (StatusCode::UNAUTHORIZED, "error=\"invalid_token\", "),
            // Never 401: clients would throw the sign-in away.
            Refused::LacksScope => (StatusCode::FORBIDDEN, "error=\"insufficient_scope\", "),
        };
        let Self { scope, metadata, .. } = self;
        let value = format!("Bearer {error}scope=\"{scope}\", resource_metadata=\"{metadata}\"");
        (status, [(header::WWW_AUTHENTICATE, value)]).into_response()
    }
}

/// Lets those with a good token pass.
pub(crate) async fn guarded(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    match guard.check(request.headers()) {
        Ok(_) => next.run(request).await,
        Err(why) => guard.refuse(&why),
    }
}
// documented: end

#[derive(Clone)]
struct Notes;

#[::rmcp::tool_router]
impl Notes {
    /// Reads your notes.
    #[::rmcp::tool]
    async fn read(&self) -> String {
        "your notes".to_owned()
    }
}

#[::rmcp::tool_handler]
impl ServerHandler for Notes {}

/// A running server and the tokens that it was shown, each once, in order.
pub(crate) struct Server {
    pub(crate) url: String,
    pub(crate) tokens: Arc<Mutex<Vec<String>>>,
}

/// Serves on a port of its own until the runtime ends. `registered` is called with the URL before anybody can come.
pub(crate) async fn serve(issuer: &str, registered: impl FnOnce(&str)) -> Server {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let url = format!("http://{address}/mcp");
    registered(&url);
    let found: Value = fetch(&format!("{issuer}/.well-known/openid-configuration")).await;
    let keys = serde_json::from_value(fetch(found["jwks_uri"].as_str().unwrap()).await).unwrap();
    let guard = Guard {
        keys,
        algorithm: Algorithm::ES256,
        issuer: issuer.to_owned(),
        url: url.clone(),
        metadata: format!("http://{address}/.well-known/oauth-protected-resource/mcp"),
        scope: "notes:read",
    };
    let document = guard.document();
    let tokens = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&tokens);
    let service = StreamableHttpService::new(
        || Ok(Notes),
        Arc::new(LocalSessionManager::default()),
        StreamableHttpServerConfig::default(),
    );
    let routes = Router::new()
        .route_service("/mcp", service)
        .layer(axum::middleware::from_fn_with_state(guard, guarded))
        .layer(axum::middleware::from_fn(move |request: Request, next: Next| {
            note(&seen, &request);
            next.run(request)
        }))
        .route("/.well-known/oauth-protected-resource/mcp", get(async move || Json(document)));
    tokio::spawn(async move { axum::serve(listener, routes).await });
    Server { url, tokens }
}

fn note(seen: &Mutex<Vec<String>>, request: &Request) {
    if let Some(value) = request.headers().get(header::AUTHORIZATION) {
        let token = value.to_str().unwrap().to_owned();
        let mut seen = seen.lock().unwrap();
        if !seen.contains(&token) {
            seen.push(token);
        }
    }
}

async fn fetch(url: &str) -> Value {
    reqwest::get(url).await.unwrap().error_for_status().unwrap().json().await.unwrap()
}
