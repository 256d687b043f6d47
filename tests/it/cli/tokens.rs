//! `auth apikey` and `auth validate`: shapes, exit codes, and what never shows.

use serde_json::{Value, json};

use super::{PASSWORD, Place, keys};

fn key(place: &Place) -> Value {
    place.json(&[
        "auth",
        "apikey",
        "create",
        "--user",
        "alice",
        "--name",
        "ci",
        "--scope",
        "read:models",
        "--expires",
        "90d",
        "--rate",
        "60/m",
        "--burst",
        "7",
    ])
}

#[test]
fn api_key_is_made_with_the_promised_shape() {
    let place = Place::new();
    place.person("alice", "user");
    let made = key(&place);
    assert_eq!(
        keys(&made),
        [
            "created_at",
            "expires_at",
            "id",
            "key",
            "name",
            "rate_limit",
            "rotation_due_at",
            "scopes",
            "user"
        ]
    );
    assert_eq!(made["rate_limit"], json!({ "requests_per_minute": 60, "burst_size": 7 }));
    assert_eq!(made["user"], "alice");
    let days = |name: &str| made[name].as_str().unwrap()[..10].to_owned();
    assert_ne!(days("expires_at"), days("created_at"));
}

#[test]
fn api_key_stands_alone_on_stdout_and_nowhere_else() {
    let place = Place::new();
    place.person("alice", "user");
    let args = ["apikey", "create", "--user", "alice", "--name", "ci", "--scope", "read:models"];
    let ran = place.run(&args);
    assert_eq!(ran.code, 0);
    let text = ran.out.trim_end();
    assert!(text.starts_with("mcp_") && text.len() == 36, "{text}");
    assert!(!ran.err.contains(text), "{}", ran.err);
    let listed = place.run(&["apikeys", "list", "--json"]);
    assert!(!listed.out.contains(text));
    assert_eq!(listed.document()[0]["state"], "active");
}

#[test]
fn scope_that_the_owner_may_not_have_is_not_permitted() {
    let place = Place::new();
    place.person("alice", "user");
    let args = |scope| ["apikey", "create", "--user", "alice", "--name", "x", "--scope", scope];
    assert_eq!(place.error(&args("admin:users")).0, 4);
    assert_eq!(place.error(&args("no:such")).0, 2);
    let scopeless = ["apikey", "create", "--user", "alice", "--name", "x"];
    assert_eq!(place.error(&scopeless).0, 2);
}

#[test]
fn validate_tells_valid_from_revoked_from_foreign_by_exit_code() {
    let place = Place::new();
    let person = place.person("alice", "user");
    let made = key(&place);
    let text = made["key"].as_str().unwrap();
    let validate = |args: &[&str], stdin: &str| {
        let args: Vec<&str> = ["auth", "validate", "--json"].iter().chain(args).copied().collect();
        place.feed(&args, stdin)
    };

    let good = validate(&["-"], text);
    assert_eq!(good.code, 0, "{good:?}");
    let found = good.document();
    assert_eq!((&found["valid"], &found["kind"]), (&json!(true), &json!("api_key")));
    assert_eq!(found["subject"], person["id"]);
    assert_eq!(found["scopes"], json!(["read:models"]));
    assert_eq!(found["mfa"], false);
    assert_eq!(found.get("reason"), None);

    assert_eq!(validate(&[], text).code, 0, "stdin is read without -, too");
    assert_eq!(validate(&["--scope", "read:models"], text).code, 0);
    assert_eq!(validate(&["--scope", "write:models"], text).code, 8);
    assert_eq!(validate(&["--audience", "elsewhere"], text).code, 8);

    let foreign = validate(&["-"], "just some words");
    assert_eq!(foreign.code, 1);
    assert_eq!(foreign.document()["valid"], false);
    assert_eq!(validate(&["-"], "").code, 2);

    let revoked = place.json(&["apikey", "revoke", made["id"].as_str().unwrap()]);
    assert_eq!(revoked, json!({ "revoked": 1 }));
    let dead = validate(&["-"], text);
    assert_eq!((dead.code, &dead.document()["reason"]), (8, &json!("revoked")));
    assert_eq!(place.run(&["apikey", "revoke", made["id"].as_str().unwrap()]).code, 5);
}

#[test]
fn token_in_the_arguments_is_warned_about_and_not_repeated() {
    let place = Place::new();
    place.person("alice", "user");
    let made = key(&place);
    let text = made["key"].as_str().unwrap();
    let ran = place.run(&["auth", "validate", text]);
    assert_eq!(ran.code, 0);
    assert!(ran.err.contains("shows in `ps`"), "{}", ran.err);
    assert!(!ran.err.contains(text) && !ran.out.contains(text));
}

#[test]
fn no_secret_ever_reaches_stderr() {
    let place = Place::new();
    let args = ["user", "create", "alice", "--email", "a@example.com", "--password-stdin", "-v"];
    let person = place.feed(&args, PASSWORD);
    assert_eq!(person.code, 0);
    assert!(!person.err.contains(PASSWORD) && !person.out.contains(PASSWORD));
    let weak = "user create bob --email b@example.com --password-stdin";
    let weak = place.feed(&weak.split(' ').collect::<Vec<_>>(), "alice-hunter2");
    assert_eq!(weak.code, 2);
    assert!(!weak.err.contains("alice-hunter2"), "{}", weak.err);

    // Whatever stands on stdout of these and looks like a secret must not stand on stderr.
    for command in [
        "client create App --redirect-uri https://a.example/cb -v",
        "client secret rotate App -v",
        "auth apikey create --user alice --name ci --scope read:models -v",
        "auth mfa enable --user alice --no-qr -v",
        "auth mfa enable --user alice --unverified -v",
        "auth mfa codes --user alice -v",
        "user create eve --email e@example.com --invite -v",
    ] {
        let ran = place.run(&command.split(' ').collect::<Vec<_>>());
        assert_eq!(ran.code, 0, "{command}: {}", ran.err);
        let words = ran
            .out
            .split_whitespace()
            .filter(|word| word.len() >= 19 && !word.starts_with("u_") && !word.starts_with("c_"));
        let secrets: Vec<&str> = words.collect();
        assert!(!secrets.is_empty(), "{command}: {}", ran.out);
        for secret in secrets {
            assert!(!ran.err.contains(secret), "{command}: {secret}");
        }
    }
}
