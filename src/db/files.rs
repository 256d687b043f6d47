//! Who may read the data folder and what is in it: the owner, nobody else.
//! What is inside of the files is for `connect` and `migrate`.

use std::{
    ffi::OsString,
    fs::{self, DirBuilder, File, Metadata, OpenOptions},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use zeroize::Zeroizing;

use crate::error::{Error, Result};

/// Makes the folder for its owner only, or checks that it is so; gives its real path.
///
/// A symbolic link to a folder is followed, and then it is the folder that must be private.
pub(super) fn private_folder(folder: &Path) -> Result<PathBuf> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).map_err(|error| unusable(folder, "cannot be made", error))?;

    let real = folder.canonicalize().map_err(|error| unusable(folder, "cannot be read", error))?;
    let found = fs::metadata(&real).map_err(|error| unusable(folder, "cannot be read", error))?;
    refuse_wider(&real, &found, "700")?;
    Ok(real)
}

/// Makes an empty file for its owner only, or checks that it is so; true when it was made now.
pub(super) fn private_file(path: &Path) -> Result<bool> {
    // Made empty first, since SQLite would make it with whatever the umask leaves open.
    match private(OpenOptions::new().write(true).create_new(true)).open(path) {
        Ok(_made) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            check_file(path)?;
            Ok(false)
        }
        Err(error) => Err(unusable(path, "cannot be made", error)),
    }
}

/// Opens a private file for writing without emptying it, and makes it when it is not there.
pub(super) fn open_private_file(path: &Path) -> Result<File> {
    private_file(path)?;
    private(OpenOptions::new().read(true).write(true))
        .open(path)
        .map_err(|error| unusable(path, "cannot be opened", error))
}

/// Checks a file that may be there: a plain one, no link, for its owner only.
pub(super) fn check_file(path: &Path) -> Result<()> {
    let found = match fs::symlink_metadata(path) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(unusable(path, "cannot be read", error)),
    };
    if !found.is_file() {
        // Following a link could open, or make wider, a file that somebody else chose.
        let what = if found.is_symlink() { "a symbolic link" } else { "not a plain file" };
        return Err(Error::denied(format!("{} is {what}", path.display())).with_next(
            "link the folder instead of the file, or move the file into the data folder",
        ));
    }
    refuse_wider(path, &found, "600")
}

/// The file that SQLite keeps beside the database, `-wal` or `-shm`.
pub(super) fn beside(database: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(database);
    name.push(suffix);
    name.into()
}

/// Reads a private file whole; none when there is no such file.
pub fn read_private(path: &Path) -> Result<Option<Zeroizing<String>>> {
    check_file(path)?;
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(Zeroizing::new(text))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(unusable(path, "cannot be read", error)),
    }
}

/// Makes a private file with this content, whole or not at all; false when there is one already.
pub fn create_private(path: &Path, content: &[u8]) -> Result<bool> {
    let fail = |error| unusable(path, "cannot be made", error);
    let draft = beside(path, &format!(".{}", std::process::id()));
    let written = private(OpenOptions::new().write(true).create_new(true))
        .open(&draft)
        .and_then(|mut file| file.write_all(content).and_then(|()| file.sync_all()));
    // A link is made in one step and never over a file that is there, so nobody reads half a file.
    let linked = written.and_then(|()| fs::hard_link(&draft, path));
    fs::remove_file(&draft).map_err(fail)?;
    match linked {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(fail(error)),
    }
}

/// Writes a private file anew, whole or not at all, over the one that was there.
pub fn replace_private(path: &Path, content: &[u8]) -> Result<()> {
    check_file(path)?;
    let draft = beside(path, &format!(".{}", std::process::id()));
    private(OpenOptions::new().write(true).create(true).truncate(true))
        .open(&draft)
        .and_then(|mut file| file.write_all(content).and_then(|()| file.sync_all()))
        .and_then(|()| fs::rename(&draft, path))
        .map_err(|error| unusable(path, "cannot be written", error))
}

fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

#[cfg(unix)]
fn refuse_wider(path: &Path, found: &Metadata, wanted: &str) -> Result<()> {
    let mode = std::os::unix::fs::PermissionsExt::mode(&found.permissions()) & 0o7777;
    let others = mode & 0o077;
    if others == 0 {
        return Ok(());
    }
    Err(Error::denied(format!(
        "{} is open to other users of this machine (mode {mode:04o})",
        path.display()
    ))
    .with_next(format!("chmod {wanted} {}", quoted(path))))
}

#[cfg(not(unix))]
fn refuse_wider(_path: &Path, _found: &Metadata, _wanted: &str) -> Result<()> {
    Ok(())
}

/// The path as a shell takes it.
#[cfg(unix)]
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    if text.chars().all(|c| c.is_ascii_alphanumeric() || "/._-+@".contains(c)) {
        text
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

fn unusable(path: &Path, how: &str, error: io::Error) -> Error {
    Error::internal(format!("{} {how}: {}", path.display(), error.kind()))
        .with_next("check who owns the folder it is in, or set storage.data_dir")
        .with_source(error)
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;
    use crate::error::Kind;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn new_folders_and_their_parents_are_for_the_owner_only() {
        let temp = tempfile::tempdir().unwrap();
        let folder = temp.path().join("a").join("b");
        private_folder(&folder).unwrap();
        assert_eq!((mode(&folder), mode(&temp.path().join("a"))), (0o700, 0o700));
    }

    #[test]
    fn wider_folder_is_refused_and_the_next_step_mends_it() {
        let temp = tempfile::tempdir().unwrap();
        let folder = temp.path().join("it's here");
        fs::create_dir(&folder).unwrap();
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o750)).unwrap();
        let error = private_folder(&folder).unwrap_err();
        assert_eq!(error.kind(), Kind::Denied);
        assert!(error.to_string().contains("0750"), "{error}");

        let mended = std::process::Command::new("sh").args(["-c", error.next().unwrap()]).status();
        assert!(mended.unwrap().success());
        private_folder(&folder).unwrap();
    }

    #[test]
    fn link_in_place_of_a_file_is_refused_and_its_target_left_alone() {
        let temp = tempfile::tempdir().unwrap();
        let (target, link) = (temp.path().join("target"), temp.path().join("link"));
        symlink(&target, &link).unwrap();
        assert_eq!(private_file(&link).unwrap_err().kind(), Kind::Denied);
        assert!(!target.exists());
    }
}
