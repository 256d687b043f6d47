//! `client approve`, `deny` and `prune`: clients that came by themselves.

use std::time::Duration;

use serde_json::json;

use super::{Name, find, show};
use crate::{
    cli::{ctx::Ctx, failure::Done, span, user::when},
    model::client::Client,
    ops::client::newcomer,
};

/// `client prune`.
#[derive(clap::Args, Debug)]
pub struct Prune {
    /// How long nobody must have used them: 30d, 12h [default: as configured]
    #[arg(long, value_name = "SPAN", value_parser = span::duration)]
    unused: Option<Duration>,
}

/// Lets in a client that waits, or vouches for one that is in.
pub(super) fn approve(ctx: &Ctx, args: &Name) -> Done {
    let desk = ctx.open()?;
    let id = find(&desk, &args.client)?.id;
    let client = desk.write(move |tx, _, who| newcomer::approve(tx, who, &id))?;
    show(ctx, &client)
}

/// Keeps out a client that waits.
pub(super) fn deny(ctx: &Ctx, args: &Name) -> Done {
    let desk = ctx.open()?;
    let id = find(&desk, &args.client)?.id;
    let client = desk.write(move |tx, _, who| newcomer::deny(tx, who, &id))?;
    show(ctx, &client)
}

/// Removes the clients that nobody uses.
pub(super) fn prune(ctx: &Ctx, args: &Prune) -> Done {
    let desk = ctx.open()?;
    let days = desk.env().config.authentication.clients.unused_days;
    let span = args.unused.unwrap_or(Duration::from_secs(86_400) * days);
    let unused = desk.read(|r, _, who| newcomer::unused(r, who, span))?;
    if ctx.dry_run() {
        return list(ctx, &unused);
    }
    if !unused.is_empty() {
        ctx.ask.irrevocable(&format!("Remove {} clients that nobody uses?", unused.len()))?;
    }
    let gone = desk.write(move |tx, _, who| newcomer::prune(tx, who, span))?;
    let document = json!({ "removed": gone.len(), "clients": gone });
    ctx.out.record(&document, &[("removed", gone.len().to_string())])
}

fn list(ctx: &Ctx, unused: &[Client]) -> Done {
    let documents = unused.iter().map(super::document).collect();
    let rows = unused.iter().map(|client| {
        vec![
            client.id.to_string(),
            client.name.clone(),
            client.created_at.rfc3339(),
            when(client.last_used_at),
        ]
    });
    let head = ["client_id", "name", "made", "last token"];
    ctx.out.list(documents, &head, rows.collect(), "no client is unused for so long")
}
