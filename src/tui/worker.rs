//! Carries out what `update` wishes from the database, on two threads: a change that waits for a lock must not keep
//! questions from being answered. The console's only way to `ops`.

use std::{
    sync::mpsc::{Receiver, Sender, channel},
    thread,
};

use super::{
    msg::{Change, Detail, Msg, Outcome, Problem, Query, Reply, Target, Ticket},
    screens::{sessions, users},
};
use crate::{
    db::{Db, Read, Write},
    error::{Error, Result},
    model::{actor::Actor, name::Username, user::UserRow, verb::Verb},
    ops,
    time::Time,
};

/// How many sessions and events stand beside a person.
const BESIDE: u32 = 8;

/// Answers a question, with the moment the answer is of.
pub fn answer(db: &Db, who: &Actor, query: &Query) -> Result<(Time, Reply)> {
    db.read(|r| Ok((r.now, look(r, who, query)?)))
}

fn look(r: &Read<'_>, who: &Actor, query: &Query) -> Result<Reply> {
    Ok(match query {
        Query::Users { filter, after } => {
            Reply::Users(people(r, who, filter, after.as_deref(), limit(users::WINDOW))?)
        }
        Query::Detail(user) => Reply::Detail(Box::new(Detail {
            user: user.clone(),
            sessions: ops::session::list(r, who, Some(user), BESIDE)?,
            events: ops::audit::newest(r, who, Some(user), BESIDE)?,
        })),
        Query::Sessions(user) => {
            Reply::Sessions(ops::session::list(r, who, user.as_ref(), limit(sessions::WINDOW))?)
        }
        Query::Find { verb, name } => Reply::Found(*verb, Box::new(meant(r, who, name)?)),
    })
}

fn limit(window: usize) -> u32 {
    u32::try_from(window).unwrap_or(u32::MAX)
}

fn people(
    r: &Read<'_>,
    who: &Actor,
    filter: &str,
    after: Option<&str>,
    limit: u32,
) -> Result<Vec<UserRow>> {
    let after = after.and_then(Username::lookup_key);
    ops::user::list(r, who, &ops::user::Page { filter: filter.to_owned(), after, limit })
}

/// The person a name stands for: the whole name, or a part of it that only one person has.
fn meant(r: &Read<'_>, who: &Actor, name: &str) -> Result<UserRow> {
    let unknown = match ops::user::find(r, name) {
        Ok(user) => return ops::user::show(r, who, &user.id),
        Err(error) => error,
    };
    let mut rows = people(r, who, name, None, 2)?;
    match (rows.pop(), rows.is_empty()) {
        (Some(row), true) => Ok(row),
        (Some(_), false) => {
            Err(Error::conflict(format!("more than one person matches \"{name}\""))
                .with_next("type more of the name"))
        }
        (None, _) => Err(unknown),
    }
}

/// Makes a change that was agreed to.
pub fn carry_out(db: &Db, who: &Actor, change: &Change) -> Result<Outcome> {
    let (who, change) = (who.clone(), change.clone());
    db.write_blocking(move |tx| alter(tx, &who, &change))
}

fn alter(tx: &Write<'_>, who: &Actor, change: &Change) -> Result<Outcome> {
    let shut = |shut: ops::session::Shut| Outcome { sessions: shut.sessions, grants: shut.grants };
    match (change.verb, &change.target) {
        (Verb::UserLock, Target::User { id, .. }) => ops::user::lock(tx, who, id).map(shut),
        (Verb::UserUnlock, Target::User { id, .. }) => {
            ops::user::unlock(tx, who, id).map(|_| Outcome::default())
        }
        (Verb::SessionRevokeOfUser, Target::User { id, .. }) => {
            ops::session::revoke_of_user(tx, who, id).map(shut)
        }
        (Verb::SessionRevoke, Target::Session { id, .. }) => {
            let sessions = ops::session::revoke(tx, who, std::slice::from_ref(id))?;
            Ok(Outcome { sessions, grants: 0 })
        }
        (Verb::UserLock | Verb::UserUnlock | Verb::SessionRevokeOfUser, Target::Session { .. })
        | (Verb::SessionRevoke, Target::User { .. }) => {
            Err(Error::internal("a change was agreed to for a thing of another kind"))
        }
    }
}

/// The two threads; they end when this is dropped and their work done.
#[derive(Debug)]
pub struct Worker {
    questions: Sender<(Ticket, Query)>,
    changes: Sender<Change>,
}

impl Worker {
    /// Starts the threads; what they find goes to `out`.
    pub fn start(db: &Db, who: &Actor, out: &Sender<Msg>) -> Result<Self> {
        let (questions, asked) = channel();
        let (changes, wanted) = channel();
        let (reader, writer) =
            ((db.clone(), who.clone(), out.clone()), (db.clone(), who.clone(), out.clone()));
        spawn("console-reader", move || read_on(&asked, &reader))?;
        spawn("console-writer", move || write_on(&wanted, &writer))?;
        Ok(Self { questions, changes })
    }

    /// Asks; the answer comes as a message.
    pub fn ask(&self, ticket: Ticket, query: Query) -> Result<()> {
        self.questions.send((ticket, query)).map_err(|_| stopped())
    }

    /// Makes a change; its end comes as a message.
    pub fn change(&self, change: Change) -> Result<()> {
        self.changes.send(change).map_err(|_| stopped())
    }
}

type World = (Db, Actor, Sender<Msg>);

fn read_on(asked: &Receiver<(Ticket, Query)>, (db, who, out): &World) {
    while let Ok(first) = asked.recv() {
        for (ticket, query) in newest_of_each(std::iter::once(first).chain(asked.try_iter())) {
            let (now, reply) = match answer(db, who, &query) {
                Ok((now, reply)) => (now, Ok(reply)),
                Err(error) => (db.now(), Err(Problem::from(error))),
            };
            if out.send(Msg::Answer { ticket, now, reply }).is_err() {
                return;
            }
        }
    }
}

/// Drops questions whose answer would come too late anyway, because a later one of the same kind waits already.
fn newest_of_each(asked: impl Iterator<Item = (Ticket, Query)>) -> Vec<(Ticket, Query)> {
    let mut kept: Vec<(Ticket, Query)> = Vec::new();
    for next in asked {
        let kind = std::mem::discriminant(&next.1);
        kept.retain(|(_, query)| std::mem::discriminant(query) != kind);
        kept.push(next);
    }
    kept
}

fn write_on(wanted: &Receiver<Change>, (db, who, out): &World) {
    while let Ok(change) = wanted.recv() {
        let outcome = carry_out(db, who, &change).map_err(Problem::from);
        if out.send(Msg::Done { change, now: db.now(), outcome }).is_err() {
            return;
        }
    }
}

pub(super) fn spawn(name: &str, job: impl FnOnce() + Send + 'static) -> Result<()> {
    let thread = thread::Builder::new().name(name.to_owned()).spawn(job);
    thread.map(drop).map_err(|error| {
        Error::internal("cannot start a thread for the console").with_source(error)
    })
}

fn stopped() -> Error {
    Error::internal("the console's worker has stopped")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_newest_question_of_a_kind_is_asked() {
        let users = |filter: &str| Query::Users { filter: filter.to_owned(), after: None };
        let asked = [
            (Ticket(1), users("m")),
            (Ticket(2), Query::Sessions(None)),
            (Ticket(3), users("ma")),
            (Ticket(4), users("mal")),
        ];
        let kept: Vec<u64> =
            newest_of_each(asked.into_iter()).into_iter().map(|(t, _)| t.0).collect();
        assert_eq!(kept, [2, 4]);
    }
}
