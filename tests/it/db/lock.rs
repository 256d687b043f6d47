//! One server per data folder.

use std::{fs, os::unix::fs::PermissionsExt as _, process};

use mcpcodex::{db::ServeLock, error::Kind};

use super::processes::Child;

#[test]
fn second_server_on_a_folder_is_refused_and_told_who_is_there() {
    let temp = tempfile::tempdir().unwrap();
    let folder = temp.path().join("data");
    let lock = ServeLock::acquire(&folder).unwrap();
    assert_eq!(fs::metadata(lock.path()).unwrap().permissions().mode() & 0o777, 0o600);
    let error = ServeLock::acquire(&folder).unwrap_err();
    assert_eq!(error.kind(), Kind::Conflict);
    assert!(error.to_string().ends_with(&format!("(process {})", process::id())), "{error}");
    assert!(error.next().is_some());
    drop(lock);
    ServeLock::acquire(&folder).unwrap();
}

#[test]
fn lock_of_another_process_holds_until_that_process_is_killed() {
    let temp = tempfile::tempdir().unwrap();
    let mut server = Child::start("serve", temp.path());
    assert_eq!(server.line(), "ready");
    let folder = temp.path().join("data");
    let error = ServeLock::acquire(&folder).unwrap_err();
    assert!(error.to_string().contains(&format!("(process {})", server.id())), "{error}");
    server.kill();
    ServeLock::acquire(&folder).unwrap();
}
