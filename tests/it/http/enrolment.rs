//! Setting a second factor up: by app, number or address; on the way in, in a session, and by a link.

use std::time::Duration;

use mcpcodex::{
    model::{factor::Method, user::User},
    ops,
};

use crate::support::{
    Browser, PASSWORD, Page, TestApp, Totp,
    carrier::{accepted, code_in, rejected, with_messages},
    operator,
};

const PHONE: &str = "+49 151 123 456 42";

fn enrolled(server: &TestApp, user: &User) -> Vec<Method> {
    server.read(|r| ops::factor::enrolled(r, &user.id))
}

fn send_to_phone(browser: &mut Browser, number: &str) -> Page {
    let page = browser.open("/mfa/enroll?method=sms");
    browser.submit(&page, "/mfa/enroll/send", &[("phone", number)])
}

#[test]
fn methods_to_choose_from_are_those_that_the_configuration_allows() {
    let server = TestApp::new();
    server.user("ann");
    let page = server.login("ann").open("/mfa/enroll");
    assert!(!page.body.contains("method=sms"), "{page:?}");

    let server = TestApp::with(with_messages);
    server.user("ann");
    let mut browser = server.login("ann");
    let page = browser.open("/mfa/enroll");
    for method in ["totp", "sms", "email"] {
        assert!(page.body.contains(&format!("/mfa/enroll?method={method}")), "{method}: {page:?}");
    }
    assert!(browser.open("/mfa/enroll?method=totp").text_of("secret").is_some());
    // Nobody is led to a method that is not allowed.
    let server = TestApp::with(|config| {
        with_messages(config);
        config.authentication.mfa.allow_weak = false;
    });
    server.user("ann");
    let page = server.login("ann").open("/mfa/enroll?method=sms");
    assert!(page.form("/mfa/enroll/send").is_none(), "{page:?}");
}

#[test]
fn number_comes_into_force_by_its_code_and_raises_the_session() {
    let server = TestApp::with(with_messages);
    let ann = server.user("ann");
    let mut browser = server.login("ann");
    let old = browser.session().unwrap().to_owned();
    let (page, sent) = server.carrying(&accepted(), || send_to_phone(&mut browser, PHONE));
    assert_eq!(page.status, 200);
    assert_eq!(sent[0].recipient, "+4915112345642");
    assert!(enrolled(&server, &ann).is_empty(), "not before the code");
    let wrong = browser.submit(&page, "/mfa/enroll", &[("code", "000000")]);
    assert_eq!(wrong.status, 422);
    assert!(enrolled(&server, &ann).is_empty());
    let page = browser.submit(&wrong, "/mfa/enroll", &[("code", &code_in(&sent[0]))]);
    assert_eq!(page.text_of("codes").unwrap().lines().count(), 10, "{page:?}");
    assert_eq!(enrolled(&server, &ann), [Method::Sms]);
    assert_ne!(browser.session().unwrap(), old);
    let page = browser.submit(&page, "/mfa/codes", &[]);
    assert_eq!(page.location(), "/account/security");
    assert!(browser.is_in());
}

#[test]
fn another_code_takes_the_place_of_the_one_before() {
    let server = TestApp::with(with_messages);
    let ann = server.user("ann");
    let mut browser = server.login("ann");
    let (page, first) = server.carrying(&accepted(), || send_to_phone(&mut browser, PHONE));
    let again = || browser.submit(&page, "/mfa/enroll/send", &[]);
    let (page, second) = server.carrying(&accepted(), again);
    let old = browser.submit(&page, "/mfa/enroll", &[("code", &code_in(&first[0]))]);
    assert_eq!(old.status, if code_in(&first[0]) == code_in(&second[0]) { 200 } else { 422 });
    browser.submit(&page, "/mfa/enroll", &[("code", &code_in(&second[0]))]);
    assert_eq!(enrolled(&server, &ann), [Method::Sms]);
}

#[test]
fn what_is_no_number_is_refused_in_words_and_sends_nothing() {
    let server = TestApp::with(with_messages);
    server.user("ann");
    let mut browser = server.login("ann");
    server.carry(&accepted());
    for number in ["0151 12345642", "", "+49\u{202e}151", "<b>"] {
        let page = send_to_phone(&mut browser, number);
        assert_eq!(page.status, 422, "{number}");
        assert!(page.text_of("error").unwrap().contains("no phone number"), "{page:?}");
        assert!(page.form("/mfa/enroll/send").is_some());
    }
    let page = browser.ask("GET", "/mfa/enroll?method=sms").header("accept-language", "de").send();
    let form = page.form("/mfa/enroll/send").unwrap();
    let page = browser
        .ask("POST", "/mfa/enroll/send")
        .header("accept-language", "de")
        .header("sec-fetch-site", "same-origin")
        .form(&form.filled(&[("phone", "1")]))
        .send();
    assert!(page.text_of("error").unwrap().contains("keine Telefonnummer"), "{page:?}");
    assert!(server.carry(&accepted()).is_empty());
}

#[test]
fn code_that_does_not_arrive_leaves_other_ways() {
    let server = TestApp::with(with_messages);
    server.user("ann");
    let mut browser = server.login("ann");
    let page = server.carrying(&rejected(), || send_to_phone(&mut browser, PHONE)).0;
    assert!(page.text_of("sending").unwrap().contains("could not be delivered"), "{page:?}");
    assert!(page.body.contains("id=\"other\" href=\"/mfa/enroll\""));
}

#[test]
fn address_is_enrolled_on_the_way_in_where_the_role_needs_a_factor() {
    let server = TestApp::with(|config| {
        with_messages(config);
        config.authentication.mfa.grace_period = Duration::ZERO;
    });
    let root = server.admin("root");
    let mut browser = server.browser();
    assert_eq!(browser.sign_in("root", PASSWORD).location(), "/mfa/enroll");
    let page = browser.open("/mfa/enroll?method=email");
    assert_eq!(page.form("/mfa/enroll/send").unwrap().value("email"), Some("root@example.com"));
    let ask = || browser.submit(&page, "/mfa/enroll/send", &[]);
    let (page, sent) = server.carrying(&accepted(), ask);
    let code = sent.iter().find(|mail| mail.subject.contains("ode")).map(code_in).unwrap();
    let page = browser.submit(&page, "/mfa/enroll", &[("code", &code)]);
    assert!(browser.session().is_none(), "not before the recovery codes are stored");
    let page = browser.submit(&page, "/mfa/codes", &[]);
    assert_eq!(page.location(), "/account");
    assert_eq!(enrolled(&server, &root), [Method::Email]);
}

fn enroll_link(server: &TestApp, user: &User) -> String {
    let (env, id) = (server.app.env(), user.id.clone());
    let made = server.write(move |tx| ops::factor::reset(tx, &env, &operator(), &id));
    made.link.url.strip_prefix("http://localhost:8420").unwrap().to_owned()
}

#[test]
fn link_after_a_reset_leads_through_the_password_to_a_new_factor() {
    let server = TestApp::new();
    let ann = server.user("ann");
    server.with_totp(&ann);
    let link = enroll_link(&server, &ann);
    let mut browser = server.browser();
    let page = browser.open(&link);
    assert!(page.body.contains("<bdi>ann</bdi>") && !page.body.contains("ann@example.com"));
    let href = page.body.split("href=\"").find(|rest| rest.starts_with("/login?enrol=")).unwrap();
    let page = browser.open(href.split('"').next().unwrap());
    let form = page.form("/login").unwrap();
    assert_eq!(form.value("username"), Some("ann"));
    // A wrong password loses nothing.
    let page = browser.submit(&page, "/login", &[("password", "wrong")]);
    assert_eq!(page.status, 401);
    server.advance(2);
    let page = browser.submit(&page, "/login", &[("password", PASSWORD)]);
    assert_eq!(page.location(), "/mfa/enroll");
    let page = browser.open("/mfa/enroll?method=totp");
    let key = page.text_of("secret").unwrap();
    let app = Totp::from_base32(&key, server.app.env.totp_settings());
    let page = browser.submit(&page, "/mfa/enroll", &[("code", &server.code(&app))]);
    browser.submit(&page, "/mfa/codes", &[]);
    assert!(browser.is_in());
    assert_eq!(enrolled(&server, &ann), [Method::Totp]);
    assert_eq!(browser.open(&link).status, 404, "once");
}

#[test]
fn link_is_worth_nothing_to_someone_else_and_nothing_when_it_is_over() {
    let server = TestApp::new();
    let (ann, bob) = (server.user("ann"), server.user("bob"));
    let link = enroll_link(&server, &ann);
    let token = link.split_once("token=").unwrap().1;
    let mut browser = server.browser();
    let page = browser.open(&format!("/login?enrol={token}"));
    let fields = [("username", "bob"), ("password", PASSWORD)];
    assert_eq!(browser.submit(&page, "/login", &fields).location(), "/account");
    assert!(enrolled(&server, &bob).is_empty());
    for wrong in ["/enroll", "/enroll?token=", "/enroll?token=a.b", &link[..link.len() - 2]] {
        let page = browser.open(wrong);
        assert_eq!(page.status, 404, "{wrong}");
        assert!(page.body.contains("not valid any more"), "{page:?}");
    }
    server.advance(3_600);
    assert_eq!(browser.open(&link).status, 404);
}

#[test]
fn recovery_codes_can_be_replaced_from_a_page_of_their_own_and_taken_along_as_a_file() {
    let server = TestApp::new();
    let ann = server.user("ann");
    let app = server.with_totp(&ann);
    let mut browser = server.login_with("ann", &app);
    let page = browser.open("/mfa/codes");
    assert!(page.body.contains("10 recovery codes are left"), "{page:?}");
    let page = browser.submit(&page, "/mfa/codes/new", &[]);
    let codes = page.text_of("codes").unwrap();
    let first = codes.lines().next().unwrap();
    assert!(page.body.contains(&format!("{first}%0A")), "{page:?}");
    assert!(page.body.contains("download=\"recovery-codes.txt\""));
    // The old ones are dead, the new ones live.
    let mut other = server.browser();
    other.sign_in("ann", PASSWORD);
    assert_eq!(other.give_recovery_code(&app.recovery[0]).status, 401);
    server.advance(30);
    assert_eq!(other.give_recovery_code(first).location(), "/account");
}
