//! What could cost someone the account asks again who they are, when the sign-in is more than five minutes old.

use crate::support::{Browser, OTHER_PASSWORD, PASSWORD, Page, TestApp};

/// Longer than a sign-in counts as recent.
const STALE: u64 = 301;

/// Pages that only a recent sign-in opens.
const GUARDED: [&str; 5] = [
    "/password",
    "/mfa/enroll",
    "/mfa/codes",
    "/account/keys/new",
    "/account/security/remove?id=x",
];

fn confirm(browser: &mut Browser, page: Page, password: &str) -> Page {
    let page = browser.follow(page);
    assert_eq!(page.status, 200, "{page:?}");
    browser.submit(&page, "/login/confirm", &[("password", password)])
}

fn leads_to_confirm(page: &Page) -> bool {
    page.status == 303 && page.location().starts_with("/login/confirm?return_to=")
}

#[test]
fn stale_session_confirms_and_goes_on_to_where_it_wanted() {
    let server = TestApp::new();
    server.user("ann");
    for path in GUARDED {
        let mut browser = server.login("ann");
        assert!(!leads_to_confirm(&browser.clone().open(path)), "{path} right after the sign-in");
        server.advance(STALE);
        let page = browser.open(path);
        assert!(leads_to_confirm(&page), "{path}: {page:?}");
        let page = confirm(&mut browser, page, PASSWORD);
        assert_eq!((page.status, page.location()), (303, path));
        assert!(!leads_to_confirm(&browser.open(path)), "{path}");
    }
}

#[test]
fn confirming_puts_a_new_session_in_the_place_of_the_old_one() {
    let server = TestApp::new();
    server.user("ann");
    let mut browser = server.login("ann");
    let mut kept = browser.clone();
    server.advance(STALE);
    let page = browser.open("/password");
    let page = confirm(&mut browser, page, PASSWORD);
    assert!(page.set_cookie("mcpcodex_session").is_some());
    assert_ne!(browser.session(), kept.session());
    assert!(browser.is_in() && !kept.is_in());
}

#[test]
fn remembered_session_stays_remembered_and_any_other_does_not_become_so() {
    let server = TestApp::new();
    server.user("ann");
    for remembered in [true, false] {
        let mut browser = server.browser();
        let page = browser.open("/login");
        let mut fields = vec![("username", "ann"), ("password", PASSWORD)];
        fields.extend(remembered.then_some(("remember_me", "true")));
        browser.submit(&page, "/login", &fields);
        server.advance(STALE);
        let page = browser.open("/password");
        let page = confirm(&mut browser, page, PASSWORD);
        let cookie = page.set_cookie("mcpcodex_session").unwrap();
        assert_eq!(cookie.contains("Max-Age"), remembered, "{cookie}");
    }
}

#[test]
fn confirming_goes_through_the_second_factor_even_in_a_trusted_browser() {
    let server = TestApp::with(|c| c.authentication.mfa.trusted_device.enabled = true);
    let ann = server.user("ann");
    let app = server.with_totp(&ann);
    let mut browser = server.browser();
    browser.sign_in("ann", PASSWORD);
    let page = browser.open("/mfa");
    let fields = [("code", server.code(&app)), ("trust_device", "true".to_owned())];
    let fields = fields.each_ref().map(|(name, value)| (*name, value.as_str()));
    browser.submit(&page, "/mfa", &fields);
    assert!(browser.is_in());
    server.advance(STALE);
    let page = browser.open("/password");
    let page = confirm(&mut browser, page, PASSWORD);
    assert_eq!(page.location(), "/mfa");
    assert!(leads_to_confirm(&browser.open("/password")), "the password alone is not enough");
    let page = browser.give_code(&server.code(&app));
    assert_eq!(page.location(), "/password");
    assert_eq!(browser.open("/password").status, 200);
}

#[test]
fn wrong_password_confirms_nothing_and_counts_as_a_wrong_try() {
    let server = TestApp::new();
    server.user("ann");
    let mut browser = server.login("ann");
    server.advance(STALE);
    let page = browser.open("/password");
    let page = confirm(&mut browser, page, "wrong");
    assert_eq!(page.status, 401);
    assert!(page.body.contains("role=\"alert\"") && page.form("/login/confirm").is_some());
    assert!(leads_to_confirm(&browser.open("/password")));
    assert!(browser.is_in(), "the session stays");
    assert!(server.events().contains(&"sign_in.wrong".to_owned()));
}

#[test]
fn nobody_confirms_with_an_account_of_their_own() {
    let server = TestApp::new();
    server.user("ann");
    server.person("bob", &["user"], OTHER_PASSWORD);
    let mut browser = server.login("ann");
    server.advance(STALE);
    let page = browser.open("/login/confirm");
    let fields = [("username", "bob"), ("password", OTHER_PASSWORD)];
    assert_eq!(browser.submit(&page, "/login/confirm", &fields).status, 401);
    assert!(leads_to_confirm(&browser.open("/password")));
}

#[test]
fn stale_form_changes_nothing() {
    let server = TestApp::new();
    let ann = server.user("ann");
    let mut browser = server.login("ann");
    let page = browser.open("/password");
    let hash = || server.read(|r| mcpcodex::store::user::password_hash(r, &ann.id));
    let (before, events) = (hash(), server.events());
    server.advance(STALE);
    let fields = [("password", PASSWORD), ("new_password", OTHER_PASSWORD)];
    assert!(leads_to_confirm(&browser.submit(&page, "/password", &fields)));
    let csrf = browser.clone().csrf();
    for path in [
        "/mfa/enroll",
        "/mfa/enroll/send",
        "/mfa/codes/new",
        "/account/keys/new",
        "/account/security/remove",
    ] {
        let fields = [("csrf", csrf.as_str()), ("method", "sms"), ("phone", "+491512345678")];
        let page = browser.post(path, &fields);
        assert!(leads_to_confirm(&page), "{path}: {page:?}");
    }
    assert_eq!((hash(), server.events()), (before, events));
}

#[test]
fn way_back_never_leaves_this_server() {
    let server = TestApp::new();
    server.user("ann");
    let mut browser = server.login("ann");
    for evil in ["//evil.example", "https://evil.example", "/\\evil.example"] {
        let page = browser.open(&format!("/login/confirm?return_to={evil}").replace('\\', "%5C"));
        let page = browser.submit(&page, "/login/confirm", &[("password", PASSWORD)]);
        assert_eq!(page.location(), "/account", "{evil}");
    }
}
