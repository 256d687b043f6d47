//! E-mail by a mail server: a real one, from a package.

use std::{net::TcpListener, path::Path, process::Command, time::Duration};

use mcpcodex::{
    app::App,
    config::{Config, Environment, Secret, Source},
    db::Clock,
    model::message::{Carrier, Kind, MessageRow, Outcome, Outgoing, State},
    ops::outbox,
};
use serde_json::json;

use super::{message, send};
use crate::{
    cli::Place,
    support::{
        operator,
        vendors::{MailServer, until},
    },
};

const TO: &str = "alice@example.com";

fn config(url: &str) -> Config {
    let mut config = Config::default();
    config.credentials.smtp_url = Some(Secret::new(url));
    config.mail.from = Some("MCPCodex <auth@example.com>".to_owned());
    config
}

/// Queues a message in a folder whose server is a process with this environment, and waits for its end.
pub(super) fn serve_and_send(
    place: &Place,
    env: &[(&str, &str)],
    carrier: Carrier,
    message: &Outgoing,
) -> MessageRow {
    let source = Source {
        file: Some(place.path("auth.config.yaml")),
        env: Environment::from_pairs(env.iter().copied()),
    };
    let mut config = mcpcodex::config::load(&source).unwrap().config;
    config.storage.data_dir = place.path("mcpcodex-data");
    let mut command = place.command(&["serve", "--listen", "127.0.0.1:0", "--quiet"]);
    command.envs(env.iter().copied());
    let mut process = command.spawn().unwrap();
    let app = App::open(config, None, Clock::system()).unwrap();
    let (env, outgoing) = (app.env(), message.clone());
    let queued = app.db.write_blocking(move |tx| {
        let lifetime = Duration::from_secs(60);
        let message =
            outbox::Message { kind: Kind::Reset, carrier, outgoing, user: None, lifetime };
        outbox::queue(tx, &env, &message)
    });
    let id = queued.unwrap();
    let row = until("the message's end", || {
        let all = app.db.read(|r| outbox::list(r, &operator(), 10)).unwrap();
        let row = all.into_iter().find(|row| row.id == id)?;
        let waits = row.tries > 1 && row.state == State::Queued;
        (row.state.is_final() || waits).then_some(row)
    });
    process.kill().unwrap();
    process.wait().unwrap();
    row
}

#[test]
fn mail_arrives_with_its_envelope_its_headers_and_its_text() {
    let mut server = MailServer::start(&json!({ "user": "ann", "password": "p@ss+word" }));
    let url = format!("smtp://ann:p%40ss+word@127.0.0.1:{}", server.port);
    let outcome = send(&config(&url), Carrier::Smtp, &message(TO));
    assert!(
        matches!(&outcome, Outcome::Accepted { vendor_id: Some(id) } if id.contains("MAIL-1")),
        "{outcome:?}"
    );
    let mail = server.mail();
    assert_eq!((&mail["from"], &mail["to"]), (&json!("auth@example.com"), &json!([TO])));
    assert_eq!(mail["user"], "ann");
    let text = mail["text"].as_str().unwrap();
    for line in [
        "From: MCPCodex <auth@example.com>",
        "To: alice@example.com",
        "Auto-Submitted: auto-generated",
        "Content-Type: text/plain; charset=utf-8",
    ] {
        assert!(text.contains(line), "{line} is missing in {text}");
    }
    assert!(
        text.contains("Subject: ") && text.contains("Message-ID: <") && text.contains("Date: ")
    );
    assert!(text.contains("Your code: 493817"), "{text}");
}

#[test]
fn wrong_password_and_unknown_recipient_are_final_and_a_full_mailbox_is_for_later() {
    let recipients = json!({ "nobody@example.com": 550, "full@example.com": 452 });
    let server =
        MailServer::start(&json!({ "user": "ann", "password": "right", "recipients": recipients }));
    let url = |password: &str| format!("smtp://ann:{password}@127.0.0.1:{}", server.port);
    let outcome = send(&config(&url("wrong")), Carrier::Smtp, &message(TO));
    assert!(matches!(&outcome, Outcome::Rejected { code, .. } if code == "535"), "{outcome:?}");
    let outcome = send(&config(&url("right")), Carrier::Smtp, &message("nobody@example.com"));
    let Outcome::Rejected { code, why } = outcome else { panic!("{outcome:?}") };
    assert_eq!(code, "550");
    assert!(why.contains("no thanks") && !why.contains("493817"), "{why}");
    let outcome = send(&config(&url("right")), Carrier::Smtp, &message("full@example.com"));
    assert!(
        matches!(&outcome, Outcome::Later { why, .. } if why.starts_with("452")),
        "{outcome:?}"
    );
}

#[test]
fn server_that_takes_the_text_and_says_nothing_leaves_it_unknown() {
    let mut server = MailServer::start(&json!({ "silent": true }));
    let url = format!("smtp://127.0.0.1:{}", server.port);
    let outcome = send(&config(&url), Carrier::Smtp, &message(TO));
    assert_eq!(outcome, Outcome::Unknown { why: "no answer in time".to_owned() });
    assert_eq!(server.mail()["to"], json!([TO]));
}

#[test]
fn server_that_is_not_there_or_says_nothing_from_the_start_is_for_later() {
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let outcome = send(&config(&format!("smtp://{nobody}")), Carrier::Smtp, &message(TO));
    assert!(matches!(outcome, Outcome::Later { .. }), "{outcome:?}");
    let mute = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("smtp://{}", mute.local_addr().unwrap());
    let outcome = send(&config(&url), Carrier::Smtp, &message(TO));
    let why = "not reached in time".to_owned();
    assert_eq!(outcome, Outcome::Later { after: None, why });
}

#[test]
fn nothing_is_sent_in_the_clear_where_starttls_was_wanted() {
    let server = MailServer::start(
        &json!({ "user": "ann", "password": "secret", "disabled": ["STARTTLS"] }),
    );
    let url = format!("smtp://ann:secret@127.0.0.1:{}?tls=required", server.port);
    let outcome = send(&config(&url), Carrier::Smtp, &message(TO));
    assert!(
        matches!(&outcome, Outcome::Later { why, .. } if why.contains("STARTTLS")),
        "{outcome:?}"
    );
}

fn openssl(folder: &Path, args: &str) {
    let ran = Command::new("openssl").args(args.split(' ')).current_dir(folder).output().unwrap();
    assert!(ran.status.success(), "{args}: {}", String::from_utf8_lossy(&ran.stderr));
}

/// An authority and a certificate of it for `localhost`.
fn certificates(folder: &Path) {
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes";
    openssl(folder, &format!("req -x509 {key} -keyout ca.key -out ca.pem -subj /CN=tests -days 2"));
    openssl(folder, &format!("req {key} -keyout key.pem -out csr.pem -subj /CN=localhost"));
    std::fs::write(folder.join("ext"), "subjectAltName=DNS:localhost\nbasicConstraints=CA:FALSE\n")
        .unwrap();
    openssl(
        folder,
        "x509 -req -in csr.pem -CA ca.pem -CAkey ca.key -CAcreateserial -out cert.pem -days 2 -extfile ext",
    );
}

/// What becomes of a mail by TLS, in a process that trusts this authority.
fn by_tls(place: &Place, url: &str, trusted: &str) -> MessageRow {
    let trusted = place.path(trusted);
    let env = [
        ("SMTP_URL", url),
        ("MAIL_FROM", "auth@example.com"),
        ("SSL_CERT_FILE", trusted.to_str().unwrap()),
        ("MCPCODEX__AUTHENTICATION__MFA__PROVIDERS__EMAIL__PROVIDER", "smtp"),
    ];
    serve_and_send(place, &env, Carrier::Smtp, &message(TO))
}

#[test]
fn tls_is_taken_from_the_first_byte_or_by_starttls_and_the_certificate_is_checked() {
    let place = Place::new();
    certificates(&place.path(""));
    let other = Place::new();
    certificates(&other.path(""));
    for (scheme, secure) in [("smtps", true), ("smtp", false)] {
        let options = json!({
            "key": place.path("key.pem"), "cert": place.path("cert.pem"), "secure": secure,
            "user": "ann", "password": "secret",
        });
        let mut server = MailServer::start(&options);
        let url = format!("{scheme}://ann:secret@localhost:{}?tls=required", server.port);
        let row = by_tls(&place, &url, "ca.pem");
        assert_eq!(row.state, State::Sent, "{row:?}");
        let mail = server.mail();
        assert_eq!((&mail["secure"], &mail["user"]), (&json!(true), &json!("ann")));
        // Signed by somebody else: the password is not told.
        let row = by_tls(&other, &url, "ca.pem");
        assert_eq!(row.state, State::Queued, "{row:?}");
    }
}
