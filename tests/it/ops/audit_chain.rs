//! The record of acts cannot be altered unnoticed: not by whoever can write the database, not by putting back an older
//! copy of it; and it is one chain, whoever writes.

use std::{sync::Arc, thread};

use mcpcodex::{
    app::App,
    model::{
        actor::{Actor, Via},
        audit::{
            Event,
            chain::{Flaw, Link},
        },
    },
    ops::{
        audit,
        audit::chain::{self, Checked},
    },
};

use crate::support::TestApp;

fn operator() -> Actor {
    Actor::operator("root".to_owned(), Via::Cli)
}

fn act(app: &App, times: usize) {
    for n in 0..times {
        let event = Event::new("session.end").with("n", n);
        app.db.write_blocking(move |tx| audit::record(tx, &operator(), &event)).unwrap();
    }
}

fn check_with(app: &App, anchors: &[Link]) -> Checked {
    let vault = &app.env.keys.vault;
    app.db.read(|r| chain::verify(r, &operator(), vault, anchors)).unwrap()
}

fn check(app: &App) -> Checked {
    let anchors: Vec<_> = app.audit_anchor().unwrap().into_iter().collect();
    check_with(app, &anchors)
}

fn newest(app: &App) -> i64 {
    app.db.read(|r| audit::last_id(r, &operator())).unwrap()
}

/// A record of twenty events and more.
fn server() -> (TestApp, i64) {
    let server = TestApp::new();
    act(&server.app, 20);
    let last = newest(&server.app);
    assert!(last >= 20);
    let found = check(&server.app);
    assert_eq!((found.flaw, found.events), (None, u64::try_from(last).unwrap()));
    (server, last)
}

fn tamper(server: &TestApp, sql: &'static str) {
    server.write(move |tx| tx.exec(sql, []));
}

#[test]
fn check_names_the_first_event_that_is_not_what_was_written() {
    for (sql, bad) in [
        ("update audit_events set event = 'session.start' where id = 12", 12),
        ("update audit_events set actor = 'u_someone' where id = 12", 12),
        ("update audit_events set via = 'http' where id = 12", 12),
        ("update audit_events set at = at + 1 where id = 12", 12),
        ("update audit_events set user_id = 'u_x' where id = 12", 12),
        ("update audit_events set client_id = '' where id = 12", 12),
        ("update audit_events set address = '::1' where id = 12", 12),
        ("update audit_events set detail = '{}' where id = 12", 12),
        ("update audit_events set hash = null where id = 12", 12),
        (
            "update audit_events set hash = (select hash from audit_events where id = 11) where id = 12",
            12,
        ),
        ("delete from audit_events where id = 12", 13),
        ("delete from audit_events where id = 1", 2),
        ("delete from audit_events where id between 5 and 9", 10),
        ("update audit_events set id = case id when 7 then -8 else -7 end where id in (7, 8)", -8),
        (
            "update audit_events set detail = (select detail from audit_events where id = 7) where id = 9",
            9,
        ),
    ] {
        let (server, _) = server();
        tamper(&server, sql);
        // Numbers below nothing are read too.
        if bad < 0 {
            tamper(&server, "update audit_events set id = -id where id < 0");
            assert_eq!(check(&server.app).flaw, Some(Flaw::Event(7)), "{sql}");
            continue;
        }
        let found = check(&server.app);
        assert_eq!(found.flaw, Some(Flaw::Event(bad)), "{sql}");
        assert_eq!(found.flaw.as_ref().and_then(Flaw::id), Some(bad));
        // It stays found, whatever is written after.
        act(&server.app, 3);
        assert_eq!(check(&server.app).flaw, Some(Flaw::Event(bad)), "{sql}");
    }
}

#[test]
fn cut_at_the_end_is_found_at_once_and_stays_found() {
    let (server, last) = server();
    tamper(&server, "delete from audit_events where id > 15");
    assert_eq!(check(&server.app).flaw, Some(Flaw::Cut(15)));
    act(&server.app, 3);
    let flaw = check(&server.app).flaw;
    assert_eq!(flaw, Some(Flaw::Event(last + 1)), "the next event follows one that is gone");

    // Whoever cuts and writes the ends to fit has not the key for their seal.
    let (server, _) = self::server();
    tamper(&server, "delete from audit_events where id > 15");
    tamper(
        &server,
        "update audit_chain set last_id = 15, last_hash = (select hash from audit_events where id = 15)",
    );
    assert_eq!(check(&server.app).flaw, Some(Flaw::Ends));
    act(&server.app, 2);
    assert_eq!(check(&server.app).flaw, Some(Flaw::Torn(16)));
    tamper(&server, "update audit_chain set torn_at = null");
    assert_eq!(check(&server.app).flaw, Some(Flaw::Ends));
}

#[test]
fn mark_of_tampering_cannot_be_moved_to_where_nobody_looks() {
    for mark in ["1000000", "0", "-5", "16", "17", "3", "null"] {
        let (server, _) = server();
        tamper(&server, "delete from audit_events where id > 15");
        let sql = format!(
            "update audit_chain set torn_at = {mark}, last_id = 15,
                 last_hash = (select hash from audit_events where id = 15)"
        );
        server.write(move |tx| tx.exec(&sql, []));
        assert_eq!(check_with(&server.app, &[]).flaw, Some(Flaw::Ends), "{mark}");
        act(&server.app, 3);
        let flaw = check_with(&server.app, &[]).flaw;
        assert!(matches!(flaw, Some(Flaw::Torn(1..=16))), "{mark}: {flaw:?}");
    }
    // With a hole in the numbers, too, in which the mark would stand.
    let (server, _) = server();
    tamper(&server, "delete from audit_events where id > 15");
    tamper(
        &server,
        "update audit_chain set torn_at = 50, last_id = 100,
             last_hash = (select hash from audit_events where id = 15)",
    );
    act(&server.app, 3);
    assert_eq!(check_with(&server.app, &[]).flaw, Some(Flaw::Torn(101)));
}

#[test]
fn first_tampering_stays_named_and_what_was_put_back_does_not_hide_it() {
    let (server, last) = server();
    tamper(&server, "create table kept as select * from audit_events where id > 15");
    tamper(&server, "delete from audit_events where id > 15");
    act(&server.app, 2);
    tamper(&server, "insert into audit_events select * from kept");
    assert_eq!(check(&server.app).flaw, Some(Flaw::Torn(last + 1)), "it was away for a while");
    // A second time changes nothing of the first.
    tamper(&server, "update audit_chain set mac = x'00'");
    act(&server.app, 2);
    assert_eq!(check(&server.app).flaw, Some(Flaw::Torn(last + 1)));
}

#[test]
fn long_record_is_checked_to_its_end() {
    let (server, last) = server();
    server.write(|tx| {
        (0..2_300).try_for_each(|_| audit::record(tx, &operator(), &Event::new("session.end")))
    });
    let found = check(&server.app);
    assert_eq!((found.flaw, found.events), (None, u64::try_from(last + 2_300).unwrap()));
    tamper(&server, "update audit_events set detail = '{ }' where id = 2205");
    assert_eq!(check(&server.app).flaw, Some(Flaw::Event(2_205)));
}

#[test]
fn chain_that_is_there_is_not_begun_over_what_was_changed() {
    let (server, _) = server();
    tamper(&server, "update audit_events set actor = 'nobody' where id = 12");
    server.write(|tx| chain::begin(tx, false));
    assert_eq!(check(&server.app).flaw, Some(Flaw::Event(12)));
}

#[test]
fn event_that_somebody_adds_is_no_part_of_the_chain() {
    let (server, last) = server();
    tamper(
        &server,
        "insert into audit_events (at, event, actor, via, detail) values (1, 'user.create', 'root', 'cli', '{}')",
    );
    assert_eq!(check(&server.app).flaw, Some(Flaw::Event(last + 1)));
    act(&server.app, 1);
    assert_eq!(check(&server.app).flaw, Some(Flaw::Event(last + 1)));
}

#[test]
fn chain_that_was_removed_is_not_begun_again_as_if_nothing_had_been() {
    let (server, last) = server();
    server.app.note_audit().unwrap();
    tamper(&server, "update audit_events set actor = 'nobody', hash = null where id = 12");
    tamper(&server, "delete from audit_chain");
    let server = server.restart();
    act(&server.app, 1);
    let flaw = check(&server.app).flaw;
    assert!(matches!(flaw, Some(Flaw::Torn(_) | Flaw::Anchor(_))), "{flaw:?} after {last}");

    // Of what is newer than the note, the note can say nothing: that there was a chain is enough.
    let (server, _) = self::server();
    server.app.note_audit().unwrap();
    act(&server.app, 5);
    let last = newest(&server.app);
    tamper(
        &server,
        "update audit_events set actor = 'nobody' where id = (select max(id) from audit_events)",
    );
    tamper(&server, "delete from audit_chain");
    let server = server.restart();
    assert_eq!(check(&server.app).flaw, Some(Flaw::Torn(last + 1)));
    act(&server.app, 1);
    assert_eq!(check(&server.app).flaw, Some(Flaw::Torn(last + 1)));
}

#[test]
fn older_copy_of_the_database_is_found_by_what_was_noted_beside_it_or_elsewhere() {
    let (server, _) = server();
    let noted = check(&server.app).last;
    // Closed, the whole of it is in the one file.
    let path = server.app.db.path().to_owned();
    let mut copy = Vec::new();
    let server = server.restart_with(|_| copy = std::fs::read(&path).unwrap());
    act(&server.app, 5);
    server.app.note_audit().unwrap();
    let elsewhere = check(&server.app).last;
    assert_eq!(check_with(&server.app, &[noted.clone(), elsewhere.clone()]).flaw, None);

    let server = server.restart_with(|_| std::fs::write(&path, &copy).unwrap());
    assert_eq!(check_with(&server.app, &[]).flaw, None, "it is whole in itself");
    assert_eq!(check(&server.app).flaw, Some(Flaw::Anchor(elsewhere.id)), "noted beside it");
    assert_eq!(
        check_with(&server.app, std::slice::from_ref(&elsewhere)).flaw,
        Some(Flaw::Anchor(elsewhere.id))
    );
    // Written on until it is as long, it is another record all the same.
    server.advance(1);
    act(&server.app, 9);
    assert_eq!(
        check_with(&server.app, std::slice::from_ref(&elsewhere)).flaw,
        Some(Flaw::Anchor(elsewhere.id))
    );
    server.app.note_audit().unwrap();
    assert_eq!(check(&server.app).flaw, Some(Flaw::Anchor(elsewhere.id)));
    // Who restored it knows.
    server.app.anchor_audit().unwrap();
    assert_eq!(check(&server.app).flaw, None);
    assert_eq!(check_with(&server.app, &[noted]).flaw, None, "what the copy had still stands");
}

#[test]
fn record_from_before_there_was_a_chain_becomes_one() {
    let (server, last) = server();
    tamper(&server, "update audit_events set hash = null");
    tamper(&server, "delete from audit_chain");
    let server = server.restart();
    act(&server.app, 2);
    let found = check(&server.app);
    assert_eq!((found.flaw, found.last.id), (None, last + 2));
}

#[test]
fn two_processes_and_many_threads_write_one_chain_without_a_hole() {
    let (server, before) = server();
    let (one, two) = (Arc::new(server.app.clone()), Arc::new(server.another()));
    thread::scope(|scope| {
        for n in 0..8 {
            let app = Arc::clone(if n % 2 == 0 { &one } else { &two });
            scope.spawn(move || {
                for turn in 0..25 {
                    act(&app, 1);
                    if turn % 5 == 0 {
                        // What is undone takes its event with it.
                        let failed = app.db.write_blocking(|tx| {
                            audit::record(tx, &operator(), &Event::new("user.create"))?;
                            Err::<(), _>(mcpcodex::error::Error::conflict("undone"))
                        });
                        assert!(failed.is_err());
                    }
                }
            });
        }
    });
    let found = check(&server.app);
    assert_eq!((found.flaw, found.last.id), (None, before + 200));
    assert_eq!(found.events, u64::try_from(before + 200).unwrap());
}

#[test]
fn what_is_left_after_retention_is_as_provable_as_before() {
    let server = TestApp::with(|config| config.audit.retention_days = 30);
    act(&server.app, 10);
    server.app.note_audit().unwrap();
    let old = check(&server.app).last;
    server.advance(29 * 86_400);
    act(&server.app, 10);
    let young = check(&server.app).last;
    let sweep = || {
        let env = server.app.env();
        server.write(move |tx| mcpcodex::ops::sweep::sweep(tx, &env));
    };
    sweep();
    server.advance(86_400 + 3_600);
    sweep();
    let all = newest(&server.app);
    assert_eq!(check(&server.app).events, u64::try_from(all).unwrap(), "not for every hour");
    server.advance(86_400);
    sweep();
    let found = check_with(&server.app, &[old.clone(), young.clone()]);
    assert_eq!(found.flaw, None, "anchors of what is removed count for nothing");
    assert_eq!(found.events, u64::try_from(all - old.id + 1).unwrap());
    assert!(server.events().contains(&"audit.prune".to_owned()));
    // What is noted goes on from what retention took.
    server.app.note_audit().unwrap();
    assert_eq!(server.app.audit_anchor().unwrap().unwrap().id, newest(&server.app));
    act(&server.app, 1);
    tamper(&server, "update audit_chain set base_id = 0");
    assert_eq!(check(&server.app).flaw, Some(Flaw::Ends));

    // Nothing is removed of a record that somebody tampered with.
    server.advance(40 * 86_400);
    let refused =
        server.app.db.write_blocking(|tx| chain::prune(tx, &operator(), tx.now).map(|_| ()));
    assert!(refused.unwrap_err().to_string().contains("tampered"));
}

#[test]
fn only_an_operator_checks_or_removes() {
    let (server, _) = server();
    let stranger = Actor::anonymous(crate::support::origin());
    let vault = &server.app.env.keys.vault;
    assert!(server.app.db.read(|r| chain::verify(r, &stranger, vault, &[])).is_err());
    let pruned = server.app.db.write_blocking(move |tx| chain::prune(tx, &stranger, tx.now));
    assert!(pruned.is_err());
}
