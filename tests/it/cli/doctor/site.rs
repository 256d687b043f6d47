//! A site with an MCP server and an authorization server, each page of which can be put wrong.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, Method, StatusCode, Uri},
    response::{IntoResponse as _, Response},
};
use serde_json::{Value, json};

use crate::support::RUNTIME;

pub(super) const RESOURCE: &str = "/.well-known/oauth-protected-resource/mcp";
pub(super) const SERVER: &str = "/.well-known/oauth-authorization-server";

/// Status, headers, body.
pub(super) type Page = (u16, Vec<(&'static str, String)>, String);

/// A site with an MCP server and an authorization server, each page of which can be put wrong.
#[derive(Clone)]
pub(super) struct Site {
    pub(super) base: String,
    pages: Arc<Mutex<BTreeMap<String, Page>>>,
    asked: Arc<Mutex<Vec<String>>>,
    /// Refresh tokens that were used; only looked at by a site that takes each once.
    used: Arc<Mutex<Vec<String>>>,
    strict: bool,
}

pub(super) fn json_page(status: u16, value: &Value) -> Page {
    let headers = vec![
        ("content-type", "application/json".to_owned()),
        ("cache-control", "no-store".to_owned()),
        ("access-control-allow-origin", "*".to_owned()),
    ];
    (status, headers, value.to_string())
}

/// The answer to a browser's question before its question.
pub(super) fn preflight(headers: &str) -> Page {
    let headers = vec![
        ("access-control-allow-origin", "*".to_owned()),
        ("access-control-allow-headers", headers.to_owned()),
    ];
    (204, headers, String::new())
}

impl Site {
    /// Everything as it must be.
    pub(super) fn good() -> Self {
        Self::start(false)
    }

    pub(super) fn start(strict: bool) -> Self {
        let listener = RUNTIME.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let (pages, asked, used) = (Arc::default(), Arc::default(), Arc::default());
        let site = Self { base, pages, asked, used, strict };
        site.fill();
        let routes = Router::new().fallback(answer).with_state(site.clone());
        RUNTIME.spawn(async move { axum::serve(listener, routes).await.unwrap() });
        site
    }

    fn fill(&self) {
        let base = &self.base;
        let challenge =
            format!("Bearer resource_metadata=\"{base}{RESOURCE}\", scope=\"read:models\"");
        self.put("POST /mcp", (401, vec![("www-authenticate", challenge)], String::new()));
        self.put(&format!("GET {RESOURCE}"), json_page(200, &self.resource()));
        self.put(&format!("GET {SERVER}"), json_page(200, &self.server()));
        let client = json!({
            "client_id": "c_1", "redirect_uris": ["http://127.0.0.1/callback"],
            "registration_client_uri": format!("{base}/register/c_1"),
            "registration_access_token": "manage",
        });
        self.put("POST /register", json_page(201, &client));
        self.put("DELETE /register/c_1", (204, vec![], String::new()));
        self.put(
            "GET /authorize",
            (302, vec![("location", format!("{base}/login"))], String::new()),
        );
        let tokens = json!({
            "access_token": "good", "token_type": "Bearer", "expires_in": 900,
            "scope": "read:models", "refresh_token": "r",
        });
        self.put("POST /token", json_page(200, &tokens));
        for path in ["/token", "/register"] {
            self.put(&format!("OPTIONS {path}"), preflight("content-type, mcp-protocol-version"));
        }
        self.put("POST /revoke", (200, vec![], String::new()));
        let tools = json!({ "jsonrpc": "2.0", "id": 2, "result": { "tools": [{ "name": "x" }] } });
        self.put("MCP tools/list", json_page(200, &tools));
    }

    pub(super) fn resource(&self) -> Value {
        json!({
            "resource": format!("{}/mcp", self.base),
            "authorization_servers": [self.base],
            "scopes_supported": ["read:models"],
        })
    }

    fn server(&self) -> Value {
        let at = |path: &str| format!("{}{path}", self.base);
        json!({
            "issuer": self.base,
            "authorization_endpoint": at("/authorize"),
            "token_endpoint": at("/token"),
            "registration_endpoint": at("/register"),
            "revocation_endpoint": at("/revoke"),
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["none"],
            "authorization_response_iss_parameter_supported": true,
        })
    }

    pub(super) fn put(&self, name: &str, page: Page) {
        self.pages.lock().unwrap().insert(name.to_owned(), page);
    }

    pub(super) fn drop(&self, name: &str) {
        self.pages.lock().unwrap().remove(name);
    }

    /// A page without what lets scripts of other sites read it.
    pub(super) fn close(&self, name: &str) {
        let mut pages = self.pages.lock().unwrap();
        let page = pages.get_mut(name).unwrap();
        page.1.retain(|(header, _)| !header.starts_with("access-control"));
    }

    /// A document with a member changed, or without it.
    pub(super) fn change(&self, path: &str, name: &str, value: Value) {
        let mut document = if path == RESOURCE { self.resource() } else { self.server() };
        if value == json!("gone") {
            document.as_object_mut().unwrap().remove(name);
        } else {
            document[name] = value;
        }
        self.put(&format!("GET {path}"), json_page(200, &document));
    }

    pub(super) fn url(&self) -> String {
        format!("{}/mcp", self.base)
    }

    pub(super) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

async fn answer(
    State(site): State<Site>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let body = String::from_utf8_lossy(&body).into_owned();
    let mut name = format!("{method} {}", uri.path());
    let bearer = headers.get("authorization").is_some_and(|value| value == "Bearer good");
    let any = site.pages.lock().unwrap().contains_key("ANY TOKEN");
    if name == "POST /mcp" && (bearer || (any && headers.contains_key("authorization"))) {
        let message: Value = serde_json::from_str(&body).unwrap();
        name = format!("MCP {}", message["method"].as_str().unwrap());
    }
    site.asked.lock().unwrap().push(name.clone());
    if site.strict && name == "POST /token" && body.contains("grant_type=refresh_token") {
        let token = body.split('&').find(|pair| pair.starts_with("refresh_token=")).unwrap();
        let mut used = site.used.lock().unwrap();
        if used.iter().any(|one| one == token) {
            return page(json_page(400, &json!({ "error": "invalid_grant" })));
        }
        used.push(token.to_owned());
    }
    let found = site.pages.lock().unwrap().get(&name).cloned();
    page(found.unwrap_or((404, vec![], String::new())))
}

fn page((status, headers, body): Page) -> Response {
    let mut response = (StatusCode::from_u16(status).unwrap(), body).into_response();
    response.headers_mut().remove("content-type");
    for (name, value) in headers {
        response.headers_mut().append(name, value.parse().unwrap());
    }
    response
}
