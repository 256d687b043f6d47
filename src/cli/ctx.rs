//! What every command begins with: its options, its output, and on request the opened data folder.

use std::{env, fs, path::PathBuf, sync::Arc};

use super::{
    args::Global,
    ask::Ask,
    dry::{self, Plan},
    failure::{Done, Failure},
    output::Out,
};
use crate::{
    app::App,
    config::{self, Config, Environment, Loaded, Source},
    db::{Clock, Read, Write, copy},
    error::{Error, Kind, Result},
    model::{
        actor::{Actor, Via},
        user::User,
    },
    ops::{self, env::Env},
};

/// How many names are compared for "did you mean".
const COMPARED: u32 = 2_000;
/// How alike two names must be (Jaro and Winkler) for one to be offered for the other.
const ALIKE: f64 = 0.8;

/// A command's surroundings.
#[derive(Debug)]
pub struct Ctx {
    /// Its options.
    pub global: Global,
    /// Where it writes.
    pub out: Out,
    /// Whom it asks.
    pub ask: Ask,
}

impl Ctx {
    /// Surroundings with these options.
    pub fn new(global: Global, out: Out) -> Self {
        Self { ask: Ask::new(&global), global, out }
    }

    /// The file to read: the named one, else the one in this folder if it is there.
    pub fn file(&self) -> Option<PathBuf> {
        let usual = || Some(PathBuf::from(config::FILE_NAME)).filter(|file| file.exists());
        self.global.config.clone().or_else(usual)
    }

    /// The configuration: file, environment, then our own options.
    pub fn load(&self) -> Result<Loaded, Failure> {
        let source = Source { file: self.file(), env: Environment::from_process() };
        Ok(self.over(config::load(&source)?))
    }

    /// Lays our own options over a configuration.
    pub fn over(&self, mut loaded: Loaded) -> Loaded {
        if let Some(folder) = &self.global.data_dir {
            loaded.config.storage.data_dir.clone_from(folder);
        }
        loaded
    }

    /// Whether the command is only tried out.
    pub fn dry_run(&self) -> bool {
        self.global.dry_run
    }

    /// What would happen, for a command that changes something else than rows.
    pub fn planned(&self, sentence: impl Into<String>) -> Failure {
        Failure::Planned(Plan::of(sentence))
    }

    /// Ends a command that is only tried out before it does what the sentence says.
    pub fn plan(&self, sentence: impl FnOnce() -> String) -> Done {
        if self.dry_run() { Err(self.planned(sentence())) } else { Ok(()) }
    }

    /// Opens the data folder.
    pub fn open(&self) -> Result<Desk, Failure> {
        self.open_with(self.load()?.config)
    }

    /// Opens the data folder of a configuration that was loaded already.
    pub fn open_with(&self, config: Config) -> Result<Desk, Failure> {
        let folder = config.storage.data_dir.clone();
        let fresh = !folder.join("mcpcodex.db").exists();
        if self.dry_run() {
            // Opening it in earnest would make or migrate it.
            copy::peek(&folder.join("mcpcodex.db"), |_| Ok(()))?;
        }
        let app = App::open(config, None, Clock::system())?;
        if fresh {
            self.out.note(&format!("made a new data folder: {}", folder.display()));
        }
        self.out.detail(&format!("database: {}", app.db.path().display()));
        Ok(Desk { dry_run: self.dry_run(), ..Desk::new(app) })
    }
}

/// The opened data folder and who stands at it.
#[derive(Clone, Debug)]
pub struct Desk {
    /// What was opened.
    pub app: App,
    /// The operator.
    pub who: Actor,
    dry_run: bool,
}

impl Desk {
    /// The operator at an opened data folder.
    pub fn new(app: App) -> Self {
        Self { app, who: operator(), dry_run: false }
    }

    /// Configuration, keys, addresses.
    pub fn env(&self) -> &Env {
        &self.app.env
    }

    /// Reads.
    pub fn read<T>(
        &self,
        job: impl FnOnce(&Read<'_>, &Env, &Actor) -> Result<T>,
    ) -> Result<T, Failure> {
        Ok(self.app.db.read(|r| job(r, &self.app.env, &self.who))?)
    }

    /// Changes, in one transaction. When it is only tried out, that transaction is rolled back, and the command ends with
    /// what would have been recorded.
    pub fn write<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Write<'_>, &Env, &Actor) -> Result<T> + Send + 'static,
    ) -> Result<T, Failure> {
        let (env, who) = (Arc::clone(&self.app.env), self.who.clone());
        if self.dry_run {
            return Err(Failure::Planned(dry::rehearse(&self.app.db, env, who, job)?));
        }
        Ok(self.app.db.write_blocking(move |tx| job(tx, &env, &who))?)
    }

    /// The person of that name, e-mail address or id; else the refusal names who may be meant.
    pub fn user(&self, typed: &str) -> Result<User, Failure> {
        self.read(|r, _, who| match ops::user::find(r, typed) {
            Err(error) if error.kind() == Kind::NotFound => Err(meant(r, who, typed, error)?),
            found => found,
        })
    }
}

fn meant(r: &Read<'_>, who: &Actor, typed: &str, error: Error) -> Result<Error> {
    let page = ops::user::Page { filter: String::new(), after: None, limit: COMPARED };
    let typed = typed.to_lowercase();
    let likeness = |name: &str| strsim::jaro_winkler(&name.to_lowercase(), &typed);
    let names = ops::user::list(r, who, &page)?.into_iter().map(|row| row.user.username);
    let nearest = names
        .map(|name| (likeness(&name), name))
        .filter(|(likeness, _)| *likeness >= ALIKE)
        .max_by(|(one, _), (other, _)| one.total_cmp(other));
    Ok(match nearest {
        Some((_, name)) => error.with_next(format!("did you mean {name}? mcpcodex user list")),
        None => error,
    })
}

/// The operator at the keyboard.
pub fn operator() -> Actor {
    Actor::operator(account(), Via::Cli)
}

/// Who runs this, by the operating system: behind sudo the person, not root.
fn account() -> String {
    let named = ["SUDO_USER", "USER", "LOGNAME"].into_iter().find_map(|name| env::var(name).ok());
    named.filter(|name| !name.is_empty()).unwrap_or_else(uid)
}

#[cfg(unix)]
fn uid() -> String {
    use std::os::unix::fs::MetadataExt as _;
    fs::metadata("/proc/self")
        .map_or_else(|_| "operator".to_owned(), |m| format!("uid {}", m.uid()))
}

#[cfg(not(unix))]
fn uid() -> String {
    "operator".to_owned()
}
