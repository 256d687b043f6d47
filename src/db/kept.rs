//! Rows that a connection has read, kept as long as nothing was committed since. SQLite tells that by itself: the number
//! behind `pragma data_version` changes on a connection when any other wrote, in whatever process, and it is asked inside
//! of the snapshot for which the rows are used. So what is kept is never older than what would be read.

use std::{
    any::{Any, TypeId},
    cell::RefCell,
    collections::HashMap,
    fmt,
};

use rusqlite::Connection;

/// Beyond it all are forgotten: those that are asked for again come back at once.
const MOST: usize = 256;
/// No id of ours is as long; what strangers ask for may be.
const LONGEST_KEY: usize = 300;

type Rows = HashMap<(TypeId, &'static str), HashMap<String, Box<dyn Any + Send>>>;

/// What one connection keeps. One that writes keeps nothing: its own changes do not change its number.
#[derive(Default)]
pub(super) struct Kept {
    version: Option<i64>,
    count: usize,
    rows: Rows,
}

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kept").field("version", &self.version).finish_non_exhaustive()
    }
}

impl Kept {
    /// Forgets everything if this snapshot of the connection is another than last time.
    pub(super) fn refresh(&mut self, conn: &Connection) -> rusqlite::Result<()> {
        let version: i64 = conn
            .prepare_cached("pragma data_version")?
            .query_row([], |row| row.get(0))
            .inspect_err(|_| self.forget(None))?;
        if self.version != Some(version) {
            self.forget(Some(version));
        }
        Ok(())
    }

    fn forget(&mut self, version: Option<i64>) {
        self.version = version;
        self.count = 0;
        self.rows.clear();
    }

    fn get<T: Clone + 'static>(&self, what: &'static str, key: &str) -> Option<T> {
        let row = self.rows.get(&(TypeId::of::<T>(), what))?.get(key)?;
        row.downcast_ref::<T>().cloned()
    }

    fn put<T: Clone + Send + 'static>(&mut self, what: &'static str, key: &str, row: &T) {
        if key.len() > LONGEST_KEY {
            return;
        }
        if self.count >= MOST {
            self.forget(self.version);
        }
        let of = self.rows.entry((TypeId::of::<T>(), what)).or_default();
        if of.insert(key.to_owned(), Box::new(row.clone())).is_none() {
            self.count += 1;
        }
    }
}

/// What is kept, or else what `load` reads, which is kept from then on.
pub(super) fn remembered<T: Clone + Send + 'static, E>(
    kept: &RefCell<Kept>,
    (what, key): (&'static str, &str),
    load: impl FnOnce() -> Result<T, E>,
) -> Result<T, E> {
    // Borrowed for a moment each time: to load one row others may be asked for.
    if let Some(row) = kept.borrow().get(what, key) {
        return Ok(row);
    }
    let row = load()?;
    kept.borrow_mut().put(what, key, &row);
    Ok(row)
}
