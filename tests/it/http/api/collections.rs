//! Keys, agents, clients, resources, signing keys, the record and the numbers.

use serde_json::json;

use super::{Program, refusal};
use crate::support::{TestApp, operator};

#[test]
fn key_is_made_once_changed_rotated_and_taken_back() {
    let server = TestApp::new();
    let admin = Program::admin(&server);
    let ann = server.user("ann");
    let made = admin.post(
        "/api/v1/api-keys",
        &json!({"user": ann.id, "name": "ci", "scopes": ["read:models"], "expires_in": 86_400, "burst_size": 5}),
    );
    assert_eq!(made.status, 201, "{made:?}");
    let body = made.json();
    let works = |text: &serde_json::Value| {
        Program::shows(&server, "x-api-key", text.as_str().unwrap().to_owned())
            .get("/api/v1/me")
            .status
    };
    assert_eq!(works(&body["key"]), 200);
    let place = made.location();
    let shown = admin.good("GET", place, None);
    assert_eq!((&shown["user"], &shown["state"]), (&json!("ann"), &json!("active")));
    assert_eq!(shown["rate_limit"]["burst_size"], 5);
    assert!(shown.get("key").is_none());
    let changed =
        admin.good("PATCH", place, Some(&json!({"name": "deploy", "requests_per_minute": 7})));
    assert_eq!(
        (&changed["name"], &changed["rate_limit"]["requests_per_minute"]),
        (&json!("deploy"), &json!(7))
    );
    let next = admin.good("POST", &format!("{place}/rotate"), Some(&json!({"leaked": true})));
    assert_eq!(next["replaces"], body["id"]);
    assert_eq!([works(&body["key"]), works(&next["key"])], [401, 200]);
    assert_eq!(refusal(&admin.post(&format!("{place}/rotate"), &json!({}))).0, 409);
    let place = format!("/api/v1/api-keys/{}", next["id"].as_str().unwrap());
    // Marks of use are written once a second, by a task that does not run here.
    assert_eq!(admin.good("GET", &format!("{place}/usage?days=1"), None), json!({"items": []}));
    let gone = admin.good("POST", &format!("{place}/revoke"), None);
    assert_eq!((&gone["state"], works(&next["key"])), (&json!("revoked"), 401));
    assert_eq!(refusal(&admin.act(&format!("{place}/revoke"))).0, 409);
    for wrong in [
        json!({"name": "x", "scopes": ["read:models"]}),
        json!({"user": ann.id, "agent": "a_1", "name": "x", "scopes": ["read:models"]}),
        json!({"user": ann.id, "name": "x", "scopes": []}),
        json!({"user": ann.id, "name": "x", "scopes": ["read:moon"]}),
        json!({"user": ann.id, "name": "x", "scopes": ["read:models"], "expires_in": 0}),
        json!({"user": ann.id, "name": "x", "scopes": ["read:models"], "burst_size": 0}),
    ] {
        assert_eq!(refusal(&admin.post("/api/v1/api-keys", &wrong)).0, 400, "{wrong}");
    }
    let stronger = json!({"user": ann.id, "name": "x", "scopes": ["admin:users"]});
    assert_eq!(refusal(&admin.post("/api/v1/api-keys", &stronger)).0, 403);
}

#[test]
fn agent_is_made_shut_out_let_in_and_removed() {
    let server = TestApp::new();
    let admin = Program::admin(&server);
    let ann = server.user("ann");
    let made =
        admin.good("POST", "/api/v1/agents", Some(&json!({"name": "nightly", "owner": ann.id})));
    let place = format!("/api/v1/agents/{}", made["id"].as_str().unwrap());
    let key = json!({"agent": made["id"], "name": "ci", "scopes": ["read:models"]});
    let key = admin.good("POST", "/api/v1/api-keys", Some(&key));
    let program = Program::shows(&server, "x-api-key", key["key"].as_str().unwrap().to_owned());
    assert_eq!(program.good("GET", "/api/v1/me", None)["agent_id"], made["id"]);
    assert_eq!(admin.good("POST", &format!("{place}/disable"), None)["state"], "disabled");
    assert_eq!(program.get("/api/v1/me").status, 401);
    assert_eq!(admin.good("POST", &format!("{place}/enable"), None)["state"], "active");
    assert_eq!(program.get("/api/v1/me").status, 200);
    assert_eq!(refusal(&admin.get("/api/v1/agents/nightly")).0, 404, "a name is no id");
    assert_eq!(admin.good("DELETE", &place, None)["name"], "nightly");
    assert_eq!([program.get("/api/v1/me").status, admin.get(&place).status], [401, 404]);
}

#[test]
fn client_is_made_changed_switched_off_and_removed() {
    let server = TestApp::new();
    let admin = Program::admin(&server);
    let new =
        json!({"name": "App", "client_id": "my app/ü?", "redirect_uris": ["https://a.example/cb"]});
    let page = admin.post("/api/v1/clients", &new);
    let (place, id) = if page.status == 201 {
        (page.location().to_owned(), "my app/ü?")
    } else {
        let page = admin.post("/api/v1/clients", &json!({"name": "App", "client_id": "my-app", "redirect_uris": ["https://a.example/cb"]}));
        assert_eq!(page.status, 201, "{page:?}");
        assert!(page.json()["client_secret"].as_str().unwrap().len() > 20);
        (page.location().to_owned(), "my-app")
    };
    let shown = admin.good("GET", &place, None);
    assert_eq!((&shown["client_id"], &shown["origin"]), (&json!(id), &json!("static")));
    assert!(!shown.to_string().contains("secret\":\""));
    let changed =
        admin.good("PATCH", &place, Some(&json!({"name": "Other", "scopes": ["openid"]})));
    assert_eq!((&changed["name"], &changed["scopes"]), (&json!("Other"), &json!(["openid"])));
    let secret = admin.ask("POST", &format!("{place}/secret"), &[], Some(&json!({})));
    assert_eq!(secret.status, 201);
    assert!(secret.json()["client_secret"].is_string());
    assert_eq!(admin.good("POST", &format!("{place}/disable"), None)["state"], "disabled");
    assert_eq!(refusal(&admin.act(&format!("{place}/disable"))).0, 409);
    assert_eq!(admin.good("POST", &format!("{place}/enable"), None)["state"], "active");
    assert_eq!(refusal(&admin.act(&format!("{place}/approve"))).0, 409);
    let found = admin.good("GET", "/api/v1/clients?q=OTHER&state=active&origin=static", None);
    assert_eq!(found["items"].as_array().unwrap().len(), 1);
    assert_eq!(admin.good("DELETE", &place, None)["name"], "Other");
    assert_eq!(refusal(&admin.get(&place)).0, 404);
    let wrong = json!({"name": "App", "redirect_uris": ["javascript:alert(1)"]});
    let page = admin.post("/api/v1/clients", &wrong);
    assert_eq!(refusal(&page).0, 400);
}

#[test]
fn client_that_waits_is_let_in() {
    let server = TestApp::with(|config| {
        config.authentication.clients.approval =
            mcpcodex::config::authentication::Approval::FirstSeen;
    });
    let admin = Program::admin(&server);
    let body = json!({"redirect_uris": ["https://a.example/cb"], "client_name": "New"});
    let made = Program::nobody(&server).post("/register", &body);
    assert_eq!(made.status, 201, "{made:?}");
    let waits = admin.good("GET", "/api/v1/clients?state=pending", None);
    assert_eq!(waits["items"][0]["name"], "New");
    let place = format!("/api/v1/clients/{}", waits["items"][0]["client_id"].as_str().unwrap());
    assert_eq!(admin.good("POST", &format!("{place}/approve"), None)["state"], "active");
    assert_eq!(refusal(&admin.act(&format!("{place}/deny"))).0, 409);
}

#[test]
fn resource_and_its_scopes_are_added_changed_and_removed() {
    let server = TestApp::new();
    let admin = Program::admin(&server);
    let made = admin.post(
        "/api/v1/resources",
        &json!({"uri": "https://mcp.example/mcp", "name": "Notes", "roles": ["developer"], "token_lifetime": 600,
            "scopes": [{"name": "notes:read", "description": "Read"},
                       {"name": "notes:wipe", "description": "Wipe", "risk": "sensitive"}]}),
    );
    assert_eq!(made.status, 201, "{made:?}");
    let body = made.json();
    assert_eq!(body["scopes"], json!(["notes:read", "notes:wipe"]));
    assert_eq!(
        (&body["sensitive_scopes"], &body["default_scopes"]),
        (&json!(["notes:wipe"]), &json!(["notes:read"]))
    );
    assert!(
        body["metadata_url"].as_str().unwrap().contains("/.well-known/oauth-protected-resource")
    );
    let change = json!({"scopes": [{"name": "notes:write", "description": "Write"}], "remove_scopes": ["notes:wipe"],
        "aliases": ["https://mcp.example/"], "roles": [], "token_lifetime": 0, "algorithm": "EdDSA"});
    let changed = admin.good("PATCH", made.location(), Some(&change));
    assert_eq!(changed["scopes"], json!(["notes:read", "notes:write"]));
    assert_eq!((&changed["token_lifetime"], &changed["roles"]), (&json!(null), &json!([])));
    assert_eq!(changed["algorithm"], "EdDSA");
    let keys = admin.good("GET", "/api/v1/signing-keys", None);
    assert!(keys["items"].as_array().unwrap().iter().any(|key| key["algorithm"] == "EdDSA"));
    assert_eq!(admin.good("DELETE", made.location(), None)["deleted"], "https://mcp.example/mcp");
    assert_eq!(refusal(&admin.get(made.location())).0, 404);
    let nowhere = json!({"uri": "https://mcp.example/mcp", "roles": ["emperor"]});
    assert!(matches!(refusal(&admin.post("/api/v1/resources", &nowhere)).0, 400 | 404));
}

#[test]
fn signing_keys_are_staged_take_turns_and_go() {
    let server = TestApp::new();
    let admin = Program::admin(&server);
    let staged = admin.post("/api/v1/signing-keys", &json!({}));
    assert_eq!((staged.status, &staged.json()["state"]), (201, &json!("next")), "{staged:?}");
    assert_eq!(refusal(&admin.post("/api/v1/signing-keys", &json!({}))).0, 409);
    assert_eq!(refusal(&admin.post("/api/v1/signing-keys/rotate", &json!({}))).0, 409, "too early");
    let turned = admin.good("POST", "/api/v1/signing-keys/rotate", Some(&json!({"now": true})));
    assert_eq!((&turned["signs"]["kid"], &turned["ready"]), (&staged.json()["kid"], &json!(false)));
    let before = turned["before"]["kid"].as_str().unwrap();
    let short = &before[..8];
    assert_eq!(refusal(&admin.act(&format!("/api/v1/signing-keys/{short}/retire"))).0, 404);
    let gone = admin.good("POST", &format!("/api/v1/signing-keys/{before}/retire"), None);
    assert_eq!(gone["retired"]["state"], "retired");
    assert_eq!(admin.get("/api/v1/me").status, 401, "the key had signed this token");
}

#[test]
fn record_is_filtered_shown_and_checked() {
    let server = TestApp::new();
    let admin = Program::admin(&server);
    let ann = server.user("ann");
    admin.good("POST", &format!("/api/v1/users/{}/lock", ann.id), None);
    let found =
        admin.good("GET", &format!("/api/v1/audit-events?user={}&event=user", ann.id), None);
    let events: Vec<_> =
        found["items"].as_array().unwrap().iter().map(|event| event["event"].clone()).collect();
    assert_eq!(events, [json!("user.lock"), json!("user.create")]);
    let one = &found["items"][0];
    assert_eq!(&admin.good("GET", &format!("/api/v1/audit-events/{}", one["id"]), None), one);
    let checked = admin.good("GET", "/api/v1/audit-events/verify", None);
    assert_eq!(checked["ok"], true);
    let head: String =
        form_urlencoded::byte_serialize(checked["head"].as_str().unwrap().as_bytes()).collect();
    let again = admin.good("GET", &format!("/api/v1/audit-events/verify?head={head}"), None);
    assert_eq!(again["ok"], true);
    server.write(|tx| {
        tx.exec("update audit_events set actor = 'x' where event = 'user.lock'", []).map(drop)
    });
    let checked = admin.good("GET", "/api/v1/audit-events/verify", None);
    assert_eq!((&checked["ok"], &checked["first_bad"]), (&json!(false), &one["id"]));
}

#[test]
fn numbers_are_those_of_the_lists() {
    let server = TestApp::new();
    let admin = Program::admin(&server);
    let ann = server.user("ann");
    server.with_totp(&ann);
    server.session_of(&ann, false);
    super::key(&server, &ann, &["read:models"]);
    server.write(move |tx| mcpcodex::ops::user::lock(tx, &operator(), &ann.id).map(drop));
    let told = admin.good("GET", "/api/v1/stats", None);
    assert_eq!(
        told["users"],
        json!({"total": 2, "active": 1, "invited": 0, "locked": 1, "disabled": 0, "with_mfa": 1})
    );
    assert_eq!(
        (&told["sessions"], &told["api_keys"], &told["grants"]),
        (&json!(1), &json!(1), &json!(1))
    );
    assert_eq!(told["sign_ins"], json!([{"date": "2026-03-02", "sign_ins": 2, "with_mfa": 0}]));
}
