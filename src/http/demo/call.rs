//! One request of the demo app to the server, through its whole router, and both as text to be shown.
//! No socket is needed for it, and nothing is left out of what a request from outside would pass.

use std::net::{Ipv4Addr, SocketAddr};

use axum::{
    body::{Body, to_bytes},
    extract::ConnectInfo,
    http::{HeaderName, Method, Request, StatusCode, header},
};
use serde_json::Value;
use tower::ServiceExt as _;

use super::DemoApp;
use crate::{
    crypto::secret::Plain,
    error::{Error, Result},
};

/// Far more than any answer of the endpoints that the demo asks.
const ANSWER_MAX: usize = 256 * 1_024;
/// Longer words (signed tokens) are cut where they would hide the message.
const WORD_MAX: usize = 100;
/// Headers of the answer that belong to the protocol.
const SHOWN: [HeaderName; 3] =
    [header::CONTENT_TYPE, header::CACHE_CONTROL, header::WWW_AUTHENTICATE];
const FORM: &str = "application/x-www-form-urlencoded";

/// A request to be sent.
#[derive(Debug)]
pub struct Call {
    method: Method,
    path: &'static str,
    authorization: Option<(&'static str, Plain)>,
    form: Vec<(&'static str, String)>,
}

/// What was sent and what came back.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The request as text, long tokens cut.
    pub request: String,
    /// The answer as text, long tokens cut.
    pub response: String,
    /// Its status.
    pub status: StatusCode,
    /// Its body; null when there was none.
    pub json: Value,
}

impl Answer {
    /// A member of the body that is text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.json.get(name).and_then(Value::as_str)
    }

    /// A token in the body.
    pub fn token(&self, name: &str) -> Option<Plain> {
        self.text(name).map(|token| Plain::new(token.to_owned()))
    }
}

impl Call {
    /// A GET.
    pub fn get(path: &'static str) -> Self {
        Self { method: Method::GET, path, authorization: None, form: Vec::new() }
    }

    /// A POST of a form.
    pub fn post(path: &'static str, form: Vec<(&'static str, String)>) -> Self {
        Self { method: Method::POST, path, authorization: None, form }
    }

    /// With an access token.
    #[must_use]
    pub fn bearer(mut self, token: Plain) -> Self {
        self.authorization = Some(("Bearer", token));
        self
    }

    /// With a client's secret (RFC 6749 §2.3.1).
    #[must_use]
    pub fn basic(mut self, id: &str, secret: &Plain) -> Self {
        use base64::{Engine as _, engine::general_purpose::STANDARD};
        let pair = Plain::new(format!("{id}:{}", secret.expose()));
        self.authorization = Some(("Basic", Plain::new(STANDARD.encode(pair.expose()))));
        self
    }

    /// Sends it.
    pub async fn send(self, demo: &DemoApp) -> Result<Answer> {
        let body = encode(&self.form);
        let mut request = Request::builder()
            .method(self.method.clone())
            .uri(self.path)
            .header(header::HOST, demo.app.env.site.public_url.authority())
            .header(header::USER_AGENT, "mcpcodex-demo")
            .extension(ConnectInfo(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))));
        if let Some((scheme, credential)) = &self.authorization {
            let value = format!("{scheme} {}", credential.expose());
            request = request.header(header::AUTHORIZATION, value);
        }
        if self.method == Method::POST {
            request = request.header(header::CONTENT_TYPE, FORM);
        }
        let request = request.body(Body::from(body)).map_err(failed)?;
        let Ok(response) = demo.server.clone().oneshot(request).await;
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, ANSWER_MAX).await.map_err(failed)?;
        let json = serde_json::from_slice(&bytes).unwrap_or_default();
        let header = |name: &HeaderName| {
            let value = parts.headers.get(name)?.to_str().ok()?;
            Some(format!("{name}: {value}"))
        };
        let mut lines = vec![parts.status.to_string()];
        lines.extend(SHOWN.iter().filter_map(header));
        if !bytes.is_empty() {
            lines.extend([String::new(), pretty(&json)]);
        }
        let response = lines.join("\n");
        let request = self.text(demo);
        Ok(Answer { request, response, status: parts.status, json })
    }

    fn text(&self, demo: &DemoApp) -> String {
        let mut lines = vec![format!("{} {}", self.method, demo.address(self.path))];
        if let Some((scheme, credential)) = &self.authorization {
            lines.push(format!("authorization: {scheme} {}", cut(credential.expose())));
        }
        if self.method == Method::POST {
            let pair = |(name, value): &(&'static str, String)| match cut(value) {
                short if short == *value => encode(&[(name, value)]),
                cut => format!("{name}={cut}"),
            };
            let pairs: Vec<_> = self.form.iter().map(pair).collect();
            lines.extend([format!("content-type: {FORM}"), String::new(), pairs.join("\n&")]);
        }
        lines.join("\n")
    }
}

fn failed(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::internal("the demo could not ask the server").with_source(error)
}

fn encode(pairs: &[(&'static str, impl AsRef<str>)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

/// JSON over several lines, long words cut.
pub fn pretty(json: &Value) -> String {
    fn shorten(value: &mut Value) {
        match value {
            Value::String(text) => *text = cut(text),
            Value::Array(items) => items.iter_mut().for_each(shorten),
            Value::Object(members) => members.values_mut().for_each(shorten),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
    let mut json = json.clone();
    shorten(&mut json);
    format!("{json:#}")
}

/// The beginning and the end of a long word, and how long it is.
pub fn cut(word: &str) -> String {
    let length = word.chars().count();
    if length <= WORD_MAX || word.contains(' ') {
        return word.to_owned();
    }
    let start: String = word.chars().take(24).collect();
    let end: String = word.chars().skip(length.saturating_sub(8)).collect();
    format!("{start}…{end} ({length} characters)")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_words_are_cut_and_sentences_are_not() {
        let word = "ab".repeat(100);
        assert_eq!(cut(&word), format!("{}…abababab (200 characters)", "ab".repeat(12)));
        assert_eq!(cut("short"), "short");
        let sentence = "a sentence ".repeat(20);
        assert_eq!(cut(&sentence), sentence);
    }
}
