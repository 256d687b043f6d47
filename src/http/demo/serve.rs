//! `serve --demo` from first to last: a temporary database, the people in it, the server, and all of it gone.
//! Arguments and signals are the command line's.

use std::{
    fs,
    io::{self, Write},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener},
    path::{Path, PathBuf},
    pin::pin,
    time::Duration,
};

use serde_json::json;

use super::{DemoApp, pages::spaced, routes};
use crate::{
    app::App,
    config::Config,
    crypto::secret,
    db::{Clock, ServeLock},
    error::{Error, Result},
    http,
    ops::{
        self,
        demo::{Authenticator, Demo},
    },
};

/// How the demo runs.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Where to listen; port 0 picks a free one.
    pub listen: SocketAddr,
    /// Whether to print events for programs instead of text for people.
    pub json: bool,
    /// Whether the output is a terminal, on which the code can be redrawn each second.
    pub terminal: bool,
}

/// Runs the demo until `shutdown` resolves. Asks nothing, uses no network, leaves nothing behind.
pub async fn run(
    options: Options,
    out: &mut (dyn Write + Send),
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<()> {
    let listener = bind(options.listen)?;
    let listen = listener.local_addr().map_err(unheard)?;
    let folder = TemporaryFolder::make()?;
    let (app, data) = open(&folder, listen).await?;
    let lock = ServeLock::acquire(folder.path())?;
    // An output that nobody reads any more is no reason not to serve.
    if options.json {
        print_json(out, &app, &data, folder.path()).ok();
    } else {
        print_text(out, &app, &data, folder.path(), options.terminal).ok();
    }
    let demo = DemoApp::new(&app, data.clone());
    let extra = routes(demo);
    let clock = app.db.clock().clone();
    let mut served = pin!(http::serve_with(listener, app, extra, shutdown));
    let mut second = tokio::time::interval(Duration::from_secs(1));
    let device = data.people.iter().find_map(|person| person.authenticator.as_ref());
    let mut live = device.filter(|_| options.terminal && !options.json);
    let done = loop {
        tokio::select! {
            done = &mut served => break done,
            _ = second.tick(), if live.is_some() => {
                let drawn = live.map(|device| draw(out, device, &clock));
                // A terminal that went away is no reason to stop serving.
                if drawn.is_some_and(|drawn| drawn.is_err()) {
                    live = None;
                }
            }
        }
    };
    drop(lock);
    folder.remove()?;
    if !options.json {
        let clean = if live.is_some() { "\r\x1b[K" } else { "" };
        writeln!(out, "{clean}The demo has ended; its database is deleted.").ok();
    }
    done
}

fn bind(listen: SocketAddr) -> Result<TcpListener> {
    TcpListener::bind(listen).map_err(|error| {
        let failed = if error.kind() == io::ErrorKind::AddrInUse {
            Error::conflict(format!("another program listens on {listen} already"))
                .with_next("mcpcodex serve --demo --listen 127.0.0.1:0")
        } else {
            Error::internal(format!("cannot listen on {listen}: {}", error.kind()))
        };
        failed.with_source(error)
    })
}

fn unwritten(error: io::Error) -> Error {
    Error::internal("the output cannot be written").with_source(error)
}

fn unheard(error: io::Error) -> Error {
    Error::internal("the listening address cannot be read").with_source(error)
}

/// Opens and fills the database, where blocking is allowed.
async fn open(folder: &TemporaryFolder, listen: SocketAddr) -> Result<(App, Demo)> {
    let mut config = Config::default();
    config.server.listen = listen;
    folder.path().clone_into(&mut config.storage.data_dir);
    let made = tokio::task::spawn_blocking(move || {
        let app = App::open(config, Some(listen), Clock::system())?;
        let data = ops::demo::prepare(&app.db, &app.env)?;
        // So that the console and other commands on this database know where it is served.
        app.db.write_blocking(move |tx| ops::setup::note_listen(tx, listen))?;
        Ok((app, data))
    });
    made.await.map_err(|error| Error::internal("the demo could not be made").with_source(error))?
}

fn print_json(
    out: &mut (dyn Write + Send),
    app: &App,
    data: &Demo,
    folder: &Path,
) -> io::Result<()> {
    let site = &app.env.site;
    let people = data.people.iter().map(|person| {
        let mut one = json!({ "username": person.username, "password": person.password });
        if let (Some(device), Some(members)) = (&person.authenticator, one.as_object_mut()) {
            members.insert("totp_secret".to_owned(), device.secret.expose().into());
            members.insert("otpauth_uri".to_owned(), device.uri.expose().into());
            members.insert("recovery_code".to_owned(), device.recovery.expose().into());
        }
        one
    });
    let people: Vec<_> = people.collect();
    let url = format!("http://{}", reachable(app.env.config.server.listen));
    writeln!(out, "{}", json!({ "event": "listening", "url": url, "issuer": site.issuer }))?;
    let event = json!({
        "event": "demo",
        "open": format!("{}/demo", site.issuer),
        "people": people,
        "client_id": data.app.as_str(),
        "data_dir": folder.display().to_string(),
    });
    writeln!(out, "{event}")?;
    out.flush()
}

/// An address that a program on this machine can connect to.
fn reachable(mut listen: SocketAddr) -> SocketAddr {
    match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => listen.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(ip) if ip.is_unspecified() => listen.set_ip(Ipv6Addr::LOCALHOST.into()),
        IpAddr::V4(_) | IpAddr::V6(_) => {}
    }
    listen
}

fn print_text(
    out: &mut (dyn Write + Send),
    app: &App,
    data: &Demo,
    folder: &Path,
    terminal: bool,
) -> io::Result<()> {
    writeln!(
        out,
        "\nmcpcodex demo: a real server on a temporary database, with an app to try it.\n"
    )?;
    writeln!(out, "  Open          {}/demo\n", app.env.site.issuer)?;
    writeln!(out, "  Sign in as    {:<10}{:<28}", "USER", "PASSWORD")?;
    for person in &data.people {
        writeln!(
            out,
            "                {:<10}{:<28}{}",
            person.username, person.password, person.about
        )?;
    }
    writeln!(out)?;
    for person in &data.people {
        let Some(device) = &person.authenticator else { continue };
        writeln!(out, "  Authenticator {}", device.uri.expose())?;
        writeln!(
            out,
            "                add it to a phone, or use {}’s code from here",
            person.username
        )?;
        writeln!(out, "  Recovery code {}\n", device.recovery.expose())?;
        if !terminal && let Ok((code, left)) = device.code(app.db.now()) {
            let left = left.as_secs();
            writeln!(out, "  Code          {} for another {left} s\n", spaced(code.expose()))?;
        }
    }
    writeln!(out, "  Console       mcpcodex --tui, with MCPCODEX_DATA_DIR={}\n", folder.display())?;
    writeln!(out, "Ctrl-C ends the demo and deletes its database.\n")?;
    out.flush()
}

/// Redraws the line with the code and leaves the cursor at its start, so that a line of the log covers it.
fn draw(out: &mut (dyn Write + Send), device: &Authenticator, clock: &Clock) -> Result<()> {
    let (code, left) = device.code(clock.now())?;
    let left = left.as_millis().div_ceil(1_000);
    write!(
        out,
        "\r\x1b[K  Code          \x1b[1m{}\x1b[0m   {left:>2} s left\r",
        spaced(code.expose())
    )
    .and_then(|()| out.flush())
    .map_err(unwritten)
}

/// A folder for this run and this user only, deleted with everything in it.
struct TemporaryFolder(PathBuf);

impl TemporaryFolder {
    fn make() -> Result<Self> {
        let name = format!("mcpcodex-demo-{}", secret::b64(&secret::random_bytes::<9>()));
        let path = std::env::temp_dir().join(name);
        let mut builder = fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        // Not recursive: a folder, or a link, that somebody else put there makes it fail.
        builder.create(&path).map_err(|error| {
            Error::internal(format!("{} cannot be made: {}", path.display(), error.kind()))
                .with_next("set TMPDIR to a folder that you may write to")
                .with_source(error)
        })?;
        Ok(Self(path))
    }

    fn path(&self) -> &Path {
        &self.0
    }

    fn remove(self) -> Result<()> {
        fs::remove_dir_all(&self.0).map_err(|error| {
            Error::internal(format!("{} could not be deleted", self.0.display())).with_source(error)
        })
    }
}

impl Drop for TemporaryFolder {
    fn drop(&mut self) {
        // For ways out that did not come by `remove`: an error at start, a panic.
        if self.0.exists() {
            fs::remove_dir_all(&self.0).ok();
        }
    }
}
