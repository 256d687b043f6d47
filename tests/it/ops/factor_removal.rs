//! Taking a factor away: what goes with it, and when it has to stay.

use mcpcodex::{
    error::{Error, Kind},
    model::{actor::Actor, user::User},
    ops,
};

use crate::support::{TestApp, Totp, operator, origin};

/// Someone with two authenticator apps, in a session that has proved one.
fn with_two(server: &TestApp, user: &User) -> (Actor, [Totp; 2]) {
    let apps = [server.with_totp(user), server.with_totp(user)];
    let (env, owner) = (server.app.env(), user.clone());
    let session = server.write(move |tx| {
        let amr = ["pwd", "otp", "mfa"].map(str::to_owned).to_vec();
        ops::session::open(tx, &env, &origin(), &owner, amr, false)
    });
    (Actor::person(user.id.clone(), session.id, origin()), apps)
}

fn remove_one(server: &TestApp, who: &Actor, user: &User) -> Option<Error> {
    let (factors, _) = server.read(|r| ops::factor::list(r, &operator(), &user.id));
    let id = factors.first().unwrap().id.clone();
    let (env, who, user) = (server.app.env(), who.clone(), user.id.clone());
    let db = &server.app.db;
    db.write_blocking(move |tx| ops::factor::remove_totp(tx, &env, &who, &user, &id)).err()
}

#[test]
fn last_factor_takes_the_recovery_codes_along_and_other_sessions_end_each_time() {
    let server = TestApp::new();
    let ann = server.user("ann");
    let (who, _) = with_two(&server, &ann);
    for left in [(1, 10), (0, 0)] {
        let (_, other) = server.session_of(&ann, false);
        assert!(remove_one(&server, &who, &ann).is_none());
        let (factors, codes) = server.read(|r| ops::factor::list(r, &operator(), &ann.id));
        assert_eq!((factors.len(), codes), left);
        let found = server.read(|r| ops::session::look(r, &server.app.env, None, &other));
        assert!(found.is_err(), "another session lives on");
    }
    server.login("ann");
}

#[test]
fn only_factor_of_someone_who_needs_one_stays_and_so_does_everything_else() {
    let server = TestApp::new();
    let root = server.admin("root");
    let (who, _) = with_two(&server, &root);
    assert!(remove_one(&server, &who, &root).is_none());
    let (_, other) = server.session_of(&root, false);
    let refused = remove_one(&server, &who, &root).unwrap();
    assert_eq!(refused.kind(), Kind::Conflict);
    assert!(refused.next().is_some());
    let (factors, codes) = server.read(|r| ops::factor::list(r, &operator(), &root.id));
    assert_eq!((factors.len(), codes), (1, 10));
    let found = server.read(|r| ops::session::look(r, &server.app.env, None, &other));
    assert!(found.is_ok(), "a refusal ended a session");
    // The operator may, for a phone that was lost.
    assert!(remove_one(&server, &operator(), &root).is_none());
}

#[test]
fn nobody_removes_the_factor_of_another() {
    let server = TestApp::new();
    let (ann, mallory) = (server.user("ann"), server.user("mallory"));
    server.with_totp(&ann);
    let (who, _) = with_two(&server, &mallory);
    assert_eq!(remove_one(&server, &who, &ann).unwrap().kind(), Kind::Denied);
    // Nor by naming it as one's own.
    let (factors, _) = server.read(|r| ops::factor::list(r, &operator(), &ann.id));
    let id = factors.first().unwrap().id.clone();
    let env = server.app.env();
    let own = server
        .app
        .db
        .write_blocking(move |tx| ops::factor::remove_totp(tx, &env, &who, &mallory.id, &id));
    assert_eq!(own.unwrap_err().kind(), Kind::NotFound);
    let (factors, _) = server.read(|r| ops::factor::list(r, &operator(), &ann.id));
    assert_eq!(factors.len(), 1);
}
