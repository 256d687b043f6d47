//! Forms that other sites send in a person's name: refused, and nothing has changed.

use crate::support::{
    Browser, OTHER_PASSWORD, PASSWORD, Page, TestApp,
    rows::{NOTHING, Rows},
};

const EVIL: &str = "https://evil.example";

/// Everything that changes something for someone signed in.
const INSIDE: [&str; 29] = [
    "/login/confirm",
    "/account/profile",
    "/account/security/remove",
    "/account/sessions/end",
    "/account/devices/forget",
    "/account/devices/distrust",
    "/account/apps/disconnect",
    "/account/keys/new",
    "/account/keys/revoke",
    "/account/keys/rotate",
    "/mfa/enroll/send",
    "/password/strength",
    "/reset",
    "/logout",
    "/auth/logout",
    "/password",
    "/account/sessions/end-others",
    "/mfa/enroll",
    "/mfa/codes/new",
    "/consent",
    "/mfa/enroll/passkey",
    "/login/confirm/passkey",
    "/passkey/confirm",
    "/passkey/register",
    "/account/passkeys/rename",
    "/account/providers/link",
    "/account/providers/unlink",
    "/account/passkeys/remove",
    "/device",
];

/// What leads somebody in.
const OUTSIDE: [&str; 14] = [
    "/login",
    "/login/passkey",
    "/mfa",
    "/mfa/passkey",
    "/mfa/enroll",
    "/mfa/codes",
    "/passkey/sign-in",
    "/passkey/second-factor",
    "/passkey/register",
    "/password",
    "/setup",
    "/invite",
    "/mfa/send",
    "/reset",
];

/// What takes no form of ours but JSON; its own tests try what other sites send.
const JSON: [&str; 1] = ["/auth/mfa/verify"];

/// What no cookie opens, and the question of another site that is answered with a page (OpenID Connect Core §3.1.2.1).
const FREE: [&str; 11] = [
    "/token",
    "/par",
    "/device_authorization",
    "/revoke",
    "/introspect",
    "/register",
    "/userinfo",
    "/authorize",
    "/auth/api-key/rotate",
    "/auth/backchannel-logout",
    "/auth/backchannel-logout/{provider}",
];

/// The demo app's, which come with `serve --demo` alone.
pub(super) const DEMO: [&str; 6] = [
    "/demo/start",
    "/demo/refresh",
    "/demo/repeat",
    "/demo/introspect",
    "/demo/revoke",
    "/demo/logout",
];

/// Every route that takes something by POST, as the routers name it.
fn posted() -> Vec<&'static str> {
    let routers = [
        include_str!("../../../src/http/router.rs"),
        include_str!("../../../src/http/oauth/mod.rs"),
        include_str!("../../../src/http/demo/mod.rs"),
    ];
    let lines = routers.iter().flat_map(|text| text.lines());
    let posts = lines.filter(|line| line.contains(".route(") && line.contains("post("));
    posts.map(|line| line.split('"').nth(1).unwrap()).collect()
}

#[test]
fn every_route_that_takes_a_form_is_in_one_of_the_lists() {
    let listed: Vec<&str> =
        INSIDE.iter().chain(&OUTSIDE).chain(&FREE).chain(&DEMO).chain(&JSON).copied().collect();
    let routes = posted();
    assert!(routes.len() > 40, "{routes:?}");
    for route in &routes {
        assert!(listed.contains(route), "{route} is tried by no test of this file");
    }
    for path in listed {
        assert!(routes.contains(&path), "{path} is no route any more");
    }
}

/// Fields that would be right in any of the forms.
fn fields(csrf: &str) -> Vec<(&str, &str)> {
    vec![
        ("csrf", csrf),
        ("username", "ann"),
        ("password", PASSWORD),
        ("new_password", OTHER_PASSWORD),
        ("code", "123456"),
        ("decision", "allow"),
        ("request", "r_x"),
    ]
}

/// The ways in which another site can make a browser send something, each with all cookies, and even with the
/// right token where it says so.
pub(super) fn forgeries(browser: &Browser, path: &str, csrf: &str) -> Vec<(&'static str, Page)> {
    let ask = |change: &dyn Fn(&mut Browser) -> Page| change(&mut browser.clone());
    let json = format!("{{\"csrf\":\"{csrf}\",\"decision\":\"allow\"}}");
    let form = "application/x-www-form-urlencoded";
    let encoded = |csrf: &str| {
        form_urlencoded::Serializer::new(String::new()).extend_pairs(fields(csrf)).finish()
    };
    vec![
        (
            "a form of another site, with the token",
            ask(&|b| b.ask("POST", path).by_site(EVIL).form(&fields(csrf)).send()),
        ),
        (
            "a sandboxed frame, with the token",
            ask(&|b| b.ask("POST", path).by_site("null").form(&fields(csrf)).send()),
        ),
        (
            "a sister domain, with the token",
            ask(&|b| {
                b.ask("POST", path)
                    .header("sec-fetch-site", "same-site")
                    .header("origin", "http://app.localhost:8420")
                    .form(&fields(csrf))
                    .send()
            }),
        ),
        (
            "another port of this host, with the token",
            ask(&|b| {
                b.ask("POST", path)
                    .header("sec-fetch-site", "same-site")
                    .header("origin", "http://localhost:3000")
                    .form(&fields(csrf))
                    .send()
            }),
        ),
        (
            "a browser that knows no Sec-Fetch-Site, with the token",
            ask(&|b| {
                b.ask("POST", path)
                    .without("sec-fetch-site")
                    .header("origin", EVIL)
                    .form(&fields(csrf))
                    .send()
            }),
        ),
        (
            "the same with Origin null",
            ask(&|b| {
                b.ask("POST", path)
                    .without("sec-fetch-site")
                    .header("origin", "null")
                    .form(&fields(csrf))
                    .send()
            }),
        ),
        (
            "plain text that is JSON",
            ask(&|b| b.ask("POST", path).by_site(EVIL).body("text/plain", json.as_str()).send()),
        ),
        (
            "a multipart form",
            ask(&|b| {
                b.ask("POST", path)
                    .by_site(EVIL)
                    .body("multipart/form-data; boundary=x", "--x--")
                    .send()
            }),
        ),
        (
            "no content type",
            ask(&|b| {
                b.ask("POST", path)
                    .by_site(EVIL)
                    .body(form, encoded(""))
                    .without("content-type")
                    .send()
            }),
        ),
    ]
}

/// As [`forgeries`], but as sent from our own origin, where only the token can tell.
pub(super) fn without_token(
    browser: &Browser,
    path: &str,
    others: &str,
) -> Vec<(&'static str, Page)> {
    let post = |fields: &[(&str, &str)]| browser.clone().post(path, fields);
    let mut without = fields("");
    without.remove(0);
    let mut twice = fields(others);
    twice.insert(0, ("csrf", "x"));
    vec![
        ("no token", post(&without)),
        ("an empty token", post(&fields(""))),
        ("the token of another browser", post(&fields(others))),
        ("two tokens", post(&twice)),
    ]
}

#[test]
fn form_of_another_site_changes_nothing_for_someone_signed_in() {
    let server = TestApp::new();
    let ann = server.user("ann");
    let app = server.with_totp(&ann);
    let browser = server.login_with("ann", &app);
    let other = server.login_other();
    let csrf = browser.clone().csrf();
    let others = other.clone().csrf();
    assert_ne!(csrf, others);
    let before = Rows::of(&server.app.db);
    for path in INSIDE {
        let mut sent = forgeries(&browser, path, &csrf);
        if path != "/auth/logout" {
            sent.extend(without_token(&browser, path, &others));
        }
        for (how, page) in sent {
            assert_eq!(page.status, 403, "{how} at {path}: {page:?}");
            assert!(page.set_cookies().is_empty(), "{how} at {path}: {page:?}");
        }
    }
    assert_eq!(before.since(&server.app.db), NOTHING);
    assert!(browser.clone().is_in() && other.clone().is_in());
}

#[test]
fn body_of_another_type_is_no_form_of_ours_even_with_the_right_token() {
    let server = TestApp::new();
    let ann = server.user("ann");
    let app = server.with_totp(&ann);
    let browser = server.login_with("ann", &app);
    let csrf = browser.clone().csrf();
    let encoded =
        form_urlencoded::Serializer::new(String::new()).extend_pairs(fields(&csrf)).finish();
    let part =
        format!("--x\r\ncontent-disposition: form-data; name=\"csrf\"\r\n\r\n{csrf}\r\n--x--");
    let json = format!("{{\"csrf\":\"{csrf}\",\"decision\":\"allow\"}}");
    let before = Rows::of(&server.app.db);
    for path in INSIDE.into_iter().filter(|path| *path != "/auth/logout") {
        for (media, body) in [
            ("text/plain", &encoded),
            ("text/plain", &json),
            ("application/json", &json),
            ("multipart/form-data; boundary=x", &part),
        ] {
            let mut browser = browser.clone();
            let asking = browser.ask("POST", path).body(media, body.as_str());
            let page =
                asking.header("sec-fetch-site", "same-origin").header("origin", "null").send();
            assert!(matches!(page.status, 400 | 403 | 415), "{media} at {path}: {page:?}");
        }
    }
    assert_eq!(before.since(&server.app.db), NOTHING);
    assert!(browser.clone().is_in());
}

impl TestApp {
    /// Somebody else, in another browser.
    fn login_other(&self) -> Browser {
        self.user("bob");
        self.login("bob")
    }
}

#[test]
fn form_of_another_site_signs_nobody_in() {
    let server = TestApp::new();
    server.user("ann");
    let mut browser = server.browser();
    let csrf = browser.csrf();
    let others = server.browser().csrf();
    let before = Rows::of(&server.app.db);
    for path in OUTSIDE {
        let mut sent = forgeries(&browser, path, &csrf);
        sent.extend(without_token(&browser, path, &others));
        for (how, page) in sent {
            assert_eq!(page.status, 403, "{how} at {path}: {page:?}");
            assert!(page.set_cookie("mcpcodex_session").is_none());
        }
    }
    assert_eq!(before.since(&server.app.db), NOTHING);
}

#[test]
fn form_without_any_cookie_is_refused_even_with_a_token_that_was_once_right() {
    let server = TestApp::new();
    server.user("ann");
    let mut browser = server.browser();
    let csrf = browser.csrf();
    let page = browser
        .ask("POST", "/login")
        .without_cookies()
        .header("sec-fetch-site", "same-origin")
        .header("origin", "null")
        .form(&fields(&csrf))
        .send();
    assert_eq!(page.status, 403);
    assert!(browser.session().is_none());
}

#[test]
fn form_of_our_own_page_is_taken_from_every_sort_of_browser() {
    let server = TestApp::new();
    server.user("ann");
    let sort: [&[(&str, Option<&str>)]; 4] = [
        &[("sec-fetch-site", Some("same-origin")), ("origin", Some("null"))],
        &[("sec-fetch-site", Some("same-origin")), ("origin", Some("http://localhost:8420"))],
        &[("sec-fetch-site", None), ("origin", Some("http://localhost:8420"))],
        &[("sec-fetch-site", None), ("origin", None)],
    ];
    for headers in sort {
        let mut browser = server.browser();
        let csrf = browser.csrf();
        let mut asking = browser.ask("POST", "/login");
        for (name, value) in headers {
            asking = match value {
                Some(value) => asking.header(name, value),
                None => asking.without(name),
            };
        }
        let page = asking.form(&fields(&csrf)).send();
        // The field of another form that came along is no harm.
        assert_eq!(page.status, 303, "{headers:?}: {page:?}");
        assert!(browser.is_in());
    }
}

#[test]
fn program_signs_out_with_the_cookie_alone() {
    let server = TestApp::new();
    server.user("ann");
    let mut browser = server.login("ann");
    let page = browser.ask("GET", "/auth/session").by_program().send();
    assert_eq!((page.status, page.json()["user"]["username"].as_str()), (200, Some("ann")));
    let page = browser.ask("POST", "/auth/logout").by_program().send();
    assert_eq!(page.status, 200);
    assert!(!browser.is_in());
}

#[test]
fn get_changes_nothing() {
    let server = TestApp::new();
    let ann = server.user("ann");
    let app = server.with_totp(&ann);
    let mut browser = server.login_with("ann", &app);
    let before = Rows::of(&server.app.db);
    for path in INSIDE.iter().chain(&["/login", "/account", "/mfa/codes"]) {
        for method in ["GET", "HEAD"] {
            browser.ask(method, &format!("{path}?decision=allow&code=1&new_password=x")).send();
        }
    }
    let change = before.since(&server.app.db);
    assert!(change.events.is_empty(), "{change:?}");
    assert!(browser.is_in());
}
