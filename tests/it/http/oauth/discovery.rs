//! What clients read first.

use super::caller::Caller;

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
    let public = url::Url::parse("http://localhost:8420/auth").unwrap();
    let caller = Caller::with(|config| config.server.public_url = Some(public), |_| {});
    let root = caller.get(OAUTH, &[]).await;
    assert_eq!(root.json()["issuer"], "http://localhost:8420/auth");
    for path in [
        OPENID.to_owned(),
        format!("{OAUTH}/auth"),
        format!("{OPENID}/auth"),
        format!("/auth{OPENID}"),
        format!("/auth{OAUTH}"),
    ] {
        let answer = caller.get(&path, &[]).await;
        assert_eq!(answer.body, root.body, "{path}");
    }
    let keys = caller.get("/auth/.well-known/jwks.json", &[]).await.json();
    assert_eq!(keys["keys"].as_array().unwrap().len(), 1);
    caller.send("/auth/token", &[], &[]).await.refusal(401);
    caller.send("/token", &[], &[]).await.refusal(401);
}

#[tokio::test]
async fn unknown_well_known_path_is_404_in_json() {
    let caller = Caller::new();
    for path in ["/.well-known/unheard-of", "/.well-known/openid-configuration/x", "/.well-known/"]
    {
        let answer = caller.get(path, &[("accept", "text/html")]).await;
        assert_eq!(answer.status, 404, "{path}");
        answer.json();
    }
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
