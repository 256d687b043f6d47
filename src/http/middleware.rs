//! What holds for every answer: whose host it is, the security headers, no caching, no panics.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header, uri::Authority},
    middleware::Next,
    response::{Html, IntoResponse, Response},
};

use super::{brand, error::Fault, lang};
use crate::app::App;

/// No inline script or style, nothing from elsewhere, no frame. `form-action` is left
/// out: browsers apply it to the redirect after a form, which on the consent page leads to the client.
const CSP: &str = "default-src 'none'; style-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'";

/// `CSP` for a page with a script: only a file of ours, which may ask only this server.
pub const CSP_WITH_SCRIPT: &str = "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'";

/// `CSP` for the page whose script only sends a form that is on it.
pub const CSP_WITH_FORM: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'";

/// Refuses requests meant for another host (DNS rebinding on loopback).
pub async fn own_host(State(app): State<App>, request: Request, next: Next) -> Response {
    // Probes ask by whatever address they know.
    let probe = matches!(request.uri().path(), "/healthz" | "/readyz");
    if probe || names_us(&app, &request) {
        return next.run(request).await;
    }
    let body = serde_json::json!({ "error": {
        "code": "misdirected",
        "message": "this server does not answer for that host name",
        "next": "set server.public_url to the address that people use",
    }});
    (StatusCode::MISDIRECTED_REQUEST, axum::Json(body)).into_response()
}

/// Whether every host that the request names is ours, and it names one. Each counts: a proxy in front may have gone
/// by another than we would (RFC 9112 §3.2).
fn names_us(app: &App, request: &Request) -> bool {
    let ours = |host: &str| app.env.site.is_host(host);
    let authority = request.uri().authority().map(Authority::as_str);
    let mut headers = request.headers().get_all(header::HOST).iter().peekable();
    (authority.is_some() || headers.peek().is_some())
        && authority.is_none_or(ours)
        && headers.all(|host| host.to_str().is_ok_and(ours))
}

/// What a proxy in front should say of the address that people use, and whether one said otherwise already.
#[derive(Clone, Debug)]
pub struct Doubt {
    app: App,
    told: Arc<AtomicBool>,
}

impl Doubt {
    /// Nothing was said yet.
    pub fn of(app: &App) -> Self {
        Self { app: app.clone(), told: Arc::default() }
    }

    /// What is wrong, in words for the log.
    fn about(&self, headers: &HeaderMap) -> Option<String> {
        let site = &self.app.env.site;
        // The first of several is what the browser saw.
        let said = |name: &str| {
            let value = headers.get(name)?.to_str().ok()?;
            value.split(',').next().map(|first| first.trim().chars().take(100).collect::<String>())
        };
        let scheme = said("x-forwarded-proto")
            .filter(|said| !said.eq_ignore_ascii_case(site.public_url.scheme()));
        let host = said("x-forwarded-host").filter(|host| !site.is_host(host));
        let wrong = scheme.map(|said| format!("X-Forwarded-Proto: {said:?}"));
        wrong.or_else(|| host.map(|said| format!("X-Forwarded-Host: {said:?}")))
    }
}

/// Warns once when a proxy's word about the address differs from the configured one. That word itself counts for
/// nothing: anyone can write it.
pub async fn doubt_proxy(State(doubt): State<Doubt>, request: Request, next: Next) -> Response {
    // What a proxy asks there is about another host.
    let forward_auth = request.uri().path() == "/auth/verify";
    if !forward_auth
        && !doubt.told.load(Ordering::Relaxed)
        && let Some(wrong) = doubt.about(request.headers())
        && !doubt.told.swap(true, Ordering::Relaxed)
    {
        let public_url = doubt.app.env.site.public_url.as_str();
        tracing::warn!(
            public_url,
            "a proxy in front says {wrong}; links, cookies and the issuer follow server.public_url, so one of the two is wrong"
        );
    }
    next.run(request).await
}

/// Gives a refused page its words, in the language of the request.
pub async fn error_pages(State(app): State<App>, request: Request, next: Next) -> Response {
    let (lang, _) = lang::wanted(request.headers(), request.uri());
    let mut response = next.run(request).await;
    let Some(fault) = response.extensions_mut().remove::<Fault>() else { return response };
    let shell = brand::frame(&app.env, lang);
    let (mut head, _) = response.into_parts();
    head.headers.remove(header::CONTENT_LENGTH);
    (head, Html(fault.page(shell).render())).into_response()
}

/// Sets the headers that every answer carries, errors too.
pub async fn secure_headers(State(app): State<App>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let mut set = |name: HeaderName, value: &'static str| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    set(header::CONTENT_SECURITY_POLICY, CSP);
    set(header::X_FRAME_OPTIONS, "DENY");
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::REFERRER_POLICY, "no-referrer");
    set(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    set(HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()");
    set(header::CACHE_CONTROL, "no-store");
    if app.env.site.public_url.scheme() == "https" {
        set(header::STRICT_TRANSPORT_SECURITY, "max-age=31536000");
    }
    response
}
