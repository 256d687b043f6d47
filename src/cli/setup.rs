//! `auth setup`: from nothing to a configuration, keys, an administrator and a first client; again without harm.

use std::{
    fs::{self, OpenOptions},
    io::Write as _,
    path::{Path, PathBuf},
};

use clap::Subcommand;
use serde_json::{Value, json};
use url::Url;

use super::{
    args::Global,
    ask::Ask,
    client,
    ctx::{Ctx, Desk},
    failure::{Done, Failure},
    handover::{self, Handed},
    output::put,
    password, user,
};
use crate::{
    config::{self, Config, Environment, load::from_text, reference},
    crypto::secret::Plain,
    error::{Error, Kind},
    model::{
        client::Client,
        redirect::RedirectUri,
        user::{ADMIN, User},
    },
    ops::{
        self,
        password::{Basis, Chosen},
        user::{FirstPassword, New},
    },
};

/// `auth setup …`.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Set the server up: configuration, keys, first administrator, first client
    #[command(after_help = "Without a terminal:
  printf '%s' \"$PASSWORD\" | mcpcodex auth setup oauth2 --non-interactive --issuer https://auth.example.com \\
    --admin alice --admin-email alice@example.com --password-stdin \\
    --client \"My App\" --redirect-uri https://app.example.com/callback

What exists already is kept, so it can be run again.")]
    Oauth2(Box<Oauth2>),
    /// Print the one-time link for the first administrator again
    Link,
}

/// `auth setup oauth2`.
#[derive(clap::Args, Debug)]
pub struct Oauth2 {
    /// Never ask; whatever is missing is named
    #[arg(long)]
    non_interactive: bool,
    /// The URL under which browsers reach this server [default: <http://localhost:8420>]
    #[arg(long, value_name = "URL")]
    issuer: Option<String>,
    /// User name of the first administrator
    #[arg(long, value_name = "NAME")]
    admin: Option<String>,
    /// Their e-mail address
    #[arg(long, value_name = "ADDRESS")]
    admin_email: Option<String>,
    /// Take their password from the first line of stdin
    #[arg(long)]
    password_stdin: bool,
    /// Name of the first client
    #[arg(long, value_name = "NAME")]
    client: Option<String>,
    /// Where answers to it may go; may be given several times
    #[arg(long = "redirect-uri", value_name = "URI")]
    redirect_uris: Vec<String>,
    /// The client cannot keep a secret
    #[arg(long)]
    public: bool,
}

/// Runs it.
pub fn run(ctx: &Ctx, verb: Verb) -> Done {
    match verb {
        Verb::Oauth2(args) => oauth2(ctx, &args),
        Verb::Link => link(ctx),
    }
}

fn link(ctx: &Ctx) -> Done {
    let desk = ctx.open()?;
    let printed = desk.write(ops::setup::link)?.ok_or_else(|| {
        Error::conflict("there is an administrator already")
            .with_next("make another: mcpcodex user create NAME --email E --role admin")
    })?;
    handover::report(ctx, json!({}), "setup_url", &Handed::Printed(printed))
}

fn oauth2(ctx: &Ctx, args: &Oauth2) -> Done {
    let ask = if args.non_interactive { ctx.ask.never() } else { ctx.ask };
    if ask.able() {
        ctx.out.talk("Setting mcpcodex up. What exists already is kept; Ctrl-C leaves everything as it is.\n");
    }
    let plan = Plan::of(ctx, args, ask)?;
    let desk = ctx.open_with(plan.config.clone())?;
    let answers = Answers::of(ctx, args, ask, &desk)?;
    plan.write_file()?;
    let made = make(&desk, answers).inspect_err(|_| plan.take_file_back())?;
    report(ctx, &desk, &plan.file, &made)
}

/// The configuration that the set-up is for, and the file that is not written yet.
struct Plan {
    config: Config,
    file: PathBuf,
    text: Option<String>,
}

impl Plan {
    fn of(ctx: &Ctx, args: &Oauth2, ask: Ask) -> Result<Self, Failure> {
        let file = ctx.file().unwrap_or_else(|| PathBuf::from(config::FILE_NAME));
        if file.exists() {
            let config = ctx.load()?.config;
            let issuer = config.issuer(config.server.listen);
            match &args.issuer {
                Some(asked) if asked.trim_end_matches('/') != issuer => Err(Error::conflict(
                    format!("{} names the issuer {issuer}, not {asked}", file.display()),
                )
                .with_next("change server.public_url and authentication.primary.issuer there")
                .into()),
                _ => Ok(Self { config, file, text: None }),
            }
        } else {
            let issuer = match &args.issuer {
                Some(issuer) => issuer.clone(),
                None if ask.able() => {
                    ask.line("URL under which browsers reach this server", Some(LOCAL))?
                }
                None => LOCAL.to_owned(),
            };
            let text = text_for(&issuer)?;
            let env = Environment::from_process();
            let loaded = from_text(&text, &file.display().to_string(), &env)
                .map_err(|problems| refused_issuer(&issuer, problems))?;
            let config = ctx.over(loaded).config;
            Ok(Self { config, file, text: Some(text) })
        }
    }

    /// So that what was refused leaves nothing behind.
    fn take_file_back(&self) {
        if self.text.is_some() {
            fs::remove_file(&self.file).ok();
        }
    }

    fn write_file(&self) -> Done {
        let Some(text) = &self.text else { return Ok(()) };
        write_new(&self.file, text).map_err(|error| {
            Error::internal(format!("{} cannot be written: {}", self.file.display(), error.kind()))
                .with_next("check who may write to its folder, or name another file with --config")
                .with_source(error)
                .into()
        })
    }
}

const LOCAL: &str = "http://localhost:8420";

fn write_new(file: &Path, text: &str) -> std::io::Result<()> {
    OpenOptions::new().write(true).create_new(true).open(file)?.write_all(text.as_bytes())
}

/// The shipped file with this issuer; on this computer the server listens on the port that the issuer names.
fn text_for(issuer: &str) -> Result<String, Failure> {
    let url = Url::parse(issuer).map_err(|_| {
        Error::invalid("issuer", format!("\"{issuer}\" is no URL, for example {LOCAL}"))
    })?;
    let quoted = json!(issuer.trim_end_matches('/')).to_string();
    let mut set = vec![
        ("server.public_url", quoted.as_str()),
        ("authentication.primary.issuer", quoted.as_str()),
    ];
    let local = matches!(url.host_str(), Some("localhost" | "127.0.0.1"));
    let listen = json!(format!("127.0.0.1:{}", url.port_or_known_default().unwrap_or(8420)));
    let listen = listen.to_string();
    if local && url.scheme() == "http" {
        set.push(("server.listen", &listen));
    }
    Ok(reference::file(&set))
}

/// A mistake in the issuer is the person's; the file around it is ours and not to be shown.
fn refused_issuer(issuer: &str, problems: config::Problems) -> Failure {
    let own = problems.iter().find(|problem| {
        matches!(problem.path.as_str(), "server.public_url" | "authentication.primary.issuer")
    });
    match own {
        Some(problem) => {
            Error::invalid("issuer", format!("--issuer {issuer}: {}", problem.message)).into()
        }
        None => problems.into(),
    }
}

/// What is to be made; what exists already is kept.
struct Answers {
    admin: Admin,
    client: Wanted,
}

enum Admin {
    Exists(User),
    New(New, Chosen),
}

enum Wanted {
    Exists(Client),
    New(ops::client::New),
}

impl Answers {
    fn of(ctx: &Ctx, args: &Oauth2, ask: Ask, desk: &Desk) -> Result<Self, Failure> {
        Ok(Self {
            admin: wanted_admin(ctx, args, ask, desk)?,
            client: wanted_client(args, ask, desk)?,
        })
    }
}

fn wanted_admin(ctx: &Ctx, args: &Oauth2, ask: Ask, desk: &Desk) -> Result<Admin, Failure> {
    let username = ask.value(args.admin.as_deref(), "User name of the administrator", "--admin")?;
    let known = desk.read(|r, _, _| match ops::user::find(r, &username) {
        Ok(user) => Ok(Some(user)),
        Err(error) if error.kind() == Kind::NotFound => Ok(None),
        Err(error) => Err(error),
    })?;
    if let Some(user) = known {
        if !user.has_role(ADMIN) {
            return Err(Error::conflict(format!(
                "\"{}\" exists and is no administrator",
                user.username
            ))
            .with_next(format!("mcpcodex user edit {} --role admin", user.username))
            .into());
        }
        return Ok(Admin::Exists(user));
    }
    let email = ask.value(args.admin_email.as_deref(), "Their e-mail address", "--admin-email")?;
    let roles = vec![ADMIN.to_owned()];
    let new = New { username, email, name: String::new(), roles };
    desk.read(|r, env, _| ops::user::check_new(r, env, &new))?;
    let basis = Basis::new_user(&new.username, &new.email, "");
    let chosen = password::choose(desk, ask, ctx.out, &basis, args.password_stdin)?;
    Ok(Admin::New(new, chosen))
}

fn wanted_client(args: &Oauth2, ask: Ask, desk: &Desk) -> Result<Wanted, Failure> {
    let name = ask.value(args.client.as_deref(), "Name of the first client", "--client")?;
    let known = desk.read(|r, _, who| match ops::client::find(r, who, &name) {
        Ok(client) => Ok(Some(client)),
        Err(error) if error.kind() == Kind::NotFound => Ok(None),
        Err(error) => Err(error),
    })?;
    if let Some(client) = known {
        let own: Vec<&str> = client.redirect_uris.iter().map(RedirectUri::as_str).collect();
        return match args.redirect_uris.iter().find(|uri| !own.contains(&uri.as_str())) {
            Some(other) => Err(Error::conflict(format!(
                "the client \"{name}\" exists, without the redirect URI {other}"
            ))
            .with_next(format!("mcpcodex client edit {} --redirect-uri …", client.id))
            .into()),
            None => Ok(Wanted::Exists(client)),
        };
    }
    let redirect_uris = match args.redirect_uris.as_slice() {
        [] => {
            vec![ask.value(None, "Where answers to it may go (redirect URI)", "--redirect-uri")?]
        }
        given => given.to_vec(),
    };
    let new = ops::client::New { name, redirect_uris, public: args.public, ..Default::default() };
    Ok(Wanted::New(new))
}

/// Makes both or neither.
fn make(desk: &Desk, answers: Answers) -> Result<Made, Failure> {
    desk.write(move |tx, env, who| {
        let (admin, admin_is_new) = match answers.admin {
            Admin::Exists(user) => (user, false),
            Admin::New(new, chosen) => {
                let first = FirstPassword::Chosen(chosen);
                (ops::user::create(tx, env, who, &new, &first)?.user, true)
            }
        };
        let (client, secret) = match answers.client {
            Wanted::Exists(client) => (client, None),
            Wanted::New(new) => {
                let made = ops::client::create(tx, who, new)?;
                (made.client, made.secret)
            }
        };
        Ok(Made { admin, admin_is_new, client, secret })
    })
}

struct Made {
    admin: User,
    admin_is_new: bool,
    client: Client,
    secret: Option<Plain>,
}

fn report(ctx: &Ctx, desk: &Desk, file: &Path, made: &Made) -> Done {
    let Made { admin, admin_is_new, client, secret } = made;
    let issuer = &desk.env().site.issuer;
    let mut app: Value = client::summary(client);
    let mut properties = vec![
        ("issuer", issuer.clone()),
        ("configuration", file.display().to_string()),
        ("administrator", format!("{} <{}>", admin.username, admin.email)),
        ("client_id", client.id.to_string()),
    ];
    if let Some(secret) = secret {
        put(&mut app, "client_secret", json!(secret.expose()));
        properties.push(("client_secret", secret.expose().to_owned()));
    }
    let document = json!({
        "issuer": issuer,
        "config": file,
        "admin": user::summary(admin),
        "client": app,
    });
    ctx.out.record(&document, &properties)?;
    if secret.is_some() {
        ctx.out.note("The secret is shown this once; only its hash is kept.");
    }
    if !admin_is_new {
        ctx.out.note("The administrator existed already; nothing about them was changed.");
    }
    let options = remembered(&ctx.global);
    if desk.env().factor_required(admin) {
        ctx.out.note(&format!("Next: mcpcodex{options} auth mfa enable --user {}", admin.username));
    }
    ctx.out.note(&format!("Then: mcpcodex{options} serve"));
    Ok(())
}

/// The options that lead the next command to the same place.
fn remembered(global: &Global) -> String {
    let option = |name: &str, path: &Option<PathBuf>| {
        path.as_ref().map_or_else(String::new, |path| format!(" {name} {}", path.display()))
    };
    format!("{}{}", option("--config", &global.config), option("--data-dir", &global.data_dir))
}
