//! How often a key may be used: never more than its depth and what flows in, whatever happens to the processes.

use std::{
    sync::{
        Barrier,
        atomic::{AtomicBool, AtomicU32, Ordering},
        mpsc::channel,
    },
    time::Duration,
};

use mcpcodex::{
    app::App,
    model::{apikey::DayOfUse, user::User},
    ops::{
        self,
        apikey::{BadKey, gate::Verdict},
    },
};

use super::make;
use crate::support::{ADDRESS, RUNTIME, TestApp, operator, race};

fn call(app: &App, text: &str) -> Verdict {
    RUNTIME.block_on(app.authenticate_api_key(ADDRESS, text)).unwrap()
}

fn is_in(app: &App, text: &str) -> bool {
    matches!(call(app, text), Verdict::In(_))
}

fn how_many(app: &App, text: &str, calls: usize) -> usize {
    (0..calls).filter(|_| is_in(app, text)).count()
}

fn key(server: &TestApp, owner: &User, per_minute: u32, burst: u32) -> String {
    let made = make(server, owner, |new| {
        (new.requests_per_minute, new.burst_size) = (Some(per_minute), Some(burst));
    });
    made.unwrap().text.expose().to_owned()
}

fn written(server: &TestApp) {
    let marks = server.app.seen.take();
    server.write(move |tx| ops::seen::write(tx, &marks));
}

#[test]
fn caller_gets_its_scopes_its_owner_and_what_is_left() {
    let server = TestApp::new();
    let ann = server.user("ann");
    let text = key(&server, &ann, 60, 3);
    for left in [2, 1, 0] {
        let Verdict::In(caller) = call(&server.app, &text) else { panic!("{left} were left") };
        assert_eq!((caller.level.left, caller.level.depth, caller.level.per_minute), (left, 3, 60));
        assert_eq!(caller.good.subject(), ann.id.as_str());
        assert_eq!(caller.good.key.scopes.to_string(), "read:models");
    }
    let Verdict::Limited { caller, retry_after } = call(&server.app, &text) else {
        panic!("a fourth was let in")
    };
    assert_eq!((caller.level.left, retry_after.as_secs()), (0, 1));
    assert_eq!(caller.level.full_in.as_secs(), 3);
    server.clock.advance(retry_after.saturating_sub(Duration::from_millis(1)));
    assert!(!is_in(&server.app, &text));
    server.clock.advance(Duration::from_millis(1));
    assert!(is_in(&server.app, &text));
}

#[test]
fn thousand_calls_at_once_get_in_as_often_as_the_bucket_is_deep() {
    let server = TestApp::new();
    let text = key(&server, &server.user("ann"), 100, 20);
    let let_in = race(1_000, |_| is_in(&server.app, &text));
    assert_eq!(let_in.into_iter().filter(|yes| *yes).count(), 20);
}

#[test]
fn two_processes_share_one_bucket() {
    let server = TestApp::new();
    let other = server.another();
    let text = key(&server, &server.user("ann"), 100, 20);
    let let_in = race(1_000, |n| is_in(if n % 2 == 0 { &server.app } else { &other }, &text));
    assert_eq!(let_in.into_iter().filter(|yes| *yes).count(), 20);
    // And an hour later again, with what either of them held from before.
    server.advance(3_600);
    let both = how_many(&server.app, &text, 50) + how_many(&other, &text, 50);
    assert!((17..=20).contains(&both), "{both}");
}

#[test]
fn calls_from_many_threads_while_time_passes_never_exceed_the_rule() {
    let server = TestApp::new();
    let other = server.another();
    let text = key(&server, &server.user("ann"), 6_000, 20);
    let let_in = AtomicU32::new(0);
    race(16, |n| {
        for step in 0..100 {
            let app = if n % 2 == 0 { &server.app } else { &other };
            if is_in(app, &text) {
                let_in.fetch_add(1, Ordering::Relaxed);
            }
            if n == 0 && step % 10 == 0 {
                server.clock.advance(Duration::from_millis(50));
            }
        }
    });
    // Ten times 50 ms, at 100 a second.
    let let_in = let_in.into_inner();
    assert!(let_in <= 20 + 50, "{let_in}");
    assert!(let_in >= 20, "{let_in}");
}

#[test]
fn restart_gives_no_second_burst() {
    let server = TestApp::new();
    let text = key(&server, &server.user("ann"), 100, 20);
    let before = how_many(&server.app, &text, 7);
    let server = server.restart();
    let after = how_many(&server.app, &text, 100);
    assert_eq!(before, 7);
    assert!(before + after <= 20 && after > 0, "{after}");
}

#[test]
fn clock_set_back_gives_nothing_and_shuts_nobody_out_for_the_old_time() {
    let server = TestApp::new();
    let text = key(&server, &server.user("ann"), 60, 10);
    assert_eq!(how_many(&server.app, &text, 4), 4);
    server.clock.set(server.clock.now().minus(Duration::from_secs(7_200)));
    assert_eq!(how_many(&server.app, &text, 20), 0);
    server.advance(3);
    assert_eq!(how_many(&server.app, &text, 20), 3);
}

#[test]
fn two_keys_of_one_owner_have_a_bucket_each() {
    let server = TestApp::new();
    let ann = server.user("ann");
    let (one, two) = (key(&server, &ann, 60, 5), key(&server, &ann, 60, 5));
    assert_eq!(how_many(&server.app, &one, 20), 5);
    assert_eq!(how_many(&server.app, &two, 20), 5);
}

#[test]
fn most_calls_write_nothing_and_refused_ones_never_do() {
    let server = TestApp::new();
    let text = key(&server, &server.user("ann"), 100, 100);
    let before = server.app.db.counts().jobs;
    assert_eq!(how_many(&server.app, &text, 100), 100);
    assert_eq!(server.app.db.counts().jobs - before, 4);
    assert_eq!(how_many(&server.app, &text, 500), 0);
    assert_eq!(server.app.db.counts().jobs - before, 4);
}

#[test]
fn typing_mistake_costs_no_look_into_the_database() {
    /// As many as can read at once.
    const READERS: usize = 4;
    let server = TestApp::new();
    let text = key(&server, &server.user("ann"), 100, 100);
    let typo = format!("{}{}", &text[..35], if text.ends_with('a') { 'b' } else { 'a' });
    let (app, all_held) = (&server.app, Barrier::new(READERS + 1));
    let verdict = std::thread::scope(|scope| {
        let (hold, taken) = channel();
        for _ in 0..READERS {
            let (hold, all_held) = (hold.clone(), &all_held);
            scope.spawn(move || {
                app.db.read(|_| {
                    hold.send(()).unwrap();
                    all_held.wait();
                    Ok(())
                })
            });
        }
        (0..READERS).for_each(|_| taken.recv().unwrap());
        // A look would find no reader, and fail after a while.
        let verdict = RUNTIME.block_on(app.authenticate_api_key(ADDRESS, &typo));
        all_held.wait();
        verdict
    });
    assert!(matches!(verdict.unwrap(), Verdict::Bad(BadKey::Malformed)));
}

#[test]
fn revoked_key_is_out_at_once_whatever_was_held_for_it() {
    let server = TestApp::new();
    let other = server.another();
    let ann = server.user("ann");
    let made = make(&server, &ann, |_| ()).unwrap();
    let text = made.text.expose();
    assert!(is_in(&server.app, text) && is_in(&other, text));
    let id = made.key.id.clone();
    server.write(move |tx| ops::apikey::revoke(tx, &operator(), &id));
    for app in [&server.app, &other] {
        assert!(matches!(call(app, text), Verdict::Bad(BadKey::Revoked)));
    }
}

#[test]
fn no_call_that_began_after_a_revocation_was_answered_is_let_in() {
    let server = TestApp::new();
    let ann = server.user("ann");
    for _ in 0..20 {
        let made = make(&server, &ann, |new| new.burst_size = Some(1_000)).unwrap();
        let text = made.text.expose();
        let gone = AtomicBool::new(false);
        let wrong = race(8, |n| {
            if n == 0 {
                let id = made.key.id.clone();
                server.write(move |tx| ops::apikey::revoke(tx, &operator(), &id));
                gone.store(true, Ordering::SeqCst);
                return 0;
            }
            let calls = (0..20).map(|_| (gone.load(Ordering::SeqCst), is_in(&server.app, text)));
            calls.filter(|(after, let_in)| *after && *let_in).count()
        });
        assert_eq!(wrong.into_iter().sum::<usize>(), 0);
    }
}

#[test]
fn use_is_counted_by_the_day_with_the_address_it_came_from() {
    let server = TestApp::new();
    let ann = server.user("ann");
    let made = make(&server, &ann, |new| new.burst_size = Some(3)).unwrap();
    let usage = || {
        let days = server.read(|r| ops::apikey::usage(r, &operator(), &made.key.id, 30));
        days.iter().map(|day| (day.date(), day.used, day.limited)).collect::<Vec<_>>()
    };
    let row = || server.read(|r| ops::apikey::get(r, &operator(), &made.key.id)).key;
    assert_eq!(how_many(&server.app, made.text.expose(), 5), 3);
    assert_eq!((usage(), row().last_used_at), (vec![], None));
    written(&server);
    assert_eq!(usage(), [("2026-03-02".to_owned(), 3, 2)]);
    assert_eq!(row().last_used_at, Some(server.clock.now()));
    assert_eq!(row().last_used_address.as_deref(), Some(ADDRESS));
    server.advance(86_400);
    assert!(is_in(&server.app, made.text.expose()));
    // What could not be written is not lost.
    server.app.seen.put_back(server.app.seen.take());
    written(&server);
    let both = [("2026-03-03".to_owned(), 1, 0), ("2026-03-02".to_owned(), 3, 2)];
    assert_eq!(usage(), both);
    server.advance(399 * 86_400);
    let env = server.app.env();
    server.write(move |tx| ops::sweep::sweep(tx, &env));
    let days = server.read(|r| ops::apikey::usage(r, &operator(), &made.key.id, 1_000));
    assert_eq!(days.len(), 2);
    server.advance(86_400);
    let env = server.app.env();
    server.write(move |tx| ops::sweep::sweep(tx, &env));
    let days = server.read(|r| ops::apikey::usage(r, &operator(), &made.key.id, 1_000));
    assert_eq!(days.iter().map(DayOfUse::date).collect::<Vec<_>>(), ["2026-03-03"]);
}

#[test]
fn marks_of_a_key_that_is_gone_are_dropped() {
    let server = TestApp::new();
    let ann = server.user("ann");
    let text = key(&server, &ann, 100, 20);
    assert!(is_in(&server.app, &text));
    server.write(move |tx| ops::user::delete(tx, &operator(), &ann.id));
    written(&server);
    assert!(matches!(call(&server.app, &text), Verdict::Bad(BadKey::Unknown)));
}
