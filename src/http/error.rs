//! From the core's error to an answer: the only place that knows status codes.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Redirect, Response},
};

use super::view::{ErrorPage, Shell};
use crate::{
    crypto::secret,
    error::{Error, Kind},
};

/// The status that stands for an error.
pub fn status(error: &Error) -> StatusCode {
    match error.kind() {
        Kind::NotFound => StatusCode::NOT_FOUND,
        Kind::Conflict => StatusCode::CONFLICT,
        Kind::Invalid => StatusCode::BAD_REQUEST,
        Kind::Denied => StatusCode::FORBIDDEN,
        Kind::Limited => StatusCode::TOO_MANY_REQUESTS,
        Kind::Busy => StatusCode::SERVICE_UNAVAILABLE,
        // A fault that may be over soon, such as a full disk (RFC 9110 §15.6.4).
        Kind::Internal if error.retry_after().is_some() => StatusCode::SERVICE_UNAVAILABLE,
        Kind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// Why a page cannot be shown.
#[derive(Debug)]
pub enum PageError {
    /// The core refused or failed.
    Core(Error),
    /// Nobody is signed in; this path was wanted.
    SignIn(String),
}

impl From<Error> for PageError {
    fn from(error: Error) -> Self {
        Self::Core(error)
    }
}

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        match self {
            Self::SignIn(path) => {
                let path: String = form_urlencoded::byte_serialize(path.as_bytes()).collect();
                Redirect::to(&format!("/login?return_to={path}")).into_response()
            }
            Self::Core(error) => page(&error),
        }
    }
}

fn page(error: &Error) -> Response {
    let internal = error.kind() == Kind::Internal;
    let reference = log(error);
    let view = ErrorPage {
        shell: Shell::default(),
        title: title(error.kind()).to_owned(),
        what: if internal {
            "Something went wrong on this server. Nothing was changed.".to_owned()
        } else {
            sentence(&error.to_string())
        },
        next: error.next().map_or_else(|| next(error.kind()).to_owned(), sentence),
        reference,
        link: None,
    };
    let mut response = (status(error), Html(view.render())).into_response();
    retry_after(&mut response, error);
    response
}

fn title(kind: Kind) -> &'static str {
    match kind {
        Kind::NotFound => "Not found",
        Kind::Conflict => "That cannot be done now",
        Kind::Invalid => "That request cannot be right",
        Kind::Denied => "Not allowed",
        Kind::Limited => "Too many tries",
        Kind::Busy => "Busy",
        Kind::Internal => "Something went wrong",
    }
}

fn next(kind: Kind) -> &'static str {
    match kind {
        Kind::NotFound | Kind::Invalid | Kind::Conflict => "Go back and try again.",
        Kind::Denied => "Sign in as someone who may, or ask the operator of this server.",
        Kind::Limited | Kind::Busy => "Wait a moment and try again.",
        Kind::Internal => "Try again. If it stays, give the reference below to the operator.",
    }
}

/// A message of the core as a sentence for people.
pub fn sentence(message: &str) -> String {
    let mut chars = message.chars();
    let start: String =
        chars.next().map(|first| first.to_uppercase().collect()).unwrap_or_default();
    let end = if message.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{start}{}{end}", chars.as_str())
}

/// Logs a fault of ours once, whole, and answers the reference under which it stands in the log.
pub fn log(error: &Error) -> Option<String> {
    if error.kind() != Kind::Internal {
        return None;
    }
    let reference = secret::b64(&secret::random_bytes::<6>());
    let mut cause = String::new();
    let mut source = std::error::Error::source(error);
    while let Some(inner) = source {
        cause.push_str(": ");
        cause.push_str(&inner.to_string());
        source = inner.source();
    }
    tracing::error!(%reference, error = %format!("{error}{cause}"), "internal error");
    Some(reference)
}

/// Adds `Retry-After` when the error says when to come back.
pub fn retry_after(response: &mut Response, error: &Error) {
    if let Some(after) = error.retry_after() {
        set_retry_after(response, after);
    }
}

/// Adds `Retry-After`, in whole seconds rounded up (RFC 9110 §10.2.3).
pub fn set_retry_after(response: &mut Response, after: std::time::Duration) {
    let secs = after.as_millis().div_ceil(1_000).max(1);
    if let Ok(value) = HeaderValue::from_str(&secs.to_string()) {
        response.headers_mut().insert(header::RETRY_AFTER, value);
    }
}

/// An error of a JSON endpoint of ours: `{"error":{"code","message","next"}}`.
#[derive(Debug)]
pub struct JsonError(pub Error);

impl From<Error> for JsonError {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

impl IntoResponse for JsonError {
    fn into_response(self) -> Response {
        let error = self.0;
        let message = match log(&error) {
            Some(reference) => format!("internal error, reference {reference}"),
            None => error.to_string(),
        };
        let mut body = serde_json::json!({ "code": error.code(), "message": message });
        if let (Some(next), Some(object)) = (error.next(), body.as_object_mut()) {
            object.insert("next".to_owned(), next.into());
        }
        let body = axum::Json(serde_json::json!({ "error": body }));
        let mut response = (status(&error), body).into_response();
        retry_after(&mut response, &error);
        response
    }
}
