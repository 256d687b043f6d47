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
fn template_needs_no_looking_up() {
    let place = Place::new();
    let known = place.json(&["client", "template", "list"]);
    for template in known.as_array().unwrap() {
        let name = template["template"].as_str().unwrap();
        let made = place.json(&["client", "create", "--template", name]);
        assert_eq!(made["name"], template["name"]);
        assert_eq!(made["redirect_uris"], template["redirect_uris"]);
        assert_eq!(made.get("client_secret"), None, "{name}");
    }
    let own = ["--template", "chatgpt", "--redirect-uri", "https://chatgpt.com/connector/oauth/x"];
    let made = place.json(&[&["client", "create", "Ours"], &own[..]].concat());
    assert_eq!(
        (made["name"].as_str(), made["redirect_uris"][1].as_str()),
        (Some("Ours"), Some(own[3]))
    );
    assert_eq!(place.run(&["client", "create", "--template", "netscape"]).code, 2);
    assert_eq!(place.run(&["client", "create"]).code, 2);
}

#[test]
fn everything_that_can_be_said_of_a_client_is_said_changed_and_shown() {
    let place = Place::new();
    let create = [
        "client",
        "create",
        "App",
        "--redirect-uri",
        "https://app.example/cb",
        "--auth-method",
        "client_secret_post",
        "--home-page",
        "https://app.example/",
        "--post-logout-redirect-uri",
        "https://app.example/bye",
        "--backchannel-logout-uri",
        "https://app.example/logout",
        "--dpop-bound",
        "--par-required",
    ];
    assert!(place.json(&create)["client_secret"].is_string());
    let shown = place.json(&["client", "show", "App"]);
    for (key, value) in [
        ("token_endpoint_auth_method", json!("client_secret_post")),
        ("client_uri", json!("https://app.example/")),
        ("post_logout_redirect_uris", json!(["https://app.example/bye"])),
        ("backchannel_logout_uri", json!("https://app.example/logout")),
        ("dpop_bound", json!(true)),
        ("par_required", json!(true)),
        ("state", json!("active")),
        ("origin", json!("static")),
        ("disabled", json!(false)),
    ] {
        assert_eq!(shown[key], value, "{key}");
    }
    let printed = place.run(&["client", "show", "App"]).out;
    assert!(printed.contains("https://app.example/bye") && printed.contains("DPoP"), "{printed}");
    let edit = [
        "client",
        "edit",
        "App",
        "--auth-method",
        "none",
        "--home-page",
        "",
        "--post-logout-redirect-uri",
        "",
        "--backchannel-logout-uri",
        "",
        "--dpop-bound",
        "false",
        "--par-required",
        "false",
    ];
    let changed = place.json(&edit);
    assert_eq!((&changed["public"], &changed["client_uri"]), (&json!(true), &json!(null)));
    assert_eq!(changed["post_logout_redirect_uris"], json!([]));
    assert_eq!((&changed["dpop_bound"], &changed["par_required"]), (&json!(false), &json!(false)));
    assert_eq!(place.run(&["client", "secret", "rotate", "App"]).code, 5);
    assert_eq!(
        place.run(&["client", "edit", "App", "--auth-method", "client_secret_basic"]).code,
        0
    );
    assert_eq!(place.run(&["client", "secret", "rotate", "App"]).code, 0);
    for bad in [
        ["--auth-method", "tls_client_auth"],
        ["--auth-method", "private_key_jwt"],
        ["--home-page", "http://app.example/"],
        ["--backchannel-logout-uri", "http://intranet/"],
        ["--post-logout-redirect-uri", "javascript:alert(1)"],
    ] {
        assert_eq!(place.run(&[&["client", "edit", "App"], &bad[..]].concat()).code, 2, "{bad:?}");
    }
}

#[test]
fn registration_token_is_shown_once_listed_and_taken_back() {
    let place = Place::new();
    let made = place.json(&[
        "client",
        "token",
        "create",
        "--name",
        "ci",
        "--uses",
        "2",
        "--expires",
        "1h",
    ]);
    assert!(made["token"].as_str().unwrap().len() >= 43);
    let listed = place.run(&["client", "token", "list", "--json"]);
    assert!(!listed.out.contains(made["token"].as_str().unwrap()));
    assert_eq!(listed.document()[0]["state"], "good");
    assert_eq!(
        (&listed.document()[0]["most_uses"], &listed.document()[0]["uses"]),
        (&json!(2), &json!(0))
    );
    let id = made["id"].as_str().unwrap();
    assert_eq!(place.json(&["client", "token", "revoke", id])["state"], "revoked");
    assert_eq!(place.run(&["client", "token", "revoke", id]).code, 3);
    let plain = place.run(&["client", "token", "create", "--name", "two"]);
    assert_eq!(plain.out.lines().count(), 1);
}

#[test]
fn client_made_by_hand_neither_waits_nor_is_pruned() {
    let place = Place::new();
    place.json(&["client", "create", "App", "--redirect-uri", "https://app.example/cb"]);
    assert_eq!(place.json(&["client", "list", "--pending"]), json!([]));
    for verb in ["approve", "deny"] {
        assert_eq!(place.run(&["client", verb, "App"]).code, 5);
    }
    assert_eq!(place.json(&["client", "prune", "--unused", "1s", "--dry-run"]), json!([]));
    assert_eq!(place.json(&["client", "prune"])["removed"], 0);
    assert_eq!(place.json(&["client", "list"]).as_array().unwrap().len(), 1);
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
    let url = "http://localhost:8420/.well-known/oauth-protected-resource/https/mcp.example/mcp";
    assert_eq!(made["metadata_url"], url);
    assert_eq!(place.run(&add).code, 5, "a second time");
    assert_eq!(place.json(&["resource", "list"])[0]["uri"], uri);
    assert_eq!(place.json(&["resources", "show", uri]), made);
    assert_eq!(place.json(&["resource", "show", made["id"].as_str().unwrap()]), made);
    assert_eq!(place.run(&["resource", "delete", uri, "--yes"]).code, 0);
    assert_eq!(place.run(&["resource", "delete", uri, "--yes"]).code, 3);
}

#[test]
fn new_resource_comes_with_what_its_server_must_answer() {
    let place = Place::new();
    let uri = "https://mcp.example/mcp";
    let ran = place.run(&["resource", "add", uri, "--scope", "notes:read=Read your notes"]);
    let header = "WWW-Authenticate: Bearer resource_metadata=\"http://localhost:8420/.well-known/oauth-protected-resource/https/mcp.example/mcp\", scope=\"notes:read\"";
    assert!(ran.err.contains(header), "{}", ran.err);
    assert!(!ran.out.contains("WWW-Authenticate"), "stdout is data: {}", ran.out);
}

#[test]
fn all_that_can_be_said_of_a_resource_is_kept_and_can_be_said_anew() {
    let place = Place::new();
    let uri = "https://mcp.example/mcp";
    let made = place.json(&[
        "resource",
        "add",
        uri,
        "--name",
        "Notes",
        "--scope",
        "notes:read=Read your notes",
        "--scope",
        "notes:write=Change your notes",
        "--scope",
        "notes:delete=Delete your notes",
        "--no-default",
        "notes:write",
        "--sensitive",
        "notes:delete",
        "--alias",
        "https://MCP.example/mcp/",
        "--alias",
        "https://mcp.example",
        "--role",
        "developer",
        "--role",
        "admin",
        "--token-lifetime",
        "10m",
        "--token-format",
        "opaque",
        "--algorithm",
        "ES256",
    ]);
    assert_eq!(made["scopes"], json!(["notes:read", "notes:write", "notes:delete"]));
    assert_eq!(made["default_scopes"], json!(["notes:read"]));
    assert_eq!(made["sensitive_scopes"], json!(["notes:delete"]));
    assert_eq!(made["aliases"], json!(["https://mcp.example", "https://mcp.example/mcp/"]));
    assert_eq!(made["roles"], json!(["developer", "admin"]));
    assert_eq!(made["token_lifetime"], 600);
    assert_eq!((&made["token_format"], &made["algorithm"]), (&json!("opaque"), &json!("ES256")));

    let edited = place.json(&[
        "resource",
        "edit",
        "https://mcp.example/",
        "--name",
        "New notes",
        "--scope",
        "notes:share=Share your notes",
        "--scope",
        "notes:read=Read all your notes",
        "--remove-scope",
        "notes:write",
        "--default-scope",
        "notes:delete",
        "--risk",
        "notes:delete=low",
        "--remove-alias",
        "https://mcp.example/mcp/",
        "--any-role",
        "--token-lifetime",
        "configured",
        "--token-format",
        "jwt",
        "--algorithm",
        "configured",
    ]);
    assert_eq!(edited["name"], "New notes");
    assert_eq!(edited["scopes"], json!(["notes:read", "notes:delete", "notes:share"]));
    assert_eq!(edited["scope_descriptions"]["notes:read"], "Read all your notes");
    assert_eq!(edited["default_scopes"], json!(["notes:read", "notes:delete", "notes:share"]));
    assert_eq!(edited["sensitive_scopes"], json!([]));
    assert_eq!(edited["aliases"], json!(["https://mcp.example"]));
    assert_eq!(edited["roles"], json!([]));
    assert_eq!((&edited["token_lifetime"], &edited["algorithm"]), (&json!(null), &json!(null)));
    assert_eq!(place.json(&["resource", "edit", uri]), edited, "nothing said, nothing changed");
}

#[test]
fn what_contradicts_other_resources_or_itself_is_refused_whole() {
    let place = Place::new();
    let (one, two) = ("https://one.example/mcp", "https://two.example/mcp");
    place.json(&["resource", "add", one, "--alias", "https://one.example", "--scope", "a=A"]);
    place.json(&["resource", "add", two]);
    for (args, code) in [
        (vec!["resource", "add", "https://one.example/"], 5),
        (vec!["resource", "add", "https://three.example", "--alias", one], 5),
        (vec!["resource", "edit", two, "--alias", "https://one.example", "--name", "N"], 5),
        (vec!["resource", "edit", two, "--alias", "not a uri"], 2),
        (vec!["resource", "edit", two, "--remove-alias", one], 3),
        (vec!["resource", "edit", one, "--sensitive", "b"], 3),
        (vec!["resource", "edit", one, "--remove-scope", "b"], 3),
        (vec!["resource", "edit", one, "--scope", "openid=Sign in"], 2),
        (vec!["resource", "edit", one, "--scope", "b=B", "--scope", "b=C"], 2),
        (vec!["resource", "edit", one, "--role", "nobody"], 3),
        (vec!["resource", "add", "https://four.example", "--role", "nobody"], 3),
        (vec!["resource", "edit", one, "--token-lifetime", "10s"], 2),
        (vec!["resource", "edit", one, "--token-lifetime", "2d"], 2),
        (vec!["resource", "edit", one, "--algorithm", "none"], 2),
        (vec!["resource", "edit", one, "--token-format", "xml"], 2),
        (vec!["resource", "edit", one, "--risk", "a=huge"], 2),
        (vec!["resource", "add", "javascript:alert(1)"], 2),
        (vec!["resource", "add", "https://u:p@h.example/mcp"], 2),
    ] {
        let ran = place.run(&args);
        assert_eq!(ran.code, code, "{args:?}: {}", ran.err);
    }
    let listed = place.json(&["resource", "list"]);
    assert_eq!(listed.as_array().unwrap().len(), 2);
    assert_eq!(listed[1]["name"], two, "nothing of a refused change stays");
    assert_eq!(listed[0]["scopes"], json!(["a"]));
}

#[test]
fn clients_of_a_resource_that_goes_do_not_get_all_others_instead() {
    let place = Place::new();
    for uri in ["https://one.example", "https://two.example"] {
        place.json(&["resource", "add", uri]);
    }
    let make = |name: &str, resources: &[&str]| {
        let mut args = vec!["client", "create", name, "--redirect-uri", "https://a.example/cb"];
        for uri in resources {
            args.extend(["--resource", *uri]);
        }
        place.json(&args);
    };
    make("Only", &["https://one.example"]);
    make("Both", &["https://one.example", "https://two.example"]);
    make("Any", &[]);
    let gone = place.json(&["resource", "delete", "https://one.example", "--yes"]);
    assert_eq!(gone["clients_disabled"], 1);
    for (name, disabled) in [("Only", true), ("Both", false), ("Any", false)] {
        assert_eq!(place.json(&["client", "show", name])["disabled"], disabled, "{name}");
    }
}

#[test]
fn algorithm_of_a_resource_has_its_key_at_once() {
    let place = Place::new();
    let algorithms = |place: &Place| {
        let keys = place.json(&["key", "list"]);
        let mut all: Vec<String> = keys
            .as_array()
            .unwrap()
            .iter()
            .map(|key| key["algorithm"].as_str().unwrap().to_owned())
            .collect();
        all.sort();
        all
    };
    place.json(&["resource", "add", "https://one.example", "--algorithm", "EdDSA"]);
    assert_eq!(algorithms(&place), ["ES256", "EdDSA"]);
    place.json(&["resource", "add", "https://two.example"]);
    place.json(&["resource", "edit", "https://two.example", "--algorithm", "RS256"]);
    assert_eq!(algorithms(&place), ["ES256", "EdDSA", "RS256"]);
}

#[test]
fn server_of_a_resource_is_a_client_that_gets_nothing() {
    let place = Place::new();
    place.json(&["resource", "add", "https://one.example", "--token-format", "opaque"]);
    let args =
        ["client", "create", "Server", "--grant", "none", "--resource", "https://one.example"];
    let made = place.json(&args);
    assert_eq!(made["grant_types"], json!([]));
    assert!(made["client_secret"].is_string());
    assert_eq!(
        place.json(&["client", "show", "Server"])["resources"],
        json!(["https://one.example"])
    );
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
