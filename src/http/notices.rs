//! The task that tells apps of sessions that ended. An app that hangs holds up its own notices alone.

use std::future::Future;

use super::desk::{self, Errands};
use crate::{
    app::App,
    db::{Read, Write},
    error::Result,
    model::{id::ClientId, queue::Due},
    net::post::Poster,
    ops::{
        env::Env,
        oauth::backchannel::{self, Claimed},
    },
    time::Time,
};

/// How many notices one app may have in hand at once, and all of them.
const AT_ONCE: usize = 4;
const OVERALL: usize = 64;

/// Sends notices until `stop` resolves; what is under way then is still brought to its end.
pub async fn run(app: App, poster: Poster, stop: impl Future<Output = ()>) {
    desk::run(app, Notices { poster }, stop).await;
}

struct Notices {
    poster: Poster,
}

impl Errands for Notices {
    type To = ClientId;
    type Errand = Claimed;
    type Outcome = std::result::Result<(), String>;
    const QUEUE: &'static str = "logout notices";

    fn room(&self, to_them: usize, overall: usize) -> usize {
        AT_ONCE.saturating_sub(to_them).min(OVERALL.saturating_sub(overall))
    }

    fn due(&self, r: &Read<'_>) -> Result<Due<ClientId>> {
        backchannel::due(r)
    }

    fn recover(tx: &Write<'_>) -> Result<usize> {
        backchannel::recover(tx)
    }

    fn claim(tx: &Write<'_>, env: &Env, to: &ClientId, limit: usize) -> Result<Vec<Claimed>> {
        backchannel::claim(tx, env, to, limit)
    }

    async fn run(&self, errand: &Claimed, _now: Time) -> Self::Outcome {
        let outcome = match errand.token() {
            Ok(token) => {
                let form = [("logout_token", token.as_str())];
                let answer = self.poster.post(&errand.uri, &form, errand.is_own).await;
                answer.map_err(|fault| format!("{}: {}", fault.word(), fault.detail()))
            }
            Err(error) => Err(error.to_string()),
        };
        if let Err(why) = &outcome {
            tracing::warn!(id = %errand.id, why, "an app could not be told that a session has ended");
        }
        outcome
    }

    fn settle(tx: &Write<'_>, errand: &Claimed, outcome: &Self::Outcome) -> Result<bool> {
        let outcome = outcome.as_ref().copied().map_err(String::as_str);
        backchannel::settle(tx, &errand.id, errand.claim, outcome)
    }
}
