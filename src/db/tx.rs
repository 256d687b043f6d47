//! What a transaction offers: statements in, typed rows out, and the one moment it happens at.
//! SQL text lives in `store`; beginning and ending is done by `writer` and `reader`.

use std::{cell::RefCell, ops::Deref, sync::Arc};

use rusqlite::{Connection, OptionalExtension};

use super::{
    Params, Row, RowResult, fault,
    kept::{Kept, remembered},
};
use crate::{
    error::{Error, Result},
    time::Time,
};

/// A view of the database at one moment.
pub struct Read<'c> {
    conn: &'c Connection,
    kept: Option<&'c RefCell<Kept>>,
    /// The moment this transaction happens at; read once.
    pub now: Time,
}

impl<'c> Read<'c> {
    pub(super) fn new(conn: &'c Connection, now: Time) -> Self {
        Self { conn, kept: None, now }
    }

    pub(super) fn keeping(conn: &'c Connection, kept: &'c RefCell<Kept>, now: Time) -> Self {
        Self { conn, kept: Some(kept), now }
    }

    /// What `load` reads, or what it read before on this connection if nothing in the database has changed since, in
    /// whatever process. It must follow from `what`, `key` and the rows alone, and not from the time. In a transaction that
    /// writes it is always read.
    pub fn remembered<T: Clone + Send + 'static>(
        &self,
        what: &'static str,
        key: &str,
        load: impl FnOnce() -> Result<T>,
    ) -> Result<T> {
        match self.kept {
            Some(kept) => remembered(kept, (what, key), load),
            None => load(),
        }
    }

    /// The first row of the answer, if there is one. With `returning`, every row is changed all the same.
    pub fn one<T>(
        &self,
        sql: &str,
        params: impl Params,
        map: impl FnOnce(&Row<'_>) -> RowResult<T>,
    ) -> Result<Option<T>> {
        self.conn
            .prepare_cached(sql)
            .and_then(|mut statement| statement.query_row(params, map).optional())
            .map_err(|error| fault::in_statement(&error, sql))
    }

    /// Every row of the answer, in the order of the statement.
    pub fn all<T>(
        &self,
        sql: &str,
        params: impl Params,
        map: impl FnMut(&Row<'_>) -> RowResult<T>,
    ) -> Result<Vec<T>> {
        self.conn
            .prepare_cached(sql)
            .and_then(|mut statement| statement.query_map(params, map)?.collect())
            .map_err(|error| fault::in_statement(&error, sql))
    }
}

/// A transaction that may change things. What is read here is what it would change.
pub struct Write<'c> {
    read: Read<'c>,
    mac: Option<&'c Mac>,
}

/// A keyed hash for whoever writes: what a change seals can be told from what somebody wrote into the file.
pub type Mac = Arc<dyn Fn(&[u8]) -> [u8; 32] + Send + Sync>;

impl<'c> Write<'c> {
    pub(super) fn new(conn: &'c Connection, now: Time, mac: Option<&'c Mac>) -> Self {
        Self { read: Read::new(conn, now), mac }
    }

    /// The keyed hash of some bytes; none when the database was opened without the installation's key.
    pub fn mac(&self, bytes: &[u8]) -> Option<[u8; 32]> {
        self.mac.map(|mac| mac(bytes))
    }

    /// Runs a statement and says how many rows it changed.
    pub fn exec(&self, sql: &str, params: impl Params) -> Result<usize> {
        self.conn
            .prepare_cached(sql)
            .and_then(|mut statement| statement.execute(params))
            .map_err(|error| fault::in_statement(&error, sql))
    }

    /// Runs a statement that must change exactly one row; anything else is a fault of ours.
    pub fn exec_one(&self, sql: &str, params: impl Params) -> Result<()> {
        match self.exec(sql, params)? {
            1 => Ok(()),
            n => Err(Error::internal(format!(
                "a statement changed {n} rows instead of one: {}",
                fault::squeezed(sql)
            ))),
        }
    }
}

impl<'c> Deref for Write<'c> {
    type Target = Read<'c>;

    fn deref(&self) -> &Self::Target {
        &self.read
    }
}
