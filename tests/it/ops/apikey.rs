//! API keys: shown once, kept as a hash, never stronger than their owner and never longer-lived than their end.

use std::time::Duration;

use mcpcodex::{
    app::App,
    error::{Error, Kind},
    model::{actor::Actor, user::User},
    ops::{
        self,
        apikey::{BadKey, Edit, Made, New, Old, Whose},
    },
};

mod gate;
mod rotation;
mod upgrade;

use crate::support::{TestApp, operator, origin};

pub(super) fn make(
    server: &TestApp,
    owner: &User,
    change: impl FnOnce(&mut New),
) -> Result<Made, Error> {
    let mut new =
        New { name: "ci".to_owned(), scopes: vec!["read:models".to_owned()], ..New::default() };
    change(&mut new);
    let (env, owner) = (server.app.env(), owner.clone());
    server.app.db.write_blocking(move |tx| ops::apikey::create(tx, &env, &operator(), &owner, &new))
}

pub(super) fn bad(server: &TestApp, text: &str) -> Option<BadKey> {
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
                ops::apikey::list(tx, &who, Whose::User(&ann.id), 9).err(),
                ops::apikey::list(tx, &who, Whose::All, 9).err(),
                ops::apikey::get(tx, &who, &id).err(),
                ops::apikey::revoke(tx, &who, &id).err(),
                ops::apikey::usage(tx, &who, &id, 9).err(),
                ops::apikey::rotate(tx, &env, &who, &id, Old::Leaked).err(),
                ops::apikey::edit(tx, &env, &who, &id, &Edit::default()).err(),
                ops::apikey::find(tx, &env, &who, "mcp_").err(),
            ]
            .map(|error| error.map(|error| error.kind())))
        })
        .unwrap();
    assert_eq!(kinds, [Some(Kind::Denied); 9]);
    assert_eq!(bad(&server, made.text.expose()), None);
}

#[test]
fn list_shows_the_beginning_of_a_key_and_never_the_whole() {
    let server = TestApp::new();
    let ann = server.user("ann");
    let made = make(&server, &ann, |_| ()).unwrap();
    let rows = server.read(|r| ops::apikey::list(r, &operator(), Whose::All, 9));
    let shown = format!("{rows:?}");
    assert!(!shown.contains(made.text.expose()));
    assert!(made.text.expose().starts_with(&rows[0].key.hint) && rows[0].key.hint.len() <= 8);
}

#[test]
fn key_makes_no_keys_and_touches_no_account() {
    let server = TestApp::new();
    let (root, env) = (server.admin("root"), server.app.env());
    let made = make(&server, &root, |new| new.scopes = vec!["admin:users".to_owned()]).unwrap();
    let who = Actor::api_key(made.key.id.clone(), origin());
    let kinds = server
        .app
        .db
        .write_blocking(move |tx| {
            let new = New { name: "x".to_owned(), ..New::default() };
            let (id, user) = (&made.key.id, &root.id);
            Ok([
                ops::apikey::create(tx, &env, &who, &root, &new).err(),
                ops::apikey::rotate(tx, &env, &who, id, Old::Leaked).err(),
                ops::apikey::revoke(tx, &who, id).err(),
                ops::apikey::edit(tx, &env, &who, id, &Edit::default()).err(),
                ops::agent::create(tx, &who, &root, "robot").err(),
                ops::factor::disable(tx, &env, &who, user, None).err(),
                ops::user::lock(tx, &who, user).err(),
                ops::session::revoke_of_user(tx, &who, user).err(),
            ]
            .map(|error| error.map(|error| error.kind())))
        })
        .unwrap();
    assert_eq!(kinds, [Some(Kind::Denied); 8]);
}

#[test]
fn key_loses_what_its_owner_or_the_configuration_loses() {
    let server = TestApp::new();
    let (root, _) = (server.admin("root"), server.admin("other"));
    let wanted = ["read:models", "write:models", "admin:users"].map(str::to_owned);
    let made = make(&server, &root, |new| new.scopes = wanted.to_vec()).unwrap();
    let scopes = |app: &App| {
        let seen = app.db.read(|r| ops::apikey::inspect(r, &app.env, made.text.expose())).unwrap();
        seen.unwrap().key.scopes.to_string()
    };
    assert_eq!(scopes(&server.app), "read:models write:models admin:users");
    let (env, id) = (server.app.env(), root.id.clone());
    server.write(move |tx| {
        let roles = Some(vec!["user".to_owned()]);
        ops::user::edit(
            tx,
            &env,
            &operator(),
            &id,
            &ops::user::Edit { roles, ..Default::default() },
        )
    });
    assert_eq!(scopes(&server.app), "read:models write:models");
    let fewer = server.another_with(|config| {
        config.authentication.api_keys.scopes = vec!["write:models".to_owned()];
    });
    assert_eq!(scopes(&fewer), "write:models");
    let off = server.another_with(|config| config.authentication.api_keys.enabled = false);
    let seen = off.db.read(|r| ops::apikey::inspect(r, &off.env, made.text.expose())).unwrap();
    assert!(matches!(seen, Err((BadKey::Off, _))));
}

#[test]
fn key_that_was_found_is_told_by_its_text_whatever_its_state() {
    let server = TestApp::new();
    let ann = server.user("ann");
    let made = make(&server, &ann, |_| ()).unwrap();
    let id = made.key.id.clone();
    server.write(move |tx| ops::apikey::revoke(tx, &operator(), &id));
    let find = |text: &str| {
        server.app.db.read(|r| ops::apikey::find(r, &server.app.env, &operator(), text))
    };
    let found = find(&format!(" {}\n", made.text.expose())).unwrap();
    assert_eq!((found.key.id, found.username.as_str()), (made.key.id, "ann"));
    assert_eq!(found.key.revoke_reason.as_deref(), Some("revoked"));
    assert_eq!(find("mcp_typo").unwrap_err().kind(), Kind::Invalid);
    let strange = mcpcodex::model::apikey::text::generate("mcp_", 32);
    assert_eq!(find(strange.expose()).unwrap_err().kind(), Kind::NotFound);
}

#[test]
fn limits_of_a_key_are_the_operators_to_change_and_hold_from_then_on() {
    let server = TestApp::new();
    let ann = server.user("ann");
    let made = make(&server, &ann, |_| ()).unwrap();
    let (session, _) = server.session_of(&ann, false);
    let change = |who: Actor, edit: Edit| {
        let (env, id) = (server.app.env(), made.key.id.clone());
        let done =
            server.app.db.write_blocking(move |tx| ops::apikey::edit(tx, &env, &who, &id, &edit));
        done.map(|row| (row.key.name, row.key.requests_per_minute, row.key.burst_size))
    };
    let own = Actor::person(ann.id.clone(), session.id, origin());
    let name = Edit { name: Some("new".to_owned()), ..Edit::default() };
    assert_eq!(change(own.clone(), name).unwrap(), ("new".to_owned(), 100, 20));
    let more = Edit { burst_size: Some(1_000), ..Edit::default() };
    assert_eq!(change(own, more.clone()).unwrap_err().kind(), Kind::Denied);
    assert_eq!(change(operator(), more).unwrap(), ("new".to_owned(), 100, 1_000));
    for burst in [0, 1_000_001] {
        let edit = Edit { burst_size: Some(burst), ..Edit::default() };
        assert_eq!(change(operator(), edit).unwrap_err().kind(), Kind::Invalid);
    }
}
