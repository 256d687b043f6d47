//! How the installation fares, as the database tells it: what is counted, and what somebody should look after.

use std::{collections::BTreeSet, time::Duration};

use super::{backup, coverage, env::Env, key};
use crate::{
    db::Read,
    error::Result,
    model::{
        actor::Actor,
        key::KeyState,
        user::{ADMIN, UserState},
    },
    store,
    time::Time,
};

pub use crate::store::tally::Counts;

const DAY: Duration = Duration::from_secs(86_400);
/// A copy that is older than this is old.
const BACKUP: Duration = Duration::from_secs(7 * 86_400);
/// Without a schedule, a key that has signed for a year has signed for long.
const KEY: Duration = Duration::from_secs(365 * 86_400);
/// How late a key's turn may be: the server turns keys once a minute, while it runs.
const LATE: Duration = Duration::from_secs(2 * 86_400);
/// How many administrators are named.
const NAMED: u32 = 1_000;

/// How many there are of what; needs no keys and no configuration.
pub fn counts(r: &Read<'_>, who: &Actor) -> Result<Counts> {
    who.must_operate()?;
    store::tally::counts(r)
}

/// What the database tells about the installation.
#[derive(Clone, Debug)]
pub struct Health {
    /// How many there are of what.
    pub counts: Counts,
    /// When something was recorded last.
    pub newest_event: Option<Time>,
    /// How many people can administer.
    pub administrators: u32,
    /// Those of them without a second factor that is of use here.
    pub unprotected: Vec<String>,
    /// Keys that sign: kid, and since when.
    pub signing: Vec<(String, Time)>,
    /// Algorithms that nothing signs with, though tokens are to.
    pub unsigned: Vec<&'static str>,
    /// When the last copy was made.
    pub backup: Option<Time>,
    now: Time,
}

/// What somebody should look after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sick {
    /// Nobody can administer.
    NoAdministrator,
    /// This administrator has no second factor.
    AdminWithoutFactor(String),
    /// This key should have made room for the next.
    KeyOld {
        /// Which.
        kid: String,
        /// How long it has signed.
        age: Duration,
    },
    /// Nothing signs with this algorithm.
    NoKey(&'static str),
    /// No copy was made so far.
    NeverBackedUp,
    /// The last copy is so old.
    BackupOld(Duration),
    /// So many messages did not go out.
    Undelivered(u32),
    /// So many API keys should have been replaced.
    KeysOverdue(u32),
    /// So many apps wait for an administrator.
    ClientsWait(u32),
}

/// Looks.
pub fn look(r: &Read<'_>, env: &Env, who: &Actor) -> Result<Health> {
    who.must_operate()?;
    let page = coverage::Page { filter: ADMIN.to_owned(), after: None, limit: NAMED };
    let lacking = coverage::people(r, env, who, &page, true)?;
    let admin = |row: &crate::model::user::UserRow| {
        row.user.has_role(ADMIN) && row.user.state == UserState::Active
    };
    let keys = key::list(r, env, who)?;
    let signing: Vec<_> =
        keys.iter().filter(|one| one.in_use && one.key.state == KeyState::Active).collect();
    let have: BTreeSet<&str> = signing.iter().map(|one| one.key.algorithm.as_str()).collect();
    let wanted = key::algorithms_in_use(r, env)?;
    Ok(Health {
        counts: store::tally::counts(r)?,
        newest_event: store::audit::newest(r, None, 1)?.first().map(|event| event.at),
        administrators: store::user::count_active_with_role(r, ADMIN, None)?,
        unprotected: lacking.into_iter().filter(admin).map(|row| row.user.username).collect(),
        signing: signing
            .iter()
            .map(|one| (one.key.kid.clone(), one.key.activated_at.unwrap_or(one.key.created_at)))
            .collect(),
        unsigned: wanted.iter().map(|one| one.as_str()).filter(|one| !have.contains(one)).collect(),
        backup: backup::last(r)?,
        now: r.now,
    })
}

impl Health {
    /// What somebody should look after, by the rules of this configuration.
    pub fn complaints(&self, env: &Env) -> Vec<Sick> {
        let mut sick = Vec::new();
        if self.administrators == 0 {
            sick.push(Sick::NoAdministrator);
        }
        if env.config.authentication.mfa.enabled {
            sick.extend(self.unprotected.iter().cloned().map(Sick::AdminWithoutFactor));
        }
        sick.extend(self.unsigned.iter().map(|algorithm| Sick::NoKey(algorithm)));
        let rotate = env.config.authentication.tokens.signing_keys.rotate_after;
        let most = if rotate.is_zero() { KEY } else { rotate.saturating_add(LATE) };
        for (kid, since) in &self.signing {
            let age = self.now.since(*since);
            if age > most {
                sick.push(Sick::KeyOld { kid: kid.clone(), age });
            }
        }
        match self.backup.map(|at| self.now.since(at)) {
            None => sick.push(Sick::NeverBackedUp),
            Some(age) if age > BACKUP.saturating_add(DAY) => sick.push(Sick::BackupOld(age)),
            Some(_) => {}
        }
        for (count, one) in [
            (self.counts.undelivered, Sick::Undelivered(self.counts.undelivered)),
            (self.counts.overdue_keys, Sick::KeysOverdue(self.counts.overdue_keys)),
            (self.counts.pending_clients, Sick::ClientsWait(self.counts.pending_clients)),
        ] {
            if count > 0 {
                sick.push(one);
            }
        }
        sick
    }
}
