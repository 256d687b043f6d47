//! Group commit and its traps.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::channel,
    },
    thread,
    time::{Duration, Instant},
};

use futures_util::{FutureExt as _, future::join_all};
use mcpcodex::{
    db::{Db, Options, Write},
    error::{Error, Kind, Result},
    time::Time,
};

use super::{Held, impatient, note, open, options, seen};

type Job<T> = Box<dyn FnOnce(&Write<'_>) -> Result<T> + Send>;

/// Sends the jobs in order while the writer stands still, lets it go, and gives their answers.
fn together<T: Send + 'static>(db: &Db, jobs: Vec<Job<T>>) -> Vec<Result<T>> {
    let held = Held::new(db);
    let mut waiting: Vec<_> = jobs.into_iter().map(|job| Box::pin(db.write(job))).collect();
    // The first poll sends; nothing can be answered yet.
    assert!(waiting.iter_mut().all(|job| job.now_or_never().is_none()));
    // What became of the job that only held the others back is not asked for here.
    held.let_go().ok();
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(join_all(waiting))
}

#[test]
fn sixty_four_changes_are_saved_by_one_commit_and_the_next_by_another() {
    let temp = tempfile::tempdir().unwrap();
    let db = open(temp.path());
    let before = db.counts();
    // One job holds: 63 more fill its group, one is left over.
    let jobs = (0..64).map(|n| -> Job<()> { Box::new(move |tx| note(tx, &n.to_string())) });
    assert!(together(&db, jobs.collect()).iter().all(Result::is_ok));
    let after = db.counts();
    assert_eq!((after.jobs - before.jobs, after.commits - before.commits), (65, 2));
    assert_eq!(seen(&db).len(), 64);
}

#[test]
fn failed_job_is_undone_and_its_neighbours_are_kept() {
    let temp = tempfile::tempdir().unwrap();
    let db = open(temp.path());
    let answers = together(
        &db,
        vec![
            Box::new(|tx| note(tx, "before")),
            Box::new(|tx| {
                note(tx, "refused")?;
                Err(Error::denied("no"))
            }),
            Box::new(|tx| note(tx, "after")),
        ],
    );
    let kinds: Vec<_> = answers.iter().map(|a| a.as_ref().err().map(Error::kind)).collect();
    assert_eq!(kinds, [None, Some(Kind::Denied), None]);
    assert_eq!(seen(&db), ["after", "before"]);
    assert_eq!(db.counts().commits, 1);
}

#[test]
fn panicking_job_is_undone_and_answered_and_the_writer_lives_on() {
    let temp = tempfile::tempdir().unwrap();
    let db = open(temp.path());
    let answers = together(
        &db,
        vec![
            Box::new(|tx| note(tx, "before")),
            Box::new(|tx| {
                note(tx, "half done")?;
                panic!("on purpose")
            }),
            Box::new(|tx| note(tx, "after")),
        ],
    );
    assert_eq!(answers[1].as_ref().unwrap_err().kind(), Kind::Internal);
    assert!(answers[0].is_ok() && answers[2].is_ok());
    db.write_blocking(|tx| note(tx, "later")).unwrap();
    assert_eq!(seen(&db), ["after", "before", "later"]);
}

#[test]
fn failing_commit_answers_every_job_with_an_error_and_keeps_nothing() {
    let temp = tempfile::tempdir().unwrap();
    let db = open(temp.path());
    let answers = together(
        &db,
        vec![
            Box::new(|tx| note(tx, "innocent")),
            Box::new(|tx| tx.exec_one("insert into links (note) values (99)", [])),
            Box::new(|_| Err(Error::denied("its own reason"))),
            Box::new(|tx| note(tx, "innocent too")),
        ],
    );
    let kinds: Vec<_> = answers.iter().map(|a| a.as_ref().err().map(Error::kind)).collect();
    let lost = Some(Kind::Internal);
    assert_eq!(kinds, [lost, lost, Some(Kind::Denied), lost]);
    assert!(seen(&db).is_empty());
    db.write_blocking(|tx| note(tx, "later")).unwrap();
    assert_eq!(seen(&db), ["later"]);
}

#[test]
fn job_that_ends_the_transaction_takes_its_group_along_and_everyone_is_told() {
    let temp = tempfile::tempdir().unwrap();
    let db = open(temp.path());
    let answers = together(
        &db,
        vec![
            Box::new(|tx| note(tx, "before")),
            // What SQLite does by itself when the disk is full.
            Box::new(|tx| tx.exec("rollback", []).map(|_| ())),
            Box::new(|tx| note(tx, "after")),
        ],
    );
    for lost in &answers[..2] {
        let error = lost.as_ref().unwrap_err();
        assert!(error.to_string().contains("was not saved"), "{error}");
    }
    assert!(answers[2].is_ok(), "it came in the next group");
    assert_eq!(seen(&db), ["after"]);
}

#[test]
fn lock_held_elsewhere_refuses_waiting_jobs_as_busy_and_runs_none_of_them() {
    let temp = tempfile::tempdir().unwrap();
    let other = open(temp.path());
    let patience = Duration::from_millis(300);
    let db = impatient(temp.path(), patience);
    let held = Held::new(&other);

    let ran = Arc::new(AtomicBool::new(false));
    let start = Instant::now();
    let waiting: Vec<_> = (0..20)
        .map(|n: u32| {
            let (db, ran) = (db.clone(), Arc::clone(&ran));
            thread::spawn(move || {
                db.write_blocking(move |tx| {
                    ran.store(true, Ordering::SeqCst);
                    note(tx, &n.to_string())
                })
            })
        })
        .collect();
    for job in waiting {
        let error = job.join().unwrap().unwrap_err();
        assert_eq!(error.kind(), Kind::Busy);
        assert_eq!(error.to_string(), "the database is busy: another process holds the write lock");
    }
    let waited = start.elapsed();
    assert!(waited >= patience, "gave up after {waited:?}");
    assert!(waited < patience * 8, "the waits added up to {waited:?}");

    held.let_go().unwrap();
    assert!(!ran.load(Ordering::SeqCst), "a job ran outside of a transaction");
    assert!(seen(&db).is_empty());
    db.write_blocking(|tx| note(tx, "later")).unwrap();
    assert_eq!(seen(&other), ["later"]);
}

#[test]
fn lock_given_back_in_time_is_not_busy() {
    let temp = tempfile::tempdir().unwrap();
    let (db, other) = (open(temp.path()), open(temp.path()));
    let held = Held::new(&other);
    let mut job = Box::pin(db.write(|tx| note(tx, "patient")));
    assert!(job.as_mut().now_or_never().is_none());
    held.let_go().unwrap();
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(job).unwrap();
    assert_eq!(seen(&other), ["patient"]);
}

#[test]
fn process_that_commits_without_pause_does_not_starve_another() {
    let temp = tempfile::tempdir().unwrap();
    let (greedy, modest) = (open(temp.path()), impatient(temp.path(), Duration::from_secs(3)));
    let stop = AtomicBool::new(false);
    let answer = thread::scope(|scope| {
        for crowd in 0..4 {
            let (greedy, stop) = (&greedy, &stop);
            scope.spawn(move || {
                for n in 0_u64.. {
                    if stop.load(Ordering::SeqCst) {
                        break;
                    }
                    greedy
                        .write_blocking(move |tx| {
                            // A slow disk: next to no time passes between two transactions.
                            let (_open, never) = channel::<()>();
                            never.recv_timeout(Duration::from_millis(2)).unwrap_err();
                            note(tx, &format!("{crowd}-{n}"))
                        })
                        .unwrap();
                }
            });
        }
        let answer = (0..20_u32)
            .try_for_each(|n| modest.write_blocking(move |tx| note(tx, &format!("modest-{n}"))));
        stop.store(true, Ordering::SeqCst);
        answer
    });
    assert!(answer.is_ok(), "beside {:?}: {answer:?}", greedy.counts());
}

#[test]
fn change_cannot_be_seen_before_it_is_answered() {
    let temp = tempfile::tempdir().unwrap();
    let db = open(temp.path());
    let (ran, running) = channel();
    let (go, wait) = channel::<()>();
    let mut first = Box::pin(db.write(|tx| note(tx, "first")));
    let mut second = Box::pin(db.write(move |_| {
        ran.send(()).unwrap();
        wait.recv().ok();
        Ok(())
    }));
    let held = Held::new(&db);
    assert!(first.as_mut().now_or_never().is_none());
    assert!(second.as_mut().now_or_never().is_none());
    held_in_background(held);
    running.recv().unwrap();

    // The first job has run, in the same transaction as the one that stands now.
    assert!(seen(&db).is_empty());
    assert!(first.as_mut().now_or_never().is_none());
    drop(go);
    let rt = tokio::runtime::Builder::new_current_thread().build().unwrap();
    rt.block_on(first).unwrap();
    assert_eq!(seen(&db), ["first"]);
}

/// Lets a held job go without waiting for its answer.
fn held_in_background(held: Held) {
    drop(held.go);
    drop(held.thread);
}

#[test]
fn dropping_the_future_does_not_call_the_job_back() {
    let temp = tempfile::tempdir().unwrap();
    let db = open(temp.path());
    let held = Held::new(&db);
    assert!(db.write(|tx| note(tx, "kept")).now_or_never().is_none());
    held.let_go().unwrap();
    db.write_blocking(|tx| note(tx, "later")).unwrap();
    assert_eq!(seen(&db), ["kept", "later"]);
}

#[test]
fn full_queue_is_busy_at_once() {
    let temp = tempfile::tempdir().unwrap();
    let db = Db::open(Options { queue: 1, ..options(temp.path()) }).unwrap();
    let held = Held::new(&db);
    assert!(db.write(|tx| note(tx, "waits")).now_or_never().is_none());
    let error = db.write_blocking(|tx| note(tx, "refused")).unwrap_err();
    assert_eq!(error.kind(), Kind::Busy);
    held.let_go().unwrap();
    drop(db);
    assert_eq!(seen(&open(temp.path())), ["waits"]);
}

#[test]
fn change_inside_a_change_is_refused_instead_of_waiting_for_itself() {
    let temp = tempfile::tempdir().unwrap();
    let db = open(temp.path());
    let inner = db.clone();
    let error =
        db.write_blocking(move |_| inner.write_blocking(|tx| note(tx, "inner"))).unwrap_err();
    assert_eq!(error.kind(), Kind::Internal);
}

#[test]
fn now_is_read_once_for_each_job() {
    let temp = tempfile::tempdir().unwrap();
    let db = open(temp.path());
    let clock = db.clock().clone();
    let at = |db: &Db| -> Time {
        db.read(|r| r.one("select max(at) as at from notes", [], |row| row.get("at")))
            .unwrap()
            .unwrap()
    };
    db.write_blocking(move |tx| {
        clock.advance(Duration::from_secs(9));
        note(tx, "first")
    })
    .unwrap();
    assert_eq!(at(&db), Time::from_secs(1_000_000));
    db.write_blocking(|tx| note(tx, "second")).unwrap();
    assert_eq!(at(&db), Time::from_secs(1_000_009));
}

#[test]
fn last_handle_saves_what_waits_ends_the_thread_and_closes_the_file() {
    let temp = tempfile::tempdir().unwrap();
    let db = open(temp.path());
    let wal = temp.path().join("data/mcpcodex.db-wal");
    db.data_version().unwrap();
    assert!(wal.exists() && seen(&db).is_empty());
    let (go, wait) = channel::<()>();
    let slow = db.write(move |_| {
        wait.recv().ok();
        Ok(())
    });
    assert!(slow.now_or_never().is_none());
    for n in 0..10_u32 {
        assert!(db.write(move |tx| note(tx, &n.to_string())).now_or_never().is_none());
    }
    let closing = thread::spawn(move || drop(db));
    drop(go);
    closing.join().unwrap();
    assert!(!wal.exists(), "some connection is still open");
    assert_eq!(seen(&open(temp.path())).len(), 10);
}

#[test]
fn last_handle_may_be_dropped_by_a_job() {
    let temp = tempfile::tempdir().unwrap();
    let db = open(temp.path());
    let (go, wait) = channel::<()>();
    let (ended, end) = channel();
    let inside = db.clone();
    let job = db.write(move |tx| {
        wait.recv().ok();
        note(tx, "own")?;
        drop(inside);
        ended.send(()).unwrap();
        Ok(())
    });
    assert!(job.now_or_never().is_none());
    drop(db);
    drop(go);
    end.recv_timeout(Duration::from_secs(10)).unwrap();
    assert_eq!(open(temp.path()).write_blocking(|tx| super::words(tx)).unwrap(), ["own"]);
}

#[test]
fn statement_that_changes_another_number_of_rows_is_undone_and_named() {
    let temp = tempfile::tempdir().unwrap();
    let db = open(temp.path());
    let error = db
        .write_blocking(|tx| {
            note(tx, "a")?;
            note(tx, "b")?;
            tx.exec_one("update notes\n set at = 0", [])
        })
        .unwrap_err();
    assert_eq!(error.kind(), Kind::Internal);
    assert!(
        error.to_string().ends_with("2 rows instead of one: update notes set at = 0"),
        "{error}"
    );
    assert!(seen(&db).is_empty());
}

#[test]
fn returning_answers_with_the_rows_it_changed() {
    let temp = tempfile::tempdir().unwrap();
    let db = open(temp.path());
    let changed = db
        .write_blocking(|tx| {
            note(tx, "a")?;
            note(tx, "b")?;
            let first = tx.one("update notes set at = 5 returning word", [], |row| {
                row.get::<_, String>("word")
            })?;
            let all = tx.one("select count(*) as n from notes where at = 5", [], |row| {
                row.get::<_, i64>("n")
            })?;
            Ok((first.is_some(), all))
        })
        .unwrap();
    assert_eq!(changed, (true, Some(2)));
}
