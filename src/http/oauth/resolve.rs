//! Sees to it that an app which names itself by a URL is known as well as it must be, before its request is decided:
//! fetches its document when it is new or no longer fresh. One fetch at a time for each document, and what failed is left
//! alone for a while. What strangers may cause is bounded by `brake`, so that nobody can use this server to flood
//! another; apps that are in use have turns and memory of their own, which strangers cannot use up.

use std::{
    collections::HashMap,
    sync::{Arc, OnceLock},
    time::Duration,
};

use parking_lot::Mutex;
use tokio::sync::Semaphore;
use url::Url;

use super::{brake::Brake, egress::Egress, statement::Cached};
use crate::{
    app::App,
    config::authentication::{Clients, Registration},
    error::{Error, Result},
    model::{
        actor::Actor,
        document::DocumentUrl,
        fetch::{Fault, Fetched},
    },
    net::{
        client::{Fetcher, Lookup, Policy, System},
        guard::Reach,
    },
    ops::document::{self, Fetch, Need, Problem},
    time::Time,
};

/// How long a failure is remembered.
const FAILED: Duration = Duration::from_secs(60);
/// Fetches under way at once: for strangers, and as many again for apps that are in use.
const AT_ONCE: usize = 32;
/// How long a fetch waits for its turn.
const TURN: Duration = Duration::from_secs(3);
/// The most failures that are remembered. The brake lets fewer happen in the time for which they are.
const MOST: usize = 2_000;

/// For whom something is fetched.
#[derive(Clone, Copy, Debug)]
pub(super) enum Whose<'a> {
    /// For an app that is in use here, or somebody whom the operator entered.
    InUse,
    /// For an app that anybody may have named, at the wish of whoever did.
    Stranger(&'a Actor),
}

/// What those in use have apart from strangers.
#[derive(Debug)]
pub(super) struct Lane {
    turns: Semaphore,
    pub(super) keys: Mutex<HashMap<String, Cached>>,
    flights: Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>,
}

impl Default for Lane {
    fn default() -> Self {
        Self { turns: Semaphore::new(AT_ONCE), keys: Mutex::default(), flights: Mutex::default() }
    }
}

impl Lane {
    pub(super) fn flight(&self, client_id: &str) -> Arc<tokio::sync::Mutex<()>> {
        Arc::clone(self.flights.lock().entry(client_id.to_owned()).or_default())
    }

    /// Forgets a flight that nobody waits for any more.
    pub(super) fn land(&self, client_id: &str, flight: Arc<tokio::sync::Mutex<()>>) {
        let mut flights = self.flights.lock();
        drop(flight);
        if flights.get(client_id).is_some_and(|one| Arc::strong_count(one) == 1) {
            flights.remove(client_id);
        }
    }
}

/// Fetches what apps publish about themselves, for every endpoint.
pub struct Resolver {
    lookup: Arc<dyn Lookup>,
    fetcher: OnceLock<Option<Fetcher>>,
    failures: Mutex<HashMap<String, (Problem, Time)>>,
    brake: Brake,
    egress: Egress,
    strangers: Lane,
    in_use: Lane,
}

impl std::fmt::Debug for Resolver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Resolver").field("egress", &self.egress).finish_non_exhaustive()
    }
}

impl Default for Resolver {
    fn default() -> Self {
        Self::with(Arc::new(System))
    }
}

impl Resolver {
    /// One that finds hosts in a way of its own.
    pub fn with(lookup: Arc<dyn Lookup>) -> Self {
        Self {
            lookup,
            fetcher: OnceLock::new(),
            failures: Mutex::default(),
            brake: Brake::default(),
            egress: Egress::default(),
            strangers: Lane::default(),
            in_use: Lane::default(),
        }
    }

    /// Whether apps may rely on being known by their documents. Not where nothing outside can be reached: then they
    /// had better register, if they may.
    pub fn promises(&self, app: &App) -> bool {
        let clients = &app.env.config.authentication.clients;
        clients.dynamic_registration != Registration::Open || !self.is_shut_in(app)
    }

    /// Whether nothing outside can be reached, as far as was seen.
    pub fn is_shut_in(&self, app: &App) -> bool {
        self.fetcher(app).is_none() || self.egress.is_shut(app.db.now())
    }

    pub(super) fn lane(&self, whose: Whose<'_>) -> &Lane {
        match whose {
            Whose::InUse => &self.in_use,
            Whose::Stranger(_) => &self.strangers,
        }
    }

    /// Makes sure that `client_id` can be looked up. `Err` inside says why an app that names itself by a URL is not
    /// taken; any other id passes, known or not.
    pub async fn know(
        &self,
        app: &App,
        who: &Actor,
        client_id: &str,
    ) -> Result<Result<(), Problem>> {
        let Some(found) = self.still_needed(app, client_id)? else { return Ok(Ok(())) };
        let fetch = match found {
            Ok(fetch) => fetch,
            Err(problem) => return Ok(Err(problem)),
        };
        let lane = self.lane(whose(&fetch, who));
        let flight = lane.flight(fetch.url.as_str());
        let landed = {
            let _alone = flight.lock().await;
            self.alone(app, who, client_id).await
        };
        lane.land(fetch.url.as_str(), flight);
        landed
    }

    /// What is left to fetch; nothing when a failure is remembered that may be overlooked.
    fn still_needed(&self, app: &App, client_id: &str) -> Result<Option<Result<Fetch, Problem>>> {
        let fetch = match app.db.read(|r| document::need(r, &app.env, client_id))? {
            Need::Nothing => return Ok(None),
            Need::Refused(problem) => return Ok(Some(Err(problem))),
            Need::Fetch(fetch) => *fetch,
        };
        Ok(match self.failure(client_id, app.db.now()) {
            Some(_) if fetch.stale => None,
            Some(problem) => Some(Err(problem)),
            None => Some(Ok(fetch)),
        })
    }

    async fn alone(&self, app: &App, who: &Actor, client_id: &str) -> Result<Result<(), Problem>> {
        // Whoever was here before may have done it, or failed.
        let fetch = match self.still_needed(app, client_id)? {
            None => return Ok(Ok(())),
            Some(Err(problem)) => return Ok(Err(problem)),
            Some(Ok(fetch)) => fetch,
        };
        let now = app.db.now();
        let fetched =
            self.get(app, whose(&fetch, who), fetch.url.url(), fetch.etag.as_deref()).await;
        let problem = match fetched {
            Ok(fetched) => match keep(app, who, &fetch.url, fetched).await? {
                Ok(()) => return Ok(Ok(())),
                Err(problem) => problem,
            },
            Err(fault) => Problem::Fault(fault),
        };
        tracing::info!(client = %fetch.url, %problem, stale = fetch.stale, "an app's document cannot be used");
        // That there was no turn is nothing that its maker could mend within the minute.
        if !matches!(problem, Problem::Fault(Fault::Busy(_))) {
            self.remember(client_id, problem.clone(), now);
        }
        Ok(if fetch.stale { Ok(()) } else { Err(problem) })
    }

    /// Fetches something in its turn.
    pub(super) async fn get(
        &self,
        app: &App,
        whose: Whose<'_>,
        url: &Url,
        etag: Option<&str>,
    ) -> Result<Fetched, Fault> {
        let Some(client) = self.fetcher(app) else {
            return Err(Fault::Busy("this server cannot fetch documents; its log says why"));
        };
        // What is never dialled costs nothing, and counts for nothing.
        client.admits(url)?;
        let host = url.host_str().unwrap_or_default();
        let _pass = match whose {
            Whose::InUse => None,
            Whose::Stranger(who) => {
                Some(self.brake.pass(&who.origin.address, host, app.db.now())?)
            }
        };
        let turn = tokio::time::timeout(TURN, self.lane(whose).turns.acquire()).await;
        let Ok(Ok(_turn)) = turn else {
            return Err(Fault::Busy("too many documents are being fetched at once"));
        };
        let fetched = client.fetch(url, etag).await;
        self.egress.saw(host, &fetched, app.db.now());
        fetched
    }

    fn fetcher(&self, app: &App) -> Option<&Fetcher> {
        let made = || fetcher(&app.env.config.authentication.clients, &self.lookup);
        self.fetcher.get_or_init(made).as_ref()
    }

    fn failure(&self, client_id: &str, now: Time) -> Option<Problem> {
        let failures = self.failures.lock();
        let (problem, since) = failures.get(client_id)?;
        (now.since(*since) < FAILED).then(|| problem.clone())
    }

    fn remember(&self, client_id: &str, problem: Problem, now: Time) {
        let mut failures = self.failures.lock();
        failures.retain(|_, (_, since)| now.since(*since) < FAILED);
        if failures.len() < MOST {
            failures.insert(client_id.to_owned(), (problem, now));
        }
    }
}

fn whose<'a>(fetch: &Fetch, who: &'a Actor) -> Whose<'a> {
    if fetch.in_use { Whose::InUse } else { Whose::Stranger(who) }
}

async fn keep(
    app: &App,
    who: &Actor,
    url: &DocumentUrl,
    fetched: Fetched,
) -> Result<Result<(), Problem>> {
    let (env, who, url) = (app.env(), who.clone(), url.clone());
    app.db.write(move |tx| document::keep(tx, &env, &who, &url, &fetched)).await
}

/// A server that cannot fetch still does everything else.
fn fetcher(clients: &Clients, lookup: &Arc<dyn Lookup>) -> Option<Fetcher> {
    let policy = policy(clients).and_then(|policy| Fetcher::with(&policy, Arc::clone(lookup)));
    policy
        .inspect_err(|error| {
            let next = error.next().unwrap_or_default();
            tracing::error!(%error, next, "documents of apps cannot be fetched");
        })
        .ok()
}

fn policy(clients: &Clients) -> Result<Policy> {
    let reach = if clients.local_documents { Reach::Local } else { Reach::Public };
    let read = |path: &std::path::PathBuf| {
        std::fs::read(path).map_err(|error| {
            let what = format!("{} cannot be read", path.display());
            Error::invalid("documents_ca", what).with_source(error)
        })
    };
    let authorities = clients.documents_ca.as_ref().map(read).transpose()?;
    Ok(Policy { reach, authorities, ..Policy::default() })
}
