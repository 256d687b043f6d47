//! A few read-only connections, lent out one at a time, each for one snapshot.
//! Nothing here can write: the connections are opened that way.

use std::{
    cell::RefCell,
    panic::{self, AssertUnwindSafe},
    path::PathBuf,
    time::{Duration, Instant},
};

use parking_lot::{Condvar, Mutex};
use rusqlite::Connection;

use super::{clock::Clock, connect, fault, kept::Kept, tx::Read};
use crate::error::{Error, Result};

/// The connections that read; they are opened as they are first needed.
pub(super) struct Pool {
    path: PathBuf,
    limit: usize,
    patience: Duration,
    stock: Mutex<Stock>,
    returned: Condvar,
}

/// A connection with what it keeps.
struct Reader {
    conn: Connection,
    kept: RefCell<Kept>,
}

#[derive(Default)]
struct Stock {
    idle: Vec<Reader>,
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
        let reader = self.lend()?;
        // A panic goes on, but not before the connection is back: a lost one would be missed for ever.
        let outcome = panic::catch_unwind(AssertUnwindSafe(|| {
            let Reader { conn, kept } = &reader;
            // The number is read inside of the snapshot, and begins it.
            run(conn, "begin deferred")
                .and_then(|()| kept.borrow_mut().refresh(conn))
                .map_err(fault::general)?;
            job(&Read::keeping(conn, kept, clock.now()))
        }));
        self.give_back(reader);
        outcome.unwrap_or_else(|panic| panic::resume_unwind(panic))
    }

    fn lend(&self) -> Result<Reader> {
        let deadline = Instant::now() + self.patience;
        let mut stock = self.stock.lock();
        loop {
            if let Some(reader) = stock.idle.pop() {
                return Ok(reader);
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
        let conn = connect::reader(&self.path, self.patience).inspect_err(|_| self.shelve(None))?;
        Ok(Reader { conn, kept: RefCell::default() })
    }

    fn give_back(&self, reader: Reader) {
        // A snapshot left open would stop checkpoints; a connection that cannot end it is closed instead.
        let ended = reader.conn.is_autocommit() || run(&reader.conn, "rollback").is_ok();
        self.shelve(ended.then_some(reader));
    }

    fn shelve(&self, reader: Option<Reader>) {
        let mut stock = self.stock.lock();
        match reader {
            Some(reader) => stock.idle.push(reader),
            None => stock.open -= 1,
        }
        drop(stock);
        self.returned.notify_one();
    }
}

/// Runs a statement that answers nothing, compiled once.
fn run(conn: &Connection, sql: &str) -> rusqlite::Result<()> {
    conn.prepare_cached(sql)?.execute([]).map(drop)
}
