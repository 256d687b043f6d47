//! `client`, `resource`, `key`: shapes and effects.

use serde_json::json;

use super::{Place, keys};

#[test]
fn client_is_made_with_a_secret_that_is_shown_once() {
    let place = Place::new();
    let args = ["client", "create", "My App", "--redirect-uri", "https://app.example/cb"];
    let made = place.json(&args);
    assert_eq!(
        keys(&made),
        ["client_id", "client_secret", "grant_types", "name", "redirect_uris", "scopes"]
    );
    assert_eq!(made["grant_types"], json!(["authorization_code", "refresh_token"]));
    let shown = place.run(&["client", "show", "My App", "--json"]);
    assert!(!shown.out.contains(made["client_secret"].as_str().unwrap()), "{}", shown.out);
    assert_eq!(shown.document()["client_id"], made["client_id"]);
    assert_eq!(place.json(&["clients", "list"])[0]["name"], "My App");
}

#[test]
fn public_client_has_no_secret_to_rotate() {
    let place = Place::new();
    let args = ["client", "create", "Cli", "--public", "--redirect-uri", "http://127.0.0.1/cb"];
    assert_eq!(place.json(&args).get("client_secret"), None);
    assert_eq!(place.run(&["client", "secret", "rotate", "Cli"]).code, 5);
}

#[test]
fn client_with_keys_has_no_secret_and_its_keys_must_be_public() {
    let place = Place::new();
    let file = place.path("keys.json");
    let create = |name: &str, args: &[&str]| {
        let all = [&["client", "create", name, "--grant", "client_credentials"], args].concat();
        place.run(&[all.as_slice(), &["--json"]].concat())
    };
    let jwks = ["--jwks", file.to_str().unwrap()];
    assert_eq!(create("None", &jwks).code, 2, "there is no such file yet");
    let key = json!({ "kty": "EC", "crv": "P-256", "x": "eA", "y": "eQ" });
    std::fs::write(&file, json!({ "keys": [key] }).to_string()).unwrap();
    let made = create("Own", &jwks).document();
    assert_eq!(made.get("client_secret"), None);
    let shown = place.json(&["client", "show", "Own"]);
    assert_eq!(shown["token_endpoint_auth_method"], "private_key_jwt");
    assert_eq!(place.run(&["client", "secret", "rotate", "Own"]).code, 5);
    let uri = ["--jwks-uri", "https://app.example.com/jwks.json"];
    assert_eq!(create("Elsewhere", &uri).code, 0);
    for bad in
        [json!({ "keys": [{ "kty": "EC", "d": "secret" }] }), json!({ "keys": [] }), json!([])]
    {
        std::fs::write(&file, bad.to_string()).unwrap();
        assert_eq!(create("Bad", &jwks).code, 2, "{bad}");
    }
    assert_eq!(create("Bad", &["--jwks-uri", "http://app.example.com/jwks.json"]).code, 2);
    assert_eq!(create("Bad", &[&jwks[..], &uri].concat()).code, 2);
    assert_eq!(create("Bad", &[&uri[..], &["--public"]].concat()).code, 2);
}

#[test]
fn rotated_secret_is_another_and_alone_on_stdout() {
    let place = Place::new();
    let args = ["client", "create", "App", "--redirect-uri", "https://app.example/cb"];
    let made = place.json(&args);
    let ran = place.run(&["client", "secret", "rotate", "App"]);
    assert_eq!(ran.code, 0);
    assert_eq!(ran.out.lines().count(), 1);
    assert!(ran.out.trim().len() >= 43, "{}", ran.out);
    assert_ne!(ran.out.trim(), made["client_secret"].as_str().unwrap());
}

#[test]
fn client_is_edited_disabled_enabled_deleted() {
    let place = Place::new();
    place.json(&["client", "create", "App", "--redirect-uri", "https://app.example/cb"]);
    let edit = ["client", "edit", "App", "--scope", "openid email", "--name", "App 2"];
    assert_eq!(place.json(&edit)["scopes"], json!(["openid", "email"]));
    assert_eq!(place.json(&["client", "disable", "App 2"])["disabled"], true);
    assert_eq!(place.run(&["client", "disable", "App 2"]).code, 5);
    assert_eq!(place.json(&["client", "enable", "App 2"])["disabled"], false);
    assert_eq!(place.run(&["client", "delete", "App 2"]).code, 2);
    assert_eq!(place.run(&["client", "delete", "App 2", "--yes"]).code, 0);
    assert_eq!(place.run(&["client", "show", "App 2"]).code, 3);
}

#[test]
fn two_clients_of_one_name_are_told_apart_by_id_only() {
    let place = Place::new();
    for _ in 0..2 {
        place.json(&["client", "create", "Twin", "--redirect-uri", "https://a.example/cb"]);
    }
    assert_eq!(place.run(&["client", "show", "Twin"]).code, 5);
}

#[test]
fn resource_is_registered_listed_and_removed() {
    let place = Place::new();
    let uri = "https://mcp.example/mcp";
    let add = ["resource", "add", uri, "--name", "Notes", "--scope", "notes:read=Read your notes"];
    let made = place.json(&add);
    for key in ["id", "uri", "name", "scopes", "metadata_url"] {
        assert!(made.get(key).is_some(), "{key}: {made}");
    }
    assert_eq!(made["scopes"], json!(["notes:read"]));
    assert_eq!(
        made["metadata_url"],
        "http://localhost:8420/.well-known/oauth-protected-resource/mcp"
    );
    assert_eq!(place.run(&add).code, 5, "a second time");
    assert_eq!(place.json(&["resource", "list"])[0]["uri"], uri);
    assert_eq!(place.run(&["resource", "delete", uri, "--yes"]).code, 0);
    assert_eq!(place.run(&["resource", "delete", uri, "--yes"]).code, 3);
}

#[test]
fn signing_key_is_made_at_the_first_start_and_listed_without_its_private_half() {
    let place = Place::new();
    let ran = place.run(&["key", "list", "--json"]);
    let listed = ran.document();
    assert_eq!(listed.as_array().unwrap().len(), 1);
    assert_eq!((&listed[0]["state"], &listed[0]["algorithm"]), (&json!("active"), &json!("ES256")));
    assert!(!ran.out.contains("\"d\""));
    assert_eq!(place.json(&["keys", "list"]), listed, "the same one is found again");
}
