//! `client token`: who may register an app where not everyone may.

use std::time::Duration;

use clap::Subcommand;
use serde_json::{Value, json};

use crate::{
    cli::{ctx::Ctx, failure::Done, output::put, span, user::when},
    config::authentication::Registration,
    model::{id::RegistrationTokenId, registration::initial::InitialToken},
    ops::registration::initial::{self, New},
    time::Time,
};

/// `client token …`.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Make a token with which apps may register; it is shown once
    #[command(after_help = "Examples:
  mcpcodex client token create --name ci --uses 1 --expires 1h
  TOKEN=$(mcpcodex client token create --name fleet)")]
    Create(Create),
    /// List tokens, newest first
    List,
    /// Take a token back; what registered with it stays
    Revoke(Id),
}

/// `client token create`.
#[derive(clap::Args, Debug)]
pub struct Create {
    /// What to call it
    #[arg(long)]
    name: String,
    /// How long it lives: 90d, 12h, 30m [default: until it is revoked]
    #[arg(long, value_name = "SPAN", value_parser = span::duration)]
    expires: Option<Duration>,
    /// How many apps may register with it [default: any number]
    #[arg(long, value_name = "N")]
    uses: Option<u32>,
}

/// Which is meant.
#[derive(clap::Args, Debug)]
pub struct Id {
    /// The token's id, as `list` shows it; never the token itself
    id: String,
}

/// Runs it.
pub(super) fn run(ctx: &Ctx, verb: Verb) -> Done {
    match verb {
        Verb::Create(args) => create(ctx, args),
        Verb::List => list(ctx),
        Verb::Revoke(args) => revoke(ctx, args),
    }
}

fn create(ctx: &Ctx, args: Create) -> Done {
    let desk = ctx.open()?;
    let new = New { name: args.name, lifetime: args.expires, most_uses: args.uses };
    let made = desk.write(move |tx, _, who| initial::create(tx, who, &new))?;
    let who = desk.env().config.authentication.clients.dynamic_registration;
    if ctx.out.json() {
        let mut document = document(&made.token, desk.app.db.now());
        put(&mut document, "token", json!(made.text.expose()));
        return ctx.out.document(&document);
    }
    ctx.out.line(made.text.expose())?;
    ctx.out.note(&format!(
        "{}. The token is shown this once; only its hash is kept. Apps send it as \"Authorization: Bearer …\".",
        made.token.id
    ));
    if who != Registration::Token {
        ctx.out.note(
            "Nobody needs it yet: authentication.clients.dynamic_registration is not \"token\".",
        );
    }
    Ok(())
}

fn state(token: &InitialToken, now: Time) -> &'static str {
    if token.revoked_at.is_some() {
        "revoked"
    } else if token.is_good(now) {
        "good"
    } else if token.expires_at.is_some_and(|end| end <= now) {
        "expired"
    } else {
        "used up"
    }
}

fn document(token: &InitialToken, now: Time) -> Value {
    json!({
        "id": token.id,
        "name": token.name,
        "state": state(token, now),
        "uses": token.uses,
        "most_uses": token.most_uses,
        "created_at": token.created_at.rfc3339(),
        "expires_at": token.expires_at.map(Time::rfc3339),
        "last_used_at": token.last_used_at.map(Time::rfc3339),
        "revoked_at": token.revoked_at.map(Time::rfc3339),
    })
}

fn list(ctx: &Ctx) -> Done {
    let desk = ctx.open()?;
    let tokens = desk.read(|r, _, who| initial::list(r, who))?;
    let now = desk.app.db.now();
    let uses = |token: &InitialToken| match token.most_uses {
        Some(most) => format!("{} of {most}", token.uses),
        None => token.uses.to_string(),
    };
    let rows = tokens.iter().map(|token| {
        vec![
            token.id.to_string(),
            token.name.clone(),
            state(token, now).to_owned(),
            uses(token),
            when(token.expires_at),
            when(token.last_used_at),
        ]
    });
    let head = ["id", "name", "state", "uses", "ends", "last used"];
    let none = "no registration token; make one: mcpcodex client token create --name N";
    let documents = tokens.iter().map(|token| document(token, now)).collect();
    ctx.out.list(documents, &head, rows.collect(), none)
}

fn revoke(ctx: &Ctx, args: Id) -> Done {
    let desk = ctx.open()?;
    let id = RegistrationTokenId::from_text(args.id);
    let token = desk.write(move |tx, _, who| initial::revoke(tx, who, &id))?;
    let document = document(&token, desk.app.db.now());
    ctx.out.record(&document, &[("id", token.id.to_string()), ("state", "revoked".to_owned())])
}
