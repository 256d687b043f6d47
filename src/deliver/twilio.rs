//! SMS by Twilio: `POST /2010-04-01/Accounts/{SID}/Messages.json`, a form with HTTP Basic, answered by 201 and JSON.

use reqwest::StatusCode;
use serde_json::Value;
use url::Url;

use super::{
    answer::{self, Answer},
    client,
};
use crate::{
    config::{Config, Secret},
    error::{Error, Result},
    model::message::{Outcome, Outgoing},
    time::Time,
};

const API: &str = "https://api.twilio.com";

/// An account at Twilio.
#[derive(Debug)]
pub struct Twilio {
    client: reqwest::Client,
    url: Url,
    account: String,
    token: Secret,
    from: String,
}

impl Twilio {
    /// Reads the credentials; `None` when one is missing.
    pub fn of(config: &Config) -> Result<Option<Self>> {
        let given = &config.credentials.twilio;
        let (Some(account), Some(token), Some(from)) =
            (&given.account_sid, &given.auth_token, &given.from)
        else {
            return Ok(None);
        };
        let path = ["2010-04-01", "Accounts", account.as_str(), "Messages.json"];
        let url = endpoint(given.base_url.as_ref(), API, &path)?;
        let (account, from) = (account.clone(), from.clone());
        Ok(Some(Self { client: client()?, url, account, token: token.clone(), from }))
    }

    pub(super) async fn send(&self, message: &Outgoing, _now: Time) -> Outcome {
        // A messaging service sends for a pool of numbers, and has a field of its own.
        let is_service = self.from.len() == 34 && self.from.starts_with("MG");
        let from = if is_service { "MessagingServiceSid" } else { "From" };
        let form = [
            ("To", message.recipient.as_str()),
            (from, self.from.as_str()),
            ("Body", message.text.expose()),
        ];
        let request = self
            .client
            .post(self.url.clone())
            .basic_auth(&self.account, Some(self.token.expose()))
            .header("accept", "application/json")
            .form(&form);
        match answer::ask(request).await {
            Ok(answer) => read(&answer),
            Err(outcome) => outcome,
        }
    }
}

fn read(answer: &Answer) -> Outcome {
    let json = answer.json().unwrap_or_default();
    let text = |name: &str| json.get(name).and_then(Value::as_str).map(str::to_owned);
    if answer.status == StatusCode::CREATED {
        let Some(sid) = text("sid") else {
            return Outcome::Unknown { why: "201 without the id of a message".to_owned() };
        };
        // It may have failed while it was being made.
        return match json.get("status").and_then(Value::as_str) {
            Some("failed" | "undelivered") => Outcome::Rejected {
                code: json
                    .get("error_code")
                    .and_then(Value::as_i64)
                    .unwrap_or_default()
                    .to_string(),
                why: text("error_message").unwrap_or_else(|| "failed".to_owned()),
            },
            _ => Outcome::Accepted { vendor_id: Some(sid) },
        };
    }
    let code = json.get("code").and_then(Value::as_i64).map(|code| code.to_string());
    answer.refusal(code.zip(text("message")), answer.retry_after())
}

/// The vendor's address, or the one that stands in for it, with this path.
pub(super) fn endpoint(base: Option<&Url>, usual: &str, path: &[&str]) -> Result<Url> {
    let refuse = || Error::internal("the address of a carrier is no URL");
    let mut url = match base {
        Some(base) => base.clone(),
        None => Url::parse(usual).map_err(|error| refuse().with_source(error))?,
    };
    url.path_segments_mut().map_err(|()| refuse())?.pop_if_empty().extend(path);
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn account_cannot_leave_its_place_in_the_path() {
        let base = Url::parse("http://127.0.0.1:1/base/").unwrap();
        let url = endpoint(Some(&base), API, &["Accounts", "../x?y", "Messages.json"]).unwrap();
        assert_eq!(url.as_str(), "http://127.0.0.1:1/base/Accounts/..%2Fx%3Fy/Messages.json");
        let usual = endpoint(None, API, &["v3"]).unwrap();
        assert_eq!(usual.as_str(), "https://api.twilio.com/v3");
    }
}
