//! `Idempotency-Key`: what is asked for twice is made once.

use serde_json::json;

use super::{Program, key, refusal};
use crate::support::{Page, TestApp, race};

fn make(program: &Program, key: &str, name: &str) -> Page {
    let body = json!({"username": name, "email": format!("{name}@example.com")});
    program.ask("POST", "/api/v1/users", &[("idempotency-key", key)], Some(&body))
}

#[test]
fn hundred_at_once_make_one_and_hear_the_same() {
    let server = TestApp::new();
    let admin = Program::admin(&server);
    let answers = race(100, |_| make(&admin, "k1", "ann"));
    let first = &answers[0];
    for page in &answers {
        assert_eq!((page.status, &page.body), (201, &first.body), "{page:?}");
        assert_eq!(page.location(), first.location());
    }
    let fresh = answers.iter().filter(|page| page.headers.get("idempotency-replayed").is_none());
    assert_eq!(fresh.count(), 1);
    assert_eq!(server.events().iter().filter(|event| *event == "user.create").count(), 2);
}

#[test]
fn key_belongs_to_one_request_of_one_principal_for_a_day() {
    let server = TestApp::new();
    let admin = Program::admin(&server);
    assert_eq!(make(&admin, "k1", "ann").status, 201);
    assert_eq!(refusal(&make(&admin, "k1", "bob")), (422, "idempotency_mismatch".to_owned()));
    let body = json!({"username": "ann", "email": "ann@example.com"});
    let elsewhere = admin.ask("POST", "/api/v1/users?", &[("idempotency-key", "k1")], Some(&body));
    assert_eq!(refusal(&elsewhere).0, 422);
    let other = Program::of(&server, &server.admin("two"), super::ADMINISTER);
    assert_eq!(refusal(&make(&other, "k1", "ann")), (409, "conflict".to_owned()));
    // What failed is not kept.
    assert_eq!(make(&other, "k1", "bob").status, 201);
    let long = "k".repeat(256);
    assert_eq!(refusal(&make(&admin, &long, "eve")), (400, "invalid".to_owned()));
    let admin = Program::of(
        &server,
        &server.read(|r| mcpcodex::ops::user::find(r, "root")),
        super::ADMINISTER,
    );
    server.advance(24 * 3_600 - 1);
    let late = Program::of(
        &server,
        &server.read(|r| mcpcodex::ops::user::find(r, "root")),
        super::ADMINISTER,
    );
    assert_eq!(make(&late, "k1", "ann").header("idempotency-replayed"), "true");
    drop(admin);
    server.advance(2);
    assert_eq!(refusal(&make(&late, "k1", "ann")).0, 409, "a day later it is a new request");
}

#[test]
fn secret_is_told_again_and_rests_sealed() {
    let server = TestApp::new();
    let root = server.admin("root");
    let admin = Program::of(&server, &root, super::ADMINISTER);
    let body = json!({"user": root.id, "name": "ci", "scopes": ["read:models"]});
    let ask = || admin.ask("POST", "/api/v1/api-keys", &[("idempotency-key", "k")], Some(&body));
    let (first, second) = (ask(), ask());
    assert_eq!((first.status, &first.body), (201, &second.body));
    let text = first.json()["key"].as_str().unwrap().to_owned();
    assert_eq!(Program::shows(&server, "x-api-key", text.clone()).get("/api/v1/me").status, 200);
    let file = std::fs::read(server.data_dir().join("mcpcodex.db")).unwrap();
    let wal = std::fs::read(server.data_dir().join("mcpcodex.db-wal")).unwrap_or_default();
    for bytes in [file, wal] {
        assert!(!bytes.windows(text.len()).any(|window| window == text.as_bytes()));
    }
    assert_eq!(first.header("cache-control"), "no-store");
}

#[test]
fn whoever_was_shut_out_meanwhile_hears_nothing_again() {
    let server = TestApp::new();
    let root = server.admin("root");
    server.admin("two");
    let (row, text) = key(&server, &root, &["admin:users"]);
    let program = Program::shows(&server, "x-api-key", text);
    assert_eq!(make(&program, "k", "ann").status, 201);
    server.write(move |tx| {
        mcpcodex::ops::apikey::revoke(tx, &crate::support::operator(), &row.key.id).map(drop)
    });
    assert_eq!(refusal(&make(&program, "k", "ann")).0, 401);
}
