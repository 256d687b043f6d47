//! Signed statements count once: per kind and issuer, however many arrive at the same moment, until their time is over.

use std::time::Duration;

use mcpcodex::ops::replay::{Kind, first_use};

use crate::support::{TestApp, race};

fn use_once(server: &TestApp, kind: Kind, issuer: &str, jti: &str, secs: u64) -> bool {
    let (issuer, jti) = (issuer.to_owned(), jti.to_owned());
    let job = move |tx: &mcpcodex::db::Write<'_>| {
        first_use(tx, kind, &issuer, &jti, tx.now.plus(Duration::from_secs(secs)))
    };
    server.app.db.write_blocking(job).unwrap()
}

fn sweep(server: &TestApp) {
    let env = server.app.env();
    server.app.db.write_blocking(move |tx| mcpcodex::ops::sweep::sweep(tx, &env)).unwrap();
}

#[test]
fn second_use_is_refused_and_another_issuer_or_kind_is_another_statement() {
    let server = TestApp::new();
    assert!(use_once(&server, Kind::ClientAssertion, "c_1", "a", 60));
    assert!(!use_once(&server, Kind::ClientAssertion, "c_1", "a", 60));
    assert!(use_once(&server, Kind::ClientAssertion, "c_2", "a", 60));
    assert!(use_once(&server, Kind::DpopProof, "c_1", "a", 60));
    // The blank between issuer and identifier cannot be moved.
    assert!(use_once(&server, Kind::DpopProof, "x y", "z", 60));
    assert!(use_once(&server, Kind::DpopProof, "x", "y z", 60));
}

#[test]
fn one_of_a_hundred_that_come_at_once_is_the_first() {
    let server = TestApp::new();
    let first = race(100, |_| use_once(&server, Kind::DpopProof, "key", "a", 60));
    assert_eq!(first.into_iter().filter(|first| *first).count(), 1);
}

#[test]
fn statements_are_remembered_as_long_as_they_could_be_believed_and_then_forgotten() {
    let server = TestApp::new();
    assert!(use_once(&server, Kind::DpopProof, "key", "a", 60));
    server.clock.advance(Duration::from_secs(59));
    sweep(&server);
    assert!(!use_once(&server, Kind::DpopProof, "key", "a", 60));
    server.clock.advance(Duration::from_secs(62));
    sweep(&server);
    assert!(use_once(&server, Kind::DpopProof, "key", "a", 60));
}
