//! What SQLite reports, in the program's own words and with what to do about it.
//! Retrying, rolling back and refusing are decided where the fault happens, not here.

use std::{path::Path, time::Duration};

use rusqlite::ErrorCode;

use crate::error::Error;

/// How a fault names the database when its path says nothing to the person.
const DATABASE: &str = "the database";

/// The words for a lock that another process does not give back in time.
pub(super) const BUSY: &str = "the database is busy: another process holds the write lock";

/// When a full disk is worth another try: someone has to make room first.
const FULL: Duration = Duration::from_secs(30);

/// Turns a fault of a statement into an error; the cause names the statement, which never holds values.
pub(super) fn in_statement(error: &rusqlite::Error, sql: &str) -> Error {
    describe(error, DATABASE).with_source(format!("{error} in `{}`", squeezed(sql)))
}

/// Turns a fault outside of any one statement into an error.
pub(super) fn general(error: rusqlite::Error) -> Error {
    describe(&error, DATABASE).with_source(error)
}

/// Turns a fault met while opening `path` into an error that names the path.
pub(super) fn opening(path: &Path, error: rusqlite::Error) -> Error {
    describe(&error, &path.display().to_string()).with_source(error)
}

/// Turns a failed COMMIT into the error that each of the changes in it gets.
///
/// A broken constraint shows only now when it is a deferred one, and then nobody can say whose it was.
pub(super) fn committing(error: &rusqlite::Error) -> Error {
    if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) {
        return lost().with_source(error.to_string());
    }
    describe(error, DATABASE).with_source(error.to_string())
}

/// The error of a change that was right in itself and went down with the transaction it was in.
pub(super) fn lost() -> Error {
    Error::internal("the change was not saved, because another one saved with it failed")
        .with_next("try again")
}

/// One line of SQL, for a log.
pub(super) fn squeezed(sql: &str) -> String {
    sql.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn describe(error: &rusqlite::Error, file: &str) -> Error {
    let rusqlite::Error::SqliteFailure(failure, detail) = error else {
        return describe_use(error);
    };
    #[expect(clippy::wildcard_enum_match_arm, reason = "the rest are faults of ours, one answer")]
    match failure.code {
        ErrorCode::ConstraintViolation => {
            Error::conflict(constraint(failure.extended_code, detail.as_deref().unwrap_or("")))
        }
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => Error::busy(BUSY),
        ErrorCode::DiskFull => Error::internal("the disk is full: the change was not saved")
            .with_next("free some space on the disk that holds the data folder, then try again")
            .with_retry_after(FULL),
        ErrorCode::ReadOnly => Error::internal(format!("{file} cannot be written to"))
            .with_next("check who owns the data folder and its files, and that the disk is not mounted read-only"),
        ErrorCode::NotADatabase => Error::internal(format!("{file} is not a SQLite database"))
            .with_next("point storage.data_dir at another folder, or restore a backup"),
        ErrorCode::DatabaseCorrupt => Error::internal(format!("{file} is damaged"))
            .with_next("stop every mcpcodex on this data folder, keep a copy of it, and restore a backup"),
        ErrorCode::CannotOpen | ErrorCode::PermissionDenied => {
            Error::internal(format!("{file} cannot be opened"))
                .with_next("check who owns the data folder and its files")
        }
        ErrorCode::SystemIoFailure => {
            Error::internal(format!("the disk reported a fault while {file} was used"))
                .with_next("look at the system's log for disk errors")
        }
        ErrorCode::TooBig => Error::conflict("a value is too long to be stored"),
        ErrorCode::OutOfMemory => Error::internal("the database ran out of memory"),
        _ => Error::internal("the database refused a statement"),
    }
}

/// Faults that rusqlite itself reports: a row or a statement is not what the code expects.
fn describe_use(error: &rusqlite::Error) -> Error {
    use rusqlite::Error as E;
    #[expect(clippy::wildcard_enum_match_arm, reason = "the rest are faults of ours, one answer")]
    match error {
        E::FromSqlConversionFailure(..)
        | E::IntegralValueOutOfRange(..)
        | E::Utf8Error(..)
        | E::InvalidColumnType(..) => Error::internal("a stored row cannot be read"),
        _ => Error::internal("a statement does not fit the database"),
    }
}

/// A sentence without SQL for a broken constraint; `detail` is SQLite's `UNIQUE constraint failed: users.email, …`.
fn constraint(extended: i32, detail: &str) -> String {
    use rusqlite::ffi;
    match extended {
        ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY => {
            let columns = detail.rsplit_once(": ").map_or("", |(_, columns)| columns);
            let names: Vec<_> = columns
                .split(", ")
                .filter_map(|column| column.rsplit('.').next())
                .filter(|name| !name.is_empty())
                .collect();
            if names.is_empty() {
                "it exists already".to_owned()
            } else {
                format!(
                    "one with the same {} exists already",
                    names.join(" and ").replace('_', " ")
                )
            }
        }
        ffi::SQLITE_CONSTRAINT_FOREIGNKEY => {
            "something it refers to does not exist, or something still refers to it".to_owned()
        }
        _ => "the change breaks a rule of the database".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::{Connection, ffi};

    use super::*;
    use crate::error::Kind;

    fn failure(code: i32) -> rusqlite::Error {
        rusqlite::Error::SqliteFailure(ffi::Error::new(code), None)
    }

    #[test]
    fn faults_of_the_machine_say_what_to_do_next() {
        for code in [
            ffi::SQLITE_FULL,
            ffi::SQLITE_READONLY_DBMOVED,
            ffi::SQLITE_NOTADB,
            ffi::SQLITE_CORRUPT_VTAB,
            ffi::SQLITE_CANTOPEN,
            ffi::SQLITE_IOERR_FSYNC,
        ] {
            let error = general(failure(code));
            assert_eq!(error.kind(), Kind::Internal, "{code}");
            assert!(error.next().is_some(), "{code} has no next step");
            assert!(!error.to_string().to_lowercase().contains("error code"), "{error}");
        }
    }

    #[test]
    fn every_sort_of_lock_is_busy_and_worth_a_retry() {
        for code in [ffi::SQLITE_BUSY, ffi::SQLITE_BUSY_RECOVERY, ffi::SQLITE_LOCKED] {
            let error = general(failure(code));
            assert_eq!(error.kind(), Kind::Busy);
            assert!(error.retry_after().is_some());
        }
    }

    #[test]
    fn broken_constraint_is_a_conflict_without_table_names() {
        let conn = Connection::open_in_memory().unwrap();
        conn.execute_batch("create table people (id integer primary key, user_name text unique)")
            .unwrap();
        let sql = "insert into people (user_name) values (?1)";
        conn.execute(sql, ["ann"]).unwrap();
        let error = in_statement(&conn.execute(sql, ["ann"]).unwrap_err(), sql);
        assert_eq!(error.kind(), Kind::Conflict);
        assert_eq!(error.to_string(), "one with the same user name exists already");
    }

    #[test]
    fn nobody_is_blamed_for_a_constraint_that_breaks_at_commit() {
        let error = committing(&failure(ffi::SQLITE_CONSTRAINT_FOREIGNKEY));
        assert_eq!(error.kind(), Kind::Internal);
    }
}
