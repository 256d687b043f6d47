//! SMS by Twilio's REST API.

use std::{io::Read as _, net::TcpListener, time::Duration};

use mcpcodex::{
    config::{Config, Secret},
    model::message::{Carrier, Outcome},
};
use url::Url;

use super::{message, send};
use crate::support::vendors::{ACCOUNT, FROM, Reply, TOKEN, Vendor};

const TO: &str = "+491512345678";

fn config(url: &Url) -> Config {
    let mut config = Config::default();
    let twilio = &mut config.credentials.twilio;
    twilio.account_sid = Some(ACCOUNT.to_owned());
    twilio.auth_token = Some(Secret::new(TOKEN));
    twilio.from = Some(FROM.to_owned());
    twilio.base_url = Some(url.clone());
    config
}

fn answer(vendor: &Vendor, status: u16, headers: &[(&'static str, &str)], body: &str) -> Outcome {
    let headers = headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    vendor.script([Reply::Answer(status, headers, body.to_owned())]);
    send(&config(&vendor.url), Carrier::Twilio, &message(TO))
}

#[test]
fn message_is_taken_as_the_vendor_documents_it() {
    let vendor = Vendor::sms();
    let outcome = send(&config(&vendor.url), Carrier::Twilio, &message(TO));
    let sid = "SM00000000000000000000000000000001".to_owned();
    assert_eq!(outcome, Outcome::Accepted { vendor_id: Some(sid) });
    let taken = vendor.taken();
    assert_eq!(taken.len(), 1);
    assert_eq!(taken[0].to, TO);
    assert_eq!(taken[0].text, "Your code: 493817 & nothing = else + ü\n");
    assert!(taken[0].body.contains("From=%2B15005550006"), "{:?}", taken[0]);
}

#[test]
fn messaging_service_has_a_field_of_its_own() {
    let vendor = Vendor::sms();
    let mut config = config(&vendor.url);
    config.credentials.twilio.from = Some(format!("MG{}", "b".repeat(32)));
    let outcome = send(&config, Carrier::Twilio, &message(TO));
    assert!(matches!(outcome, Outcome::Accepted { .. }), "{outcome:?}");
    assert!(vendor.taken()[0].body.contains("MessagingServiceSid=MGbbb"));
}

#[test]
fn refusals_of_the_vendor_are_final_and_keep_its_code_and_words() {
    let vendor = Vendor::sms();
    let mut wrong = config(&vendor.url);
    wrong.credentials.twilio.auth_token = Some(Secret::new("another"));
    let rejected = |code: &str, why: &str| Outcome::Rejected { code: code.into(), why: why.into() };
    assert_eq!(send(&wrong, Carrier::Twilio, &message(TO)), rejected("20003", "Authenticate"));
    let outcome = send(&config(&vendor.url), Carrier::Twilio, &message("+49"));
    let why = "The 'To' number +49 is not a valid phone number.";
    assert_eq!(outcome, rejected("21211", why));
    assert_eq!(vendor.refused().len(), 2);

    // Words that repeat the message are kept without the code.
    let body = r#"{"code": 30007, "message": "Filtered: Your code: 493817", "status": 400}"#;
    assert_eq!(
        answer(&Vendor::sms(), 400, &[], body),
        rejected("30007", "Filtered: Your code: •••")
    );
    // A message that failed while it was being made.
    let body =
        r#"{"sid": "SM1", "status": "failed", "error_code": 30006, "error_message": "Landline"}"#;
    assert_eq!(answer(&Vendor::sms(), 201, &[], body), rejected("30006", "Landline"));
    // Somewhere else is nowhere: the token is not carried there.
    let elsewhere = [("location", "http://127.0.0.1:9/")];
    assert_eq!(answer(&Vendor::sms(), 307, &elsewhere, ""), rejected("307", "Temporary Redirect"));
}

#[test]
fn too_many_requests_and_faults_of_the_vendor_are_for_later() {
    let vendor = Vendor::sms();
    let body = r#"{"code": 20429, "message": "Too Many Requests", "status": 429}"#;
    let outcome = answer(&vendor, 429, &[("retry-after", "7")], body);
    let why = "20429: Too Many Requests".to_owned();
    assert_eq!(outcome, Outcome::Later { after: Some(Duration::from_secs(7)), why });
    for status in [500, 502, 503, 504] {
        let outcome = answer(&vendor, status, &[], "<html>no JSON at all</html>");
        assert!(matches!(outcome, Outcome::Later { after: None, .. }), "{status}: {outcome:?}");
    }
}

#[test]
fn answer_that_nobody_documents_leaves_it_unknown() {
    let vendor = Vendor::sms();
    for (status, body) in [(201, "not JSON"), (201, "{}"), (200, "{\"sid\": \"SM1\"}"), (204, "")] {
        let outcome = answer(&vendor, status, &[], body);
        assert!(matches!(outcome, Outcome::Unknown { .. }), "{status} {body}: {outcome:?}");
    }
    let endless = "x".repeat(3_000_000);
    assert!(matches!(answer(&vendor, 201, &[], &endless), Outcome::Unknown { .. }));
}

#[test]
fn what_was_never_reached_is_for_later_and_what_broke_off_is_unknown() {
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let url = Url::parse(&format!("http://{nobody}")).unwrap();
    let outcome = send(&config(&url), Carrier::Twilio, &message(TO));
    assert!(matches!(&outcome, Outcome::Later { why, .. } if why == "not reached"), "{outcome:?}");

    let rude = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = Url::parse(&format!("http://{}", rude.local_addr().unwrap())).unwrap();
    let listening = std::thread::spawn(move || {
        let (mut stream, _) = rude.accept().unwrap();
        let mut head = [0; 64];
        stream.read_exact(&mut head).unwrap();
    });
    let outcome = send(&config(&url), Carrier::Twilio, &message(TO));
    assert!(matches!(outcome, Outcome::Unknown { .. }), "{outcome:?}");
    listening.join().unwrap();
}

#[test]
fn vendor_that_hangs_is_given_up_as_unknown() {
    let vendor = Vendor::sms();
    vendor.script([Reply::Hang]);
    let start = std::time::Instant::now();
    let outcome = send(&config(&vendor.url), Carrier::Twilio, &message(TO));
    assert_eq!(outcome, Outcome::Unknown { why: "no answer in time".to_owned() });
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
}

#[test]
fn proxy_of_the_environment_is_not_asked() {
    // The tests of this binary share one environment, so a proxy is named in another process.
    let vendor = Vendor::sms();
    let place = crate::cli::Place::new();
    let answered = super::smtp::serve_and_send(
        &place,
        &[
            ("HTTP_PROXY", "http://127.0.0.1:9"),
            ("http_proxy", "http://127.0.0.1:9"),
            ("ALL_PROXY", "http://127.0.0.1:9"),
            ("TWILIO_ACCOUNT_SID", ACCOUNT),
            ("TWILIO_AUTH_TOKEN", TOKEN),
            ("TWILIO_FROM", FROM),
            ("TWILIO_BASE_URL", vendor.url.as_str()),
        ],
        Carrier::Twilio,
        &message(TO),
    );
    assert_eq!(answered.state.as_str(), "sent", "{answered:?}");
    assert_eq!(vendor.taken().len(), 1);
}
