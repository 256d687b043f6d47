//! Single connections: which file is fit to be opened, and how each connection is set up.
//! Who uses them when is for `writer` and `reader`.

use std::{
    fmt::Write as _,
    fs,
    path::Path,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use parking_lot::Mutex;
use rusqlite::{Connection, ErrorCode, OpenFlags, config::DbConfig, limits::Limit};

use super::{
    fault, files,
    migrate::{Migration, Stamp, migrate},
};
use crate::error::{Error, Result};

/// The first SQLite whose write-ahead log survives two writers that checkpoint at the same moment:
/// 3.7.0 to 3.51.2 can corrupt the file, and a server with a console beside it is just that.
const SQLITE_FLOOR: i32 = 3_051_003;

/// Between two tries for the write lock. SQLite's own handler grows its pauses to 100 ms, and a process that
/// commits without pause would make all others wait for seconds: between its commits the lock is free for microseconds.
const RETRY_PAUSE: Duration = Duration::from_millis(1);

/// How long the write-ahead log may stay on disk once it was copied into the file.
const WAL_KEPT_BYTES: u32 = 64 << 20;

/// Until when the writer's connection waits for the lock; the writer sets it anew for each job.
#[derive(Clone)]
pub(super) struct Patience(Arc<Mutex<Instant>>);

impl Patience {
    pub(super) fn until(deadline: Instant) -> Self {
        Self(Arc::new(Mutex::new(deadline)))
    }

    pub(super) fn extend(&self, deadline: Instant) {
        *self.0.lock() = deadline;
    }

    #[expect(clippy::disallowed_methods, reason = "a lock of another process can only be polled")]
    fn wait(&self) -> bool {
        let patient = Instant::now() < *self.0.lock();
        if patient {
            thread::sleep(RETRY_PAUSE);
        }
        patient
    }
}

/// Refuses to run on a SQLite that may damage the file.
pub(super) fn check_library() -> Result<()> {
    check_version(rusqlite::version_number())
}

fn check_version(version: i32) -> Result<()> {
    if version >= SQLITE_FLOOR {
        return Ok(());
    }
    Err(Error::internal(format!(
        "this program was built with SQLite {}.{}.{}, which can damage a database that two processes use",
        version / 1_000_000,
        version / 1000 % 1000,
        version % 1000
    ))
    .with_next("build it with the bundled SQLite, 3.51.3 or later"))
}

/// Looks at a file without changing it or leaving anything beside it, and refuses what is not ours to open.
///
/// The first statement of a usual connection already makes a `-wal` file and may rewrite the header. The file is
/// not read with `std::fs` either: closing it would drop the locks that this process's connections hold on it.
pub(super) fn inspect(path: &Path, known: &[Migration]) -> Result<()> {
    for suffix in ["-wal", "-shm", "-journal"] {
        files::check_file(&files::beside(path, suffix))?;
    }
    if bytes(path) == 0 {
        return Ok(());
    }
    // A glance without locks can catch a first page that is half written: what it refuses, a second must too.
    glance(path, known).or_else(|_| glance(path, known))
}

fn glance(path: &Path, known: &[Migration]) -> Result<()> {
    // What is newest may be in the log alone; where there is one, it is read, and nothing new is made.
    let immutable = bytes(&files::beside(path, "-wal")) == 0;
    let stamp = look(path, immutable).and_then(|conn| Stamp::read(&conn));
    match stamp {
        Ok(stamp) => stamp.judge(path, known).map(|_| ()),
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::NotADatabase) => {
            Err(fault::opening(path, error))
        }
        // Anything else may come of a writer at work; opening it in earnest will tell.
        Err(_) => Ok(()),
    }
}

fn bytes(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |found| found.len())
}

fn look(path: &Path, immutable: bool) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | common_flags();
    if immutable {
        Connection::open_with_flags(immutable_uri(path), flags | OpenFlags::SQLITE_OPEN_URI)
    } else {
        let conn = Connection::open_with_flags(path, flags)?;
        conn.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
        Ok(conn)
    }
}

fn immutable_uri(path: &Path) -> String {
    let mut uri = "file:".to_owned();
    for byte in path.as_os_str().as_encoded_bytes() {
        if byte.is_ascii_alphanumeric() || b"/._-".contains(byte) {
            uri.push(char::from(*byte));
        } else {
            // Writing to a string cannot fail.
            write!(uri, "%{byte:02x}").ok();
        }
    }
    uri + "?immutable=1"
}

/// Opens the one connection that writes, migrates the file, and holds every setting to its word.
pub(super) fn writer(path: &Path, patience: &Patience, known: &[Migration]) -> Result<Connection> {
    let at = |error| fault::opening(path, error);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | common_flags();
    let mut conn = Connection::open_with_flags(path, flags).map_err(at)?;
    // Before anything else: every other statement may meet a lock.
    let waiting = patience.clone();
    conn.busy_handler(Some(move |_| waiting.wait())).map_err(at)?;
    harden(&conn).map_err(at)?;
    use_wal(&conn, patience).map_err(at)?;
    conn.execute_batch(&format!(
        "pragma synchronous = full;
         pragma secure_delete = fast;
         pragma cell_size_check = on;
         pragma temp_store = memory;
         pragma cache_size = -8000;
         pragma journal_size_limit = {WAL_KEPT_BYTES};
         pragma foreign_keys = off;"
    ))
    .map_err(at)?;
    migrate(&conn, path, known)?;
    conn.execute_batch("pragma foreign_keys = on").map_err(at)?;
    for (setting, wanted) in
        [("synchronous", 2), ("foreign_keys", 1), ("secure_delete", 2), ("trusted_schema", 0)]
    {
        // SQLite ignores a setting it cannot make; promises rest on these.
        let found: i64 =
            conn.query_row(&format!("pragma {setting}"), [], |row| row.get(0)).map_err(at)?;
        if found != wanted {
            return Err(Error::internal(format!(
                "the database does not keep {setting} = {wanted}, it says {found}"
            )));
        }
    }
    Ok(conn)
}

/// Opens an empty file of ours as it is, to be filled.
pub(super) fn plain(path: &Path) -> rusqlite::Result<Connection> {
    Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE | common_flags())
}

/// Opens a file that lies there: nothing is made beside it unless there is a log to be read.
pub(super) fn read_only(path: &Path) -> rusqlite::Result<Connection> {
    let conn = look(path, bytes(&files::beside(path, "-wal")) == 0)?;
    harden(&conn)?;
    conn.execute_batch("pragma cell_size_check = on; pragma temp_store = memory;")?;
    Ok(conn)
}

/// Brings everything that is in the log into the file, and does without a log: the file alone is then the database.
/// Nobody else may have it open.
pub(super) fn fold(path: &Path) -> rusqlite::Result<()> {
    let conn = plain(path)?;
    let mode: String = conn.query_row("pragma journal_mode = delete", [], |row| row.get(0))?;
    if mode != "delete" {
        let busy = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_BUSY);
        return Err(rusqlite::Error::SqliteFailure(busy, Some(format!("journal mode is {mode}"))));
    }
    conn.close().map_err(|(_, error)| error)
}

/// Rewrites the file without the room that is free in it.
pub(super) fn compact(conn: &Connection) -> rusqlite::Result<()> {
    // It works by a second file, which it attaches.
    conn.set_limit(Limit::SQLITE_LIMIT_ATTACHED, 1)?;
    conn.execute_batch("vacuum")?;
    checkpoint(conn)
}

/// Copies the log into the file and empties it, as far as nobody reads from it.
pub(super) fn checkpoint(conn: &Connection) -> rusqlite::Result<()> {
    conn.query_row("pragma wal_checkpoint(truncate)", [], |_| Ok(()))
}

/// Waits a moment for a lock.
#[expect(clippy::disallowed_methods, reason = "a lock of another process can only be polled")]
pub(super) fn pause(span: Duration) {
    thread::sleep(span);
}

/// Opens a connection that cannot change anything.
pub(super) fn reader(path: &Path, busy_timeout: Duration) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | common_flags();
    let set_up = || {
        let conn = Connection::open_with_flags(path, flags)?;
        conn.busy_timeout(busy_timeout)?;
        harden(&conn)?;
        conn.execute_batch(
            "pragma cell_size_check = on; pragma temp_store = memory; pragma cache_size = -4000;",
        )?;
        Ok(conn)
    };
    set_up().map_err(|error| fault::opening(path, error))
}

fn common_flags() -> OpenFlags {
    // Each connection is used by one thread at a time, and no link is followed at the last moment.
    OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_EXRESCODE
        | OpenFlags::SQLITE_OPEN_NOFOLLOW
}

/// Takes away what the program never uses, so that a crafted file or a stray statement cannot use it either.
fn harden(conn: &Connection) -> rusqlite::Result<()> {
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DML, false)?;
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DDL, false)?;
    conn.set_limit(Limit::SQLITE_LIMIT_LENGTH, 16 << 20)?;
    conn.set_limit(Limit::SQLITE_LIMIT_SQL_LENGTH, 256 << 10)?;
    conn.set_limit(Limit::SQLITE_LIMIT_ATTACHED, 0)?;
    conn.set_limit(Limit::SQLITE_LIMIT_EXPR_DEPTH, 200)?;
    conn.set_limit(Limit::SQLITE_LIMIT_COMPOUND_SELECT, 50)?;
    conn.set_limit(Limit::SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 1000)?;
    conn.set_limit(Limit::SQLITE_LIMIT_TRIGGER_DEPTH, 20)?;
    conn.set_limit(Limit::SQLITE_LIMIT_WORKER_THREADS, 0)?;
    conn.set_prepared_statement_cache_capacity(256);
    Ok(())
}

/// Switches to the write-ahead log. The switch does not ask the busy handler, so it is tried again here.
fn use_wal(conn: &Connection, patience: &Patience) -> rusqlite::Result<()> {
    loop {
        let switched: rusqlite::Result<String> =
            conn.query_row("pragma journal_mode = wal", [], |row| row.get(0));
        let busy = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_BUSY);
        let refused = match switched {
            Ok(mode) if mode == "wal" => return Ok(()),
            Ok(mode) => {
                rusqlite::Error::SqliteFailure(busy, Some(format!("journal mode is {mode}")))
            }
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => error,
            Err(error) => return Err(error),
        };
        if !patience.wait() {
            return Err(refused);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sqlite_below_the_floor_is_refused() {
        check_library().unwrap();
        check_version(SQLITE_FLOOR).unwrap();
        let error = check_version(3_051_002).unwrap_err();
        assert!(error.to_string().contains("3.51.2"), "{error}");
    }

    #[test]
    fn path_with_odd_characters_survives_as_a_uri() {
        let uri = immutable_uri(Path::new("/a b/c?d#e%/ü.db"));
        assert_eq!(uri, "file:/a%20b/c%3fd%23e%25/%c3%bc.db?immutable=1");
    }

    #[test]
    fn switch_to_the_log_is_tried_again_where_sqlite_gives_up_at_once() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("old.db");
        let other = Connection::open(&path).unwrap();
        other.execute_batch("create table t (x); begin; select * from t").unwrap();

        let conn = Connection::open(&path).unwrap();
        conn.busy_timeout(Duration::ZERO).unwrap();
        let start = Instant::now();
        let brief = Patience::until(start + Duration::from_millis(50));
        let error = use_wal(&conn, &brief).unwrap_err();
        assert_eq!(error.sqlite_error_code(), Some(ErrorCode::DatabaseBusy));
        assert!(start.elapsed() >= Duration::from_millis(50));

        let patience = Patience::until(Instant::now() + Duration::from_secs(5));
        thread::scope(|scope| {
            let waiting = scope.spawn(move || use_wal(&conn, &patience));
            other.execute_batch("commit").unwrap();
            waiting.join().unwrap().unwrap();
        });
    }
}
