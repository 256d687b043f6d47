//! Forgetting what is over, so that the file does not grow without end.

use std::time::Duration;

use super::{api, apikey, audit, client::newcomer, env::Env, key};
use crate::{
    db::Write,
    error::Result,
    model::{apikey::DayOfUse, device::FORGOTTEN},
    store,
};

const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);
/// Ended sessions and grants stay this long, so that "why was I logged out?" has an answer.
const REMEMBERED: Duration = Duration::from_secs(30 * 86_400);

/// Days of use are kept as long as somebody may want to see the same month of the year before.
const USAGE: Duration = Duration::from_secs(400 * 86_400);

/// Forgets outlived rows of every sort; answers how many.
pub fn sweep(tx: &Write<'_>, env: &Env) -> Result<usize> {
    let now = tx.now;
    apikey::announce(tx, env)?;
    Ok(store::sign_in::sweep(tx, now.minus(HOUR))?
        + store::link::sweep(tx)?
        + store::passkey::sweep_ceremonies(tx, now)?
        // A spent code must be known for as long as a token of it may live, to take it back.
        + store::authorization::sweep(tx, now.minus(DAY))?
        + store::device::sweep(tx, now.minus(FORGOTTEN))?
        + store::attempt::sweep(tx, now.minus(DAY))?
        + store::session::sweep(tx, now.minus(REMEMBERED))?
        + store::opaque::sweep(tx, now.minus(HOUR))?
        + store::grant::sweep(tx, now.minus(REMEMBERED))?
        + store::code::sweep(tx)?
        + store::key_usage::sweep(tx, DayOfUse::day_of(now.minus(USAGE)))?
        + key::rotation::wipe(tx)?
        + store::replay::sweep(tx)?
        + store::idempotency::sweep(tx, now.minus(api::once::KEPT))?
        + newcomer::sweep(tx, env)?
        + store::registration::sweep_tokens(tx, now.minus(REMEMBERED))?
        + store::pushed::sweep(tx)?
        + store::provider_flow::sweep(tx)?
        + store::provider_token::sweep(tx, now.minus(DAY))?
        + store::logout_notice::sweep(tx, now.minus(REMEMBERED))?
        // A device that asks late is told that its time is over, not that it was never there.
        + store::device_request::sweep(tx, now.minus(DAY))?
        + store::trace::sweep(tx, now.minus(REMEMBERED))?
        + store::send_count::sweep(tx, now.minus(DAY).minus(DAY))?
        + audit::retain(tx, env)?
        + store::message::sweep(tx, now.minus(REMEMBERED))?)
}
