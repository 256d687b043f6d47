//! E-mail by `SendGrid`: `POST /v3/mail/send`, JSON with a bearer key, answered by 202 and `X-Message-Id`.

use std::time::Duration;

use reqwest::StatusCode;
use serde_json::{Value, json};
use url::Url;

use super::{
    answer::{self, Answer},
    client, sender,
    twilio::endpoint,
};
use crate::{
    config::{Config, Secret},
    error::Result,
    model::message::{Outcome, Outgoing},
    time::Time,
};

const API: &str = "https://api.sendgrid.com";

/// An account at `SendGrid`.
#[derive(Debug)]
pub struct Sendgrid {
    client: reqwest::Client,
    url: Url,
    key: Secret,
    from: lettre::message::Mailbox,
}

impl Sendgrid {
    /// Reads the credentials; `None` when one is missing.
    pub fn of(config: &Config) -> Result<Option<Self>> {
        let given = &config.credentials.sendgrid;
        let (Some(key), Some(from)) = (&given.api_key, sender(config)?) else { return Ok(None) };
        let url = endpoint(given.base_url.as_ref(), API, &["v3", "mail", "send"])?;
        Ok(Some(Self { client: client()?, url, key: key.clone(), from }))
    }

    pub(super) async fn send(&self, message: &Outgoing, now: Time) -> Outcome {
        let request = self
            .client
            .post(self.url.clone())
            .bearer_auth(self.key.expose())
            .json(&self.body(message));
        match answer::ask(request).await {
            Ok(answer) => read(&answer, now),
            Err(outcome) => outcome,
        }
    }

    fn body(&self, message: &Outgoing) -> Value {
        let mut from = json!({ "email": self.from.email.to_string() });
        if let Some(name) = &self.from.name {
            put(&mut from, "name", json!(name));
        }
        let mut person = json!({ "to": [{ "email": message.recipient }] });
        let mut body = json!({
            "from": from,
            // A link that goes by way of a counter is a link that somebody else can read.
            "tracking_settings": {
                "click_tracking": { "enable": false, "enable_text": false },
                "open_tracking": { "enable": false },
            },
        });
        if let Some(template) = &message.template {
            put(&mut person, "dynamic_template_data", Value::Object(template.data.clone()));
            put(&mut body, "template_id", json!(template.id));
        } else {
            put(&mut body, "subject", json!(message.subject));
            let text = json!([{ "type": "text/plain", "value": message.text.expose() }]);
            put(&mut body, "content", text);
        }
        put(&mut body, "personalizations", json!([person]));
        body
    }
}

fn put(object: &mut Value, name: &str, value: Value) {
    if let Some(members) = object.as_object_mut() {
        members.insert(name.to_owned(), value);
    }
}

fn read(answer: &Answer, now: Time) -> Outcome {
    if answer.status == StatusCode::ACCEPTED {
        return Outcome::Accepted { vendor_id: answer.header("x-message-id").map(str::to_owned) };
    }
    if answer.status == StatusCode::OK {
        let why = "the request is good, but nothing is sent: sandbox mode".to_owned();
        return Outcome::Rejected { code: "200".to_owned(), why };
    }
    let words = words(answer).map(|why| (answer.status.as_u16().to_string(), why));
    answer.refusal(words, answer.retry_after().or_else(|| until_reset(answer, now)))
}

/// `{"errors": [{"message": …, "field": …}]}`: the first of them.
fn words(answer: &Answer) -> Option<String> {
    let json = answer.json()?;
    let first = json.get("errors")?.get(0)?;
    let message = first.get("message")?.as_str()?;
    Some(match first.get("field").and_then(Value::as_str) {
        Some(field) => format!("{message} ({field})"),
        None => message.to_owned(),
    })
}

/// `X-RateLimit-Reset` is a moment in Unix seconds.
fn until_reset(answer: &Answer, now: Time) -> Option<Duration> {
    let reset = Time::from_secs(answer.header("x-ratelimit-reset")?.trim().parse().ok()?);
    (reset > now).then(|| reset.since(now))
}
