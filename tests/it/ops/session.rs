//! Sessions: when they end, who may end them, and that every process knows at once.

use std::time::Duration;

use mcpcodex::{
    app::App,
    error::Kind,
    model::{actor::Actor, session::Ended, user::User},
    ops::{
        self,
        session::{NoSession, SignedIn},
    },
};

use crate::support::{OTHER_PASSWORD, TestApp, operator, origin};

/// What a request with this cookie finds, as the server does it.
fn resume(app: &App, cookie: &str) -> Result<SignedIn, NoSession> {
    app.db.read(|r| ops::session::resume(r, &app.env, &app.seen, cookie)).unwrap()
}

fn over(app: &App, cookie: &str) -> NoSession {
    resume(app, cookie).map(|signed_in| signed_in.session.id).unwrap_err()
}

fn ann() -> (TestApp, User, String) {
    let server = TestApp::new();
    let ann = server.user("ann");
    let (_, cookie) = server.session_of(&ann, false);
    (server, ann, cookie)
}

#[test]
fn unused_session_lives_to_the_last_moment_of_the_hour_and_not_longer() {
    let (server, ann, cookie) = ann();
    let (_, other) = server.session_of(&ann, false);
    server.clock.advance(Duration::from_millis(3_599_999));
    assert!(resume(&server.app, &cookie).is_ok());
    server.clock.advance(Duration::from_millis(1));
    assert_eq!(over(&server.app, &other), NoSession::Over(Ended::Idle));
    // The one that was used in the last moment has another hour from then.
    server.clock.advance(Duration::from_millis(3_599_998));
    assert!(resume(&server.app, &cookie).is_ok());
}

#[test]
fn use_in_the_last_moment_counts_before_it_is_written_and_after() {
    let (server, _, cookie) = ann();
    server.advance(3_599);
    assert!(resume(&server.app, &cookie).is_ok());
    let marks = server.app.seen.take();
    server.write(move |tx| ops::seen::write(tx, &marks));
    server.advance(3_599);
    let server = server.restart();
    assert!(resume(&server.app, &cookie).is_ok());
    server.advance(3_600);
    assert_eq!(over(&server.app, &cookie), NoSession::Over(Ended::Idle));
}

#[test]
fn request_that_comes_too_late_does_not_wake_the_session() {
    let (server, _, cookie) = ann();
    server.advance(3_601);
    for _ in 0..3 {
        assert_eq!(over(&server.app, &cookie), NoSession::Over(Ended::Idle));
    }
    assert!(server.app.seen.take().is_empty());
}

#[test]
fn busy_session_ends_after_eight_hours() {
    let (server, _, cookie) = ann();
    for _ in 0..15 {
        server.advance(1_900);
        assert!(resume(&server.app, &cookie).is_ok());
    }
    server.clock.advance(Duration::from_millis(299_999));
    assert!(resume(&server.app, &cookie).is_ok());
    server.clock.advance(Duration::from_millis(1));
    assert_eq!(over(&server.app, &cookie), NoSession::Over(Ended::Expired));
}

#[test]
fn remembered_session_lives_thirty_days_unused_and_not_longer() {
    let (server, ann, _) = ann();
    let (_, cookie) = server.session_of(&ann, true);
    server.advance(30 * 86_400 - 1);
    assert!(resume(&server.app, &cookie).is_ok());
    server.advance(1);
    assert_eq!(over(&server.app, &cookie), NoSession::Over(Ended::Expired));
}

#[test]
fn switching_remember_me_off_ends_remembered_sessions_and_no_others() {
    let (server, ann, cookie) = ann();
    let (_, remembered) = server.session_of(&ann, true);
    let server = server.restart_with(|config| {
        let timeouts = &mut config.authentication.session.timeouts;
        timeouts.remember_me = timeouts.absolute;
    });
    assert_eq!(over(&server.app, &remembered), NoSession::Over(Ended::Revoked));
    assert!(resume(&server.app, &cookie).is_ok());
}

/// Something that must end what a person has open.
type Deed = fn(&TestApp, &User);

#[test]
fn whatever_shuts_a_person_out_is_known_to_every_process_at_the_next_request() {
    let deeds: [(&str, Deed); 8] = [
        ("lock", |s, u| {
            let id = u.id.clone();
            s.write(move |tx| ops::user::lock(tx, &operator(), &id));
        }),
        ("disable", |s, u| {
            let id = u.id.clone();
            s.write(move |tx| ops::user::disable(tx, &operator(), &id));
        }),
        ("delete", |s, u| {
            let id = u.id.clone();
            s.write(move |tx| ops::user::delete(tx, &operator(), &id));
        }),
        ("new password", |s, u| s.set_password(u, OTHER_PASSWORD)),
        ("new factor", |s, u| drop(s.with_totp(u))),
        ("new roles", |s, u| {
            let (env, id) = (s.app.env(), u.id.clone());
            let edit = ops::user::Edit {
                roles: Some(vec!["developer".to_owned()]),
                ..ops::user::Edit::default()
            };
            s.write(move |tx| ops::user::edit(tx, &env, &operator(), &id, &edit));
        }),
        ("end all", |s, u| {
            let id = u.id.clone();
            s.write(move |tx| ops::session::revoke_of_user(tx, &operator(), &id));
        }),
        ("end everything", |s, _| {
            s.write(move |tx| ops::session::revoke_everything(tx, &operator()));
        }),
    ];
    for (name, deed) in deeds {
        let (server, ann, cookie) = ann();
        let (_, remembered) = server.session_of(&ann, true);
        let other = server.another();
        for app in [&server.app, &other] {
            assert!(resume(app, &cookie).is_ok() && resume(app, &remembered).is_ok());
        }
        deed(&server, &ann);
        for app in [&server.app, &other] {
            assert!(resume(app, &cookie).is_err(), "{name}");
            assert!(resume(app, &remembered).is_err(), "{name}");
        }
        let server = server.restart();
        assert!(resume(&server.app, &cookie).is_err(), "{name}, after a restart");
    }
}

#[test]
fn removing_the_factor_ends_the_sessions() {
    let (server, ann, _) = ann();
    server.with_totp(&ann);
    let (_, cookie) = server.session_of(&ann, false);
    let (env, id) = (server.app.env(), ann.id.clone());
    server.write(move |tx| ops::factor::disable(tx, &env, &operator(), &id, None));
    assert_eq!(over(&server.app, &cookie), NoSession::Over(Ended::Revoked));
}

#[test]
fn end_of_one_session_in_another_process_leaves_the_other_one_alone() {
    let (server, ann, first) = ann();
    let (session, second) = server.session_of(&ann, false);
    let console = server.another();
    let id = session.id.clone();
    let ended =
        console.db.write_blocking(move |tx| ops::session::revoke(tx, &operator(), &[id])).unwrap();
    assert_eq!(ended, 1);
    assert_eq!(over(&server.app, &second), NoSession::Over(Ended::Revoked));
    assert!(resume(&server.app, &first).is_ok());
}

#[test]
fn mark_of_use_that_is_written_late_does_not_wake_an_ended_session() {
    let (server, ann, cookie) = ann();
    resume(&server.app, &cookie).unwrap();
    server.advance(5);
    resume(&server.app, &cookie).unwrap();
    let marks = server.app.seen.take();
    let id = ann.id.clone();
    server.write(move |tx| ops::user::lock(tx, &operator(), &id));
    server.write(move |tx| ops::seen::write(tx, &marks));
    assert!(resume(&server.app, &cookie).is_err());
}

#[test]
fn locked_and_unlocked_again_the_old_sessions_stay_dead() {
    let (server, ann, cookie) = ann();
    let id = ann.id.clone();
    server.write(move |tx| {
        ops::user::lock(tx, &operator(), &id)?;
        ops::user::unlock(tx, &operator(), &id)
    });
    assert_eq!(over(&server.app, &cookie), NoSession::Over(Ended::Revoked));
}

#[test]
fn cookie_of_another_installation_or_with_one_byte_changed_opens_nothing() {
    let (server, _, cookie) = ann();
    let elsewhere = TestApp::new();
    let bob = elsewhere.user("bob");
    let (_, foreign) = elsewhere.session_of(&bob, false);
    assert_eq!(over(&server.app, &foreign), NoSession::Foreign);
    for at in (0..cookie.len()).step_by(7) {
        let mut bytes = cookie.clone().into_bytes();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(bytes).unwrap();
        // The last bits of a base64 block may carry nothing; the decoder must be strict about them.
        assert!(resume(&server.app, &changed).is_err(), "byte {at}");
    }
    for garbage in ["", ".", "..", "a.b.c", "null", &cookie[..cookie.len() - 1]] {
        assert_eq!(over(&server.app, garbage), NoSession::Foreign, "{garbage:?}");
    }
}

#[test]
fn cookie_with_algorithm_none_or_another_type_opens_nothing() {
    let (server, ann, cookie) = ann();
    let payload = cookie.split('.').nth(1).unwrap();
    let none = mcpcodex::crypto::secret::b64(br#"{"alg":"none","typ":"session+jwt"}"#);
    for forged in [format!("{none}.{payload}."), format!("{none}.{payload}")] {
        assert_eq!(over(&server.app, &forged), NoSession::Foreign);
    }
    let (session, _) = server.session_of(&ann, false);
    let claims = serde_json::json!({ "sid": session.id, "iat": 0 });
    let other = server.app.env.keys.session.sign("at+jwt", &claims).unwrap();
    assert_eq!(over(&server.app, &other), NoSession::Foreign);
}

#[test]
fn person_ends_their_own_sessions_and_nobody_elses() {
    let (server, ann, _) = ann();
    let bob = server.user("bob");
    let (anns, cookie) = server.session_of(&ann, false);
    let (bobs, _) = server.session_of(&bob, false);
    let who = Actor::person(bob.id.clone(), bobs.id.clone(), origin());
    let refused = {
        let (who, id, user) = (who.clone(), anns.id.clone(), ann.id.clone());
        server
            .app
            .db
            .write_blocking(move |tx| {
                Ok([
                    ops::session::revoke(tx, &who, &[id]).unwrap_err().kind(),
                    ops::session::revoke_of_user(tx, &who, &user).unwrap_err().kind(),
                    ops::session::revoke_others(tx, &who, &user).unwrap_err().kind(),
                    ops::session::revoke_everything(tx, &who).unwrap_err().kind(),
                    ops::session::list(tx, &who, Some(&user), 9).unwrap_err().kind(),
                    ops::session::list(tx, &who, None, 9).unwrap_err().kind(),
                ])
            })
            .unwrap()
    };
    assert_eq!(refused, [Kind::Denied; 6]);
    assert!(resume(&server.app, &cookie).is_ok());
    let id = bobs.id.clone();
    assert_eq!(server.write(move |tx| ops::session::revoke(tx, &who, &[id])), 1);
}

#[test]
fn ending_the_others_keeps_the_one_that_asks() {
    let (server, ann, first) = ann();
    let (session, second) = server.session_of(&ann, true);
    let who = Actor::person(ann.id.clone(), session.id, origin());
    let shut = server.write(move |tx| ops::session::revoke_others(tx, &who, &ann.id));
    assert_eq!(shut.sessions, 1);
    assert!(resume(&server.app, &first).is_err());
    assert!(resume(&server.app, &second).is_ok());
}

#[test]
fn every_end_is_told_with_its_reason() {
    let (server, ann, _) = ann();
    let id = ann.id.clone();
    server.write(move |tx| ops::user::lock(tx, &operator(), &id));
    let row = server.audit().into_iter().find(|row| row.event == "session.end").unwrap();
    assert!(row.detail.contains("account locked"), "{}", row.detail);
    assert_eq!(row.user_id.as_deref(), Some(ann.id.as_str()));
    assert_eq!(row.actor, "root");
}
