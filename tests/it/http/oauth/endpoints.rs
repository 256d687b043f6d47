//! Token, revocation, introspection and userinfo.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use mcpcodex::ops::client::{self, Made, New};

use super::caller::{Caller, FORM, encode, request};
use crate::ops::oauth::fixture::{CALLBACK, MCP, VERIFIER, World, operator, params, refresh_token};

fn confidential(world: &World) -> Made {
    let new = New {
        name: "Server app".to_owned(),
        redirect_uris: vec![CALLBACK.to_owned()],
        resources: vec![MCP.to_owned()],
        ..New::default()
    };
    world.db.write_blocking(move |tx| client::create(tx, &operator(), new)).unwrap()
}

fn basic(id: &str, secret: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")))
}

#[tokio::test]
async fn code_becomes_tokens_in_the_form_of_the_rfc() {
    let caller = Caller::new();
    let code = caller.world.code(&[]);
    let id = caller.world.client.id.to_string();
    let form = [
        ("grant_type", "authorization_code"),
        ("client_id", id.as_str()),
        ("code", code.as_str()),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ];
    let answer = caller.send("/token", &[], &form).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    let json = answer.json();
    assert_eq!(json["token_type"], "Bearer");
    assert_eq!(json["expires_in"], 900);
    assert_eq!(json["scope"], "openid profile email");
    assert!(json["id_token"].is_string());
    let refresh = json["refresh_token"].as_str().unwrap();
    let form = [("grant_type", "refresh_token"), ("client_id", &id), ("refresh_token", refresh)];
    let again = caller.send("/token", &[], &form).await.json();
    assert!(again["access_token"].is_string() && again["refresh_token"].is_string());
    assert_ne!(again["refresh_token"], refresh);
    assert_eq!(caller.send("/token", &[], &form[..2]).await.refusal(400), "invalid_request");
}

#[tokio::test]
async fn token_endpoint_takes_forms_by_post_and_nothing_from_the_url() {
    let caller = Caller::new();
    let id = caller.world.client.id.to_string();
    let get = caller.get("/token", &[]).await;
    assert_eq!(get.refusal(405), "invalid_request");
    assert_eq!(get.header("allow"), Some("POST"));
    assert_eq!(get.header("access-control-allow-origin"), Some("*"));
    let body = encode(&[("grant_type", "refresh_token"), ("client_id", &id)]);
    for media in
        ["application/json", "text/plain", "application/x-www-form-urlencoded; charset=utf-7"]
    {
        let headers = [("content-type", media)];
        let answer = caller.call(request("POST", "/token", &headers, body.clone())).await;
        assert_eq!(answer.refusal(415), "invalid_request", "{media}");
    }
    for query in ["client_secret=x", "client_id=x", "code=x", "grant_type=refresh_token"] {
        let answer = caller.send(&format!("/token?{query}"), &[], &[("client_id", &id)]).await;
        assert_eq!(answer.refusal(400), "invalid_request", "{query}");
    }
    let twice = [("grant_type", "refresh_token"), ("client_id", &id), ("client_id", &id)];
    assert_eq!(caller.send("/token", &[], &twice).await.refusal(400), "invalid_request");
    let form = [("grant_type", "password"), ("client_id", &id)];
    assert_eq!(caller.send("/token", &[], &form).await.refusal(400), "unsupported_grant_type");
    let none = [("client_id", id.as_str())];
    assert_eq!(caller.send("/token", &[], &none).await.refusal(400), "invalid_request");
}

#[tokio::test]
async fn body_beyond_the_bound_is_413_in_json_that_every_origin_may_read() {
    let caller = Caller::new();
    let bound = usize::try_from(caller.app.env.config.limits.request_body).unwrap();
    let body = |size: usize| format!("grant_type={}", "x".repeat(size - 11));
    for path in ["/token", "/par", "/device_authorization", "/revoke", "/introspect", "/userinfo"] {
        let headers = [("content-type", FORM), ("origin", "https://app.example")];
        let answer = caller.call(request("POST", path, &headers, body(bound + 1))).await;
        assert_eq!(answer.refusal(413), "invalid_request", "{path}");
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"), "{path}");
        let answer = caller.call(request("POST", path, &headers, body(bound))).await;
        assert_eq!(answer.status, 401, "{path} reads all that is within it: {}", answer.body);
    }
    // Registrations have a bound of their own.
    let headers = [("content-type", "application/json")];
    let answer = caller.call(request("POST", "/register", &headers, body(bound + 1))).await;
    assert_eq!(answer.refusal(413), "invalid_client_metadata");
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
}

#[tokio::test]
async fn body_of_forty_thousand_fields_costs_little() {
    let caller = Caller::new();
    let fields: Vec<_> = (0..40_000).map(|n| (format!("{n:x}"), "")).collect();
    let body = encode(&fields);
    let plain = format!("x={}", "x".repeat(body.len()));
    let mut best = [std::time::Duration::MAX; 2];
    for _ in 0..3 {
        for (body, best) in [&body, &plain].into_iter().zip(&mut best) {
            let post = request("POST", "/token", &[("content-type", FORM)], body.clone());
            let start = std::time::Instant::now();
            let answer = caller.call(post).await;
            *best = start.elapsed().min(*best);
            assert_eq!(answer.status, 401, "{}", answer.body);
        }
    }
    let [took, plain] = best;
    println!("40,000 fields {took:?}, as many bytes in one {plain:?}");
    assert!(took < plain * 200, "{took:?} beside {plain:?}");
}

#[tokio::test]
async fn client_that_proves_nothing_is_invalid_and_basic_is_challenged() {
    let caller = Caller::new();
    let made = confidential(&caller.world);
    let (id, secret) = (made.client.id.to_string(), made.secret.unwrap());
    let grant = ("grant_type", "refresh_token");
    let unknown = caller.send("/token", &[], &[grant, ("client_id", "c_unknown")]).await;
    assert_eq!(unknown.refusal(401), "invalid_client");
    assert!(unknown.header("www-authenticate").is_none());
    let silent = caller.send("/token", &[], &[grant, ("client_id", &id)]).await;
    assert_eq!(silent.refusal(401), "invalid_client");
    let nobody = caller.send("/token", &[], &[grant]).await;
    assert_eq!(nobody.refusal(401), "invalid_client");
    for header in
        [basic(&id, "wrong"), basic("c_unknown", "x"), "Digest x".to_owned(), "Basic !".to_owned()]
    {
        let answer = caller.send("/token", &[("authorization", &header)], &[grant]).await;
        assert_eq!(answer.refusal(401), "invalid_client", "{header}");
        assert!(answer.header("www-authenticate").unwrap().starts_with("Basic "), "{header}");
    }
    let right = basic(&id, secret.expose());
    let both = [grant, ("client_id", &id), ("client_secret", secret.expose())];
    let answer = caller.send("/token", &[("authorization", &right)], &both).await;
    assert_eq!(answer.refusal(400), "invalid_request");
    assert!(answer.body.contains("two ways of client authentication"), "{}", answer.body);
    // Right by each method: what is missing now is the token alone.
    let by_basic = caller.send("/token", &[("authorization", &right)], &both[..2]).await;
    assert_eq!(by_basic.refusal(400), "invalid_request");
    let by_post = caller.send("/token", &[], &both).await;
    assert_eq!(by_post.refusal(400), "invalid_request");
    assert!(by_post.body.contains("refresh_token is missing"), "{}", by_post.body);
    assert!(by_basic.body.contains("refresh_token is missing"), "{}", by_basic.body);
}

#[tokio::test]
async fn basic_takes_odd_characters_as_the_rfc_writes_them_and_as_many_clients_do() {
    let caller = Caller::new();
    let secret = "a:b%41+c&d=e/\u{e4} of thirty-two characters";
    let new = New {
        name: "Odd".to_owned(),
        id: Some("odd.client_1".to_owned()),
        secret: Some(mcpcodex::crypto::secret::Plain::new(secret.to_owned())),
        redirect_uris: vec![CALLBACK.to_owned()],
        ..New::default()
    };
    caller.world.db.write_blocking(move |tx| client::create(tx, &operator(), new)).unwrap();
    let grant = [("grant_type", "refresh_token")];
    let encoded: String = form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    for shown in [secret, encoded.as_str()] {
        let header = basic("odd.client_1", shown);
        let answer = caller.send("/token", &[("authorization", &header)], &grant).await;
        assert!(answer.body.contains("refresh_token is missing"), "{shown}: {}", answer.body);
    }
    for wrong in ["a:bA c&d=e/\u{e4} of thirty-two characters", "a", "", "a%3Ab%2541"] {
        let header = basic("odd.client_1", wrong);
        let answer = caller.send("/token", &[("authorization", &header)], &grant).await;
        assert_eq!(answer.refusal(401), "invalid_client", "{wrong}");
    }
}

#[tokio::test]
async fn parameter_in_url_and_form_is_one_too_many_wherever_it_stands() {
    let caller = Caller::new();
    let id = caller.world.client.id.to_string();
    for endpoint in ["/token", "/par", "/revoke", "/introspect"] {
        for name in [
            "client_id",
            "client_secret",
            "redirect_uri",
            "scope",
            "code",
            "token",
            "state",
            "nonce",
            "audience",
            "requested_token_type",
        ] {
            let path = format!("{endpoint}?{name}=x");
            let form = [("client_id", id.as_str()), (name, "x")];
            let answer = caller.send(&path, &[], &form[..1]).await;
            assert_eq!(answer.refusal(400), "invalid_request", "{path}");
            let mut twice = form.to_vec();
            twice.push((name, "x"));
            let answer = caller.send(endpoint, &[], &twice).await;
            assert_eq!(answer.refusal(400), "invalid_request", "{endpoint}: {name} twice");
        }
    }
}

#[tokio::test]
async fn guessing_a_secret_is_slowed_down() {
    let caller = Caller::new();
    let id = confidential(&caller.world).client.id.to_string();
    let form = [("token", "x"), ("client_id", id.as_str()), ("client_secret", "guess")];
    // At any endpoint: they share one count.
    for endpoint in ["/introspect", "/revoke"].into_iter().cycle().take(20) {
        assert_eq!(caller.send(endpoint, &[], &form).await.refusal(401), "invalid_client");
    }
    for endpoint in ["/introspect", "/revoke"] {
        let answer = caller.send(endpoint, &[], &form).await;
        assert_eq!(answer.refusal(429), "temporarily_unavailable", "clients drop what is invalid");
        assert_eq!(answer.header("retry-after"), Some("30"));
    }
}

#[tokio::test]
async fn introspection_wants_a_client_with_a_secret() {
    let caller = Caller::new();
    let token = caller.world.tokens(&[("resource", MCP)]).access_token.expose().to_owned();
    let public = caller.world.client.id.to_string();
    let nobody = caller.send("/introspect", &[], &[("token", &token)]).await;
    assert_eq!(nobody.refusal(401), "invalid_client");
    let answer =
        caller.send("/introspect", &[], &[("token", token.as_str()), ("client_id", &public)]).await;
    assert_eq!(answer.refusal(401), "invalid_client");
    let made = confidential(&caller.world);
    let header = basic(made.client.id.as_str(), made.secret.unwrap().expose());
    let auth = [("authorization", header.as_str())];
    let answer = caller.send("/introspect", &auth, &[("token", &token)]).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.json()["active"], true);
    let unknown = caller.send("/introspect", &auth, &[("token", "unknown")]).await;
    assert_eq!(unknown.json(), serde_json::json!({ "active": false }));
}

#[tokio::test]
async fn revocation_answers_200_whatever_was_shown() {
    let caller = Caller::new();
    let tokens = caller.world.tokens(&[]);
    let (id, refresh) = (caller.world.client.id.to_string(), refresh_token(&tokens));
    for token in ["unknown", &refresh, &refresh] {
        let answer = caller.send("/revoke", &[], &[("token", token), ("client_id", &id)]).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
    }
    assert!(!caller.world.is_active(tokens.access_token.expose()));
    let nobody = caller.send("/revoke", &[], &[("token", "x"), ("client_id", "c_unknown")]).await;
    assert_eq!(nobody.refusal(401), "invalid_client");
}

#[tokio::test]
async fn userinfo_takes_one_token_in_header_or_form() {
    let caller = Caller::new();
    let tokens = caller.world.tokens(&[]);
    let token = tokens.access_token.expose();
    let bearer = format!("Bearer {token}");
    let auth = [("authorization", bearer.as_str())];
    let sub = caller.world.user.as_str();
    assert_eq!(caller.get("/userinfo", &auth).await.json()["sub"], sub);
    assert_eq!(caller.send("/userinfo", &auth, &[]).await.json()["sub"], sub);
    let by_form = caller.send("/userinfo", &[], &[("access_token", token)]).await;
    assert_eq!(by_form.json()["email"], "ann@example.com");
    let both = caller.send("/userinfo", &auth, &[("access_token", token)]).await;
    assert_eq!(both.refusal(400), "invalid_request");

    let none = caller.get(&format!("/userinfo?access_token={token}"), &[]).await;
    none.refusal(401);
    assert_eq!(none.header("www-authenticate"), Some("Bearer realm=\"mcpcodex\""));
    let id_token = format!("Bearer {}", tokens.id_token.as_ref().unwrap().expose());
    for wrong in ["Bearer x", &id_token, &format!("Bearer {}", refresh_token(&tokens))] {
        let answer = caller.get("/userinfo", &[("authorization", wrong)]).await;
        assert_eq!(answer.refusal(401), "invalid_token");
        assert!(answer.header("www-authenticate").unwrap().contains("error=\"invalid_token\""));
    }
    let poor = caller.world.tokens(&[("scope", "email")]);
    let poor = format!("Bearer {}", poor.access_token.expose());
    let answer = caller.get("/userinfo", &[("authorization", &poor)]).await;
    assert_eq!(answer.refusal(403), "insufficient_scope");
}

#[tokio::test]
async fn session_cookie_is_no_access_token_and_no_form_reads_it() {
    let caller = Caller::new();
    let cookie = mcpcodex::ops::session::cookie(&caller.app.env, &caller.world.signed_in.session);
    let header = format!("Bearer {}", cookie.unwrap());
    let answer = caller.get("/userinfo", &[("authorization", &header)]).await;
    assert_eq!(answer.refusal(401), "invalid_token");
    let answer = caller.get("/userinfo", &[("cookie", &caller.cookies())]).await;
    answer.refusal(401);
}

#[tokio::test]
async fn other_origins_may_read_what_carries_no_cookie_and_nothing_else() {
    let caller = Caller::new();
    let ask = [
        ("origin", "https://inspector.example"),
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "authorization, mcp-protocol-version"),
    ];
    for path in [
        "/token",
        "/revoke",
        "/introspect",
        "/userinfo",
        "/.well-known/openid-configuration",
        "/.well-known/oauth-authorization-server",
        "/.well-known/jwks.json",
    ] {
        let answer = caller.call(request("OPTIONS", path, &ask, String::new())).await;
        assert_eq!(answer.status, 204, "{path}");
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"), "{path}");
        let allowed = answer.header("access-control-allow-headers").unwrap();
        for header in ["Authorization", "Content-Type", "MCP-Protocol-Version", "DPoP"] {
            assert!(allowed.contains(header), "{path}: {header}");
        }
        assert!(answer.header("access-control-allow-credentials").is_none(), "{path}");
    }
    let refused = caller.send("/token", &[("origin", "https://x.example")], &[]).await;
    assert_eq!(refused.header("access-control-allow-origin"), Some("*"));
    for path in ["/authorize", "/consent", "/login"] {
        let answer = caller.call(request("OPTIONS", path, &ask, String::new())).await;
        assert!(answer.header("access-control-allow-origin").is_none(), "{path}");
        let answer = caller.get(path, &ask).await;
        assert!(answer.header("access-control-allow-origin").is_none(), "{path}");
    }
}

#[tokio::test]
async fn body_of_another_type_is_not_read_as_a_form() {
    let caller = Caller::new();
    let tokens = caller.world.tokens(&[]);
    let body = encode(&[("access_token", tokens.access_token.expose())]);
    for media in ["application/json", "text/plain"] {
        let headers = [("content-type", media)];
        caller.call(request("POST", "/userinfo", &headers, body.clone())).await.refusal(401);
    }
    let headers = [("content-type", FORM)];
    let answer = caller.call(request("POST", "/userinfo", &headers, body)).await;
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn full_disk_is_503_with_retry_after_and_reading_goes_on() {
    let caller = Caller::new();
    let code = caller.world.code(&[]);
    let id = caller.world.client.id.to_string();
    let form = [
        ("grant_type", "authorization_code"),
        ("client_id", id.as_str()),
        ("code", code.as_str()),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ];
    let tokens = caller.send("/token", &[], &form).await.json();
    // No page more than there are: SQLite then says what it says when the disk is full.
    let limit = |tx: &mcpcodex::db::Write<'_>| {
        tx.one("pragma max_page_count = 1", [], |row| row.get::<_, i64>(0))
    };
    caller.world.db.write_blocking(limit).unwrap();
    let state = "s".repeat(2_000);
    let asked =
        format!("/authorize?{}", encode(&params(&caller.world.client, &[("state", &state)])));
    let mut page = caller.get(&asked, &[]).await;
    for _ in 0..64 {
        if page.status != 303 {
            break;
        }
        page = caller.get(&asked, &[]).await;
    }
    assert_eq!((page.status.as_u16(), page.header("retry-after")), (503, Some("30")));
    assert!(page.body.contains("disk"), "{}", page.body);
    // A small row may still find room; each refresh takes some of it.
    let mut refresh = tokens["refresh_token"].as_str().unwrap().to_owned();
    let refused = loop {
        let form =
            [("grant_type", "refresh_token"), ("client_id", &id), ("refresh_token", &refresh)];
        let answer = caller.send("/token", &[], &form).await;
        if answer.status != 200 {
            break answer;
        }
        refresh = answer.json()["refresh_token"].as_str().unwrap().to_owned();
    };
    assert_eq!(refused.header("retry-after"), Some("30"));
    assert_eq!(refused.refusal(503), "server_error");
    let bearer = format!("Bearer {}", tokens["access_token"].as_str().unwrap());
    assert_eq!(caller.get("/userinfo", &[("authorization", &bearer)]).await.status, 200);
}
