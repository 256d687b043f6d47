//! A refusal as programs read it: problem details (RFC 9457), everywhere below `/api`.

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    error::{Error, Kind},
    http::error::{Fault, log, retry_after, status},
};

/// The media type (RFC 9457 §3).
pub const MEDIA_TYPE: &str = "application/problem+json";

/// Problem details (RFC 9457).
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct Details {
    /// The sort of problem: a name that does not change, listed in docs/api.md.
    #[serde(rename = "type")]
    pub kind: String,
    /// The sort in words.
    pub title: String,
    /// The answer's status.
    pub status: u16,
    /// The last word of `type`, as the command line prints it under `--json`.
    pub code: String,
    /// What was refused.
    pub detail: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// Which inputs were refused.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub errors: Vec<FieldError>,
}

/// An input that was refused.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FieldError {
    /// Where it stands in the body: a JSON pointer as a fragment (RFC 6901 §6).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    /// Or the parameter that it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameter: Option<String>,
    /// What is wrong with it.
    pub message: String,
}

/// A refusal on its way out.
#[derive(Debug)]
pub struct Problem {
    details: Box<Details>,
    headers: HeaderMap,
}

impl Problem {
    /// A refusal with this status.
    pub fn new(status: StatusCode, code: &str, detail: impl Into<String>) -> Self {
        let details = Details {
            kind: format!("urn:mcpcodex:problem:{code}"),
            title: title(code).to_owned(),
            status: status.as_u16(),
            code: code.to_owned(),
            detail: detail.into(),
            next: None,
            errors: Vec::new(),
        };
        Self { details: Box::new(details), headers: HeaderMap::new() }
    }

    /// 400 for what cannot be right, wherever it stands.
    pub fn invalid(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid", detail)
    }

    /// 400 for a parameter of the query.
    pub fn parameter(name: &str, message: impl Into<String>) -> Self {
        let message = message.into();
        let mut problem = Self::invalid(format!("the parameter \"{name}\" is refused: {message}"));
        let parameter = Some(name.to_owned());
        problem.details.errors = vec![FieldError { pointer: None, parameter, message }];
        problem
    }

    /// 400 for a member of the body; `pointer` is its JSON pointer, empty for the whole.
    pub fn member(pointer: &str, message: impl Into<String>) -> Self {
        let message = message.into();
        let mut problem = Self::invalid(message.clone());
        let pointer = Some(format!("#{pointer}"));
        problem.details.errors = vec![FieldError { pointer, parameter: None, message }];
        problem
    }

    /// Says what to do about it.
    #[must_use]
    pub fn with_next(mut self, next: impl Into<String>) -> Self {
        self.details.next = Some(next.into());
        self
    }

    /// Adds a header.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(name, value);
        }
        self
    }
}

/// The sort of problem in words.
fn title(code: &str) -> &'static str {
    match code {
        "invalid" => "The request cannot be right",
        "unauthenticated" => "No good credential was shown",
        "denied" => "Not allowed",
        "not_found" => "There is no such thing",
        "method_not_allowed" => "Not with this method",
        "conflict" => "The state of things does not allow it",
        "stale" => "Changed since it was read",
        "idempotency_mismatch" => "The idempotency key belongs to another request",
        "limited" => "Too many requests",
        "busy" => "Busy for a moment",
        "too_large" => "The body is too large",
        "unsupported_media_type" => "Not a body of this type",
        "too_slow" => "It took too long",
        "misdirected" => "Not the server of that name",
        _ => "This server failed",
    }
}

/// The member that the core calls by another name.
fn member(field: &str) -> Option<&'static str> {
    Some(match field {
        "role" => "roles",
        "scope" => "scopes",
        "grant" => "grant_types",
        "rate" => "requests_per_minute",
        "burst" => "burst_size",
        "redirect_uri" => "redirect_uris",
        "user name" => "username",
        "e-mail" => "email",
        "client_id" => "client_id",
        "secret" => "client_secret",
        _ => return None,
    })
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let detail = match log(&error) {
            Some(reference) => format!("internal error, reference {reference}"),
            None => error.to_string(),
        };
        let mut problem = Self::new(status(&error), error.code(), detail.clone());
        problem.details.next = error.next().map(str::to_owned);
        if error.kind() == Kind::Invalid
            && let Some(field) = error.field()
        {
            let pointer = Some(format!("#/{}", member(field).unwrap_or(field)));
            problem.details.errors = vec![FieldError { pointer, parameter: None, message: detail }];
        }
        let mut carrier = StatusCode::OK.into_response();
        retry_after(&mut carrier, &error);
        problem.headers.extend(carrier.headers_mut().drain());
        problem
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.details.status);
        let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(&self.details).unwrap_or_default();
        let mut response = (status, body).into_response();
        response.headers_mut().extend(self.headers);
        let kind = HeaderValue::from_static(MEDIA_TYPE);
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
        response
    }
}

/// What is told where nothing is.
fn not_found() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "not_found", "there is nothing at this path")
        .with_next("see /api/openapi.json")
}

/// Turns what goes wrong around the endpoints rather than in them into problem details.
pub async fn failures(request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let ours = path == "/api" || path.starts_with("/api/");
    let mut response = next.run(request).await;
    let status = response.status();
    if !ours || !(status.is_client_error() || status.is_server_error()) || is_problem(&response) {
        return response;
    }
    let reference = Fault::take(&mut response);
    let problem = match status {
        StatusCode::NOT_FOUND => not_found(),
        StatusCode::METHOD_NOT_ALLOWED => {
            Problem::new(status, "method_not_allowed", "this path does not take that method")
        }
        StatusCode::REQUEST_TIMEOUT => {
            Problem::new(status, "too_slow", "the request took too long")
                .with_next("ask for less at a time")
        }
        StatusCode::PAYLOAD_TOO_LARGE => {
            Problem::new(status, "too_large", "the body is larger than this server takes")
        }
        StatusCode::MISDIRECTED_REQUEST => {
            Problem::new(status, "misdirected", "this server does not answer for that host name")
                .with_next("set server.public_url to the address that people use")
        }
        _ if status.is_client_error() => {
            Problem::new(status, "invalid", "the request is malformed")
        }
        _ => {
            let told = reference.map(|told| format!("internal error, reference {told}"));
            Problem::new(status, "internal", told.unwrap_or_else(|| "internal error".to_owned()))
        }
    };
    with_headers_of(&response, problem)
}

fn is_problem(response: &Response) -> bool {
    response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind == MEDIA_TYPE)
}

fn with_headers_of(before: &Response, problem: Problem) -> Response {
    let mut response = problem.into_response();
    for name in [header::ALLOW, header::RETRY_AFTER, header::WWW_AUTHENTICATE] {
        if let Some(value) = before.headers().get(&name) {
            response.headers_mut().insert(name, value.clone());
        }
    }
    response
}
