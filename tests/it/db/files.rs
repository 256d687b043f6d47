//! Who may read the files, and which files are not opened at all.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::Path,
};

use mcpcodex::{
    db::{Db, Options},
    error::{Error, Kind},
};

use super::{note, open, options, seen};

/// Every file of the data folder with its bytes.
fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    fs::read_dir(folder.join("data"))
        .unwrap()
        .map(|entry| {
            let entry = entry.unwrap();
            (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap())
        })
        .collect()
}

fn refused(folder: &Path) -> Error {
    let before = contents(folder);
    let error = Db::open(options(folder)).unwrap_err();
    assert!(contents(folder) == before, "the folder was touched");
    error
}

fn put(folder: &Path, bytes: &[u8]) {
    let file = folder.join("data/mcpcodex.db");
    fs::create_dir_all(folder.join("data")).unwrap();
    fs::set_permissions(folder.join("data"), fs::Permissions::from_mode(0o700)).unwrap();
    fs::write(&file, bytes).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
}

#[test]
fn wider_files_are_refused_with_the_command_that_mends_them() {
    let temp = tempfile::tempdir().unwrap();
    // Open, so that the log and its index are there too.
    let db = open(temp.path());
    db.write_blocking(|tx| note(tx, "kept")).unwrap();
    for name in ["", "mcpcodex.db", "mcpcodex.db-wal", "mcpcodex.db-shm"] {
        let path = db.path().parent().unwrap().join(name);
        let right = fs::metadata(&path).unwrap().permissions();
        let wider = fs::Permissions::from_mode(right.mode() | 0o040);
        fs::set_permissions(&path, wider).unwrap();

        let error = Db::open(options(temp.path())).unwrap_err();
        assert_eq!(error.kind(), Kind::Denied, "{name}");
        assert!(error.to_string().contains("other users"), "{error}");
        let next = error.next().unwrap();
        assert!(
            next.starts_with(if name.is_empty() { "chmod 700 /" } else { "chmod 600 /" }),
            "{next}"
        );
        fs::set_permissions(&path, right).unwrap();
    }
    assert_eq!(seen(&open(temp.path())), ["kept"]);
}

#[test]
fn link_in_place_of_the_database_is_refused() {
    let temp = tempfile::tempdir().unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    put(temp.path(), b"");
    fs::remove_file(temp.path().join("data/mcpcodex.db")).unwrap();
    symlink(elsewhere.path().join("victim"), temp.path().join("data/mcpcodex.db")).unwrap();
    let error = Db::open(options(temp.path())).unwrap_err();
    assert!(error.to_string().ends_with("is a symbolic link"), "{error}");
    assert!(!elsewhere.path().join("victim").exists());
}

#[test]
fn folder_may_be_a_link_to_a_private_folder() {
    let temp = tempfile::tempdir().unwrap();
    open(temp.path()).write_blocking(|tx| note(tx, "kept")).unwrap();
    symlink(temp.path().join("data"), temp.path().join("link")).unwrap();
    let options =
        Options { migrations: super::SCHEMA, ..Options::in_folder(&temp.path().join("link")) };
    assert_eq!(seen(&Db::open(options).unwrap()), ["kept"]);
}

#[test]
fn file_that_is_no_database_is_refused_untouched() {
    let temp = tempfile::tempdir().unwrap();
    put(temp.path(), &b"not a database, but a letter. ".repeat(200));
    let error = refused(temp.path());
    assert!(error.to_string().ends_with("mcpcodex.db is not a SQLite database"), "{error}");
    assert!(error.next().is_some());
}

#[test]
fn truncated_database_is_refused_untouched() {
    let temp = tempfile::tempdir().unwrap();
    let db = open(temp.path());
    db.write_blocking(|tx| (0..500).try_for_each(|n| note(tx, &format!("{n:0200}")))).unwrap();
    drop(db);
    let whole = fs::read(temp.path().join("data/mcpcodex.db")).unwrap();
    put(temp.path(), &whole[..whole.len() / 2]);
    let error = refused(temp.path());
    assert!(error.to_string().ends_with("mcpcodex.db is damaged"), "{error}");
    assert!(error.next().unwrap().contains("backup"));
}

#[test]
fn settings_that_promises_rest_on_are_in_force() {
    let temp = tempfile::tempdir().unwrap();
    let db = open(temp.path());
    let settings = db
        .write_blocking(|tx| {
            let number = |name: &str| {
                tx.one(&format!("pragma {name}"), [], |row| row.get::<_, i64>(0))
                    .map(Option::unwrap)
            };
            Ok((number("synchronous")?, number("foreign_keys")?, number("secure_delete")?))
        })
        .unwrap();
    assert_eq!(settings, (2, 1, 2));
    let mode =
        db.read(|r| r.one("pragma journal_mode", [], |row| row.get::<_, String>(0))).unwrap();
    assert_eq!(mode.unwrap(), "wal");
    db.write_blocking(|tx| tx.exec("attach ':memory:' as other", [])).unwrap_err();
    let quoted = "select \"no such column\" from notes";
    db.read(|r| r.all(quoted, [], |_| Ok(()))).unwrap_err();
}
