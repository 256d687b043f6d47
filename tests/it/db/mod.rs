//! The database handle from outside: what it promises to its callers, in one process and in several.

mod files;
mod lock;
mod migrate;
mod processes;
mod reader;
mod writer;

use std::{
    path::Path,
    sync::mpsc::{Receiver, Sender, channel},
    thread::JoinHandle,
    time::Duration,
};

use mcpcodex::{
    db::{Clock, Db, Migration, Options, Read, Write, params},
    error::Result,
    time::Time,
};

/// A schema for these tests alone; `links` is what makes a COMMIT fail.
const SCHEMA: &[Migration] = &[(
    "0001_notes",
    "create table notes (id integer primary key, word text not null unique, at integer not null) strict;
     create table links (note integer not null references notes (id) deferrable initially deferred) strict;",
)];

/// As a test process opens a database; the folder is made below `folder`, since a temporary one may be wider.
fn options(folder: &Path) -> Options {
    Options {
        clock: Clock::manual(Time::from_secs(1_000_000)),
        migrations: SCHEMA,
        ..Options::in_folder(&folder.join("data"))
    }
}

fn open(folder: &Path) -> Db {
    Db::open(options(folder)).unwrap()
}

fn impatient(folder: &Path, timeout: Duration) -> Db {
    Db::open(Options { busy_timeout: timeout, ..options(folder) }).unwrap()
}

fn note(tx: &Write<'_>, word: &str) -> Result<()> {
    tx.exec_one("insert into notes (word, at) values (?1, ?2)", params![word, tx.now])
}

fn words(r: &Read<'_>) -> Result<Vec<String>> {
    r.all("select word from notes order by word", [], |row| row.get("word"))
}

fn seen(db: &Db) -> Vec<String> {
    db.read(words).unwrap()
}

/// A job that stands in the writer's thread until it is let go: what is sent meanwhile comes in its group.
struct Held {
    go: Sender<()>,
    thread: JoinHandle<Result<()>>,
}

impl Held {
    fn new(db: &Db) -> Self {
        let (go, wait) = channel::<()>();
        let (started, running): (Sender<()>, Receiver<()>) = channel();
        let db = db.clone();
        let thread = std::thread::spawn(move || {
            db.write_blocking(move |_| {
                started.send(()).unwrap();
                wait.recv().ok();
                Ok(())
            })
        });
        running.recv().unwrap();
        Self { go, thread }
    }

    fn let_go(self) -> Result<()> {
        drop(self.go);
        self.thread.join().unwrap()
    }
}
