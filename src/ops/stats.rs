//! How many there are of what: for dashboards.

use std::time::Duration;

use super::session;
use crate::{
    db::Read,
    error::Result,
    model::{
        actor::Actor,
        apikey::DayOfUse,
        stats::{SignIns, Stats},
        user::UserState,
    },
    store,
};

/// As long as sessions are kept after their end.
const DAYS: Duration = Duration::from_secs(30 * 86_400);

/// Counts everything. Slow where there is much: not for every request of everyone.
pub fn count(r: &Read<'_>, who: &Actor) -> Result<Stats> {
    who.must_operate()?;
    let states = store::stats::users_by_state(r)?;
    let of = |state: UserState| {
        let found = states.iter().find(|(name, _)| name == state.as_str());
        found.map(|(_, count)| *count).unwrap_or_default()
    };
    let [agents, clients, clients_pending, resources, audit_events] = store::stats::others(r)?;
    let sign_ins = store::stats::sign_ins(r, r.now.minus(DAYS))?;
    let day = |(day, all, with_mfa)| SignIns {
        date: DayOfUse { day, ..DayOfUse::default() }.date(),
        all,
        with_mfa,
    };
    Ok(Stats {
        active: of(UserState::Active),
        invited: of(UserState::Invited),
        locked: of(UserState::Locked),
        disabled: of(UserState::Disabled),
        with_mfa: store::stats::users_with_factor(r)?,
        sessions: session::count(r, who)?,
        api_keys: store::stats::api_keys(r)?,
        agents,
        clients,
        clients_pending,
        resources,
        grants: store::stats::grants(r)?,
        audit_events,
        sign_ins: sign_ins.into_iter().map(day).collect(),
    })
}
