//! `message`: what was sent to people, and what became of it.

use clap::Subcommand;
use serde_json::{Value, json};

use super::{ctx::Ctx, failure::Done};
use crate::{
    error::Error,
    model::{
        id::MessageId,
        message::{Carrier, MessageRow},
    },
    ops,
    time::Time,
};

/// `message …`.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// List the newest messages with their state and what the carrier said
    List(List),
    /// Read a message that nobody carries (provider `console`), as long as it is of use
    Read(One),
}

/// `message list`.
#[derive(clap::Args, Debug)]
pub struct List {
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: u32,
}

/// `message read`.
#[derive(clap::Args, Debug)]
pub struct One {
    /// Id, as `message list` shows it
    id: String,
}

/// Runs it.
pub fn run(ctx: &Ctx, verb: Verb) -> Done {
    match verb {
        Verb::List(args) => list(ctx, &args),
        Verb::Read(args) => read(ctx, &args),
    }
}

fn list(ctx: &Ctx, args: &List) -> Done {
    let desk = ctx.open()?;
    let messages = desk.read(|r, _, who| ops::outbox::list(r, who, args.limit))?;
    let rows = messages.iter().map(|row| {
        vec![
            row.id.to_string(),
            row.created_at.rfc3339(),
            row.kind.as_str().to_owned(),
            row.recipient.clone(),
            row.carrier.as_str().to_owned(),
            row.state.as_str().to_owned(),
            row.tries.to_string(),
            row.vendor_answer.clone().unwrap_or_default(),
        ]
    });
    let head = ["id", "queued", "what", "to", "carrier", "state", "tries", "answer"];
    ctx.out.list(
        messages.iter().map(document).collect(),
        &head,
        rows.collect(),
        "no message was sent yet",
    )
}

fn document(row: &MessageRow) -> Value {
    json!({
        "id": row.id,
        "kind": row.kind.as_str(),
        "carrier": row.carrier.as_str(),
        "recipient": row.recipient,
        "template": row.template,
        "state": row.state.as_str(),
        "tries": row.tries,
        "next_at": row.next_at.rfc3339(),
        "vendor_id": row.vendor_id,
        "vendor_answer": row.vendor_answer,
        "user_id": row.user_id,
        "created_at": row.created_at.rfc3339(),
        "expires_at": row.expires_at.rfc3339(),
        "finished_at": row.finished_at.map(Time::rfc3339),
    })
}

fn read(ctx: &Ctx, args: &One) -> Done {
    let desk = ctx.open()?;
    let id = MessageId::from_text(args.id.clone());
    let carried = desk.read(|r, _, who| {
        let rows = ops::outbox::list(r, who, u32::MAX)?;
        let found = rows.into_iter().find(|row| row.id == id);
        found.ok_or_else(|| {
            Error::absent(format!("there is no message \"{}\"", args.id))
                .with_next("mcpcodex message list")
        })
    })?;
    let read = desk.read(|r, env, who| ops::outbox::read(r, env, who, &id))?;
    let Some(message) = read else {
        let why = if carried.carrier == Carrier::Console {
            "the message is not of use any more, and what it said is gone"
        } else {
            "what a message says is for its recipient alone once a carrier has it"
        };
        return Err(Error::conflict(why).into());
    };
    if ctx.out.json() {
        return ctx.out.document(&json!({
            "recipient": message.recipient,
            "subject": message.subject,
            "text": message.text.expose(),
        }));
    }
    ctx.out.note(&format!("to {}  {}", message.recipient, message.subject));
    ctx.out.line(message.text.expose().trim_end())
}
