//! What becomes of a key that is there: `edit`, `rotate`, `revoke`, `usage`.

use std::time::Duration;

use serde_json::json;

use super::{document, record, secret_from_stdin_or_asked, shown_once};
use crate::{
    cli::{
        ctx::{Ctx, Desk},
        failure::{Done, Failure},
        output::put,
        span,
    },
    model::{apikey::KeyRow, id::ApiKeyId},
    ops::{self, apikey::Old},
    time::Time,
};

/// How long a rotated key works on unless it is said otherwise.
const OVERLAP: Duration = Duration::from_secs(86_400);

/// `auth apikey edit`.
#[derive(clap::Args, Debug)]
pub struct Edit {
    /// The key's id, as `list` shows it
    id: String,
    /// What to call it
    #[arg(long)]
    name: Option<String>,
    /// How often it may be used: 100/m
    #[arg(long, value_name = "RATE", value_parser = span::per_minute)]
    rate: Option<u32>,
    /// How many uses may come at once
    #[arg(long, value_name = "N")]
    burst: Option<u32>,
}

/// `auth apikey rotate`.
#[derive(clap::Args, Debug)]
pub struct Rotate {
    /// The key's id, as `list` shows it; never the key itself
    #[arg(required_unless_present = "stdin")]
    id: Option<String>,
    /// The key itself is on stdin
    #[arg(long, conflicts_with = "id")]
    stdin: bool,
    /// How long the old one works on [default: 24h]
    #[arg(long, value_name = "SPAN", value_parser = span::duration, conflicts_with = "leaked")]
    overlap: Option<Duration>,
    /// The old one is in wrong hands: it ends now
    #[arg(long)]
    leaked: bool,
}

/// `auth apikey revoke`.
#[derive(clap::Args, Debug)]
pub struct Revoke {
    /// Ids, as `list` shows them; never the keys themselves
    #[arg(required_unless_present = "stdin", value_name = "ID")]
    ids: Vec<String>,
    /// The key itself is on stdin
    #[arg(long, conflicts_with = "ids")]
    stdin: bool,
}

/// `auth apikey usage`.
#[derive(clap::Args, Debug)]
pub struct Usage {
    /// The key's id, as `list` shows it
    id: String,
    /// Of so many days, today included
    #[arg(long, value_name = "N", default_value_t = 30)]
    days: u32,
}

pub(super) fn edit(ctx: &Ctx, args: Edit) -> Done {
    let change = ops::apikey::Edit {
        name: args.name,
        requests_per_minute: args.rate,
        burst_size: args.burst,
    };
    if change.name.is_none() && change.requests_per_minute.or(change.burst_size).is_none() {
        return Err(Failure::usage("say what to change: --name, --rate or --burst"));
    }
    let desk = ctx.open()?;
    let id = ApiKeyId::from_text(args.id);
    let row = desk.write(move |tx, env, who| ops::apikey::edit(tx, env, who, &id, &change))?;
    record(ctx, &desk, &row)
}

/// The key that is meant, by its id or by itself.
fn meant(ctx: &Ctx, desk: &Desk, id: Option<String>) -> Result<KeyRow, Failure> {
    if let Some(id) = id {
        let id = ApiKeyId::from_text(id);
        return desk.read(|r, _, who| ops::apikey::get(r, who, &id));
    }
    let text = secret_from_stdin_or_asked(ctx)?;
    desk.read(|r, env, who| ops::apikey::find(r, env, who, text.expose()))
}

pub(super) fn rotate(ctx: &Ctx, args: Rotate) -> Done {
    let desk = ctx.open()?;
    let row = meant(ctx, &desk, args.id)?;
    let old = if args.leaked { Old::Leaked } else { Old::Overlap(args.overlap.unwrap_or(OVERLAP)) };
    if old == Old::Leaked {
        let (name, user) = (&row.key.name, &row.username);
        ctx.ask
            .noticeable(&format!("End {name} of {user} now? Whatever uses it stops working."))?;
    }
    let id = row.key.id.clone();
    let done = desk.write(move |tx, env, who| ops::apikey::rotate(tx, env, who, &id, old))?;
    let ends = done.old.ends_at(desk.env().rotation()).filter(|_| !args.leaked);
    let new = KeyRow { key: done.made.key, ..row };
    let mut shown = document(&new);
    put(&mut shown, "old_ends_at", json!(ends.or(done.old.revoked_at).map(Time::rfc3339)));
    let before = match ends {
        Some(end) => format!("{} works until {end}.", done.old.id),
        None => format!("{} has ended.", done.old.id),
    };
    let note = format!("{} {before}", super::told(&new));
    shown_once(ctx, shown, done.made.text.expose(), &note)
}

pub(super) fn revoke(ctx: &Ctx, args: Revoke) -> Done {
    let desk = ctx.open()?;
    let rows = if args.stdin {
        vec![meant(ctx, &desk, None)?]
    } else {
        let rows = args.ids.into_iter().map(|id| meant(ctx, &desk, Some(id)));
        rows.collect::<Result<Vec<_>, Failure>>()?
    };
    let names: Vec<_> =
        rows.iter().map(|row| format!("{} of {}", row.key.name, row.username)).collect();
    ctx.ask.noticeable(&format!("Take back {}, for good?", names.join(", ")))?;
    let revoked = desk.write(move |tx, _, who| {
        let ids = rows.iter().map(|row| &row.key.id);
        ids.into_iter().try_fold(0_usize, |n, id| ops::apikey::revoke(tx, who, id).map(|_| n + 1))
    })?;
    ctx.out.record(&json!({ "revoked": revoked }), &[("revoked", revoked.to_string())])
}

pub(super) fn usage(ctx: &Ctx, args: Usage) -> Done {
    let desk = ctx.open()?;
    let id = ApiKeyId::from_text(args.id);
    let days = desk.read(|r, _, who| ops::apikey::usage(r, who, &id, args.days))?;
    let documents = days
        .iter()
        .map(|day| json!({ "date": day.date(), "used": day.used, "limited": day.limited }));
    let rows =
        days.iter().map(|day| vec![day.date(), day.used.to_string(), day.limited.to_string()]);
    let none = "it was not used on any of these days";
    ctx.out.list(documents.collect(), &["day", "used", "over the limit"], rows.collect(), none)
}
