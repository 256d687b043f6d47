//! API keys on the wire: how they come, what is told about their limits, and how one fetches its successor.

use std::time::Duration;

use mcpcodex::{
    model::user::User,
    ops::{
        self,
        apikey::{Made, New},
    },
};

use crate::support::{Page, TestApp, operator, race};

fn make(server: &TestApp, owner: &User, change: impl FnOnce(&mut New)) -> Made {
    let mut new =
        New { name: "ci".to_owned(), scopes: vec!["read:models".to_owned()], ..New::default() };
    change(&mut new);
    let (env, owner) = (server.app.env(), owner.clone());
    server.write(move |tx| ops::apikey::create(tx, &env, &operator(), &owner, &new))
}

fn ask(server: &TestApp, headers: &[(&str, &str)]) -> Page {
    let mut browser = server.browser();
    let asking = browser.ask("GET", "/auth/api-key").by_program();
    headers.iter().fold(asking, |asking, (name, value)| asking.header(name, value)).send()
}

fn rotate(server: &TestApp, key: &str) -> Page {
    let mut browser = server.browser();
    browser.ask("POST", "/auth/api-key/rotate").by_program().header("x-api-key", key).send()
}

fn auto() -> TestApp {
    TestApp::with(|config| config.authentication.api_keys.rotation.auto_rotate = true)
}

#[test]
fn key_comes_in_either_header_and_hears_what_is_left() {
    let server = TestApp::new();
    let made = make(&server, &server.user("ann"), |new| new.burst_size = Some(10));
    let key = made.text.expose();
    let bearer = format!("bearer {key}");
    for (left, header) in [(9, ("x-api-key", key)), (8, ("authorization", bearer.as_str()))] {
        let page = ask(&server, &[header]);
        assert_eq!(page.status, 200, "{page:?}");
        let body = page.json();
        assert_eq!((&body["user"], &body["name"]), (&"ann".into(), &"ci".into()));
        assert_eq!(body["scopes"], serde_json::json!(["read:models"]));
        assert!(body.get("key").is_none() && !page.body.contains(key));
        assert_eq!(page.header("ratelimit-policy"), "\"api-key\";q=10;w=6");
        assert_eq!(page.header("ratelimit"), format!("\"api-key\";r={left};t={}", 10 - left));
        assert_eq!(page.header("ratelimit-limit"), "10");
        assert_eq!(page.header("ratelimit-remaining"), left.to_string());
        assert!(page.headers.get("x-api-key-rotation-due").is_none());
        assert_eq!(page.header("cache-control"), "no-store");
    }
}

#[test]
fn empty_bucket_is_429_with_the_time_to_wait() {
    let server = TestApp::new();
    let made = make(&server, &server.user("ann"), |new| {
        (new.burst_size, new.requests_per_minute) = (Some(2), Some(6));
    });
    let header = [("x-api-key", made.text.expose())];
    assert_eq!([0; 2].map(|_| ask(&server, &header).status), [200; 2]);
    let page = ask(&server, &header);
    assert_eq!((page.status, page.header("retry-after")), (429, "10"));
    assert_eq!(page.header("ratelimit"), "\"api-key\";r=0;t=20");
    assert_eq!(page.json()["error"]["code"], "limited");
    server.advance(9);
    assert_eq!(ask(&server, &header).status, 429);
    server.advance(1);
    assert_eq!(ask(&server, &header).status, 200);
}

#[test]
fn thousand_requests_at_once_are_let_in_as_often_as_the_bucket_is_deep() {
    let server = TestApp::new();
    let made = make(&server, &server.user("ann"), |_| ());
    let statuses = race(1_000, |_| ask(&server, &[("x-api-key", made.text.expose())]).status);
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 20);
    assert!(statuses.iter().all(|status| matches!(status, 200 | 429)));
}

#[test]
fn what_is_no_good_key_is_401_with_a_challenge_and_two_keys_are_400() {
    let server = TestApp::new();
    let ann = server.user("ann");
    let made = make(&server, &ann, |_| ());
    let key = made.text.expose();
    let bearer = format!("Bearer {key}");
    let none = ask(&server, &[]);
    assert_eq!((none.status, none.header("www-authenticate")), (401, "Bearer realm=\"mcpcodex\""));
    let invalid = "Bearer realm=\"mcpcodex\", error=\"invalid_token\"";
    let long = "mcp_".repeat(4_000);
    for wrong in ["", "mcp_", &key[..35], &key.to_uppercase(), &long, "' or 1=1 --", "%00"] {
        let page = ask(&server, &[("x-api-key", wrong)]);
        assert_eq!((page.status, page.header("www-authenticate")), (401, invalid), "{wrong:.40}");
        assert!(page.headers.get("ratelimit").is_none());
    }
    for wrong in ["Basic eDp5", "Bearer", "Bearer  "] {
        assert_eq!(ask(&server, &[("authorization", wrong)]).status, 400, "{wrong}");
    }
    let both = ask(&server, &[("authorization", &bearer), ("x-api-key", key)]);
    assert_eq!(both.status, 400, "{both:?}");
    // Not in the URL, where logs keep it.
    let mut browser = server.browser();
    let in_url = browser.ask("GET", &format!("/auth/api-key?api_key={key}")).by_program().send();
    assert_eq!(in_url.status, 401);
    let id = ann.id;
    server.write(move |tx| ops::user::lock(tx, &operator(), &id));
    let page = ask(&server, &[("x-api-key", key)]);
    assert_eq!((page.status, page.header("www-authenticate")), (401, invalid));
}

#[test]
fn key_is_told_when_it_falls_due() {
    let server = TestApp::new();
    let made = make(&server, &server.user("ann"), |_| ());
    let header = [("x-api-key", made.text.expose())];
    server.advance(76 * 86_400);
    let page = ask(&server, &header);
    assert_eq!(page.header("x-api-key-rotation-due"), "2026-05-31T10:00:00Z");
    assert_eq!(page.json()["rotation"], "due");
    server.advance(30 * 86_400);
    let page = ask(&server, &header);
    assert_eq!((page.status, page.json()["rotation"].as_str()), (200, Some("overdue")));
    assert_eq!(rotate(&server, made.text.expose()).status, 403);
}

#[test]
fn key_fetches_its_successor_over_http() {
    let server = auto();
    let made = make(&server, &server.user("ann"), |new| {
        new.lifetime = Some(Duration::from_secs(365 * 86_400));
    });
    let key = made.text.expose();
    assert_eq!(rotate(&server, key).status, 403);
    server.advance(80 * 86_400);
    let page = rotate(&server, key);
    assert_eq!(page.status, 200, "{page:?}");
    let body = page.json();
    assert_eq!(body["replaces"], made.key.id.as_str());
    assert_eq!(body["old_ends_at"], "2026-05-22T10:00:00Z");
    let next = body["key"].as_str().unwrap();
    assert_eq!(ask(&server, &[("x-api-key", next)]).status, 200);
    assert_eq!(ask(&server, &[("x-api-key", key)]).status, 200);
    // It is in use: another would be a second one.
    assert_eq!(rotate(&server, key).status, 409);
    assert_eq!(server.browser().ask("GET", "/auth/api-key/rotate").by_program().send().status, 405);
    server.advance(86_400);
    assert_eq!(rotate(&server, key).status, 401);
}

#[test]
fn one_successor_lives_however_many_ask_over_http_at_once() {
    let server = auto();
    let ann = server.user("ann");
    let made = make(&server, &ann, |new| new.burst_size = Some(1_000));
    server.advance(80 * 86_400);
    let pages = race(40, |_| rotate(&server, made.text.expose()));
    assert!(pages.iter().all(|page| page.status == 200));
    let live = pages.iter().filter(|page| {
        let key = page.json()["key"].as_str().unwrap().to_owned();
        ask(&server, &[("x-api-key", &key)]).status == 200
    });
    assert_eq!(live.count(), 1);
}
