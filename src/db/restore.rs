//! Putting a copy in the place of the database: alone, looked over first, in one step, with the old one kept aside.
//! What must not come back to life with an old copy is for `ops`.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::{
    FILE_NAME, ServeLock, connect,
    copy::{self, Copied, Told},
    files,
    lock::Alone,
};
use crate::error::{Error, Result};

/// Where the new database is made ready, in the data folder: so that it is on the same disk.
const FOLDER: &str = "restore";

/// A restore under way. Until [`Restoring::swap`] the database is as it was, wherever the process ends.
#[derive(Debug)]
pub struct Restoring {
    folder: PathBuf,
    draft: PathBuf,
    // As long as these are held no server starts and no other process opens the database.
    _serve: ServeLock,
    _alone: Alone,
}

impl Restoring {
    /// Makes sure that nobody uses the data folder, and that nobody will.
    pub fn begin(folder: &Path) -> Result<Self> {
        let serve = ServeLock::acquire(folder)?;
        let folder = files::private_folder(folder)?;
        let alone = Alone::take(&folder)?;
        let place = folder.join(FOLDER);
        // What an end by force left behind.
        match fs::remove_dir_all(&place) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(stuck(&place, error)),
        }
        let place = files::private_folder(&place)?;
        Ok(Self { folder, draft: place.join(FILE_NAME), _serve: serve, _alone: alone })
    }

    /// Copies the file to restore to where it can be made ready, and looks it over.
    pub fn bring(&self, from: &Path, told: Told<'_>) -> Result<Copied> {
        copy::examine(from)?;
        let source = copy::open(from)?;
        files::private_file(&self.draft)?;
        copy::copy(&source, &self.draft, told)?;
        copy::examine(&self.draft)
    }

    /// The copy that is made ready.
    pub fn draft(&self) -> &Path {
        &self.draft
    }

    /// The database as it is so far.
    pub fn database(&self) -> PathBuf {
        self.folder.join(FILE_NAME)
    }

    /// Puts the copy in the place of the database; the old one stays as a file of that name. Gives that file, if there
    /// was an old one. The copy must be closed.
    pub fn swap(self, kept: &str) -> Result<Option<PathBuf>> {
        let (database, kept) = (self.database(), self.folder.join(kept));
        for suffix in ["-wal", "-journal"] {
            if fs::metadata(files::beside(&self.draft, suffix)).is_ok_and(|found| found.len() > 0) {
                return Err(Error::internal("the copy was not closed; nothing was restored"));
            }
        }
        let had = fs::symlink_metadata(&database).is_ok();
        if had {
            // A log that stays behind would be taken for the new database's.
            if connect::fold(&database).is_err() {
                set_aside(&database, &kept, "-wal")?;
                set_aside(&database, &kept, "-shm")?;
                set_aside(&database, &kept, "-journal")?;
            }
            fs::hard_link(&database, &kept).map_err(|error| stuck(&kept, error))?;
            copy::sync(&self.folder)?;
        }
        fs::rename(&self.draft, &database).map_err(|error| stuck(&database, error))?;
        copy::sync(&self.folder)?;
        // Only a folder of ours is left, and the next restore would remove it.
        drop(fs::remove_dir_all(self.folder.join(FOLDER)));
        Ok(had.then_some(kept))
    }
}

fn set_aside(database: &Path, kept: &Path, suffix: &str) -> Result<()> {
    match fs::rename(files::beside(database, suffix), files::beside(kept, suffix)) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(stuck(database, error)),
    }
}

fn stuck(path: &Path, error: io::Error) -> Error {
    Error::internal(format!("{} cannot be replaced: {}", path.display(), error.kind()))
        .with_next("check who owns the data folder, and that the disk has room")
        .with_source(error)
}
