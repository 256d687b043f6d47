//! `audit list`, `tail`, `verify`, `export`, `prune` and `anchor`: the record of who did what.

use std::{
    io::{self, Write as _},
    thread,
    time::Duration,
};

use serde_json::{Value, json};

use super::document;
use crate::{
    cli::{
        ctx::{Ctx, Desk},
        failure::{Done, FOUND_PROBLEMS, Failure},
        output::{put, safe},
        span,
    },
    model::{
        audit::{
            EventRow, Filter,
            chain::{Flaw, Link},
        },
        id::ClientId,
    },
    ops::{self, audit::chain},
};

/// How many events are read at a time.
const PAGE: u32 = 1_000;
/// How often a record that is followed is looked at.
const LOOK: Duration = Duration::from_millis(250);

/// Which events.
#[derive(clap::Args, Debug)]
pub struct Which {
    /// Only about this person
    #[arg(long, value_name = "USER")]
    user: Option<String>,
    /// Only about this client
    #[arg(long, value_name = "CLIENT_ID")]
    client: Option<String>,
    /// Only from this address
    #[arg(long, value_name = "ADDRESS")]
    ip: Option<String>,
    /// Only of this name: session.end, or session for all that begin so
    #[arg(long, value_name = "NAME")]
    event: Option<String>,
    /// Not before this moment, or this long ago: 2026-11-23, 2026-11-23T03:12:44Z, 24h
    #[arg(long, value_name = "WHEN", value_parser = span::moment)]
    since: Option<span::When>,
    /// Before this moment, or this long ago
    #[arg(long, value_name = "WHEN", value_parser = span::moment)]
    until: Option<span::When>,
}

impl Which {
    fn filter(&self, desk: &Desk) -> Result<Filter, Failure> {
        let now = desk.app.db.now();
        let user = self.user.as_deref().map(|name| desk.user(name)).transpose()?;
        Ok(Filter {
            user: user.map(|user| user.id),
            client: self.client.as_deref().map(ClientId::from_text),
            address: self.ip.clone(),
            event: self.event.clone(),
            since: self.since.map(|when| when.at(now)),
            until: self.until.map(|when| when.at(now)),
        })
    }
}

/// `audit list`.
#[derive(clap::Args, Debug)]
pub struct List {
    #[command(flatten)]
    which: Which,
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: u32,
    /// Only older ones than this event, to go on where a list ended
    #[arg(long, value_name = "ID")]
    before: Option<i64>,
}

/// `audit tail`.
#[derive(clap::Args, Debug)]
pub struct Tail {
    #[command(flatten)]
    which: Which,
    /// So many events that are there already
    #[arg(short = 'n', long, value_name = "N", default_value_t = 10)]
    lines: u32,
    /// Go on with each new event, from whichever process, until Ctrl-C
    #[arg(short, long)]
    follow: bool,
}

/// `audit verify`.
#[derive(clap::Args, Debug)]
pub struct Verify {
    /// What an earlier check called the newest event, ID:HASH; it must stand as it was
    #[arg(long = "head", value_name = "ID:HASH", value_parser = head)]
    heads: Vec<Link>,
}

/// `audit export`.
#[derive(clap::Args, Debug)]
pub struct Export {
    #[command(flatten)]
    which: Which,
}

/// `audit prune`.
#[derive(clap::Args, Debug)]
pub struct Prune {
    /// How old: 400d
    #[arg(long, value_name = "SPAN", value_parser = span::duration)]
    older: Duration,
}

fn head(text: &str) -> Result<Link, String> {
    Link::parse(text)
        .ok_or_else(|| format!("\"{text}\" is no head: write ID:HASH as audit verify prints it"))
}

/// Lists events, newest first.
pub(super) fn list(ctx: &Ctx, args: &List) -> Done {
    let desk = ctx.open()?;
    let filter = args.which.filter(&desk)?;
    let events =
        desk.read(|r, _, who| ops::audit::page(r, who, &filter, args.before, args.limit))?;
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

/// Prints the newest events, oldest first, and then each that comes.
pub(super) fn tail(ctx: &Ctx, args: &Tail) -> Done {
    let desk = ctx.open()?;
    let filter = args.which.filter(&desk)?;
    let (mut last, mut there) = desk.read(|r, _, who| {
        let last = ops::audit::last_id(r, who)?;
        Ok((last, ops::audit::page(r, who, &filter, None, args.lines)?))
    })?;
    there.reverse();
    for event in &there {
        print(ctx, event)?;
    }
    if !args.follow {
        return Ok(());
    }
    let mut version = desk.app.db.data_version()?;
    loop {
        for event in desk.read(|r, _, who| ops::audit::since(r, who, &filter, last, PAGE))? {
            print(ctx, &event)?;
            last = event.id;
        }
        version = changed(&desk, version)?;
    }
}

/// Waits until any process has written.
#[expect(clippy::disallowed_methods, reason = "what another process writes can only be polled")]
fn changed(desk: &Desk, version: i64) -> Result<i64, Failure> {
    loop {
        thread::sleep(LOOK);
        let seen = desk.app.db.data_version()?;
        if seen != version {
            return Ok(seen);
        }
    }
}

/// One line for one event: JSON where that is wanted.
fn print(ctx: &Ctx, event: &EventRow) -> Done {
    let line = if ctx.out.json() {
        document(event).to_string()
    } else {
        let about = event.user_id.as_deref().or(event.client_id.as_deref()).unwrap_or("–");
        let from = event.address.as_deref().unwrap_or("–");
        let parts = [&event.event, &event.actor, &event.via, about, from, &event.detail];
        format!("{} {}", event.at.rfc3339(), parts.map(safe).join(" "))
    };
    let mut out = io::stdout().lock();
    writeln!(out, "{line}").and_then(|()| out.flush()).map_err(Failure::from)
}

/// Checks the record against its chain, what was noted beside the database, and what was noted elsewhere.
pub(super) fn verify(ctx: &Ctx, args: &Verify) -> Done {
    let desk = ctx.open()?;
    let mut anchors = args.heads.clone();
    anchors.extend(desk.app.audit_anchor()?);
    let found = desk.read(|r, env, who| chain::verify(r, who, &env.keys.vault, &anchors))?;
    if found.flaw.is_none() {
        desk.app.note_audit()?;
    }
    let mut told = json!({
        "ok": found.flaw.is_none(),
        "events": found.events,
        "head": found.last.to_string(),
    });
    let mut rows = vec![
        ("record", if found.flaw.is_none() { "whole" } else { "NOT whole" }.to_owned()),
        ("events", found.events.to_string()),
        ("head", found.last.to_string()),
    ];
    if let Some(flaw) = &found.flaw {
        if let Some(id) = flaw.id() {
            put(&mut told, "first_bad", id.into());
        }
        put(&mut told, "problem", flaw.to_string().into());
        rows.push(("problem", flaw.to_string()));
        rows.push(("next", next(flaw).to_owned()));
    }
    ctx.out.record(&told, &rows)?;
    if found.flaw.is_none() { Ok(()) } else { Err(Failure::Said(FOUND_PROBLEMS)) }
}

fn next(flaw: &Flaw) -> &'static str {
    match flaw {
        Flaw::Event(_) | Flaw::Cut(_) | Flaw::Torn(_) => {
            "keep a copy of the database as it is, and compare it with a backup or with what audit export wrote earlier"
        }
        Flaw::Ends => "see that master.key belongs to this database; then as for a changed event",
        Flaw::Anchor(_) => {
            "if you restored a backup yourself: mcpcodex audit anchor; else keep a copy and compare"
        }
    }
}

/// Writes events as lines of JSON, oldest first, with the head of the record as the last line.
pub(super) fn export(ctx: &Ctx, args: &Export) -> Done {
    let desk = ctx.open()?;
    let filter = args.which.filter(&desk)?;
    let mut out = io::BufWriter::new(io::stdout().lock());
    let (mut after, mut events) = (0, 0_u64);
    loop {
        let page = desk.read(|r, _, who| ops::audit::since(r, who, &filter, after, PAGE))?;
        let Some(last) = page.last() else { break };
        after = last.id;
        for event in &page {
            writeln!(out, "{}", document(event))?;
            events += 1;
        }
    }
    if let Some(head) = desk.read(|r, _, _| chain::last(r))? {
        writeln!(out, "{}", json!({ "head": head.to_string(), "events": events }))?;
    }
    out.flush()?;
    Ok(())
}

/// Removes old events.
pub(super) fn prune(ctx: &Ctx, args: &Prune) -> Done {
    let desk = ctx.open()?;
    let before = desk.app.db.now().minus(args.older);
    let filter = Filter { until: Some(before), ..Filter::default() };
    let old = desk.read(|r, _, who| ops::audit::count(r, who, &filter))?;
    if ctx.dry_run() || old == 0 {
        return removed(ctx, ctx.dry_run(), old);
    }
    ctx.ask.irrevocable(&format!("Remove {old} events of the record for good?"))?;
    let gone = desk.write(move |tx, _, who| chain::prune(tx, who, before))?;
    removed(ctx, false, u64::try_from(gone).unwrap_or(u64::MAX))
}

fn removed(ctx: &Ctx, dry_run: bool, events: u64) -> Done {
    let what = if dry_run { "would_remove" } else { "removed" };
    let told: Value = [(what.to_owned(), Value::from(events))].into_iter().collect();
    ctx.out.record(&told, &[(if dry_run { "would remove" } else { what }, events.to_string())])
}

/// Notes beside the database where the record ends now, over what was noted before.
pub(super) fn anchor(ctx: &Ctx) -> Done {
    let desk = ctx.open()?;
    if let Some(noted) = desk.app.audit_anchor()? {
        ctx.ask.irrevocable(&format!(
            "Forget that the record went as far as event {}? Only right after restoring a backup yourself.",
            noted.id
        ))?;
    }
    ctx.plan(|| "note anew how far the audit record goes".to_owned())?;
    let head = desk.app.anchor_audit()?;
    let told = head.to_string();
    ctx.out.record(&json!({ "head": told }), &[("head", told.clone())])
}
