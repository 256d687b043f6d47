//! From the core's error to an answer: the only place that knows status codes.

use std::sync::Arc;

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};

use super::{
    lang::core,
    view::{ErrorPage, Link, Shell},
};
use crate::{
    crypto::secret,
    error::{Error, Kind},
    model::{id::TraceId, trace::Shown},
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
    /// The same, and where it is told why.
    Told(Error, TraceId),
    /// Nobody is signed in; this path was wanted.
    SignIn(String),
    /// The sign-in is too old for this path.
    Confirm(String),
}

impl From<Error> for PageError {
    fn from(error: Error) -> Self {
        Self::Core(error)
    }
}

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        match self {
            Self::SignIn(path) => by_way_of("/login", &path),
            Self::Confirm(path) => by_way_of("/login/confirm", &path),
            Self::Core(error) => {
                let reference = log(&error);
                Fault::response(error, reference)
            }
            Self::Told(error, story) => Fault::response(error, Some(Shown(&story).to_string())),
        }
    }
}

/// To a page that leads on to `path`.
fn by_way_of(page: &str, path: &str) -> Response {
    let path: String = form_urlencoded::byte_serialize(path.as_bytes()).collect();
    Redirect::to(&format!("{page}?return_to={path}")).into_response()
}

/// What went wrong, on its way through the layers to where the request's language is known.
#[derive(Clone, Debug)]
pub struct Fault {
    error: Arc<Error>,
    reference: Option<String>,
}

impl Fault {
    /// The answer without its page: [`super::middleware::error_pages`] adds that.
    fn response(error: Error, reference: Option<String>) -> Response {
        let mut response = status(&error).into_response();
        retry_after(&mut response, &error);
        response.extensions_mut().insert(Self { error: Arc::new(error), reference });
        response
    }

    /// Takes it out of an answer, for a face that has no pages: the reference in the log.
    pub fn take(response: &mut Response) -> Option<String> {
        response.extensions_mut().remove::<Self>().and_then(|fault| fault.reference)
    }

    /// The page.
    pub fn page(self, shell: Shell) -> ErrorPage {
        let lang = shell.lang;
        ErrorPage {
            shell,
            title: core::title(lang, self.error.kind()),
            what: core::what(lang, &self.error),
            next: core::next(lang, &self.error),
            reference: self.reference,
            link: Some(Link { label: lang.t("error-home").into(), href: "/account".to_owned() }),
        }
    }
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
