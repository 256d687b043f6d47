//! What could be done at best: axum with nothing behind it, raw signatures, raw hashes, raw commits.

use std::{
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use aws_lc_rs::{
    rand::SystemRandom,
    rsa::KeySize,
    signature::{self, KeyPair as _, RsaKeyPair, UnparsedPublicKey},
};
use axum::{
    Router,
    body::Bytes,
    extract::State,
    response::IntoResponse,
    routing::{get, post},
};
use mcpcodex::{crypto, db};
use parking_lot::Mutex;
use rusqlite::Connection;

/// The limit server as a process of its own, so that its CPU can be read.
#[derive(Debug)]
pub(crate) struct Limit {
    pub(crate) url: String,
    pub(crate) process: Child,
}

impl Drop for Limit {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

impl Limit {
    /// Starts this very program as the limit server, with the bytes that it is to answer.
    pub(crate) fn start(folder: &Path, bytes: &[u8]) -> Result<Self> {
        std::fs::write(folder.join("bytes"), bytes)?;
        let mut process = Command::new(std::env::current_exe()?)
            .arg("--limit-server")
            .arg(folder)
            .stdout(Stdio::piped())
            .spawn()?;
        let stdout = process.stdout.take().context("no stdout")?;
        let mut url = String::new();
        tokio::task::block_in_place(|| BufReader::new(stdout).read_line(&mut url))?;
        Ok(Self { url: url.trim().to_owned(), process })
    }
}

struct Shared {
    bytes: Bytes,
    public: Vec<u8>,
    message: Vec<u8>,
    signature: Vec<u8>,
    rows: Mutex<Connection>,
}

/// The limit server: prints its URL and serves until it is ended.
pub(crate) fn serve(folder: &str) -> Result<()> {
    let key = RsaKeyPair::generate(KeySize::Rsa2048)?;
    let message = vec![7_u8; 600];
    let mut signature = vec![0; key.public_modulus_len()];
    key.sign(&signature::RSA_PKCS1_SHA256, &SystemRandom::new(), &message, &mut signature)?;
    let rows = Connection::open_in_memory()?;
    rows.execute_batch("create table t (k text primary key, v text) without rowid")?;
    for n in 0..1_000 {
        rows.execute("insert into t values (?1, ?2)", (format!("row-{n}"), "value"))?;
    }
    let shared = Arc::new(Shared {
        bytes: Bytes::from(std::fs::read(Path::new(folder).join("bytes"))?),
        public: key.public_key().as_ref().to_vec(),
        message,
        signature,
        rows: Mutex::new(rows),
    });
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        println!("http://{}", listener.local_addr()?);
        let router = Router::new()
            .route("/bytes", get(bytes))
            .route("/verify", post(verify))
            .with_state(shared);
        axum::serve(listener, router).await?;
        Ok(())
    })
}

async fn bytes(State(shared): State<Arc<Shared>>) -> impl IntoResponse {
    ([("content-type", "application/json")], shared.bytes.clone())
}

/// A form is read, a signature checked, two rows looked up, JSON answered.
async fn verify(State(shared): State<Arc<Shared>>, body: Bytes) -> impl IntoResponse {
    let fields = form_urlencoded::parse(&body).count();
    let key = UnparsedPublicKey::new(&signature::RSA_PKCS1_2048_8192_SHA256, &shared.public);
    let good = key.verify(&shared.message, &shared.signature).is_ok();
    let rows = shared.rows.lock();
    let found = ["row-17", "row-977"].into_iter().filter(|key| {
        rows.prepare_cached("select v from t where k = ?1")
            .and_then(|mut statement| statement.query_row([key], |row| row.get::<_, String>(0)))
            .is_ok()
    });
    axum::Json(serde_json::json!({ "active": good, "fields": fields, "rows": found.count() }))
}

/// Counts what `job` does on each of `threads` until the time is up; per second.
fn count<J: FnMut() -> Result<()>>(
    threads: usize,
    span: Duration,
    make: impl Fn() -> Result<J> + Sync,
) -> Result<f64> {
    let done = AtomicU64::new(0);
    let start = Instant::now();
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|_| {
                scope.spawn(|| {
                    let mut job = make()?;
                    while start.elapsed() < span {
                        job()?;
                        done.fetch_add(1, Ordering::Relaxed);
                    }
                    anyhow::Ok(())
                })
            })
            .collect();
        for worker in workers {
            worker.join().map_err(|_| anyhow::anyhow!("a worker panicked"))??;
        }
        anyhow::Ok(())
    })?;
    let done = u32::try_from(done.into_inner())?;
    Ok(f64::from(done) / start.elapsed().as_secs_f64())
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// RSA-2048 signatures on every core.
pub(crate) fn rsa_signatures_per_second(span: Duration) -> Result<f64> {
    count(cores(), span, || {
        let key = RsaKeyPair::generate(KeySize::Rsa2048)?;
        let mut signature = vec![0; key.public_modulus_len()];
        let random = SystemRandom::new();
        Ok(move || {
            key.sign(&signature::RSA_PKCS1_SHA256, &random, &[7; 600], &mut signature)?;
            Ok(())
        })
    })
}

/// Argon2id with the default parameters on every core.
pub(crate) fn argon2_per_second(span: Duration) -> Result<f64> {
    let limits =
        crypto::password::HashLimits { permits: cores(), queue: 0, wait: Duration::from_secs(1) };
    let hasher = crypto::password::Hasher::new(crypto::password::Params::default(), limits)?;
    count(cores(), span, || {
        let hasher = hasher.clone();
        Ok(move || {
            hasher.burn("Vexing-Otter7-Quilt")?;
            Ok(())
        })
    })
}

/// Rows per second in commits of `group` rows, WAL and `synchronous=FULL`.
pub(crate) fn commits_per_second(group: u32, span: Duration) -> Result<f64> {
    let folder = tempfile::tempdir()?;
    let conn = Connection::open(folder.path().join("raw.db"))?;
    conn.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(()))?;
    conn.pragma_update(None, "synchronous", "full")?;
    conn.execute_batch("create table t (k integer primary key, v text)")?;
    let start = Instant::now();
    let mut rows = 0_u32;
    while start.elapsed() < span {
        conn.execute_batch("begin immediate")?;
        for _ in 0..group {
            conn.prepare_cached("insert into t (v) values (?1)")?
                .execute(["some hundred bytes of a row would be more honest"])?;
        }
        conn.execute_batch("commit")?;
        rows += group;
    }
    Ok(f64::from(rows) / start.elapsed().as_secs_f64())
}

/// One row a job through our writer, from so many threads, each waiting for its commit.
pub(crate) fn grouped_writes_per_second(
    folder: &Path,
    callers: usize,
    span: Duration,
) -> Result<f64> {
    let db = db::Db::open(db::Options::in_folder(&folder.join("writes")))?;
    let number = AtomicU64::new(0);
    count(callers, span, || {
        let (db, number) = (db.clone(), &number);
        Ok(move || {
            let key = number.fetch_add(1, Ordering::Relaxed).to_string();
            db.write_blocking(move |tx| {
                tx.exec_one("insert into meta (key, value) values (?1, 'a row')", db::params![key])
            })?;
            Ok(())
        })
    })
}
