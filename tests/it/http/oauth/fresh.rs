//! Apps that want the person to have signed in just now, or by two factors: what the tokens then say is what happened.

use serde_json::{Value, json};

use super::step_up::Place;
use crate::{
    ops::oauth::fixture::query,
    support::{Browser, PASSWORD, Page},
};

const SCOPE: &str = "openid notes:read";
const MFA: &str = "urn:mcpcodex:acr:mfa";
const ONE: &str = "urn:mcpcodex:acr:password";

fn give_password(place: &Place, browser: &mut Browser, page: Page) -> Page {
    assert!(page.location().starts_with("/login?request=r_"), "{page:?}");
    let page = browser.follow(page);
    place.server.advance(1);
    browser.submit(&page, "/login", &[("username", "ann"), ("password", PASSWORD)])
}

fn say(claims: &(Value, Value), at: i64, acr: &str, amr: &[&str]) {
    for token in [&claims.0, &claims.1] {
        assert_eq!(token["auth_time"], at, "{token}");
        assert_eq!(token["acr"], acr, "{token}");
        let named = token["amr"].as_array().unwrap();
        assert!(amr.iter().all(|method| named.contains(&json!(method))), "{token}");
    }
}

#[test]
fn sign_in_that_an_app_wants_anew_is_the_one_that_its_tokens_tell_of() {
    let place = Place::new();
    let mut browser = place.server.login("ann");
    let first = place.server.clock.now().secs();
    let page = browser.open(&place.path(SCOPE, &[]));
    say(&place.finish(&mut browser, page), first, ONE, &["pwd"]);
    for wish in [("prompt", "login"), ("max_age", "0"), ("max_age", "59")] {
        place.server.advance(60);
        let page = browser.open(&place.path(SCOPE, &[wish]));
        let page = give_password(&place, &mut browser, page);
        let again = place.server.clock.now().secs();
        let page = browser.follow(page);
        let claims = place.finish(&mut browser, page);
        say(&claims, again, ONE, &["pwd"]);
        assert!(again >= first + 60, "{wish:?}");
        // Without the wish nothing is asked, and the time is that of the last sign-in.
        place.server.advance(30);
        let page = browser.open(&place.path(SCOPE, &[]));
        say(&place.finish(&mut browser, page), again, ONE, &["pwd"]);
    }
}

#[test]
fn two_factors_that_an_app_wants_are_proved_before_its_tokens_say_so() {
    let place = Place::new();
    let totp = place.server.with_totp(&place.ann);
    // A session of one factor, as there may be from before there was another.
    let mut browser = place.server.browser();
    browser.open("/login");
    let (_, cookie) = place.server.session_of(&place.ann, false);
    browser.set_cookie("mcpcodex_session", &cookie);
    let first = place.server.clock.now().secs();
    let page = browser.open(&place.path(SCOPE, &[]));
    say(&place.finish(&mut browser, page), first, ONE, &["pwd"]);

    place.server.advance(60);
    let wanted = place.path(SCOPE, &[("acr_values", MFA)]);
    let page = browser.open(&wanted);
    let request = page.location().split_once("request=").unwrap().1.to_owned();
    // Neither the old session nor a decision that is posted past the question gives a code.
    for path in ["/authorize/continue", "/consent"] {
        let past = browser.open(&format!("{path}?request={request}"));
        assert!(past.location().starts_with("/login"), "{past:?}");
    }
    let csrf = browser.csrf();
    let posted = browser.post(
        "/consent",
        &[("csrf", csrf.as_str()), ("request", &request), ("shown", "x"), ("decision", "allow")],
    );
    assert!(query(posted.location(), "code").is_none(), "{posted:?}");
    assert!(posted.location().starts_with("/login"), "{posted:?}");

    let page = browser.open(&wanted);
    let page = give_password(&place, &mut browser, page);
    assert_eq!(page.location(), "/mfa", "{page:?}");
    // The password alone is not enough yet.
    let early = browser.open(&wanted);
    assert!(query(early.location(), "code").is_none(), "{early:?}");
    place.server.advance(30);
    let page = browser.open(&wanted);
    let page = give_password(&place, &mut browser, page);
    assert_eq!(page.location(), "/mfa");
    let page = browser.give_code(&place.code(&totp));
    let at = place.server.clock.now().secs();
    let page = browser.follow(page);
    say(&place.finish(&mut browser, page), at, MFA, &["pwd", "otp"]);
}

#[test]
fn request_that_may_show_nothing_is_answered_without_a_page() {
    let place = Place::new();
    let silent = place.path(SCOPE, &[("prompt", "none"), ("state", "s")]);
    let mut stranger = place.server.browser();
    let page = stranger.open(&silent);
    assert_eq!((page.status, page.body.as_str()), (303, ""));
    assert_eq!(query(page.location(), "error").as_deref(), Some("login_required"));
    assert_eq!(query(page.location(), "iss").as_deref(), Some("http://localhost:8420"));
    assert_eq!(page.header("cache-control"), "no-store");
    assert_eq!(page.header("referrer-policy"), "no-referrer");

    let mut browser = place.server.login("ann");
    let page = browser.open(&silent);
    assert_eq!(query(page.location(), "error").as_deref(), Some("consent_required"));
    let page = browser.open(&place.path(SCOPE, &[]));
    place.finish(&mut browser, page);
    // A browser that held its cookie back is sent once through our own page, and then answered.
    for mut who in [browser, stranger] {
        let from_elsewhere = who.ask("GET", &silent).by_site("https://app.example.com");
        let bounce = from_elsewhere.without_cookies().send();
        assert_eq!(bounce.status, 200, "{bounce:?}");
        let at = bounce.body.find("/authorize/continue?request=r_").unwrap();
        let end = bounce.body[at..].find(['"', '\'', '&', '<']).unwrap();
        let path = bounce.body[at..at + end].to_owned();
        let page = who.ask("GET", &path).header("sec-fetch-site", "same-origin").send();
        assert_eq!(page.status, 303, "{page:?}");
        let code = query(page.location(), "code");
        let error = query(page.location(), "error");
        let in_it = who.session().is_some();
        assert_eq!(code.is_some(), in_it, "{page:?}");
        assert_eq!(error.as_deref(), (!in_it).then_some("login_required"), "{page:?}");
        if in_it {
            assert_eq!(page.header("cache-control"), "no-store");
            assert_eq!(page.header("referrer-policy"), "no-referrer");
        }
    }
}
