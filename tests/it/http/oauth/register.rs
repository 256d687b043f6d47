//! Registration on the wire, as SDKs of MCP clients use it.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use mcpcodex::{
    config::authentication::Registration,
    model::client::{Client, ClientOrigin},
    ops::{client, registration::initial},
};
use serde_json::{Value, json};

use super::caller::{Answer, Caller, request};
use crate::ops::oauth::fixture::operator;

fn usual() -> Value {
    json!({
        "client_name": "MCP CLI Client",
        "redirect_uris": ["http://localhost:4711/oauth/callback"],
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "token_endpoint_auth_method": "none",
        "application_type": "native",
        "software_id": "mcp-remote",
        "scope": "read:models",
    })
}

fn with(name: &str, value: Value) -> Value {
    let mut all = usual();
    all[name] = value;
    all
}

async fn send(caller: &Caller, method: &str, path: &str, token: &str, body: String) -> Answer {
    let authorization = format!("Bearer {token}");
    let mut headers = vec![("content-type", "application/json")];
    if !token.is_empty() {
        headers.push(("authorization", authorization.as_str()));
    }
    caller.call(request(method, path, &headers, body)).await
}

async fn register(caller: &Caller, metadata: &Value) -> Answer {
    send(caller, "POST", "/register", "", metadata.to_string()).await
}

async fn registered(caller: &Caller, metadata: &Value) -> Value {
    let answer = register(caller, metadata).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    assert!(!answer.body.contains(":\"\""), "{}", answer.body);
    answer.json()
}

fn clients(caller: &Caller) -> Vec<Client> {
    let all = caller.world.db.read(|r| client::list(r, &operator(), 100_000)).unwrap();
    all.into_iter().filter(|client| client.origin == ClientOrigin::Dynamic).collect()
}

#[tokio::test]
async fn public_client_is_told_everything_that_is_registered() {
    let caller = Caller::new();
    let told = registered(&caller, &usual()).await;
    let id = told["client_id"].as_str().unwrap();
    assert_eq!(
        told,
        json!({
            "client_id": id,
            "client_id_issued_at": 1_800_000_000,
            "client_name": "MCP CLI Client",
            "redirect_uris": ["http://localhost:4711/oauth/callback"],
            "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"],
            "token_endpoint_auth_method": "none",
            "application_type": "native",
            "software_id": "mcp-remote",
            "scope": "read:models",
        })
    );
    assert!(id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'), "{id}");
}

#[tokio::test]
async fn least_that_can_be_sent_is_enough() {
    let caller = Caller::new();
    let told = registered(&caller, &json!({ "redirect_uris": ["https://a.example/cb"] })).await;
    assert_eq!(told["client_name"], "App at a.example");
    assert_eq!(told["application_type"], "web");
    assert_eq!(told["token_endpoint_auth_method"], "client_secret_basic");
    assert_eq!(told["client_secret_expires_at"], 0);
    assert!(told.get("scope").is_none());
    let everything = json!({
        "redirect_uris": ["https://a.example/cb", "cursor://anysphere.cursor-mcp/oauth/callback"],
        "token_endpoint_auth_method": "private_key_jwt",
        "jwks": { "keys": [{ "kty": "OKP", "crv": "Ed25519", "x": "AA", "use": null }] },
        "client_uri": "https://a.example/", "logo_uri": "https://a.example/l.png",
        "policy_uri": "https://a.example/p", "tos_uri": "https://a.example/t",
        "contacts": ["a@a.example"], "software_version": "1.0", "application_type": "web",
        "post_logout_redirect_uris": ["https://a.example/bye"],
        "backchannel_logout_uri": "https://a.example/logout",
        "dpop_bound_access_tokens": true, "require_pushed_authorization_requests": true,
    });
    let told = registered(&caller, &everything).await;
    for (name, value) in everything.as_object().unwrap() {
        match name.as_str() {
            "jwks" => assert_eq!(told[name]["keys"][0]["x"], "AA"),
            "application_type" => assert_eq!(told[name], "native"),
            _ => assert_eq!(told[name], *value, "{name}"),
        }
    }
}

#[tokio::test]
async fn confidential_client_signs_in_with_the_secret_it_was_told() {
    let caller = Caller::new();
    let known = (400, "invalid_request");
    let unknown = (401, "invalid_client");
    for (method, in_header, in_form) in [
        (json!("client_secret_basic"), known, unknown),
        (json!("client_secret_post"), unknown, known),
        // It says nothing, and some such apps do not read what they are told.
        (json!(null), known, known),
    ] {
        let told = registered(&caller, &with("token_endpoint_auth_method", method)).await;
        let (id, secret) = (&told["client_id"], &told["client_secret"]);
        let (id, secret) = (id.as_str().unwrap(), secret.as_str().unwrap());
        let form = [("grant_type", "refresh_token"), ("client_id", id), ("client_secret", secret)];
        // It is known: what is missing is the token alone.
        let answer = caller.send("/token", &[], &form).await;
        assert_eq!(answer.refusal(in_form.0), in_form.1, "{id}");
        let basic = format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")));
        let header = [("authorization", basic.as_str())];
        let answer = caller.send("/token", &header, &form[..1]).await;
        assert_eq!(answer.refusal(in_header.0), in_header.1, "{id}");
        assert_eq!(caller.send("/token", &[], &form[..2]).await.refusal(401), "invalid_client");
    }
}

#[tokio::test]
async fn same_public_metadata_is_the_same_client_and_confidential_is_not() {
    let caller = Caller::new();
    let first = registered(&caller, &usual()).await;
    for port in 1..=20 {
        let uri = format!("http://localhost:{port}/oauth/callback");
        let told = registered(&caller, &with("redirect_uris", json!([uri]))).await;
        assert_eq!(told["client_id"], first["client_id"]);
        assert_eq!(told["redirect_uris"], json!([uri]));
        assert!(told.get("registration_access_token").is_none());
    }
    assert_eq!(clients(&caller).len(), 1);
    let secret = with("token_endpoint_auth_method", json!("client_secret_post"));
    let (one, other) = (registered(&caller, &secret).await, registered(&caller, &secret).await);
    assert_ne!(one["client_id"], other["client_id"]);
    assert_ne!(one["client_secret"], other["client_secret"]);
    assert_eq!(clients(&caller).len(), 3);
}

#[tokio::test]
async fn refusals_are_json_with_the_code_of_the_rfc() {
    let caller = Caller::new();
    for (name, value, code) in [
        ("redirect_uris", json!(["http://example.com/cb"]), "invalid_redirect_uri"),
        ("redirect_uris", json!([]), "invalid_redirect_uri"),
        ("redirect_uris", json!("https://a.example/cb"), "invalid_redirect_uri"),
        ("grant_types", json!(["client_credentials"]), "invalid_client_metadata"),
        ("token_endpoint_auth_method", json!("tls_client_auth"), "invalid_client_metadata"),
        ("response_types", json!(["token"]), "invalid_client_metadata"),
    ] {
        let answer = register(&caller, &with(name, value)).await;
        assert_eq!(answer.refusal(400), code, "{name}");
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    }
    for malformed in [
        "https:app.example.com/cb",
        "https:/app.example.com/cb",
        "https:///app.example.com/cb",
        "http:127.0.0.1/cb",
        "http://127.1/cb",
        "https://a.example/cb?code=x",
        "https://a.example/cb?iss=y",
        "livescript:x",
        "https://a.example\\@b.example/",
        "https://*.example/cb",
        "https://u@a.example/cb",
        " https://a.example/cb",
        "",
    ] {
        let uris = json!(["https://a.example/cb", malformed]);
        let answer = register(&caller, &with("redirect_uris", uris)).await;
        assert_eq!(answer.refusal(400), "invalid_redirect_uri", "{malformed}");
    }
    let bad = "https://b.example/cb#fragment";
    let answer =
        register(&caller, &with("redirect_uris", json!(["https://a.example/", bad]))).await;
    assert!(answer.json()["error_description"].as_str().unwrap().contains(bad), "{}", answer.body);
    assert_eq!(clients(&caller).len(), 0);
}

#[tokio::test]
async fn hostile_bodies_are_refused_in_json() {
    let caller = Caller::new();
    let deep = format!("{{\"x\":{}{}}}", "[".repeat(7_000), "]".repeat(7_000));
    let twice =
        "{\"redirect_uris\":[\"https://a.example/\"],\"redirect_uris\":[\"https://b.example/\"]}";
    for body in [
        "",
        "{",
        "[]",
        "null",
        "1",
        "\"x\"",
        "{\"a\":}",
        "\u{0}",
        "{\"redirect_uris\":[null]}",
        "{\"redirect_uris\":{\"0\":\"https://a.example\"}}",
        "{\"redirect_uris\":[[\"x\"]]}",
        "{\"redirect_uris\":[\"https://a.example/\\u0000\"]}",
        "{\"redirect_uris\":[\"\\ud800\"]}",
        &deep,
        twice,
    ] {
        let answer = send(&caller, "POST", "/register", "", body.to_owned()).await;
        let code = answer.refusal(400);
        assert!(code.starts_with("invalid_"), "{code}: {body}");
        let described = answer.json()["error_description"].as_str().unwrap().to_owned();
        assert!(described.len() <= 400 && described.bytes().all(|b| (0x20..0x7f).contains(&b)));
    }
    let huge = with("client_uri", json!("x".repeat(20_000))).to_string();
    let answer = send(&caller, "POST", "/register", "", huge).await;
    assert_eq!(answer.refusal(413), "invalid_client_metadata");
    let large = with("unknown", json!("x".repeat(15_000))).to_string();
    assert_eq!(send(&caller, "POST", "/register", "", large).await.status, 201);
    for media in ["application/x-www-form-urlencoded", "text/plain", "text/html"] {
        let headers = [("content-type", media)];
        let answer = caller.call(request("POST", "/register", &headers, "{}".to_owned())).await;
        assert_eq!(answer.refusal(415), "invalid_client_metadata", "{media}");
    }
    assert_eq!(caller.get("/register", &[]).await.refusal(405), "invalid_request");
}

#[tokio::test]
async fn browsers_may_register_from_anywhere() {
    let caller = Caller::new();
    let headers = [
        ("origin", "http://localhost:6274"),
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "content-type,mcp-protocol-version"),
    ];
    let answer = caller.call(request("OPTIONS", "/register", &headers, String::new())).await;
    assert_eq!(answer.status, 204);
    let allowed = answer.header("access-control-allow-headers").unwrap().to_ascii_lowercase();
    for name in ["content-type", "authorization", "mcp-protocol-version"] {
        assert!(allowed.contains(name), "{allowed}");
    }
    assert!(answer.header("access-control-allow-methods").unwrap().contains("POST"));
    assert_eq!(answer.header("access-control-allow-credentials"), None);
}

#[tokio::test]
async fn scopes_that_are_not_there_or_administer_are_dropped() {
    let caller = Caller::new();
    for (asked, told) in [
        ("openid read:models admin:models admin:users made-up", "openid read:models"),
        ("admin:users made-up", "openid profile email offline_access"),
    ] {
        assert_eq!(registered(&caller, &with("scope", json!(asked))).await["scope"], told);
    }
    assert!(clients(&caller).iter().all(|client| !client.scopes.has("admin:users")));
}

#[tokio::test]
async fn registration_that_is_switched_off_or_needs_a_token_says_so() {
    let off = Caller::with(
        |config| config.authentication.clients.dynamic_registration = Registration::Off,
        |_| {},
    );
    assert_eq!(register(&off, &usual()).await.refusal(403), "access_denied");
    let metadata = off.get("/.well-known/oauth-authorization-server", &[]).await.json();
    assert!(metadata.get("registration_endpoint").is_none());

    let caller = Caller::with(
        |config| config.authentication.clients.dynamic_registration = Registration::Token,
        |_| {},
    );
    let metadata = caller.get("/.well-known/oauth-authorization-server", &[]).await.json();
    assert_eq!(metadata["registration_endpoint"], "http://localhost:8420/register");
    let nobody = register(&caller, &usual()).await;
    assert_eq!(nobody.refusal(401), "invalid_token");
    assert!(nobody.header("www-authenticate").unwrap().starts_with("Bearer "));
    let new = initial::New { name: "ci".to_owned(), most_uses: Some(2), ..initial::New::default() };
    let made =
        caller.world.db.write_blocking(move |tx| initial::create(tx, &operator(), &new)).unwrap();
    let body = usual().to_string();
    let wrong = with("redirect_uris", json!(["x"])).to_string();
    let token = made.text.expose();
    // What is refused uses nothing up.
    for _ in 0..3 {
        let answer = send(&caller, "POST", "/register", token, wrong.clone()).await;
        assert_eq!(answer.refusal(400), "invalid_redirect_uri");
    }
    for status in [201, 201, 401] {
        let answer = send(&caller, "POST", "/register", token, body.clone()).await;
        assert_eq!(answer.status, status, "{}", answer.body);
    }
}

#[tokio::test]
async fn client_looks_after_its_own_registration_and_no_other() {
    let caller = Caller::new();
    let secret = with("token_endpoint_auth_method", json!("client_secret_basic"));
    let (a, b) = (registered(&caller, &secret).await, registered(&caller, &secret).await);
    let text = |value: &Value, name: &str| value[name].as_str().unwrap().to_owned();
    let path = |value: &Value| {
        text(value, "registration_client_uri")
            .strip_prefix("http://localhost:8420")
            .unwrap()
            .to_owned()
    };
    let token = |value: &Value| text(value, "registration_access_token");
    let none = String::new();
    let own = send(&caller, "GET", &path(&a), &token(&a), none.clone()).await;
    assert_eq!(own.status, 200);
    assert_eq!(own.json()["client_id"], a["client_id"]);
    assert!(own.json().get("client_secret").is_none());
    let public = registered(&caller, &usual()).await;
    let public = format!("/register/{}", public["client_id"].as_str().unwrap());
    for (method, path, token) in [
        ("GET", path(&b), token(&a)),
        ("DELETE", path(&b), token(&a)),
        ("PUT", path(&b), token(&a)),
        ("GET", path(&a), none.clone()),
        ("GET", path(&a), text(&a, "client_secret")),
        ("DELETE", public.clone(), token(&a)),
        ("DELETE", public, "x".to_owned()),
        ("GET", "/register/c_unknown".to_owned(), token(&a)),
    ] {
        let body = if method == "PUT" { secret.to_string() } else { none.clone() };
        let answer = send(&caller, method, &path, &token, body).await;
        assert_eq!(answer.refusal(401), "invalid_token", "{method} {path}");
    }
    // A new registration under the old id; the old token is over.
    let mut change = secret.clone();
    change["client_name"] = json!("New name");
    change["client_id"] = a["client_id"].clone();
    change["redirect_uris"] = json!(["https://new.example/cb"]);
    let answer = send(&caller, "PUT", &path(&a), &token(&a), change.to_string()).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let changed = answer.json();
    assert_eq!(changed["client_name"], "New name");
    assert_eq!(changed["redirect_uris"], json!(["https://new.example/cb"]));
    assert_ne!(token(&changed), token(&a));
    assert_eq!(
        send(&caller, "GET", &path(&a), &token(&a), none.clone()).await.refusal(401),
        "invalid_token"
    );
    change["client_id"] = b["client_id"].clone();
    let answer = send(&caller, "PUT", &path(&a), &token(&changed), change.to_string()).await;
    assert_eq!(answer.refusal(400), "invalid_client_metadata");
    let answer = send(&caller, "DELETE", &path(&a), &token(&changed), none.clone()).await;
    assert_eq!((answer.status.as_u16(), answer.body.as_str()), (204, ""));
    for method in ["GET", "DELETE"] {
        let answer = send(&caller, method, &path(&a), &token(&changed), none.clone()).await;
        assert_eq!(answer.refusal(401), "invalid_token");
    }
    let form = [("grant_type", "refresh_token"), ("client_id", a["client_id"].as_str().unwrap())];
    assert_eq!(caller.send("/token", &[], &form).await.refusal(401), "invalid_client");
}

#[tokio::test]
async fn issuer_with_a_path_registers_below_it() {
    let public = url::Url::parse("http://localhost:8420/auth").unwrap();
    let caller = Caller::with(|config| config.server.public_url = Some(public), |_| {});
    let metadata = caller.get("/auth/.well-known/openid-configuration", &[]).await.json();
    assert_eq!(metadata["registration_endpoint"], "http://localhost:8420/auth/register");
    let secret = with("token_endpoint_auth_method", json!("client_secret_basic")).to_string();
    let told = send(&caller, "POST", "/auth/register", "", secret).await.json();
    let at = told["registration_client_uri"].as_str().unwrap();
    let path = at.strip_prefix("http://localhost:8420").unwrap();
    assert!(path.starts_with("/auth/register/c_"), "{path}");
    let token = told["registration_access_token"].as_str().unwrap();
    assert_eq!(send(&caller, "GET", path, token, String::new()).await.status, 200);
}
