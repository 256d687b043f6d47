//! Calls the router in process, as a program and as a browser do.

use std::sync::Arc;

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Request, StatusCode, header},
};
use http_body_util::BodyExt as _;
use mcpcodex::{app::App, config::Config, http::router, ops::client};
use serde_json::Value;
use tower::ServiceExt as _;

use crate::ops::oauth::fixture::{World, world_with};

pub(crate) const FORM: &str = "application/x-www-form-urlencoded";

pub(crate) struct Caller {
    pub(crate) world: World,
    pub(crate) app: App,
    pub(crate) router: Router,
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub(crate) fn location(&self) -> &str {
        assert_eq!(self.status, StatusCode::SEE_OTHER, "{}", self.body);
        self.header("location").unwrap()
    }

    /// The body, which must be JSON without null.
    pub(crate) fn json(&self) -> Value {
        let json: Value =
            serde_json::from_str(&self.body).unwrap_or_else(|e| panic!("{e}: {}", self.body));
        assert!(self.header("content-type").unwrap().starts_with("application/json"));
        assert!(!has_null(&json), "{}", self.body);
        json
    }

    /// The code of an OAuth refusal of this status, which must not be stored.
    pub(crate) fn refusal(&self, status: u16) -> String {
        assert_eq!(self.status.as_u16(), status, "{}", self.body);
        assert_eq!(self.header("cache-control"), Some("no-store"));
        self.json()["error"].as_str().unwrap().to_owned()
    }
}

impl Caller {
    pub(crate) fn new() -> Self {
        Self::with(|_| {}, |_| {})
    }

    pub(crate) fn with(
        configure: impl FnOnce(&mut Config),
        shape: impl FnOnce(&mut client::New),
    ) -> Self {
        let world = world_with(configure, shape);
        let app = App { db: world.db.clone(), env: Arc::clone(&world.env), seen: Arc::default() };
        Self::at(world, &app)
    }

    /// A world as this application serves it.
    pub(crate) fn at(world: World, app: &App) -> Self {
        Self { world, app: app.clone(), router: router::routes(app.clone()) }
    }

    pub(crate) async fn call(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: String::from_utf8(bytes.to_vec()).unwrap(),
        }
    }

    pub(crate) async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.call(request("GET", path, headers, String::new())).await
    }

    pub(crate) async fn send(
        &self,
        path: &str,
        headers: &[(&str, &str)],
        form: &[(&str, &str)],
    ) -> Answer {
        let mut all = vec![("content-type", FORM)];
        all.extend(headers);
        self.call(request("POST", path, &all, encode(form))).await
    }

    /// The cookies of the person's browser.
    pub(crate) fn cookies(&self) -> String {
        let session =
            mcpcodex::ops::session::cookie(&self.app.env, &self.world.signed_in.session).unwrap();
        let name = &self.app.env.config.authentication.session.cookie_name;
        format!("{name}={session}; {}", browser_cookie())
    }

    pub(crate) fn csrf(&self) -> String {
        let browser = "b".repeat(43);
        mcpcodex::crypto::secret::b64(&self.app.env.keys.vault.mac("csrf", browser.as_bytes()))
    }
}

/// Whether a member or an element says nothing; clients choke on that.
pub(crate) fn has_null(json: &Value) -> bool {
    match json {
        Value::Null => true,
        Value::Array(all) => all.iter().any(has_null),
        Value::Object(all) => all.values().any(has_null),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

pub(crate) fn browser_cookie() -> String {
    format!("mcpcodex_browser={}", "b".repeat(43))
}

pub(crate) fn request(
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: String,
) -> Request<Body> {
    let mut request =
        Request::builder().method(method).uri(path).header(header::HOST, "localhost:8420");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Body::from(body)).unwrap()
}

pub(crate) fn encode<N: AsRef<str>, V: AsRef<str>>(pairs: &[(N, V)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}
