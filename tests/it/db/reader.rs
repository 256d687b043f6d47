//! Snapshots, the connections behind them, and `data_version`.

use std::time::Duration;

use mcpcodex::{
    db::{Db, Options, Read},
    error::Kind,
};

use super::{Held, note, open, options, seen, words};

#[test]
fn read_sees_one_moment_however_much_is_written_meanwhile() {
    let temp = tempfile::tempdir().unwrap();
    let db = open(temp.path());
    db.write_blocking(|tx| note(tx, "before")).unwrap();
    let (first, second) = db
        .read(|r| {
            let first = words(r)?;
            db.write_blocking(|tx| note(tx, "meanwhile"))?;
            Ok((first, words(r)?))
        })
        .unwrap();
    assert_eq!(first, ["before"]);
    assert_eq!(second, first);
    assert_eq!(seen(&db), ["before", "meanwhile"]);
}

#[test]
fn read_does_not_wait_for_a_writer() {
    let temp = tempfile::tempdir().unwrap();
    let db = open(temp.path());
    let held = Held::new(&db);
    assert!(seen(&db).is_empty());
    held.let_go().unwrap();
}

#[test]
fn read_cannot_write() {
    let temp = tempfile::tempdir().unwrap();
    let db = open(temp.path());
    let sql = "insert into notes (word, at) values ('x', 1) returning id";
    let error = db.read(|r| r.one(sql, [], |row| row.get::<_, i64>("id"))).unwrap_err();
    assert_eq!(error.kind(), Kind::Internal);
    assert!(seen(&db).is_empty());
}

#[test]
fn reader_that_fails_or_panics_gives_its_connection_back() {
    let temp = tempfile::tempdir().unwrap();
    let one =
        Options { readers: 1, busy_timeout: Duration::from_millis(200), ..options(temp.path()) };
    let db = Db::open(one).unwrap();
    db.read(|r| r.all("select * from nowhere", [], |_| Ok(()))).unwrap_err();
    let panicking = db.clone();
    std::thread::spawn(move || {
        panicking.read(|r| -> mcpcodex::error::Result<()> {
            words(r)?;
            panic!("on purpose")
        })
    })
    .join()
    .unwrap_err();
    db.write_blocking(|tx| note(tx, "later")).unwrap();
    assert_eq!(seen(&db), ["later"], "the old snapshot is still open");
}

#[test]
fn reading_without_a_free_connection_is_busy_after_a_while() {
    let temp = tempfile::tempdir().unwrap();
    let one =
        Options { readers: 1, busy_timeout: Duration::from_millis(100), ..options(temp.path()) };
    let db = Db::open(one).unwrap();
    let error = db.read(|_| db.read(words)).unwrap_err();
    assert_eq!(error.kind(), Kind::Busy);
}

#[test]
fn data_version_changes_with_every_commit_of_any_handle_and_not_otherwise() {
    let temp = tempfile::tempdir().unwrap();
    let (db, other) = (open(temp.path()), open(temp.path()));
    let start = db.data_version().unwrap();
    seen(&db);
    assert_eq!(db.data_version().unwrap(), start);

    other.write_blocking(|tx| note(tx, "theirs")).unwrap();
    let theirs = db.data_version().unwrap();
    assert_ne!(theirs, start);
    db.write_blocking(|tx| note(tx, "ours")).unwrap();
    assert_ne!(db.data_version().unwrap(), theirs);
    assert_eq!(seen(&other), ["ours", "theirs"]);
}

#[test]
fn what_is_remembered_is_read_again_after_a_commit_of_any_process_and_not_before() {
    let temp = tempfile::tempdir().unwrap();
    let db = open(temp.path());
    let other = open(temp.path());
    let loads = std::cell::Cell::new(0);
    let load = |r: &Read<'_>| {
        loads.set(loads.get() + 1);
        words(r)
    };
    let kept = || db.read(|r| r.remembered("words", "", || load(r))).unwrap();
    assert!(kept().is_empty() && kept().is_empty());
    assert_eq!(loads.get(), 1, "nothing was committed in between");
    for n in 0..50 {
        let writes = if n % 2 == 0 { &db } else { &other };
        let word = format!("{n:02}");
        writes.write_blocking(move |tx| note(tx, &word)).unwrap();
        assert_eq!(kept().len(), n + 1);
        assert_eq!(kept().last().unwrap(), &format!("{n:02}"));
        assert_eq!(loads.get(), n + 2);
    }
    // What was undone changed nothing, and what is read inside of one snapshot stays as it was.
    let undone = other.write_blocking(|tx| {
        note(tx, "undone")?;
        Err::<(), _>(mcpcodex::error::Error::conflict("no"))
    });
    assert!(undone.is_err());
    assert_eq!(kept().len(), 50);
    let inside = db.read(|r| {
        let first = r.remembered("words", "", || load(r))?.len();
        other.write_blocking(|tx| note(tx, "meanwhile"))?;
        Ok((first, r.remembered("words", "", || load(r))?.len()))
    });
    assert_eq!(inside.unwrap(), (50, 50));
    assert_eq!(kept().len(), 51);
}

#[test]
fn rows_of_different_sorts_and_keys_are_never_taken_for_each_other() {
    let temp = tempfile::tempdir().unwrap();
    let db = open(temp.path());
    let told = |what: &'static str, key: &str, value: u32| {
        db.read(|r| r.remembered(what, key, || Ok(value))).unwrap()
    };
    assert_eq!((told("a", "k", 1), told("b", "k", 2), told("a", "l", 3)), (1, 2, 3));
    assert_eq!((told("a", "k", 9), told("b", "k", 9), told("a", "l", 9)), (1, 2, 3));
    let text = db.read(|r| r.remembered("a", "k", || Ok("text".to_owned()))).unwrap();
    assert_eq!(text, "text", "another type is another row");
    // What strangers ask for is not kept without bounds.
    let long = "x".repeat(100_000);
    assert_eq!((told("a", &long, 1), told("a", &long, 2)), (1, 2));
    (0..5_000).for_each(|n| assert_eq!(told("a", &format!("n{n}"), n), n));
    assert_eq!(told("a", "n4999", 0), 4_999);
    // A refusal is not remembered.
    let refused = db
        .read(|r| r.remembered("c", "k", || Err::<u32, _>(mcpcodex::error::Error::conflict("no"))));
    assert!(refused.is_err());
    assert_eq!(told("c", "k", 5), 5);
}

#[test]
fn writer_remembers_nothing_since_it_would_not_see_its_own_changes() {
    let temp = tempfile::tempdir().unwrap();
    let db = open(temp.path());
    let counts = db
        .write_blocking(|tx| {
            let count = |tx: &mcpcodex::db::Write<'_>| tx.remembered("words", "", || words(tx));
            let before = count(tx)?.len();
            note(tx, "one")?;
            Ok((before, count(tx)?.len()))
        })
        .unwrap();
    assert_eq!(counts, (0, 1));
}
