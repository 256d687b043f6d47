//! What stands in the database before an act and after it: a refusal must leave everything as it was.

use std::collections::{BTreeMap, BTreeSet};

use mcpcodex::{
    db::{Db, Read},
    error::Result,
    model::audit::EventRow,
    ops,
};

use super::operator;

/// Tables that tell of what was done and do nothing.
const TELL: [&str; 2] = ["audit_events", "traces"];

/// Every row of every table at one moment.
pub(crate) struct Rows {
    tables: BTreeMap<String, BTreeSet<String>>,
    last: Option<i64>,
}

/// What became different since.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Change {
    /// Tables in which a row came, went or was changed, but for those that only tell.
    pub(crate) tables: Vec<String>,
    /// Names of the audit events, oldest first.
    pub(crate) events: Vec<String>,
}

/// Compares with what a test names: tables, then events.
impl PartialEq<(&[&str], &[&str])> for Change {
    fn eq(&self, (tables, events): &(&[&str], &[&str])) -> bool {
        self.tables == *tables && self.events == *events
    }
}

/// Not a row is different and no event was written.
pub(crate) const NOTHING: (&[&str], &[&str]) = (&[], &[]);

impl Rows {
    /// As they are now.
    pub(crate) fn of(db: &Db) -> Self {
        let tables = db.read(every).unwrap();
        let last = events(db).first().map(|row| row.id);
        Self { tables, last }
    }

    /// What is different now.
    pub(crate) fn since(&self, db: &Db) -> Change {
        let now = db.read(every).unwrap();
        let differs = |name: &&String| self.tables.get(*name) != now.get(*name);
        let tables = now.keys().filter(differs).cloned().collect();
        let new = events(db).into_iter().take_while(|row| Some(row.id) != self.last);
        let mut events: Vec<String> = new.map(|row| row.event).collect();
        events.reverse();
        Change { tables, events }
    }
}

fn events(db: &Db) -> Vec<EventRow> {
    db.read(|r| ops::audit::newest(r, &operator(), None, 10_000)).unwrap()
}

fn every(r: &Read<'_>) -> Result<BTreeMap<String, BTreeSet<String>>> {
    let names = "select name from sqlite_master where type = 'table' and name not like 'sqlite_%'";
    let names: Vec<String> = r.all(names, [], |row| row.get(0))?;
    let told = |name: &String| !TELL.contains(&name.as_str());
    names.into_iter().filter(told).map(|name| Ok((name.clone(), rows(r, &name)?))).collect()
}

/// Each row as SQL would write it, which is the same text only for the same values.
fn rows(r: &Read<'_>, table: &str) -> Result<BTreeSet<String>> {
    let columns: Vec<String> =
        r.all("select name from pragma_table_info(?1)", [table], |row| row.get(0))?;
    let quoted: Vec<String> = columns.iter().map(|name| format!("quote(\"{name}\")")).collect();
    let all = format!("select {} from \"{table}\"", quoted.join(" || ',' || "));
    Ok(r.all(&all, [], |row| row.get(0))?.into_iter().collect())
}
