//! `auth setup`: from nothing to a server that can be signed in to, and again without harm.

use serde_json::{Value, json};

use super::{PASSWORD, Place};

const ARGS: &[&str] = &[
    "auth",
    "setup",
    "oauth2",
    "--non-interactive",
    "--issuer",
    "http://localhost:9321",
    "--admin",
    "alice",
    "--admin-email",
    "alice@example.com",
    "--password-stdin",
    "--client",
    "My App",
    "--redirect-uri",
    "https://app.example/callback",
];

fn set_up(place: &Place) -> Value {
    place.json_fed(ARGS, PASSWORD)
}

#[test]
fn set_up_makes_file_keys_administrator_and_client() {
    let place = Place::bare();
    let made = set_up(&place);
    assert_eq!(made["issuer"], "http://localhost:9321");
    assert_eq!(made["config"], "auth.config.yaml");
    assert_eq!(made["admin"]["username"], "alice");
    assert_eq!(made["admin"]["roles"], json!(["admin"]));
    assert!(made["client"]["client_id"].is_string());
    assert!(made["client"]["client_secret"].is_string());
    let file = std::fs::read_to_string(place.path("auth.config.yaml")).unwrap();
    assert!(file.contains("public_url: \"http://localhost:9321\""), "{file}");
    assert!(file.contains("listen: \"127.0.0.1:9321\""), "{file}");
    assert_eq!(place.json(&["key", "list"]).as_array().unwrap().len(), 1);
    assert_ne!(place.run(&["config", "check"]).code, 2);
}

#[test]
fn second_set_up_changes_nothing_and_shows_no_secret() {
    let place = Place::bare();
    let first = set_up(&place);
    let file = std::fs::read(place.path("auth.config.yaml")).unwrap();
    let second = set_up(&place);
    assert_eq!(second["client"]["client_id"], first["client"]["client_id"]);
    assert_eq!(second["client"].get("client_secret"), None);
    assert_eq!(second["admin"]["id"], first["admin"]["id"]);
    assert!(std::fs::read(place.path("auth.config.yaml")).unwrap() == file);
    assert_eq!(place.json(&["user", "list"]).as_array().unwrap().len(), 1);

    let mut other: Vec<&str> = ARGS.to_vec();
    other[5] = "https://elsewhere.example";
    let (code, error) = place.error(&other);
    assert_eq!(code, 5, "{error}");
    other[5] = "http://localhost:9321";
    other[14] = "https://app.example/other";
    assert_eq!(place.error(&other).0, 5);
}

#[test]
fn refused_set_up_leaves_no_file_behind() {
    let place = Place::bare();
    assert_eq!(place.feed(ARGS, "abc").code, 2);
    let mut wrong: Vec<&str> = ARGS.to_vec();
    for issuer in ["not a url", "ftp://auth.example.com", "https://auth.example.com/?tenant=1"] {
        wrong[5] = issuer;
        let ran = place.feed(&[&wrong[..], &["--json"]].concat(), PASSWORD);
        assert_eq!((ran.code, &ran.error()["field"]), (2, &json!("issuer")), "{}", ran.err);
    }
    assert!(!place.path("auth.config.yaml").exists());
}

#[test]
fn set_up_link_is_the_same_until_there_is_an_administrator() {
    let place = Place::new();
    let first = place.run(&["auth", "setup", "link"]);
    assert!(first.out.starts_with("http://localhost:8420/setup?token="), "{}", first.out);
    assert_eq!(place.json(&["auth", "setup", "link"])["setup_url"], first.out.trim());
    place.person("root", "admin");
    assert_eq!(place.error(&["auth", "setup", "link"]).0, 5);
}

#[test]
fn set_up_that_is_refused_at_its_last_answer_leaves_nothing_behind() {
    let place = Place::bare();
    let mut bad: Vec<&str> = ARGS.to_vec();
    *bad.last_mut().unwrap() = "http://app.example/callback#part";
    let ran = place.feed(&bad, PASSWORD);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(!place.path("auth.config.yaml").exists());
    assert_eq!(place.json(&["user", "list"]), json!([]));
}
