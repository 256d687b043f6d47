//! Whole copies of the database: made while others write, looked over before they are trusted, and read without being
//! opened in earnest. Putting one in the place of the database is `restore`.

use std::{
    fs::{self, File, OpenOptions},
    io,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use rusqlite::{
    Connection, ErrorCode,
    backup::{Backup, StepResult},
};

use super::{
    Clock, Db,
    connect::{self, Patience},
    fault, files,
    migrate::{MIGRATIONS, Migration, Stamp},
    tx::Read,
};
use crate::error::{Error, Result};

/// How many pages are copied between two words about it.
const STEP: i32 = 512;
/// How long a copy waits for a lock in all.
const PATIENCE: Duration = Duration::from_secs(10);
/// Between two tries.
const PAUSE: Duration = Duration::from_millis(5);
/// How long a glance waits for a lock: somebody waits for it at their keyboard.
const GLANCE: Duration = Duration::from_millis(50);
/// How many faults of a damaged file are told.
const FAULTS: u32 = 20;

/// Called with the bytes that are done and those there are.
pub type Told<'a> = &'a mut dyn FnMut(u64, u64);

/// A copy that was made or looked over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copied {
    /// Its size.
    pub bytes: u64,
    /// How many migrations it has had.
    pub schema: i64,
}

impl Db {
    /// Copies everything that is committed now into a new private file, whole or not at all; others go on writing.
    /// Refuses to write over a file unless `replace`.
    pub fn copy_to(&self, to: &Path, replace: bool, told: Told<'_>) -> Result<Copied> {
        let own = self.path().parent().unwrap_or(Path::new("."));
        let folder = match to.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            Some(_) | None => Path::new("."),
        };
        let folder = folder.canonicalize().map_err(|error| unusable(folder, error))?;
        if folder == own {
            return Err(Error::invalid(
                "file",
                "a copy does not belong beside the database itself",
            )
            .with_next("name a file in another folder, best on another disk"));
        }
        if !replace && fs::symlink_metadata(to).is_ok() {
            return Err(taken(to));
        }
        let draft = Draft::begin(to)?;
        let source = connect::reader(self.path(), PATIENCE)?;
        copy(&source, &draft.path, told)?;
        drop(source);
        let copied = examine(&draft.path)?;
        draft.keep(to, replace)?;
        sync(&folder)?;
        Ok(copied)
    }

    /// Gives the room of what was deleted back to the disk, beside a running server; bytes before and after.
    pub fn compact(&self) -> Result<(u64, u64)> {
        let before = size(self.path());
        let patience = Patience::until(Instant::now() + PATIENCE);
        let conn = connect::writer(self.path(), &patience, MIGRATIONS)?;
        connect::compact(&conn).map_err(fault::general)?;
        drop(conn);
        Ok((before, size(self.path())))
    }
}

impl Db {
    /// Copies the write-ahead log into the file, as far as nobody reads from it.
    pub fn fold_log(&self) -> Result<()> {
        let patience = Patience::until(Instant::now() + PATIENCE);
        let conn = connect::writer(self.path(), &patience, MIGRATIONS)?;
        connect::checkpoint(&conn).map_err(fault::general)
    }
}

/// The size of a database with its log.
pub fn size(database: &Path) -> u64 {
    let bytes = |path: &Path| fs::metadata(path).map_or(0, |found| found.len());
    bytes(database) + bytes(&files::beside(database, "-wal"))
}

/// A file on its way: nobody sees it under its name before it is whole.
struct Draft {
    path: PathBuf,
    // A lock says that somebody is at work on it; what an end by force left behind has none.
    file: File,
}

impl Draft {
    fn begin(to: &Path) -> Result<Self> {
        let path = files::beside(to, ".part");
        let file = files::open_private_file(&path)?;
        if file.try_lock().is_err() {
            return Err(Error::conflict(format!(
                "{} is being written by another process",
                path.display()
            )));
        }
        file.set_len(0).map_err(|error| unusable(&path, error))?;
        Ok(Self { path, file })
    }

    fn keep(self, to: &Path, replace: bool) -> Result<()> {
        self.file.sync_all().map_err(|error| unusable(to, error))?;
        if replace {
            return fs::rename(&self.path, to).map_err(|error| unusable(to, error));
        }
        // In one step and never over a file that is there; where the disk knows no links, after a look.
        match fs::hard_link(&self.path, to) {
            Ok(()) => fs::remove_file(&self.path).map_err(|error| unusable(to, error)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(taken(to)),
            Err(_) if to.exists() => Err(taken(to)),
            Err(_) => fs::rename(&self.path, to).map_err(|error| unusable(to, error)),
        }
    }
}

fn taken(to: &Path) -> Error {
    Error::conflict(format!("{} exists already", to.display()))
        .with_next("choose another name, or say --replace")
}

fn unusable(path: &Path, error: io::Error) -> Error {
    Error::internal(format!("{} cannot be written: {}", path.display(), error.kind()))
        .with_next("check that the folder is there, who owns it, and that the disk has room")
        .with_source(error)
}

/// Makes what was renamed in a folder outlive a loss of power.
pub(super) fn sync(folder: &Path) -> Result<()> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(|error| unusable(folder, error))
}

/// Copies one moment of a database into an empty private file.
pub(super) fn copy(source: &Connection, draft: &Path, told: Told<'_>) -> Result<()> {
    let at = |error| fault::opening(draft, error);
    let page: i64 =
        source.query_row("pragma page_size", [], |row| row.get(0)).map_err(fault::general)?;
    let page = u64::try_from(page).unwrap_or_default();
    // With a snapshot of our own, whatever others write does not make the copy begin anew.
    source
        .execute_batch("begin deferred; select count(*) from sqlite_schema;")
        .map_err(fault::general)?;
    let mut target = connect::plain(draft).map_err(at)?;
    // It is flushed once, when it is whole.
    target.execute_batch("pragma synchronous = off").map_err(at)?;
    let deadline = Instant::now() + PATIENCE;
    let backup = Backup::new(source, &mut target).map_err(at)?;
    loop {
        let step = backup.step(STEP).map_err(at)?;
        if step == StepResult::Done {
            break;
        }
        if step == StepResult::More {
            let seen = backup.progress();
            let bytes = |pages: i32| u64::try_from(pages).unwrap_or_default() * page;
            told(bytes(seen.pagecount - seen.remaining), bytes(seen.pagecount));
        } else if Instant::now() < deadline {
            // Whatever else there is, it waits for a lock.
            connect::pause(PAUSE);
        } else {
            return Err(Error::busy(fault::BUSY));
        }
    }
    drop(backup);
    source.execute_batch("rollback").map_err(fault::general)?;
    target.close().map_err(|(_, error)| at(error))?;
    let flushed = OpenOptions::new().write(true).open(draft).and_then(|file| file.sync_all());
    flushed.map_err(|error| unusable(draft, error))
}

/// Opens a copy to be read from, wherever it comes from; what is in a log beside it counts.
pub(super) fn open(path: &Path) -> Result<Connection> {
    match fs::metadata(path) {
        Ok(found) if found.is_file() => {}
        Ok(_) => return Err(Error::invalid("file", format!("{} is not a file", path.display()))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(Error::not_found("file", path.display()));
        }
        Err(error) => {
            let message = format!("{} cannot be read: {}", path.display(), error.kind());
            return Err(Error::denied(message).with_source(error));
        }
    }
    connect::read_only(path).map_err(|error| fault::opening(path, error))
}

/// Looks a copy over: that it is ours, of a release that we know, and whole.
pub fn examine(path: &Path) -> Result<Copied> {
    let conn = open(path)?;
    let stamp = Stamp::read(&conn).map_err(|error| unreadable(path, error))?;
    if stamp.is_empty() {
        return Err(Error::conflict(format!("{} holds no database", path.display())));
    }
    let schema = stamp.judge(path, MIGRATIONS)?;
    let faults = faults(&conn).map_err(|error| unreadable(path, error))?;
    if let Some(first) = faults.first() {
        return Err(damaged(path, first));
    }
    Ok(Copied { bytes: size(path), schema: i64::try_from(schema).unwrap_or(i64::MAX) })
}

fn damaged(path: &Path, why: &str) -> Error {
    Error::conflict(format!("{} is damaged: {why}", path.display())).with_next("take an older copy")
}

/// Damage of a copy is no fault of the machine: there is another copy, perhaps.
fn unreadable(path: &Path, error: rusqlite::Error) -> Error {
    if error.sqlite_error_code() == Some(ErrorCode::DatabaseCorrupt) {
        return damaged(path, "SQLite cannot read it");
    }
    fault::opening(path, error)
}

/// What is wrong inside of a file: nothing, for one that is whole. Damage at which SQLite gives up is one fault more.
fn faults(conn: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut found = Vec::new();
    match search(conn, &mut found) {
        Ok(()) => Ok(found),
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseCorrupt) => {
            found.push(error.to_string());
            Ok(found)
        }
        Err(error) => Err(error),
    }
}

fn search(conn: &Connection, found: &mut Vec<String>) -> rusqlite::Result<()> {
    let mut statement = conn.prepare(&format!("pragma integrity_check({FAULTS})"))?;
    for fault in statement.query_map([], |row| row.get::<_, String>(0))? {
        found.extend(Some(fault?).filter(|fault| fault != "ok"));
    }
    let mut statement =
        conn.prepare("select \"table\", count(*) from pragma_foreign_key_check group by 1")?;
    let dangling = statement.query_map([], |row| {
        let (table, count): (String, u32) = (row.get(0)?, row.get(1)?);
        Ok(format!("{count} rows of {table} refer to something that is not there"))
    })?;
    for fault in dangling {
        found.push(fault?);
    }
    Ok(())
}

/// A database as it lies there, read without changing it and without leaving anything beside it.
#[derive(Clone, Debug)]
pub struct Lying {
    /// How many migrations it has had.
    pub schema: i64,
    /// What is wrong inside, if it was looked for.
    pub faults: Vec<String>,
}

/// How many migrations this program knows.
pub fn known() -> i64 {
    i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX)
}

/// Looks at a database without opening it in earnest; `whole`: every page of it.
pub fn look(path: &Path, whole: bool) -> Result<Lying> {
    let conn = glance(path, MIGRATIONS)?;
    let schema =
        conn.query_row("pragma user_version", [], |row| row.get(0)).map_err(fault::general)?;
    let faults = if whole {
        faults(&conn).map_err(|error| fault::opening(path, error))?
    } else {
        Vec::new()
    };
    Ok(Lying { schema, faults })
}

/// Reads something of a database as it lies there: nothing is made, migrated or changed. Refuses one of another schema.
pub fn peek<T>(path: &Path, job: impl FnOnce(&Read<'_>) -> Result<T>) -> Result<T> {
    let conn = glance(path, MIGRATIONS)?;
    conn.execute_batch("begin deferred").map_err(fault::general)?;
    let schema: i64 =
        conn.query_row("pragma user_version", [], |row| row.get(0)).map_err(fault::general)?;
    if schema != known() {
        return Err(Error::conflict(format!(
            "the database has schema {schema}, this program works with {}",
            known()
        ))
        .with_next("mcpcodex db migrate"));
    }
    job(&Read::new(&conn, Clock::system().now()))
}

/// Reads something of a copy, of whatever schema.
pub fn read<T>(path: &Path, job: impl FnOnce(&Read<'_>) -> Result<T>) -> Result<T> {
    job(&Read::new(&open(path)?, Clock::system().now()))
}

fn glance(path: &Path, migrations: &[Migration]) -> Result<Connection> {
    if fs::symlink_metadata(path).is_err() {
        return Err(Error::absent(format!("there is no database at {}", path.display()))
            .with_next("mcpcodex auth setup oauth2"));
    }
    for suffix in ["", "-wal", "-shm"] {
        files::check_file(&files::beside(path, suffix))?;
    }
    let conn = open(path)?;
    conn.busy_timeout(GLANCE).map_err(fault::general)?;
    Stamp::read(&conn).map_err(|error| fault::opening(path, error))?.judge(path, migrations)?;
    Ok(conn)
}
