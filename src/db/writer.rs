//! The one thread that writes: it gathers the changes that wait, saves them with one commit, then answers them all.
//! What a change does is the caller's; here is only that it is kept whole, or not at all, and always answered.

use std::{
    any::Any,
    panic::{self, AssertUnwindSafe},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use rusqlite::Connection;

use super::{
    clock::Clock,
    connect::Patience,
    fault,
    tx::{Mac, Write},
};
use crate::error::{Error, Result};

/// The most changes that one commit saves: it bounds how long the first of them waits for the last.
const GROUP: usize = 64;

/// How much the writer has done since it was started.
#[derive(Default)]
pub(super) struct Tally {
    pub(super) jobs: AtomicU64,
    pub(super) commits: AtomicU64,
}

/// The sending half; dropping it saves what waits, then ends the thread.
pub(super) struct Writer {
    // Taken on drop, since the thread ends when it is gone.
    queue: Option<SyncSender<Waiting>>,
    thread: Option<JoinHandle<()>>,
    patience: Duration,
    tally: Arc<Tally>,
    mac: Arc<OnceLock<Mac>>,
}

struct Waiting {
    job: Box<dyn Job>,
    /// Until when the job waits for a lock that another process holds.
    deadline: Instant,
}

/// A change on its way: run at most once, answered exactly once.
trait Job: Send {
    /// Runs it; says whether what it did is to be kept.
    fn run(&mut self, tx: &Write<'_>) -> bool;
    /// Answers with its own outcome, or with `refusal` when that was not saved.
    fn answer(self: Box<Self>, refusal: Option<Error>);
}

struct Task<T, F, R> {
    work: Option<F>,
    outcome: Option<Result<T>>,
    reply: R,
}

impl<T, F, R> Job for Task<T, F, R>
where
    T: Send,
    F: FnOnce(&Write<'_>) -> Result<T> + Send,
    R: FnOnce(Result<T>) + Send,
{
    fn run(&mut self, tx: &Write<'_>) -> bool {
        let Some(work) = self.work.take() else { return false };
        let outcome = panic::catch_unwind(AssertUnwindSafe(|| work(tx)))
            .unwrap_or_else(|panic| Err(panicked(panic.as_ref())));
        let keep = outcome.is_ok();
        self.outcome = Some(outcome);
        keep
    }

    fn answer(self: Box<Self>, refusal: Option<Error>) {
        let outcome = match (self.outcome, refusal) {
            // Rolled back by itself, whatever became of the rest.
            (Some(Err(own)), _) => Err(own),
            (_, Some(refusal)) => Err(refusal),
            (Some(done), None) => done,
            (None, None) => Err(stopped()),
        };
        (self.reply)(outcome);
    }
}

impl Writer {
    /// Starts the thread on a connection that is set up; `queue` is how many changes may wait.
    pub(super) fn start(
        conn: Connection,
        patience: Patience,
        clock: Clock,
        wait: Duration,
        queue: usize,
    ) -> Result<Self> {
        let mac = Arc::default();
        let (sender, receiver) = sync_channel(queue.max(1));
        let tally = Arc::new(Tally::default());
        let worker = Worker {
            conn,
            patience,
            clock,
            queue: receiver,
            tally: Arc::clone(&tally),
            mac: Arc::clone(&mac),
        };
        let thread = thread::Builder::new()
            .name("db-writer".to_owned())
            .spawn(move || worker.work())
            .map_err(|error| {
                Error::internal("the database's writer could not be started").with_source(error)
            })?;
        Ok(Self { queue: Some(sender), thread: Some(thread), patience: wait, tally, mac })
    }

    /// Gives every later change this keyed hash; the first one given stays.
    pub(super) fn seal_with(&self, mac: Mac) {
        self.mac.set(mac).ok();
    }

    pub(super) fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Hands a change to the thread; `reply` is called when it is saved or refused.
    pub(super) fn send<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Write<'_>) -> Result<T> + Send + 'static,
        reply: impl FnOnce(Result<T>) + Send + 'static,
    ) -> Result<()> {
        if self.on_this_thread() {
            // It would wait for itself.
            return Err(Error::internal(
                "a change asked for another change inside its transaction",
            ));
        }
        let job = Box::new(Task { work: Some(work), outcome: None, reply });
        let waiting = Waiting { job, deadline: Instant::now() + self.patience };
        match self.queue.as_ref().map(|queue| queue.try_send(waiting)) {
            Some(Ok(())) => Ok(()),
            Some(Err(TrySendError::Full(_))) => {
                Err(Error::busy("the database is busy: too many changes wait to be saved"))
            }
            Some(Err(TrySendError::Disconnected(_))) | None => Err(stopped()),
        }
    }

    fn on_this_thread(&self) -> bool {
        self.thread.as_ref().is_some_and(|thread| thread.thread().id() == thread::current().id())
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        let own = self.on_this_thread();
        drop(self.queue.take());
        if let Some(thread) = self.thread.take()
            && !own
        {
            // Each change has been answered by then; a panic outside of a job has nothing left to tell.
            thread.join().ok();
        }
    }
}

/// The error of a change that will never be answered otherwise.
pub(super) fn stopped() -> Error {
    Error::internal("the database's writer has stopped")
        .with_next("start mcpcodex again; its log says why it stopped")
}

fn panicked(panic: &(dyn Any + Send)) -> Error {
    let why = panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_default();
    Error::internal("a change failed and was undone").with_source(format!("it panicked: {why}"))
}

/// Why nothing of a group can be kept: what SQLite said, or nothing when it had already rolled back by itself.
struct Broken(Option<rusqlite::Error>);

impl Broken {
    fn refusal(&self) -> Error {
        self.0.as_ref().map_or_else(fault::lost, fault::committing)
    }
}

impl From<rusqlite::Error> for Broken {
    fn from(error: rusqlite::Error) -> Self {
        Self(Some(error))
    }
}

struct Worker {
    conn: Connection,
    patience: Patience,
    clock: Clock,
    queue: Receiver<Waiting>,
    tally: Arc<Tally>,
    mac: Arc<OnceLock<Mac>>,
}

impl Worker {
    fn work(self) {
        while let Ok(first) = self.queue.recv() {
            self.group(first);
        }
    }

    fn group(&self, first: Waiting) {
        self.patience.extend(first.deadline);
        // Without a transaction around it a savepoint would commit by itself at its release.
        if let Err(error) = self.begin() {
            first.job.answer(Some(fault::general(error)));
            return;
        }
        let mut done = Vec::new();
        let mut next = Some(first.job);
        let mut saved = Ok(());
        while let Some(mut job) = next {
            saved = self.step(job.as_mut());
            done.push(job);
            next = if saved.is_ok() && done.len() < GROUP {
                self.queue.try_recv().ok().map(|waiting| waiting.job)
            } else {
                None
            };
        }
        let saved = saved.and_then(|()| Ok(self.run("commit")?));
        if saved.is_ok() {
            self.tally.commits.fetch_add(1, Ordering::Relaxed);
        } else {
            self.roll_back();
        }
        self.tally.jobs.fetch_add(u64::try_from(done.len()).unwrap_or(0), Ordering::Relaxed);
        for job in done {
            job.answer(saved.as_ref().err().map(Broken::refusal));
        }
    }

    fn begin(&self) -> rusqlite::Result<()> {
        self.roll_back();
        self.run("begin immediate")
    }

    /// Runs one job in its savepoint, so that its failure undoes its own work and nobody else's.
    fn step(&self, job: &mut dyn Job) -> Result<(), Broken> {
        self.run("savepoint job")?;
        let keep = job.run(&Write::new(&self.conn, self.clock.now(), self.mac.get()));
        if self.conn.is_autocommit() {
            // A full disk, among others, makes SQLite roll everything back; what ran before is gone too.
            return Err(Broken(None));
        }
        if !keep {
            self.run("rollback to job")?;
        }
        Ok(self.run("release job")?)
    }

    /// Ends a transaction that should not be open. If it cannot, the next BEGIN fails and refuses its job.
    fn roll_back(&self) {
        if !self.conn.is_autocommit() {
            self.run("rollback").ok();
        }
    }

    fn run(&self, sql: &str) -> rusqlite::Result<()> {
        self.conn.prepare_cached(sql)?.execute([]).map(|_| ())
    }
}
