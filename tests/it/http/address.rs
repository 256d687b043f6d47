//! Where a request came from: the peer, or whom trusted proxies name.

use mcpcodex::ops;

use crate::support::{PASSWORD, TestApp, operator};

/// The address of the session that a sign-in opens, with this peer and this `X-Forwarded-For`.
fn address(peer: &str, forwarded: &str) -> String {
    let server = TestApp::with(|config| {
        config.server.trusted_proxies = vec!["10.0.0.0/8".parse().unwrap()];
    });
    server.user("ann");
    let mut browser = server.browser().from(peer);
    let csrf = browser.csrf();
    let fields = [("csrf", csrf.as_str()), ("username", "ann"), ("password", PASSWORD)];
    let page = browser
        .ask("POST", "/login")
        .header("sec-fetch-site", "same-origin")
        .header("x-forwarded-for", forwarded)
        .form(&fields)
        .send();
    assert_eq!(page.status, 303, "{page:?}");
    let live = server.read(|r| ops::session::list(r, &operator(), None, 10));
    live.first().unwrap().session.address.clone()
}

#[test]
fn trusted_proxy_names_the_client_and_nobody_else_does() {
    assert_eq!(address("10.0.0.7", "203.0.113.9"), "203.0.113.9");
    assert_eq!(address("10.0.0.7", "198.51.100.1, 203.0.113.9, 10.1.1.1"), "203.0.113.9");
    assert_eq!(address("192.0.2.1", "203.0.113.9"), "192.0.2.1");
}

#[test]
fn ipv4_address_seen_through_an_ipv6_socket_is_the_same_address() {
    assert_eq!(address("::ffff:10.0.0.7", "203.0.113.9"), "203.0.113.9");
    assert_eq!(address("10.0.0.7", "203.0.113.9, ::ffff:10.1.1.1"), "203.0.113.9");
    assert_eq!(address("::ffff:192.0.2.1", "203.0.113.9"), "192.0.2.1");
}
