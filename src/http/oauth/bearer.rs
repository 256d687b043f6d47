//! An access token as it travels (RFC 6750 §2): in the header, or in a form.

use axum::http::{HeaderMap, header};

use super::error::OAuthError;
use crate::http::fields::Fields;

/// The one access token of a request. Two are refused, and one in the URL does not count.
pub fn token(headers: &HeaderMap, form: Option<&Fields>) -> Result<String, OAuthError> {
    let mut header = headers.get_all(header::AUTHORIZATION).iter();
    let first = header.next().and_then(|value| value.to_str().ok());
    let in_header = first.and_then(|text| text.split_once(' ')).and_then(|(scheme, token)| {
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim().to_owned())
    });
    let in_form = form.and_then(|form| form.get("access_token")).map(str::to_owned);
    match (in_header, in_form) {
        _ if header.next().is_some() => {
            Err(OAuthError::request("the Authorization header came more than once"))
        }
        (Some(_), Some(_)) => Err(OAuthError::request("two access tokens in one request")),
        (Some(token), None) | (None, Some(token)) if !token.is_empty() => Ok(token),
        _ => Err(OAuthError::no_token()),
    }
}
