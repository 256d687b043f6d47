//! Refusals of the token, revocation, introspection and userinfo endpoints as RFC 6749 §5.2 and RFC 6750 §3 word them.

use std::time::Duration;

use axum::{
    Json,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::json;

use super::brake::MINUTE;
use crate::{
    app::App,
    crypto::jwt::Algorithm,
    error::{Error, Kind},
    http::error as http,
    model::{fetch::Fault, registration, trace::Rule},
    ops::{
        document::Problem,
        oauth::{Code, Refusal, dpop},
    },
};

/// As long as a description may be that repeats what was sent.
const LONGEST: usize = 400;

/// What stands in `WWW-Authenticate`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Challenge {
    None,
    Basic,
    /// With the error, unless no token came at all (RFC 6750 §3.1).
    Bearer {
        error: bool,
    },
    /// With the error and how a proof may be signed (RFC 9449 §7.1).
    Dpop,
}

/// A refusal on the wire.
#[derive(Debug)]
pub struct OAuthError {
    status: StatusCode,
    refusal: Refusal,
    challenge: Challenge,
    retry_after: Option<Duration>,
}

impl OAuthError {
    fn new(status: StatusCode, refusal: Refusal) -> Self {
        Self { status, refusal, challenge: Challenge::None, retry_after: None }
    }

    /// 400 `invalid_request`.
    pub fn request(description: &'static str) -> Self {
        let refusal = Refusal::new(Code::InvalidRequest, Rule::Malformed, description);
        Self::new(StatusCode::BAD_REQUEST, refusal)
    }

    /// 400 `invalid_request`: a parameter came twice.
    pub fn repeated() -> Self {
        let why = "a parameter came more than once";
        Self::new(StatusCode::BAD_REQUEST, Refusal::new(Code::InvalidRequest, Rule::Repeated, why))
    }

    /// 405: another method than the endpoint's.
    pub fn method() -> Self {
        let why = "this endpoint does not take that method";
        let refusal = Refusal::new(Code::InvalidRequest, Rule::Malformed, why);
        Self::new(StatusCode::METHOD_NOT_ALLOWED, refusal)
    }

    /// 415: another media type than a form.
    pub fn media_type() -> Self {
        let why = "the body must be application/x-www-form-urlencoded in UTF-8";
        let refusal = Refusal::new(Code::InvalidRequest, Rule::Malformed, why);
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, refusal)
    }

    /// 413: more than `limits.request_body`.
    pub fn form_too_large() -> Self {
        let why = "the body is larger than this server reads";
        let refusal = Refusal::new(Code::InvalidRequest, Rule::Malformed, why);
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, refusal)
    }

    /// 415: another media type than JSON.
    pub fn not_json() -> Self {
        let why = "the body must be application/json";
        let refusal = Refusal::new(Code::InvalidClientMetadata, Rule::Registration, why);
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, refusal)
    }

    /// 413: more metadata than a client may have.
    pub fn too_large() -> Self {
        let why = "the body was larger than 16 KiB or cut off";
        let refusal = Refusal::new(Code::InvalidClientMetadata, Rule::Registration, why);
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, refusal)
    }

    /// 400 `invalid_client_metadata`.
    pub fn metadata(description: impl AsRef<str>) -> Self {
        let description = plain(description.as_ref());
        let refusal = Refusal::new(Code::InvalidClientMetadata, Rule::Registration, description);
        Self::new(StatusCode::BAD_REQUEST, refusal)
    }

    /// What is wrong with a client's metadata, in the words of RFC 7591 §3.2.2.
    pub fn registration(error: Error) -> Self {
        match error.field() {
            Some(registration::REDIRECT_URIS) => {
                let description = plain(&error.to_string());
                let code = Code::InvalidRedirectUri;
                let refusal = Refusal::new(code, Rule::Registration, description);
                Self::new(StatusCode::BAD_REQUEST, refusal)
            }
            Some(_) => Self::metadata(error.to_string()),
            None => error.into(),
        }
    }

    /// 403: nobody registers here by themselves.
    pub fn no_registration() -> Self {
        let why = "apps do not register themselves here; ask the administrator for a client_id";
        let refusal = Refusal::new(Code::AccessDenied, Rule::RegistrationOff, why);
        Self::new(StatusCode::FORBIDDEN, refusal)
    }

    /// 403: the client was switched off.
    pub fn switched_off() -> Self {
        let why = "this client was switched off by an administrator";
        let refusal = Refusal::new(Code::AccessDenied, Rule::ClientShut, why);
        Self::new(StatusCode::FORBIDDEN, refusal)
    }

    /// 401 `invalid_client`; the challenge only to those who tried HTTP Basic.
    pub fn client(basic: bool) -> Self {
        let why = "the client is unknown, disabled, or did not prove itself";
        let challenge = if basic { Challenge::Basic } else { Challenge::None };
        let refusal = Refusal::new(Code::InvalidClient, Rule::ClientUnproved, why);
        Self { challenge, ..Self::new(StatusCode::UNAUTHORIZED, refusal) }
    }

    /// 401 `invalid_client`: the client's signed statement proves nothing, and why.
    pub fn statement(why: &impl ToString) -> Self {
        Self::client(false).by(Rule::ClientStatement).saying(plain(&why.to_string()))
    }

    /// 429: what the client publishes about itself cannot be asked for at the moment. Nothing is wrong with the client, so
    /// that it is no reason to give up a registration.
    pub fn later(why: &'static str) -> Self {
        let refusal = Refusal::new(Code::TemporarilyUnavailable, Rule::Busy, why);
        let status = StatusCode::TOO_MANY_REQUESTS;
        Self { retry_after: Some(MINUTE), ..Self::new(status, refusal) }
    }

    /// 401 `invalid_client`: the app's own document is not taken, and why.
    pub fn document(problem: &Problem, basic: bool) -> Self {
        if let Problem::Fault(Fault::Busy(why)) = problem {
            return Self::later(why);
        }
        Self::client(basic).by(Rule::Document).saying(plain(&problem.to_string()))
    }

    /// The same answer by another rule.
    #[must_use]
    pub fn by(self, rule: Rule) -> Self {
        Self { refusal: Refusal { rule, ..self.refusal }, ..self }
    }

    fn saying(self, description: String) -> Self {
        Self { refusal: Refusal { description: description.into(), ..self.refusal }, ..self }
    }

    /// 429: too many wrong secrets. Not `invalid_client`: on that word clients throw away a registration that is good,
    /// and whoever guesses may be a neighbour behind the same address.
    pub fn wait(after: Duration) -> Self {
        let why = "too many wrong secrets for this client; wait before the next try";
        let refusal = Refusal::new(Code::TemporarilyUnavailable, Rule::ClientPaused, why);
        Self { retry_after: Some(after), ..Self::new(StatusCode::TOO_MANY_REQUESTS, refusal) }
    }

    /// 408: the request took longer than `limits.request_timeout`.
    pub fn too_slow() -> Self {
        let why = "the request took too long";
        let refusal = Refusal::new(Code::TemporarilyUnavailable, Rule::Busy, why);
        Self::new(StatusCode::REQUEST_TIMEOUT, refusal)
    }

    /// A fault of ours that no endpoint answered, as it stands in the log.
    pub fn fault(status: StatusCode, reference: Option<String>) -> Self {
        let why = reference.map_or_else(|| "internal error".to_owned(), |own| internal(&own));
        Self::new(status, Refusal::new(Code::ServerError, Rule::Fault, why))
    }

    /// What is told, as the core words it.
    pub fn refusal(&self) -> Refusal {
        self.refusal.clone()
    }

    /// The same answer with this refusal.
    #[must_use]
    pub fn told_as(self, refusal: Refusal) -> Self {
        Self { refusal, ..self }
    }

    /// 401: no access token came.
    pub fn no_token() -> Self {
        let why = "an access token is needed: Authorization: Bearer ...";
        let challenge = Challenge::Bearer { error: false };
        let refusal = Refusal::new(Code::InvalidToken, Rule::AccessToken, why);
        Self { challenge, ..Self::new(StatusCode::UNAUTHORIZED, refusal) }
    }

    /// 401 or 403: the access token does not do.
    pub fn token(refusal: &Refusal) -> Self {
        let status = if refusal.code == Code::InsufficientScope {
            StatusCode::FORBIDDEN
        } else {
            StatusCode::UNAUTHORIZED
        };
        let challenge = Challenge::Bearer { error: true };
        Self { challenge, ..Self::new(status, refusal.clone()) }
    }
}

impl OAuthError {
    /// 401 or 403: an access token that was shown with a proof does not do, or the proof does not.
    pub fn bound_token(refusal: &Refusal) -> Self {
        Self { challenge: Challenge::Dpop, ..Self::token(refusal) }
    }
}

impl From<Refusal> for OAuthError {
    fn from(refusal: Refusal) -> Self {
        Self::new(StatusCode::BAD_REQUEST, refusal)
    }
}

impl From<Error> for OAuthError {
    fn from(error: Error) -> Self {
        let (code, rule, description) = match http::log(&error) {
            Some(reference) => (Code::ServerError, Rule::Fault, internal(&reference)),
            None if matches!(error.kind(), Kind::Busy | Kind::Limited) => {
                (Code::TemporarilyUnavailable, Rule::Busy, error.to_string())
            }
            None => (Code::InvalidRequest, Rule::Malformed, error.to_string()),
        };
        let retry_after = error.retry_after();
        let refusal = Refusal::new(code, rule, description);
        Self { retry_after, ..Self::new(http::status(&error), refusal) }
    }
}

impl IntoResponse for OAuthError {
    fn into_response(self) -> Response {
        let (error, description) = (self.refusal.code.as_str(), self.refusal.description);
        let body = json!({ "error": error, "error_description": description });
        let mut response = (self.status, no_store(), Json(body)).into_response();
        let challenge = match self.challenge {
            Challenge::None => None,
            Challenge::Basic => Some("Basic realm=\"mcpcodex\", charset=\"UTF-8\"".to_owned()),
            Challenge::Bearer { error: false } => Some("Bearer realm=\"mcpcodex\"".to_owned()),
            Challenge::Dpop => Some(format!(
                "DPoP realm=\"mcpcodex\", algs=\"{}\", error=\"{}\", error_description=\"{}\"",
                dpop::ALGORITHMS.map(Algorithm::as_str).join(" "),
                error,
                description
            )),
            Challenge::Bearer { error: true } => Some(format!(
                "Bearer realm=\"mcpcodex\", error=\"{error}\", error_description=\"{description}\"",
            )),
        };
        // Descriptions are our own words, in ASCII and without quotes.
        if let Some(value) = challenge.and_then(|text| HeaderValue::from_str(&text).ok()) {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, value);
        }
        if let Some(after) = self.retry_after {
            http::set_retry_after(&mut response, after);
        }
        response
    }
}

fn internal(reference: &str) -> String {
    format!("internal error, reference {reference}")
}

/// A description that may repeat what a client sent: the characters that RFC 6749 §5.2 allows, and not without end.
fn plain(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '"' => '\'',
            '\\' => '/',
            ' '..='~' => c,
            _ => '?',
        })
        .take(LONGEST)
        .collect()
}

/// Adds the nonce for the next proof (RFC 9449 §8.2): whoever showed one needs it, refused or not.
pub fn with_nonce(app: &App, mut response: Response) -> Response {
    let nonce = dpop::nonce(&app.env, app.db.now());
    if let Ok(value) = HeaderValue::from_str(&nonce) {
        response.headers_mut().insert("dpop-nonce", value);
    }
    response
}

/// What answers with tokens carry (RFC 6749 §5.1).
pub fn no_store() -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(2);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
    headers
}
