//! The desk of a task that empties a queue in the database: looks when something changed, takes what is due, has it run,
//! and writes down what came of it. No request waits for it, and who hangs holds up what is for them alone.

use std::{collections::BTreeMap, future::Future, sync::Arc, time::Duration};

use tokio::{
    task::JoinSet,
    time::{MissedTickBehavior, interval, sleep},
};

use crate::{
    app::App,
    db::{Read, Write},
    error::Result,
    model::queue::Due,
    ops::env::Env,
    time::Time,
};

/// How often a desk looks whether something changed, here or in another process.
const LOOK: Duration = Duration::from_millis(200);
/// How long it leaves a database alone that cannot be read.
const TROUBLE: Duration = Duration::from_secs(1);
/// How many times, and how far apart, an outcome is written that cannot be written at once.
const SETTLE: (u32, Duration) = (8, Duration::from_millis(500));

/// One kind of things that go out.
pub(super) trait Errands: Send + Sync + 'static {
    /// For whom: what is for one of them does not wait for another.
    type To: Clone + Ord + Send + Sync + 'static;
    /// What this process alone may bring there now.
    type Errand: Send + Sync + 'static;
    /// What came of it.
    type Outcome: Send + Sync + 'static;
    /// What the log calls the queue.
    const QUEUE: &'static str;

    /// How many more may be under way to someone, when so many are, and so many to all.
    fn room(&self, to_them: usize, overall: usize) -> usize;
    /// What there is to do.
    fn due(&self, r: &Read<'_>) -> Result<Due<Self::To>>;
    /// Puts back what a process that died had taken, and ends what is of no use any more.
    fn recover(tx: &Write<'_>) -> Result<usize>;
    /// Takes up to `limit` that are due.
    fn claim(tx: &Write<'_>, env: &Env, to: &Self::To, limit: usize) -> Result<Vec<Self::Errand>>;
    /// Tries once. Always comes back, and soon enough that the claim is still good.
    fn run(&self, errand: &Self::Errand, now: Time) -> impl Future<Output = Self::Outcome> + Send;
    /// Remembers how a try ended. False when the errand is no longer this claim's.
    fn settle(tx: &Write<'_>, errand: &Self::Errand, outcome: &Self::Outcome) -> Result<bool>;
}

/// Empties a queue until `stop` resolves; what is under way then is still brought to its end.
pub(super) async fn run<E: Errands>(app: App, errands: E, stop: impl Future<Output = ()>) {
    let mut desk = Desk::new(app, errands);
    let mut tick = interval(LOOK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    tokio::pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => break,
            _ = tick.tick() => {}
            Some(ended) = desk.under_way.join_next(), if !desk.under_way.is_empty() => {
                if let Ok(to) = ended {
                    desk.is_back(&to);
                }
            }
        }
        if let Err(error) = desk.look().await {
            tracing::warn!(%error, queue = E::QUEUE, "a queue could not be read; the next look tries again");
            desk.seen = None;
            sleep(TROUBLE).await;
        }
    }
    while desk.under_way.join_next().await.is_some() {}
}

struct Desk<E: Errands> {
    app: App,
    errands: Arc<E>,
    in_hand: BTreeMap<E::To, usize>,
    under_way: JoinSet<E::To>,
    /// The state of the database that was looked at last; none: look again.
    seen: Option<i64>,
    next: Option<Time>,
}

impl<E: Errands> Desk<E> {
    fn new(app: App, errands: E) -> Self {
        let errands = Arc::new(errands);
        let (in_hand, under_way) = (BTreeMap::new(), JoinSet::new());
        Self { app, errands, in_hand, under_way, seen: None, next: None }
    }

    fn is_back(&mut self, to: &E::To) {
        if let Some(count) = self.in_hand.get_mut(to) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.in_hand.remove(to);
            }
        }
        // There may be more than could be taken.
        self.seen = None;
    }

    async fn look(&mut self) -> Result<()> {
        let version = self.app.db.data_version()?;
        let is_time = self.next.is_some_and(|next| self.app.db.now() >= next);
        if self.seen == Some(version) && !is_time {
            return Ok(());
        }
        let due = self.app.db.read(|r| self.errands.due(r))?;
        if due.stale {
            self.app.db.write(E::recover).await?;
        }
        for to in due.to {
            self.take(to).await?;
        }
        (self.seen, self.next) = (Some(version), due.next);
        Ok(())
    }

    async fn take(&mut self, to: E::To) -> Result<()> {
        let to_them = self.in_hand.get(&to).copied().unwrap_or_default();
        let limit = self.errands.room(to_them, self.under_way.len());
        if limit == 0 {
            return Ok(());
        }
        let (env, for_them) = (self.app.env(), to.clone());
        let taken = self.app.db.write(move |tx| E::claim(tx, &env, &for_them, limit)).await?;
        for errand in taken {
            let count = self.in_hand.entry(to.clone()).or_default();
            *count = count.saturating_add(1);
            let (app, errands, to) = (self.app.clone(), Arc::clone(&self.errands), to.clone());
            self.under_way.spawn(async move {
                bring::<E>(&app, &errands, errand).await;
                to
            });
        }
        Ok(())
    }
}

async fn bring<E: Errands>(app: &App, errands: &E, errand: E::Errand) {
    let outcome = errands.run(&errand, app.db.now()).await;
    let known = Arc::new((errand, outcome));
    let (tries, pause) = SETTLE;
    for left in (0..tries).rev() {
        let known = Arc::clone(&known);
        match app.db.write(move |tx| E::settle(tx, &known.0, &known.1)).await {
            Ok(_) => return,
            Err(error) if left == 0 => {
                tracing::error!(%error, queue = E::QUEUE, "what came of a try could not be written down");
            }
            Err(_) => sleep(pause).await,
        }
    }
}
