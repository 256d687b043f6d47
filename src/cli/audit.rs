//! `audit`: what was done, by whom, and why something was refused. The record itself is `record`.

pub mod record;

use clap::Subcommand;
use serde_json::{Value, json};

use super::{
    ctx::Ctx,
    failure::Done,
    output::{put, safe, shape},
};
use crate::{
    model::{
        audit::EventRow,
        grant::Grant,
        resource::ResourceUri,
        trace::{
            Hop, Shown, Trace,
            story::{Line, Story, Tone},
        },
    },
    ops,
    time::Time,
    view,
};

/// `audit …`.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// List events, newest first
    List(record::List),
    /// Print the newest events, and follow the record with -f
    Tail(record::Tail),
    /// List the newest attempts to get a token
    Attempts(Attempts),
    /// Tell why something was refused, or why somebody was logged out
    #[command(after_help = "Examples:
  mcpcodex audit show T7K2-9QXM     the reference of an error page or an app's error message
  mcpcodex audit show g_019…        everything that happened to a connection: why was I logged out?
  mcpcodex audit show alice         what happened to a person's sign-ins and connections
  mcpcodex audit show 1042          an event, and the connection that it is about

Case and dash of a reference do not matter. The last 20000 attempts of 30 days are kept.")]
    Show(Show),
    /// Check that nobody changed, removed or added an event: exit code 6 if somebody did
    #[command(
        after_help = "Each event carries a hash, keyed by the master key, over itself and the one before. Beside the database the file
audit.head notes how far the record went, so that an older copy of the database is found out.
Note the head that is printed where nobody of this machine can change it, and give it to a later check:
  mcpcodex audit verify --head 1042:NNNN"
    )]
    Verify(record::Verify),
    /// Write events as lines of JSON, oldest first
    Export(record::Export),
    /// Remove events that are older than a span
    Prune(record::Prune),
    /// Note anew how far the record goes, after you restored a backup
    Anchor,
}

/// `audit attempts`.
#[derive(clap::Args, Debug)]
pub struct Attempts {
    /// Only those that were refused
    #[arg(long)]
    refused: bool,
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: u32,
}

/// `audit show`.
#[derive(clap::Args, Debug)]
pub struct Show {
    /// The reference of an attempt; the id of a grant or session, a person's name, the number of an event
    #[arg(value_name = "ID")]
    id: String,
}

/// Runs it.
pub fn run(ctx: &Ctx, verb: Verb) -> Done {
    match verb {
        Verb::List(args) => record::list(ctx, &args),
        Verb::Tail(args) => record::tail(ctx, &args),
        Verb::Attempts(args) => attempts(ctx, &args),
        Verb::Show(args) => show(ctx, &args),
        Verb::Verify(args) => record::verify(ctx, &args),
        Verb::Export(args) => record::export(ctx, &args),
        Verb::Prune(args) => record::prune(ctx, &args),
        Verb::Anchor => record::anchor(ctx),
    }
}

fn attempts(ctx: &Ctx, args: &Attempts) -> Done {
    let desk = ctx.open()?;
    let found = desk.read(|r, _, who| ops::trace::newest(r, who, args.refused, args.limit))?;
    let rows = found.iter().map(|trace| {
        let rule = trace.refusal().and_then(|hop| hop.rule);
        vec![
            Shown(&trace.id).to_string(),
            trace.created_at.rfc3339(),
            trace.kind.as_str().to_owned(),
            trace.state.as_str().to_owned(),
            rule.map_or_else(|| "–".to_owned(), |rule| rule.code().to_owned()),
            trace.client.clone().unwrap_or_else(|| "–".to_owned()),
            trace.address.clone(),
        ]
    });
    let head = ["reference", "when", "what", "state", "rule", "client", "from"];
    ctx.out.list(found.iter().map(attempt).collect(), &head, rows.collect(), "nothing yet")
}

fn show(ctx: &Ctx, args: &Show) -> Done {
    let desk = ctx.open()?;
    let story = desk.read(|r, _, who| ops::trace::story::find(r, who, &args.id))?;
    if ctx.out.json() {
        return ctx.out.document(&told(&story));
    }
    let lines: Vec<String> = story.lines().iter().map(printed).collect();
    ctx.out.text(&format!("{}\n", lines.join("\n")))
}

fn printed(line: &Line) -> String {
    let words = safe(&line.words);
    match (line.label.is_empty(), line.tone) {
        (true, Tone::Head) => format!("\n{words}"),
        (true, _) => words,
        (false, _) => format!("{:<21} {words}", safe(&line.label)),
    }
}

fn told(story: &Story) -> Value {
    let mut document = json!({ "about": story.title });
    if let Some(trace) = &story.trace {
        put(&mut document, "attempt", attempt(trace));
    }
    if let Some(grant) = &story.grant {
        put(&mut document, "grant", of_grant(grant));
    }
    let events = story.events.iter().map(|told| {
        let mut event = self::document(&told.event);
        if let Some(agent) = &told.agent {
            put(&mut event, "user_agent", agent.as_str().into());
        }
        event
    });
    put(&mut document, "events", events.collect());
    if let Some(verdict) = &story.verdict {
        put(&mut document, "verdict", verdict.as_str().into());
    }
    document
}

fn attempt(trace: &Trace) -> Value {
    let mut document = json!({
        "reference": Shown(&trace.id).to_string(),
        "kind": trace.kind.as_str(),
        "state": trace.state.as_str(),
        "client_id": trace.client,
        "user_id": trace.user,
        "grant_id": trace.grant,
        "address": trace.address,
        "user_agent": trace.user_agent,
        "asked": trace.asked.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect::<Value>(),
        "hops": trace.hops.iter().map(hop).collect::<Value>(),
        "created_at": trace.created_at.rfc3339(),
    });
    if let Some(refusal) = trace.refusal() {
        put(&mut document, "refusal", hop(refusal));
    }
    document
}

fn hop(hop: &Hop) -> Value {
    let mut document =
        json!({ "at": hop.at.rfc3339(), "step": hop.step.as_str(), "told": hop.what });
    if let Some(rule) = hop.rule {
        put(&mut document, "rule", rule.code().into());
        put(&mut document, "says", rule.says().into());
        put(&mut document, "fix", rule.fix().into());
    }
    if let Some(hint) = &hop.hint {
        put(&mut document, "compared", hint.as_str().into());
    }
    document
}

fn of_grant(grant: &Grant) -> Value {
    json!({
        "id": grant.id,
        "client_id": grant.client_id,
        "user_id": grant.user_id,
        "session_id": grant.session_id,
        "scopes": grant.scopes.to_string(),
        "resources": grant.resources.iter().map(ResourceUri::as_str).collect::<Vec<_>>(),
        "created_at": grant.created_at.rfc3339(),
        "expires_at": grant.expires_at.rfc3339(),
        "revoked_at": grant.revoked.as_ref().map(|(at, _)| Time::rfc3339(*at)),
        "revoke_reason": grant.revoked.as_ref().map(|(_, why)| why),
    })
}

fn document(event: &EventRow) -> Value {
    shape(&view::audit::Event::of(event))
}
