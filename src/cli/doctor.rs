//! `doctor`: goes the way that an app goes, and says where it ends and what to change.

pub mod cors;
pub mod finding;
pub mod house;
pub mod judge;
pub mod registration;
pub mod report;
pub mod sign_in;
pub mod usage;
pub mod walk;

use std::{
    net::Ipv4Addr,
    path::PathBuf,
    process::{Command, Stdio},
    time::Duration,
};

use clap::Subcommand;
use tokio::net::TcpListener;
use url::Url;

use self::{registration::Registered, report::Report, walk::Walk};
use super::{
    ask::secret_from_stdin,
    ctx::Ctx,
    failure::{Done, FOUND_PROBLEMS, Failure},
};
use crate::{crypto::secret::Plain, error::Error, net::probe::Probe};

/// The port of the callback, if it is free: always the same, so that a server which knows equal registrations again
/// keeps one for the doctor.
const CALLBACK: u16 = 33_418;

/// `doctor`.
#[derive(clap::Args, Debug)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "Looks at permissions, clock, configuration, certificate, disk, database, audit record, signing keys, copies, messages,
API keys and administrators, and whether the public URL leads here. Each finding has a name, a weight and the command that
mends it.

Exit codes: 0 nothing that needs attention; 6 something does.

Examples:
  mcpcodex doctor
  mcpcodex doctor --fix --json"
)]
pub struct Args {
    /// Mend what can be mended without harm: modes of files, a write-ahead log that grew
    #[arg(long)]
    fix: bool,
    /// Look at another server instead.
    #[command(subcommand)]
    verb: Option<Verb>,
}

impl Args {
    /// Whether it does more than look.
    pub fn acts(&self) -> bool {
        self.fix || self.verb.is_some()
    }
}

/// `doctor …`.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Go the way of an MCP client to a server, and say where it ends
    #[command(after_help = "Exit codes: 0 everything is as it must be; 6 clients fail somewhere.

Examples:
  mcpcodex doctor mcp https://mcp.example.com/mcp
  mcpcodex doctor mcp http://127.0.0.1:8000/mcp --sign-in
  mcpcodex doctor mcp https://mcp.example.com/mcp --token-stdin < token.txt")]
    Mcp(Mcp),
}

/// `doctor mcp`.
#[derive(clap::Args, Debug)]
pub struct Mcp {
    /// The MCP server's address, exactly as people type it into their app
    url: String,
    /// Sign in by a browser as well, list the tools, and refresh several times at once
    #[arg(long, conflicts_with = "token_stdin")]
    sign_in: bool,
    /// Print the address to sign in at, but open no browser
    #[arg(long, requires = "sign_in")]
    no_browser: bool,
    /// Seconds to wait for the sign-in
    #[arg(long, value_name = "SECONDS", default_value_t = 300, requires = "sign_in")]
    wait: u64,
    /// Go on as this client instead of registering one
    #[arg(long, value_name = "ID")]
    client_id: Option<String>,
    /// List the tools with the access token on stdin
    #[arg(long)]
    token_stdin: bool,
    /// A PEM file with certificates to trust besides the system's
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
}

/// Runs it.
pub fn run(ctx: &Ctx, args: Args) -> Done {
    let Some(Verb::Mcp(args)) = args.verb else { return house::run(ctx, args.fix) };
    let url = address(&args.url)?;
    let token = args.token_stdin.then(|| secret_from_stdin("token")).transpose()?;
    let probe = Probe::new(authorities(&args)?.as_deref())?;
    let mut report = Report::new((!ctx.out.json()).then_some(ctx.out));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime
        .map_err(|error| Error::internal("the doctor could not be started").with_source(error))?;
    let walk = Walk { probe: &probe, report: &mut report, typed: &args.url, url };
    runtime.block_on(examine(ctx, &args, walk, token.as_ref()));
    if ctx.out.json() {
        ctx.out.document(&report.document(&args.url))?;
    }
    if report.is_bad() { Err(Failure::Said(FOUND_PROBLEMS)) } else { Ok(()) }
}

fn address(typed: &str) -> Result<Url, Failure> {
    let url = judge::web(typed).filter(|url| {
        url.fragment().is_none() && url.username().is_empty() && url.password().is_none()
    });
    url.ok_or_else(|| {
        Failure::usage("the address must be http or https, without user name and fragment")
            .with_next("mcpcodex doctor mcp https://mcp.example.com/mcp")
    })
}

fn authorities(args: &Mcp) -> Result<Option<Vec<u8>>, Failure> {
    let read = |path: &PathBuf| {
        std::fs::read(path).map_err(|error| {
            Error::invalid("ca", format!("{} cannot be read", path.display())).with_source(error)
        })
    };
    Ok(args.ca.as_ref().map(read).transpose()?)
}

/// All of it; what was registered is taken away again wherever it ends.
async fn examine(ctx: &Ctx, args: &Mcp, mut walk: Walk<'_>, token: Option<&Plain>) {
    let Some(found) = walk.discover().await else { return };
    let listener =
        if args.sign_in { TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.ok() } else { None };
    let port = listener.as_ref().and_then(|one| one.local_addr().ok()).map(|one| one.port());
    let redirect_uri = format!("http://127.0.0.1:{}/callback", port.unwrap_or(CALLBACK));
    let client = match &args.client_id {
        Some(id) => Some(Registered::known(id.clone())),
        None => walk.register(&found, &redirect_uri).await,
    };
    if let Some(client) = &client {
        if let Some(request) = walk.request(&found, &client.id, &redirect_uri)
            && walk.knock(&request).await.is_some()
            && let Some(listener) = &listener
        {
            invite(ctx, args, &request.url);
            let within = Duration::from_secs(args.wait);
            let code = walk.come_back(listener, &found, &request, within).await;
            if let Some(code) = code {
                walk.use_it(&found, client, &request, &code).await;
            }
        }
        walk.unregister(client).await;
    } else if args.sign_in {
        let fix = "give the id of a client that is registered by hand: --client-id";
        walk.report.bad("sign-in", "there is no client to sign in with", &[fix]);
    }
    if let Some(token) = token {
        walk.tools(token.expose()).await;
    }
}

/// Says where to sign in, and opens it.
fn invite(ctx: &Ctx, args: &Mcp, url: &Url) {
    ctx.out.talk(&format!("sign in at: {url}"));
    if args.no_browser {
        return;
    }
    // No shell sees the address, and it was read as one of the web, so that it cannot be taken for a flag.
    let (program, flags): (&str, &[&str]) = if cfg!(target_os = "macos") {
        ("open", &[])
    } else if cfg!(windows) {
        ("rundll32", &["url.dll,FileProtocolHandler"])
    } else {
        ("xdg-open", &[])
    };
    let quiet = (Stdio::null(), Stdio::null(), Stdio::null());
    let opened = Command::new(program)
        .args(flags)
        .arg(url.as_str())
        .stdin(quiet.0)
        .stdout(quiet.1)
        .stderr(quiet.2)
        .spawn();
    if opened.is_err() {
        ctx.out.note("no browser could be opened: open the address yourself");
    }
}
