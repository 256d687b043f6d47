//! `Db`: how the rest of the program reads and writes.
//! The thread behind it is `writer`, the connections are `reader` and `connect`.

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::{Arc, atomic::Ordering, mpsc},
    time::{Duration, Instant},
};

use parking_lot::Mutex;
use rusqlite::Connection;
use tokio::sync::oneshot;

use super::{
    clock::Clock,
    connect::{self, Patience},
    fault, files,
    lock::InUse,
    migrate::{MIGRATIONS, Migration},
    reader::Pool,
    tx::{Mac, Read, Write},
    writer::{Writer, stopped},
};
use crate::{
    error::{Error, Result},
    time::Time,
};

/// The database's name in the data folder.
pub const FILE_NAME: &str = "mcpcodex.db";

/// Openings of one process take turns: making the file means closing it again once, and a close drops every lock
/// that the process holds on that file (POSIX advisory locks).
static OPENING: Mutex<()> = Mutex::new(());

/// How a database is opened.
#[derive(Clone, Debug)]
pub struct Options {
    /// The file; it and its folder are made when they are not there.
    pub path: PathBuf,
    /// What `now` is read from.
    pub clock: Clock,
    /// How many snapshots can be read at once.
    pub readers: usize,
    /// How long to wait for a lock that another process holds.
    pub busy_timeout: Duration,
    /// How many changes may wait to be saved; further ones are refused as busy.
    pub queue: usize,
    /// The scripts that make the schema; tests bring their own.
    pub migrations: &'static [Migration],
}

impl Options {
    /// The usual settings for the database of a data folder.
    pub fn in_folder(folder: &Path) -> Self {
        Self { path: folder.join(FILE_NAME), ..Self::default() }
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            path: Path::new("mcpcodex-data").join(FILE_NAME),
            clock: Clock::system(),
            readers: 4,
            busy_timeout: Duration::from_secs(5),
            queue: 1024,
            migrations: MIGRATIONS,
        }
    }
}

/// What the writer has done since the database was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    /// Changes that were run, kept or not.
    pub jobs: u64,
    /// Commits; fewer than changes when changes came together.
    pub commits: u64,
}

/// The open database; clones share it. When the last one goes, what waits is saved and the file closed.
#[derive(Clone)]
pub struct Db(Arc<Inner>);

struct Inner {
    path: PathBuf,
    clock: Clock,
    busy_timeout: Duration,
    // In the order of closing: the writer is last, for only a connection that may write can tidy the log away.
    readers: Pool,
    watcher: Mutex<Option<Connection>>,
    writer: Writer,
    // The very last: as long as anything is open it says so.
    _in_use: InUse,
}

impl Db {
    /// Opens the file, makes it when it is not there, and brings its schema up to date.
    ///
    /// Refuses, with the file untouched, what others may read, what is from a newer release, and what is not ours.
    pub fn open(options: Options) -> Result<Self> {
        let Options { path, clock, readers, busy_timeout, queue, migrations } = options;
        connect::check_library()?;
        let turn = OPENING.lock();
        let folder = files::private_folder(path.parent().unwrap_or(Path::new(".")))?;
        let name = path.file_name().ok_or_else(|| {
            Error::invalid("storage.data_dir", "the database's path names no file")
        })?;
        let path = folder.join(name);
        files::private_file(&path)?;
        connect::inspect(&path, migrations)?;
        let in_use = InUse::join(&folder)?;
        let patience = Patience::until(Instant::now() + busy_timeout);
        let conn = connect::writer(&path, &patience, migrations)?;
        drop(turn);
        let writer = Writer::start(conn, patience, clock.clone(), busy_timeout, queue)?;
        let readers = Pool::new(path.clone(), readers, busy_timeout);
        let watcher = Mutex::new(None);
        Ok(Self(Arc::new(Inner {
            path,
            clock,
            busy_timeout,
            readers,
            watcher,
            writer,
            _in_use: in_use,
        })))
    }

    /// Runs `job` in a transaction and answers when it is saved on disk.
    ///
    /// `Ok` is kept and `Err` undone. Once this future was polled, dropping it does not call the job back.
    pub async fn write<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Write<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (reply, answer) = oneshot::channel();
        self.0.writer.send(job, move |outcome| drop(reply.send(outcome)))?;
        answer.await.unwrap_or_else(|_| Err(stopped()))
    }

    /// As [`Db::write`], for a thread that may wait: the command line, the console, a blocking task.
    pub fn write_blocking<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Write<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (reply, answer) = mpsc::sync_channel(1);
        self.0.writer.send(job, move |outcome| drop(reply.send(outcome)))?;
        answer.recv().unwrap_or_else(|_| Err(stopped()))
    }

    /// Runs `job` on a snapshot, on this thread. Keep it short: a snapshot that stays stops the log's clearing.
    pub fn read<T>(&self, job: impl FnOnce(&Read<'_>) -> Result<T>) -> Result<T> {
        self.0.readers.read(&self.0.clock, job)
    }

    /// Gives every later change a keyed hash, once the key is known.
    pub fn seal_with(&self, mac: Mac) {
        self.0.writer.seal_with(mac);
    }

    /// A number that differs from last time's when anything was committed since, in whatever process.
    /// It means something only beside another one from the same [`Db`].
    pub fn data_version(&self) -> Result<i64> {
        // SQLite counts per connection what others commit, so the number has a connection to itself.
        let mut watcher = self.0.watcher.lock();
        let conn = match watcher.take() {
            Some(conn) => conn,
            None => connect::reader(&self.0.path, self.0.busy_timeout)?,
        };
        let version = conn
            .prepare_cached("pragma data_version")
            .and_then(|mut statement| statement.query_row([], |row| row.get(0)))
            .map_err(fault::general);
        *watcher = Some(conn);
        version
    }

    /// The present moment, where there is no transaction to take it from.
    pub fn now(&self) -> Time {
        self.0.clock.now()
    }

    /// The clock that transactions read.
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// How many migrations the file has had.
    pub fn schema_version(&self) -> Result<i64> {
        self.read(|r| r.one("pragma user_version", [], |row| row.get(0)))
            .map(Option::unwrap_or_default)
    }

    /// The file's real path.
    pub fn path(&self) -> &Path {
        &self.0.path
    }

    /// What the writer has done so far.
    pub fn counts(&self) -> Counts {
        let tally = self.0.writer.tally();
        Counts {
            jobs: tally.jobs.load(Ordering::Relaxed),
            commits: tally.commits.load(Ordering::Relaxed),
        }
    }
}

impl fmt::Debug for Db {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Db").field("path", &self.0.path).finish_non_exhaustive()
    }
}
