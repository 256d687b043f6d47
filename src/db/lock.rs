//! One server per data folder: an advisory lock that ends with the process that holds it.
//! The console and the command line take no part in it; between processes SQLite's own locks keep the data right.

use std::{
    fs::{self, File, TryLockError},
    io::Write as _,
    path::{Path, PathBuf},
    process, thread,
    time::{Duration, Instant},
};

use super::files;
use crate::{
    error::{Error, Result},
    time::Time,
};

/// The name of the lock file in the data folder.
pub const LOCK_NAME: &str = "serve.lock";
/// The name of the file whose lock tells who has the database open.
pub const USE_NAME: &str = "open.lock";
/// How long somebody may just be looking whether the lock is held.
const GLANCE: Duration = Duration::from_millis(200);

/// Held as long as a server runs; dropping it, or the end of the process however it comes, frees it.
#[derive(Debug)]
pub struct ServeLock {
    // Locks belong to the open file: this must live as long as the server does.
    file: File,
    path: PathBuf,
}

impl ServeLock {
    /// Takes the lock of the data folder, or says which process has it.
    pub fn acquire(folder: &Path) -> Result<Self> {
        let folder = files::private_folder(folder)?;
        let path = folder.join(LOCK_NAME);
        let mut file = files::open_private_file(&path)?;
        let deadline = Instant::now() + GLANCE;
        while !locked(file.try_lock(), &path)? {
            // It may be held for the moment of a glance; a server holds it for longer.
            if Instant::now() >= deadline {
                return Err(taken(&folder, &path));
            }
            pause();
        }
        // The number is a help to people, nothing depends on it.
        file.set_len(0).and_then(|()| writeln!(file, "{}", process::id())).map_err(|error| {
            Error::internal(format!("{} cannot be written", path.display())).with_source(error)
        })?;
        Ok(Self { file, path })
    }

    /// Who holds the lock of the data folder: process number and since when, as far as the file says; none when nobody
    /// does. Nothing is made and nothing is kept.
    pub fn holder(folder: &Path) -> Option<Holder> {
        let path = folder.join(LOCK_NAME);
        let file = File::open(&path).ok()?;
        match file.try_lock_shared() {
            Err(TryLockError::WouldBlock) => Some(Holder {
                pid: fs::read_to_string(&path).ok().and_then(|text| text.trim().parse().ok()),
                since: file
                    .metadata()
                    .and_then(|found| found.modified())
                    .ok()
                    .and_then(Time::of_file),
            }),
            Ok(()) | Err(TryLockError::Error(_)) => None,
        }
    }

    /// The lock file; it stays when the lock is freed, since removing it would let two servers in.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// A server that runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Its process number.
    pub pid: Option<u32>,
    /// When it took the lock.
    pub since: Option<Time>,
}

fn locked(tried: std::result::Result<(), TryLockError>, path: &Path) -> Result<bool> {
    match tried {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => {
            Err(Error::internal(format!("{} cannot be locked", path.display())).with_source(error))
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "a lock of another process can only be polled")]
fn pause() {
    thread::sleep(Duration::from_millis(10));
}

/// Held by everyone who has the database open, together.
#[derive(Debug)]
pub(super) struct InUse {
    // Locks belong to the open file.
    _file: File,
}

impl InUse {
    /// Joins those who have it open; refused while a copy is put in its place.
    pub(super) fn join(folder: &Path) -> Result<Self> {
        let path = folder.join(USE_NAME);
        let file = files::open_private_file(&path)?;
        if locked(file.try_lock_shared(), &path)? {
            return Ok(Self { _file: file });
        }
        Err(Error::busy("the database is being replaced by a copy of it")
            .with_next("try again when `mcpcodex db restore` has ended"))
    }
}

/// Held by whoever replaces the database: nobody else has it open.
#[derive(Debug)]
pub(super) struct Alone {
    _file: File,
}

impl Alone {
    /// Makes sure of it, or says that others have it open.
    pub(super) fn take(folder: &Path) -> Result<Self> {
        let path = folder.join(USE_NAME);
        let file = files::open_private_file(&path)?;
        if locked(file.try_lock(), &path)? {
            return Ok(Self { _file: file });
        }
        Err(Error::conflict(format!(
            "another mcpcodex has the database in {} open",
            folder.display()
        ))
        .with_next("leave the console and let other commands end, then try again"))
    }
}

impl Drop for ServeLock {
    fn drop(&mut self) {
        // Closing alone would leave the lock to a child process that was just being started.
        self.file.unlock().ok();
    }
}

fn taken(folder: &Path, path: &Path) -> Error {
    let holder = fs::read_to_string(path)
        .ok()
        .and_then(|text| text.trim().parse::<u32>().ok())
        .map_or_else(String::new, |pid| format!(" (process {pid})"));
    Error::conflict(format!("a server is already running on {}{holder}", folder.display()))
        .with_next("stop it first, or give this server another storage.data_dir")
}
