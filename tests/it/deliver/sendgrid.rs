//! E-mail by `SendGrid`'s REST API.

use std::time::Duration;

use mcpcodex::{
    config::{Config, Secret},
    model::message::{Carrier, Outcome, Template},
};
use serde_json::{Value, json};

use super::{message, send};
use crate::support::{
    START,
    vendors::{KEY, Reply, Vendor},
};

const TO: &str = "alice@example.com";

fn config(vendor: &Vendor) -> Config {
    let mut config = Config::default();
    config.credentials.sendgrid.api_key = Some(Secret::new(KEY));
    config.credentials.sendgrid.base_url = Some(vendor.url.clone());
    config.mail.from = Some("MCPCodex <auth@example.com>".to_owned());
    config
}

fn body(vendor: &Vendor) -> Value {
    serde_json::from_str(&vendor.taken()[0].body).unwrap()
}

#[test]
fn mail_is_taken_as_the_vendor_documents_it() {
    let vendor = Vendor::mail();
    let outcome = send(&config(&vendor), Carrier::Sendgrid, &message(TO));
    assert_eq!(outcome, Outcome::Accepted { vendor_id: Some("mail-1".to_owned()) });
    assert_eq!(
        body(&vendor),
        json!({
            "personalizations": [{ "to": [{ "email": TO }] }],
            "from": { "email": "auth@example.com", "name": "MCPCodex" },
            "subject": "Ihr Code für auth.example.com",
            "content": [{ "type": "text/plain", "value": "Your code: 493817 & nothing = else + ü\n" }],
            "tracking_settings": {
                "click_tracking": { "enable": false, "enable_text": false },
                "open_tracking": { "enable": false },
            },
        })
    );
}

#[test]
fn template_of_the_vendor_gets_the_code_and_no_text() {
    let vendor = Vendor::mail();
    let data = [("code".to_owned(), json!("493817"))].into_iter().collect();
    let template = Some(Template { id: "d-0123456789abcdef".to_owned(), data });
    let mut plain = config(&vendor);
    plain.mail.from = Some("auth@example.com".to_owned());
    let message = mcpcodex::model::message::Outgoing { template, ..message(TO) };
    let outcome = send(&plain, Carrier::Sendgrid, &message);
    assert!(matches!(outcome, Outcome::Accepted { .. }), "{outcome:?}");
    let body = body(&vendor);
    assert_eq!(body["template_id"], "d-0123456789abcdef");
    assert_eq!(body["personalizations"][0]["dynamic_template_data"], json!({ "code": "493817" }));
    assert_eq!(body["from"], json!({ "email": "auth@example.com" }));
    assert!(body.get("content").is_none() && body.get("subject").is_none(), "{body}");
}

#[test]
fn refusals_are_final_and_keep_field_and_words() {
    let vendor = Vendor::mail();
    let mut wrong = config(&vendor);
    wrong.credentials.sendgrid.api_key = Some(Secret::new("SG.another"));
    let why = "The provided authorization grant is invalid, expired, or revoked".to_owned();
    let outcome = send(&wrong, Carrier::Sendgrid, &message(TO));
    assert_eq!(outcome, Outcome::Rejected { code: "401".to_owned(), why });

    let vendor = Vendor::mail();
    let words = r#"{"errors": [{"message": "no verified sender", "field": "from", "help": null}]}"#;
    vendor.script([
        Reply::Answer(403, Vec::new(), words.to_owned()),
        Reply::Answer(200, Vec::new(), String::new()),
        Reply::Answer(413, Vec::new(), "<html>".to_owned()),
    ]);
    let outcomes = [(); 3].map(|()| send(&config(&vendor), Carrier::Sendgrid, &message(TO)));
    let rejected = |code: &str, why: &str| Outcome::Rejected { code: code.into(), why: why.into() };
    let expected = [
        rejected("403", "no verified sender (from)"),
        rejected("200", "the request is good, but nothing is sent: sandbox mode"),
        rejected("413", "Payload Too Large"),
    ];
    assert_eq!(outcomes, expected);
}

#[test]
fn rate_limit_says_when_it_ends() {
    let vendor = Vendor::mail();
    let words = r#"{"errors": [{"field": null, "message": "too many requests"}]}"#.to_owned();
    let reset = |at: i64| vec![("x-ratelimit-reset", at.to_string())];
    vendor.script([
        Reply::Answer(429, reset(START.secs() + 42), words.clone()),
        Reply::Answer(429, reset(START.secs() - 42), words.clone()),
        Reply::Answer(429, vec![("retry-after", "9".to_owned())], words),
        Reply::Answer(503, Vec::new(), String::new()),
    ]);
    let after: Vec<_> = (0..4)
        .map(|_| {
            let outcome = send(&config(&vendor), Carrier::Sendgrid, &message(TO));
            let Outcome::Later { after, .. } = outcome else { panic!("{outcome:?}") };
            after.map(|after| after.as_secs())
        })
        .collect();
    assert_eq!(after, [Some(42), None, Some(9), None]);
}

#[test]
fn vendor_that_hangs_is_given_up_as_unknown() {
    let vendor = Vendor::mail();
    vendor.script([Reply::Hang]);
    let start = std::time::Instant::now();
    let outcome = send(&config(&vendor), Carrier::Sendgrid, &message(TO));
    assert!(matches!(outcome, Outcome::Unknown { .. }), "{outcome:?}");
    assert!(start.elapsed() < Duration::from_secs(10));
}
