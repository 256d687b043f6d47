//! A few read-only connections, lent out one at a time, each for one snapshot.
//! Nothing here can write: the connections are opened that way.

use std::{
    panic::{self, AssertUnwindSafe},
    path::PathBuf,
    time::{Duration, Instant},
};

use parking_lot::{Condvar, Mutex};
use rusqlite::Connection;

use super::{clock::Clock, connect, fault, tx::Read};
use crate::error::{Error, Result};

/// The connections that read; they are opened as they are first needed.
pub(super) struct Pool {
    path: PathBuf,
    limit: usize,
    patience: Duration,
    stock: Mutex<Stock>,
    returned: Condvar,
}

#[derive(Default)]
struct Stock {
    idle: Vec<Connection>,
    open: usize,
}

impl Pool {
    pub(super) fn new(path: PathBuf, limit: usize, patience: Duration) -> Self {
        let stock = Mutex::new(Stock::default());
        Self { path, limit: limit.max(1), patience, stock, returned: Condvar::new() }
    }

    /// Runs `job` in a snapshot that ends with it.
    pub(super) fn read<T>(
        &self,
        clock: &Clock,
        job: impl FnOnce(&Read<'_>) -> Result<T>,
    ) -> Result<T> {
        let conn = self.lend()?;
        // A panic goes on, but not before the connection is back: a lost one would be missed for ever.
        let outcome = panic::catch_unwind(AssertUnwindSafe(|| {
            conn.execute_batch("begin deferred").map_err(fault::general)?;
            job(&Read::new(&conn, clock.now()))
        }));
        self.give_back(conn);
        outcome.unwrap_or_else(|panic| panic::resume_unwind(panic))
    }

    fn lend(&self) -> Result<Connection> {
        let deadline = Instant::now() + self.patience;
        let mut stock = self.stock.lock();
        loop {
            if let Some(conn) = stock.idle.pop() {
                return Ok(conn);
            }
            if stock.open < self.limit {
                stock.open += 1;
                break;
            }
            if self.returned.wait_until(&mut stock, deadline).timed_out() {
                return Err(Error::busy("the database is busy: too many are reading at once"));
            }
        }
        drop(stock);
        connect::reader(&self.path, self.patience).inspect_err(|_| self.shelve(None))
    }

    fn give_back(&self, conn: Connection) {
        // A snapshot left open would stop checkpoints; a connection that cannot end it is closed instead.
        let ended = conn.is_autocommit() || conn.execute_batch("rollback").is_ok();
        self.shelve(ended.then_some(conn));
    }

    fn shelve(&self, conn: Option<Connection>) {
        let mut stock = self.stock.lock();
        match conn {
            Some(conn) => stock.idle.push(conn),
            None => stock.open -= 1,
        }
        drop(stock);
        self.returned.notify_one();
    }
}
