//! Sees to it that an app which names itself by a URL is known as well as it must be, before its request is decided:
//! fetches its document when it is new or no longer fresh. One fetch at a time for each document, few for each host,
//! and what failed is left alone for a while, so that nobody can use this server to flood another.

use std::{
    collections::HashMap,
    sync::{Arc, OnceLock},
    time::Duration,
};

use parking_lot::Mutex;
use tokio::sync::Semaphore;
use url::Url;

use super::statement::Cached;
use crate::{
    app::App,
    config::authentication::Clients,
    error::{Error, Result},
    model::{
        actor::Actor,
        document::DocumentUrl,
        fetch::{Fault, Fetched},
    },
    net::{
        client::{Fetcher, Policy},
        guard::Reach,
    },
    ops::document::{self, Fetch, Need, Problem},
    time::Time,
};

/// How long a failure is remembered.
const FAILED: Duration = Duration::from_secs(60);
/// Fetches under way at once: for apps that are new, and as many again for those that are known.
const AT_ONCE: usize = 16;
/// How long a fetch waits for its turn.
const TURN: Duration = Duration::from_secs(3);
/// Documents of new apps that one host is asked for in a minute.
const PER_HOST: u32 = 20;
const MINUTE: Duration = Duration::from_secs(60);
/// The most that is remembered of each sort. What lies beyond is refused until the minute is over.
pub(super) const MOST: usize = 2_000;

/// Fetches what apps publish about themselves, for every endpoint.
#[derive(Debug)]
pub struct Resolver {
    fetcher: OnceLock<Option<Fetcher>>,
    flights: Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>,
    failures: Mutex<HashMap<String, (Problem, Time)>>,
    hosts: Mutex<HashMap<String, (u32, Time)>>,
    new: Semaphore,
    pub(super) known: Semaphore,
    pub(super) keys: Mutex<HashMap<String, Cached>>,
}

impl Default for Resolver {
    fn default() -> Self {
        Self {
            fetcher: OnceLock::new(),
            flights: Mutex::default(),
            failures: Mutex::default(),
            hosts: Mutex::default(),
            new: Semaphore::new(AT_ONCE),
            known: Semaphore::new(AT_ONCE),
            keys: Mutex::default(),
        }
    }
}

impl Resolver {
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
        let flight = self.flight(fetch.url.as_str());
        let landed = {
            let _alone = flight.lock().await;
            self.alone(app, who, client_id).await
        };
        self.land(fetch.url.as_str(), flight);
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
        let problem = match self.fetch(app, &fetch).await {
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

    async fn fetch(&self, app: &App, fetch: &Fetch) -> Result<Fetched, Fault> {
        if !fetch.known {
            self.count(fetch.url.host(), app.db.now())?;
        }
        let turns = if fetch.known { &self.known } else { &self.new };
        self.get(app, turns, fetch.url.url(), fetch.etag.as_deref()).await
    }

    /// Fetches something in its turn: `known` or new.
    pub(super) async fn get(
        &self,
        app: &App,
        turns: &Semaphore,
        url: &Url,
        etag: Option<&str>,
    ) -> Result<Fetched, Fault> {
        let turn = tokio::time::timeout(TURN, turns.acquire()).await;
        let Ok(Ok(_turn)) = turn else {
            return Err(Fault::Busy("too many documents are being fetched at once"));
        };
        let fetcher = self.fetcher.get_or_init(|| fetcher(&app.env.config.authentication.clients));
        let Some(fetcher) = fetcher else {
            return Err(Fault::Busy("this server cannot fetch documents; its log says why"));
        };
        fetcher.fetch(url, etag).await
    }

    /// Counts a document of a new app against its host.
    pub(super) fn count(&self, host: &str, now: Time) -> Result<(), Fault> {
        let busy = Err(Fault::Busy("too many new documents of this host were asked for"));
        let mut hosts = self.hosts.lock();
        if hosts.len() >= MOST {
            hosts.retain(|_, (_, since)| now.since(*since) < MINUTE);
        }
        if hosts.len() >= MOST && !hosts.contains_key(host) {
            return busy;
        }
        let entry = hosts.entry(host.to_owned()).or_insert((0, now));
        if now.since(entry.1) >= MINUTE {
            *entry = (0, now);
        }
        if entry.0 >= PER_HOST {
            return busy;
        }
        entry.0 = entry.0.saturating_add(1);
        Ok(())
    }

    fn failure(&self, client_id: &str, now: Time) -> Option<Problem> {
        let failures = self.failures.lock();
        let (problem, since) = failures.get(client_id)?;
        (now.since(*since) < FAILED).then(|| problem.clone())
    }

    fn remember(&self, client_id: &str, problem: Problem, now: Time) {
        let mut failures = self.failures.lock();
        failures.retain(|_, (_, since)| now.since(*since) < FAILED);
        // Of a flood of failures not each can be remembered; the hosts' counts still hold.
        if failures.len() < MOST {
            failures.insert(client_id.to_owned(), (problem, now));
        }
    }

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
fn fetcher(clients: &Clients) -> Option<Fetcher> {
    let policy = policy(clients).and_then(|policy| Fetcher::new(&policy));
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
