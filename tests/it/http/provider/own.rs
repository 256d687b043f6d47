//! This server as its own provider: `/auth/login` by way of our own `/authorize`.

use serde_json::json;

use crate::support::{PASSWORD, TestApp};

#[test]
fn own_login_goes_by_authorize_and_the_sign_in_page_to_the_session() {
    let server = TestApp::new();
    let ann = server.user("ann");
    let mut browser = server.browser();
    let page = browser.open("/auth/login");
    let own = &server.app.env.site.issuer;
    assert!(
        page.location().starts_with(&format!("{own}/authorize?response_type=code")),
        "{page:?}"
    );
    assert!(page.location().contains("client_id=mcpcodex-client"), "{page:?}");
    let page = browser.follow_all(page);
    let page = browser.submit(&page, "/login", &[("username", "ann"), ("password", PASSWORD)]);
    let page = browser.follow(page);
    assert!(page.location().starts_with(&format!("{own}/auth/callback?code=")), "{page:?}");
    let page = browser.follow(page);
    assert_eq!((page.status, page.location()), (303, "/account"), "{page:?}");
    assert!(page.set_cookie("mcpcodex_session").is_some());
    let session = browser.open("/auth/session").json();
    assert_eq!(session["user"]["id"], json!(ann.id));
    // Asked no consent, and left no connected app behind.
    assert!(
        server.events().iter().all(|event| event != "consent.allow" && event != "grant.create")
    );
    assert!(server.events().iter().any(|event| event == "provider.sign_in"));
}

#[test]
fn own_answer_counts_once_and_in_its_own_browser() {
    let server = TestApp::new();
    let mut browser = {
        server.user("ann");
        server.login("ann")
    };
    let page = browser.open("/auth/login");
    let back = browser.follow(page).location().to_owned();
    let mut other = server.browser();
    let path = back.strip_prefix(&server.app.env.site.issuer).unwrap().to_owned();
    let page = other.open(&path);
    assert_eq!(page.status, 400, "{page:?}");
    assert!(page.body.contains("did not begin in this browser"), "{}", page.body);
    assert_eq!(browser.open(&path).location(), "/account");
    let page = browser.open(&path);
    assert_eq!(page.status, 400, "{page:?}");
    assert!(page.body.contains("id=\"reference\""), "{}", page.body);
}

#[test]
fn end_of_a_sign_in_is_a_page_of_ours_or_what_is_registered() {
    let server = TestApp::new();
    let mut browser = {
        server.user("ann");
        server.login("ann")
    };
    let own = server.app.env.site.issuer.clone();
    let good = [
        (format!("{own}/auth/callback"), "/account"),
        (format!("{own}/account/apps"), "/account/apps"),
        ("/account/keys".to_owned(), "/account/keys"),
    ];
    for (uri, to) in good {
        let uri: String = form_urlencoded::byte_serialize(uri.as_bytes()).collect();
        let page = browser.open(&format!("/auth/login?redirect_uri={uri}"));
        let page = browser.follow(page);
        assert_eq!(browser.follow(page).location(), to, "{uri}");
    }
    for uri in [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "http://localhost:8420.evil.example/",
        "http://localhost:8420@evil.example/",
        "http://localhost:84200/",
        "javascript:alert(1)",
    ] {
        let uri: String = form_urlencoded::byte_serialize(uri.as_bytes()).collect();
        let page = browser.open(&format!("/auth/login?redirect_uri={uri}"));
        assert_eq!(page.status, 400, "{uri}: {page:?}");
        assert!(page.location().is_empty(), "{uri}");
    }
    let env = server.app.env();
    server.write(move |tx| {
        let who = crate::support::operator();
        let id = mcpcodex::ops::provider::own::client_id(&env);
        let own = mcpcodex::ops::provider::own_callback(&env);
        let uris = vec![own, "https://app.example.com/after".to_owned()];
        let change = mcpcodex::ops::client::Change {
            redirect_uris: Some(uris),
            ..mcpcodex::ops::client::Change::default()
        };
        mcpcodex::ops::client::edit(tx, &who, &id, change)
    });
    let page = browser.open("/auth/login?redirect_uri=https%3A%2F%2Fapp.example.com%2Fafter");
    let page = browser.follow(page);
    assert_eq!(browser.follow(page).location(), "https://app.example.com/after");
}
