//! The outbox: what is queued is taken once, settled once, kept from eyes, and over in time.

use std::time::Duration;

use mcpcodex::{
    config::{Config, mfa::EmailProvider},
    crypto::secret::Plain,
    model::{
        actor::Actor,
        id::MessageId,
        message::{Carrier, Kind, MessageRow, Outcome, Outgoing, State, mail::Mail, text::Lang},
    },
    ops::outbox::{self, ABANDONED, Claimed, Message},
};

use crate::support::{TestApp, operator, origin, race};

fn outgoing(to: &str) -> Outgoing {
    Outgoing {
        recipient: to.to_owned(),
        subject: "Hello".to_owned(),
        text: Plain::new("It is 493817.".to_owned()),
        template: None,
        hide: vec![Plain::new("493817".to_owned())],
    }
}

fn queue(server: &TestApp, carrier: Carrier, seconds: u64) -> MessageId {
    let env = server.app.env();
    let message = Message {
        kind: Kind::Reset,
        carrier,
        outgoing: outgoing("a@example.com"),
        user: None,
        lifetime: Duration::from_secs(seconds),
    };
    server.write(move |tx| outbox::queue(tx, &env, &message))
}

fn claim(server: &TestApp, carrier: Carrier) -> Vec<Claimed> {
    let env = server.app.env();
    server.write(move |tx| outbox::claim(tx, &env, carrier, 8))
}

fn settle(server: &TestApp, claimed: &Claimed, outcome: Outcome) -> bool {
    let (id, claim) = (claimed.id.clone(), claimed.claim);
    server.write(move |tx| outbox::settle(tx, &id, claim, &outcome))
}

fn row(server: &TestApp, id: &MessageId) -> MessageRow {
    let all = server.read(|r| outbox::list(r, &operator(), 1_000));
    all.into_iter().find(|row| row.id == *id).unwrap()
}

fn accepted() -> Outcome {
    Outcome::Accepted { vendor_id: Some("SM1".to_owned()) }
}

fn later() -> Outcome {
    Outcome::Later { after: None, why: "429: Too Many Requests".to_owned() }
}

#[test]
fn message_is_taken_once_and_its_text_is_gone_when_it_is_sent() {
    let server = TestApp::new();
    let id = queue(&server, Carrier::Smtp, 600);
    let taken = claim(&server, Carrier::Smtp);
    assert_eq!(taken.len(), 1);
    assert_eq!(taken[0].outgoing.text.expose(), "It is 493817.");
    assert_eq!(server.read(|r| outbox::state(r, &id)), Some(State::Sending));
    assert!(claim(&server, Carrier::Smtp).is_empty());

    assert!(settle(&server, &taken[0], accepted()));
    let sent = row(&server, &id);
    assert_eq!((sent.state, sent.vendor_id.as_deref()), (State::Sent, Some("SM1")));
    assert!(sent.finished_at.is_some());
    let kept: Vec<bool> = server
        .read(|r| r.all("select body_sealed is not null from messages", [], |row| row.get(0)));
    assert_eq!(kept, [false]);
    assert!(!settle(&server, &taken[0], later()), "it is over");
    assert_eq!(row(&server, &id).state, State::Sent);
}

#[test]
fn other_carriers_messages_are_left_alone() {
    let server = TestApp::new();
    queue(&server, Carrier::Smtp, 600);
    assert!(claim(&server, Carrier::Twilio).is_empty());
    assert_eq!(server.read(|r| outbox::due(r, &[Carrier::Twilio])).to, []);
    let due = server.read(|r| outbox::due(r, &Carrier::ALL));
    assert_eq!(due.to, [Carrier::Smtp]);
}

#[test]
fn refused_message_is_tried_again_later_and_not_before() {
    let server = TestApp::new();
    let id = queue(&server, Carrier::Twilio, 600);
    for pause in [1, 2, 4] {
        let taken = claim(&server, Carrier::Twilio);
        assert!(settle(&server, &taken[0], later()));
        let waiting = row(&server, &id);
        assert_eq!(waiting.state, State::Queued);
        assert_eq!(waiting.vendor_answer.as_deref(), Some("429: Too Many Requests"));
        let due = server.read(|r| outbox::due(r, &Carrier::ALL));
        assert_eq!((due.to.as_slice(), due.next), ([].as_slice(), Some(waiting.next_at)));
        server.clock.advance(Duration::from_millis(pause * 1000 - 1));
        assert!(claim(&server, Carrier::Twilio).is_empty());
        server.clock.advance(Duration::from_millis(1));
    }
    let taken = claim(&server, Carrier::Twilio);
    assert_eq!(taken[0].claim, 4);
    assert!(settle(&server, &taken[0], accepted()));
}

#[test]
fn message_that_is_of_no_use_any_more_is_not_sent() {
    let server = TestApp::new();
    let id = queue(&server, Carrier::Twilio, 600);
    server.advance(600);
    assert!(claim(&server, Carrier::Twilio).is_empty());
    assert!(server.read(|r| outbox::due(r, &Carrier::ALL)).stale);
    server.write(outbox::recover);
    assert_eq!(row(&server, &id).state, State::Expired);
    assert!(!server.read(|r| outbox::due(r, &Carrier::ALL)).stale);
}

#[test]
fn what_a_dead_process_was_sending_is_unknown_and_never_sent_again() {
    let server = TestApp::new();
    let id = queue(&server, Carrier::Twilio, 600);
    let taken = claim(&server, Carrier::Twilio);
    server.clock.advance(ABANDONED.saturating_sub(Duration::from_millis(1)));
    server.write(outbox::recover);
    assert_eq!(row(&server, &id).state, State::Sending, "its process may live");
    server.clock.advance(Duration::from_millis(1));
    assert!(server.read(|r| outbox::due(r, &Carrier::ALL)).stale);
    server.write(outbox::recover);
    assert_eq!(row(&server, &id).state, State::Unknown);
    assert!(claim(&server, Carrier::Twilio).is_empty());
    // A process that was only asleep may still say how it ended, but not send again.
    assert!(!settle(&server, &taken[0], later()));
    assert_eq!(row(&server, &id).state, State::Unknown);
    assert!(settle(&server, &taken[0], accepted()));
    assert_eq!(row(&server, &id).state, State::Sent);
}

#[test]
fn older_claim_settles_nothing() {
    let server = TestApp::new();
    let id = queue(&server, Carrier::Twilio, 600);
    let first = claim(&server, Carrier::Twilio);
    assert!(settle(&server, &first[0], later()));
    server.advance(1);
    let second = claim(&server, Carrier::Twilio);
    assert!(!settle(&server, &first[0], accepted()));
    assert_eq!(row(&server, &id).state, State::Sending);
    assert!(settle(&server, &second[0], accepted()));
}

#[test]
fn two_processes_take_each_message_once() {
    let server = TestApp::new();
    for _ in 0..40 {
        queue(&server, Carrier::Twilio, 600);
    }
    let apps = [server.app.clone(), server.another()];
    let taken = race(8, |at| {
        let app = &apps[at % 2];
        let mut mine = Vec::new();
        loop {
            let env = app.env();
            let some = app
                .db
                .write_blocking(move |tx| outbox::claim(tx, &env, Carrier::Twilio, 3))
                .unwrap();
            if some.is_empty() {
                return mine;
            }
            mine.extend(some.into_iter().map(|claimed| claimed.id));
        }
    });
    let mut all: Vec<_> = taken.into_iter().flatten().collect();
    assert_eq!(all.len(), 40);
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 40);
}

#[test]
fn message_that_cannot_be_opened_fails_and_holds_up_no_other() {
    let server = TestApp::new();
    let id = queue(&server, Carrier::Twilio, 600);
    let key = mcpcodex::crypto::seal::MasterKey::generate();
    let vault = mcpcodex::crypto::seal::Vault::new(&key).unwrap();
    let sealed = vault.seal("elsewhere", b"x").unwrap();
    let broken = id.clone();
    server.write(move |tx| {
        tx.exec_one(
            "update messages set body_sealed = ?2 where id = ?1",
            mcpcodex::db::params![broken.as_str(), sealed],
        )
    });
    let good = queue(&server, Carrier::Twilio, 600);
    let taken = claim(&server, Carrier::Twilio);
    assert_eq!(taken.iter().map(|claimed| &claimed.id).collect::<Vec<_>>(), [&good]);
    assert_eq!(row(&server, &id).state, State::Failed);
}

#[test]
fn console_keeps_a_message_readable_for_the_operator_until_its_end() {
    let server = TestApp::new();
    let id = queue(&server, Carrier::Console, 600);
    let taken = claim(&server, Carrier::Console);
    assert!(settle(&server, &taken[0], Outcome::Accepted { vendor_id: None }));
    let read = |who: Actor| {
        let (env, id) = (server.app.env(), id.clone());
        server.app.db.read(move |r| outbox::read(r, &env, &who, &id))
    };
    let text = read(operator()).unwrap().unwrap().text;
    assert_eq!(text.expose(), "It is 493817.");
    assert!(read(Actor::anonymous(origin())).is_err());
    server.advance(600);
    assert!(read(operator()).unwrap().is_none());
    assert!(server.write(outbox::recover) > 0);
    assert!(!server.read(|r| outbox::due(r, &Carrier::ALL)).stale);

    // What went by a carrier is nobody's to read.
    let id = queue(&server, Carrier::Twilio, 600);
    assert!(server.read(|r| outbox::read(r, &server.app.env, &operator(), &id)).is_none());
}

#[test]
fn list_is_the_operators() {
    let server = TestApp::new();
    let asked = server.app.db.read(|r| outbox::list(r, &Actor::anonymous(origin()), 10));
    assert!(asked.is_err());
}

fn with_mail(change: impl FnOnce(&mut Config)) -> TestApp {
    TestApp::with(|config| {
        config.authentication.mfa.providers.email.provider = EmailProvider::Console;
        change(config);
    })
}

fn mail(server: &TestApp, to: &str, mail: Mail) -> Option<MessageId> {
    let (env, to) = (server.app.env(), to.to_owned());
    server.write(move |tx| outbox::mail(tx, &env, &to, &mail, None))
}

fn reset(server: &TestApp) -> Mail {
    Mail::Reset { url: format!("{}/reset?token=abc.def", server.app.env.site.issuer) }
}

#[test]
fn mail_without_a_carrier_is_none_and_with_one_says_what_it_should() {
    let server = TestApp::new();
    assert_eq!(mail(&server, "a@example.com", reset(&server)), None);

    let server = with_mail(|_| ());
    let id = mail(&server, "a@example.com", reset(&server)).unwrap();
    let text = server.read(|r| outbox::read(r, &server.app.env, &operator(), &id)).unwrap();
    assert_eq!(text.subject, "Choose a new password for localhost");
    assert!(text.text.expose().contains("/reset?token=abc.def\n"), "{}", text.text.expose());
    assert_eq!(row(&server, &id).kind, Kind::Reset);
}

#[test]
fn mail_is_written_in_the_language_of_the_installation_or_of_its_reader() {
    let server = with_mail(|config| {
        config.mail.language = mcpcodex::config::server::MailLanguage::De;
    });
    let subject = |id: &MessageId| {
        server.read(|r| outbox::read(r, &server.app.env, &operator(), id)).unwrap().subject
    };
    let id = mail(&server, "a@example.com", reset(&server)).unwrap();
    assert_eq!(subject(&id), "Neues Passwort für localhost");
    let (env, mail) = (server.app.env(), reset(&server));
    let id = server.write(move |tx| {
        let who = Actor::anonymous(origin());
        outbox::mail_as(tx, &env, &who, Lang::En, "a@example.com", &mail, None)
    });
    assert_eq!(subject(&id.unwrap()), "Choose a new password for localhost");
}

#[test]
fn mail_that_would_lead_elsewhere_is_refused() {
    let server = with_mail(|_| ());
    let issuer = server.app.env.site.issuer.clone();
    for url in
        ["https://evil.example/reset?token=x".to_owned(), format!("{issuer}.evil.example/reset")]
    {
        let env = server.app.env();
        let sent = server.app.db.write_blocking(move |tx| {
            outbox::mail(tx, &env, "a@example.com", &Mail::Reset { url }, None)
        });
        assert!(sent.is_err());
    }
}

#[test]
fn news_about_an_account_go_out_even_when_links_used_up_the_day() {
    let server = with_mail(|config| config.limits.messages.mails_per_day = 1);
    assert!(mail(&server, "a@example.com", reset(&server)).is_some());
    assert!(mail(&server, "b@example.com", reset(&server)).is_none());
    let at = server.clock.now();
    assert!(mail(&server, "b@example.com", Mail::PasswordChanged { at }).is_some());
    assert!(server.events().contains(&"message.capped".to_owned()));
    server.advance(86_400);
    assert!(mail(&server, "b@example.com", reset(&server)).is_some());
}
