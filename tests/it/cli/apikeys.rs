//! `auth apikey` beyond making one, and `agent`: shapes, exit codes, and keys that come in by stdin alone.

use serde_json::Value;

use super::{Place, keys};

fn make(place: &Place) -> (String, String) {
    let made = place.json(&[
        "apikey",
        "create",
        "--user",
        "alice",
        "--name",
        "ci",
        "--scope",
        "read:models",
    ]);
    let text = |name: &str| made[name].as_str().unwrap().to_owned();
    (text("id"), text("key"))
}

fn alice() -> Place {
    let place = Place::new();
    place.person("alice", "user");
    place
}

fn show(place: &Place, id: &str) -> Value {
    place.json(&["apikey", "show", id])
}

#[test]
fn rotated_key_is_shown_once_and_says_what_it_replaces() {
    let place = alice();
    let (id, old) = make(&place);
    let rotated = place.json(&["auth", "apikey", "rotate", &id, "--overlap", "1h"]);
    assert_eq!(
        keys(&rotated),
        [
            "created_at",
            "expires_at",
            "id",
            "key",
            "name",
            "old_ends_at",
            "rate_limit",
            "replaces",
            "rotation_due_at",
            "scopes",
            "user"
        ]
    );
    assert_eq!(rotated["replaces"], id.as_str());
    assert_ne!(rotated["key"], old.as_str());
    let before = show(&place, &id);
    assert_eq!((&before["state"], &before["replaced_by"]), (&"active".into(), &rotated["id"]));
    assert_eq!(before["ends_at"], rotated["old_ends_at"]);
    let (code, error) = place.error(&["apikey", "rotate", &id]);
    assert_eq!((code, &error["code"]), (5, &"conflict".into()));
}

#[test]
fn leaked_key_is_found_and_ended_by_its_text_on_stdin() {
    let place = alice();
    let (id, old) = make(&place);
    let found = place.json_fed(&["apikey", "find"], &format!("{old}\n"));
    assert_eq!((&found["id"], &found["user"]), (&id.as_str().into(), &"alice".into()));
    let ran = place.feed(&["apikey", "rotate", "--stdin", "--leaked"], &old);
    assert_eq!(ran.code, 0, "{ran:?}");
    let new = ran.out.trim_end();
    assert!(new.starts_with("mcp_") && new.len() == 36 && new != old, "{ran:?}");
    assert!(!ran.err.contains(new) && !ran.err.contains(&old), "{ran:?}");
    assert!(ran.err.contains("has ended"), "{ran:?}");
    let before = show(&place, &id);
    assert_eq!((&before["state"], &before["revoke_reason"]), (&"revoked".into(), &"leaked".into()));
    assert_eq!(place.feed(&["auth", "validate", "-"], &old).code, 8);
    assert_eq!(place.feed(&["auth", "validate", "-"], new).code, 0);
}

#[test]
fn text_that_is_no_key_or_nobodys_is_told_apart_by_exit_code() {
    let place = alice();
    let (id, key) = make(&place);
    for (stdin, code) in [
        ("", 2),
        ("mcp_", 2),
        ("mcp_000000000000000000000000000428c2", 2),
        // Its checksum holds.
        ("mcp_00000000000000000000000000428c2v", 3),
    ] {
        let ran = place.feed(&["apikey", "find"], stdin);
        assert_eq!(ran.code, code, "{stdin:?}: {ran:?}");
    }
    assert_eq!(place.error(&["apikey", "rotate", "ak_none"]).0, 3);
    assert_eq!(place.error(&["apikey", "usage", "ak_none"]).0, 3);
    for wrong in [
        &["apikey", "rotate"][..],
        &["apikey", "rotate", &id, "--leaked", "--overlap", "1h"],
        &["apikey", "rotate", &id, "--stdin"],
        &["apikey", "revoke"],
        &["apikey", "edit", &id],
        &["apikey", "edit", &id, "--burst", "0"],
        &["apikey", "create", "--user", "alice", "--agent", "x", "--name", "n"],
    ] {
        assert_eq!(place.run(wrong).code, 2, "{wrong:?}");
    }
    assert_eq!(place.feed(&["apikey", "revoke", "--stdin"], &key).code, 0);
    assert_eq!(place.error(&["apikey", "revoke", &id]).0, 5);
}

#[test]
fn key_is_edited_and_its_use_is_listed_by_the_day() {
    let place = alice();
    let (id, _) = make(&place);
    let args = ["apikey", "edit", &id, "--name", "nightly", "--rate", "2/s", "--burst", "5"];
    let edited = place.json(&args);
    assert_eq!(
        (&edited["name"], &edited["rate_limit"]["burst_size"]),
        (&"nightly".into(), &5.into())
    );
    assert_eq!(edited["rate_limit"]["requests_per_minute"], 120);
    assert_eq!(place.json(&["apikey", "usage", &id]), Value::Array(Vec::new()));
    assert_eq!(place.json(&["apikey", "list", "--due"]), Value::Array(Vec::new()));
}

#[test]
fn list_says_which_keys_fall_due() {
    let place = alice();
    place.write(
        "auth.config.yaml",
        "authentication:
  tokens: { access_token: { algorithm: ES256 } }
  password: { hashing: { memory_kib: 64, iterations: 1 } }
  api_keys: { rotation: { rotation_period: 10, warning_period: 9 } }
",
    );
    let (id, _) = make(&place);
    assert_eq!(show(&place, &id)["rotation"], "ok");
    place.write(
        "auth.config.yaml",
        "authentication:
  tokens: { access_token: { algorithm: ES256 } }
  password: { hashing: { memory_kib: 64, iterations: 1 } }
  api_keys: { rotation: { rotation_period: 90, warning_period: 11 } }
",
    );
    let due = place.json(&["apikey", "list", "--due"]);
    assert_eq!((&due[0]["id"], &due[0]["rotation"]), (&id.as_str().into(), &"due".into()));
    let ran = place.run(&["apikey", "list"]);
    assert!(ran.out.contains("due 20"), "{ran:?}");
}

#[test]
fn agent_has_keys_of_its_own_until_it_is_disabled() {
    let place = alice();
    let agent = place.json(&["agent", "create", "nightly", "--owner", "alice"]);
    assert_eq!(keys(&agent), ["created_at", "id", "name", "owner", "state"]);
    let args = ["apikey", "create", "--agent", "nightly", "--name", "ci", "--scope", "read:models"];
    let made = place.json(&args);
    assert_eq!((&made["user"], &made["agent"]), (&"alice".into(), &"nightly".into()));
    let key = made["key"].as_str().unwrap();
    let valid = place.feed(&["auth", "validate", "--json"], key).document();
    assert_eq!((&valid["valid"], &valid["subject"]), (&true.into(), &agent["id"]));
    assert_eq!(place.json(&["apikey", "list", "--agent", "nightly"])[0]["id"], made["id"]);
    assert_eq!(place.json(&["agent", "disable", "nightly"])["state"], "disabled");
    let valid = place.feed(&["auth", "validate", "--json"], key);
    assert_eq!((valid.code, &valid.document()["reason"]), (8, &"its agent is disabled".into()));
    assert_eq!(place.error(&["agent", "disable", "nightly"]).0, 5);
    assert_eq!(place.json(&["agents", "enable", "nightly"])["state"], "active");
    assert_eq!(place.json(&["agent", "list", "--owner", "alice"])[0]["id"], agent["id"]);
    assert_eq!(place.error(&["agent", "show", "weekly"]).0, 3);
    assert_eq!(place.error(&["agent", "create", "nightly", "--owner", "alice"]).0, 5);
    assert_eq!(place.error(&["agent", "delete", "nightly"]).0, 2);
    place.json(&["agent", "delete", "nightly", "--yes"]);
    assert_eq!(place.json(&["apikey", "list"]), Value::Array(Vec::new()));
}
