//! What clients read first.

use super::caller::{Caller, request};

const OAUTH: &str = "/.well-known/oauth-authorization-server";
const OPENID: &str = "/.well-known/openid-configuration";

#[tokio::test]
async fn both_paths_give_the_same_document() {
    let caller = Caller::new();
    let (one, other) = (caller.get(OAUTH, &[]).await, caller.get(OPENID, &[]).await);
    assert_eq!(one.status, 200);
    assert_eq!(one.body, other.body);
    assert_eq!(one.header("cache-control"), Some("public, max-age=300"));
    let json = one.json();
    assert_eq!(json["issuer"], "http://localhost:8420");
    assert_eq!(json["token_endpoint"], "http://localhost:8420/token");
}

#[tokio::test]
async fn issuer_with_a_path_is_found_at_every_place_that_clients_try() {
    let caller = with_path("/auth");
    let root = caller.get(OAUTH, &[]).await;
    assert_eq!(root.json()["issuer"], "http://localhost:8420/auth");
    let mut places = Vec::new();
    for document in [OAUTH, OPENID] {
        places.extend([
            document.to_owned(),
            format!("{document}/"),
            format!("{document}/auth"),
            format!("{document}/auth/"),
            format!("/auth{document}"),
            format!("/auth{document}/auth"),
        ]);
    }
    for path in places {
        let answer = caller.get(&path, &[]).await;
        assert_eq!(answer.body, root.body, "{path}");
        assert_eq!(answer.header("content-type"), Some("application/json"), "{path}");
    }
    for path in [format!("{OAUTH}/other"), format!("{OPENID}/authx"), format!("/other{OPENID}")] {
        assert_eq!(caller.get(&path, &[]).await.status, 404, "{path}");
    }
    let keys = caller.get("/auth/.well-known/jwks.json", &[]).await.json();
    assert_eq!(keys["keys"].as_array().unwrap().len(), 1);
    caller.send("/auth/token", &[], &[]).await.refusal(401);
    caller.send("/token", &[], &[]).await.refusal(401);
}

fn with_path(path: &str) -> Caller {
    let public = url::Url::parse(&format!("http://localhost:8420{path}")).unwrap();
    Caller::with(|config| config.server.public_url = Some(public), |_| {})
}

/// What a page of another origin needs in order to read an answer.
fn is_open(answer: &super::caller::Answer, what: &str) {
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"), "{what}");
    assert_eq!(answer.header("access-control-allow-credentials"), None, "{what}");
}

#[tokio::test]
async fn unknown_well_known_path_is_404_in_json_by_every_method_with_and_without_a_path() {
    for caller in [Caller::new(), with_path("/id")] {
        for path in [
            "/.well-known/unheard-of",
            "/.well-known/unheard-of/mcp",
            "/.well-known/openid-configuration/x",
            "/.well-known/oauth-protected-resource/mcp",
            "/.well-known/",
            "/.well-known",
            "/id/.well-known/unheard-of",
            "/mcp/.well-known/openid-configuration",
            "/.well-known/%2e%2e/login",
            "/.well-known/..%2flogin",
            "//.well-known/openid-configuration",
            "/.well-known//openid-configuration",
        ] {
            for method in ["GET", "POST", "PUT", "DELETE", "PATCH"] {
                if method != "GET" && path.contains("oauth-protected-resource") {
                    continue;
                }
                let headers = [("accept", "text/html"), ("origin", "https://evil.example")];
                let ask = request(method, path, &headers, String::new());
                let answer = caller.call(ask).await;
                assert_eq!(answer.status, 404, "{method} {path}");
                answer.json();
                is_open(&answer, path);
            }
            let head = caller.call(request("HEAD", path, &[], String::new())).await;
            assert_eq!((head.status.as_u16(), head.body.as_str()), (404, ""), "{path}");
            assert_eq!(head.header("content-type"), Some("application/json"), "{path}");
        }
    }
}

#[tokio::test]
async fn every_document_is_open_to_every_origin_its_refusals_and_preflights_too() {
    let caller = Caller::new();
    let resource = "/.well-known/oauth-protected-resource/https/mcp.example.com/mcp";
    let unknown = "/.well-known/unheard-of";
    for path in [OAUTH, OPENID, "/.well-known/jwks.json", resource, unknown] {
        let origin = ("origin", "http://localhost:6274");
        let version = ("mcp-protocol-version", "2026-07-28");
        is_open(&caller.get(path, &[origin, version]).await, path);
        let asked = [
            origin,
            ("access-control-request-method", "GET"),
            ("access-control-request-headers", "mcp-protocol-version"),
        ];
        let preflight = caller.call(request("OPTIONS", path, &asked, String::new())).await;
        assert_eq!(preflight.status, 204, "{path}");
        is_open(&preflight, path);
        let headers = preflight.header("access-control-allow-headers").unwrap();
        assert!(headers.contains("MCP-Protocol-Version"), "{headers}");
        assert!(preflight.header("access-control-allow-methods").unwrap().contains("GET"));
        if path != unknown {
            let refused = caller.call(request("POST", path, &[origin], String::new())).await;
            assert_eq!(refused.refusal(405), "invalid_request", "{path}");
            is_open(&refused, path);
        }
    }
    // Where a cookie counts, nobody else's page reads along.
    for path in ["/authorize", "/login", "/consent", "/account", "/auth/session", "/mfa"] {
        let answer = caller.get(path, &[("origin", "https://evil.example")]).await;
        assert_eq!(answer.header("access-control-allow-origin"), None, "{path}");
        let preflight =
            [("origin", "https://evil.example"), ("access-control-request-method", "POST")];
        let preflight = caller.call(request("OPTIONS", path, &preflight, String::new())).await;
        assert_eq!(preflight.header("access-control-allow-origin"), None, "{path}");
    }
}

#[tokio::test]
async fn document_that_has_not_changed_is_not_sent_again() {
    let caller = Caller::new();
    let resource = "/.well-known/oauth-protected-resource/https/mcp.example.com/mcp";
    for path in [OAUTH, OPENID, resource] {
        let first = caller.get(path, &[]).await;
        let mark = first.header("etag").unwrap().to_owned();
        let head = caller.call(request("HEAD", path, &[], String::new())).await;
        assert_eq!((head.status.as_u16(), head.body.as_str()), (200, ""));
        assert_eq!(head.header("etag"), Some(mark.as_str()));
        let weak = format!("\"other\", W/{mark}");
        for known in [mark.as_str(), weak.as_str(), "*"] {
            let again = caller.get(path, &[("if-none-match", known)]).await;
            assert_eq!((again.status.as_u16(), again.body.as_str()), (304, ""), "{known}");
            assert_eq!(again.header("etag"), Some(mark.as_str()));
            assert_eq!(again.header("cache-control"), Some("public, max-age=300"));
        }
        assert_eq!(caller.get(path, &[("if-none-match", "\"other\"")]).await.status, 200);
    }
}

#[tokio::test]
async fn word_of_a_proxy_about_host_and_scheme_changes_nothing() {
    let caller = Caller::new();
    let plain = caller.get(OAUTH, &[]).await;
    let said = [
        ("x-forwarded-host", "evil.example"),
        ("x-forwarded-proto", "https"),
        ("x-forwarded-prefix", "/evil"),
        ("forwarded", "host=evil.example;proto=https"),
        ("x-original-url", "/evil"),
    ];
    assert_eq!(caller.get(OAUTH, &said).await.body, plain.body);
    let resource = "/.well-known/oauth-protected-resource/https/mcp.example.com/mcp";
    let plain = caller.get(resource, &[]).await;
    assert_eq!(caller.get(resource, &said).await.body, plain.body);
    let login = caller.get("/account", &said).await;
    assert!(login.location().starts_with("/login"), "{}", login.location());
}

#[tokio::test]
async fn jwks_has_the_public_key_and_follows_the_database() {
    let caller = Caller::new();
    let keys = caller.get("/.well-known/jwks.json", &[]).await;
    assert_eq!(keys.header("cache-control"), Some("public, max-age=300"));
    assert_eq!(keys.json()["keys"].as_array().unwrap().len(), 1);
    assert!(keys.json()["keys"][0].get("d").is_none());
    let env = std::sync::Arc::clone(&caller.world.env);
    let algorithm = mcpcodex::crypto::jwt::Algorithm::EdDSA;
    let fresh = mcpcodex::crypto::jwt::SigningKey::generate(algorithm).unwrap();
    caller.world.db.write_blocking(move |tx| mcpcodex::ops::key::insert(tx, &env, &fresh)).unwrap();
    let keys = caller.get("/.well-known/jwks.json", &[]).await.json();
    assert_eq!(keys["keys"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn second_host_that_is_not_ours_is_refused_wherever_it_stands() {
    let caller = Caller::new();
    let path = "/.well-known/openid-configuration";
    // `get` names our own host already; a second one comes after it.
    assert_eq!(caller.get(path, &[("host", "evil.example")]).await.status, 421);
    for origin in ["http://evil.example", "http://localhost:8420@evil.example"] {
        assert_eq!(caller.get(&format!("{origin}{path}"), &[]).await.status, 421, "{origin}");
    }
    assert_eq!(caller.get(&format!("http://localhost:8420{path}"), &[]).await.status, 200);
}

#[tokio::test]
async fn proxy_that_disagrees_about_the_address_is_warned_of_once() {
    crate::support::log::listen();
    let count = || {
        let log = String::from_utf8(crate::support::log::everything()).unwrap();
        log.matches("a proxy in front says X-Forwarded-Proto: \"gopher\"").count()
    };
    let before = count();
    let caller = Caller::new();
    for right in [("x-forwarded-proto", "http"), ("x-forwarded-host", "localhost:8420")] {
        caller.get(OAUTH, &[right]).await;
    }
    assert_eq!(count(), before);
    for _ in 0..3 {
        caller.get(OAUTH, &[("x-forwarded-proto", "gopher, http")]).await;
        caller.get(OAUTH, &[("x-forwarded-host", "evil.example")]).await;
        caller.get(OAUTH, &[("x-forwarded-proto", "gopher")]).await;
    }
    assert_eq!(count(), before + 1);
}
