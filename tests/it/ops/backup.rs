//! What a copy of the database means: when one was made, what it must not bring back, and whether it is whole.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    sync::atomic::{AtomicBool, Ordering},
};

use mcpcodex::{
    db::{
        self, Db,
        copy::{self, examine},
    },
    error::Kind,
    ops::{self, backup},
};

use crate::support::{TestApp, operator};

fn quiet() -> impl FnMut(u64, u64) {
    |_, _| ()
}

#[test]
fn copy_made_while_others_write_is_whole_private_and_of_one_moment() {
    let test = TestApp::new();
    test.write(|tx| {
        for at in 0..200 {
            ops::audit::record(
                tx,
                &operator(),
                &mcpcodex::model::audit::Event::new("test").with("at", at),
            )?;
        }
        Ok(())
    });
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                test.write(|tx| backup::note(tx, &operator(), "another", 1));
            }
        });
        for round in 0..5 {
            let file = test.folder().join(format!("copy-{round}.db"));
            let mut told = 0;
            let made = test.app.db.copy_to(&file, false, &mut |done, all| {
                assert!(done <= all);
                told += 1;
            });
            let made = made.unwrap();
            assert_eq!(examine(&file).unwrap(), made);
            assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
            assert!(!test.folder().join(format!("copy-{round}.db.part")).exists());
            // What is noted and what is recorded of it were written together, and are copied together.
            copy::read(&file, |r| {
                let newest = ops::audit::newest(r, &operator(), None, 1)?;
                assert_eq!(backup::last(r)?.is_some(), newest[0].event == "db.backup");
                Ok(())
            })
            .unwrap();
        }
        stop.store(true, Ordering::Relaxed);
    });
}

#[test]
fn copy_is_never_made_over_a_file_nor_beside_the_database() {
    let test = TestApp::new();
    let file = test.folder().join("copy.db");
    fs::write(&file, "precious").unwrap();
    let refused = test.app.db.copy_to(&file, false, &mut quiet()).unwrap_err();
    assert_eq!(refused.kind(), Kind::Conflict);
    assert_eq!(fs::read_to_string(&file).unwrap(), "precious");
    test.app.db.copy_to(&file, true, &mut quiet()).unwrap();
    examine(&file).unwrap();
    for name in ["copy.db", "mcpcodex.db"] {
        let beside = test.data_dir().join(name);
        assert!(test.app.db.copy_to(&beside, true, &mut quiet()).is_err(), "{name}");
    }
    assert!(test.app.db.copy_to(&test.folder().join("none/copy.db"), false, &mut quiet()).is_err());
}

#[test]
fn damaged_foreign_and_empty_files_are_no_copies() {
    let test = TestApp::new();
    let file = test.folder().join("copy.db");
    test.app.db.copy_to(&file, false, &mut quiet()).unwrap();
    let good = fs::read(&file).unwrap();
    for (words, bytes) in [
        ("no database", Vec::new()),
        (
            "not a SQLite database",
            b"just some text that is long enough to be a header of something".to_vec(),
        ),
        ("", good[..good.len() / 2].to_vec()),
        ("", {
            let mut bent = good.clone();
            for byte in bent.iter_mut().skip(20 * 4096).take(3 * 4096) {
                *byte = 0x5a;
            }
            bent
        }),
    ] {
        fs::write(&file, bytes).unwrap();
        let error = examine(&file).unwrap_err();
        assert!(error.to_string().contains(words), "{words}: {error}");
    }
    assert_eq!(examine(&test.folder().join("none")).unwrap_err().kind(), Kind::NotFound);
}

#[test]
fn copy_of_another_installation_does_not_fit_this_master_key() {
    let (test, other) = (TestApp::new(), TestApp::new());
    let file = test.folder().join("copy.db");
    test.app.db.copy_to(&file, false, &mut quiet()).unwrap();
    assert!(copy::read(&file, |r| backup::fits(r, &test.app.env.keys.vault)).unwrap());
    assert!(!copy::read(&file, |r| backup::fits(r, &other.app.env.keys.vault)).unwrap());
}

#[test]
fn restored_copy_ends_what_was_given_and_names_who_is_let_in_again() {
    let test = TestApp::new();
    let alice = test.user("alice").id;
    test.write({
        let alice = alice.clone();
        move |tx| ops::user::lock(tx, &operator(), &alice).map(drop)
    });
    let before = test.read(|r| backup::shut_out(r, &operator()));
    assert_eq!(before.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["alice"]);
    // As in a copy from before the lock.
    test.write({
        let alice = alice.clone();
        move |tx| ops::user::unlock(tx, &operator(), &alice).map(drop)
    });
    test.login("alice");
    let live = test.read(|r| ops::session::count(r, &operator()));
    assert_eq!(live, 1);
    let done = test.write(move |tx| backup::restored(tx, &operator(), "copy.db", &before));
    assert_eq!(done.sessions, 1);
    assert_eq!(done.revived.len(), 1);
    assert_eq!(done.revived[0].command(), format!("mcpcodex user lock {alice}"));
    assert_eq!(test.read(|r| ops::session::count(r, &operator())), 0);
    assert_eq!(test.events()[0], "db.restore");
}

#[test]
fn database_that_is_being_replaced_is_not_opened_and_one_that_is_open_not_replaced() {
    let test = TestApp::new();
    let folder = test.data_dir().to_owned();
    let refused = db::restore::Restoring::begin(&folder).unwrap_err();
    assert_eq!(refused.kind(), Kind::Conflict);
    let keep = tempfile::tempdir().unwrap();
    let file = keep.path().join("copy.db");
    test.app.db.copy_to(&file, false, &mut quiet()).unwrap();
    // Another folder, which nobody has open.
    let copied = keep.path().join("data");
    fs::create_dir(&copied).unwrap();
    fs::set_permissions(&copied, fs::Permissions::from_mode(0o700)).unwrap();
    fs::copy(&file, copied.join("mcpcodex.db")).unwrap();
    let restoring = db::restore::Restoring::begin(&copied).unwrap();
    let busy = Db::open(db::Options::in_folder(&copied)).unwrap_err();
    assert_eq!(busy.kind(), Kind::Busy);
    restoring.bring(&file, &mut quiet()).unwrap();
    let kept = restoring.swap("kept.db").unwrap().unwrap();
    examine(&kept).unwrap();
    Db::open(db::Options::in_folder(&copied)).unwrap();
}
