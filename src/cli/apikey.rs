//! `auth apikey`: keys for programs.

use std::time::Duration;

use clap::Subcommand;
use serde_json::{Value, json};

use super::{ctx::Ctx, failure::Done, output::put, span, user::when};
use crate::{
    model::{apikey::ApiKey, id::ApiKeyId},
    ops::{self, apikey::New},
    time::Time,
};

/// `auth apikey …`.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Make a key; it is shown once
    #[command(after_help = "Examples:
  mcpcodex auth apikey create --user alice --name ci --scope read:models --expires 90d
  KEY=$(mcpcodex auth apikey create --user alice --name ci --scope read:models --rate 100/m --burst 20)")]
    Create(Create),
    /// List keys, newest first
    List(List),
    /// Show a key
    Show(Id),
    /// Take keys back
    Revoke(Ids),
}

/// `auth apikey create`.
#[derive(clap::Args, Debug)]
pub struct Create {
    /// Whose it is: user name, e-mail address or id
    #[arg(long, value_name = "USER")]
    user: Option<String>,
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
    /// Only of this person
    #[arg(long, value_name = "USER")]
    user: Option<String>,
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

/// Which are meant.
#[derive(clap::Args, Debug)]
pub struct Ids {
    /// Ids, as `list` shows them; never the keys themselves
    #[arg(required = true, value_name = "ID")]
    ids: Vec<String>,
}

/// Runs it.
pub fn run(ctx: &Ctx, verb: Verb) -> Done {
    match verb {
        Verb::Create(args) => create(ctx, &args),
        Verb::List(args) => list(ctx, &args),
        Verb::Show(args) => show(ctx, args),
        Verb::Revoke(args) => revoke(ctx, args),
    }
}

fn create(ctx: &Ctx, args: &Create) -> Done {
    let owner = ctx.ask.value(args.user.as_deref(), "Whose key (user name)", "--user")?;
    let name = ctx.ask.value(args.name.as_deref(), "What to call it", "--name")?;
    let desk = ctx.open()?;
    let owner = desk.user(&owner)?;
    let words = |words: &[String]| -> Vec<String> {
        words.iter().flat_map(|words| words.split_whitespace()).map(str::to_owned).collect()
    };
    let mut scopes = words(&args.scopes);
    if scopes.is_empty() && ctx.ask.able() {
        let known = desk.env().config.authentication.api_keys.scopes.join(" ");
        scopes = words(&[ctx.ask.line(&format!("What it may do ({known})"), None)?]);
    }
    let new = New {
        name,
        scopes,
        lifetime: args.expires,
        requests_per_minute: args.rate,
        burst_size: args.burst,
    };
    let username = owner.username.clone();
    let made = desk.write(move |tx, env, who| ops::apikey::create(tx, env, who, &owner, &new))?;
    if ctx.out.json() {
        let mut document = document(&made.key, &username);
        put(&mut document, "key", json!(made.text.expose()));
        return ctx.out.document(&document);
    }
    ctx.out.line(made.text.expose())?;
    let end = made.key.expires_at.map_or_else(String::new, |end| format!(" It ends {end}."));
    ctx.out.note(&format!(
        "{} for {username}. The key is shown this once; only its hash is kept.{end}",
        made.key.id
    ));
    Ok(())
}

fn document(key: &ApiKey, username: &str) -> Value {
    json!({
        "id": key.id,
        "name": key.name,
        "user": username,
        "scopes": key.scopes.to_vec(),
        "created_at": key.created_at.rfc3339(),
        "expires_at": key.expires_at.map(Time::rfc3339),
        "rotation_due_at": key.rotation_due_at.map(Time::rfc3339),
        "rate_limit": {
            "requests_per_minute": key.requests_per_minute,
            "burst_size": key.burst_size,
        },
    })
}

fn described(key: &ApiKey, username: &str, now: Time) -> Value {
    let mut document = document(key, username);
    put(&mut document, "hint", json!(key.hint));
    put(&mut document, "state", json!(key.state(now)));
    put(&mut document, "last_used_at", json!(key.last_used_at.map(Time::rfc3339)));
    put(&mut document, "revoked_at", json!(key.revoked_at.map(Time::rfc3339)));
    document
}

fn list(ctx: &Ctx, args: &List) -> Done {
    let desk = ctx.open()?;
    let user = args.user.as_deref().map(|name| desk.user(name)).transpose()?;
    let id = user.as_ref().map(|user| &user.id);
    let keys = desk.read(|r, _, who| ops::apikey::list(r, who, id, args.limit))?;
    let now = desk.app.db.now();
    let rows = keys.iter().map(|(key, username)| {
        vec![
            key.id.to_string(),
            format!("{}…", key.hint),
            username.clone(),
            key.name.clone(),
            key.state(now).to_owned(),
            when(key.expires_at),
            when(key.last_used_at),
            key.scopes.to_string(),
        ]
    });
    let head = ["id", "begins", "user", "name", "state", "ends", "last used", "scopes"];
    let documents = keys.iter().map(|(key, username)| described(key, username, now));
    let none = "no API key; make one: mcpcodex auth apikey create --user U --name N --scope S";
    ctx.out.list(documents.collect(), &head, rows.collect(), none)
}

fn show(ctx: &Ctx, args: Id) -> Done {
    let desk = ctx.open()?;
    let id = ApiKeyId::from_text(args.id);
    let (key, username) = desk.read(|r, _, who| ops::apikey::get(r, who, &id))?;
    let now = desk.app.db.now();
    let properties = [
        ("id", key.id.to_string()),
        ("begins", format!("{}…", key.hint)),
        ("user", username.clone()),
        ("name", key.name.clone()),
        ("state", key.state(now).to_owned()),
        ("scopes", key.scopes.to_string()),
        ("rate", format!("{}/m, burst {}", key.requests_per_minute, key.burst_size)),
        ("made", key.created_at.rfc3339()),
        ("ends", when(key.expires_at)),
        ("rotation due", when(key.rotation_due_at)),
        ("last used", when(key.last_used_at)),
        ("revoked", when(key.revoked_at)),
    ];
    ctx.out.record(&described(&key, &username, now), &properties)
}

fn revoke(ctx: &Ctx, args: Ids) -> Done {
    let desk = ctx.open()?;
    let ids: Vec<ApiKeyId> = args.ids.into_iter().map(ApiKeyId::from_text).collect();
    let names = desk.read(|r, _, who| {
        let name =
            |id| ops::apikey::get(r, who, id).map(|(key, user)| format!("{} of {user}", key.name));
        ids.iter().map(name).collect::<crate::error::Result<Vec<_>>>()
    })?;
    ctx.ask.noticeable(&format!("Take back {}, for good?", names.join(", ")))?;
    let revoked = desk.write(move |tx, _, who| {
        ids.iter().try_fold(0_usize, |n, id| ops::apikey::revoke(tx, who, id).map(|_| n + 1))
    })?;
    ctx.out.record(&json!({ "revoked": revoked }), &[("revoked", revoked.to_string())])
}
