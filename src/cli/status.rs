//! `status`: how the server fares, at a glance. Reads the database as it lies there: nothing is made or changed.

use std::{
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use serde_json::{Value, json};
use tokio::signal::unix::{SignalKind, signal};

use super::{
    ctx::{Ctx, operator},
    db::bytes,
    failure::Done,
};
use crate::{
    config::Config,
    db::{Clock, FILE_NAME, ServeLock, copy, lock::Holder},
    error::Result,
    ops::{self, health::Counts},
    time::Time,
};

/// How long the server may take to take a connection.
const ANSWER: Duration = Duration::from_millis(500);
/// Between two looks.
const LOOK: Duration = Duration::from_secs(2);

/// `status`.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  mcpcodex status
  mcpcodex status --watch --jsonl")]
pub struct Args {
    /// Say it again every two seconds, until Ctrl-C
    #[arg(long)]
    watch: bool,
}

struct Status {
    config: Config,
    holder: Option<Holder>,
    listen: Option<SocketAddr>,
    answers: bool,
    counts: Counts,
    backup: Option<Time>,
    now: Time,
}

/// Runs it.
pub fn run(ctx: &Ctx, args: &Args) -> Done {
    if !args.watch {
        return show(ctx, &look(ctx.load()?.config)?);
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut look_again = tokio::time::interval(LOOK);
        loop {
            tokio::select! {
                _ = interrupt.recv() => return Ok(()),
                _ = look_again.tick() => {
                    if ctx.out.terminal && !ctx.out.json() {
                        ctx.out.text("\x1b[H\x1b[2J")?;
                    }
                    show(ctx, &look(ctx.load()?.config)?)?;
                }
            }
        }
    })
}

fn look(config: Config) -> Result<Status> {
    let folder = &config.storage.data_dir;
    let (counts, listen, backup) = copy::peek(&folder.join(FILE_NAME), |r| {
        Ok((
            ops::health::counts(r, &operator())?,
            ops::setup::last_listen(r)?,
            ops::backup::last(r)?,
        ))
    })?;
    let holder = ServeLock::holder(folder);
    let listen = listen.filter(|_| holder.is_some());
    let answers =
        listen.is_some_and(|at| TcpStream::connect_timeout(&reachable(at), ANSWER).is_ok());
    Ok(Status { holder, listen, answers, counts, backup, now: Clock::system().now(), config })
}

fn reachable(listen: SocketAddr) -> SocketAddr {
    let mut at = listen;
    match listen {
        SocketAddr::V4(four) if four.ip().is_unspecified() => {
            at.set_ip(std::net::Ipv4Addr::LOCALHOST.into());
        }
        SocketAddr::V6(six) if six.ip().is_unspecified() => {
            at.set_ip(std::net::Ipv6Addr::LOCALHOST.into());
        }
        SocketAddr::V4(_) | SocketAddr::V6(_) => {}
    }
    at
}

fn show(ctx: &Ctx, status: &Status) -> Done {
    let Status { config, holder, listen, answers, counts, backup, now } = status;
    let database = config.storage.data_dir.join(FILE_NAME);
    let scheme = if config.server.tls.files().is_some() { "https" } else { "http" };
    let url = listen.map(|at| format!("{scheme}://{at}"));
    let since = holder.and_then(|holder| holder.since);
    let size = copy::size(&database);
    let issuer = config.issuer(listen.unwrap_or(config.server.listen));
    if ctx.out.json() {
        return ctx.out.document(&json!({
            "schema": 1,
            "version": env!("CARGO_PKG_VERSION"),
            "server": {
                "running": holder.is_some(), "pid": holder.and_then(|holder| holder.pid),
                "since": since.map(Time::rfc3339), "uptime": since.map(|since| now.since(since).as_secs()),
                "url": url, "answers": answers, "issuer": issuer,
            },
            "database": { "file": database, "bytes": size, "last_backup": backup.map(Time::rfc3339) },
            "counts": document(counts),
        }));
    }
    let running = match (holder, answers) {
        (None, _) => "not running".to_owned(),
        (Some(holder), true) => format!("running{}", told(holder, *now)),
        (Some(holder), false) => format!("running{}, but takes no connection", told(holder, *now)),
    };
    let mut lines = vec![("server", running)];
    lines.extend(url.map(|url| ("listening", url)));
    lines.extend([
        ("issuer", issuer),
        ("database", format!("{}, {}", database.display(), bytes(size))),
        ("last backup", backup.map_or_else(|| "never".to_owned(), |at| at.to_string())),
        ("people", counts.users.to_string()),
        ("sessions", counts.sessions.to_string()),
        ("apps", amount(counts.clients, counts.pending_clients, "waiting to be let in")),
        ("resources", counts.resources.to_string()),
        ("API keys", amount(counts.api_keys, counts.overdue_keys, "overdue")),
        ("messages waiting", amount(counts.waiting, counts.undelivered, "not delivered")),
    ]);
    ctx.out.record(&Value::Null, &lines)
}

fn amount(all: u32, some: u32, what: &str) -> String {
    if some == 0 { all.to_string() } else { format!("{all}, {some} {what}") }
}

fn told(holder: &Holder, now: Time) -> String {
    let pid = holder.pid.map(|pid| format!(" as process {pid}")).unwrap_or_default();
    let since = holder.since.map(|since| {
        let minutes = now.since(since).as_secs() / 60;
        format!(", for {} d {} h {} min", minutes / 1440, minutes / 60 % 24, minutes % 60)
    });
    format!("{pid}{}", since.unwrap_or_default())
}

fn document(counts: &Counts) -> Value {
    json!({
        "users": counts.users, "sessions": counts.sessions, "clients": counts.clients,
        "pending_clients": counts.pending_clients, "resources": counts.resources,
        "api_keys": counts.api_keys, "overdue_api_keys": counts.overdue_keys,
        "messages_waiting": counts.waiting, "messages_undelivered": counts.undelivered,
    })
}
