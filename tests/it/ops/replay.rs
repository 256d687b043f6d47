//! Signed statements count once: per kind and issuer, however many arrive at the same moment, until their time is over.

use std::time::Duration;

use mcpcodex::{
    app::App,
    ops::replay::{Kind, first_use},
};

use crate::support::{TestApp, race};

fn use_once(server: &TestApp, kind: Kind, issuer: &str, jti: &str, secs: u64) -> bool {
    use_at(&server.app, kind, issuer, jti, secs)
}

fn use_at(app: &App, kind: Kind, issuer: &str, jti: &str, secs: u64) -> bool {
    let (issuer, jti) = (issuer.to_owned(), jti.to_owned());
    let job = move |tx: &mcpcodex::db::Write<'_>| {
        first_use(tx, kind, &issuer, &jti, tx.now.plus(Duration::from_secs(secs)))
    };
    app.db.write_blocking(job).unwrap()
}

fn kept(server: &TestApp) -> i64 {
    let sql = "select count(*) from used_statements";
    server.read(|r| r.one(sql, [], |row| row.get(0))).unwrap()
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
fn statement_is_spent_in_every_process_and_after_a_restart() {
    let server = TestApp::new();
    let other = server.another();
    for kind in [Kind::ClientAssertion, Kind::DpopProof, Kind::IdentityAssertion] {
        assert!(use_at(&other, kind, "c_1", "there", 60));
        assert!(!use_once(&server, kind, "c_1", "there", 60));
        assert!(use_once(&server, kind, "c_1", "here", 60));
        assert!(!use_at(&other, kind, "c_1", "here", 60));
    }
    drop(other);
    let server = server.restart();
    for kind in [Kind::ClientAssertion, Kind::DpopProof, Kind::IdentityAssertion] {
        for jti in ["there", "here"] {
            assert!(!use_once(&server, kind, "c_1", jti, 60), "{kind:?} {jti}");
        }
    }
}

#[test]
fn one_of_a_hundred_in_two_processes_is_the_first() {
    let server = TestApp::new();
    let apps = [server.app.clone(), server.another()];
    for round in 0..20 {
        let jti = format!("round {round}");
        let first = race(100, |at| use_at(&apps[at % 2], Kind::DpopProof, "key", &jti, 60));
        assert_eq!(first.into_iter().filter(|first| *first).count(), 1, "{jti}");
    }
}

#[test]
fn ten_thousand_statements_leave_nothing_behind() {
    let server = TestApp::new();
    server.write(|tx| {
        for n in 0..10_000 {
            let until = tx.now.plus(Duration::from_secs(60));
            assert!(first_use(tx, Kind::ClientAssertion, "c_1", &n.to_string(), until)?);
        }
        Ok(())
    });
    assert_eq!(kept(&server), 10_000);
    server.advance(61);
    sweep(&server);
    assert_eq!(kept(&server), 0);
    // However long its issuer wants it to last, nothing stays for more than a day.
    assert!(use_once(&server, Kind::ClientAssertion, "c_1", "for a year", 366 * 86_400));
    server.advance(86_401);
    sweep(&server);
    assert_eq!(kept(&server), 0);
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
