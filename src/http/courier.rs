//! The task that empties the outbox: takes what is due, hands it to its carrier, and writes down what came of it.
//! No request waits for it. A carrier that hangs holds up its own messages alone, and only a few at a time.

use std::{collections::BTreeMap, future::Future, sync::Arc, time::Duration};

use tokio::{
    task::JoinSet,
    time::{MissedTickBehavior, interval, sleep},
};

use crate::{
    app::App,
    deliver::{Carriers, Transport},
    error::Result,
    model::message::{Carrier, Outcome},
    ops::outbox::{self, Claimed, Due},
    time::Time,
};

/// How often the task looks whether something changed, here or in another process.
const LOOK: Duration = Duration::from_millis(200);
/// How long it leaves a database alone that cannot be read.
const TROUBLE: Duration = Duration::from_secs(1);
/// How many messages one carrier may have in hand at once.
const AT_ONCE: usize = 8;
/// How many times, and how far apart, a result is written that cannot be written at once.
const SETTLE: (u32, Duration) = (8, Duration::from_millis(500));

/// Empties the outbox until `stop` resolves; what is under way then is still brought to its end.
pub async fn run(app: App, stop: impl Future<Output = ()>) {
    let mut desk = Desk::new(app);
    let mut tick = interval(LOOK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    tokio::pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => break,
            _ = tick.tick() => {}
            Some(ended) = desk.under_way.join_next(), if !desk.under_way.is_empty() => {
                if let Ok(carrier) = ended {
                    desk.put_back(carrier);
                }
            }
        }
        if let Err(error) = desk.look().await {
            tracing::warn!(%error, "the outbox could not be read; the next look tries again");
            desk.seen = None;
            sleep(TROUBLE).await;
        }
    }
    while desk.under_way.join_next().await.is_some() {}
}

struct Desk {
    app: App,
    transports: BTreeMap<Carrier, Arc<Transport>>,
    /// How many more each carrier may have in hand.
    free: BTreeMap<Carrier, usize>,
    under_way: JoinSet<Carrier>,
    /// The state of the database that was looked at last; none: look again.
    seen: Option<i64>,
    next: Option<Time>,
}

impl Desk {
    fn new(app: App) -> Self {
        let (carriers, unfit) = Carriers::of(&app.env.config);
        for error in unfit {
            let next = error.next().unwrap_or_default();
            tracing::warn!(%error, next, "a carrier cannot be used; its messages stay in the outbox");
        }
        let transports: BTreeMap<_, _> =
            carriers.iter().map(|(carrier, transport)| (carrier, Arc::clone(transport))).collect();
        let free = transports.keys().map(|carrier| (*carrier, AT_ONCE)).collect();
        Self { app, transports, free, under_way: JoinSet::new(), seen: None, next: None }
    }

    fn put_back(&mut self, carrier: Carrier) {
        if let Some(free) = self.free.get_mut(&carrier) {
            *free = free.saturating_add(1);
        }
        // There may be more than one could take.
        self.seen = None;
    }

    async fn look(&mut self) -> Result<()> {
        let version = self.app.db.data_version()?;
        let is_time = self.next.is_some_and(|next| self.app.db.now() >= next);
        if self.seen == Some(version) && !is_time {
            return Ok(());
        }
        let carriers: Vec<Carrier> = self.transports.keys().copied().collect();
        let due: Due = self.app.db.read(|r| outbox::due(r, &carriers))?;
        if due.stale {
            self.app.db.write(outbox::recover).await?;
        }
        for carrier in due.carriers {
            self.take(carrier).await?;
        }
        (self.seen, self.next) = (Some(version), due.next);
        Ok(())
    }

    async fn take(&mut self, carrier: Carrier) -> Result<()> {
        let Some(free) = self.free.get_mut(&carrier).filter(|free| **free > 0) else {
            return Ok(());
        };
        let Some(transport) = self.transports.get(&carrier) else { return Ok(()) };
        let (env, limit) = (self.app.env(), *free);
        let taken = self.app.db.write(move |tx| outbox::claim(tx, &env, carrier, limit)).await?;
        *free = free.saturating_sub(taken.len());
        for claimed in taken {
            let (app, transport) = (self.app.clone(), Arc::clone(transport));
            self.under_way.spawn(async move {
                deliver(&app, &transport, claimed).await;
                carrier
            });
        }
        Ok(())
    }
}

async fn deliver(app: &App, transport: &Transport, claimed: Claimed) {
    let outcome = transport.send(&claimed.outgoing, app.db.now()).await;
    let (id, claim) = (claimed.id, claimed.claim);
    match &outcome {
        Outcome::Accepted { .. } => tracing::info!(%id, "message sent"),
        Outcome::Rejected { .. } | Outcome::Later { .. } | Outcome::Unknown { .. } => {
            let answer = outcome.answer().unwrap_or_default();
            tracing::warn!(%id, answer, "message not sent");
        }
    }
    let (tries, pause) = SETTLE;
    for left in (0..tries).rev() {
        let (id, outcome) = (id.clone(), outcome.clone());
        match app.db.write(move |tx| outbox::settle(tx, &id, claim, &outcome)).await {
            Ok(_) => return,
            Err(error) if left == 0 => {
                tracing::error!(%error, "what became of a message could not be written down");
            }
            Err(_) => sleep(pause).await,
        }
    }
}
