//! What an operator looks at first, in one snapshot. How many have a second factor is `coverage`.

use std::{collections::HashSet, time::Duration};

use super::{audit, env::Env};
use crate::{
    db::Read,
    error::Result,
    model::{
        actor::Actor,
        dashboard::{Minute, Notice, Overview, REFUSALS, ROUTINE, Severity, weigh},
        id::UserId,
    },
    store::{self, dashboard::Told},
    time::Time,
};

/// How many minutes are shown.
const HOUR: i64 = 60;
const MINUTE: Duration = Duration::from_mins(1);
const DAY: Duration = Duration::from_hours(24);
/// Further back than this many events nothing is looked for, however much happens.
const DEEPEST: i64 = 50_000;
/// Events worth a look are looked for among so many.
const DEEP: i64 = 10_000;
/// So many events are gathered.
const GATHERED: u32 = 400;
/// Refusals within that time of each other are one piece of news.
const TOGETHER: Duration = Duration::from_mins(15);
/// So many people tried from one place are an attack, and so many tries.
const SPRAY: u32 = 5;
const STORM: u32 = 20;

/// Everything that the first screen shows.
pub fn overview(r: &Read<'_>, env: &Env, who: &Actor) -> Result<Overview> {
    who.must_operate()?;
    let last = store::audit::last_id(r)?;
    let since = r.now.minus(MINUTE * 59);
    let found = store::dashboard::minutes(r, last.saturating_sub(DEEPEST), since)?;
    let told = store::dashboard::events(r, last.saturating_sub(DEEP), &ROUTINE, GATHERED)?;
    let soon = r.now.plus(env.rotation().warning);
    let ends = store::audit::ends(r)?;
    Ok(Overview {
        minutes: hour(&found, r.now),
        counts: store::dashboard::counts(r, soon, r.now.minus(DAY * 30), r.now.minus(DAY))?,
        notices: together(told),
        torn: ends.is_some_and(|(ends, _)| ends.torn_at.is_some()),
        events: audit::last_id(r, who)?,
    })
}

/// Every minute of the last hour, also those in which nothing happened.
fn hour(found: &[Minute], now: Time) -> Vec<Minute> {
    let present = now.millis().div_euclid(60_000);
    (present - HOUR + 1..=present)
        .map(|minute| {
            let known = found.iter().find(|known| known.minute == minute).copied();
            known.unwrap_or(Minute { minute, ..Minute::default() })
        })
        .collect()
}

/// A piece of news while it is gathered.
struct Gathered {
    notice: Notice,
    users: HashSet<String>,
}

/// Puts refusals of one kind from one place together.
fn together(told: Vec<Told>) -> Vec<Notice> {
    let mut gathered: Vec<Gathered> = Vec::new();
    for event in told {
        let same = gathered.iter_mut().rev().find(|one| one.takes(&event));
        match same {
            Some(one) => one.add(&event),
            None => gathered.push(Gathered::new(event)),
        }
    }
    gathered.into_iter().map(Gathered::finish).collect()
}

impl Gathered {
    fn new(told: Told) -> Self {
        let (severity, _) = weigh(&told.event);
        let user = told.user_id.map(|id| (UserId::from_text(id), told.username));
        let users = user.iter().map(|(id, _)| id.to_string()).collect();
        let notice = Notice {
            first: told.id,
            last: told.id,
            at: told.at,
            severity,
            event: told.event,
            user,
            people: 1,
            times: 1,
            address: told.address,
            actor: told.actor,
        };
        Self { notice, users }
    }

    fn takes(&self, told: &Told) -> bool {
        let notice = &self.notice;
        REFUSALS.contains(&told.event.as_str())
            && notice.event == told.event
            && notice.address == told.address
            && notice.at.since(told.at) <= TOGETHER
    }

    fn add(&mut self, told: &Told) {
        let notice = &mut self.notice;
        notice.first = told.id;
        notice.times = notice.times.saturating_add(1);
        if let Some(id) = &told.user_id {
            self.users.insert(id.clone());
            if notice.user.is_none() {
                notice.user = Some((UserId::from_text(id.clone()), told.username.clone()));
            }
        }
    }

    fn finish(self) -> Notice {
        let Self { mut notice, users } = self;
        notice.people = u32::try_from(users.len().max(1)).unwrap_or(u32::MAX);
        if notice.people > 1 {
            notice.user = None;
        }
        if notice.people >= SPRAY || notice.times >= STORM {
            notice.severity = Severity::High;
        }
        notice
    }
}
