//! Browsers that a person has signed in with: what they are spared, and when they stop being known.

use std::time::Duration;

use mcpcodex::{
    model::{actor::Actor, user::User},
    ops,
};

use crate::support::{Browser, OTHER_PASSWORD, PASSWORD, TestApp, operator, origin, race};

const DEVICE: &str = "mcpcodex_device";

/// Uses up every try that strangers have for a name.
fn lock_out(server: &TestApp, name: &str) {
    for at in 0..5 {
        let mut stranger = server.browser().from(&format!("203.0.113.{at}"));
        assert_eq!(stranger.sign_in(name, "wrong").status, 401);
        server.advance(8);
    }
    assert_eq!(server.browser().sign_in(name, PASSWORD).status, 401, "strangers are not paused");
}

fn leave(browser: &mut Browser) {
    let page = browser.open("/logout");
    browser.submit(&page, "/logout", &[]);
    assert!(!browser.is_in());
}

fn trusting(days: u32) -> TestApp {
    TestApp::with(|config| {
        let trust = &mut config.authentication.mfa.trusted_device;
        (trust.enabled, trust.days) = (true, days);
    })
}

/// Signs in with password and code and asks for the browser to be trusted.
fn trust(server: &TestApp, user: &User, totp: &crate::support::Totp) -> Browser {
    let mut browser = server.browser();
    let page = browser.sign_in(&user.username, PASSWORD);
    let page = browser.follow(page);
    let code = server.code(totp);
    browser.submit(&page, "/mfa", &[("code", &code), ("trust_device", "true")]);
    assert!(browser.is_in());
    browser
}

#[test]
fn owner_gets_in_from_a_known_browser_while_strangers_are_kept_waiting() {
    let server = TestApp::new();
    server.user("ann");
    let mut own = server.login("ann");
    leave(&mut own);
    lock_out(&server, "ann");
    own.sign_in("ann", PASSWORD);
    assert!(own.is_in());
    // What the owner does right wipes nothing out for the strangers.
    assert_eq!(server.browser().sign_in("ann", PASSWORD).status, 401);
}

#[test]
fn known_browser_has_tries_of_its_own_and_no_more_than_anyone() {
    let server = TestApp::new();
    let ann = server.user("ann");
    let mut own = server.login("ann");
    leave(&mut own);
    for _ in 0..5 {
        assert_eq!(own.sign_in("ann", "wrong").status, 401);
        server.advance(8);
    }
    assert_eq!(own.sign_in("ann", PASSWORD).status, 401, "a stolen browser may guess on");
    // And its wrong tries keep no other browser out.
    server.login("ann");
    // The operator ends this pause like any other.
    let id = ann.id.clone();
    server.write(move |tx| ops::user::unlock(tx, &operator(), &id));
    own.sign_in("ann", PASSWORD);
    assert!(own.is_in());
}

#[test]
fn browser_of_one_person_is_no_known_browser_of_another() {
    let server = TestApp::new();
    server.user("ann");
    server.user("mallory");
    let mut browser = server.login("mallory");
    leave(&mut browser);
    lock_out(&server, "ann");
    assert_eq!(browser.sign_in("ann", PASSWORD).status, 401);
}

#[test]
fn device_cookie_that_somebody_planted_is_replaced_at_sign_in() {
    let server = TestApp::new();
    server.user("ann");
    server.user("mallory");
    let attacker = server.login("mallory");
    let planted = attacker.cookie(DEVICE).unwrap().to_owned();
    let mut victim = server.browser();
    victim.set_cookie(DEVICE, &planted);
    victim.sign_in("ann", PASSWORD);
    assert_ne!(victim.cookie(DEVICE).unwrap(), planted);
    lock_out(&server, "ann");
    let mut attacker = server.browser();
    attacker.set_cookie(DEVICE, &planted);
    assert_eq!(attacker.sign_in("ann", PASSWORD).status, 401);
}

#[test]
fn device_cookie_that_somebody_stole_is_not_renewed_in_their_own_name() {
    let server = TestApp::new();
    server.user("ann");
    server.user("mallory");
    let mut owner = server.login("ann");
    let stolen = owner.cookie(DEVICE).unwrap().to_owned();
    leave(&mut owner);
    let mut thief = server.browser();
    thief.set_cookie(DEVICE, &stolen);
    thief.sign_in("mallory", PASSWORD);
    leave(&mut thief);
    lock_out(&server, "ann");
    assert_eq!(thief.sign_in("ann", PASSWORD).status, 401, "the fresh cookie is ann's as well");
    owner.sign_in("ann", PASSWORD);
    assert!(owner.is_in(), "the owner's browser is a stranger now");
}

#[test]
fn enrolment_link_in_a_trusted_browser_asks_for_the_factor_that_is_there() {
    let server = trusting(30);
    let ann = server.user("ann");
    let totp = server.with_totp(&ann);
    let mut browser = trust(&server, &ann, &totp);
    leave(&mut browser);
    server.advance(60);
    let (env, id) = (server.app.env(), ann.id.clone());
    let link = server.write(move |tx| ops::factor::enroll_link(tx, &env, &operator(), &id));
    let token = link.url.split_once("token=").unwrap().1.to_owned();
    let page = browser.open("/login");
    let fields = [("username", "ann"), ("password", PASSWORD), ("enrol", token.as_str())];
    assert_eq!(browser.submit(&page, "/login", &fields).location(), "/mfa");
}

#[test]
fn signing_in_again_takes_no_room_of_other_sessions() {
    let server = TestApp::with(|config| config.authentication.session.max_sessions = 2);
    let ann = server.user("ann");
    let (other, _) = server.session_of(&ann, false);
    server.advance(10);
    let mut browser = server.login("ann");
    for _ in 0..3 {
        server.advance(10);
        let page = browser.open("/login?return_to=/account");
        browser.submit(&page, "/login", &[("username", "ann"), ("password", PASSWORD)]);
        assert!(browser.is_in());
    }
    let live = server.read(|r| ops::session::list(r, &operator(), Some(&ann.id), 10));
    assert_eq!(live.len(), 2);
    assert!(live.iter().any(|row| row.session.id == other.id), "another session made room");
}

#[test]
fn trusted_browser_is_spared_the_second_factor_until_its_time_is_up_and_never_claims_it() {
    let server = trusting(2);
    let ann = server.user("ann");
    let totp = server.with_totp(&ann);
    let mut browser = trust(&server, &ann, &totp);
    leave(&mut browser);
    server.advance(2 * 86_400 - 1);
    assert_eq!(browser.sign_in("ann", PASSWORD).location(), "/account");
    let session = browser.open("/auth/session").json();
    assert_eq!(
        (&session["mfa_verified"], &session["amr"]),
        (&false.into(), &serde_json::json!(["pwd"]))
    );
    leave(&mut browser);
    server.advance(1);
    assert_eq!(browser.sign_in("ann", PASSWORD).location(), "/mfa");
}

#[test]
fn no_browser_is_trusted_where_the_configuration_does_not_offer_it() {
    let server = TestApp::new();
    let ann = server.user("ann");
    let totp = server.with_totp(&ann);
    let mut browser = trust(&server, &ann, &totp);
    leave(&mut browser);
    assert_eq!(browser.sign_in("ann", PASSWORD).location(), "/mfa");
}

#[test]
fn trust_ends_when_it_is_switched_off_and_with_everything_that_ends_sessions() {
    type Deed = fn(&TestApp, &User);
    let deeds: [(&str, Deed); 4] = [
        ("a new password", |server, ann| server.set_password(ann, OTHER_PASSWORD)),
        ("all sessions ended", |server, ann| {
            let id = ann.id.clone();
            server.write(move |tx| ops::session::revoke_of_user(tx, &operator(), &id));
        }),
        ("trust taken back", |server, ann| {
            let id = ann.id.clone();
            server.write(move |tx| ops::device::distrust(tx, &operator(), &id));
        }),
        ("browser forgotten", |server, ann| {
            let devices = server.read(|r| ops::device::list(r, &operator(), &ann.id));
            let id = devices.first().unwrap().id.clone();
            server.write(move |tx| ops::device::forget(tx, &operator(), &id));
        }),
    ];
    for (name, deed) in deeds {
        let server = trusting(30);
        let ann = server.user("ann");
        let totp = server.with_totp(&ann);
        let mut browser = trust(&server, &ann, &totp);
        leave(&mut browser);
        deed(&server, &ann);
        let password = if name == "a new password" { OTHER_PASSWORD } else { PASSWORD };
        assert_eq!(browser.sign_in("ann", password).location(), "/mfa", "after {name}");
    }
    let server = trusting(30);
    let ann = server.user("ann");
    let totp = server.with_totp(&ann);
    let mut browser = trust(&server, &ann, &totp);
    leave(&mut browser);
    let server =
        server.restart_with(|config| config.authentication.mfa.trusted_device.enabled = false);
    let mut browser = browser.at(&server.browser());
    assert_eq!(browser.sign_in("ann", PASSWORD).location(), "/mfa");
}

#[test]
fn wrong_code_earns_no_trust() {
    let server = trusting(30);
    let ann = server.user("ann");
    let totp = server.with_totp(&ann);
    let mut browser = server.browser();
    let page = browser.sign_in("ann", PASSWORD);
    let page = browser.follow(page);
    let page = browser.submit(&page, "/mfa", &[("code", "000000"), ("trust_device", "true")]);
    assert_eq!(page.status, 401);
    server.advance(30);
    let code = server.code(&totp);
    browser.submit(&page, "/mfa", &[("code", &code)]);
    assert!(browser.is_in());
    leave(&mut browser);
    assert_eq!(browser.sign_in("ann", PASSWORD).location(), "/mfa");
}

#[test]
fn person_forgets_own_browsers_and_nobody_elses() {
    let server = TestApp::new();
    let (ann, mallory) = (server.user("ann"), server.user("mallory"));
    server.login("ann");
    let (session, _) = server.session_of(&mallory, false);
    let who = Actor::person(mallory.id.clone(), session.id, origin());
    let devices = server.read(|r| ops::device::list(r, &operator(), &ann.id));
    let id = devices.first().unwrap().id.clone();
    let refused =
        server.app.db.write_blocking(move |tx| ops::device::forget(tx, &who, &id)).is_err();
    assert!(refused);
}

#[test]
fn only_the_last_used_browsers_are_remembered() {
    let server = TestApp::new();
    let ann = server.user("ann");
    let mut first = server.login("ann");
    for _ in 0..50 {
        server.advance(1);
        server.login("ann");
    }
    let devices = server.read(|r| ops::device::list(r, &operator(), &ann.id));
    assert_eq!(devices.len(), 50);
    leave(&mut first);
    lock_out(&server, "ann");
    assert_eq!(first.sign_in("ann", PASSWORD).status, 401, "the oldest is still known");
}

#[test]
fn limit_of_sessions_holds_when_a_hundred_open_at_once() {
    let server = TestApp::with(|config| config.authentication.session.max_sessions = 3);
    let ann = server.user("ann");
    let (oldest, _) = server.session_of(&ann, false);
    server.advance(10);
    let opened = race(100, |_| server.session_of(&ann, false).0.id);
    let live = server.read(|r| ops::session::list(r, &operator(), Some(&ann.id), 500));
    assert_eq!(live.len(), 3);
    assert!(live.iter().all(|row| row.session.id != oldest.id));
    assert!(live.iter().all(|row| opened.contains(&row.session.id)));
    // The unlimited rest of the world.
    let server = server.restart_with(|config| config.authentication.session.max_sessions = 0);
    for _ in 0..5 {
        server.session_of(&ann, false);
    }
    server.advance(Duration::from_secs(1).as_secs());
    let live = server.read(|r| ops::session::list(r, &operator(), Some(&ann.id), 500));
    assert_eq!(live.len(), 8);
}
