//! `consent`: what people allowed apps for good, and taking it back.

use clap::Subcommand;
use serde_json::json;

use super::{client, ctx::Ctx, failure::Done};
use crate::{ops::oauth::connected, time::Time};

/// `consent …`.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// List the apps that hold something of a person
    #[command(after_help = "Examples:
  mcpcodex consent list --user alice
  mcpcodex consent list --user alice --json")]
    List(List),
    /// Take back what an app holds of a person: its tokens end, and it must ask again
    #[command(after_help = "Examples:
  mcpcodex consent revoke --user alice --client c_019…
  mcpcodex consent revoke --user alice --client \"My app\" --dry-run")]
    Revoke(Revoke),
}

/// `consent list`.
#[derive(clap::Args, Debug)]
pub struct List {
    /// Of this person
    #[arg(long, value_name = "USER")]
    user: String,
}

/// `consent revoke`.
#[derive(clap::Args, Debug)]
pub struct Revoke {
    /// Of this person
    #[arg(long, value_name = "USER")]
    user: String,
    /// From this app
    #[arg(long, value_name = "CLIENT")]
    client: String,
}

/// Runs it.
pub fn run(ctx: &Ctx, verb: Verb) -> Done {
    match verb {
        Verb::List(args) => list(ctx, &args),
        Verb::Revoke(args) => revoke(ctx, &args),
    }
}

fn list(ctx: &Ctx, args: &List) -> Done {
    let desk = ctx.open()?;
    let user = desk.user(&args.user)?;
    let apps = desk.read(|r, _, who| connected::list(r, who, &user.id))?;
    let rows = apps.iter().map(|app| {
        vec![
            app.client_id.to_string(),
            app.name.clone(),
            app.scopes.to_string(),
            app.resources.join(", "),
            app.since.rfc3339(),
            app.last_used_at.map_or_else(|| "–".to_owned(), Time::rfc3339),
        ]
    });
    let documents = apps.iter().map(|app| {
        json!({
            "client_id": app.client_id, "name": app.name, "scopes": app.scopes.to_string(),
            "resources": app.resources, "since": app.since.rfc3339(),
            "last_used_at": app.last_used_at.map(Time::rfc3339),
        })
    });
    let head = ["client_id", "name", "scopes", "resources", "since", "last token"];
    ctx.out.list(documents.collect(), &head, rows.collect(), "no app holds anything of theirs")
}

fn revoke(ctx: &Ctx, args: &Revoke) -> Done {
    let desk = ctx.open()?;
    let (user, app) = (desk.user(&args.user)?, client::find(&desk, &args.client)?);
    ctx.ask.noticeable(&format!("Take back what {} holds of {}?", app.name, user.username))?;
    let grants = desk.write(move |tx, _, who| connected::disconnect(tx, who, &user.id, &app.id))?;
    ctx.out.record(&json!({ "revoked": grants }), &[("revoked", grants.to_string())])
}
