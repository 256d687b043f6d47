//! What HTTP carriers have in common: which answers mean "never", "later" and "who knows", and how much of their words
//! is kept.

use std::time::Duration;

use reqwest::{Response, StatusCode, header::HeaderMap};

use crate::{crypto::secret::Plain, model::message::Outcome};

/// As much of an answer's body as is read.
const MOST: usize = 16 * 1024;
/// As much of a carrier's words as is kept.
const KEPT: usize = 200;

/// An answer, read as far as it is of interest.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, cut.
    pub body: Vec<u8>,
}

/// Sends a request; an error is an outcome already.
pub(super) async fn ask(request: reqwest::RequestBuilder) -> Result<Answer, Outcome> {
    let mut response = request.send().await.map_err(|error| unanswered(&error))?;
    let (status, headers) = (response.status(), response.headers().clone());
    let body = read(&mut response).await;
    Ok(Answer { status, headers, body })
}

/// The status says what became of the request; a body that breaks off takes nothing away from that.
async fn read(response: &mut Response) -> Vec<u8> {
    let mut body = Vec::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        body.extend(chunk.iter().take(MOST.saturating_sub(body.len())));
        if body.len() >= MOST {
            break;
        }
    }
    body
}

fn unanswered(error: &reqwest::Error) -> Outcome {
    // Without the URL, which may hold an account.
    if error.is_builder() {
        return Outcome::Rejected { code: "request".to_owned(), why: "no such request".to_owned() };
    }
    if error.is_connect() {
        return Outcome::Later { after: None, why: "not reached".to_owned() };
    }
    let why = if error.is_timeout() { "no answer in time" } else { "the connection broke" };
    Outcome::Unknown { why: why.to_owned() }
}

impl Answer {
    /// What an answer means that is no success. `words` are the vendor's code and message, if it gave any.
    pub fn refusal(&self, words: Option<(String, String)>, after: Option<Duration>) -> Outcome {
        let status = self.status.as_u16().to_string();
        let (code, why) = words.unwrap_or_else(|| {
            (status.clone(), self.status.canonical_reason().unwrap_or("refused").to_owned())
        });
        if self.is_for_later() {
            return Outcome::Later { after, why: format!("{code}: {why}") };
        }
        if self.status.is_success() {
            return Outcome::Unknown {
                why: format!("{status} that the carrier does not document"),
            };
        }
        Outcome::Rejected { code, why }
    }

    /// Too many, or the carrier's own fault: the request was not carried out.
    fn is_for_later(&self) -> bool {
        self.status.is_server_error()
            || self.status == StatusCode::TOO_MANY_REQUESTS
            || self.status == StatusCode::REQUEST_TIMEOUT
    }

    /// `Retry-After` in seconds (RFC 9110 §10.2.3).
    pub fn retry_after(&self) -> Option<Duration> {
        self.header("retry-after")?.trim().parse().ok().map(Duration::from_secs)
    }

    /// A header as text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The body as JSON.
    pub fn json(&self) -> Option<serde_json::Value> {
        serde_json::from_slice(&self.body).ok()
    }
}

/// Takes out of the carrier's words what must not be kept, and what is too long or not for a terminal.
pub fn clean(outcome: Outcome, hide: &[Plain]) -> Outcome {
    let tidy = |text: String| tidy(&text, hide);
    match outcome {
        Outcome::Accepted { vendor_id } => Outcome::Accepted { vendor_id: vendor_id.map(tidy) },
        Outcome::Rejected { code, why } => Outcome::Rejected { code: tidy(code), why: tidy(why) },
        Outcome::Later { after, why } => Outcome::Later { after, why: tidy(why) },
        Outcome::Unknown { why } => Outcome::Unknown { why: tidy(why) },
    }
}

fn tidy(text: &str, hide: &[Plain]) -> String {
    let hidden = hide
        .iter()
        .filter(|secret| !secret.expose().is_empty())
        .fold(text.to_owned(), |text, secret| text.replace(secret.expose(), "•••"));
    hidden.chars().map(|c| if c.is_control() { ' ' } else { c }).take(KEPT).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, headers: &[(&'static str, &str)]) -> Answer {
        let headers = headers
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .collect();
        Answer { status: StatusCode::from_u16(status).unwrap(), headers, body: Vec::new() }
    }

    #[test]
    fn status_decides_between_never_later_and_unknown() {
        for status in [429, 500, 502, 503, 504, 408] {
            let outcome = answer(status, &[]).refusal(None, None);
            assert!(matches!(outcome, Outcome::Later { .. }), "{status}: {outcome:?}");
        }
        for status in [301, 302, 307, 400, 401, 403, 404, 413] {
            let outcome = answer(status, &[]).refusal(None, None);
            assert!(matches!(outcome, Outcome::Rejected { .. }), "{status}: {outcome:?}");
        }
        assert!(matches!(answer(204, &[]).refusal(None, None), Outcome::Unknown { .. }));
    }

    #[test]
    fn retry_after_is_read_in_seconds_alone() {
        let after = |value| answer(429, &[("retry-after", value)]).retry_after();
        assert_eq!(after(" 12 "), Some(Duration::from_secs(12)));
        assert_eq!(after("Wed, 21 Oct 2026 07:28:00 GMT"), None);
        assert_eq!(after("-1"), None);
    }

    #[test]
    fn words_of_a_carrier_lose_the_code_line_breaks_and_length() {
        let hide = [Plain::new("493817".to_owned()), Plain::new(String::new())];
        let why = format!("bad body\n\u{1b}[31m\"Your code: 493817\" {}", "x".repeat(500));
        let Outcome::Rejected { why, .. } =
            clean(Outcome::Rejected { code: "1".to_owned(), why }, &hide)
        else {
            panic!("rejected stays rejected")
        };
        assert!(!why.contains("493817") && !why.contains(['\n', '\u{1b}']), "{why}");
        assert_eq!(why.chars().count(), KEPT);
    }
}
