//! Carries out what `update` wishes from the database, on two threads: a change that waits for a lock must not keep
//! questions from being answered. The console's only way to `ops`.

mod programs;

use std::{
    sync::{
        Arc,
        mpsc::{Receiver, Sender, channel},
    },
    thread,
};

use super::{
    enroll::{Given, Wanted},
    msg::{Change, Detail, Msg, Outcome, Problem, Query, Reply, Target, Ticket},
    screens::{apikeys, audit, clients, messages, people, record, sessions},
};
use crate::{
    crypto::jwt::{Algorithm, SigningKey},
    db::{Db, Read, Write},
    error::{Error, Result},
    model::{actor::Actor, id::UserId, name::Username, user::UserRow, verb::Verb},
    ops::{
        self,
        apikey::Whose,
        env::Env,
        factor::{Enrolled, Which},
        key::rotation::{self, Order},
        link::Printed,
        session::Shut,
        user::Page,
    },
    time::Time,
};

/// How many sessions and events stand beside a person.
const BESIDE: u32 = 8;

/// What the threads work with.
#[derive(Clone, Debug)]
pub struct World {
    /// The database.
    pub db: Db,
    /// Configuration, keys, addresses.
    pub env: Arc<Env>,
    /// Who works at the console.
    pub who: Actor,
    /// Whether nothing may be changed.
    pub read_only: bool,
}

impl World {
    /// Refuses a change where nothing may be changed, whatever the screen let through.
    fn may_change(&self) -> Result<()> {
        if self.read_only {
            return Err(
                Error::denied("this console only looks").with_next("open it without --read-only")
            );
        }
        Ok(())
    }
}

/// Answers a question, with the moment the answer is of.
pub fn answer(world: &World, query: &Query) -> Result<(Time, Reply)> {
    world.db.read(|r| Ok((r.now, look(r, &world.env, &world.who, query)?)))
}

fn look(r: &Read<'_>, env: &Env, who: &Actor, query: &Query) -> Result<Reply> {
    Ok(match query {
        Query::Users { filter, after } => {
            let page = page(filter, after.as_deref(), limit(people::WINDOW));
            Reply::Users(ops::user::list(r, who, &page)?)
        }
        Query::Detail(user) => Reply::Detail(Box::new(Detail {
            user: user.clone(),
            sessions: ops::session::list(r, who, Some(user), BESIDE)?,
            keys: ops::apikey::list(r, who, Whose::User(user), BESIDE)?,
            apps: ops::oauth::connected::list(r, who, user)?,
            events: ops::audit::newest(r, who, Some(user), BESIDE)?,
        })),
        Query::Dashboard => Reply::Dashboard(Box::new(ops::dashboard::overview(r, env, who)?)),
        Query::ApiKeys => {
            let limit = limit(apikeys::WINDOW);
            Reply::ApiKeys(ops::apikey::standing::standings(r, env, who, limit)?)
        }
        Query::KeyUse(id) => {
            Reply::KeyUse(id.clone(), ops::apikey::usage(r, who, id, apikeys::DAYS)?)
        }
        Query::FindKey(text) => {
            Reply::FoundKey(ops::apikey::find(r, env, who, text.expose())?.key.id)
        }
        Query::Resources => Reply::Resources(ops::resource::list(r, who)?),
        Query::Events(user) => {
            let limit = limit(record::WINDOW);
            Reply::Events(ops::audit::newest(r, who, user.as_ref(), limit)?)
        }
        Query::Verify => {
            let checked = ops::audit::chain::verify(r, who, &env.keys.vault, &[])?;
            Reply::Verified(Box::new(checked))
        }
        Query::Sessions(user) => {
            Reply::Sessions(ops::session::list(r, who, user.as_ref(), limit(sessions::WINDOW))?)
        }
        Query::Factors { filter, after, lacking } => {
            let page = page(filter, after.as_deref(), limit(people::WINDOW));
            Reply::Users(ops::coverage::people(r, env, who, &page, *lacking)?)
        }
        Query::Clients => Reply::Clients(ops::client::recent(r, who, limit(clients::WINDOW))?),
        Query::Keys => Reply::Keys(ops::key::list(r, env, who)?),
        Query::Attempts => {
            Reply::Attempts(ops::trace::newest(r, who, false, limit(audit::WINDOW))?)
        }
        Query::Story(id) => Reply::Story(Box::new(ops::trace::story::find(r, who, id)?)),
        Query::Coverage => Reply::Coverage(Box::new(ops::coverage::overview(r, env, who)?)),
        Query::Messages => Reply::Messages(ops::outbox::list(r, who, limit(messages::WINDOW))?),
        Query::Message(id) => {
            let read = ops::outbox::read(r, env, who, id)?;
            Reply::Message(id.clone(), read.map(|message| message.text.into()))
        }
        Query::Find { action, name } => Reply::Found(*action, Box::new(meant(r, who, name)?)),
    })
}

fn limit(window: usize) -> u32 {
    u32::try_from(window).unwrap_or(u32::MAX)
}

fn page(filter: &str, after: Option<&str>, limit: u32) -> Page {
    let after = after.and_then(Username::lookup_key);
    Page { filter: filter.to_owned(), after, limit }
}

/// The person a name stands for: the whole name, or a part of it that only one person has.
fn meant(r: &Read<'_>, who: &Actor, name: &str) -> Result<UserRow> {
    let unknown = match ops::user::find(r, name) {
        Ok(user) => return ops::user::show(r, who, &user.id),
        Err(error) => error,
    };
    let mut rows = ops::user::list(r, who, &page(name, None, 2))?;
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
pub fn carry_out(world: &World, change: &Change) -> Result<Outcome> {
    world.may_change()?;
    if let Target::Key { kid, algorithm, .. } = &change.target {
        return turn_keys(world, change.verb, kid, *algorithm);
    }
    let (env, who, change) = (Arc::clone(&world.env), world.who.clone(), change.clone());
    world.db.write_blocking(move |tx| match &change.target {
        Target::User { id, .. } => alter_person(tx, &env, &who, change.verb, id),
        Target::NewUser(new) => programs::make_user(tx, &env, &who, new),
        Target::Session { id, .. } if change.verb == Verb::SessionRevoke => {
            let sessions = ops::session::revoke(tx, &who, std::slice::from_ref(id))?;
            Ok(Outcome { sessions, ..Outcome::default() })
        }
        Target::Client { id, .. } if change.verb == Verb::ClientEnable => {
            ops::client::enable(tx, &who, id).map(|()| Outcome::default())
        }
        Target::Client { id, .. } if change.verb == Verb::ClientDisable => {
            let grants = ops::client::disable(tx, &who, id)?;
            Ok(Outcome { grants, ..Outcome::default() })
        }
        Target::ApiKey { .. }
        | Target::Limits { .. }
        | Target::NewKey(_)
        | Target::Agent { .. }
        | Target::Resource { .. } => programs::alter(tx, &env, &who, &change),
        Target::Session { .. } | Target::Client { .. } | Target::Key { .. } => Err(other_kind()),
    })
}

/// Makes a key pair where one is needed, which is slow, and then does what was agreed to.
fn turn_keys(world: &World, verb: Verb, kid: &str, algorithm: Algorithm) -> Result<Outcome> {
    let lacking = match (verb, ()) {
        (Verb::KeyStage, ()) => Some(algorithm),
        (Verb::KeyRetire, ()) => world.db.read(|r| rotation::lacks(r, &world.env, Some(kid)))?,
        (Verb::KeyRotate, ()) => None,
        _ => return Err(other_kind()),
    };
    let fresh = lacking.map(SigningKey::generate).transpose()?;
    let (env, who, kid) = (Arc::clone(&world.env), world.who.clone(), kid.to_owned());
    world.db.write_blocking(move |tx| {
        match (verb, fresh) {
            (Verb::KeyStage, Some(fresh)) => rotation::stage(tx, &env, &who, &fresh).map(drop),
            (Verb::KeyRotate, _) => {
                let order = Order { kid: Some(&kid), ..Order::default() };
                rotation::rotate(tx, &env, &who, &order).map(drop)
            }
            (Verb::KeyRetire, fresh) => {
                rotation::retire(tx, &env, &who, &kid, fresh.as_ref()).map(drop)
            }
            _ => Err(other_kind()),
        }?;
        Ok(Outcome::default())
    })
}

pub(super) fn other_kind() -> Error {
    Error::internal("a change was agreed to for a thing of another kind")
}

fn alter_person(
    tx: &Write<'_>,
    env: &Env,
    who: &Actor,
    verb: Verb,
    id: &UserId,
) -> Result<Outcome> {
    let shut =
        |shut: Shut| Outcome { sessions: shut.sessions, grants: shut.grants, ..Outcome::default() };
    let link = |link: Printed| Outcome { link: Some(link), ..Outcome::default() };
    match (verb, ()) {
        (Verb::UserLock, ()) => ops::user::lock(tx, who, id).map(shut),
        (Verb::UserDelete, ()) => ops::user::delete(tx, who, id).map(shut),
        (Verb::UserUnlock, ()) => ops::user::unlock(tx, who, id).map(|_| Outcome::default()),
        (Verb::SessionRevokeOfUser, ()) => ops::session::revoke_of_user(tx, who, id).map(shut),
        (Verb::UserInvite, ()) => ops::user::invite(tx, env, who, id).map(link),
        (Verb::UserResetLink, ()) => ops::reset::link(tx, env, who, id).map(link),
        (Verb::MfaLink, ()) => ops::factor::enroll_link(tx, env, who, id).map(link),
        (Verb::MfaReset, ()) => {
            let reset = ops::factor::reset(tx, env, who, id)?;
            Ok(Outcome { factors: reset.removed, ..link(reset.link) })
        }
        _ => Err(other_kind()),
    }
}

/// Goes on with an enrolment.
pub fn enroll(world: &World, wanted: &Wanted) -> Result<Given> {
    world.may_change()?;
    let (env, who, wanted) = (Arc::clone(&world.env), world.who.clone(), wanted.clone());
    world.db.write_blocking(move |tx| match &wanted {
        Wanted::Begin(id) => {
            let user = ops::user::get(tx, id)?;
            let started = ops::factor::enroll_as(tx, &env, &who, &user, Which::New)?;
            Ok(Given::Begun(Box::new(started.into())))
        }
        Wanted::Prove(id, code) => {
            Ok(match ops::factor::confirm(tx, &env, &who, id, code.expose())? {
                Enrolled::Active(in_force) => Given::Right(in_force.codes),
                Enrolled::Wrong => Given::Wrong,
            })
        }
    })
}

/// Something for the thread that changes.
#[derive(Debug)]
enum Job {
    Change(Change),
    Enroll(Ticket, Wanted),
}

/// The two threads; they end when this is dropped and their work done.
#[derive(Debug)]
pub struct Worker {
    questions: Sender<(Ticket, Query)>,
    jobs: Sender<Job>,
    world: World,
    out: Sender<Msg>,
}

impl Worker {
    /// Starts the threads; what they find goes to `out`.
    pub fn start(world: &World, out: &Sender<Msg>) -> Result<Self> {
        let (questions, asked) = channel();
        let (jobs, wanted) = channel();
        let (reader, readings) = (world.clone(), out.clone());
        let (writer, outcomes) = (world.clone(), out.clone());
        spawn("console-reader", move || read_on(&asked, &reader, &readings))?;
        spawn("console-writer", move || write_on(&wanted, &writer, &outcomes))?;
        Ok(Self { questions, jobs, world: world.clone(), out: out.clone() })
    }

    /// Asks; the answer comes as a message.
    pub fn ask(&self, ticket: Ticket, query: Query) -> Result<()> {
        if query == Query::Verify {
            // Reading all of a long record takes a while, in which the rows must go on.
            let (world, out) = (self.world.clone(), self.out.clone());
            return spawn("console-verify", move || drop(out.send(reply(&world, ticket, &query))));
        }
        self.questions.send((ticket, query)).map_err(|_| stopped())
    }

    /// Makes a change; its end comes as a message.
    pub fn change(&self, change: Change) -> Result<()> {
        self.jobs.send(Job::Change(change)).map_err(|_| stopped())
    }

    /// Goes on with an enrolment; what came of it comes as a message.
    pub fn enroll(&self, ticket: Ticket, wanted: Wanted) -> Result<()> {
        self.jobs.send(Job::Enroll(ticket, wanted)).map_err(|_| stopped())
    }
}

fn read_on(asked: &Receiver<(Ticket, Query)>, world: &World, out: &Sender<Msg>) {
    while let Ok(first) = asked.recv() {
        for (ticket, query) in newest_of_each(std::iter::once(first).chain(asked.try_iter())) {
            if out.send(reply(world, ticket, &query)).is_err() {
                return;
            }
        }
    }
}

fn reply(world: &World, ticket: Ticket, query: &Query) -> Msg {
    let (now, reply) = match answer(world, query) {
        Ok((now, reply)) => (now, Ok(reply)),
        Err(error) => (world.db.now(), Err(Problem::from(error))),
    };
    Msg::Answer { ticket, now, reply }
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

fn write_on(wanted: &Receiver<Job>, world: &World, out: &Sender<Msg>) {
    while let Ok(job) = wanted.recv() {
        let msg = match job {
            Job::Change(change) => {
                let outcome = carry_out(world, &change).map_err(Problem::from);
                Msg::Done { change, now: world.db.now(), outcome }
            }
            Job::Enroll(ticket, wanted) => {
                let given = enroll(world, &wanted).map_err(Problem::from);
                Msg::Enrolled { ticket, now: world.db.now(), given }
            }
        };
        if out.send(msg).is_err() {
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
