//! People in browsers behind a proxy: their cookie counts, no other site's page can use it, and whoever is not signed in
//! is led to sign in and back, to known places only.

use mcpcodex::{
    config::Config,
    http::verify::HEADERS,
    model::resource::{ResourceScope, Risk},
    ops::{
        password::Basis,
        resource::{self, Change, New},
        user::{self, FirstPassword},
    },
};

use crate::support::{Browser, PASSWORD, Page, TestApp, operator};

const APP: &str = "http://localhost:9000";
const ASK: &str = "/auth/verify?resource=http://localhost:9000/mcp";

fn place() -> TestApp {
    place_with(|_| ())
}

fn place_with(configure: impl FnOnce(&mut Config)) -> TestApp {
    let server = TestApp::with(configure);
    let scopes = ["notes:read", "notes:delete", "admin:notes"];
    let new = New {
        uri: format!("{APP}/mcp"),
        scopes: scopes.map(|name| ResourceScope::new(name, "")).to_vec(),
        settings: Change {
            risks: vec![("notes:delete".to_owned(), Risk::Sensitive)],
            ..Change::default()
        },
        ..New::default()
    };
    server.write(move |tx| resource::add(tx, &operator(), new));
    server
}

/// What Traefik and Caddy send about a request for a page.
const FORWARDED: [(&str, &str); 4] = [
    ("x-forwarded-proto", "http"),
    ("x-forwarded-host", "localhost:9000"),
    ("x-forwarded-uri", "/mcp/notes?a=1&b=2"),
    ("x-forwarded-method", "GET"),
];
/// What nginx is configured to send.
const ORIGINAL: [(&str, &str); 2] =
    [("x-original-url", "http://localhost:9000/mcp/notes?a=1&b=2"), ("x-original-method", "GET")];

fn ask(browser: &mut Browser, more: &[(&str, &str)]) -> Page {
    let asking = browser.ask("GET", ASK);
    more.iter().fold(asking, |asking, (name, value)| asking.header(name, value)).send()
}

fn with(
    first: &[(&'static str, &'static str)],
    name: &'static str,
    value: &'static str,
) -> Vec<(&'static str, &'static str)> {
    let mut all = first.to_vec();
    all.retain(|(own, _)| *own != name);
    all.push((name, value));
    all
}

#[test]
fn session_is_let_through_with_the_person_and_what_they_may_do_there() {
    let server = place();
    let ann = server.user("ann");
    let mut browser = server.login("ann");
    let page = ask(&mut browser, &FORWARDED);
    assert_eq!(page.status, 200, "{page:?}");
    let told = HEADERS.map(|name| page.header(name).to_owned());
    assert_eq!(told, [ann.id.as_str(), "ann", "ann@example.com", "user", "notes:read", ""]);
    assert!(HEADERS.iter().all(|name| page.headers.contains_key(*name)));
    assert!(page.set_cookies().is_empty());
    // The scope of the administrators takes their role.
    server.admin("ada");
    let mut admin = server.login("ada");
    assert_eq!(ask(&mut admin, &FORWARDED).header("x-auth-scopes"), "notes:read admin:notes");
    // A use of the session like any other.
    server.advance(3_000);
    assert_eq!(ask(&mut browser, &[]).status, 200);
    server.advance(3_000);
    assert_eq!(ask(&mut browser, &[]).status, 200);
    let mut browser = server.login("ann");
    let mut ended = browser.clone();
    browser.ask("POST", "/auth/logout").by_program().send();
    let page = ended.ask("GET", ASK).by_program().send();
    assert_eq!(page.status, 401, "{page:?}");
}

#[test]
fn sensitive_scope_of_a_person_takes_a_fresh_second_factor() {
    let server = place();
    let ann = server.user("ann");
    let totp = server.with_totp(&ann);
    let mut browser = server.login_with("ann", &totp);
    assert_eq!(ask(&mut browser, &[]).header("x-auth-scopes"), "notes:read notes:delete");
    server.advance(301);
    assert_eq!(ask(&mut browser, &[]).header("x-auth-scopes"), "notes:read");
    let page = browser.ask("GET", &format!("{ASK}&scope=notes:delete")).send();
    assert_eq!(page.status, 403);
}

#[test]
fn names_that_no_header_holds_arrive_percent_encoded() {
    let server = place();
    let new = user::New {
        username: "zoë".to_owned(),
        email: "zoe@example.com".to_owned(),
        roles: vec!["user".to_owned()],
        ..user::New::default()
    };
    let basis = Basis::new_user(&new.username, &new.email, "");
    let (env, first) = (server.app.env(), FirstPassword::Chosen(server.chosen(&basis, PASSWORD)));
    server.write(move |tx| user::create(tx, &env, &operator(), &new, &first));
    let mut browser = server.login("zoë");
    let page = ask(&mut browser, &[]);
    assert_eq!((page.status, page.header("x-auth-user")), (200, "zo%C3%AB"));
}

#[test]
fn page_of_another_site_cannot_use_the_cookie() {
    let server = place_with(|config| {
        config.server.forward_auth.origins = vec!["https://app.example.com".to_owned()];
    });
    server.user("ann");
    let browser = server.login("ann");
    let post = with(&FORWARDED, "x-forwarded-method", "POST");
    let nginx = with(&ORIGINAL, "x-original-method", "POST");
    let evil = ("origin", "https://evil.example");
    // (status, what the browser says of the request)
    let cases: [(u16, &[(&str, &str)]); 12] = [
        (200, &[("sec-fetch-site", "same-origin"), ("sec-fetch-mode", "cors"), ("origin", APP)]),
        (200, &[("sec-fetch-site", "none")]),
        (200, &[("sec-fetch-site", "same-site"), ("origin", "https://app.example.com")]),
        (200, &[("sec-fetch-site", "cross-site"), ("origin", "https://app.example.com")]),
        (401, &[("sec-fetch-site", "cross-site"), evil]),
        (401, &[("sec-fetch-site", "same-site"), ("origin", "http://localhost:3000")]),
        (401, &[("sec-fetch-site", "same-site")]),
        (401, &[("sec-fetch-site", "cross-site"), ("origin", "null")]),
        (
            401,
            &[
                ("sec-fetch-site", "cross-site"),
                ("sec-fetch-mode", "no-cors"),
                ("sec-fetch-dest", "image"),
            ],
        ),
        (401, &[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "websocket"), evil]),
        (
            401,
            &[
                ("sec-fetch-site", "cross-site"),
                ("sec-fetch-mode", "navigate"),
                ("sec-fetch-dest", "iframe"),
            ],
        ),
        (401, &[("sec-fetch-site", "?\u{7f}"), evil]),
    ];
    for told in [&post, &nginx] {
        for (status, said) in cases.iter().filter(|(_, said)| !said[0].1.contains('\u{7f}')) {
            let mut browser = browser.clone();
            let asking = browser.ask("GET", ASK).header("accept", "*/*");
            let asking = asking.without("sec-fetch-dest").without("sec-fetch-mode");
            let all = told.iter().chain(said.iter());
            let page = all.fold(asking, |asking, (name, value)| asking.header(name, value)).send();
            assert_eq!(page.status, *status, "{said:?}: {page:?}");
        }
        // A browser that knows no such header says Origin, for what is no link.
        for (origin, status) in [("https://evil.example", 401), ("null", 401), (APP, 200)] {
            let mut browser = browser.clone();
            let asking = browser.ask("GET", ASK).header("accept", "*/*").without("sec-fetch-site");
            let asking = asking.header("origin", origin);
            let page =
                told.iter().fold(asking, |asking, (name, value)| asking.header(name, value)).send();
            assert_eq!(page.status, status, "{origin}");
        }
    }
    // To follow a link from elsewhere is no act, but to post a form from elsewhere is one.
    for (told, status) in [
        (with(&FORWARDED, "sec-fetch-site", "cross-site"), 200),
        (with(&post, "sec-fetch-site", "cross-site"), 401),
    ] {
        assert_eq!(ask(&mut browser.clone(), &told).status, status, "{told:?}");
    }
    // Unless the proxy says that it is one, it is none.
    assert_eq!(
        ask(&mut browser.clone(), &[("sec-fetch-site", "cross-site"), ("accept", "*/*")]).status,
        401
    );
}

#[test]
fn person_is_led_to_sign_in_and_back_to_the_page() {
    let server = place();
    server.user("ann");
    for told in [&FORWARDED[..], &ORIGINAL[..]] {
        let mut browser = server.browser();
        let page = ask(&mut browser, told);
        let by_nginx = told.len() == 2;
        assert_eq!(page.status, if by_nginx { 401 } else { 303 }, "{page:?}");
        assert_eq!(page.header("www-authenticate").is_empty(), !by_nginx);
        let location = "http://localhost:8420/auth/return?to=http%3A%2F%2Flocalhost%3A9000%2Fmcp%2Fnotes%3Fa%3D1%26b%3D2";
        assert_eq!(page.location(), location);
        let page = browser.open(location.strip_prefix("http://localhost:8420").unwrap());
        assert_eq!(page.status, 303);
        let sign_in = browser.follow(page);
        assert_eq!(sign_in.status, 200, "{sign_in:?}");
        let page =
            browser.submit(&sign_in, "/login", &[("username", "ann"), ("password", PASSWORD)]);
        let page = browser.follow(page);
        assert_eq!(
            (page.status, page.location()),
            (303, "http://localhost:9000/mcp/notes?a=1&b=2")
        );
        assert_eq!(ask(&mut browser, told).status, 200);
    }
}

#[test]
fn program_is_led_nowhere() {
    let server = place();
    for told in [&FORWARDED[..], &ORIGINAL[..]] {
        let unlike: [(&str, &str); 6] = [
            ("accept", "application/json, text/event-stream"),
            ("accept", "*/*"),
            ("accept", "text/html-ish"),
            ("authorization", "Bearer nonsense"),
            ("x-api-key", "nonsense"),
            ("sec-fetch-mode", "cors"),
        ];
        let post = if told.len() == 2 {
            ("x-original-method", "POST")
        } else {
            ("x-forwarded-method", "POST")
        };
        for (name, value) in unlike.into_iter().chain([post]) {
            let page = ask(&mut server.browser(), &with_any(told, name, value));
            assert_eq!((page.status, page.location()), (401, ""), "{name}: {value}: {page:?}");
            assert!(page.header("www-authenticate").starts_with("Bearer resource_metadata="));
        }
    }
    // A proxy that tells nothing gets the plain refusal.
    let page = ask(&mut server.browser(), &[]);
    assert_eq!((page.status, page.location()), (401, ""));
}

fn with_any<'a>(
    first: &[(&'a str, &'a str)],
    name: &'a str,
    value: &'a str,
) -> Vec<(&'a str, &'a str)> {
    let mut all = first.to_vec();
    all.retain(|(own, _)| *own != name);
    all.push((name, value));
    all
}

/// Where nobody may be led, whatever a proxy or a link says.
const ELSEWHERE: [&str; 13] = [
    "https://evil.example/",
    "http://localhost:9001/",
    "https://localhost:9000/",
    "http://localhost:9000.evil.example/",
    "http://localhost:90000/",
    "http://localhost:9000@evil.example/",
    "http://u:p@localhost:9000/",
    "//localhost:9000/",
    "/account",
    "javascript:alert(1)//localhost:9000",
    "http://evil.example/http://localhost:9000/",
    "http://localhost9000/",
    "",
];

#[test]
fn nobody_is_led_to_a_place_that_is_not_known_here() {
    let server = place();
    server.user("ann");
    let inside = server.login("ann");
    for to in ELSEWHERE {
        let page = ask(&mut server.browser(), &with_any(&ORIGINAL, "x-original-url", to));
        assert_eq!((page.status, page.location()), (401, ""), "{to}");
        let to: String = form_urlencoded::byte_serialize(to.as_bytes()).collect();
        for browser in [inside.clone(), server.browser()] {
            let page = browser.clone().open(&format!("/auth/return?to={to}"));
            assert_eq!(page.status, 400, "{to}: {page:?}");
        }
    }
    for (name, value) in [
        ("x-forwarded-host", "evil.example"),
        ("x-forwarded-host", "localhost:9000@evil.example"),
        ("x-forwarded-host", "evil.example/localhost:9000"),
        ("x-forwarded-host", "evil.example#localhost:9000"),
        ("x-forwarded-host", "localhost:9000, evil.example"),
        ("x-forwarded-proto", "javascript"),
        ("x-forwarded-uri", "@evil.example/"),
        ("x-forwarded-uri", ".evil.example/"),
    ] {
        let page = ask(&mut server.browser(), &with(&FORWARDED, name, value));
        assert_eq!((page.status, page.location()), (401, ""), "{name}: {value}");
    }
}

#[test]
fn configured_origins_are_places_to_come_back_to() {
    let server = place_with(|config| {
        config.server.forward_auth.origins = vec!["http://localhost:9100".to_owned()];
    });
    server.user("ann");
    let page = server.login("ann").open("/auth/return?to=http://localhost:9100/wiki");
    assert_eq!((page.status, page.location()), (303, "http://localhost:9100/wiki"));
}

#[test]
fn app_that_the_cookie_never_gets_to_is_told_of_instead_of_a_loop() {
    let server = place_with(|config| {
        config.server.forward_auth.origins = vec!["https://wiki.example.com".to_owned()];
    });
    server.user("ann");
    let mut browser = server.login("ann");
    let page = browser.open("/auth/return?to=https://wiki.example.com/");
    assert_eq!(page.status, 409, "{page:?}");
    assert!(page.body.contains("authentication.session.security.domain"), "{}", page.body);
    let server = place_with(|config| {
        config.server.public_url = Some("https://auth.example.com".parse().unwrap());
        config.server.forward_auth.origins = [
            "https://wiki.example.com",
            "http://wiki.example.com",
            "https://example.com",
            "https://notexample.com",
        ]
        .map(str::to_owned)
        .to_vec();
        config.authentication.session.security.domain = Some(".example.com".to_owned());
    });
    for (to, status) in [
        ("https://wiki.example.com/", 303),
        ("https://example.com/", 303),
        ("http://wiki.example.com/", 409),
        ("https://notexample.com/", 409),
    ] {
        let page = server.browser().open(&format!("/auth/return?to={to}"));
        assert_eq!(page.status, status, "{to}: {page:?}");
    }
}

#[test]
fn cookie_that_was_held_back_because_of_a_link_elsewhere_is_found() {
    let server = place();
    server.user("ann");
    let mut browser = server.login("ann");
    let path = "/auth/return?to=http://localhost:9000/mcp";
    let page =
        browser.ask("GET", path).header("sec-fetch-site", "cross-site").without_cookies().send();
    assert_eq!(page.status, 200, "{page:?}");
    assert!(page.body.contains("http-equiv=\"refresh\""), "{}", page.body);
    let page = browser.ask("GET", path).header("sec-fetch-site", "same-origin").send();
    assert_eq!((page.status, page.location()), (303, "http://localhost:9000/mcp"));
}

#[test]
fn long_address_leads_back_to_the_beginning_of_its_site() {
    let server = place();
    let long = format!("http://localhost:9000/mcp?{}", "x".repeat(3_000));
    let page = ask(&mut server.browser(), &with_any(&ORIGINAL, "x-original-url", &long));
    assert!(page.location().ends_with("to=http%3A%2F%2Flocalhost%3A9000%2F"), "{page:?}");
}

/// Word for word what Traefik 3 sends: the client's own headers, those of the hop left out, and what it tells of the request.
#[test]
fn request_as_traefik_sends_it() {
    let server = place();
    server.user("ann");
    let mut browser = server.login("ann");
    let traefik = [
        ("accept-encoding", "gzip"),
        ("x-forwarded-for", "198.51.100.7"),
        ("x-forwarded-host", "localhost:9000"),
        ("x-forwarded-method", "POST"),
        ("x-forwarded-port", "9000"),
        ("x-forwarded-proto", "http"),
        ("x-forwarded-server", "traefik"),
        ("x-forwarded-uri", "/mcp"),
        ("x-real-ip", "198.51.100.7"),
        ("sec-fetch-site", "same-origin"),
    ];
    let page = ask(&mut browser, &traefik);
    assert_eq!((page.status, page.header("x-auth-user")), (200, "ann"), "{page:?}");
    let mut nobody = server.browser();
    let asking = nobody.ask("GET", ASK).by_program();
    let page =
        traefik.iter().fold(asking, |asking, (name, value)| asking.header(name, value)).send();
    assert_eq!((page.status, page.location()), (401, ""));
    assert!(page.header("www-authenticate").starts_with("Bearer resource_metadata="));
}
