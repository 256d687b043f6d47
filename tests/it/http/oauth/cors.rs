//! Pages of other origins may read what programs read, whatever the answer is, and nothing that goes by cookie.

use axum::http::StatusCode;
use serde_json::json;

use super::caller::{Answer, Caller, FORM, encode, request};
use crate::ops::oauth::fixture::{CALLBACK, operator};

/// Endpoints of programs as the routes name them, with the methods that browsers must ask leave for.
const OPEN: [(&str, &str); 9] = [
    ("/token", "POST"),
    ("/par", "POST"),
    ("/device_authorization", "POST"),
    ("/revoke", "POST"),
    ("/introspect", "POST"),
    ("/register", "POST"),
    ("/register/{client_id}", "PUT"),
    ("/register/{client_id}", "DELETE"),
    ("/userinfo", "GET"),
];
const DOCUMENTS: [&str; 5] = [
    "/.well-known/jwks.json",
    "/.well-known/openid-configuration",
    "/.well-known/oauth-authorization-server",
    "/.well-known/oauth-protected-resource",
    "/.well-known/nothing",
];

fn may_be_read(what: &str, answer: &Answer) {
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"), "{what}");
    assert!(answer.header("access-control-allow-credentials").is_none(), "{what}");
    let exposed = answer.header("access-control-expose-headers").unwrap_or_default();
    for name in ["WWW-Authenticate", "DPoP-Nonce", "Retry-After"] {
        assert!(exposed.contains(name), "{what}: {exposed}");
    }
}

#[test]
fn list_of_open_endpoints_is_that_of_the_routes() {
    let routes = include_str!("../../../../src/http/oauth/mod.rs");
    let (_, programs) = routes.split_once("fn programs()").unwrap();
    let named = programs.lines().filter(|line| line.contains(".route(\""));
    let mut named: Vec<&str> = named.map(|line| line.split('"').nth(1).unwrap()).collect();
    named.sort_unstable();
    let mut listed = OPEN.map(|(path, _)| path).to_vec();
    listed.sort_unstable();
    listed.dedup();
    assert_eq!(listed, named);
}

#[tokio::test]
async fn preflight_is_answered_at_every_endpoint_of_programs() {
    let caller = Caller::new();
    let documents = DOCUMENTS.map(|path| (path, "GET"));
    for (path, method) in OPEN.into_iter().chain(documents) {
        let path = path.replace("{client_id}", "c_1");
        let ask = [
            ("origin", "https://inspector.example"),
            ("access-control-request-method", method),
            (
                "access-control-request-headers",
                "authorization,content-type,dpop,mcp-protocol-version",
            ),
        ];
        let answer = caller.call(request("OPTIONS", &path, &ask, String::new())).await;
        assert_eq!(answer.status, 204, "{path}");
        assert!(answer.body.is_empty());
        may_be_read(&path, &answer);
        assert_eq!(answer.header("access-control-max-age"), Some("600"), "{path}");
        let methods = answer.header("access-control-allow-methods").unwrap();
        assert!(methods.split(", ").any(|one| one == method), "{path}: {methods}");
        let headers = answer.header("access-control-allow-headers").unwrap().to_ascii_lowercase();
        for name in ["authorization", "content-type", "accept", "dpop", "mcp-protocol-version"] {
            assert!(headers.split(", ").any(|one| one == name), "{path}: {headers}");
        }
    }
}

#[tokio::test]
async fn refusal_of_every_sort_can_be_read() {
    let caller = Caller::new();
    let id = caller.world.client.id.to_string();
    let grant =
        [("grant_type", "refresh_token"), ("client_id", id.as_str()), ("refresh_token", "x")];
    let large = "x".repeat(300_000);
    for (path, method) in OPEN {
        let path = path.replace("{client_id}", "c_1");
        for (media, body) in [
            (FORM, String::new()),
            (FORM, "a=1&a=1".to_owned()),
            (FORM, encode(&grant)),
            ("application/json", "{".to_owned()),
            ("text/plain", "x".to_owned()),
            (FORM, large.clone()),
            ("application/json", large.clone()),
        ] {
            let headers = [("content-type", media), ("origin", "null")];
            let answer = caller.call(request(method, &path, &headers, body.clone())).await;
            let what = format!("{method} {path} {media} of {}: {}", body.len(), answer.status);
            may_be_read(&what, &answer);
            if path != "/userinfo" && body.len() > 1_000 && answer.status != 401 {
                assert!(
                    matches!(answer.status.as_u16(), 400 | 413 | 415),
                    "{what}: {}",
                    answer.body
                );
            }
        }
        for wrong in ["GET", "PATCH", "HEAD", "TRACE"] {
            let answer = caller.call(request(wrong, &path, &[], String::new())).await;
            may_be_read(&format!("{wrong} {path}"), &answer);
        }
    }
    for path in DOCUMENTS {
        let answer = caller.get(path, &[]).await;
        assert!(matches!(answer.status.as_u16(), 200 | 404), "{path}: {}", answer.status);
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"), "{path}");
        answer.json();
    }
}

#[tokio::test]
async fn pause_and_full_disk_can_be_read_too() {
    let caller = Caller::new();
    let new = mcpcodex::ops::client::New {
        name: "Server".to_owned(),
        redirect_uris: vec![CALLBACK.to_owned()],
        ..mcpcodex::ops::client::New::default()
    };
    let made = caller
        .world
        .db
        .write_blocking(|tx| mcpcodex::ops::client::create(tx, &operator(), new))
        .unwrap();
    let id = made.client.id.to_string();
    let form = [
        ("grant_type", "refresh_token"),
        ("client_id", id.as_str()),
        ("client_secret", "guess"),
        ("token", "x"),
    ];
    // One count, whichever endpoint is asked.
    let endpoints = ["/token", "/par", "/revoke", "/introspect", "/device_authorization"];
    for path in endpoints.into_iter().cycle().take(20) {
        assert_eq!(caller.send(path, &[], &form).await.refusal(401), "invalid_client", "{path}");
    }
    for path in endpoints {
        let answer = caller.send(path, &[], &form).await;
        may_be_read(path, &answer);
        assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS, "{path}");
        assert_eq!(answer.header("retry-after"), Some("30"), "{path}");
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{path}");
        answer.json();
    }
    let limit = |tx: &mcpcodex::db::Write<'_>| {
        tx.one("pragma max_page_count = 1", [], |row| row.get::<_, i64>(0))
    };
    caller.world.db.write_blocking(limit).unwrap();
    let headers = [("content-type", "application/json")];
    // Small rows may still find room for a while.
    for n in 0..1_000 {
        let metadata = json!({
            "client_name": "x".repeat(100), "redirect_uris": [format!("https://a.example/{n}")],
        });
        let answer =
            caller.call(request("POST", "/register", &headers, metadata.to_string())).await;
        may_be_read("/register", &answer);
        if answer.status == StatusCode::SERVICE_UNAVAILABLE {
            assert_eq!(answer.header("retry-after"), Some("30"));
            answer.json();
            return;
        }
        assert_eq!(answer.status, 201, "{}", answer.body);
    }
    panic!("the disk was never full");
}
