//! API keys: shown once, kept as a hash, never stronger than their owner and never longer-lived than their end.

use std::time::Duration;

use mcpcodex::{
    error::{Error, Kind},
    model::{actor::Actor, user::User},
    ops::{
        self,
        apikey::{BadKey, Made, New},
    },
};

use crate::support::{TestApp, operator, origin};

fn make(server: &TestApp, owner: &User, change: impl FnOnce(&mut New)) -> Result<Made, Error> {
    let mut new =
        New { name: "ci".to_owned(), scopes: vec!["read:models".to_owned()], ..New::default() };
    change(&mut new);
    let (env, owner) = (server.app.env(), owner.clone());
    server.app.db.write_blocking(move |tx| ops::apikey::create(tx, &env, &operator(), &owner, &new))
}

fn bad(server: &TestApp, text: &str) -> Option<BadKey> {
    server.read(|r| ops::apikey::inspect(r, &server.app.env, text)).err().map(|(bad, _)| bad)
}

#[test]
fn key_is_good_until_it_is_revoked_and_then_at_once_in_every_process() {
    let server = TestApp::new();
    let ann = server.user("ann");
    let made = make(&server, &ann, |_| ()).unwrap();
    let text = made.text.expose();
    assert_eq!(bad(&server, text), None);
    let other = server.another();
    let id = made.key.id.clone();
    server.write(move |tx| ops::apikey::revoke(tx, &operator(), &id));
    assert_eq!(bad(&server, text), Some(BadKey::Revoked));
    let seen = other.db.read(|r| ops::apikey::inspect(r, &other.env, text)).unwrap();
    assert!(matches!(seen, Err((BadKey::Revoked, _))));
}

#[test]
fn key_ends_at_its_end() {
    let server = TestApp::new();
    let ann = server.user("ann");
    let made = make(&server, &ann, |new| new.lifetime = Some(Duration::from_secs(60))).unwrap();
    server.clock.advance(Duration::from_millis(59_999));
    assert_eq!(bad(&server, made.text.expose()), None);
    server.clock.advance(Duration::from_millis(1));
    assert_eq!(bad(&server, made.text.expose()), Some(BadKey::Expired));
}

#[test]
fn key_does_not_outlive_its_owners_lock_or_disabling_and_goes_with_the_owner() {
    let server = TestApp::new();
    let ann = server.user("ann");
    let made = make(&server, &ann, |_| ()).unwrap();
    let text = made.text.expose();
    let id = ann.id.clone();
    server.write(move |tx| ops::user::lock(tx, &operator(), &id));
    assert_eq!(bad(&server, text), Some(BadKey::OwnerShut));
    let id = ann.id.clone();
    server.write(move |tx| ops::user::unlock(tx, &operator(), &id));
    assert_eq!(bad(&server, text), None);
    let id = ann.id.clone();
    server.write(move |tx| ops::user::disable(tx, &operator(), &id));
    assert_eq!(bad(&server, text), Some(BadKey::OwnerShut));
    let id = ann.id.clone();
    server.write(move |tx| ops::user::delete(tx, &operator(), &id));
    assert_eq!(bad(&server, text), Some(BadKey::Unknown));
}

#[test]
fn typing_mistake_is_found_without_the_database() {
    let server = TestApp::new();
    let ann = server.user("ann");
    let made = make(&server, &ann, |_| ()).unwrap();
    let text = made.text.expose();
    for at in 4..text.len() {
        let mut bytes = text.to_owned().into_bytes();
        bytes[at] = if bytes[at] == b'a' { b'b' } else { b'a' };
        let typo = String::from_utf8(bytes).unwrap();
        assert_eq!(bad(&server, &typo), Some(BadKey::Malformed), "character {at}");
    }
    for garbage in ["", "mcp_", &text[..text.len() - 1], &format!("{text}a"), &text.to_uppercase()]
    {
        assert_eq!(bad(&server, garbage), Some(BadKey::Malformed), "{garbage:?}");
    }
}

#[test]
fn key_gets_no_scope_that_its_owner_or_the_server_lacks() {
    let server = TestApp::new();
    let (ann, root) = (server.user("ann"), server.admin("root"));
    let scope = |name: &str| vec![name.to_owned()];
    let kind = |owner: &User, scopes: Vec<String>| {
        make(&server, owner, |new| new.scopes = scopes).err().map(|error| error.kind())
    };
    assert_eq!(kind(&ann, scope("admin:users")), Some(Kind::Denied));
    assert_eq!(kind(&ann, scope("read:everything")), Some(Kind::Invalid));
    assert_eq!(kind(&ann, Vec::new()), Some(Kind::Invalid));
    assert_eq!(kind(&root, scope("admin:users")), None);
}

#[test]
fn person_makes_sees_and_revokes_their_own_keys_only() {
    let server = TestApp::new();
    let (ann, bob) = (server.user("ann"), server.user("bob"));
    let made = make(&server, &ann, |_| ()).unwrap();
    let (session, _) = server.session_of(&bob, false);
    let who = Actor::person(bob.id.clone(), session.id, origin());
    let env = server.app.env();
    let id = made.key.id.clone();
    let kinds = server
        .app
        .db
        .write_blocking(move |tx| {
            let new = New {
                name: "x".to_owned(),
                scopes: vec!["read:models".to_owned()],
                ..New::default()
            };
            Ok([
                ops::apikey::create(tx, &env, &who, &ann, &new).err(),
                ops::apikey::list(tx, &who, Some(&ann.id), 9).err(),
                ops::apikey::list(tx, &who, None, 9).err(),
                ops::apikey::get(tx, &who, &id).err(),
                ops::apikey::revoke(tx, &who, &id).err(),
            ]
            .map(|error| error.map(|error| error.kind())))
        })
        .unwrap();
    assert_eq!(kinds, [Some(Kind::Denied); 5]);
    assert_eq!(bad(&server, made.text.expose()), None);
}

#[test]
fn list_shows_the_beginning_of_a_key_and_never_the_whole() {
    let server = TestApp::new();
    let ann = server.user("ann");
    let made = make(&server, &ann, |_| ()).unwrap();
    let rows = server.read(|r| ops::apikey::list(r, &operator(), None, 9));
    let shown = format!("{rows:?}");
    assert!(!shown.contains(made.text.expose()));
    assert!(made.text.expose().starts_with(&rows[0].0.hint) && rows[0].0.hint.len() <= 8);
}
