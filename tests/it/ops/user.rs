//! People: one owner for a name and all its look-alikes, and always somebody left who can administer.

use mcpcodex::{
    error::{Error, Kind},
    model::{
        actor::Actor,
        user::{User, UserState},
    },
    ops::{
        self,
        user::{Created, Edit, FirstPassword, New},
    },
};

use crate::support::{OTHER_PASSWORD, TestApp, operator, origin, race};

fn create(server: &TestApp, name: &str, email: &str) -> Result<Created, Error> {
    let env = server.app.env();
    let new = New { username: name.to_owned(), email: email.to_owned(), ..New::default() };
    server.app.db.write_blocking(move |tx| {
        ops::user::create(tx, &env, &operator(), &new, &FirstPassword::Invite)
    })
}

fn refused(server: &TestApp, name: &str) -> Option<Kind> {
    create(server, name, "somebody@example.com").err().map(|error| error.kind())
}

/// A change to one person, as a function that can be handed to a job.
type Change =
    fn(&mcpcodex::db::Write<'_>, &ops::env::Env, &mcpcodex::model::id::UserId) -> Result<(), Error>;

const ENDS: [(&str, Change); 4] = [
    ("lock", |tx, _, id| ops::user::lock(tx, &operator(), id).map(drop)),
    ("disable", |tx, _, id| ops::user::disable(tx, &operator(), id).map(drop)),
    ("delete", |tx, _, id| ops::user::delete(tx, &operator(), id).map(drop)),
    ("demote", |tx, env, id| {
        let edit = Edit { roles: Some(vec!["user".to_owned()]), ..Edit::default() };
        ops::user::edit(tx, env, &operator(), id, &edit).map(drop)
    }),
];

fn change(server: &TestApp, user: &User, change: Change) -> Result<(), Error> {
    let (env, id) = (server.app.env(), user.id.clone());
    server.app.db.write_blocking(move |tx| change(tx, &env, &id))
}

#[test]
fn last_administrator_cannot_be_locked_disabled_deleted_or_demoted() {
    let server = TestApp::new();
    let root = server.admin("root");
    server.user("ann");
    // One who cannot sign in does not count.
    let away = server.admin("away");
    let id = away.id.clone();
    server.write(move |tx| ops::user::lock(tx, &operator(), &id));
    for (name, end) in ENDS {
        let error = change(&server, &root, end).unwrap_err();
        assert_eq!(error.kind(), Kind::Conflict, "{name}");
        assert!(error.next().is_some(), "{name} says what to do");
    }
    server.login("root");
    let other = server.admin("other");
    change(&server, &root, ENDS[0].1).unwrap();
    assert_eq!(change(&server, &other, ENDS[3].1).unwrap_err().kind(), Kind::Conflict);
}

#[test]
fn two_administrators_who_remove_each_other_at_once_leave_one() {
    for (name, end) in ENDS {
        for _ in 0..5 {
            let server = TestApp::new();
            let two = [server.admin("one"), server.admin("two")];
            let other = server.another();
            let results = race(2, |at| {
                let app = if at == 0 { &server.app } else { &other };
                let (env, id) = (app.env(), two[at].id.clone());
                app.db.write_blocking(move |tx| end(tx, &env, &id)).is_ok()
            });
            assert_eq!(results.iter().filter(|ok| **ok).count(), 1, "{name}");
            assert!(server.read(ops::setup::is_done), "{name}");
        }
    }
}

#[test]
fn name_has_one_owner_in_every_spelling_that_looks_alike() {
    let server = TestApp::new();
    create(&server, "paypal", "first@example.com").unwrap();
    for twin in [
        "PayPal",             // case
        "ｐａｙｐａｌ",       // full width
        "p\u{430}yp\u{430}l", // Cyrillic а
        "paypa1",             // one for l
        " paypal ",
        "pa\u{200b}ypal", // zero width
        "\u{202e}lapyap", // written backwards
    ] {
        assert!(refused(&server, twin).is_some(), "{twin:?} was taken as another name");
    }
    create(&server, "payphone", "other@example.com").unwrap();
}

#[test]
fn name_that_cannot_be_one_is_invalid() {
    let server = TestApp::new();
    let long = "a".repeat(65_536);
    for bad in ["", " ", "a\u{0}b", "a\nb", "a\u{202e}b", "a\u{200d}b", long.as_str(), "a/b", "<b>"]
    {
        let shown: String = bad.chars().take(20).collect();
        assert_eq!(refused(&server, bad), Some(Kind::Invalid), "{shown:?}");
    }
}

#[test]
fn address_has_one_owner_in_every_case() {
    let server = TestApp::new();
    create(&server, "ann", "ann@example.com").unwrap();
    for twin in ["ann@example.com", "ANN@Example.COM"] {
        let error = create(&server, "bob", twin).unwrap_err();
        assert_eq!(error.kind(), Kind::Conflict, "{twin}");
    }
}

#[test]
fn twenty_who_take_one_name_at_once_are_one() {
    let server = TestApp::new();
    let other = server.another();
    let made = race(20, |at| {
        let app = if at % 2 == 0 { &server.app } else { &other };
        let env = app.env();
        let new = New {
            username: if at % 3 == 0 { "ANN" } else { "ann" }.to_owned(),
            email: format!("ann{at}@example.com"),
            ..New::default()
        };
        let made = app.db.write_blocking(move |tx| {
            ops::user::create(tx, &env, &operator(), &new, &FirstPassword::Invite)
        });
        made.map_err(|error| error.kind()).err()
    });
    assert_eq!(made.iter().filter(|error| error.is_none()).count(), 1);
    assert!(made.iter().all(|error| error.is_none_or(|kind| kind == Kind::Conflict)), "{made:?}");
}

#[test]
fn person_without_a_full_name_is_taken() {
    let server = TestApp::new();
    let made = create(&server, "ann", "ann@example.com").unwrap();
    assert_eq!(made.user.display_name(), "ann");
    assert_eq!(made.user.state, UserState::Invited);
}

#[test]
fn role_that_does_not_exist_is_refused() {
    let server = TestApp::new();
    let env = server.app.env();
    let new = New {
        username: "ann".to_owned(),
        email: "ann@example.com".to_owned(),
        roles: vec!["superuser".to_owned()],
        ..New::default()
    };
    let made = server.app.db.write_blocking(move |tx| {
        ops::user::create(tx, &env, &operator(), &new, &FirstPassword::Invite)
    });
    assert_eq!(made.unwrap_err().kind(), Kind::Invalid);
}

#[test]
fn nobody_but_the_operator_makes_or_changes_people() {
    let server = TestApp::new();
    let (root, ann) = (server.admin("root"), server.user("ann"));
    let (session, _) = server.session_of(&root, false);
    let who = Actor::person(root.id.clone(), session.id, origin());
    let env = server.app.env();
    let kinds = server
        .app
        .db
        .write_blocking(move |tx| {
            let new = New {
                username: "eve".to_owned(),
                email: "eve@example.com".to_owned(),
                ..New::default()
            };
            let page = ops::user::Page { filter: String::new(), after: None, limit: 5 };
            Ok([
                ops::user::create(tx, &env, &who, &new, &FirstPassword::Invite).err(),
                ops::user::edit(tx, &env, &who, &ann.id, &Edit::default()).err(),
                ops::user::lock(tx, &who, &ann.id).err(),
                ops::user::unlock(tx, &who, &ann.id).err(),
                ops::user::disable(tx, &who, &ann.id).err(),
                ops::user::enable(tx, &who, &ann.id).err(),
                ops::user::delete(tx, &who, &ann.id).err(),
                ops::user::invite(tx, &env, &who, &ann.id).err(),
                ops::user::list(tx, &who, &page).err(),
                ops::user::show(tx, &who, &ann.id).err(),
            ]
            .map(|error| error.map(|error| error.kind())))
        })
        .unwrap();
    assert_eq!(kinds, [Some(Kind::Denied); 10]);
}

/// The token of an invitation.
fn invited(server: &TestApp, name: &str) -> (User, String) {
    let made = create(server, name, &format!("{name}@example.com")).unwrap();
    let url = made.invite.unwrap().url;
    (made.user, url.split_once("token=").unwrap().1.to_owned())
}

fn accept(server: &TestApp, user: &User, token: &str) -> Result<User, Error> {
    let basis = server.read(|r| ops::password::Basis::of(r, &server.app.env, &user.id));
    // Another one each time, so that only the link can be what is refused.
    let password = format!("{OTHER_PASSWORD} {}", server.clock.now().secs() % 100_000);
    server.advance(1);
    let chosen = server.chosen(&basis, &password);
    let (env, token) = (server.app.env(), token.to_owned());
    let who = Actor::anonymous(origin());
    server
        .app
        .db
        .write_blocking(move |tx| ops::user::accept_invite(tx, &env, &who, &token, &chosen))
}

#[test]
fn invitation_works_once_and_for_three_days() {
    let server = TestApp::new();
    let (ann, token) = invited(&server, "ann");
    assert_eq!(accept(&server, &ann, &token).unwrap().state, UserState::Active);
    assert_eq!(accept(&server, &ann, &token).unwrap_err().kind(), Kind::NotFound);

    let (bob, token) = invited(&server, "bob");
    server.advance(72 * 3_600 - 1);
    assert_eq!(accept(&server, &bob, &token).unwrap_err().kind(), Kind::NotFound);
}

#[test]
fn newer_invitation_kills_the_older_one() {
    let server = TestApp::new();
    let (ann, old) = invited(&server, "ann");
    let (env, id) = (server.app.env(), ann.id.clone());
    let new = server.write(move |tx| ops::user::invite(tx, &env, &operator(), &id)).url;
    assert_eq!(accept(&server, &ann, &old).unwrap_err().kind(), Kind::NotFound);
    accept(&server, &ann, new.split_once("token=").unwrap().1).unwrap();
}

#[test]
fn invitation_of_someone_locked_or_deleted_opens_nothing() {
    let server = TestApp::new();
    let (ann, token) = invited(&server, "ann");
    let id = ann.id.clone();
    server.write(move |tx| ops::user::lock(tx, &operator(), &id));
    accept(&server, &ann, &token).unwrap_err();
    assert_eq!(server.read(|r| ops::user::get(r, &ann.id)).state, UserState::Locked);

    let (bob, token) = invited(&server, "bob");
    let id = bob.id.clone();
    server.write(move |tx| ops::user::delete(tx, &operator(), &id));
    let gone = server.app.db.read(|r| ops::user::invited(r, &server.app.env, &token));
    assert_eq!(gone.unwrap_err().kind(), Kind::NotFound);
}

#[test]
fn link_of_one_purpose_or_with_another_id_opens_nothing() {
    let server = TestApp::new();
    let (_, token) = invited(&server, "ann");
    let (id, mac) = token.split_once('.').unwrap();
    let setup = server.app.db.read(|r| ops::setup::check(r, &server.app.env, &token));
    assert_eq!(setup.unwrap_err().kind(), Kind::NotFound);
    let (_, other) = invited(&server, "bob");
    let (other_id, _) = other.split_once('.').unwrap();
    for forged in [format!("{other_id}.{mac}"), format!("{id}."), id.to_owned(), ".".to_owned()] {
        let found = server.app.db.read(|r| ops::user::invited(r, &server.app.env, &forged));
        assert_eq!(found.unwrap_err().kind(), Kind::NotFound, "{forged}");
    }
}

#[test]
fn every_change_is_on_record_with_who_did_it() {
    let server = TestApp::new();
    server.admin("root");
    let ann = server.user("ann");
    for at in [3, 0, 1, 2] {
        change(&server, &ann, ENDS[at].1).unwrap();
    }
    let events = server.events();
    for event in ["user.create", "user.edit", "user.lock", "user.disable", "user.delete"] {
        assert!(events.iter().any(|own| own == event), "{event}: {events:?}");
    }
    assert!(server.audit().iter().all(|row| row.actor == "root" || row.actor == "system"));
}

#[test]
fn person_renames_themselves_and_nobody_else() {
    let server = TestApp::new();
    let (ann, bob) = (server.user("ann"), server.user("bob"));
    let (session, _) = server.session_of(&ann, false);
    let who = Actor::person(ann.id.clone(), session.id, origin());
    let rename = |who: &Actor, user: &User, name: &'static str| {
        let (who, id) = (who.clone(), user.id.clone());
        server.app.db.write_blocking(move |tx| ops::user::rename(tx, &who, &id, name))
    };
    assert_eq!(rename(&who, &ann, " Ann  Lee ").unwrap().name, "Ann  Lee");
    assert_eq!(rename(&who, &ann, "").unwrap().name, "");
    assert_eq!(rename(&who, &ann, "a\u{202e}b").unwrap_err().kind(), Kind::Invalid);
    assert_eq!(rename(&who, &bob, "Rob").unwrap_err().kind(), Kind::Denied);
    let renames = server.events().iter().filter(|event| *event == "user.rename").count();
    assert_eq!(renames, 2);
    let id = ann.id.clone();
    server.write(move |tx| ops::session::revoke_of_user(tx, &operator(), &id));
    assert_eq!(rename(&who, &ann, "Late").unwrap_err().kind(), Kind::Denied);
}
