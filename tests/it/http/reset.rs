//! A lost password: the page tells nothing of who exists, the link works once and signs nobody in.

use mcpcodex::{config::mfa::EmailProvider, ops};

use crate::support::{
    OTHER_PASSWORD, PASSWORD, TestApp,
    carrier::{accepted, link_in},
    operator,
};

fn with_mail() -> TestApp {
    TestApp::with(|c| c.authentication.mfa.providers.email.provider = EmailProvider::Console)
}

#[test]
fn sign_in_page_leads_to_it_and_without_mail_it_names_the_operator() {
    let server = TestApp::new();
    let mut browser = server.browser();
    assert!(browser.open("/login").body.contains("id=\"forgot\" href=\"/reset\""));
    let page = browser.open("/reset");
    assert!(page.form("/reset").is_none() && page.body.contains("Ask its operator"), "{page:?}");
    let page = browser.ask("GET", "/reset").header("accept-language", "de").send();
    assert!(page.body.contains("Bitten Sie den Betreiber"), "{page:?}");
}

#[test]
fn answer_is_the_same_for_every_name() {
    let server = with_mail();
    server.user("ann");
    let mut browser = server.browser();
    let ask = |browser: &mut crate::support::Browser, name: &str| {
        let page = browser.open("/reset");
        browser.submit(&page, "/reset", &[("username", name)])
    };
    let known = ask(&mut browser, "ann");
    assert_eq!(known.status, 200);
    for name in ["nobody", "ann@example.com", "nobody@example.com", "", "<b>", "root'--"] {
        let page = ask(&mut browser, name);
        assert_eq!((page.status, &page.body), (200, &known.body), "{name}");
        assert_eq!(page.headers, known.headers, "{name}");
    }
    let sent = server.carry(&accepted());
    assert_eq!(sent.len(), 2, "by user name and by address");
    assert!(sent.iter().all(|mail| mail.recipient == "ann@example.com"));
}

#[test]
fn link_sets_a_password_once_ends_every_session_and_signs_nobody_in() {
    let server = with_mail();
    let ann = server.user("ann");
    let app = server.with_totp(&ann);
    server.carry(&accepted());
    let mut inside = server.login_with("ann", &app);
    let mut browser = server.browser();
    let page = browser.open("/reset");
    browser.submit(&page, "/reset", &[("username", "ann")]);
    let mails = server.carry(&accepted());
    let link = link_in(mails.iter().find(|mail| mail.text.expose().contains("/reset?")).unwrap());
    let page = browser.open(&link);
    let weak = browser.submit(&page, "/reset", &[("new_password", "short")]);
    assert_eq!(weak.status, 422);
    assert!(weak.text_of("broken").is_some());
    let page = browser.submit(&weak, "/reset", &[("new_password", OTHER_PASSWORD)]);
    assert_eq!((page.status, page.location()), (303, "/login?done=reset"));
    assert!(page.set_cookie("mcpcodex_session").is_none());
    let page = browser.follow(page);
    assert!(page.text_of("notice").unwrap().contains("Your password is set"), "{page:?}");
    assert!(!browser.is_in() && !inside.is_in());
    // The second factor is asked for as ever.
    let page =
        browser.submit(&page, "/login", &[("username", "ann"), ("password", OTHER_PASSWORD)]);
    assert_eq!(page.location(), "/mfa");
    assert_eq!(browser.open(&link).status, 404, "once");
    assert_eq!(server.browser().sign_in("ann", PASSWORD).status, 401);
}

#[test]
fn form_without_a_live_link_sets_nothing() {
    let server = with_mail();
    let ann = server.user("ann");
    let (env, id) = (server.app.env(), ann.id.clone());
    let link = server.write(move |tx| ops::reset::link(tx, &env, &operator(), &id));
    let mut browser = server.browser();
    let path = link.url.strip_prefix("http://localhost:8420").unwrap().to_owned();
    let page = browser.open(&path);
    for wrong in ["", "a.b", "x"] {
        let fields = [("token", wrong), ("new_password", OTHER_PASSWORD)];
        assert_eq!(browser.submit(&page, "/reset", &fields).status, 404, "{wrong:?}");
    }
    server.advance(3_600);
    let late = browser.submit(&page, "/reset", &[("new_password", OTHER_PASSWORD)]);
    assert_eq!(late.status, 404);
    assert_eq!(server.browser().sign_in("ann", PASSWORD).location(), "/account");
}
