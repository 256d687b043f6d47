//! Schema versions: up once, never down, never half.

use std::{fs, sync::Barrier, thread};

use mcpcodex::{
    db::{Db, MIGRATIONS, Migration, Options},
    error::Kind,
    model::{
        client::AuthMethod,
        id::{ClientId, GrantId},
    },
    store,
};

use super::{SCHEMA, note, open, options, seen};

const SECOND: &[Migration] =
    &[SCHEMA[0], ("0002_tags", "create table tags (id integer primary key) strict")];

fn upgraded(
    folder: &std::path::Path,
    migrations: &'static [Migration],
) -> mcpcodex::error::Result<Db> {
    Db::open(Options { migrations, ..options(folder) })
}

#[test]
fn shipped_schema_is_made_in_an_empty_folder_and_found_again() {
    let temp = tempfile::tempdir().unwrap();
    for _ in 0..2 {
        let db = upgraded(temp.path(), MIGRATIONS).unwrap();
        assert_eq!(usize::try_from(db.schema_version().unwrap()).unwrap(), MIGRATIONS.len());
        let sound = db.read(|r| r.all("pragma integrity_check", [], |row| row.get::<_, String>(0)));
        assert_eq!(sound.unwrap(), ["ok"]);
    }
}

#[test]
fn migration_runs_once_and_keeps_what_is_there() {
    let temp = tempfile::tempdir().unwrap();
    open(temp.path()).write_blocking(|tx| note(tx, "old")).unwrap();
    for _ in 0..2 {
        let db = upgraded(temp.path(), SECOND).unwrap();
        assert_eq!(db.schema_version().unwrap(), 2);
        assert_eq!(seen(&db), ["old"]);
    }
}

#[test]
fn newer_schema_is_refused_with_the_file_untouched_and_nothing_left_beside_it() {
    let temp = tempfile::tempdir().unwrap();
    drop(upgraded(temp.path(), SECOND).unwrap());
    let file = temp.path().join("data/mcpcodex.db");
    let before = fs::read(&file).unwrap();
    let error = Db::open(options(temp.path())).unwrap_err();
    assert_eq!(error.kind(), Kind::Conflict);
    assert!(
        error.to_string().contains("schema is version 2, this program knows up to 1"),
        "{error}"
    );
    assert!(error.next().is_some());
    assert!(fs::read(&file).unwrap() == before);
    let mut names: Vec<_> = fs::read_dir(temp.path().join("data"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    // The lock of those who have it open stays: removing it would let a restore in beside somebody.
    assert_eq!(names, ["mcpcodex.db", "open.lock"]);
}

#[test]
fn newer_schema_that_is_only_in_the_log_is_refused_too() {
    let temp = tempfile::tempdir().unwrap();
    drop(open(temp.path()));
    let newer = upgraded(temp.path(), SECOND).unwrap();
    let files = ["mcpcodex.db", "mcpcodex.db-wal"].map(|name| temp.path().join("data").join(name));
    let before = files.clone().map(|file| fs::read(file).unwrap());
    // The header of the file itself still says 1.
    assert_eq!(before[0][63], 1);
    let error = Db::open(options(temp.path())).unwrap_err();
    assert!(error.to_string().contains("newer mcpcodex"), "{error}");
    assert!(files.map(|file| fs::read(file).unwrap()) == before);
    newer.write_blocking(|tx| note(tx, "alive")).unwrap();
}

#[test]
fn newer_schema_in_the_log_of_a_killed_process_is_refused_and_the_log_kept() {
    let (temp, copy) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    drop(open(temp.path()));
    let newer = upgraded(temp.path(), SECOND).unwrap();
    // What a kill leaves behind: file and log, nobody's locks.
    drop(open(copy.path()));
    for name in ["mcpcodex.db", "mcpcodex.db-wal"] {
        let to = copy.path().join("data").join(name);
        fs::copy(temp.path().join("data").join(name), to).unwrap();
    }
    let files = ["mcpcodex.db", "mcpcodex.db-wal"].map(|name| copy.path().join("data").join(name));
    let before = files.clone().map(|file| fs::read(file).unwrap());
    let error = Db::open(options(copy.path())).unwrap_err();
    assert!(error.to_string().contains("newer mcpcodex"), "{error}");
    assert!(files.map(|file| fs::read(file).unwrap()) == before);
    drop(newer);
}

#[test]
fn migration_that_fails_leaves_the_old_schema() {
    const BROKEN: &[Migration] = &[
        SCHEMA[0],
        ("0002_half", "create table half (id integer primary key); create table half (x)"),
    ];
    const DANGLING: &[Migration] =
        &[SCHEMA[0], ("0002_lost", "insert into links (note) values (77)")];
    const ENDING: &[Migration] = &[SCHEMA[0], ("0002_ends", "create table half (x); commit")];
    let temp = tempfile::tempdir().unwrap();
    drop(open(temp.path()));
    for broken in [BROKEN, DANGLING] {
        let error = upgraded(temp.path(), broken).unwrap_err();
        assert!(error.next().unwrap().starts_with("nothing was changed"), "{error}");
        let db = open(temp.path());
        assert_eq!(db.schema_version().unwrap(), 1);
        let tables = "select name from sqlite_schema where type = 'table' order by name";
        let tables = db.read(|r| r.all(tables, [], |row| row.get::<_, String>(0))).unwrap();
        assert_eq!(tables, ["links", "notes"]);
    }
    upgraded(temp.path(), ENDING).unwrap_err();
}

#[test]
fn eight_threads_may_open_an_empty_folder_at_once() {
    for _ in 0..5 {
        let temp = tempfile::tempdir().unwrap();
        let start = Barrier::new(8);
        thread::scope(|scope| {
            for n in 0..8 {
                let (start, folder) = (&start, temp.path());
                scope.spawn(move || {
                    start.wait();
                    open(folder).write_blocking(move |tx| note(tx, &n.to_string())).unwrap();
                });
            }
        });
        assert_eq!(seen(&open(temp.path())).len(), 8);
    }
}

#[test]
fn person_of_the_first_schema_is_found_by_the_newest_program() {
    let temp = tempfile::tempdir().unwrap();
    let first = upgraded(temp.path(), &MIGRATIONS[..1]).unwrap();
    // As the first program wrote it, not as today's would.
    first
        .write_blocking(|tx| {
            tx.exec_one(
                "insert into users (id, username, username_key, username_skeleton, email, email_key, name,
                                    state, created_at, updated_at)
                 values ('u_1', 'Ann', 'ann', 'ann', 'ann@example.com', 'ann@example.com', 'Ann', 'active', 1, 1)",
                [],
            )?;
            tx.exec_one("insert into user_roles (user_id, role) values ('u_1', 'admin')", [])
        })
        .unwrap();
    drop(first);
    let db = upgraded(temp.path(), MIGRATIONS).unwrap();
    let found = db.read(|r| store::user::by_username_key(r, "ann")).unwrap().unwrap();
    assert_eq!((found.username.as_str(), found.roles), ("Ann", vec!["admin".to_owned()]));
}

#[test]
fn grants_clients_and_devices_of_before_are_read_as_they_were() {
    let temp = tempfile::tempdir().unwrap();
    let before = upgraded(temp.path(), &MIGRATIONS[..12]).unwrap();
    before
        .write_blocking(|tx| {
            tx.exec_one(
                "insert into users (id, username, username_key, username_skeleton, email, email_key, name,
                                    state, created_at, updated_at)
                 values ('u_1', 'Ann', 'ann', 'ann', 'ann@example.com', 'ann@example.com', 'Ann', 'active', 1, 1)",
                [],
            )?;
            for (id, method) in [("c_basic", "client_secret_basic"), ("c_post", "client_secret_post")] {
                tx.exec_one(
                    "insert into clients (id, name, auth_method, grant_types, scopes, origin, state, created_at,
                                          updated_at)
                     values (?1, 'App', ?2, 'authorization_code', 'openid', 'static', 'active', 1, 1)",
                    [id, method],
                )?;
            }
            tx.exec_one(
                "insert into grants (id, client_id, user_id, scopes, resources, amr, auth_time, generation,
                                     created_at, expires_at)
                 values ('g_1', 'c_basic', 'u_1', 'openid', '[\"https://h.example\"]', 'pwd', 1, 1, 1, 9)",
                [],
            )?;
            tx.exec_one(
                "insert into device_requests (id, device_code, user_code, client_id, scopes, resources, spelled,
                                              state, interval_s, address, address_key, user_agent, jkt,
                                              created_at, expires_at)
                 values ('d_1', x'01', x'02', 'c_basic', 'openid', '[]', '[\"https://h.example/\"]', 'pending',
                         5, '', '', '', null, 1, 9)",
                [],
            )
        })
        .unwrap();
    drop(before);
    let db = upgraded(temp.path(), MIGRATIONS).unwrap();
    db.read(|r| {
        let grant = store::grant::by_id(r, &GrantId::from_text("g_1"))?.unwrap();
        assert_eq!((grant.resources.len(), grant.spelled.len(), grant.jkt), (1, 0, None));
        let device = store::device_request::by_user_code(r, &[2])?.unwrap();
        assert_eq!(device.spelled, ["https://h.example/"]);
        assert_eq!((device.created_at.millis(), device.expires_at.millis()), (1, 9));
        // Of a method that was nobody's choice it was never said that the other is refused.
        let client = |id| store::client::by_id(r, &ClientId::from_text(id));
        assert!(client("c_basic")?.unwrap().shows_secret_by(AuthMethod::Post));
        assert!(!client("c_post")?.unwrap().shows_secret_by(AuthMethod::Basic));
        Ok(())
    })
    .unwrap();
}
