//! `auth apikey`: keys for programs. What becomes of one that is there is in `apikey/turn.rs`.

mod turn;

use std::time::Duration;

use clap::Subcommand;
use serde_json::{Value, json};

use super::{
    ask::secret_from_stdin,
    ctx::{Ctx, Desk},
    failure::{Done, Failure},
    output::{put, shape},
    span,
    user::when,
};
use crate::{
    model::{
        apikey::{ApiKey, Due, KeyRow, Rotation},
        id::ApiKeyId,
    },
    ops::{
        self,
        apikey::{New, Whose},
    },
    time::Time,
    view,
};

/// `auth apikey …`.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Make a key; it is shown once
    #[command(after_help = "Examples:
  mcpcodex auth apikey create --user alice --name ci --scope read:models --expires 90d
  mcpcodex auth apikey create --agent nightly --name ci --scope read:models
  KEY=$(mcpcodex auth apikey create --user alice --name ci --scope read:models --rate 100/m --burst 20)")]
    Create(Create),
    /// List keys, newest first
    #[command(after_help = "Examples:
  mcpcodex auth apikey list --user alice
  mcpcodex auth apikey list --due          keys that fall due soon, or did")]
    List(List),
    /// Show a key
    Show(Id),
    /// Tell which key a text is, as when one was found in a log; it is read from stdin
    #[command(after_help = "Examples:
  mcpcodex auth apikey find < found.txt
  pbpaste | mcpcodex auth apikey find --json")]
    Find,
    /// Change a key's name or how often it may be used
    Edit(turn::Edit),
    /// Put a new key in the place of one; it is shown once
    #[command(after_help = "Examples:
  mcpcodex auth apikey rotate ak_019c                        the old one works on for a day
  mcpcodex auth apikey rotate ak_019c --overlap 1h
  mcpcodex auth apikey rotate --stdin --leaked < found.txt   the old one ends now")]
    Rotate(turn::Rotate),
    /// Take keys back
    #[command(after_help = "Examples:
  mcpcodex auth apikey revoke ak_019c ak_019d
  mcpcodex auth apikey revoke --stdin < found.txt")]
    Revoke(turn::Revoke),
    /// Tell how often a key was used, by the day
    Usage(turn::Usage),
}

/// `auth apikey create`.
#[derive(clap::Args, Debug)]
pub struct Create {
    /// Whose it is: user name, e-mail address or id
    #[arg(long, value_name = "USER", alias = "owner")]
    user: Option<String>,
    /// Whose it is: an agent's name or id
    #[arg(long, value_name = "AGENT", conflicts_with = "user")]
    agent: Option<String>,
    /// What to call it
    #[arg(long)]
    name: Option<String>,
    /// What it may do; may be given several times
    #[arg(long = "scope", value_name = "SCOPE")]
    scopes: Vec<String>,
    /// How long it lives: 90d, 12h, 30m [default: until it is revoked]
    #[arg(long, value_name = "SPAN", value_parser = span::duration)]
    expires: Option<Duration>,
    /// How often it may be used: 100/m [default: as configured]
    #[arg(long, value_name = "RATE", value_parser = span::per_minute)]
    rate: Option<u32>,
    /// How many uses may come at once [default: as configured]
    #[arg(long, value_name = "N")]
    burst: Option<u32>,
}

/// `auth apikey list`.
#[derive(clap::Args, Debug)]
pub struct List {
    /// Only of this person and their agents
    #[arg(long, value_name = "USER", alias = "owner")]
    user: Option<String>,
    /// Only of this agent
    #[arg(long, value_name = "AGENT", conflicts_with = "user")]
    agent: Option<String>,
    /// Only those that fall due soon, or did
    #[arg(long)]
    due: bool,
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 1_000)]
    limit: u32,
}

/// Which is meant.
#[derive(clap::Args, Debug)]
pub struct Id {
    /// The key's id, as `list` shows it; never the key itself
    id: String,
}

/// Runs it.
pub fn run(ctx: &Ctx, verb: Verb) -> Done {
    match verb {
        Verb::Create(args) => create(ctx, &args),
        Verb::List(args) => list(ctx, &args),
        Verb::Show(args) => show(ctx, args),
        Verb::Find => find(ctx),
        Verb::Edit(args) => turn::edit(ctx, args),
        Verb::Rotate(args) => turn::rotate(ctx, args),
        Verb::Revoke(args) => turn::revoke(ctx, args),
        Verb::Usage(args) => turn::usage(ctx, args),
    }
}

fn create(ctx: &Ctx, args: &Create) -> Done {
    let desk = ctx.open()?;
    let (owner, agent) = if let Some(name) = args.agent.as_deref() {
        let (agent, _) = desk.read(|r, _, who| ops::agent::find(r, who, name))?;
        (desk.user(agent.owner_id.as_str())?, Some(agent))
    } else {
        let typed = ctx.ask.value(args.user.as_deref(), "Whose key (user name)", "--user")?;
        (desk.user(&typed)?, None)
    };
    let name = ctx.ask.value(args.name.as_deref(), "What to call it", "--name")?;
    let new = New {
        name,
        agent: agent.as_ref().map(|agent| agent.id.clone()),
        scopes: scopes(ctx, &desk, &args.scopes)?,
        lifetime: args.expires,
        requests_per_minute: args.rate,
        burst_size: args.burst,
    };
    let (username, agent) = (owner.username.clone(), agent.map(|agent| agent.name));
    let made = desk.write(move |tx, env, who| ops::apikey::create(tx, env, who, &owner, &new))?;
    let row = KeyRow { key: made.key, username, agent };
    shown_once(ctx, document(&row), made.text.expose(), &told(&row))
}

fn scopes(ctx: &Ctx, desk: &Desk, given: &[String]) -> Result<Vec<String>, Failure> {
    let words = |words: &[String]| -> Vec<String> {
        words.iter().flat_map(|words| words.split_whitespace()).map(str::to_owned).collect()
    };
    let scopes = words(given);
    if !scopes.is_empty() || !ctx.ask.able() {
        return Ok(scopes);
    }
    let known = desk.env().config.authentication.api_keys.scopes.join(" ");
    Ok(words(&[ctx.ask.line(&format!("What it may do ({known})"), None)?]))
}

fn told(row: &KeyRow) -> String {
    let end = row.key.expires_at.map_or_else(String::new, |end| format!(" It ends {end}."));
    let whose = row.agent.as_deref().unwrap_or(&row.username);
    let id = &row.key.id;
    format!("{id} for {whose}. The key is shown this once; only its hash is kept.{end}")
}

/// The key alone on stdout, or in the document.
fn shown_once(ctx: &Ctx, mut document: Value, key: &str, note: &str) -> Done {
    if ctx.out.json() {
        put(&mut document, "key", json!(key));
        return ctx.out.document(&document);
    }
    ctx.out.line(key)?;
    ctx.out.note(note);
    Ok(())
}

fn document(row: &KeyRow) -> Value {
    shape(&view::api_key::Summary::of(row))
}

fn described(row: &KeyRow, rotation: Rotation, now: Time) -> Value {
    shape(&view::api_key::ApiKey::of(row, rotation, now))
}

/// The state, and whether the key should be replaced.
fn standing(key: &ApiKey, rotation: Rotation, now: Time) -> String {
    let state = key.state(rotation, now);
    match key.due(rotation, now) {
        Due::Soon(at) if state == "active" => format!("due {}", at.rfc3339()),
        Due::Over(at) if state == "active" => format!("overdue since {}", at.rfc3339()),
        Due::No | Due::Soon(_) | Due::Over(_) => state.to_owned(),
    }
}

fn list(ctx: &Ctx, args: &List) -> Done {
    let desk = ctx.open()?;
    let user = args.user.as_deref().map(|name| desk.user(name)).transpose()?;
    let agent = args.agent.as_deref();
    let agent =
        agent.map(|name| desk.read(|r, _, who| ops::agent::find(r, who, name))).transpose()?;
    let whose = match (&user, &agent) {
        (Some(user), _) => Whose::User(&user.id),
        (None, Some((agent, _))) => Whose::Agent(&agent.id),
        (None, None) => Whose::All,
    };
    let mut keys = desk.read(|r, _, who| ops::apikey::list(r, who, whose, args.limit))?;
    let (now, rotation) = (desk.app.db.now(), desk.env().rotation());
    if args.due {
        let is_due = |key: &ApiKey| {
            key.due(rotation, now) != Due::No && key.state(rotation, now) == "active"
        };
        keys.retain(|row| is_due(&row.key));
    }
    let rows = keys.iter().map(|row| {
        let key = &row.key;
        vec![
            key.id.to_string(),
            format!("{}…", key.hint),
            row.agent.as_ref().map_or_else(
                || row.username.clone(),
                |agent| format!("{agent} ({})", row.username),
            ),
            key.name.clone(),
            standing(key, rotation, now),
            when(key.ends_at(rotation)),
            when(key.last_used_at),
            key.scopes.to_string(),
        ]
    });
    let head = ["id", "begins", "user", "name", "state", "ends", "last used", "scopes"];
    let documents = keys.iter().map(|row| described(row, rotation, now));
    let none = if args.due {
        "no API key falls due"
    } else {
        "no API key; make one: mcpcodex auth apikey create --user U --name N --scope S"
    };
    ctx.out.list(documents.collect(), &head, rows.collect(), none)
}

fn show(ctx: &Ctx, args: Id) -> Done {
    let desk = ctx.open()?;
    let id = ApiKeyId::from_text(args.id);
    let row = desk.read(|r, _, who| ops::apikey::get(r, who, &id))?;
    record(ctx, &desk, &row)
}

fn find(ctx: &Ctx) -> Done {
    let text = secret_from_stdin_or_asked(ctx)?;
    let desk = ctx.open()?;
    let row = desk.read(|r, env, who| ops::apikey::find(r, env, who, text.expose()))?;
    record(ctx, &desk, &row)
}

fn secret_from_stdin_or_asked(ctx: &Ctx) -> Result<crate::crypto::secret::Plain, Failure> {
    if ctx.ask.able() { ctx.ask.secret("API key") } else { secret_from_stdin("API key") }
}

fn record(ctx: &Ctx, desk: &Desk, row: &KeyRow) -> Done {
    let (now, rotation, key) = (desk.app.db.now(), desk.env().rotation(), &row.key);
    let mut properties = vec![
        ("id", key.id.to_string()),
        ("begins", format!("{}…", key.hint)),
        ("user", row.username.clone()),
    ];
    properties.extend(row.agent.clone().map(|agent| ("agent", agent)));
    properties.extend([
        ("name", key.name.clone()),
        ("state", standing(key, rotation, now)),
        ("scopes", key.scopes.to_string()),
        ("rate", format!("{}/m, burst {}", key.requests_per_minute, key.burst_size)),
        ("made", key.created_at.rfc3339()),
        ("ends", when(key.ends_at(rotation))),
        ("rotation due", when(key.rotation_due_at)),
    ]);
    properties.extend(key.replaces.as_ref().map(|id| ("replaces", id.to_string())));
    properties.extend(key.replaced_by.as_ref().map(|id| ("replaced by", id.to_string())));
    properties.push(("last used", when(key.last_used_at)));
    properties.extend(key.last_used_address.clone().map(|address| ("last used from", address)));
    properties.push(("revoked", when(key.revoked_at)));
    properties.extend(key.revoke_reason.clone().map(|reason| ("reason", reason)));
    ctx.out.record(&described(row, rotation, now), &properties)
}
