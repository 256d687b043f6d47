//! `audit`: what was done, by whom.

use clap::Subcommand;
use serde_json::{Value, json};

use super::{ctx::Ctx, failure::Done};
use crate::{model::audit::EventRow, ops};

/// `audit …`.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// List the newest events
    List(List),
}

/// `audit list`.
#[derive(clap::Args, Debug)]
pub struct List {
    /// Only about this person
    #[arg(long, value_name = "USER")]
    user: Option<String>,
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: u32,
}

/// Runs it.
pub fn run(ctx: &Ctx, verb: Verb) -> Done {
    let Verb::List(args) = verb;
    let desk = ctx.open()?;
    let user = args.user.as_deref().map(|name| desk.user(name)).transpose()?;
    let id = user.as_ref().map(|user| &user.id);
    let events = desk.read(|r, _, who| ops::audit::newest(r, who, id, args.limit))?;
    let rows = events.iter().map(|event| {
        vec![
            event.at.rfc3339(),
            event.event.clone(),
            format!("{} ({})", event.actor, event.via),
            event.user_id.clone().unwrap_or_default(),
            event.address.clone().unwrap_or_default(),
            event.detail.clone(),
        ]
    });
    let head = ["when", "what", "who", "about", "from", "more"];
    ctx.out.list(events.iter().map(document).collect(), &head, rows.collect(), "nothing yet")
}

fn document(event: &EventRow) -> Value {
    let detail = serde_json::from_str::<Value>(&event.detail);
    json!({
        "id": event.id,
        "at": event.at.rfc3339(),
        "event": event.event,
        "actor": event.actor,
        "via": event.via,
        "user_id": event.user_id,
        "client_id": event.client_id,
        "session_id": event.session_id,
        "grant_id": event.grant_id,
        "address": event.address,
        "detail": detail.unwrap_or_else(|_| json!(event.detail)),
    })
}
