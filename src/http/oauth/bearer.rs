//! An access token as it travels (RFC 6750 §2, RFC 9449 §7.1): in the header, or in a form.

use axum::http::{HeaderMap, header};

use super::error::OAuthError;
use crate::http::fields::Fields;

/// An access token and how it was shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shown {
    /// By whoever has it.
    Bearer(String),
    /// With a proof of the key that it is bound to.
    Bound(String),
}

/// The one access token of a request. Two are refused, and one in the URL does not count.
pub fn token(headers: &HeaderMap, form: Option<&Fields>) -> Result<Shown, OAuthError> {
    let mut header = headers.get_all(header::AUTHORIZATION).iter();
    let first = header.next().and_then(|value| value.to_str().ok());
    let in_header = first.and_then(|text| text.split_once(' ')).and_then(|(scheme, token)| {
        let token = Some(token.trim()).filter(|token| !token.is_empty())?.to_owned();
        if scheme.eq_ignore_ascii_case("bearer") {
            Some(Shown::Bearer(token))
        } else {
            scheme.eq_ignore_ascii_case("dpop").then_some(Shown::Bound(token))
        }
    });
    let in_form = form.and_then(|form| form.get("access_token")).filter(|text| !text.is_empty());
    let in_form = in_form.map(|token| Shown::Bearer(token.to_owned()));
    match (in_header, in_form) {
        _ if header.next().is_some() => {
            Err(OAuthError::request("the Authorization header came more than once"))
        }
        (Some(_), Some(_)) => Err(OAuthError::request("two access tokens in one request")),
        (Some(token), None) | (None, Some(token)) => Ok(token),
        (None, None) => Err(OAuthError::no_token()),
    }
}

/// The one token of a request that needs no proof of a key, in its header: a registration token (RFC 7592 §2).
pub fn plain(headers: &HeaderMap) -> Result<String, OAuthError> {
    match token(headers, None)? {
        Shown::Bearer(token) => Ok(token),
        Shown::Bound(_) => Err(OAuthError::no_token()),
    }
}
