//! `key`: turns that keys take by hand, and what is left when they are interrupted.

use std::process::Stdio;

use serde_json::{Value, json};

use super::Place;

fn keys(place: &Place) -> Vec<Value> {
    place.json(&["key", "list"]).as_array().unwrap().clone()
}

fn kid(key: &Value) -> &str {
    key["kid"].as_str().unwrap()
}

#[test]
fn key_is_staged_and_signs_when_it_is_known_or_when_that_is_said() {
    let place = Place::new();
    let first = keys(&place)[0].clone();
    assert_eq!((&first["in_use"], &first["in_jwks"]), (&json!(true), &json!(true)));
    let staged = place.json(&["key", "stage"]);
    assert_eq!(staged["state"], "next");
    assert!(staged["ready_at"].as_str().unwrap() > staged["created_at"].as_str().unwrap());
    let (code, error) = place.error(&["key", "stage"]);
    assert_eq!((code, error["code"].as_str()), (5, Some("conflict")));
    let (code, error) = place.error(&["key", "rotate"]);
    assert_eq!(code, 5);
    assert!(error["next"].as_str().unwrap().contains("--now"), "{error}");
    let turned = place.json(&["key", "rotate", "--now"]);
    assert_eq!(kid(&turned["signs"]), kid(&staged));
    assert_eq!((kid(&turned["before"]), &turned["ready"]), (kid(&first), &json!(false)));
    let states: Vec<Value> = keys(&place).iter().map(|key| key["state"].clone()).collect();
    assert_eq!(states, ["active", "retired"]);
    let other = place.json(&["key", "stage", "--algorithm", "EdDSA"]);
    assert_eq!(other["algorithm"], "EdDSA");
    assert_eq!(place.run(&["key", "stage", "--algorithm", "HS256"]).code, 2);
    assert_eq!(place.run(&["key", "list"]).code, 0);
}

#[test]
fn retiring_wants_the_name_typed() {
    let place = Place::new();
    let first = kid(&keys(&place)[0]).to_owned();
    let short = &first[..8];
    let (code, error) = place.error(&["key", "retire", short, "--yes"]);
    assert_eq!(code, 2, "yes is not enough");
    assert!(error["next"].as_str().unwrap().contains(short), "{error}");
    assert_eq!(place.error(&["key", "retire", short, "--confirm", "another-key"]).0, 2);
    assert_eq!(place.error(&["key", "retire", "no-such-key", "--confirm", "no-such-key"]).0, 3);
    // One of 64 ids begins with a hyphen and is no flag for that.
    assert_eq!(place.error(&["key", "retire", "-no-key", "--confirm", "-no-key"]).0, 3);
    assert_eq!(place.error(&["key", "rotate", "-no-key", "--now"]).0, 3);
    assert_eq!(kid(&keys(&place)[0]), first, "nothing was done so far");
    let done = place.json(&["key", "retire", short, "--confirm", short]);
    assert_eq!(
        (kid(&done["retired"]), &done["signs"]["state"]),
        (first.as_str(), &json!("active"))
    );
    let listed = keys(&place);
    let old = listed.iter().find(|key| kid(key) == first).unwrap();
    assert_eq!((&old["state"], &old["in_jwks"]), (&json!("retired"), &json!(false)));
    assert_eq!(place.error(&["key", "retire", &first, "--confirm", &first]).0, 5);
}

#[test]
fn kill_leaves_one_key_that_signs_whenever_it_comes() {
    let place = Place::new();
    assert_eq!(keys(&place).len(), 1);
    for round in 0..40_u32 {
        let mut command = place.command(&["key", "rotate", "--now", "--json"]);
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // Each a little later, from before the file is opened until after the answer.
        let begun = std::time::Instant::now();
        while begun.elapsed() < std::time::Duration::from_millis(u64::from(round) * 3) {
            std::thread::yield_now();
        }
        drop(child.kill());
        child.wait().unwrap();
        let listed = keys(&place);
        let count = |state: &str| listed.iter().filter(|key| key["state"] == state).count();
        assert_eq!((count("active"), count("next")), (1, 0), "round {round}");
    }
    let rotated = place.json(&["key", "rotate", "--now"]);
    assert_eq!(rotated["signs"]["state"], "active");
}
