//! Denial is final: what a person's request began does nothing once their session was ended or they were shut out.

use mcpcodex::{
    crypto::secret::Plain,
    error::{Error, Kind, Result},
    model::{
        actor::Actor,
        session::{Session, amr},
        user::User,
    },
    ops::{
        self,
        factor::{Enrolled, Which},
        password::Basis,
    },
};

use crate::support::{PASSWORD, TestApp, operator, origin};

/// Someone whose request was let in by a session that is good.
fn signed_in(server: &TestApp) -> (User, Session, Actor) {
    let user = server.user("ann");
    signed_in_again(server, &user)
}

fn signed_in_again(server: &TestApp, user: &User) -> (User, Session, Actor) {
    let user = user.clone();
    let (env, owner) = (server.app.env(), user.clone());
    let session = server.write(move |tx| {
        let amr = vec![amr::PASSWORD.to_owned()];
        ops::session::open(tx, &env, &origin(), &owner, amr, false)
    });
    let who = Actor::person(user.id.clone(), session.id.clone(), origin());
    (user, session, who)
}

/// What a signed-in person can change; each on its own.
fn acts(
    server: &TestApp,
    (user, session, who): &(User, Session, Actor),
) -> Vec<(&'static str, Option<Error>)> {
    let db = &server.app.db;
    let basis = server.read(|r| Basis::of(r, &server.app.env, &user.id));
    let password = Plain::new("Quartz-Window-77-Lagoon".to_owned());
    let chosen = ops::password::choose(&server.app.env, &basis, password.expose()).unwrap();
    let keep = session.id.clone();
    let mut acts = Vec::new();
    macro_rules! act {
        ($name:literal, |$tx:ident, $env:ident, $user:ident, $who:ident| $do:expr) => {
            let ($env, $user, $who) = (server.app.env(), user.clone(), who.clone());
            let done: Result<_> = db.write_blocking(move |$tx| $do.map(drop));
            acts.push(($name, done.err()));
        };
    }
    act!("begin an enrolment", |tx, env, user, who| ops::factor::enroll_as(
        tx,
        &env,
        &who,
        &user,
        Which::New
    ));
    act!("confirm an enrolment", |tx, env, user, who| ops::factor::confirm(
        tx, &env, &who, &user.id, "000000"
    )
    .map(|enrolled| assert!(matches!(enrolled, Enrolled::Wrong))));
    act!("make an API key", |tx, env, user, who| {
        let new = ops::apikey::New {
            name: "ci".to_owned(),
            scopes: vec!["read:models".to_owned()],
            ..ops::apikey::New::default()
        };
        ops::apikey::create(tx, &env, &who, &user, &new)
    });
    act!("set a password", |tx, env, user, who| {
        ops::password::set(tx, &env, &who, &user.id, &chosen, Some(&keep))
    });
    act!("end other sessions", |tx, _env, user, who| ops::session::revoke_others(
        tx, &who, &user.id
    ));
    act!("remove the second factor", |tx, env, user, who| ops::factor::disable(
        tx, &env, &who, &user.id, None
    ));
    acts
}

#[test]
fn person_in_a_good_session_may_do_all_of_it() {
    let server = TestApp::new();
    let ann = signed_in(&server);
    for (act, error) in acts(&server, &ann) {
        assert!(error.is_none(), "{act}: {error:?}");
    }
}

#[test]
fn request_let_in_before_its_session_was_ended_changes_nothing_after() {
    let server = TestApp::new();
    let ann = signed_in(&server);
    let id = ann.1.id.clone();
    server.write(move |tx| ops::session::revoke(tx, &operator(), &[id]));
    for (act, error) in acts(&server, &ann) {
        assert_eq!(error.map(|error| error.kind()), Some(Kind::Denied), "{act}");
    }
}

#[test]
fn request_let_in_before_its_owner_was_locked_changes_nothing_after() {
    let server = TestApp::new();
    let ann = signed_in(&server);
    let id = ann.0.id.clone();
    server.write(move |tx| ops::user::lock(tx, &operator(), &id));
    for (act, error) in acts(&server, &ann) {
        assert_eq!(error.map(|error| error.kind()), Some(Kind::Denied), "{act}");
    }
}

/// Acts that could cost the person the account, and so want a sign-in of the last minutes.
const DANGEROUS: [&str; 5] = [
    "begin an enrolment",
    "confirm an enrolment",
    "make an API key",
    "set a password",
    "remove the second factor",
];

#[test]
fn dangerous_acts_want_a_sign_in_of_the_last_five_minutes_and_others_do_not() {
    let server = TestApp::new();
    let ann = signed_in(&server);
    server.advance(300);
    for (act, error) in acts(&server, &ann) {
        assert!(error.is_none(), "{act} after five minutes: {error:?}");
    }
    let server = TestApp::new();
    let ann = signed_in(&server);
    server.clock.advance(std::time::Duration::from_millis(300_001));
    for (act, error) in acts(&server, &ann) {
        let refused = error.map(|error| {
            assert_eq!(error.kind(), Kind::Denied, "{act}");
            assert!(error.next().unwrap().contains("/login/confirm"), "{act}");
        });
        assert_eq!(refused.is_some(), DANGEROUS.contains(&act), "{act}");
    }
}

#[test]
fn being_remembered_is_no_recent_sign_in_and_nor_is_a_use() {
    let server = TestApp::new();
    let ann = server.user("ann");
    let (session, cookie) = server.session_of(&ann, true);
    let who = Actor::person(ann.id.clone(), session.id.clone(), origin());
    for _ in 0..4 {
        server.advance(100);
        let app = &server.app;
        assert!(server.read(|r| ops::session::resume(r, &app.env, &app.seen, &cookie)).is_ok());
    }
    assert!(!server.read(|r| ops::session::is_recent(r, &server.app.env, &who)));
    for (act, error) in acts(&server, &(ann, session, who)) {
        assert_eq!(error.is_some(), DANGEROUS.contains(&act), "{act}: {error:?}");
    }
}

#[test]
fn session_without_the_factor_that_the_person_has_may_not_touch_factors() {
    let server = TestApp::new();
    let ann = signed_in(&server);
    // As one that was opened in a trusted browser.
    server.with_totp(&ann.0);
    let ann = signed_in_again(&server, &ann.0);
    for (act, error) in acts(&server, &ann) {
        assert_eq!(error.is_some(), DANGEROUS.contains(&act), "{act}: {error:?}");
    }
}

#[test]
fn factors_that_were_switched_off_keep_nobody_from_a_new_password() {
    let server = TestApp::new();
    let user = signed_in(&server).0;
    server.with_totp(&user);
    let server = server.restart_with(|config| config.authentication.mfa.enabled = false);
    let ann = signed_in_again(&server, &user);
    let refused = acts(&server, &ann).into_iter().filter(|(_, error)| error.is_some());
    let refused: Vec<_> = refused.map(|(act, _)| act).collect();
    assert_eq!(refused, ["begin an enrolment", "confirm an enrolment"]);
}

#[test]
fn session_used_a_moment_before_it_was_ended_is_not_woken_by_the_late_mark() {
    let acts: [fn(&TestApp, &User, &Session); 3] = [
        |server, _, session| {
            let id = session.id.clone();
            server.write(move |tx| ops::session::revoke(tx, &operator(), &[id]));
        },
        |server, user, _| {
            let id = user.id.clone();
            server.write(move |tx| ops::session::revoke_of_user(tx, &operator(), &id));
        },
        |server, _, _| {
            server.write(|tx| ops::session::revoke_everything(tx, &operator()));
        },
    ];
    for end in acts {
        let server = TestApp::new();
        let user = server.user("ann");
        let (session, cookie) = server.session_of(&user, false);
        let (app, seen) = (&server.app, &server.app.seen);
        let good = || server.read(|r| ops::session::resume(r, &app.env, seen, &cookie)).is_ok();
        // Used at the last moment of the idle limit; the mark is not written when the end comes.
        server.advance(session.idle.as_secs() - 1);
        assert!(good());
        server.advance(2);
        end(&server, &user, &session);
        let marks = seen.take();
        server.write(move |tx| ops::seen::write(tx, &marks));
        assert!(!good());
    }
}

#[test]
fn sign_in_that_was_under_way_ends_when_everything_is_revoked() {
    let server = TestApp::new();
    let ann = server.user("ann");
    server.with_totp(&ann);
    let mut browser = server.browser();
    browser.sign_in("ann", PASSWORD);
    let page = browser.open("/mfa");
    assert!(page.form("/mfa").is_some(), "{page:?}");
    server.write(|tx| ops::session::revoke_everything(tx, &operator()));
    let page = browser.open("/mfa");
    assert_eq!(page.location(), "/login");
}

#[test]
fn key_loses_its_right_to_administer_with_its_owners_role() {
    let server = TestApp::new();
    server.admin("root");
    let ann = server.admin("ann");
    let (env, owner) = (server.app.env(), ann.clone());
    let made = server.write(move |tx| {
        let new = ops::apikey::New {
            name: "ci".to_owned(),
            scopes: vec!["read:models".to_owned(), "admin:users".to_owned()],
            ..ops::apikey::New::default()
        };
        ops::apikey::create(tx, &env, &operator(), &owner, &new)
    });
    let scopes = || {
        let text = made.text.expose();
        let found = server.read(|r| ops::apikey::inspect(r, &server.app.env, text));
        found.map(|good| good.key.scopes.to_string()).ok()
    };
    assert_eq!(scopes().as_deref(), Some("read:models admin:users"));
    let env = server.app.env();
    server.write(move |tx| {
        let edit = ops::user::Edit { roles: Some(vec!["user".to_owned()]), ..Default::default() };
        ops::user::edit(tx, &env, &operator(), &ann.id, &edit)
    });
    assert_eq!(scopes().as_deref(), Some("read:models"));
}
