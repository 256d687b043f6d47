//! Registration as strangers misuse it: addresses that must not be, clients of others, names of others.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::caller::{Answer, Caller, encode, request};
use crate::{
    ops::oauth::fixture::{CALLBACK, params},
    support::{RUNTIME, race},
};

const WEB: &str = "https://a.example/cb";

fn metadata(name: &str, value: Value) -> Value {
    let mut all = json!({
        "client_name": "Tool", "redirect_uris": [WEB],
        "token_endpoint_auth_method": "client_secret_basic",
    });
    all[name] = value;
    all
}

fn send(caller: &Caller, method: &str, path: &str, token: &str, body: &str) -> Answer {
    let authorization = format!("Bearer {token}");
    let mut headers = vec![("content-type", "application/json")];
    if !token.is_empty() {
        headers.push(("authorization", authorization.as_str()));
    }
    RUNTIME.block_on(caller.call(request(method, path, &headers, body.to_owned())))
}

fn register(caller: &Caller, metadata: &Value) -> Answer {
    send(caller, "POST", "/register", "", &metadata.to_string())
}

/// A client as it knows itself: its id, where it is looked after, and by which token.
struct Known {
    id: String,
    path: String,
    token: String,
}

fn known(answer: &Value) -> Known {
    let text = |name: &str| answer[name].as_str().unwrap().to_owned();
    let path = text("registration_client_uri").replace("http://localhost:8420", "");
    Known { id: text("client_id"), path, token: text("registration_access_token") }
}

fn confidential(caller: &Caller, name: &str) -> Known {
    let answer = register(caller, &metadata("client_name", json!(name)));
    assert_eq!(answer.status, 201, "{}", answer.body);
    known(&answer.json())
}

/// Addresses that must never be registered.
fn bad() -> Vec<Value> {
    let long = format!("https://a.example/{}", "x".repeat(8_000));
    let many: Vec<String> = (0..200).map(|n| format!("https://a.example/{n}")).collect();
    let mut all: Vec<Value> = [
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "file:///etc/passwd",
        "vbscript:x",
        "blob:https://a.example/x",
        "http://example.com/cb",
        "http://127.0.0.1.evil.example/cb",
        "http://0.0.0.0/cb",
        "http://localhost@evil.example/cb",
        "https://user:pass@a.example/cb",
        "https://a.example/cb#fragment",
        "https://a.example/*",
        "https://*.example/cb",
        "*",
        "",
        "/cb",
        "//a.example/cb",
        "https://a.example/\ncb",
        "https:a.example/cb",
        long.as_str(),
    ]
    .map(|uri| json!([uri]))
    .to_vec();
    all.extend([json!(many), json!([]), json!([7]), json!([WEB, "javascript:1"]), json!(null)]);
    all
}

#[test]
fn bad_address_is_registered_neither_at_first_nor_later() {
    let caller = Caller::new();
    let own = confidential(&caller, "Own");
    let before = caller.world.rows();
    for uris in bad() {
        let mut wish = metadata("redirect_uris", uris.clone());
        if uris.is_null() {
            wish.as_object_mut().unwrap().remove("redirect_uris");
        }
        wish["client_name"] = json!("Own");
        let name = uris.to_string();
        let name = &name[..name.len().min(80)];
        let answer = register(&caller, &wish);
        assert_eq!(answer.refusal(400), "invalid_redirect_uri", "{name}: {}", answer.body);
        assert!(answer.body.len() < 1_000, "{name}");
        wish["client_id"] = json!(own.id);
        let answer = send(&caller, "PUT", &own.path, &own.token, &wish.to_string());
        assert_eq!(answer.refusal(400), "invalid_redirect_uri", "{name}: {}", answer.body);
    }
    assert!(
        before.since(&caller.world.db).tables.is_empty(),
        "{:?}",
        before.since(&caller.world.db)
    );
    let told = send(&caller, "GET", &own.path, &own.token, "").json();
    assert_eq!(told["redirect_uris"], json!([WEB]));
}

#[test]
fn token_of_one_client_does_nothing_to_another() {
    let caller = Caller::new();
    let (a, b) = (confidential(&caller, "A"), confidential(&caller, "B"));
    let before = send(&caller, "GET", &b.path, &b.token, "").json();
    let mut wish = metadata("redirect_uris", json!(["https://evil.example/cb"]));
    wish["client_id"] = json!(b.id);
    let rows = caller.world.rows();
    for token in [&a.token, "", "x", &b.id, &a.id] {
        for method in ["GET", "PUT", "DELETE"] {
            let body = if method == "PUT" { wish.to_string() } else { String::new() };
            let answer = send(&caller, method, &b.path, token, &body);
            assert_eq!(answer.refusal(401), "invalid_token", "{method} with {token}");
            assert!(answer.header("www-authenticate").unwrap().starts_with("Bearer"));
        }
    }
    assert!(rows.since(&caller.world.db).tables.is_empty());
    assert_eq!(send(&caller, "GET", &b.path, &b.token, "").json(), before);
}

#[test]
fn token_that_was_replaced_does_nothing_any_more() {
    let caller = Caller::new();
    let old = confidential(&caller, "Tool");
    let mut wish = metadata("client_name", json!("Tool, renewed"));
    wish["client_id"] = json!(old.id);
    let answer = send(&caller, "PUT", &old.path, &old.token, &wish.to_string());
    assert_eq!(answer.status, 200, "{}", answer.body);
    let new = known(&answer.json());
    let rows = caller.world.rows();
    for method in ["GET", "PUT", "DELETE"] {
        let body = if method == "PUT" { wish.to_string() } else { String::new() };
        let answer = send(&caller, method, &old.path, &old.token, &body);
        assert_eq!(answer.refusal(401), "invalid_token", "{method}");
    }
    assert!(rows.since(&caller.world.db).tables.is_empty());
    assert_eq!(
        send(&caller, "GET", &new.path, &new.token, "").json()["client_name"],
        "Tool, renewed"
    );
    // Of many changes at one moment with one token, one counts.
    let answers = race(10, |at| {
        let mut wish = metadata("client_name", json!(format!("Tool {at}")));
        wish["client_id"] = json!(new.id);
        send(&caller, "PUT", &new.path, &new.token, &wish.to_string())
    });
    let (won, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(|one| one.status == 200);
    assert_eq!(won.len(), 1);
    assert!(refused.iter().all(|one| one.refusal(401) == "invalid_token"));
    let winner = won[0].json();
    let last = known(&winner);
    let told = send(&caller, "GET", &last.path, &last.token, "").json();
    assert_eq!(told["client_name"], winner["client_name"]);
}

#[test]
fn client_that_was_switched_off_looks_after_nothing() {
    let caller = Caller::new();
    let own = confidential(&caller, "Tool");
    let id = mcpcodex::model::id::ClientId::from_text(own.id.clone());
    let off = move |tx: &mcpcodex::db::Write<'_>| {
        mcpcodex::ops::client::disable(tx, &crate::ops::oauth::fixture::operator(), &id)
    };
    caller.world.db.write_blocking(off).unwrap();
    let mut wish = metadata("client_name", json!("Back again"));
    wish["client_id"] = json!(own.id);
    let rows = caller.world.rows();
    for method in ["GET", "PUT", "DELETE"] {
        let body = if method == "PUT" { wish.to_string() } else { String::new() };
        let answer = send(&caller, method, &own.path, &own.token, &body);
        assert_eq!(answer.refusal(403), "access_denied", "{method}");
    }
    assert!(rows.since(&caller.world.db).tables.is_empty());
}

#[test]
fn nobody_chooses_an_id_or_a_right_of_its_own() {
    let caller = Caller::new();
    let before = caller.world.client.clone();
    for id in ["admin", before.id.as_str(), caller.world.user.as_str(), "https://a.example/id"] {
        let mut wish = metadata("client_id", json!(id));
        wish["client_secret"] = json!("chosen");
        wish["registration_access_token"] = json!("chosen");
        let told = register(&caller, &wish).json();
        assert_ne!(told["client_id"], id);
        assert!(told["client_id"].as_str().unwrap().starts_with("c_"), "{told}");
        assert!(told["client_secret"] != "chosen" && told["registration_access_token"] != "chosen");
    }
    let find = |r: &mcpcodex::db::Read<'_>| {
        mcpcodex::ops::client::find(r, &crate::ops::oauth::fixture::operator(), before.id.as_str())
    };
    assert_eq!(caller.world.db.read(find).unwrap(), before);
    let grants = json!(["authorization_code", "client_credentials"]);
    let answer = register(&caller, &metadata("grant_types", grants));
    assert_eq!(answer.status, 201, "{}", answer.body);
    let told = answer.json();
    let text = |name: &str| told[name].as_str().unwrap();
    let pair = format!("{}:{}", text("client_id"), text("client_secret"));
    let basic = format!("Basic {}", STANDARD.encode(pair));
    let form = [("grant_type", "client_credentials")];
    let answer = RUNTIME.block_on(caller.send("/token", &[("authorization", &basic)], &form));
    assert_eq!(answer.refusal(400), "unauthorized_client");
}

#[test]
fn app_under_a_well_known_name_is_shown_with_the_host_it_answers_to() {
    let caller = Caller::new();
    let wish = json!({
        "client_name": "Google", "redirect_uris": [CALLBACK], "token_endpoint_auth_method": "none",
        "client_uri": "https://google.com/", "logo_uri": "https://google.com/logo.png",
    });
    let id = register(&caller, &wish).json()["client_id"].as_str().unwrap().to_owned();
    let over = [("client_id", id.as_str())];
    let path = format!("/authorize?{}", encode(&params(&caller.world.client, &over)));
    let page = RUNTIME.block_on(caller.get(&path, &[("cookie", &caller.cookies())]));
    assert_eq!(page.status, 200);
    for said in ["Google", "app.example.com", "caution"] {
        assert!(page.body.contains(said), "{said}: {}", page.body);
    }
    assert!(!page.body.contains("logo.png"), "{}", page.body);
}

#[test]
fn full_house_is_a_429_that_browsers_can_read_and_those_inside_are_still_known() {
    let caller = Caller::with(|config| config.authentication.clients.most = 3, |_| {});
    let public = |n: usize| {
        json!({
            "client_name": format!("Tool {n}"), "redirect_uris": [WEB],
            "token_endpoint_auth_method": "none",
        })
    };
    let first = register(&caller, &public(0));
    assert_eq!(first.status, 201, "{}", first.body);
    let refused = (1..20).map(|n| register(&caller, &public(n))).find(|one| one.status != 201);
    let refused = refused.expect("more were taken than there is room for");
    assert_eq!(refused.refusal(429), "temporarily_unavailable");
    let after: u64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!(after > 0);
    assert_eq!(refused.header("access-control-allow-origin"), Some("*"));
    let again = register(&caller, &public(0));
    assert_eq!(again.status, 201, "{}", again.body);
    assert_eq!(again.json()["client_id"], first.json()["client_id"]);
}
