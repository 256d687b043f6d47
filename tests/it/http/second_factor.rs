//! The page of the second factor: each method has one, none is a dead end, and codes that are sent say how they fare.

use std::time::{Duration, Instant};

use mcpcodex::{config::Config, model::factor::Method, ops, store};

use crate::support::{
    Browser, PASSWORD, Page, TestApp, browser_of,
    carrier::{accepted, code_in, rejected, with_messages},
    operator,
};

const PHONE: &str = "+4915112345642";

fn with_sms(change: impl FnOnce(&mut Config)) -> (TestApp, Browser) {
    let server = TestApp::with(|config| {
        with_messages(config);
        change(config);
    });
    let ann = server.user("ann");
    server.with_contact(&ann, Method::Sms, PHONE);
    let mut browser = server.browser();
    assert_eq!(browser.sign_in("ann", PASSWORD).location(), "/mfa");
    server.carry(&accepted());
    (server, browser)
}

fn ask_for_code(browser: &mut Browser) -> Page {
    let page = browser.open("/mfa?method=sms");
    browser.submit(&page, "/mfa/send", &[])
}

#[test]
fn code_by_sms_is_sent_on_demand_and_lets_in() {
    let (server, mut browser) = with_sms(|_| ());
    let page = browser.open("/mfa");
    assert!(page.form("/mfa").is_none(), "no field before there is a code: {page:?}");
    assert!(page.body.contains("+49 ••• ••42") && !page.body.contains(PHONE));
    assert!(server.carry(&accepted()).is_empty(), "looking at the page sends nothing");
    let (page, sent) = server.carrying(&accepted(), || ask_for_code(&mut browser));
    assert_eq!((page.status, page.location()), (303, "/mfa?method=sms"));
    assert_eq!((sent.len(), sent[0].recipient.as_str()), (1, PHONE));
    let page = browser.follow(page);
    assert!(page.text_of("sending").unwrap().starts_with("A code went to"), "{page:?}");
    let wrong = browser.submit(&page, "/mfa", &[("code", "000000")]);
    assert_eq!(wrong.status, 401);
    assert!(wrong.form("/mfa").is_some() && wrong.form("/mfa/send").is_some());
    server.advance(30);
    let page = browser.submit(&wrong, "/mfa", &[("code", &code_in(&sent[0]))]);
    assert_eq!(page.location(), "/account");
    assert!(browser.is_in());
}

#[test]
fn code_that_cannot_be_delivered_is_said_to_be_so_and_the_other_ways_come_first() {
    let (server, mut browser) = with_sms(|_| ());
    let page = server.carrying(&rejected(), || ask_for_code(&mut browser)).0;
    let page = browser.follow(page);
    assert!(page.text_of("sending").unwrap().contains("could not be delivered"), "{page:?}");
    let (ways, field) = (page.body.find("id=\"recovery\""), page.body.find("id=\"code\""));
    assert!(ways.unwrap() < field.unwrap(), "{page:?}");
    assert!(!page.body.contains("no such number"), "the carrier's words are the operator's");
}

#[test]
fn page_waits_a_moment_for_a_carrier_that_hangs_and_no_longer() {
    let (_server, mut browser) = with_sms(|_| ());
    let begun = Instant::now();
    let page = ask_for_code(&mut browser);
    assert!((3..6).contains(&begun.elapsed().as_secs()), "{:?}", begun.elapsed());
    let page = browser.follow(page);
    assert!(page.text_of("sending").unwrap().contains("on its way"), "{page:?}");
    assert!(page.form("/mfa").is_some() && page.body.contains("id=\"recovery\""));
}

#[test]
fn too_many_codes_are_refused_with_the_time_to_wait() {
    let (server, mut browser) = with_sms(|c| c.limits.messages.per_recipient = 2);
    let page = server.carrying(&accepted(), || ask_for_code(&mut browser)).0;
    assert_eq!(page.status, 303);
    let page = ask_for_code(&mut browser);
    assert_eq!(page.status, 429);
    assert!(page.header("retry-after").parse::<u64>().unwrap() > 0);
    assert!(page.text_of("error").unwrap().contains("Too many codes"), "{page:?}");
    assert!(page.form("/mfa").is_some(), "the code that went out before is still good");
}

#[test]
fn every_method_has_its_page_and_a_way_to_each_of_the_others() {
    let server = TestApp::with(with_messages);
    let ann = server.user("ann");
    let app = server.with_totp(&ann);
    server.with_contact(&ann, Method::Sms, PHONE);
    server.with_contact(&ann, Method::Email, "ann@example.net");
    let mut browser = server.browser();
    browser.sign_in("ann", PASSWORD);
    let addresses = [
        ("totp", "/mfa?method=totp"),
        ("sms", "/mfa?method=sms"),
        ("email", "/mfa?method=email"),
        ("recovery", "/mfa/recovery"),
    ];
    for (own, address) in addresses {
        let page = browser.open(address);
        assert_eq!(page.status, 200, "{address}");
        for (other, href) in addresses {
            let linked = page.body.contains(&format!("id=\"{other}\" href=\"{href}\""));
            assert_eq!(linked, other != own, "{other} on {address}: {page:?}");
        }
        assert!(page.body.contains("id=\"restart\""), "{address}");
    }
    // The strongest comes first, also when something else is named.
    for address in ["/mfa", "/mfa?method=webauthn", "/mfa?method=x"] {
        assert!(browser.open(address).body.contains("name=\"method\" value=\"totp\""), "{address}");
    }
    assert_eq!(browser.give_code(&server.code(&app)).location(), "/account");
}

#[test]
fn method_that_is_not_enrolled_sends_nothing_and_takes_nothing() {
    let server = TestApp::with(with_messages);
    let ann = server.user("ann");
    server.with_totp(&ann);
    let mut browser = server.browser();
    browser.sign_in("ann", PASSWORD);
    server.carry(&accepted());
    let csrf = browser.csrf();
    let page = browser.post("/mfa/send", &[("csrf", csrf.as_str()), ("method", "sms")]);
    assert_eq!(page.location(), "/mfa");
    assert!(server.carry(&accepted()).is_empty());
    let fields = [("csrf", csrf.as_str()), ("method", "email"), ("code", "123456")];
    assert_eq!(browser.post("/mfa", &fields).status, 400);
    assert!(!browser.is_in());
}

#[test]
fn trusted_browser_is_offered_as_configured_and_skips_the_factor() {
    let server = TestApp::new();
    let ann = server.user("ann");
    server.with_totp(&ann);
    let mut browser = server.browser();
    browser.sign_in("ann", PASSWORD);
    assert!(!browser.open("/mfa").body.contains("trust_device"));

    let server = TestApp::with(|c| c.authentication.mfa.trusted_device.enabled = true);
    let ann = server.user("ann");
    let app = server.with_totp(&ann);
    let mut browser = server.browser();
    browser.sign_in("ann", PASSWORD);
    let page = browser.open("/mfa");
    assert!(page.body.contains("Trust this browser for 30 days"), "{page:?}");
    let code = server.code(&app);
    browser.submit(&page, "/mfa", &[("code", &code), ("trust_device", "true")]);
    browser.cookies.remove("mcpcodex_session");
    assert_eq!(browser.sign_in("ann", PASSWORD).location(), "/account");
}

#[test]
fn person_whose_factors_are_all_switched_off_is_told_whom_to_ask() {
    let server = TestApp::new();
    let ann = server.user("ann");
    server.with_totp(&ann);
    let id = ann.id.clone();
    server.write(move |tx| store::factor::set_recovery_codes(tx, &id, &[]));
    let off = server.another_with(|c| c.authentication.mfa.providers.totp.enabled = false);
    let mut browser = browser_of(&off);
    assert_eq!(browser.sign_in("ann", PASSWORD).location(), "/mfa");
    let page = browser.open("/mfa");
    assert!(page.body.contains("Ask the operator"), "{page:?}");
    assert!(page.form("/mfa").is_none() && page.body.contains("href=\"/login\""));
    assert_eq!(server.read(|r| ops::session::count(r, &operator())), 0);
}

#[test]
fn code_of_one_sign_in_is_none_in_another() {
    let (server, mut browser) = with_sms(|_| ());
    let mut other = server.browser();
    other.sign_in("ann", PASSWORD);
    let (page, sent) = server.carrying(&accepted(), || ask_for_code(&mut browser));
    assert_eq!(page.status, 303);
    let csrf = other.csrf();
    let code = code_in(&sent[0]);
    let fields = [("csrf", csrf.as_str()), ("method", "sms"), ("code", code.as_str())];
    assert_eq!(other.post("/mfa", &fields).status, 401);
    assert!(!other.is_in());
    server.advance(Duration::from_secs(600).as_secs());
    let page = browser.open("/mfa?method=sms");
    assert!(page.form("/mfa").is_none(), "a code that is over has no field: {page:?}");
}
