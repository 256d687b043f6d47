//! `POST /auth/mfa/verify`: the second factor for programs, and every way in which it is refused.

use mcpcodex::ops;
use serde_json::{Value, json};

use crate::support::{Browser, PASSWORD, Page, TestApp, Totp, operator, race};

const PATH: &str = "/auth/mfa/verify";

/// Ann, whose password was right and whose code is missing, and the token of her sign-in.
fn pending() -> (TestApp, Totp, Browser, String) {
    let server = TestApp::new();
    let ann = server.user("ann");
    let totp = server.with_totp(&ann);
    let mut browser = server.browser();
    let page = browser.sign_in("ann", PASSWORD);
    assert_eq!(page.location(), "/mfa", "{page:?}");
    let token = browser.cookie("mcpcodex_sign_in").unwrap().to_owned();
    (server, totp, browser, token)
}

fn send(browser: &mut Browser, body: &Value) -> Page {
    browser.ask("POST", PATH).by_program().body("application/json", body.to_string()).send()
}

fn give(browser: &mut Browser, token: &str, code: &str, method: &str) -> Page {
    send(browser, &json!({ "mfa_token": token, "code": code, "method": method }))
}

fn code_of(page: &Page) -> (u16, String) {
    (page.status, page.json()["error"]["code"].as_str().unwrap_or_default().to_owned())
}

fn is(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

#[test]
fn right_code_gives_the_session_the_person_and_the_cookie() {
    let (server, totp, mut browser, token) = pending();
    let page = give(&mut browser, &token, &server.code(&totp), "totp");
    assert_eq!(page.status, 200, "{page:?}");
    let body = page.json();
    assert_eq!(body["success"], true);
    assert_eq!(body["user"]["username"], "ann");
    assert_eq!(
        (&body["session"]["mfa_verified"], &body["session"]["roles"]),
        (&json!(true), &json!(["user"]))
    );
    assert_eq!(page.header("cache-control"), "no-store");
    assert!(browser.is_in());
    let session = browser.ask("GET", "/auth/session").by_program().send().json();
    assert_eq!(session["id"], body["session"]["id"]);
    // The token is spent.
    server.advance(30);
    assert_eq!(
        code_of(&give(&mut browser, &token, &server.code(&totp), "totp")),
        is(401, "no_sign_in")
    );
}

#[test]
fn recovery_code_stands_in_for_a_factor() {
    let (server, totp, mut browser, token) = pending();
    let code = &totp.recovery[0];
    assert_eq!(give(&mut browser, &token, code, "recovery").status, 200);
    let mut again = server.browser();
    again.sign_in("ann", PASSWORD);
    let token = again.cookie("mcpcodex_sign_in").unwrap().to_owned();
    assert_eq!(code_of(&give(&mut again, &token, code, "recovery")), is(401, "wrong_code"));
}

#[test]
fn code_of_an_earlier_sign_in_is_wrong() {
    let (server, totp, mut browser, token) = pending();
    let code = server.code(&totp);
    assert_eq!(give(&mut browser, &token, &code, "totp").status, 200);
    let mut again = server.browser();
    again.sign_in("ann", PASSWORD);
    let token = again.cookie("mcpcodex_sign_in").unwrap().to_owned();
    assert_eq!(code_of(&give(&mut again, &token, &code, "totp")), is(401, "wrong_code"));
    assert!(!again.is_in());
}

#[test]
fn one_of_many_at_once_with_one_code_gets_in() {
    let (server, totp, browser, token) = pending();
    let code = server.code(&totp);
    let pages = race(20, |_| give(&mut browser.clone(), &token, &code, "totp"));
    assert_eq!(pages.iter().filter(|page| page.status == 200).count(), 1);
    let count = server.read(|r| ops::session::count(r, &operator()));
    assert_eq!(count, 1);
}

#[test]
fn token_is_good_only_in_its_browser_and_only_for_a_while() {
    let (server, totp, mut browser, token) = pending();
    let code = server.code(&totp);
    let mut other = server.browser();
    other.open("/login");
    for mut stranger in [other, server.browser()] {
        assert_eq!(code_of(&give(&mut stranger, &token, &code, "totp")), is(401, "no_sign_in"));
    }
    for wrong in ["", "x", &token[1..], &"x".repeat(1_000)] {
        assert_eq!(code_of(&give(&mut browser, wrong, &code, "totp")), is(401, "no_sign_in"));
    }
    server.advance(15 * 60 + 1);
    let late = give(&mut browser, &token, &server.code(&totp), "totp");
    assert_eq!(code_of(&late), is(401, "no_sign_in"));
    assert!(!browser.is_in());
}

#[test]
fn person_who_was_locked_in_between_does_not_get_in() {
    let (server, totp, mut browser, token) = pending();
    let ann = server.read(|r| ops::user::find(r, "ann"));
    server.write(move |tx| ops::user::lock(tx, &operator(), &ann.id));
    assert_eq!(
        code_of(&give(&mut browser, &token, &server.code(&totp), "totp")),
        is(401, "no_sign_in")
    );
}

#[test]
fn wrong_codes_count_with_those_of_the_pages_and_end_in_a_pause() {
    let (server, totp, mut browser, token) = pending();
    let wrong = if server.code(&totp) == "000000" { "111111" } else { "000000" };
    let mut seen = Vec::new();
    let waits = |page: &Page| page.header("retry-after").parse::<u64>().unwrap_or(0);
    loop {
        let page = give(&mut browser, &token, wrong, "totp");
        seen.push(code_of(&page).1);
        if waits(&page) > 60 {
            break;
        }
        // Every other one by the page.
        server.advance(waits(&page));
        let page = browser.give_code(wrong);
        assert_eq!(page.status, 401, "{page:?}");
        server.advance(waits(&page));
    }
    assert_eq!(seen, ["wrong_code"; 3], "five tries in all");
    // The right one is not looked at.
    let page = give(&mut browser, &token, &server.code(&totp), "totp");
    assert_eq!(code_of(&page), is(429, "too_many_tries"));
    assert!(!browser.is_in());
}

#[test]
fn method_that_is_none_or_takes_a_browser_is_refused_without_a_try() {
    let (server, totp, mut browser, token) = pending();
    for method in ["sms", "email", "webauthn", "carrier pigeon", "", "TOTP"] {
        let page = give(&mut browser, &token, &server.code(&totp), method);
        assert_eq!(code_of(&page), is(400, "no_such_method"), "{method}");
    }
    assert_eq!(give(&mut browser, &token, &server.code(&totp), "totp").status, 200);
}

#[test]
fn body_that_is_not_exactly_what_is_taken_is_refused() {
    let (server, totp, browser, token) = pending();
    let code = server.code(&totp);
    let good = json!({ "mfa_token": token, "code": code, "method": "totp" });
    let with = |name: &str, value: Value| {
        let mut body = good.clone();
        body[name] = value;
        body
    };
    let mut without = good.clone();
    without.as_object_mut().unwrap().remove("method");
    let bodies = [
        with("role", json!("admin")),
        with("code", json!(123_456)),
        with("code", Value::Null),
        with("mfa_token", json!([token])),
        without,
        json!([good]),
        json!("x"),
        Value::Null,
    ];
    for body in bodies {
        let page = send(&mut browser.clone(), &body);
        assert_eq!(code_of(&page), is(400, "invalid"), "{body}");
        assert!(!page.body.contains(&token) && !page.body.contains(&code), "{}", page.body);
    }
    let twice = format!("{{\"method\":\"totp\",{}", &good.to_string()[1..]);
    for text in ["", "{", "mfa_token=x", twice.as_str(), &"[".repeat(4_000)] {
        let mut browser = browser.clone();
        let page = browser.ask("POST", PATH).by_program().body("application/json", text).send();
        assert_eq!(code_of(&page), is(400, "invalid"), "{text:.20}");
    }
    for media in
        ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""]
    {
        let mut browser = browser.clone();
        let page = browser.ask("POST", PATH).by_program().body(media, good.to_string()).send();
        assert_eq!(code_of(&page), is(415, "not_json"), "{media}");
    }
    for size in [5_000, 300_000] {
        let page = send(&mut browser.clone(), &with("code", json!("1".repeat(size))));
        assert_eq!(code_of(&page), is(413, "too_large"), "{size}");
    }
    assert_eq!(send(&mut browser.clone(), &good).status, 200, "nothing of that was a try");
}

#[test]
fn page_of_another_site_cannot_use_it() {
    let (server, totp, browser, token) = pending();
    let body = json!({ "mfa_token": token, "code": server.code(&totp), "method": "totp" });
    for origin in ["https://evil.example", "null", "http://localhost:3000"] {
        let mut browser = browser.clone();
        let asking = browser.ask("POST", PATH).by_site(origin);
        let page = asking.body("application/json", body.to_string()).send();
        assert_eq!(page.status, 403, "{origin}: {page:?}");
        assert!(page.set_cookies().is_empty());
    }
}

#[test]
fn account_that_owes_more_is_sent_to_its_page() {
    let server = TestApp::with(|config| config.authentication.password.history.expiry_days = 1);
    let ann = server.user("ann");
    let totp = server.with_totp(&ann);
    server.advance(2 * 86_400);
    let mut browser = server.browser();
    browser.sign_in("ann", PASSWORD);
    let token = browser.cookie("mcpcodex_sign_in").unwrap().to_owned();
    let page = give(&mut browser, &token, &server.code(&totp), "totp");
    assert_eq!(code_of(&page), is(403, "page_needed"), "{page:?}");
    assert!(page.json()["error"]["next"].as_str().unwrap().contains("/password"));
    assert!(!browser.is_in());
    assert_eq!(browser.open("/password").status, 200);
}
