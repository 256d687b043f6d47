//! What an API key may not, although it may administer; keys that are bound; limits that are told.

use serde_json::json;

use super::{ADMINISTER, Program, key, refusal, token};
use crate::support::{TestApp, dpop, operator};

#[test]
fn key_that_administers_makes_no_keys_and_touches_neither_factors_nor_administrators() {
    let server = TestApp::new();
    let (root, two, ann) = (server.admin("root"), server.admin("two"), server.user("ann"));
    server.with_totp(&ann);
    let program = Program::key(&server, &root, &[ADMINISTER]);
    let (own, two, ann) = (&root.id, &two.id, &ann.id);
    let hers = key(&server, &server.user("eve"), &["read:models"]).0.key.id;
    let session = server.session_of(&server.read(|r| mcpcodex::ops::user::get(r, two)), false).0.id;
    let refused = [
        (
            "POST",
            "/api/v1/api-keys".to_owned(),
            json!({"user": ann, "name": "k", "scopes": ["read:models"]}),
        ),
        ("POST", format!("/api/v1/api-keys/{hers}/rotate"), json!({})),
        ("PATCH", format!("/api/v1/api-keys/{hers}"), json!({"requests_per_minute": 1_000})),
        ("DELETE", format!("/api/v1/users/{ann}/mfa"), json!({})),
        ("POST", format!("/api/v1/users/{ann}/mfa/reset"), json!({})),
        ("PATCH", format!("/api/v1/users/{ann}"), json!({"roles": ["admin"]})),
        (
            "POST",
            "/api/v1/users".to_owned(),
            json!({"username": "x", "email": "x@example.com", "roles": ["admin"]}),
        ),
        ("PATCH", format!("/api/v1/users/{two}"), json!({"email": "evil@example.com"})),
        ("POST", format!("/api/v1/users/{two}/password-reset"), json!({})),
        ("POST", format!("/api/v1/users/{two}/lock"), json!({})),
        ("POST", format!("/api/v1/users/{two}/disable"), json!({})),
        ("POST", format!("/api/v1/users/{two}/sessions/revoke"), json!({})),
        ("POST", format!("/api/v1/sessions/{session}/revoke"), json!({})),
        ("POST", "/api/v1/sessions/revoke".to_owned(), json!({"all": true})),
        ("POST", "/api/v1/sessions/revoke".to_owned(), json!({"user": own})),
        ("DELETE", format!("/api/v1/users/{two}"), json!({})),
        (
            "POST",
            "/api/v1/clients".to_owned(),
            json!({"name": "c", "redirect_uris": ["https://c.example/cb"], "scopes": [ADMINISTER]}),
        ),
    ];
    let before = server.audit().len();
    for (method, path, body) in refused {
        let page = program.ask(method, &path, &[], Some(&body));
        assert_eq!(refusal(&page), (403, "denied".to_owned()), "{method} {path}");
    }
    assert_eq!(server.audit().len(), before);
    super::client_of(&server);
    for (method, path, body) in [
        ("PATCH", "/api/v1/clients/program", json!({"redirect_uris": ["https://evil.example/cb"]})),
        ("PATCH", "/api/v1/clients/program", json!({"scopes": ["openid"]})),
        ("POST", "/api/v1/clients/program/secret", json!({})),
    ] {
        let page = program.ask(method, path, &[], Some(&body));
        assert_eq!(refusal(&page).0, 403, "{method} {path}");
    }
    // What is left is what it is for.
    program.good(
        "POST",
        "/api/v1/users",
        Some(&json!({"username": "new", "email": "new@example.com"})),
    );
    program.good("POST", &format!("/api/v1/users/{ann}/lock"), None);
    program.good("POST", &format!("/api/v1/api-keys/{hers}/revoke"), None);
}

#[test]
fn right_goes_with_the_role_and_the_key_at_once() {
    let server = TestApp::new();
    let (root, two) = (server.admin("root"), server.admin("two"));
    let programs =
        [Program::of(&server, &two, ADMINISTER), Program::key(&server, &two, &[ADMINISTER])];
    for program in &programs {
        assert_eq!(program.get("/api/v1/users").status, 200);
    }
    let admin = Program::of(&server, &root, ADMINISTER);
    admin.good("PATCH", &format!("/api/v1/users/{}", two.id), Some(&json!({"roles": ["user"]})));
    let statuses = programs.map(|program| program.get("/api/v1/users").status);
    assert_eq!(statuses, [401, 403], "the token went with the sessions, the key lost the scope");
}

#[test]
fn bound_token_needs_a_proof_for_this_request_that_was_never_used() {
    let server = TestApp::new();
    let root = server.admin("root");
    let plain = token(&server, &root, ADMINISTER);
    let holder = dpop::Key::new();
    let now = server.clock.now().secs();
    let proof = |path: &str, token: &str, nonce: Option<&str>| {
        let url = format!("http://localhost:8420{path}");
        holder.proof(&dpop::Proof { method: "GET", url: &url, iat: now, nonce, token: Some(token) })
    };
    let ask = |path: &str, scheme: &str, token: &str, proof: Option<&str>| {
        let program = Program::shows(&server, "authorization", format!("{scheme} {token}"));
        let headers: Vec<_> = proof.map(|proof| ("dpop", proof)).into_iter().collect();
        program.ask("GET", path, &headers, None)
    };
    // A token that is bound to no key is none that a proof could make good.
    let page = ask("/api/v1/me", "DPoP", &plain, Some(&proof("/api/v1/me", &plain, None)));
    assert_eq!(refusal(&page).0, 401);
    assert!(page.header("www-authenticate").starts_with("DPoP "), "{page:?}");
    let nonce = page.header("dpop-nonce").to_owned();
    let at_token = dpop::Proof {
        method: "POST",
        url: "http://localhost:8420/token",
        iat: now,
        nonce: Some(&nonce),
        token: None,
    };
    let bound = super::token_with(&server, &root, ADMINISTER, Some(&holder.proof(&at_token)));
    assert_eq!(refusal(&ask("/api/v1/me", "Bearer", &bound, None)).0, 401);
    assert_eq!(refusal(&ask("/api/v1/me", "DPoP", &bound, None)).0, 401);
    let other = proof("/api/v1/users", &bound, Some(&nonce));
    assert_eq!(refusal(&ask("/api/v1/me", "DPoP", &bound, Some(&other))).0, 401);
    let good = proof("/api/v1/me", &bound, Some(&nonce));
    assert_eq!(ask("/api/v1/me", "DPoP", &bound, Some(&good)).status, 200);
    assert_eq!(refusal(&ask("/api/v1/me", "DPoP", &bound, Some(&good))).0, 401, "used twice");
}

#[test]
fn limits_of_a_key_are_told_with_every_answer_and_kept() {
    let server = TestApp::new();
    let root = server.admin("root");
    let (env, owner) = (server.app.env(), root.clone());
    let new = mcpcodex::ops::apikey::New {
        name: "ci".to_owned(),
        scopes: vec![ADMINISTER.to_owned()],
        requests_per_minute: Some(6),
        burst_size: Some(3),
        ..mcpcodex::ops::apikey::New::default()
    };
    let made =
        server.write(move |tx| mcpcodex::ops::apikey::create(tx, &env, &operator(), &owner, &new));
    let program = Program::shows(&server, "x-api-key", made.text.expose().to_owned());
    for (path, status, left) in [
        ("/api/v1/users", 200, "2"),
        ("/api/v1/users/none", 404, "1"),
        ("/api/v1/users?x=1", 400, "0"),
    ] {
        let page = program.get(path);
        assert_eq!((page.status, page.header("ratelimit-remaining")), (status, left), "{path}");
    }
    let page = program.get("/api/v1/users");
    assert_eq!(refusal(&page), (429, "limited".to_owned()));
    assert_eq!((page.header("retry-after"), page.header("ratelimit-remaining")), ("10", "0"));
}

#[test]
fn two_credentials_are_refused_and_so_is_a_token_in_the_address() {
    let server = TestApp::new();
    let root = server.admin("root");
    let token = token(&server, &root, ADMINISTER);
    let text = key(&server, &root, &[ADMINISTER]).1;
    let program = Program::shows(&server, "x-api-key", text.clone());
    let both = format!("Bearer {token}");
    for second in [both.as_str(), &format!("Bearer {text}"), "Basic eDp5", ""] {
        let page = program.ask("GET", "/api/v1/me", &[("authorization", second)], None);
        let status = refusal(&page).0;
        assert!(matches!(status, 400 | 401), "{second}: {status}");
    }
    let nobody = Program::nobody(&server);
    for name in ["access_token", "api_key", "key"] {
        let page = nobody.get(&format!("/api/v1/me?{name}={token}"));
        assert_eq!(refusal(&page).0, 401, "{name}");
    }
}
