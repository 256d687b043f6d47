//! The wiring: opens the data folder and holds what every face needs. Built once, cheap to clone.

use std::{net::SocketAddr, path::Path, sync::Arc};

use crate::{
    config::{Config, look::Look, site::Site},
    crypto::{
        keyring::Keyring,
        password::{HashLimits, Hasher, Params},
        seal::{MasterKey, Vault},
        secret::Plain,
        session::SessionSigner,
    },
    db::{self, Clock, Db},
    error::{Error, Result},
    model::audit::chain::Link,
    ops::{
        self,
        apikey::{
            self, BadKey,
            gate::{self, Verdict},
            meter::Meters,
        },
        env::Env,
        seen::Seen,
    },
};

/// Everything a face holds.
#[derive(Clone, Debug)]
pub struct App {
    /// The database.
    pub db: Db,
    /// Configuration, keys, hasher and our own address.
    pub env: Arc<Env>,
    /// Last-used marks that are not written yet.
    pub seen: Arc<Seen>,
}

/// The file beside the database that holds the master key.
pub const MASTER_KEY_FILE: &str = "master.key";
/// The file beside the database that says how far the audit record went.
pub const AUDIT_ANCHOR_FILE: &str = "audit.head";

impl App {
    /// Opens or makes the data folder: master key, database, signing key. `listen` is the address that is served;
    /// without one it is where the server was last seen to listen, else the configured one.
    pub fn open(config: Config, listen: Option<SocketAddr>, clock: Clock) -> Result<Self> {
        let folder = config.storage.data_dir.clone();
        let options = db::Options { clock, ..db::Options::in_folder(&folder) };
        // The database is opened first: a folder with the wrong mode is refused before a key is put into it.
        let db = Db::open(options)?;
        let vault = Vault::new(&master_key(&config, &folder)?)?;
        ops::setup::check_master_key(&db, &vault)?;
        ops::audit::chain::ensure(&db, &vault, anchor(&folder)?.is_some())?;
        let listen = match listen {
            Some(listen) => listen,
            None => db.read(ops::setup::last_listen)?.unwrap_or(config.server.listen),
        };
        let session = SessionSigner::new(&session_secret(&config, &vault));
        let env = Arc::new(Env {
            site: Site::of(&config, listen),
            look: Look::of(&config.server.brand),
            keys: Keyring::new(vault, session),
            hasher: hasher(&config)?,
            meters: Meters::default(),
            config,
        });
        ops::key::ensure(&db, &env)?;
        Ok(Self { db, env, seen: Arc::default() })
    }

    /// Where the audit record ended when that was last noted beside the database; none when it never was.
    pub fn audit_anchor(&self) -> Result<Option<Link>> {
        anchor(&self.env.config.storage.data_dir)
    }

    /// Notes beside the database where the audit record ends, so that an older copy of the database is found out.
    /// Only ever further on from what was noted before: what was cut or replaced stays found.
    pub fn note_audit(&self) -> Result<()> {
        let noted = self.audit_anchor()?;
        let next = self.db.read(|r| ops::audit::chain::next_anchor(r, noted.as_ref()))?;
        next.map_or(Ok(()), |last| self.write_anchor(&last))
    }

    /// [`App::note_audit`], whatever was noted before: for whoever restored an older copy.
    pub fn anchor_audit(&self) -> Result<Link> {
        let last = self.db.read(ops::audit::chain::last)?.unwrap_or_default();
        self.write_anchor(&last)?;
        Ok(last)
    }

    fn write_anchor(&self, last: &Link) -> Result<()> {
        let path = self.env.config.storage.data_dir.join(AUDIT_ANCHOR_FILE);
        db::files::replace_private(&path, format!("{last}\n").as_bytes())
    }

    /// Judges a call by API key from an address: one look-up, and now and then a write. A text that cannot be a key asks no database.
    pub async fn authenticate_api_key(&self, address: &str, text: &str) -> Result<Verdict> {
        if !self.is_api_key(text) {
            return Ok(Verdict::Bad(BadKey::Malformed));
        }
        let judged = self.db.read(|r| gate::authenticate(r, &self.env, text))?;
        let verdict = if let Some(verdict) = judged {
            verdict
        } else {
            let (env, text) = (self.env(), Plain::new(text.to_owned()));
            self.db.write(move |tx| gate::draw(tx, &env, text.expose())).await?
        };
        self.seen.count(&verdict, address);
        Ok(verdict)
    }

    /// Whether a text has prefix, length and checksum of an API key. Asks no database.
    pub fn is_api_key(&self, text: &str) -> bool {
        apikey::is_one(&self.env, text)
    }

    /// Another handle on what ops need, for a job that outlives the request.
    pub fn env(&self) -> Arc<Env> {
        Arc::clone(&self.env)
    }
}

fn anchor(folder: &Path) -> Result<Option<Link>> {
    let path = folder.join(AUDIT_ANCHOR_FILE);
    let Some(text) = read_private(&path)? else { return Ok(None) };
    let unreadable = || {
        Error::conflict(format!("{} does not say where the audit record ended", path.display()))
            .with_next("restore it from a backup, or remove it if you know why it is damaged")
    };
    Link::parse(&text).map(Some).ok_or_else(unreadable)
}

fn hasher(config: &Config) -> Result<Hasher> {
    let hashing = &config.authentication.password.hashing;
    let params = Params {
        memory_kib: hashing.memory_kib,
        iterations: hashing.iterations,
        parallelism: hashing.parallelism,
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let permits = usize::try_from(config.limits.hashing_permits).unwrap_or(cores);
    let limits = HashLimits {
        permits: if permits == 0 { cores } else { permits },
        queue: usize::try_from(config.limits.hashing_queue).unwrap_or(usize::MAX),
        wait: config.limits.hashing_wait,
    };
    Hasher::new(params, limits)
}

fn session_secret(config: &Config, vault: &Vault) -> [u8; 32] {
    // Derived rather than stored when none is given: it lives in the data folder as part of the master key.
    let given = config.credentials.session_secret.as_ref();
    vault.mac("session", given.map_or(&[][..], |secret| secret.expose().as_bytes()))
}

fn master_key(config: &Config, folder: &Path) -> Result<MasterKey> {
    if let Some(key) = &config.credentials.master_key {
        return MasterKey::parse(key.expose());
    }
    let path = folder.join(MASTER_KEY_FILE);
    match read_private(&path)? {
        Some(text) => MasterKey::parse(text.trim()).map_err(|error| {
            Error::conflict(format!("the master key in {} cannot be read", path.display()))
                .with_next("restore it from a backup: without it the sealed secrets stay sealed")
                .with_source(error)
        }),
        None => make_master_key(&path),
    }
}

fn make_master_key(path: &Path) -> Result<MasterKey> {
    let key = MasterKey::generate();
    if db::files::create_private(path, format!("{}\n", key.encode().expose()).as_bytes())? {
        return Ok(key);
    }
    // Another process was first: its key is the key.
    let text = read_private(path)?
        .ok_or_else(|| Error::internal(format!("{} appeared and is gone", path.display())))?;
    MasterKey::parse(text.trim())
}

fn read_private(path: &Path) -> Result<Option<zeroize::Zeroizing<String>>> {
    db::files::read_private(path)
}
