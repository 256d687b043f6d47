//! One server per data folder: an advisory lock that ends with the process that holds it.
//! The console and the command line take no part in it; between processes SQLite's own locks keep the data right.

use std::{
    fs::{self, File, TryLockError},
    io::Write as _,
    path::{Path, PathBuf},
    process,
    time::SystemTime,
};

use super::files;
use crate::error::{Error, Result};

/// The name of the lock file in the data folder.
pub const LOCK_NAME: &str = "serve.lock";

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
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(taken(&folder, &path)),
            Err(TryLockError::Error(error)) => {
                return Err(Error::internal(format!("{} cannot be locked", path.display()))
                    .with_source(error));
            }
        }
        // The number is a help to people, nothing depends on it.
        file.set_len(0).and_then(|()| writeln!(file, "{}", process::id())).map_err(|error| {
            Error::internal(format!("{} cannot be written", path.display())).with_source(error)
        })?;
        Ok(Self { file, path })
    }

    /// Which process serves the data folder now, and since when; none when nobody does.
    pub fn holder(folder: &Path) -> Option<(u32, Option<SystemTime>)> {
        let path = folder.join(LOCK_NAME);
        let pid: u32 = fs::read_to_string(&path).ok()?.trim().parse().ok()?;
        let process = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw)?;
        // Only where that process lives the lock is tried: a server that starts meanwhile must find it free.
        if rustix::process::test_kill_process(process) == Err(rustix::io::Errno::SRCH) {
            return None;
        }
        let file = File::open(&path).ok()?;
        let held = matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock));
        held.then(|| (pid, file.metadata().and_then(|found| found.modified()).ok()))
    }

    /// The lock file; it stays when the lock is freed, since removing it would let two servers in.
    pub fn path(&self) -> &Path {
        &self.path
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
