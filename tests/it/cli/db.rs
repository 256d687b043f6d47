//! `db`: copies beside a running server, restoring one, and what is left when a restore is killed.

use std::{
    fs,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    process::Stdio,
    time::Instant,
};

use rusqlite::Connection;
use serde_json::json;

use super::{Place, Ran, keys, serve::Server};

const DB: &str = "mcpcodex-data/mcpcodex.db";

fn names(place: &Place) -> Vec<String> {
    let people = place.json(&["user", "list"]);
    people
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["username"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn copy_is_made_beside_a_running_server_and_says_what_is_not_in_it() {
    let place = Place::new();
    place.person("alice", "user");
    let (server, _) = Server::start(&place);
    let ran = place.run(&["db", "backup", "copy.db"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.err.contains("The master key is not in it"), "{}", ran.err);
    assert_eq!(fs::metadata(place.path("copy.db")).unwrap().permissions().mode() & 0o777, 0o600);
    let again = place.error(&["db", "backup", "copy.db"]);
    assert_eq!((again.0, &again.1["code"]), (5, &json!("conflict")));
    let made = place.json(&["db", "backup", "copy.db", "--replace"]);
    assert_eq!(keys(&made), ["bytes", "file", "master_key", "schema", "schema_version"]);
    let beside = place.error(&["db", "backup", "mcpcodex-data/copy.db"]);
    assert_eq!(beside.0, 2, "{beside:?}");
    let refused = place.error(&["db", "restore", "copy.db", "--yes"]);
    assert_eq!(refused.0, 5, "{refused:?}");
    assert!(refused.1["message"].as_str().unwrap().contains("already running"), "{refused:?}");
    assert_eq!(server.stop(), Some(0));
}

#[test]
fn restore_brings_the_copy_back_keeps_the_old_one_and_names_who_is_let_in_again() {
    let place = Place::new();
    place.person("alice", "user");
    place.json(&["db", "backup", "copy.db"]);
    place.person("bob", "user");
    place.json(&["user", "lock", "alice"]);
    assert_eq!(place.error(&["db", "restore", "copy.db"]).0, 2, "it wants --yes");
    let tried = place.json(&["db", "restore", "copy.db", "--dry-run"]);
    assert_eq!(tried["dry_run"], true);
    assert_eq!(names(&place), ["alice", "bob"]);
    let done = place.json(&["db", "restore", "copy.db", "--yes"]);
    assert_eq!(names(&place), ["alice"]);
    assert_eq!(done["revived"][0]["name"], "alice", "{done}");
    assert!(done["revived"][0]["command"].as_str().unwrap().starts_with("mcpcodex user lock "));
    let kept = Connection::open(done["kept"].as_str().unwrap()).unwrap();
    let people: u32 = kept.query_row("select count(*) from users", [], |row| row.get(0)).unwrap();
    assert_eq!(people, 2, "the old database is whole beside it");
    drop(kept);
    assert_eq!(place.run(&["audit", "verify"]).code, 0);
    assert_eq!(place.run(&["db", "check"]).code, 0);
    let events = place.json(&["audit", "list"]);
    assert!(
        events.as_array().unwrap().iter().any(|event| event["event"] == "db.restore"),
        "{events}"
    );
}

#[test]
fn copy_that_is_damaged_foreign_or_of_another_key_is_refused_and_nothing_changes() {
    let (place, other) = (Place::new(), Place::new());
    place.person("alice", "user");
    other.person("mallory", "admin");
    other.json(&["db", "backup", "copy.db"]);
    fs::copy(other.path("copy.db"), place.path("foreign.db")).unwrap();
    place.json(&["db", "backup", "copy.db"]);
    let mut bent = fs::read(place.path("copy.db")).unwrap();
    for byte in bent.iter_mut().skip(10 * 4096).take(20 * 4096) {
        *byte ^= 0x5a;
    }
    fs::write(place.path("bent.db"), bent).unwrap();
    fs::write(place.path("text.db"), "no database at all, but some text of a certain length")
        .unwrap();
    for (file, code) in [("foreign.db", 4), ("bent.db", 5), ("none.db", 3)] {
        let (found, error) = place.error(&["db", "restore", file, "--yes"]);
        assert_eq!(found, code, "{file}: {error}");
        assert_eq!(place.error(&["db", "restore", file, "--dry-run"]).0, code, "{file}");
    }
    assert_ne!(place.run(&["db", "restore", "text.db", "--yes"]).code, 0);
    assert_eq!(names(&place), ["alice"]);
}

#[test]
fn damage_a_cut_record_and_a_foreign_key_are_6_with_what_to_do() {
    let place = Place::new();
    place.person("alice", "user");
    let good = place.json(&["db", "check"]);
    assert_eq!((&good["ok"], &good["findings"]), (&json!(true), &json!([])));
    let conn = Connection::open(place.path(DB)).unwrap();
    conn.execute("delete from audit_events where id = 2", []).unwrap();
    conn.pragma_update(None, "foreign_keys", false).unwrap();
    conn.execute("insert into user_roles (user_id, role) values ('nobody', 'user')", []).unwrap();
    drop(conn);
    let ran = place.run(&["db", "check", "--json"]);
    assert_eq!(ran.code, 6, "{}", ran.out);
    let found = ran.document()["findings"].clone();
    let ids: Vec<_> = found
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["id"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(ids, ["db.damaged", "audit.chain"], "{found}");
    assert!(found.as_array().unwrap().iter().all(|one| !one["fix"].as_str().unwrap().is_empty()));
    let mut other = place.command(&["db", "check", "--json"]);
    other.env(
        "MCPCODEX_MASTER_KEY",
        "8f14e45fceea167a5a36dedd4bea2543c9f0f895fb98ab9159f51fd0297e236d",
    );
    let ran = Ran::of(other, "");
    assert!(ran.code == 6 && ran.out.contains("db.key"), "{ran:?}");
}

/// The files that restores have kept so far.
fn kept(place: &Place) -> usize {
    let names = fs::read_dir(place.path("mcpcodex-data")).unwrap();
    names
        .filter(|name| name.as_ref().unwrap().file_name().to_string_lossy().contains(".before-"))
        .count()
}

/// Begins a restore and ends it by force once `now` says so.
fn killed(place: &Place, now: impl Fn() -> bool) {
    let mut command = place.command(&["db", "restore", "copy.db", "--yes", "--quiet"]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    while !now() && child.try_wait().unwrap().is_none() {
        std::hint::spin_loop();
    }
    // SIGKILL; it may be over already.
    drop(child.kill());
    child.wait().unwrap();
}

/// Whether the new database is there; it or the old one, whole.
fn is_new(place: &Place) -> bool {
    let new = match names(place).as_slice() {
        [one] if one == "alice" => true,
        [one, two] if one == "alice" && two == "bob" => false,
        other => panic!("neither the old nor the new database: {other:?}"),
    };
    let found = place.run(&["db", "check", "--json"]).document()["findings"].clone();
    let damaged = found.as_array().unwrap().iter().any(|one| one["id"] == "db.damaged");
    assert!(!damaged, "{found}");
    if new {
        // The head that was noted before is of the database that was replaced.
        place.json(&["audit", "anchor", "--yes"]);
        place.person("bob", "user");
    }
    new
}

#[test]
fn restore_that_is_killed_anywhere_leaves_the_old_or_the_new_database_whole() {
    let place = Place::new();
    place.person("alice", "user");
    place.json(&["db", "backup", "copy.db"]);
    place.person("bob", "user");
    let start = Instant::now();
    place.json(&["db", "restore", "copy.db", "--yes"]);
    let whole = start.elapsed();
    assert!(is_new(&place));
    let (mut old, mut new) = (0, 0);
    let mut count = |is_new| if is_new { new += 1 } else { old += 1 };
    for round in 0..12_u32 {
        let until = Instant::now() + whole * round / 12;
        killed(&place, || Instant::now() >= until);
        count(is_new(&place));
    }
    // The swap itself takes a moment: as soon as the old one has its second name, and as soon as another file, or none,
    // stands where the database was.
    let inode = |place: &Place| fs::metadata(place.path(DB)).map(|found| found.ino()).ok();
    for round in 0..24 {
        let (names, file) = (kept(&place), inode(&place));
        killed(
            &place,
            || if round % 3 == 0 { kept(&place) > names } else { inode(&place) != file },
        );
        count(is_new(&place));
    }
    assert!(
        old > 0 && new > 0,
        "no restore was killed on both sides of the swap: {old} old, {new} new"
    );
}

#[test]
fn vacuum_gives_room_back_beside_a_server_and_migrate_says_that_there_is_nothing_to_do() {
    let place = Place::new();
    place.person("alice", "user");
    let (server, _) = Server::start(&place);
    let made = place.json(&["db", "vacuum"]);
    assert!(made["bytes_after"].as_u64().unwrap() > 0, "{made}");
    assert_eq!(server.stop(), Some(0));
    let moved = place.json(&["db", "migrate"]);
    assert_eq!(moved["from"], moved["to"]);
    assert_eq!(names(&place), ["alice"]);
}
