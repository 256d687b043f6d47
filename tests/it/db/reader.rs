//! Snapshots, the connections behind them, and `data_version`.

use std::time::Duration;

use mcpcodex::{
    db::{Db, Options},
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
