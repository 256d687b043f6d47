//! Linking an identity at a provider with an account that is there, and taking the link back.

use crate::support::{Browser, PASSWORD, TestApp, operator, origin};

use super::{LOGIN, through, world};

fn link(browser: &mut Browser, idp: &crate::support::idp::Idp) -> crate::support::Page {
    let page = browser.open("/account/security");
    let page = browser.submit(&page, "/account/providers/link", &[]);
    assert_eq!(page.status, 303, "{page:?}");
    let back = idp.answer(page.location());
    browser.open(&back)
}

fn links(server: &TestApp, name: &str) -> usize {
    server.read(|r| {
        let user = mcpcodex::ops::user::find(r, name)?;
        Ok(mcpcodex::ops::provider::link::of(r, &operator(), &user.id)?.len())
    })
}

#[test]
fn person_links_a_provider_signs_in_by_it_and_takes_the_link_back() {
    let (server, idp) = world("      accounts: { create: false }\n");
    let ann = server.person("ann", &["user"], PASSWORD);
    let mut browser = server.login("ann");
    let page = link(&mut browser, &idp);
    assert_eq!(page.location(), "/account/security?done=linked", "{page:?}");
    assert_eq!(links(&server, "ann"), 1);
    let mut other = server.browser();
    through(&mut other, &idp, LOGIN);
    assert_eq!(other.open("/auth/session").json()["user"]["id"].as_str(), Some(ann.id.as_str()));
    let page = browser.open("/account/security");
    assert!(page.body.contains("pia@corp.example"), "{}", page.body);
    let page = browser.submit(&page, "/account/providers/unlink", &[]);
    assert_eq!(page.location(), "/account/security?done=unlinked", "{page:?}");
    assert_eq!(links(&server, "ann"), 0);
    let mut other = server.browser();
    assert_eq!(through(&mut other, &idp, LOGIN).status, 403);
}

#[test]
fn identity_of_somebody_else_is_not_linked_a_second_time() {
    let (server, idp) = world("");
    through(&mut server.browser(), &idp, LOGIN);
    server.person("ann", &["user"], PASSWORD);
    let mut browser = server.login("ann");
    let page = link(&mut browser, &idp);
    assert_eq!(page.status, 403, "{page:?}");
    assert!(page.body.contains("linked with another account"), "{}", page.body);
    assert_eq!((links(&server, "ann"), links(&server, "pia")), (0, 1));
}

#[test]
fn link_is_made_for_the_session_that_asked_and_only_while_it_stands() {
    let (server, idp) = world("");
    let ann = server.person("ann", &["user"], PASSWORD);
    let mut browser = server.login("ann");
    let page = browser.open("/account/security");
    let page = browser.submit(&page, "/account/providers/link", &[]);
    let back = idp.answer(page.location());
    // Eve's browser cannot bring the answer, and Ann's not once her session was ended.
    assert_eq!(server.browser().open(&back).status, 400);
    let id = ann.id.clone();
    server.write(move |tx| mcpcodex::ops::session::revoke_of_user(tx, &operator(), &id));
    let page = browser.open(&back);
    assert_eq!(page.status, 403, "{page:?}");
    assert_eq!(links(&server, "ann"), 0);
}

#[test]
fn linking_takes_a_sign_in_of_now_and_the_last_way_in_stays() {
    let (server, idp) = world("");
    server.person("ann", &["user"], PASSWORD);
    let mut browser = server.login("ann");
    let page = browser.open("/account/security");
    server.advance(301);
    let page = browser.submit(&page, "/account/providers/link", &[]);
    assert!(page.location().starts_with("/login/confirm"), "{page:?}");
    // Pia has no password: without the link she could not come back.
    let mut pia = server.browser();
    through(&mut pia, &idp, LOGIN);
    let page = pia.open("/account/security");
    let page = pia.submit(&page, "/account/providers/unlink", &[]);
    assert_eq!(page.status, 409, "{page:?}");
    assert_eq!(links(&server, "pia"), 1);
    // Nor does a link by mail give her one, which would outlive her account there.
    let env = server.app.env();
    server.write(move |tx| {
        let lang = mcpcodex::model::message::text::Lang::En;
        mcpcodex::ops::reset::ask(tx, &env, &origin(), lang, "pia")
    });
    assert!(server.events().iter().all(|event| event != "password.reset_asked"));
}

#[test]
fn person_without_a_password_confirms_at_the_provider_that_it_is_them() {
    let (server, idp) = world("");
    let mut pia = server.browser();
    through(&mut pia, &idp, LOGIN);
    server.advance(301);
    let page = pia.visit("/account/keys/new");
    let href = "/auth/login?provider=corp&#38;return_to=%2Faccount%2Fkeys%2Fnew&#38;anew=yes";
    assert!(page.body.contains(href), "{}", page.body);
    let page = pia.open(&href.replace("&#38;", "&"));
    assert_eq!(idp.asked(page.location()).parameters["prompt"], "login");
    let back = idp.answer(page.location());
    assert_eq!(pia.open(&back).location(), "/account/keys/new");
    assert_eq!(pia.open("/account/keys/new").status, 200);
    // A provider that says itself that the person did not sign in anew is not taken at its word.
    let old = server.app.db.now().secs() - 3_600;
    idp.twist(move |claims| drop(claims.insert("auth_time".into(), old.into())));
    let mut other = server.browser();
    let page = through(&mut other, &idp, "/auth/login?provider=corp&anew=yes");
    assert_eq!(page.status, 403, "{page:?}");
    assert!(!other.is_in());
}

#[test]
fn account_that_never_had_a_password_is_let_in_again_after_a_lock() {
    let (server, idp) = world("");
    through(&mut server.browser(), &idp, LOGIN);
    let pia = server.read(|r| mcpcodex::ops::user::find(r, "pia"));
    let id = pia.id.clone();
    server.write(move |tx| mcpcodex::ops::user::lock(tx, &operator(), &id));
    assert_eq!(through(&mut server.browser(), &idp, LOGIN).status, 403);
    server.write(move |tx| mcpcodex::ops::user::unlock(tx, &operator(), &pia.id));
    assert_eq!(through(&mut server.browser(), &idp, LOGIN).location(), "/account");
}
