//! The strength of a password while it is typed: by the server's own rules, for our own pages only, storing nothing.

use crate::support::{Browser, PASSWORD, Page, TestApp};

fn judge(browser: &mut Browser, fields: &[(&str, &str)]) -> Page {
    let csrf = browser.csrf();
    let mut all = vec![("csrf", csrf.as_str())];
    all.extend(fields);
    browser.post("/password/strength", &all)
}

#[test]
fn answer_is_what_the_page_would_say_when_the_form_is_sent() {
    let server = TestApp::new();
    server.user("ann");
    let mut browser = server.login("ann");
    for candidate in ["short", "Password1234!", "qwertyuiop-QWERTY-1", "ann@example.com-A1!"] {
        let fields =
            [("username", "ann"), ("email", "ann@example.com"), ("new_password", candidate)];
        let judged = judge(&mut browser, &fields).json();
        let page = browser.open("/password");
        let page = browser.submit(
            &page,
            "/password",
            &[("password", PASSWORD), ("new_password", candidate)],
        );
        let broken = page.text_of("broken").unwrap();
        let told = judged["unfit"].as_array().unwrap();
        assert!(!told.is_empty());
        for sentence in told {
            assert!(broken.contains(sentence.as_str().unwrap()), "{sentence} in {broken}");
        }
    }
    let judged = judge(&mut browser, &[("new_password", PASSWORD)]).json();
    assert_eq!((&judged["score"], judged["unfit"].as_array().unwrap().len()), (&4.into(), 0));
}

#[test]
fn page_that_chooses_a_password_and_no_other_runs_the_script() {
    let server = TestApp::new();
    server.user("ann");
    let mut browser = server.login("ann");
    for (path, runs) in [("/password", true), ("/account", false), ("/account/security", false)] {
        let page = browser.open(path);
        assert_eq!(page.body.contains("<script"), runs, "{path}");
        let policy = page.header("content-security-policy");
        assert_eq!(policy.contains("script-src 'self'"), runs, "{path}: {policy}");
        assert!(policy.starts_with("default-src 'none';"), "{policy}");
    }
    let script = mcpcodex::http::assets::url("password.js");
    let page = browser.open(script);
    assert_eq!(page.header("content-type"), "text/javascript; charset=utf-8");
}

#[test]
fn another_site_learns_nothing_and_a_large_body_costs_nothing() {
    let server = TestApp::new();
    let mut browser = server.browser();
    let (csrf, events) = (browser.csrf(), server.events());
    let fields = [("csrf", csrf.as_str()), ("new_password", PASSWORD)];
    let page = browser
        .ask("POST", "/password/strength")
        .by_site("https://evil.example")
        .form(&fields)
        .send();
    assert_eq!(page.status, 403);
    assert_eq!(browser.post("/password/strength", &[("new_password", "x")]).status, 403);
    let long = "a1!B".repeat(1_000);
    let page = judge(&mut browser, &[("new_password", &long)]);
    assert_eq!((page.status, page.json()["score"].as_u64()), (200, Some(0)));
    let page = judge(&mut browser, &[("new_password", &"x".repeat(2_000_000))]);
    assert_eq!(page.status, 400);
    assert_eq!(server.events(), events);
}

#[test]
fn answer_is_in_the_language_of_the_page() {
    let server = TestApp::new();
    let mut browser = server.browser();
    let csrf = browser.csrf();
    let page = browser
        .ask("POST", "/password/strength")
        .header("sec-fetch-site", "same-origin")
        .header("accept-language", "de")
        .form(&[("csrf", csrf.as_str()), ("new_password", "short")])
        .send();
    assert!(page.json()["said"].as_str().unwrap().contains("leicht zu erraten"), "{page:?}");
}
