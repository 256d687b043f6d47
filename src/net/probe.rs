//! Asking servers as their clients do, for an operator who looks for what is wrong with them. Any http or https address,
//! also on this computer and in the network behind it, since it is the operator who names it; but no redirect is
//! followed, nothing waits for ever, and bodies are cut.

use std::time::Duration;

use reqwest::{Method, Response};
use url::Url;

use crate::error::{Error, Result};

/// How long one answer may take.
const WITHIN: Duration = Duration::from_secs(10);
/// As much of a body as is read.
const MOST: usize = 256 * 1024;

/// A request.
#[derive(Clone, Debug)]
pub struct Ask {
    method: Method,
    url: Url,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

impl Ask {
    /// GET.
    pub fn get(url: &Url) -> Self {
        Self { method: Method::GET, url: url.clone(), headers: Vec::new(), body: Vec::new() }
    }

    /// OPTIONS, as browsers ask before they let a page's script ask (CORS).
    pub fn options(url: &Url) -> Self {
        Self { method: Method::OPTIONS, ..Self::get(url) }
    }

    /// DELETE.
    pub fn delete(url: &Url) -> Self {
        Self { method: Method::DELETE, ..Self::get(url) }
    }

    /// POST with JSON.
    pub fn json(url: &Url, body: &serde_json::Value) -> Self {
        let body = body.to_string().into_bytes();
        Self { method: Method::POST, body, ..Self::get(url) }
            .with("content-type", "application/json")
    }

    /// POST with a form.
    pub fn form(url: &Url, fields: &[(&str, &str)]) -> Self {
        let mut form = form_urlencoded::Serializer::new(String::new());
        let body = form.extend_pairs(fields).finish().into_bytes();
        Self { method: Method::POST, body, ..Self::get(url) }
            .with("content-type", "application/x-www-form-urlencoded")
    }

    /// With a header.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

/// An answer.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// The status.
    pub status: u16,
    headers: Vec<(String, String)>,
    /// The body, cut.
    pub body: Vec<u8>,
}

impl Answer {
    /// The first header of a name (in lower case).
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    /// Every header of a name (in lower case).
    pub fn all(&self, name: &str) -> Vec<&str> {
        let own = self.headers.iter().filter(|(own, _)| own == name);
        own.map(|(_, value)| value.as_str()).collect()
    }

    /// The media type without its parameters, in lower case.
    pub fn media_type(&self) -> String {
        let kind = self.header("content-type").unwrap_or_default();
        kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
    }
}

/// The client.
#[derive(Clone, Debug)]
pub struct Probe(reqwest::Client);

impl Probe {
    /// `authorities` are certificates (PEM) to trust besides the system's.
    pub fn new(authorities: Option<&[u8]>) -> Result<Self> {
        let mut builder = reqwest::Client::builder()
            .http1_only()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .timeout(WITHIN)
            .user_agent(concat!("mcpcodex-doctor/", env!("CARGO_PKG_VERSION")));
        if let Some(pem) = authorities {
            let found = reqwest::Certificate::from_pem_bundle(pem).map_err(|error| {
                Error::invalid("ca", "the certificates cannot be read").with_source(error)
            })?;
            builder = builder.tls_certs_merge(found);
        }
        let client = builder.build().map_err(|error| {
            Error::internal("nothing can be asked over HTTPS")
                .with_next("install the system's certificates (package ca-certificates)")
                .with_source(error)
        })?;
        Ok(Self(client))
    }

    /// Sends a request. The reason in words if there is no answer.
    pub async fn send(&self, ask: Ask) -> Result<Answer, String> {
        let mut request = self.0.request(ask.method, ask.url).body(ask.body);
        for (name, value) in ask.headers {
            request = request.header(name, value);
        }
        let response = request.send().await.map_err(|error| reason(&error))?;
        let status = response.status().as_u16();
        let text = |value: &reqwest::header::HeaderValue| {
            String::from_utf8_lossy(value.as_bytes()).into_owned()
        };
        let headers = response.headers().iter();
        let headers =
            headers.map(|(name, value)| (name.as_str().to_owned(), text(value))).collect();
        let mut answer = Answer { status, headers, body: Vec::new() };
        read(&mut answer, response).await;
        Ok(answer)
    }
}

/// What breaks off is as good as its beginning: this is for looking, not for use.
async fn read(answer: &mut Answer, mut response: Response) {
    let stream = answer.media_type() == "text/event-stream";
    while let Ok(Some(chunk)) = response.chunk().await {
        answer.body.extend(chunk.iter().take(MOST.saturating_sub(answer.body.len())));
        // A stream may stay open; its first event with data is what is looked for.
        let event = || {
            let text = String::from_utf8_lossy(&answer.body).replace("\r\n", "\n");
            text.split("\n\n").any(|event| event.contains("data:")) && text.ends_with("\n\n")
        };
        if answer.body.len() >= MOST || (stream && event()) {
            break;
        }
    }
}

fn reason(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return format!("no answer within {} seconds", WITHIN.as_secs());
    }
    let mut deepest: &dyn std::error::Error = error;
    while let Some(source) = deepest.source() {
        deepest = source;
    }
    deepest.to_string()
}
