//! What the integration tests stand on: a server in a temporary folder, browsers, and people in it.
//! Nothing here asserts a fact of the product; each fact is asserted where it is named.
//!
//! Everything blocks, so that tests are plain `#[test]` functions and races are real threads.

pub(crate) mod authenticator;
pub(crate) mod browser;
pub(crate) mod carrier;
pub(crate) mod dpop;
pub(crate) mod forge;
pub(crate) mod html;
pub(crate) mod idp;
pub(crate) mod log;
pub(crate) mod party;
pub(crate) mod people;
pub(crate) mod publisher;
pub(crate) mod rows;
pub(crate) mod vendors;

use std::{path::Path, sync::LazyLock, time::Duration};

use mcpcodex::{
    app::App,
    config::{Config, tokens::SigningAlgorithm},
    db::{Clock, Read, Write},
    error::Result,
    http::router,
    model::{
        actor::{Actor, Origin, Via},
        audit::EventRow,
    },
    ops,
    time::Time,
};
use tempfile::TempDir;
use tokio::runtime::Runtime;

pub(crate) use browser::{Browser, Page};
pub(crate) use people::{OTHER_PASSWORD, PASSWORD, Totp};

/// Monday, 2 March 2026, 10:00 UTC, and on a boundary of 30 seconds: where every test's clock starts.
pub(crate) const START: Time = Time::from_secs(1_772_445_600);

/// Where browsers of the tests come from unless they say otherwise.
pub(crate) const ADDRESS: &str = "198.51.100.7";

/// The runtime that handlers run on, as in the real server: several threads.
pub(crate) static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().unwrap()
});

/// A server in a folder of its own, with a clock that the test moves.
pub(crate) struct TestApp {
    /// The application as the server holds it.
    pub(crate) app: App,
    /// Its clock.
    pub(crate) clock: Clock,
    config: Config,
    // The last field: the folder goes when everything in it is closed.
    folder: TempDir,
}

impl TestApp {
    /// With the configuration's defaults, but hashes that cost nothing.
    pub(crate) fn new() -> Self {
        Self::with(|_| ())
    }

    /// With a configuration that `change` has changed.
    pub(crate) fn with(change: impl FnOnce(&mut Config)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut config = Config::default();
        config.storage.data_dir = folder.path().join("data");
        let hashing = &mut config.authentication.password.hashing;
        (hashing.memory_kib, hashing.iterations) = (8, 1);
        // An RSA key takes a tenth of a second and more to find.
        config.authentication.tokens.access_token.algorithm = SigningAlgorithm::Es256;
        config.limits.hashing_queue = 1_000;
        change(&mut config);
        let clock = Clock::manual(START);
        let app = App::open(config.clone(), None, clock.clone()).unwrap();
        Self { app, clock, config, folder }
    }

    /// A second application on the same folder and clock: another process, as far as anyone can tell.
    pub(crate) fn another(&self) -> App {
        self.another_with(|_| ())
    }

    /// [`TestApp::another`] with a configuration that was changed since.
    pub(crate) fn another_with(&self, change: impl FnOnce(&mut Config)) -> App {
        let mut config = self.config.clone();
        change(&mut config);
        App::open(config, None, self.clock.clone()).unwrap()
    }

    /// Closes the application and opens it again on what it left behind.
    pub(crate) fn restart(self) -> Self {
        self.restart_with(|_| ())
    }

    /// [`TestApp::restart`] with a changed configuration.
    pub(crate) fn restart_with(self, change: impl FnOnce(&mut Config)) -> Self {
        let Self { app, clock, mut config, folder } = self;
        drop(app);
        change(&mut config);
        let app = App::open(config.clone(), None, clock.clone()).unwrap();
        Self { app, clock, config, folder }
    }

    /// The folder with the database and the master key.
    pub(crate) fn data_dir(&self) -> &Path {
        &self.config.storage.data_dir
    }

    /// The temporary folder around it, for files of the test.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The configuration.
    pub(crate) fn config(&self) -> &Config {
        &self.config
    }

    /// Changes something in one transaction.
    pub(crate) fn write<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Write<'_>) -> Result<T> + Send + 'static,
    ) -> T {
        self.app.db.write_blocking(job).unwrap()
    }

    /// Reads something.
    pub(crate) fn read<T>(&self, job: impl FnOnce(&Read<'_>) -> Result<T>) -> T {
        self.app.db.read(job).unwrap()
    }

    /// Moves the clock.
    pub(crate) fn advance(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    /// A browser without cookies.
    pub(crate) fn browser(&self) -> Browser {
        browser_of(&self.app)
    }

    /// The audit events there are, newest first, as `event` names.
    pub(crate) fn events(&self) -> Vec<String> {
        self.audit().into_iter().map(|row| row.event).collect()
    }

    /// The audit rows there are, newest first.
    pub(crate) fn audit(&self) -> Vec<EventRow> {
        self.read(|r| ops::audit::newest(r, &operator(), None, 1_000))
    }
}

/// A browser without cookies, at the server that `app` is.
pub(crate) fn browser_of(app: &App) -> Browser {
    Browser::new(router::routes(app.clone()), &app.env.site.public_url)
}

/// Sees to it that the packages of `tests/e2e` are there: npm's and Python's.
pub(crate) fn packages(folder: &Path) {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        let installed = std::process::Command::new(folder.join("packages")).status();
        assert!(
            installed.is_ok_and(|status| status.success()),
            "tests/e2e/packages failed: are node, npm and python3-venv there?"
        );
    });
}

/// The Node that the programs of others want, which is newer than Debian's; else the one there is.
pub(crate) fn node(folder: &Path) -> std::path::PathBuf {
    let own = folder.join("node_modules/.bin/node");
    if own.exists() { own } else { "node".into() }
}

/// The operator on the host.
pub(crate) fn operator() -> Actor {
    Actor::operator("root", Via::Cli)
}

/// Where a browser of the tests comes from, as an op sees it.
pub(crate) fn origin() -> Origin {
    Origin { address: ADDRESS.to_owned(), user_agent: browser::USER_AGENT.to_owned() }
}

/// Runs `job` on `count` threads that start at the same moment, and gives back what each returned.
pub(crate) fn race<T: Send>(count: usize, job: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let barrier = std::sync::Barrier::new(count);
    std::thread::scope(|scope| {
        let (barrier, job) = (&barrier, &job);
        #[expect(
            clippy::needless_collect,
            reason = "all of them start before the first is waited for"
        )]
        let threads: Vec<_> = (0..count)
            .map(|at| {
                scope.spawn(move || {
                    barrier.wait();
                    job(at)
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}
