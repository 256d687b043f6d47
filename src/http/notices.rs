//! The task that tells apps of sessions that ended. No request waits for it, and an app that hangs holds up its own
//! notices alone, of which only a few are under way at a time.

use std::{collections::BTreeMap, future::Future, sync::Arc, time::Duration};

use tokio::{
    task::JoinSet,
    time::{MissedTickBehavior, interval, sleep},
};

use crate::{
    app::App,
    error::Result,
    model::id::ClientId,
    net::post::Poster,
    ops::oauth::backchannel::{self, Claimed, Due},
    time::Time,
};

/// How often the task looks whether something changed, here or in another process.
const LOOK: Duration = Duration::from_millis(250);
/// How long it leaves a database alone that cannot be read.
const TROUBLE: Duration = Duration::from_secs(1);
/// How many notices one app may have in hand at once, and all of them.
const AT_ONCE: usize = 4;
const OVERALL: usize = 64;
/// How many times, and how far apart, a result is written that cannot be written at once.
const SETTLE: (u32, Duration) = (8, Duration::from_millis(500));

/// Sends notices until `stop` resolves; what is under way then is still brought to its end.
pub async fn run(app: App, poster: Poster, stop: impl Future<Output = ()>) {
    let mut desk = Desk {
        app,
        poster: Arc::new(poster),
        in_hand: BTreeMap::new(),
        under_way: JoinSet::new(),
        seen: None,
        next: None,
    };
    let mut tick = interval(LOOK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    tokio::pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => break,
            _ = tick.tick() => {}
            Some(ended) = desk.under_way.join_next(), if !desk.under_way.is_empty() => {
                if let Ok(client) = ended {
                    desk.put_back(&client);
                }
            }
        }
        if let Err(error) = desk.look().await {
            tracing::warn!(%error, "logout notices could not be read; the next look tries again");
            desk.seen = None;
            sleep(TROUBLE).await;
        }
    }
    while desk.under_way.join_next().await.is_some() {}
}

struct Desk {
    app: App,
    poster: Arc<Poster>,
    in_hand: BTreeMap<ClientId, usize>,
    under_way: JoinSet<ClientId>,
    /// The state of the database that was looked at last; none: look again.
    seen: Option<i64>,
    next: Option<Time>,
}

impl Desk {
    fn put_back(&mut self, client: &ClientId) {
        if let Some(count) = self.in_hand.get_mut(client) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.in_hand.remove(client);
            }
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
        let due: Due = self.app.db.read(backchannel::due)?;
        if due.stale {
            self.app.db.write(backchannel::recover).await?;
        }
        for client in due.clients {
            self.take(client).await?;
        }
        (self.seen, self.next) = (Some(version), due.next);
        Ok(())
    }

    async fn take(&mut self, client: ClientId) -> Result<()> {
        let mine = AT_ONCE.saturating_sub(self.in_hand.get(&client).copied().unwrap_or_default());
        let limit = mine.min(OVERALL.saturating_sub(self.under_way.len()));
        if limit == 0 {
            return Ok(());
        }
        let (env, to) = (self.app.env(), client.clone());
        let taken = self.app.db.write(move |tx| backchannel::claim(tx, &env, &to, limit)).await?;
        for claimed in taken {
            let (app, poster, to) = (self.app.clone(), Arc::clone(&self.poster), client.clone());
            let count = self.in_hand.entry(client.clone()).or_default();
            *count = count.saturating_add(1);
            self.under_way.spawn(async move {
                tell(&app, &poster, claimed).await;
                to
            });
        }
        Ok(())
    }
}

async fn tell(app: &App, poster: &Poster, claimed: Claimed) {
    let outcome = match claimed.token() {
        Ok(token) => {
            let form = [("logout_token", token.as_str())];
            let posted = poster.post(&claimed.uri, &form, claimed.is_own).await;
            posted.map_err(|fault| format!("{}: {}", fault.word(), fault.detail()))
        }
        Err(error) => Err(error.to_string()),
    };
    if let Err(why) = &outcome {
        tracing::warn!(id = %claimed.id, why, "an app could not be told that a session has ended");
    }
    let (tries, pause) = SETTLE;
    for left in (0..tries).rev() {
        let (id, claim, outcome) = (claimed.id.clone(), claimed.claim, outcome.clone());
        let settled = app.db.write(move |tx| {
            backchannel::settle(
                tx,
                &id,
                claim,
                outcome.as_ref().map(|()| ()).map_err(String::as_str),
            )
        });
        match settled.await {
            Ok(_) => return,
            Err(error) if left == 0 => {
                tracing::error!(%error, "what became of a logout notice could not be written down");
            }
            Err(_) => sleep(pause).await,
        }
    }
}
