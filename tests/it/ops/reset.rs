//! Links that lead back in: to a new password, to a new second factor. Once, in time, for one person, and never past
//! a factor.

use std::sync::Mutex;

use mcpcodex::{
    config::{Config, mfa::EmailProvider},
    error::{Kind, Result},
    model::{
        actor::Actor,
        message::text::Lang,
        session::amr,
        sign_in::{Stage, Strength},
        user::User,
    },
    ops::{
        self,
        factor::{Enrolled, Given},
        login::{Arrival, Begun, OnTheWay, Step, Visitor},
        password::{Basis, Chosen},
    },
};

use crate::support::{OTHER_PASSWORD, PASSWORD, TestApp, Totp, operator, origin, race};

fn token(url: &str) -> String {
    url.split_once("token=").unwrap().1.to_owned()
}

fn reset_link(server: &TestApp, user: &User) -> String {
    let (env, id) = (server.app.env(), user.id.clone());
    token(&server.write(move |tx| ops::reset::link(tx, &env, &operator(), &id)).url)
}

fn chosen(server: &TestApp, user: &User) -> Chosen {
    let basis = server.read(|r| Basis::of(r, &server.app.env, &user.id));
    server.chosen(&basis, OTHER_PASSWORD)
}

fn take(server: &TestApp, token: &str, chosen: Chosen) -> Result<User> {
    let (env, token) = (server.app.env(), token.to_owned());
    server.app.db.write_blocking(move |tx| ops::reset::set(tx, &env, &origin(), &token, &chosen))
}

/// A server whose mails can be read.
fn with_mail(change: impl FnOnce(&mut Config)) -> TestApp {
    TestApp::with(|config| {
        config.authentication.mfa.providers.email.provider = EmailProvider::Console;
        change(config);
    })
}

/// Asks for a link; answers the one that was mailed, if one was.
fn ask(server: &TestApp, address: &str, typed: &str) -> Option<String> {
    let newest = || {
        let list = server.read(|r| ops::outbox::list(r, &operator(), 1));
        list.into_iter().next().map(|row| row.id)
    };
    let before = newest();
    let (env, typed) = (server.app.env(), typed.to_owned());
    let from = mcpcodex::model::actor::Origin { address: address.to_owned(), ..origin() };
    server.write(move |tx| ops::reset::ask(tx, &env, &from, Lang::En, &typed));
    let mailed = newest().filter(|id| Some(id) != before.as_ref())?;
    let mail = server.read(|r| ops::outbox::read(r, &server.app.env, &operator(), &mailed));
    let text = mail.unwrap().text;
    let link = text.expose().split_whitespace().find(|word| word.contains("token=")).unwrap();
    assert!(link.starts_with(&format!("{}/reset?", server.app.env.site.issuer)), "{link}");
    Some(token(link))
}

#[test]
fn link_sets_the_password_ends_every_session_and_signs_nobody_in() {
    let server = TestApp::new();
    let ann = server.user("ann");
    let mut browser = server.login("ann");
    let link = reset_link(&server, &ann);
    assert_eq!(server.read(|r| ops::reset::read(r, &server.app.env, &link)).id, ann.id);
    take(&server, &link, chosen(&server, &ann)).unwrap();
    assert!(!browser.is_in());
    let live = server.read(|r| ops::session::list(r, &operator(), Some(&ann.id), 10));
    assert!(live.is_empty());
    assert_eq!(server.browser().sign_in("ann", PASSWORD).status, 401);
    server.advance(60);
    assert_eq!(server.browser().sign_in("ann", OTHER_PASSWORD).location(), "/account");
}

#[test]
fn new_password_does_not_step_around_the_second_factor() {
    let server = TestApp::new();
    let ann = server.user("ann");
    let totp = server.with_totp(&ann);
    take(&server, &reset_link(&server, &ann), chosen(&server, &ann)).unwrap();
    let mut browser = server.browser();
    assert_eq!(browser.sign_in("ann", OTHER_PASSWORD).location(), "/mfa");
    browser.give_code(&server.code(&totp));
    assert!(browser.is_in());
}

#[test]
fn link_works_once_for_a_hundred_who_try_at_once() {
    let server = TestApp::new();
    let ann = server.user("ann");
    let link = reset_link(&server, &ann);
    // Chosen before anyone is first: afterwards the history refuses it.
    let choices: Vec<_> = (0..100).map(|_| Mutex::new(Some(chosen(&server, &ann)))).collect();
    let done = race(100, |at| {
        let chosen = choices[at].lock().unwrap().take().unwrap();
        take(&server, &link, chosen).is_ok()
    });
    assert_eq!(done.iter().filter(|done| **done).count(), 1);
}

#[test]
fn link_is_void_after_an_hour_a_newer_one_a_new_address_a_new_password_and_for_another_purpose() {
    type Deed = fn(&TestApp, &User);
    let deeds: [(&str, Deed); 5] = [
        ("an hour", |server, _| server.advance(3_600)),
        ("a newer link", |server, ann| drop(reset_link(server, ann))),
        ("a new address", |server, ann| {
            let (env, id) = (server.app.env(), ann.id.clone());
            let change = ops::user::Edit {
                email: Some("ann@elsewhere.example".to_owned()),
                ..Default::default()
            };
            server.write(move |tx| ops::user::edit(tx, &env, &operator(), &id, &change));
        }),
        ("a new password", |server, ann| server.set_password(ann, "Heron-Basalt-Window-83")),
        ("a lock", |server, ann| {
            let id = ann.id.clone();
            server.write(move |tx| ops::user::lock(tx, &operator(), &id));
        }),
    ];
    for (name, deed) in deeds {
        let server = TestApp::new();
        let ann = server.user("ann");
        let link = reset_link(&server, &ann);
        deed(&server, &ann);
        let refused = take(&server, &link, chosen(&server, &ann)).unwrap_err();
        assert!(refused.next().is_some(), "{name}: {refused}");
        assert!(matches!(refused.kind(), Kind::NotFound | Kind::Conflict), "{name}: {refused:?}");
    }
    let server = TestApp::new();
    let ann = server.user("ann");
    let link = reset_link(&server, &ann);
    assert!(server.app.db.read(|r| ops::user::invited(r, &server.app.env, &link)).is_err());
    assert!(
        server.app.db.read(|r| ops::factor::enroll_link_for(r, &server.app.env, &link)).is_err()
    );
    // A second before the hour it is good.
    server.advance(3_599);
    take(&server, &link, chosen(&server, &ann)).unwrap();
}

#[test]
fn lifetimes_of_links_are_as_configured() {
    let server = TestApp::with(|config| {
        let links = &mut config.authentication.links;
        links.password_reset = std::time::Duration::from_secs(60);
        links.enrolment = std::time::Duration::from_secs(120);
    });
    let ann = server.user("ann");
    let (reset, enrol) = (reset_link(&server, &ann), enroll_link(&server, &ann));
    server.advance(60);
    assert!(server.app.db.read(|r| ops::reset::read(r, &server.app.env, &reset)).is_err());
    let read =
        |r: &mcpcodex::db::Read<'_>| ops::factor::enroll_link_for(r, &server.app.env, &enrol);
    assert!(server.app.db.read(read).is_ok());
    server.advance(60);
    assert!(server.app.db.read(read).is_err());
}

#[test]
fn new_password_by_link_ends_the_pause_that_strangers_caused() {
    let server = TestApp::new();
    let ann = server.user("ann");
    for _ in 0..5 {
        server.browser().sign_in("ann", "wrong");
        server.advance(8);
    }
    assert_eq!(server.browser().sign_in("ann", PASSWORD).status, 401);
    take(&server, &reset_link(&server, &ann), chosen(&server, &ann)).unwrap();
    assert_eq!(server.browser().sign_in("ann", OTHER_PASSWORD).location(), "/account");
}

#[test]
fn link_is_mailed_to_those_who_exist_and_can_sign_in_and_to_nobody_else() {
    let server = with_mail(|_| ());
    let ann = server.user("ann");
    let by_name = ask(&server, "203.0.113.1", "Ann").unwrap();
    let by_mail = ask(&server, "203.0.113.2", "ann@example.com").unwrap();
    assert_eq!(by_name, by_mail, "a second wish ended the link of the first");
    server.advance(46 * 60);
    let newer = ask(&server, "203.0.113.2", "ann").unwrap();
    assert_ne!(newer, by_name, "a link that is nearly over was mailed");
    assert!(take(&server, &by_name, chosen(&server, &ann)).is_err(), "older than the newest");
    assert!(ask(&server, "203.0.113.3", "nobody").is_none());
    let id = ann.id.clone();
    server.write(move |tx| ops::user::lock(tx, &operator(), &id));
    assert!(ask(&server, "203.0.113.4", "ann").is_none(), "locked");
    assert!(server.app.db.read(|r| ops::reset::read(r, &server.app.env, &newer)).is_ok());
}

#[test]
fn stranger_who_asks_for_a_link_ends_none_that_the_operator_handed_over() {
    let server = with_mail(|_| ());
    let ann = server.user("ann");
    let handed = reset_link(&server, &ann);
    for at in 0..8 {
        ask(&server, &format!("203.0.113.{at}"), "ann@example.com");
        ask(&server, &format!("203.0.113.{at}"), "ann");
    }
    take(&server, &handed, chosen(&server, &ann)).unwrap();
}

#[test]
fn password_of_a_reset_account_alone_changes_nothing_of_it() {
    let server = TestApp::new();
    let ann = server.user("ann");
    server.with_totp(&ann);
    let (env, id) = (server.app.env(), ann.id.clone());
    server.write(move |tx| ops::factor::reset(tx, &env, &operator(), &id));
    let (session, _) = server.session_of(&ann, false);
    let who = Actor::person(ann.id.clone(), session.id, origin());
    let (env, id, new) = (server.app.env(), ann.id.clone(), chosen(&server, &ann));
    let refused = server
        .app
        .db
        .write_blocking(move |tx| ops::password::set(tx, &env, &who, &id, &new, None))
        .unwrap_err();
    assert_eq!(refused.kind(), Kind::Denied);
    assert!(refused.next().unwrap().contains("link"), "{refused}");
}

#[test]
fn links_for_one_person_run_out_and_an_address_cannot_ask_for_everyones() {
    let server = with_mail(|_| ());
    server.user("ann");
    let got = (0..10).filter(|at| ask(&server, &format!("203.0.113.{at}"), "ann").is_some());
    assert_eq!(got.count(), 3);
    server.advance(3_600);
    assert!(ask(&server, "203.0.113.50", "ann").is_some());

    let server = with_mail(|config| config.limits.sign_in_failures_per_address = 4);
    let names = ["ann", "bob", "cid", "dan", "eve", "fay"];
    for name in names {
        server.user(name);
    }
    let got = names.iter().filter(|name| ask(&server, "203.0.113.1", name).is_some());
    assert_eq!(got.count(), 4);
}

fn enroll_link(server: &TestApp, user: &User) -> String {
    let (env, id) = (server.app.env(), user.id.clone());
    token(&server.write(move |tx| ops::factor::enroll_link(tx, &env, &operator(), &id)).url)
}

/// Proves the password in a strange browser, with an enrolment link or without.
fn arrive(
    server: &TestApp,
    name: &str,
    link: Option<&str>,
    strength: Strength,
) -> (Step, Option<OnTheWay>) {
    let (env, typed) = (server.app.env(), name.to_owned());
    let begun = server.write(move |tx| ops::login::begin(tx, &env, &origin(), &typed, None));
    let Begun::Try(attempt) = begun else { panic!("{name} has to wait") };
    let compared = ops::login::verify(&server.app.env, &attempt, PASSWORD).unwrap();
    let visitor = Visitor::stranger(mcpcodex::crypto::secret::Hashed::of("a browser"));
    let arrival = Arrival {
        strength,
        enrol_link: link.map(|link| mcpcodex::crypto::secret::Plain::new(link.to_owned())),
        ..Arrival::new(visitor.clone(), "/account")
    };
    let env = server.app.env();
    let finished = server
        .write(move |tx| ops::login::finish(tx, &env, &origin(), &attempt, &compared, &arrival));
    let way = finished
        .token
        .map(|token| server.read(|r| ops::login::on_the_way(r, token.expose(), &visitor)).unwrap());
    (finished.step, way)
}

fn enrol(server: &TestApp, way: &OnTheWay) -> Result<bool> {
    let (env, at) = (server.app.env(), way.clone());
    let db = &server.app.db;
    let page = db.write_blocking(move |tx| ops::factor::enroll_on_the_way(tx, &env, &at, None))?;
    let Some(page) = page else { return Ok(false) };
    let app = Totp::from_base32(page.secret.expose(), server.app.env.totp_settings());
    let (env, at, code) = (server.app.env(), way.clone(), server.code(&app));
    let done = db.write_blocking(move |tx| {
        ops::factor::confirm_on_the_way(tx, &env, &origin(), &at, &code)
    })?;
    Ok(matches!(done, Some(Enrolled::Active(_))))
}

#[test]
fn after_a_reset_the_password_alone_enrols_nothing_and_the_link_with_it_does() {
    let server = TestApp::with(|config| {
        config.authentication.mfa.grace_period = std::time::Duration::ZERO;
    });
    let root = server.admin("root");
    server.with_totp(&root);
    let (env, id) = (server.app.env(), root.id.clone());
    let reset = server.write(move |tx| ops::factor::reset(tx, &env, &operator(), &id));
    assert_eq!(reset.removed, 1);
    let link = token(&reset.link.url);

    let (step, thief) = arrive(&server, "root", None, Strength::Usual);
    assert!(matches!(step, Step::Next(Stage::Enroll)), "{step:?}");
    let refused = enrol(&server, &thief.unwrap()).unwrap_err();
    assert_eq!(refused.kind(), Kind::Denied);
    assert!(refused.next().unwrap().contains("link"), "{refused}");

    let (step, owner) = arrive(&server, "root", Some(&link), Strength::Usual);
    assert!(matches!(step, Step::Next(Stage::Enroll)), "{step:?}");
    assert!(enrol(&server, owner.as_ref().unwrap()).unwrap());
    // Spent, and the account is open to further enrolments as any other.
    let (step, _) = arrive(&server, "root", Some(&link), Strength::Usual);
    assert!(matches!(step, Step::Next(Stage::SecondFactor)), "{step:?}");
}

#[test]
fn enrolment_link_is_worth_nothing_without_the_password_for_another_person_or_when_it_is_over() {
    let server = TestApp::new();
    let (ann, _) = (server.user("ann"), server.user("mallory"));
    let link = enroll_link(&server, &ann);
    let (step, _) = arrive(&server, "mallory", Some(&link), Strength::Usual);
    assert!(matches!(step, Step::In(_)), "{step:?}");
    let (step, _) = arrive(&server, "ann", Some("made.up"), Strength::Usual);
    assert!(matches!(step, Step::In(_)), "{step:?}");
    let (_, way) = arrive(&server, "ann", Some(&link), Strength::Usual);
    server.advance(601);
    let newer = enroll_link(&server, &ann);
    assert!(enrol(&server, way.as_ref().unwrap()).is_ok(), "nobody was reset: any way will do");
    let (step, _) = arrive(&server, "ann", Some(&newer), Strength::Usual);
    assert!(matches!(step, Step::Next(Stage::SecondFactor)), "{step:?}");
}

#[test]
fn link_adds_a_factor_only_after_the_one_that_is_there_was_proved() {
    let server = TestApp::new();
    let ann = server.user("ann");
    let totp = server.with_totp(&ann);
    let link = enroll_link(&server, &ann);
    let (step, way) = arrive(&server, "ann", Some(&link), Strength::Usual);
    assert!(matches!(step, Step::Next(Stage::SecondFactor)), "{step:?}");
    let way = way.unwrap();
    assert!(!enrol(&server, &way).unwrap());
    let (env, at, code) = (server.app.env(), way.clone(), server.code(&totp));
    let given = Given { method: mcpcodex::model::factor::Method::Totp, code, trust_device: false };
    let step = server.write(move |tx| ops::factor::verify(tx, &env, &origin(), &at, &given));
    assert!(matches!(step, Step::Next(Stage::Enroll)), "{step:?}");
    assert!(enrol(&server, &way).unwrap());
}

#[test]
fn someone_without_a_factor_is_led_to_enrolment_when_two_factors_are_demanded() {
    let server = TestApp::new();
    server.user("ann");
    let (step, _) = arrive(&server, "ann", None, Strength::Fresh);
    assert!(matches!(step, Step::In(_)), "{step:?}");
    let (step, way) = arrive(&server, "ann", None, Strength::Mfa);
    assert!(matches!(step, Step::Next(Stage::Enroll)), "{step:?}");
    let way = way.unwrap();
    assert!(enrol(&server, &way).unwrap());
    let env = server.app.env();
    let step = server.write(move |tx| ops::factor::codes_stored(tx, &env, &origin(), &way));
    let Step::In(entered) = step else { panic!("{step:?}") };
    assert!(entered.session.mfa_verified());
}

#[test]
fn factor_enrolled_in_a_session_raises_it_under_a_new_id() {
    let server = TestApp::new();
    let ann = server.user("ann");
    let (before, cookie) = server.session_of(&ann, false);
    let who = Actor::person(ann.id.clone(), before.id.clone(), origin());
    let (env, owner, asker) = (server.app.env(), ann.clone(), who.clone());
    let which = ops::factor::Which::New;
    let shown = server.write(move |tx| ops::factor::enroll_as(tx, &env, &asker, &owner, which));
    let app = Totp::from_base32(shown.secret.expose(), server.app.env.totp_settings());
    let (env, id, code) = (server.app.env(), ann.id.clone(), server.code(&app));
    let done = server.write(move |tx| ops::factor::confirm(tx, &env, &who, &id, &code));
    let Enrolled::Active(in_force) = done else { panic!("{done:?}") };
    let after = in_force.session.unwrap();
    assert_ne!(after.id, before.id);
    assert_eq!(after.amr, [amr::PASSWORD, amr::OTP, amr::MFA]);
    assert_eq!((after.auth_time, after.expires_at), (before.auth_time, before.expires_at));
    let old = server.read(|r| ops::session::look(r, &server.app.env, None, &cookie));
    assert!(old.is_err(), "the cookie of before still opens something");
}
