//! What every answer carries, whose host is served, and how the cookies are marked.

use mcpcodex::config::session::SameSite;

use crate::support::{Browser, PASSWORD, Page, TestApp};

/// Answers of every sort: pages, redirects, JSON, refusals.
fn answers(server: &TestApp) -> Vec<Page> {
    server.user("ann");
    let mut inside = server.login("ann");
    let mut outside = server.browser();
    let mut pages = vec![
        outside.sign_in("ann", "wrong"),
        outside.ask("POST", "/login").send(),
        outside.ask("DELETE", "/login").send(),
        outside.ask("GET", "/login").header("host", "evil.example").send(),
        outside.ask("POST", "/token").form(&[("grant_type", "password")]).send(),
        outside.ask("POST", "/login").form(&[("x", "y".repeat(300_000))]).send(),
    ];
    for path in [
        "/",
        "/login",
        "/account",
        "/account/security",
        "/account/security/remove",
        "/account/passkeys",
        "/account/passkeys/remove",
        "/account/sessions",
        "/account/apps",
        "/account/keys",
        "/account/keys/new",
        "/login/confirm",
        "/device",
        "/device?user_code=ZZZZ-ZZZZ",
        "/consent",
        "/authorize/continue",
        "/enroll",
        "/reset",
        "/language",
        "/mfa",
        "/mfa/enroll",
        "/mfa/enroll/passkey",
        "/mfa/codes",
        "/password",
        "/logout",
        "/setup",
        "/invite",
        "/nothing",
        "/auth/session",
        "/auth/verify",
        "/auth/return",
        "/auth/nothing",
        "/authorize",
        "/userinfo",
        "/healthz",
        "/readyz",
        "/.well-known/openid-configuration",
        "/jwks",
        "/assets/nothing.css",
        mcpcodex::http::assets::url("app.css"),
    ] {
        pages.push(outside.open(path));
        pages.push(inside.open(path));
    }
    pages
}

#[test]
fn every_answer_carries_the_security_headers() {
    for page in answers(&TestApp::new()) {
        let csp = page.header("content-security-policy");
        for part in ["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"] {
            assert!(csp.contains(part), "{csp}: {page:?}");
        }
        assert!(!csp.contains("unsafe") && !csp.contains('*'), "{csp}");
        assert_eq!(page.header("x-frame-options"), "DENY", "{page:?}");
        assert_eq!(page.header("x-content-type-options"), "nosniff", "{page:?}");
        assert_eq!(page.header("referrer-policy"), "no-referrer", "{page:?}");
        assert_eq!(page.header("strict-transport-security"), "", "not over plain HTTP");
        assert_eq!(page.header("server"), "");
        assert_eq!(page.header("x-powered-by"), "");
    }
}

#[test]
fn pages_with_a_script_are_framed_by_nobody_either() {
    let server = TestApp::new();
    server.user("ann");
    let mut inside = server.login("ann");
    let mut outside = server.browser();
    let pages = [
        outside.open("/login"),
        inside.open("/account/passkeys"),
        inside.open("/mfa/enroll/passkey"),
        inside.open("/password"),
    ];
    assert!(pages.iter().filter(|page| page.body.contains("<script")).count() >= 3);
    for page in pages {
        let csp = page.header("content-security-policy");
        assert_eq!(csp.contains("script-src 'self'"), page.body.contains("<script"), "{page:?}");
        assert!(csp.starts_with("default-src 'none';") && csp.contains("frame-ancestors 'none'"));
    }
}

#[test]
fn over_https_every_answer_says_so_for_good() {
    let server = TestApp::with(|config| {
        config.server.public_url = Some("https://auth.example.com".parse().unwrap());
    });
    for page in answers(&server) {
        assert!(
            page.header("strict-transport-security").starts_with("max-age=31536000"),
            "{page:?}"
        );
    }
}

#[test]
fn nothing_but_public_files_and_metadata_is_kept_by_caches() {
    for page in answers(&TestApp::new()) {
        let public = page.path.starts_with("/assets/")
            || page.path.starts_with("/.well-known/")
            || page.path == "/jwks";
        if !(public && page.status == 200) {
            assert_eq!(page.header("cache-control"), "no-store", "{page:?}");
        }
    }
}

#[test]
fn request_for_another_host_is_not_served() {
    let server = TestApp::new();
    server.user("ann");
    let mut browser = server.login("ann");
    for host in [
        "evil.example",
        "evil.example:8420",
        "localhost",
        "localhost:80",
        "localhost.:8420",
        "localhost:8420.evil.example",
        "127.0.0.1",
        "[::1]",
        "",
    ] {
        for path in ["/account", "/login", "/auth/session", "/.well-known/openid-configuration"] {
            let page = browser.ask("GET", path).header("host", host).send();
            assert_eq!(page.status, 421, "{host} {path}: {page:?}");
            assert!(!page.body.contains("ann"), "{page:?}");
        }
    }
    assert_eq!(browser.ask("GET", "/login").without("host").send().status, 421);
    for host in ["localhost:8420", "127.0.0.1:8420", "[::1]:8420", "LocalHost:8420"] {
        assert_eq!(
            browser.ask("GET", "/account").header("host", host).send().status,
            200,
            "{host}"
        );
    }
}

#[test]
fn forwarded_host_changes_neither_links_nor_issuer() {
    let server = TestApp::new();
    let mut browser = server.browser();
    for name in
        ["x-forwarded-host", "x-forwarded-proto", "forwarded", "x-original-url", "x-rewrite-url"]
    {
        let page = browser
            .ask("GET", "/.well-known/openid-configuration")
            .header(name, "evil.example")
            .send();
        assert_eq!(page.json()["issuer"], "http://localhost:8420", "{name}");
        let page = browser.ask("GET", "/account").header(name, "evil.example").send();
        assert!(page.location().starts_with("/login"), "{name}: {page:?}");
        assert!(!page.body.contains("evil"), "{name}");
    }
}

#[test]
fn other_sites_may_read_nothing_that_goes_by_cookie() {
    let server = TestApp::new();
    server.user("ann");
    let browser = server.login("ann");
    let allowed =
        |page: &Page| page.headers.keys().any(|name| name.as_str().starts_with("access-control-"));
    for origin in ["https://evil.example", "null", "http://localhost:3000", "http://localhost:8420"]
    {
        for path in [
            "/",
            "/login",
            "/account",
            "/mfa",
            "/mfa/enroll",
            "/mfa/codes",
            "/password",
            "/logout",
            "/auth/session",
            "/auth/logout",
            "/authorize",
            "/consent",
            "/setup",
            "/invite",
            "/account/sessions/end-others",
            "/mfa/codes/new",
        ] {
            for method in ["GET", "POST", "OPTIONS"] {
                let page = browser
                    .clone()
                    .ask(method, path)
                    .by_site(origin)
                    .header("access-control-request-method", "POST")
                    .send();
                assert!(!allowed(&page), "{method} {path} for {origin}: {page:?}");
            }
        }
    }
}

/// The `Set-Cookie` of a session, part by part, without its value.
fn marks(browser: &mut Browser, name: &str, fields: &[(&str, &str)]) -> Vec<String> {
    let page = browser.open("/login");
    let mut all = vec![("username", "ann"), ("password", PASSWORD)];
    all.extend(fields);
    let page = browser.submit(&page, "/login", &all);
    let cookie = page.set_cookie(name).unwrap_or_else(|| panic!("{page:?}"));
    let mut marks: Vec<String> = cookie.split("; ").skip(1).map(str::to_owned).collect();
    marks.sort();
    marks
}

#[test]
fn session_cookie_is_marked_as_configured() {
    let server = TestApp::new();
    server.user("ann");
    let name = "mcpcodex_session";
    assert_eq!(
        marks(&mut server.browser(), name, &[]),
        ["HttpOnly", "Path=/", "SameSite=Strict"],
        "no Secure on plain localhost, no Domain, gone with the browser"
    );
    assert_eq!(
        marks(&mut server.browser(), name, &[("remember_me", "true")]),
        ["HttpOnly", "Max-Age=2592000", "Path=/", "SameSite=Strict"]
    );

    let server = TestApp::with(|config| {
        config.server.public_url = Some("https://auth.example.com".parse().unwrap());
        let session = &mut config.authentication.session;
        session.cookie_name = "__Host-session".to_owned();
        session.security.same_site = SameSite::Lax;
    });
    server.user("ann");
    assert_eq!(
        marks(&mut server.browser(), "__Host-session", &[]),
        ["HttpOnly", "Path=/", "SameSite=Lax", "Secure"]
    );

    let server = TestApp::with(|config| {
        config.server.public_url = Some("https://auth.example.com".parse().unwrap());
        config.authentication.session.security.domain = Some("example.com".to_owned());
    });
    server.user("ann");
    assert_eq!(
        marks(&mut server.browser(), name, &[]),
        ["Domain=example.com", "HttpOnly", "Path=/", "SameSite=Strict", "Secure"]
    );
}

#[test]
fn every_cookie_is_kept_from_scripts_and_from_plain_http() {
    let server = TestApp::with(|config| {
        config.server.public_url = Some("https://auth.example.com".parse().unwrap());
    });
    let ann = server.user("ann");
    let app = server.with_totp(&ann);
    let mut browser = server.browser();
    let mut pages = vec![browser.open("/login"), browser.sign_in("ann", PASSWORD)];
    pages.push(browser.give_code(&server.code(&app)));
    let page = browser.open("/logout");
    pages.push(browser.submit(&page, "/logout", &[]));
    let mut names = std::collections::BTreeSet::new();
    for cookie in pages.iter().flat_map(Page::set_cookies) {
        names.insert(cookie.split('=').next().unwrap().to_owned());
        for mark in ["; Secure", "; HttpOnly", "; SameSite=", "; Path=/"] {
            assert!(cookie.contains(mark), "{cookie} lacks {mark}");
        }
        assert!(!cookie.contains("Domain"), "{cookie}");
    }
    assert_eq!(
        names.into_iter().collect::<Vec<_>>(),
        ["mcpcodex_browser", "mcpcodex_device", "mcpcodex_session", "mcpcodex_sign_in"]
    );
}

#[test]
fn server_without_remember_me_neither_offers_nor_grants_it() {
    let server = TestApp::with(|config| {
        let timeouts = &mut config.authentication.session.timeouts;
        timeouts.remember_me = timeouts.absolute;
    });
    server.user("ann");
    let mut browser = server.browser();
    assert!(!browser.open("/login").body.contains("remember_me"));
    let marks = marks(&mut browser, "mcpcodex_session", &[("remember_me", "true")]);
    assert!(marks.iter().all(|mark| !mark.starts_with("Max-Age")), "{marks:?}");
}
