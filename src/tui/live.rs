//! Notices that somebody changed the database: a look at a counter twice a second, and nothing else while all is idle.

use std::{
    sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    time::Duration,
};

use super::{
    msg::{Msg, Server},
    worker,
};
use crate::{
    db::{Db, ServeLock},
    error::Result,
    time::Time,
};

/// How often the counter is read.
const EVERY: Duration = Duration::from_millis(500);

/// Each so many beats it is looked whether a server runs.
const LOOKS: u8 = 4;

/// The beat; it stops when this is dropped.
#[derive(Debug)]
pub struct Probe {
    _stop: Sender<()>,
}

impl Probe {
    /// Starts the beat; it goes to `out`.
    pub fn start(db: &Db, out: &Sender<Msg>) -> Result<Self> {
        let (stop, stopped) = channel();
        let (db, out) = (db.clone(), out.clone());
        worker::spawn("console-probe", move || beat(&db, &out, &stopped))?;
        Ok(Self { _stop: stop })
    }
}

fn beat(db: &Db, out: &Sender<Msg>, stopped: &Receiver<()>) {
    let mut last = db.data_version().ok();
    let mut server = Server::Unknown;
    let mut beats: u8 = 0;
    while stopped.recv_timeout(EVERY) == Err(RecvTimeoutError::Timeout) {
        // A counter that cannot be read counts as changed: the question that follows says what is wrong.
        let version = db.data_version().ok();
        let changed = version.is_none() || version != last;
        last = version;
        if beats == 0 {
            let found = look_for_server(db);
            if found != server && out.send(Msg::Server(found)).is_err() {
                return;
            }
            server = found;
        }
        beats = (beats + 1) % LOOKS;
        if out.send(Msg::Beat { now: db.now(), changed }).is_err() {
            return;
        }
    }
}

fn look_for_server(db: &Db) -> Server {
    let folder = db.path().parent();
    match folder.and_then(ServeLock::holder) {
        Some((pid, since)) => Server::Running { pid, since: since.and_then(Time::of_file) },
        None => Server::Stopped,
    }
}
