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
    http::{StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use jsonwebtoken::{DecodingKey, Validation, decode, decode_header, jwk::JwkSet};
use serde_json::{Value, json};

/// Who issues tokens, for which URL, and what they must allow.
#[derive(Clone)]
pub(crate) struct Guard {
    /// The keys of the issuer; fetch them again when a token names one that is not among them.
    pub(crate) keys: JwkSet,
    pub(crate) issuer: String,
    pub(crate) url: String,
    pub(crate) scope: &'static str,
}

impl Guard {
    /// The claims of a token that is good here.
    fn verify(&self, token: &str) -> Option<Value> {
        let header = decode_header(token).ok()?;
        let key = DecodingKey::from_jwk(self.keys.find(&header.kid?)?).ok()?;
        let mut rules = Validation::new(header.alg);
        rules.set_issuer(&[&self.issuer]);
        rules.set_audience(&[&self.url]);
        let claims = decode::<Value>(token, &key, &rules).ok()?.claims;
        let scopes = claims.get("scope")?.as_str()?;
        scopes.split(' ').any(|scope| scope == self.scope).then_some(claims)
    }

    /// RFC 9728: where a client finds out who issues tokens.
    pub(crate) fn document(&self) -> Value {
        json!({ "resource": self.url, "authorization_servers": [self.issuer], "scopes_supported": [self.scope],
            "bearer_methods_supported": ["header"] })
    }

    /// What a client without a good token is told.
    fn challenge(&self) -> Response {
        let document = self.url.replace("/mcp", "/.well-known/oauth-protected-resource/mcp");
        let value = format!("Bearer resource_metadata=\"{document}\", scope=\"{}\"", self.scope);
        (StatusCode::UNAUTHORIZED, [(header::WWW_AUTHENTICATE, value)]).into_response()
    }
}

/// Lets those with a good token pass.
pub(crate) async fn guarded(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    let shown = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    match shown.and_then(|text| text.strip_prefix("Bearer ")).and_then(|token| guard.verify(token))
    {
        Some(_) => next.run(request).await,
        None => guard.challenge(),
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
    let url = format!("http://{}/mcp", listener.local_addr().unwrap());
    registered(&url);
    let found: Value = fetch(&format!("{issuer}/.well-known/openid-configuration")).await;
    let keys = serde_json::from_value(fetch(found["jwks_uri"].as_str().unwrap()).await).unwrap();
    let guard = Guard { keys, issuer: issuer.to_owned(), url: url.clone(), scope: "notes:read" };
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
