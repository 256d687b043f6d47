//! `agent`: programs that act in their own name.

use clap::Subcommand;
use serde_json::{Value, json};

use super::{
    ctx::{Ctx, Desk},
    failure::{Done, Failure},
    output::shape,
};
use crate::{
    db::Write,
    error::Result as CoreResult,
    model::{actor::Actor, agent::Agent, id::AgentId},
    ops, view,
};

/// `agent …`.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Make an agent that a person answers for
    #[command(after_help = "Examples:
  mcpcodex agent create nightly --owner alice
  mcpcodex apikey create --agent nightly --name ci --scope read:models")]
    Create(Create),
    /// List agents
    List(List),
    /// Show an agent
    Show(Name),
    /// Shut an agent out: none of its keys works any more
    Disable(Name),
    /// Let a disabled agent in again
    Enable(Name),
    /// Remove an agent with its keys
    Delete(Name),
}

/// `agent create`.
#[derive(clap::Args, Debug)]
pub struct Create {
    /// What to call it
    name: String,
    /// Who answers for it: user name, e-mail address or id
    #[arg(long, value_name = "USER", alias = "user")]
    owner: Option<String>,
}

/// `agent list`.
#[derive(clap::Args, Debug)]
pub struct List {
    /// Only of this person
    #[arg(long, value_name = "USER", alias = "user")]
    owner: Option<String>,
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 1_000)]
    limit: u32,
}

/// Which is meant.
#[derive(clap::Args, Debug)]
pub struct Name {
    /// Name or id
    name: String,
}

/// Runs it.
pub fn run(ctx: &Ctx, verb: Verb) -> Done {
    match verb {
        Verb::Create(args) => create(ctx, args),
        Verb::List(args) => list(ctx, &args),
        Verb::Show(args) => {
            let (agent, owner) = find(&ctx.open()?, &args.name)?;
            record(ctx, &agent, &owner)
        }
        Verb::Disable(args) => {
            let desk = ctx.open()?;
            let found = find(&desk, &args.name)?;
            ctx.ask.noticeable(&format!("Disable {}? Its keys stop working now.", found.0.name))?;
            change(ctx, &desk, found, ops::agent::disable)
        }
        Verb::Enable(args) => {
            let desk = ctx.open()?;
            let found = find(&desk, &args.name)?;
            change(ctx, &desk, found, ops::agent::enable)
        }
        Verb::Delete(args) => delete(ctx, &args),
    }
}

fn find(desk: &Desk, typed: &str) -> Result<(Agent, String), Failure> {
    desk.read(|r, _, who| ops::agent::find(r, who, typed))
}

fn create(ctx: &Ctx, args: Create) -> Done {
    let owner = ctx.ask.value(args.owner.as_deref(), "Who answers for it", "--owner")?;
    let desk = ctx.open()?;
    let owner = desk.user(&owner)?;
    let username = owner.username.clone();
    let name = args.name;
    let agent = desk.write(move |tx, _, who| ops::agent::create(tx, who, &owner, &name))?;
    record(ctx, &agent, &username)
}

fn document(agent: &Agent, owner: &str) -> Value {
    shape(&view::agent::Agent::of(agent, owner))
}

fn record(ctx: &Ctx, agent: &Agent, owner: &str) -> Done {
    let properties = [
        ("id", agent.id.to_string()),
        ("name", agent.name.clone()),
        ("owner", owner.to_owned()),
        ("state", agent.state.as_str().to_owned()),
        ("made", agent.created_at.rfc3339()),
    ];
    ctx.out.record(&document(agent, owner), &properties)
}

fn list(ctx: &Ctx, args: &List) -> Done {
    let desk = ctx.open()?;
    let owner = args.owner.as_deref().map(|name| desk.user(name)).transpose()?;
    let owner = owner.as_ref().map(|owner| &owner.id);
    let agents = desk.read(|r, _, who| ops::agent::list(r, who, owner, args.limit))?;
    let rows = agents.iter().map(|(agent, owner)| {
        vec![
            agent.id.to_string(),
            agent.name.clone(),
            owner.clone(),
            agent.state.as_str().to_owned(),
            agent.created_at.rfc3339(),
        ]
    });
    let head = ["id", "name", "owner", "state", "made"];
    let documents = agents.iter().map(|(agent, owner)| document(agent, owner));
    let none = "no agent; make one: mcpcodex agent create NAME --owner USER";
    ctx.out.list(documents.collect(), &head, rows.collect(), none)
}

type Change = fn(&Write<'_>, &Actor, &AgentId) -> CoreResult<Agent>;

fn change(ctx: &Ctx, desk: &Desk, (agent, owner): (Agent, String), op: Change) -> Done {
    let agent = desk.write(move |tx, _, who| op(tx, who, &agent.id))?;
    record(ctx, &agent, &owner)
}

fn delete(ctx: &Ctx, args: &Name) -> Done {
    let desk = ctx.open()?;
    let (agent, owner) = find(&desk, &args.name)?;
    let question = format!("Delete {} of {owner} with its API keys, for good?", agent.name);
    ctx.ask.irrevocable(&question)?;
    let agent = desk.write(move |tx, _, who| ops::agent::delete(tx, who, &agent.id))?;
    let document = json!({ "deleted": agent.id, "name": agent.name });
    ctx.out.record(&document, &[("deleted", agent.name)])
}
