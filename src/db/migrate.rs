//! Which schema a file has and how it comes to ours: numbered scripts, each run once, all in one transaction.
//! The scripts themselves are `migrations/*.sql`; they are only ever added to.

use std::path::Path;

use rusqlite::Connection;

use super::fault;
use crate::error::{Error, Result};

/// A script's name and its SQL.
pub type Migration = (&'static str, &'static str);

/// Every script there is, in order; `user_version` counts those that a file has had.
pub const MIGRATIONS: &[Migration] = &[
    ("0001_initial", include_str!("migrations/0001_initial.sql")),
    ("0002_passkeys", include_str!("migrations/0002_passkeys.sql")),
    ("0003_messages", include_str!("migrations/0003_messages.sql")),
    ("0004_policy", include_str!("migrations/0004_policy.sql")),
    ("0005_clients_and_resources", include_str!("migrations/0005_clients_and_resources.sql")),
    ("0006_documents", include_str!("migrations/0006_documents.sql")),
    ("0007_registration", include_str!("migrations/0007_registration.sql")),
    ("0008_signing_keys", include_str!("migrations/0008_signing_keys.sql")),
    ("0009_grants", include_str!("migrations/0009_grants.sql")),
    ("0010_requests", include_str!("migrations/0010_requests.sql")),
    ("0011_traces", include_str!("migrations/0011_traces.sql")),
    ("0012_tokens", include_str!("migrations/0012_tokens.sql")),
    ("0013_clients_own_words", include_str!("migrations/0013_clients_own_words.sql")),
    ("0014_stories", include_str!("migrations/0014_stories.sql")),
    ("0015_newcomers", include_str!("migrations/0015_newcomers.sql")),
    ("0016_api_keys", include_str!("migrations/0016_api_keys.sql")),
    ("0017_audit_chain", include_str!("migrations/0017_audit_chain.sql")),
    ("0018_api", include_str!("migrations/0018_api.sql")),
    ("0019_providers", include_str!("migrations/0019_providers.sql")),
];

/// Marks a file as ours (`application_id`), so that no other program's database is ever migrated: "mcpx".
const APPLICATION_ID: i64 = 0x6d63_7078;

/// What a file says about itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    application: i64,
    version: i64,
    empty: bool,
}

impl Stamp {
    /// Reads it as of one moment: between two statements another process may finish its first migration.
    pub(super) fn read(conn: &Connection) -> rusqlite::Result<Self> {
        if !conn.is_autocommit() {
            return Self::read_here(conn);
        }
        conn.execute_batch("begin deferred")?;
        let stamp = Self::read_here(conn);
        conn.execute_batch("rollback")?;
        stamp
    }

    fn read_here(conn: &Connection) -> rusqlite::Result<Self> {
        let number = |sql: &str| conn.query_row(sql, [], |row| row.get::<_, i64>(0));
        let application = number("pragma application_id")?;
        let version = number("pragma user_version")?;
        // Asked only where it matters, since it reads more than the file's header.
        let empty =
            application == 0 && version == 0 && number("select count(*) from sqlite_schema")? == 0;
        Ok(Self { application, version, empty })
    }

    /// Refuses a file that is somebody else's or from a later release; else how many scripts it has had.
    pub(super) fn judge(self, path: &Path, known: &[Migration]) -> Result<usize> {
        if self.empty {
            return Ok(0);
        }
        let ours = self.application == APPLICATION_ID;
        match usize::try_from(self.version) {
            Ok(version) if ours && version <= known.len() => Ok(version),
            Ok(version) if ours => Err(Error::conflict(format!(
                "{} was written by a newer mcpcodex: its schema is version {version}, this program knows up to {}",
                path.display(),
                known.len()
            ))
            .with_next("run the newer mcpcodex, or restore a backup made before the upgrade")),
            _ => Err(Error::conflict(format!("{} belongs to another program", path.display()))
                .with_next("point storage.data_dir at another folder")),
        }
    }
}

/// Brings the file to the newest schema; several processes may do so at once, and one does the work.
pub(super) fn migrate(conn: &Connection, path: &Path, known: &[Migration]) -> Result<()> {
    let at = |error| fault::opening(path, error);
    // Looking first spares a process that finds nothing to do the wait for the write lock.
    if Stamp::read(conn).map_err(at)?.judge(path, known)? == known.len() && !known.is_empty() {
        return Ok(());
    }
    conn.execute_batch("begin immediate").map_err(at)?;
    let done = run(conn, path, known).and_then(|()| conn.execute_batch("commit").map_err(at));
    if done.is_err() && !conn.is_autocommit() {
        conn.execute_batch("rollback").map_err(at)?;
    }
    done
}

fn run(conn: &Connection, path: &Path, known: &[Migration]) -> Result<()> {
    let at = |error| fault::opening(path, error);
    // Another process may have migrated while this one waited for the lock.
    let had = Stamp::read(conn).map_err(at)?.judge(path, known)?;
    for (name, sql) in known.iter().skip(had) {
        let failed = |why: String| {
            Error::internal(format!(
                "the schema of {} could not be brought to {name}",
                path.display()
            ))
            .with_next("nothing was changed; report this with the log")
            .with_source(why)
        };
        conn.execute_batch(sql).map_err(|error| failed(error.to_string()))?;
        if conn.is_autocommit() {
            return Err(failed("the script ended the transaction".to_owned()));
        }
    }
    conn.execute_batch(&format!(
        "pragma application_id = {APPLICATION_ID}; pragma user_version = {}",
        known.len()
    ))
    .map_err(at)?;
    // Foreign keys are off while scripts run, so that a table can be rebuilt; so they are checked here.
    let dangling = conn
        .query_row("select count(*) from pragma_foreign_key_check", [], |row| row.get::<_, i64>(0))
        .map_err(at)?;
    if dangling > 0 {
        return Err(Error::internal(format!(
            "the schema of {} could not be upgraded: {dangling} rows would refer to nothing",
            path.display()
        ))
        .with_next("nothing was changed; report this with the log"));
    }
    Ok(())
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt};

    use super::*;
    use crate::{
        db::{Db, Options},
        error::Kind,
    };

    #[test]
    fn database_of_another_program_is_refused_untouched() {
        let temp = tempfile::tempdir().unwrap();
        let folder = temp.path().join("data");
        fs::create_dir(&folder).unwrap();
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).unwrap();
        for script in [
            "create table photos (id integer)",
            "pragma user_version = 1",
            "pragma user_version = -1",
            "pragma application_id = 7; create table photos (id integer)",
        ] {
            let options = Options::in_folder(&folder);
            let path = options.path.clone();
            Connection::open(&path).unwrap().execute_batch(script).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
            let before = fs::read(&path).unwrap();

            let error = Db::open(options).unwrap_err();
            assert_eq!(error.kind(), Kind::Conflict, "{script}");
            assert!(error.to_string().ends_with("belongs to another program"), "{error}");
            assert!(fs::read(&path).unwrap() == before, "{script}");
            assert_eq!(fs::read_dir(&folder).unwrap().count(), 1, "{script}");
            fs::remove_file(&path).unwrap();
        }
    }
}
