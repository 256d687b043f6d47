//! "Last used" marks, gathered in memory and written once a second, so that a read path never waits for a commit.

use std::collections::HashMap;

use parking_lot::Mutex;

use super::apikey::gate::{Caller, Verdict};
use crate::{
    db::Write,
    error::Result,
    model::{
        apikey::DayOfUse,
        id::{ApiKeyId, SessionId},
    },
    store,
    time::Time,
};

/// Marks that are not written yet.
#[derive(Debug, Default)]
pub struct Seen {
    sessions: Mutex<HashMap<SessionId, Time>>,
    keys: Mutex<HashMap<(ApiKeyId, i64), Uses>>,
}

/// How often a key was used on one day, and when last.
#[derive(Clone, Debug, Default)]
pub struct Uses {
    used: u32,
    limited: u32,
    /// The last use that was let in, and from where it came.
    last: Option<(Time, String)>,
}

/// Marks that are to be written with [`write()`].
#[derive(Clone, Debug, Default)]
pub struct Marks {
    sessions: Vec<(SessionId, Time)>,
    keys: Vec<((ApiKeyId, i64), Uses)>,
}

impl Marks {
    /// Whether nothing is to be written.
    pub fn is_empty(&self) -> bool {
        self.sessions.is_empty() && self.keys.is_empty()
    }
}

impl Seen {
    /// Marks a session as used.
    pub fn mark(&self, id: &SessionId, at: Time) {
        let mut marks = self.sessions.lock();
        match marks.get_mut(id) {
            Some(mark) => *mark = at.max(*mark),
            None => {
                marks.insert(id.clone(), at);
            }
        }
    }

    /// Counts a call by API key that came from this address.
    pub fn count(&self, verdict: &Verdict, address: &str) {
        let (caller, uses) = match verdict {
            Verdict::In(caller) => (caller, Uses::one(caller, address)),
            Verdict::Limited { caller, .. } => (caller, Uses { limited: 1, ..Uses::default() }),
            Verdict::Bad(_) => return,
        };
        let day = DayOfUse::day_of(caller.at);
        self.add((caller.good.key.id.clone(), day), uses);
    }

    /// Counts a use of a key that somebody asked about.
    pub fn used(&self, id: &ApiKeyId, at: Time, address: &str) {
        let uses = Uses { used: 1, limited: 0, last: Some((at, address.to_owned())) };
        self.add((id.clone(), DayOfUse::day_of(at)), uses);
    }

    fn add(&self, at: (ApiKeyId, i64), more: Uses) {
        let mut keys = self.keys.lock();
        let uses = keys.entry(at).or_default();
        uses.used = uses.used.saturating_add(more.used);
        uses.limited = uses.limited.saturating_add(more.limited);
        if let Some(last) = more.last
            && uses.last.as_ref().is_none_or(|known| known.0 <= last.0)
        {
            uses.last = Some(last);
        }
    }

    /// The newest unwritten use of a session.
    pub fn last(&self, id: &SessionId) -> Option<Time> {
        self.sessions.lock().get(id).copied()
    }

    /// Takes what waits, to be written with [`write()`].
    pub fn take(&self) -> Marks {
        Marks {
            sessions: std::mem::take(&mut *self.sessions.lock()).into_iter().collect(),
            keys: std::mem::take(&mut *self.keys.lock()).into_iter().collect(),
        }
    }

    /// Puts back what could not be written.
    pub fn put_back(&self, marks: Marks) {
        for (id, at) in &marks.sessions {
            self.mark(id, *at);
        }
        for (at, uses) in marks.keys {
            self.add(at, uses);
        }
    }
}

impl Uses {
    fn one(caller: &Caller, address: &str) -> Self {
        Self { used: 1, limited: 0, last: Some((caller.at, address.to_owned())) }
    }
}

/// Writes marks.
pub fn write(tx: &Write<'_>, marks: &Marks) -> Result<()> {
    marks.sessions.iter().try_for_each(|(id, at)| store::session::touch(tx, id, *at))?;
    marks.keys.iter().try_for_each(|((id, day), uses)| used(tx, id, *day, uses))
}

/// Writes down at once that a call by API key was let in.
pub(super) fn write_use(tx: &Write<'_>, caller: &Caller, address: &str) -> Result<()> {
    let day = DayOfUse::day_of(caller.at);
    used(tx, &caller.good.key.id, day, &Uses::one(caller, address))
}

fn used(tx: &Write<'_>, id: &ApiKeyId, day: i64, uses: &Uses) -> Result<()> {
    if let Some((at, address)) = &uses.last {
        store::apikey::touch(tx, id, *at, address)?;
    }
    store::key_usage::add(tx, id, DayOfUse { day, used: uses.used, limited: uses.limited })
}
