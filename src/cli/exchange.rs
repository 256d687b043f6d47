//! `client exchange`: which client may exchange tokens of which resource for which other.

use clap::Subcommand;
use serde_json::{Value, json};

use super::{ctx::Ctx, failure::Done};
use crate::{
    model::exchange::ExchangePolicy,
    ops::exchange_policy::{self as op, Allowance},
};

/// `client exchange …`.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Let a client exchange people's tokens for one resource into tokens for another
    #[command(after_help = "Example:
  mcpcodex client exchange allow notes-server --from https://notes.example.com/mcp --to https://db.example.com \\
    --scope notes:read=db:read")]
    Allow(Allow),
    /// List what is allowed
    List(List),
    /// Take it back
    Revoke(Revoke),
}

/// `client exchange allow`.
#[derive(clap::Args, Debug)]
pub struct Allow {
    /// The client that is the one resource, by id or name
    client: String,
    /// The resource whose tokens it is given
    #[arg(long, value_name = "URI")]
    from: String,
    /// The resource that it needs tokens for
    #[arg(long, value_name = "URI")]
    to: String,
    /// A scope that passes; HAVE=GIVE where the two resources name it differently; may be given several times
    #[arg(long = "scope", value_name = "SCOPE", required = true)]
    scopes: Vec<String>,
}

/// `client exchange list`.
#[derive(clap::Args, Debug)]
pub struct List {
    /// Only what this client is allowed
    client: Option<String>,
}

/// `client exchange revoke`.
#[derive(clap::Args, Debug)]
pub struct Revoke {
    /// The client, by id or name
    client: String,
    /// The resource whose tokens it is given
    #[arg(long, value_name = "URI")]
    from: String,
    /// The resource that it got tokens for
    #[arg(long, value_name = "URI")]
    to: String,
}

/// Runs it.
pub fn run(ctx: &Ctx, verb: Verb) -> Done {
    let desk = ctx.open()?;
    match verb {
        Verb::Allow(args) => {
            let scopes = args.scopes.iter().flat_map(|words| words.split_whitespace());
            let new = Allowance {
                client: args.client,
                from: args.from,
                to: args.to,
                scopes: scopes.map(str::to_owned).collect(),
            };
            let policy = desk.write(move |tx, _, who| op::allow(tx, who, &new))?;
            let properties = [
                ("client", policy.client_id.to_string()),
                ("from", policy.from.as_str().to_owned()),
                ("to", policy.to.as_str().to_owned()),
                ("scopes", scopes_of(&policy).join(" ")),
            ];
            ctx.out.record(&document(&policy), &properties)
        }
        Verb::List(args) => {
            let policies = desk.read(|r, _, who| op::list(r, who, args.client.as_deref()))?;
            let rows = policies.iter().map(|policy| {
                vec![
                    policy.client_id.to_string(),
                    policy.from.as_str().to_owned(),
                    policy.to.as_str().to_owned(),
                    scopes_of(policy).join(" "),
                ]
            });
            let head = ["client", "from", "to", "scopes"];
            let none = "nothing; allow it: mcpcodex client exchange allow CLIENT --from URI --to URI --scope S";
            ctx.out.list(policies.iter().map(document).collect(), &head, rows.collect(), none)
        }
        Verb::Revoke(args) => {
            let (client, from, to) = (args.client, args.from, args.to);
            desk.write(move |tx, _, who| op::revoke(tx, who, &client, &from, &to))?;
            ctx.out.record(&json!({ "revoked": 1 }), &[("revoked", "1".to_owned())])
        }
    }
}

fn scopes_of(policy: &ExchangePolicy) -> Vec<String> {
    policy.scopes.iter().map(ToString::to_string).collect()
}

fn document(policy: &ExchangePolicy) -> Value {
    json!({
        "client_id": policy.client_id,
        "from": policy.from.as_str(),
        "to": policy.to.as_str(),
        "scopes": scopes_of(policy),
        "created_at": policy.created_at.rfc3339(),
    })
}
