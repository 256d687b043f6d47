//! The database handle: one file, one writer thread, a few readers, and the only clock.
//! Which tables there are and what is asked of them is for `migrations/` and `store`; what to decide is for `ops`.
//!
//! This is the only folder that names rusqlite. A layer above sees [`Db`], [`Read`], [`Write`] and a [`Row`].

pub mod clock;
mod connect;
mod fault;
pub mod files;
pub mod handle;
mod kept;
pub mod lock;
pub mod migrate;
mod reader;
pub mod tx;
mod writer;

use rusqlite::types::{FromSql, FromSqlResult, ToSqlOutput, Type, ValueRef};

pub use clock::Clock;
pub use handle::{Counts, Db, FILE_NAME, Options};
pub use lock::ServeLock;
pub use migrate::{MIGRATIONS, Migration};
pub use rusqlite::{Params, Row, ToSql, params, params_from_iter};
pub use tx::{Mac, Read, Write};

use crate::time::Time;

/// What a row-mapping closure fails with: a column that is missing or does not hold what it should.
pub type RowError = rusqlite::Error;

/// The result of a row-mapping closure, `|row: &Row<'_>| -> RowResult<T>`.
pub type RowResult<T> = Result<T, RowError>;

/// Says that a stored row cannot be: `what` names table and column (never the value), `why` says why.
pub fn unreadable(what: &str, why: impl std::fmt::Display) -> RowError {
    RowError::FromSqlConversionFailure(0, Type::Null, format!("{what}: {why}").into())
}

impl ToSql for Time {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.millis().into())
    }
}

impl FromSql for Time {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        value.as_i64().map(Self::from_millis)
    }
}
