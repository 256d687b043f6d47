//! The task that empties the outbox: hands each message to its carrier. A carrier that hangs holds up its own messages alone.

use std::{collections::BTreeMap, future::Future, sync::Arc};

use super::desk::{self, Errands};
use crate::{
    app::App,
    db::{Read, Write},
    deliver::{Carriers, Transport},
    error::Result,
    model::{
        message::{Carrier, Outcome},
        queue::Due,
    },
    ops::{
        env::Env,
        outbox::{self, Claimed},
    },
    time::Time,
};

/// How many messages one carrier may have in hand at once.
const AT_ONCE: usize = 8;

/// Empties the outbox until `stop` resolves; what is under way then is still brought to its end.
pub async fn run(app: App, stop: impl Future<Output = ()>) {
    let (carriers, unfit) = Carriers::of(&app.env.config);
    for error in unfit {
        let next = error.next().unwrap_or_default();
        tracing::warn!(%error, next, "a carrier cannot be used; its messages stay in the outbox");
    }
    let transports =
        carriers.iter().map(|(carrier, transport)| (carrier, Arc::clone(transport))).collect();
    desk::run(app, Messages { transports }, stop).await;
}

struct Messages {
    transports: BTreeMap<Carrier, Arc<Transport>>,
}

impl Errands for Messages {
    type To = Carrier;
    type Errand = Claimed;
    type Outcome = Option<Outcome>;
    const QUEUE: &'static str = "messages";

    fn room(&self, to_them: usize, _overall: usize) -> usize {
        AT_ONCE.saturating_sub(to_them)
    }

    fn due(&self, r: &Read<'_>) -> Result<Due<Carrier>> {
        outbox::due(r, &self.transports.keys().copied().collect::<Vec<_>>())
    }

    fn recover(tx: &Write<'_>) -> Result<usize> {
        outbox::recover(tx)
    }

    fn claim(tx: &Write<'_>, env: &Env, to: &Carrier, limit: usize) -> Result<Vec<Claimed>> {
        outbox::claim(tx, env, *to, limit)
    }

    async fn run(&self, errand: &Claimed, now: Time) -> Option<Outcome> {
        // Only those are asked for that there is a transport to.
        let transport = self.transports.get(&errand.carrier)?;
        let outcome = transport.send(&errand.outgoing, now).await;
        let id = &errand.id;
        match &outcome {
            Outcome::Accepted { .. } => tracing::info!(%id, "message sent"),
            Outcome::Rejected { .. } | Outcome::Later { .. } | Outcome::Unknown { .. } => {
                let answer = outcome.answer().unwrap_or_default();
                tracing::warn!(%id, answer, "message not sent");
            }
        }
        Some(outcome)
    }

    fn settle(tx: &Write<'_>, errand: &Claimed, outcome: &Option<Outcome>) -> Result<bool> {
        let Some(outcome) = outcome else { return Ok(false) };
        outbox::settle(tx, &errand.id, errand.claim, outcome)
    }
}
