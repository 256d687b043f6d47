//! How our own leaf types stand in a column, and how a row that cannot be is reported.

use rusqlite::{
    Error, ToSql,
    types::{FromSql, FromSqlResult, ToSqlOutput, Type, ValueRef},
};

use crate::time::Time;

impl ToSql for Time {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::from(self.millis()))
    }
}

impl FromSql for Time {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        value.as_i64().map(Self::from_millis)
    }
}

/// The error of a row whose column holds what no code of ours writes: names table, column and value.
pub fn inconsistent(table_column: &'static str, value: &str) -> Error {
    Error::FromSqlConversionFailure(
        0,
        Type::Text,
        format!("{table_column} holds \"{value}\", which it never should").into(),
    )
}
