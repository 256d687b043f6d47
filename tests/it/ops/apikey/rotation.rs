//! A key's successor: one, no stronger, and in time.

use std::time::Duration;

use mcpcodex::{
    config::{Config, mfa::EmailProvider},
    error::{Error, Kind},
    model::{actor::Actor, apikey::KeyRow, message, user::User},
    ops::{
        self,
        apikey::{BadKey, Made, Old, Rotated, Whose},
        outbox,
    },
};

use super::{bad, make};
use crate::support::{ADDRESS, RUNTIME, TestApp, operator, origin, race};

const DAY: u64 = 86_400;

fn auto(config: &mut Config) {
    config.authentication.api_keys.rotation.auto_rotate = true;
}

fn rotate(server: &TestApp, made: &Made, old: Old) -> Result<Rotated, Error> {
    let (env, id) = (server.app.env(), made.key.id.clone());
    server.app.db.write_blocking(move |tx| ops::apikey::rotate(tx, &env, &operator(), &id, old))
}

fn rotate_own(server: &TestApp, text: &str) -> Result<Result<Rotated, BadKey>, Error> {
    let (env, text) = (server.app.env(), text.to_owned());
    server.app.db.write_blocking(move |tx| ops::apikey::rotate_own(tx, &env, &origin(), &text))
}

fn rows(server: &TestApp, owner: &User) -> Vec<KeyRow> {
    server.read(|r| ops::apikey::list(r, &operator(), Whose::User(&owner.id), 100))
}

fn live(server: &TestApp, owner: &User) -> usize {
    let (rotation, now) = (server.app.env.rotation(), server.clock.now());
    rows(server, owner).iter().filter(|row| row.key.state(rotation, now) == "active").count()
}

#[test]
fn rotated_key_works_on_for_the_overlap_and_its_successor_is_its_like() {
    let server = TestApp::new();
    let ann = server.user("ann");
    let made = make(&server, &ann, |new| {
        new.lifetime = Some(Duration::from_secs(30 * DAY));
        (new.requests_per_minute, new.burst_size) = (Some(7), Some(3));
    });
    let made = made.unwrap();
    server.advance(10 * DAY);
    let done = rotate(&server, &made, Old::Overlap(Duration::from_secs(3_600))).unwrap();
    let (old, new) = (&made.key, &done.made.key);
    assert_eq!((&new.name, &new.scopes, &new.user_id), (&old.name, &old.scopes, &old.user_id));
    assert_eq!((new.requests_per_minute, new.burst_size), (7, 3));
    assert_eq!(new.expires_at, Some(server.clock.now().plus(Duration::from_secs(30 * DAY))));
    assert_eq!(new.rotation_due_at, Some(server.clock.now().plus(Duration::from_secs(90 * DAY))));
    assert_eq!(new.replaces.as_ref(), Some(&old.id));
    assert_eq!(done.old.replaced_by.as_ref(), Some(&new.id));
    server.clock.advance(Duration::from_millis(3_599_999));
    assert_eq!(bad(&server, made.text.expose()), None);
    server.clock.advance(Duration::from_millis(1));
    assert_eq!(bad(&server, made.text.expose()), Some(BadKey::Replaced));
    assert_eq!(bad(&server, done.made.text.expose()), None);
}

#[test]
fn leaked_key_ends_at_once() {
    let server = TestApp::new();
    let made = make(&server, &server.user("ann"), |_| ()).unwrap();
    let done = rotate(&server, &made, Old::Leaked).unwrap();
    assert_eq!(bad(&server, made.text.expose()), Some(BadKey::Revoked));
    assert_eq!(done.old.revoke_reason.as_deref(), Some("leaked"));
    assert_eq!(bad(&server, done.made.text.expose()), None);
    let event = &server.audit()[0];
    assert_eq!(event.event, "api_key.rotate");
    assert!(event.detail.contains("leaked") && event.detail.contains(done.made.key.id.as_str()));
}

#[test]
fn key_has_one_successor_however_many_rotate_it_at_once() {
    let server = TestApp::new();
    let ann = server.user("ann");
    let made = make(&server, &ann, |_| ()).unwrap();
    let done = race(50, |_| rotate(&server, &made, Old::Overlap(Duration::from_secs(DAY))));
    assert_eq!(done.iter().filter(|done| done.is_ok()).count(), 1);
    let kinds = done.iter().filter_map(|done| done.as_ref().err()).map(Error::kind);
    assert!(kinds.into_iter().all(|kind| kind == Kind::Conflict));
    assert_eq!(rows(&server, &ann).len(), 2);
}

#[test]
fn key_that_is_over_has_no_successor_and_neither_has_one_whose_owner_may_nothing_of_it() {
    let server = TestApp::new();
    let (root, _) = (server.admin("root"), server.admin("other"));
    let of = |change: fn(&mut ops::apikey::New)| make(&server, &root, change).unwrap();
    let (ended, revoked) = (of(|new| new.lifetime = Some(Duration::from_secs(60))), of(|_| ()));
    let admin = of(|new| new.scopes = vec!["admin:users".to_owned()]);
    server.advance(60);
    let id = revoked.key.id.clone();
    server.write(move |tx| ops::apikey::revoke(tx, &operator(), &id));
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
    for made in [ended, revoked, admin] {
        assert_eq!(rotate(&server, &made, Old::Leaked).unwrap_err().kind(), Kind::Conflict);
    }
}

#[test]
fn key_ends_when_it_falls_due_only_where_keys_rotate_by_themselves() {
    let changes: [fn(&mut Config); 2] = [|_| (), auto];
    for (change, expected) in changes.into_iter().zip([None, Some(BadKey::Overdue)]) {
        let server = TestApp::with(change);
        let made = make(&server, &server.user("ann"), |_| ()).unwrap();
        server.advance(90 * DAY - 1);
        assert_eq!(bad(&server, made.text.expose()), None);
        server.advance(1);
        assert_eq!(bad(&server, made.text.expose()), expected);
        // The owner can still put another in its place.
        assert!(rotate(&server, &made, Old::Leaked).is_ok());
    }
}

#[test]
fn key_fetches_its_successor_from_the_first_warning_on_and_not_before() {
    let server = TestApp::with(auto);
    let ann = server.user("ann");
    let made = make(&server, &ann, |new| new.lifetime = Some(Duration::from_secs(100 * DAY)));
    let made = made.unwrap();
    server.advance(76 * DAY - 1);
    let early = rotate_own(&server, made.text.expose()).unwrap_err();
    assert_eq!(early.kind(), Kind::Denied);
    assert!(early.to_string().contains("2026-05-17"), "{early}");
    server.advance(1);
    let done = rotate_own(&server, made.text.expose()).unwrap().unwrap();
    assert_eq!(bad(&server, done.made.text.expose()), None);
    assert_eq!(done.made.key.expires_at, made.key.expires_at, "a key lengthened its own life");
    assert_eq!(server.audit()[0].actor, made.key.id.as_str());
    // It may go on for a day, for those who share it.
    server.advance(DAY - 1);
    assert_eq!(bad(&server, made.text.expose()), None);
    server.advance(1);
    assert_eq!(bad(&server, made.text.expose()), Some(BadKey::Replaced));
    assert!(matches!(rotate_own(&server, made.text.expose()), Ok(Err(BadKey::Replaced))));
}

#[test]
fn key_rotates_itself_only_where_that_is_switched_on() {
    let server = TestApp::new();
    let made = make(&server, &server.user("ann"), |_| ()).unwrap();
    server.advance(80 * DAY);
    assert_eq!(rotate_own(&server, made.text.expose()).unwrap_err().kind(), Kind::Denied);
}

#[test]
fn lost_answer_is_made_good_until_the_successor_is_used() {
    let server = TestApp::with(auto);
    let ann = server.user("ann");
    let made = make(&server, &ann, |_| ()).unwrap();
    server.advance(80 * DAY);
    let lost = rotate_own(&server, made.text.expose()).unwrap().unwrap();
    let found = rotate_own(&server, made.text.expose()).unwrap().unwrap();
    assert_eq!(bad(&server, lost.made.text.expose()), Some(BadKey::Revoked));
    assert_eq!(live(&server, &ann), 2);
    RUNTIME.block_on(server.app.authenticate_api_key(ADDRESS, found.made.text.expose())).unwrap();
    let again = rotate_own(&server, made.text.expose()).unwrap_err();
    assert_eq!(again.kind(), Kind::Conflict);
    assert_eq!(bad(&server, found.made.text.expose()), None);
}

#[test]
fn one_successor_lives_however_often_a_key_asks_at_once() {
    let server = TestApp::with(auto);
    let ann = server.user("ann");
    let made = make(&server, &ann, |_| ()).unwrap();
    server.advance(80 * DAY);
    let done = race(50, |_| rotate_own(&server, made.text.expose()).unwrap().unwrap());
    let good = done.iter().filter(|done| bad(&server, done.made.text.expose()).is_none());
    assert_eq!(good.count(), 1);
    assert_eq!(live(&server, &ann), 2);
}

#[test]
fn person_rotates_their_own_key_with_a_recent_sign_in_alone() {
    let server = TestApp::new();
    let ann = server.user("ann");
    let made = make(&server, &ann, |_| ()).unwrap();
    let (session, _) = server.session_of(&ann, false);
    let who = Actor::person(ann.id, session.id, origin());
    let ask = || {
        let (env, id, who) = (server.app.env(), made.key.id.clone(), who.clone());
        server
            .app
            .db
            .write_blocking(move |tx| ops::apikey::rotate(tx, &env, &who, &id, Old::Leaked))
    };
    server.advance(301);
    assert_eq!(ask().unwrap_err().kind(), Kind::Denied);
    let server = &server;
    let (session, _) = server.session_of(&server.read(|r| ops::user::find(r, "ann")), false);
    let who = Actor::person(made.key.user_id.clone(), session.id, origin());
    let (env, id) = (server.app.env(), made.key.id.clone());
    server.write(move |tx| ops::apikey::rotate(tx, &env, &who, &id, Old::Leaked));
}

#[test]
fn owner_is_told_once_by_mail_that_a_key_falls_due() {
    let server = TestApp::with(|config| {
        let email = &mut config.authentication.mfa.providers.email;
        email.provider = EmailProvider::Console;
    });
    let ann = server.user("ann");
    make(&server, &ann, |new| new.name = "ci <deploy>".to_owned()).unwrap();
    // Who is rotated already or ends before needs no word.
    let rotated = make(&server, &ann, |_| ()).unwrap();
    rotate(&server, &rotated, Old::Leaked).unwrap();
    make(&server, &ann, |new| new.lifetime = Some(Duration::from_secs(DAY))).unwrap();
    let sweep = || {
        let env = server.app.env();
        server.write(move |tx| ops::sweep::sweep(tx, &env));
        let all = server.read(|r| outbox::list(r, &operator(), 100));
        let due = all.into_iter().filter(|row| row.kind == message::Kind::KeyDue);
        due.collect::<Vec<_>>()
    };
    server.advance(76 * DAY - 1);
    assert!(sweep().is_empty());
    server.advance(1);
    // The successor of the one that was rotated is as old.
    assert_eq!(sweep().len(), 2);
    assert_eq!(sweep().len(), 2);
    let told = sweep();
    let texts: Vec<_> = told
        .iter()
        .map(|row| {
            assert_eq!(row.recipient, "ann@example.com");
            let read = server.read(|r| outbox::read(r, &server.app.env, &operator(), &row.id));
            read.unwrap().text.expose().to_owned()
        })
        .collect();
    assert!(texts.iter().any(|text| text.contains("ci deploy")), "{texts:?}");
    assert!(texts.iter().all(|text| text.contains("2026-05-31")), "{texts:?}");
    let events = server.events();
    assert_eq!(events.iter().filter(|event| *event == "api_key.due").count(), 2);
}

#[test]
fn without_a_carrier_the_word_is_given_up_and_the_list_still_says_it() {
    let server = TestApp::new();
    let ann = server.user("ann");
    make(&server, &ann, |_| ()).unwrap();
    server.advance(80 * DAY);
    for _ in 0..2 {
        let env = server.app.env();
        server.write(move |tx| ops::sweep::sweep(tx, &env));
    }
    assert_eq!(server.events().iter().filter(|event| *event == "api_key.due").count(), 1);
    let due = rows(&server, &ann)[0].key.due(server.app.env.rotation(), server.clock.now());
    assert_eq!(due.as_str(), "due");
}
