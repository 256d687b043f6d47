//! `serve`: takes the port and the data folder, serves, says where, and stops when asked to.
//! What is answered is for `http`.

use std::{
    io::{self, IsTerminal as _},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener},
    time::Duration,
};

use serde_json::json;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    runtime::{Builder, Runtime},
    signal::unix::{Signal, SignalKind, signal},
    sync::oneshot,
    time::timeout,
};

use super::{
    console,
    ctx::{Ctx, Desk},
    failure::{Done, Failure},
    log,
};
use crate::{
    app::App,
    config::{Config, Loaded, Logging, server::Level},
    db::{Clock, ServeLock},
    error::Error,
    http::{self, demo::serve as demo},
    ops::{self, link::Printed},
    tui::log::Log,
};

/// How long the server may take from start to its first answer.
const START: Duration = Duration::from_secs(10);

/// `serve`.
#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  mcpcodex serve
  mcpcodex serve --demo
  mcpcodex serve --listen 127.0.0.1:0 --json")]
pub struct Args {
    /// Address and port; port 0 picks a free one [default: 127.0.0.1:8420, or as configured]
    #[arg(long, value_name = "ADDR:PORT")]
    listen: Option<SocketAddr>,
    /// Serve a temporary database with people and an app to try it with
    #[arg(long)]
    demo: bool,
    /// Open the console in the same process
    #[arg(long)]
    tui: bool,
    #[command(flatten)]
    console: console::Options,
}

/// Runs it.
pub fn run(ctx: &Ctx, args: &Args) -> Done {
    if args.demo {
        return demo(ctx, args);
    }
    let mut loaded = ctx.load()?;
    if let Some(listen) = args.listen {
        loaded.config.server.listen = listen;
    }
    if args.tui && ctx.out.json() {
        return Err(Failure::usage("--tui is for people and --json for programs: choose one"));
    }
    // The console has the screen to itself: the log is shown in it, and would write over it.
    let kept = args.tui.then(Log::default);
    match &kept {
        Some(kept) => log::keep(ctx, &loaded.config.logging, kept),
        None => log::start(ctx, &loaded.config.logging),
    }
    let listener = bind(loaded.config.server.listen)?;
    let listen = listener.local_addr()?;
    let _lock = ServeLock::acquire(&loaded.config.storage.data_dir)?;
    let desk = Desk::new(App::open(loaded.config.clone(), Some(listen), Clock::system())?);
    desk.write(move |tx, _, _| ops::setup::note_listen(tx, listen))?;
    let link = desk.write(ops::setup::link)?;
    let runtime = Builder::new_multi_thread().enable_all().build()?;
    if let Some(kept) = kept {
        advise(&loaded);
        tracing::info!("listening on http://{listen}");
        return beside_console(&runtime, listener, &desk, &args.console, kept);
    }
    let greet = || greet(ctx, &desk, &loaded, listen, link.as_ref());
    runtime.block_on(serve(listener, listen, desk.app.clone(), greet))
}

/// The demo has its own folder and configuration; what is configured here does not touch it.
fn demo(ctx: &Ctx, args: &Args) -> Done {
    if args.tui {
        return Err(Failure::usage("--demo shows its codes where --tui would draw: choose one"));
    }
    let usual = Config::default();
    // Only what is wrong: the second factor's code runs along on the same terminal.
    log::start(ctx, &Logging { level: Level::Warn, ..usual.logging });
    let options = demo::Options {
        listen: args.listen.unwrap_or(usual.server.listen),
        json: ctx.out.json(),
        terminal: io::stdout().is_terminal(),
    };
    Builder::new_multi_thread().enable_all().build()?.block_on(async {
        let (mut terminate, mut interrupt) =
            (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        let stop = async move {
            tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
        };
        demo::run(options, &mut io::stdout(), stop).await?;
        Ok(())
    })
}

/// Serves as long as the console is open.
fn beside_console(
    runtime: &Runtime,
    listener: TcpListener,
    desk: &Desk,
    options: &console::Options,
    log: Log,
) -> Done {
    let (left, leaving) = oneshot::channel::<()>();
    let stop = async move { drop(leaving.await) };
    let server = runtime.spawn(http::serve(listener, desk.app.clone(), stop));
    let shown = console::show(desk, options, Some(log));
    drop(left);
    joined(runtime.block_on(server))?;
    shown
}

fn bind(listen: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(listen).map_err(|error| {
        let free = "--listen 127.0.0.1:0 picks a free port";
        #[expect(clippy::wildcard_enum_match_arm, reason = "the rest are faults of the machine")]
        let told = match error.kind() {
            io::ErrorKind::AddrInUse => {
                Error::conflict(format!("{listen} is taken by another program")).with_next(free)
            }
            io::ErrorKind::PermissionDenied => {
                Error::denied(format!("{listen} may not be listened on by this account"))
                    .with_next("use a port of 1024 or more, with a proxy in front")
            }
            io::ErrorKind::AddrNotAvailable => {
                Error::invalid("listen", format!("{listen} is no address of this machine"))
                    .with_next(free)
            }
            kind => Error::internal(format!("{listen} cannot be listened on: {kind}")),
        };
        told.with_source(error).into()
    })
}

async fn serve(
    listener: TcpListener,
    listen: SocketAddr,
    app: App,
    greet: impl FnOnce() -> Done,
) -> Done {
    // Heard from before the first request on: a signal must not fall between.
    let (mut terminate, mut interrupt) =
        (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let stop = async move {
        tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
        tracing::info!("stopping: open requests may end");
        tokio::spawn(impatient(terminate, interrupt));
    };
    let mut server = tokio::spawn(http::serve(listener, app, stop));
    tokio::select! {
        ended = &mut server => return joined(ended),
        answered = timeout(START, answers(listen)) => match answered {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return Err(error.into()),
            Err(_) => return Err(Error::internal("the server does not answer").into()),
        },
    }
    // Whoever started us may have read the first line and closed the pipe: no reason to stop serving.
    if greet().is_err() {
        tracing::debug!("where the server is could not be printed");
    }
    joined(server.await)
}

/// A second signal means now.
async fn impatient(mut terminate: Signal, mut interrupt: Signal) {
    tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
    std::process::exit(130);
}

fn joined(ended: Result<crate::error::Result<()>, tokio::task::JoinError>) -> Done {
    ended.map_err(|error| Error::internal("the server broke down").with_source(error))??;
    Ok(())
}

/// Asks the server for a sign of life, as its first caller.
async fn answers(listen: SocketAddr) -> io::Result<()> {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip @ (IpAddr::V4(_) | IpAddr::V6(_)) => ip,
    };
    let mut stream = TcpStream::connect((ip, listen.port())).await?;
    let request = format!(
        "GET /healthz HTTP/1.1\r\nHost: {ip}:{}\r\nConnection: close\r\n\r\n",
        listen.port()
    );
    stream.write_all(request.as_bytes()).await?;
    let mut first = [0; 8];
    stream.read_exact(&mut first).await.map(drop)
}

fn greet(
    ctx: &Ctx,
    desk: &Desk,
    loaded: &Loaded,
    listen: SocketAddr,
    link: Option<&Printed>,
) -> Done {
    advise(loaded);
    let issuer = &desk.env().site.issuer;
    let url = format!("http://{listen}");
    if ctx.out.json() {
        ctx.out.document(&json!({ "event": "listening", "url": url, "issuer": issuer }))?;
        return match link {
            Some(link) => ctx.out.document(&json!({
                "event": "setup", "url": link.url, "expires_at": link.expires_at.rfc3339(),
            })),
            None => Ok(()),
        };
    }
    if ctx.out.quiet() {
        return Ok(());
    }
    let folder = &loaded.config.storage.data_dir;
    ctx.out.record(
        &json!(null),
        &[("listening", url), ("issuer", issuer.clone()), ("data", folder.display().to_string())],
    )?;
    if let Some(link) = link {
        ctx.out
            .talk("\nThere is no administrator yet. Make one behind this link, which works once:");
        ctx.out.line(&link.url)?;
        ctx.out.talk(&format!(
            "It ends {}; `mcpcodex auth setup link` prints it again.",
            link.expires_at
        ));
    }
    Ok(())
}

fn advise(loaded: &Loaded) {
    for advice in &loaded.advice {
        let (path, message, next) = (advice.path, &advice.message, &advice.next);
        match advice.weight {
            crate::config::Weight::Warning => tracing::warn!("{path}: {message}; {next}"),
            crate::config::Weight::Note => tracing::info!("{path}: {message}; {next}"),
        }
    }
    if !loaded.not_active.is_empty() {
        let keys = loaded.not_active.join(", ");
        tracing::info!("not active yet, `mcpcodex config check` says what each waits for: {keys}");
    }
}
