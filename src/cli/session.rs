//! `session`: who is signed in, and ending it.

use std::net::IpAddr;

use clap::Subcommand;
use ipnet::IpNet;
use serde_json::{Value, json};

use super::{
    client,
    ctx::{Ctx, Desk},
    failure::{Done, Failure},
    output::shape,
};
use crate::{
    model::{id::SessionId, session::SessionRow},
    ops, view,
};

/// `session …`.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// List live sessions, the last used first
    List(List),
    /// End sessions; the apps signed in from them lose their tokens
    #[command(after_help = "Examples:
  mcpcodex session revoke s_019…
  mcpcodex session revoke --user alice
  mcpcodex session revoke --all")]
    Revoke(Revoke),
}

/// `session list`.
#[derive(clap::Args, Debug)]
pub struct List {
    /// Only of this person
    #[arg(long, value_name = "USER")]
    user: Option<String>,
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 1_000)]
    limit: u32,
}

/// `session revoke`.
#[derive(clap::Args, Debug)]
#[group(id = "which", required = true, multiple = false)]
pub struct Revoke {
    /// Ids, as `session list` shows them
    #[arg(value_name = "ID", group = "which")]
    ids: Vec<String>,
    /// Every session and grant of this person
    #[arg(long, value_name = "USER", group = "which")]
    user: Option<String>,
    /// Every grant of this client
    #[arg(long, value_name = "CLIENT", group = "which")]
    client: Option<String>,
    /// Every session that was last used from one of these addresses, for example 203.0.113.0/24
    #[arg(long, value_name = "CIDR", group = "which")]
    ip: Option<IpNet>,
    /// Every session and grant there is
    #[arg(long, group = "which")]
    all: bool,
}

/// Runs it.
pub fn run(ctx: &Ctx, verb: Verb) -> Done {
    match verb {
        Verb::List(args) => list(ctx, &args),
        Verb::Revoke(args) => {
            let desk = ctx.open()?;
            let revoked = revoke(ctx, &desk, args)?;
            ctx.out.record(&json!({ "revoked": revoked }), &[("revoked", revoked.to_string())])
        }
    }
}

fn list(ctx: &Ctx, args: &List) -> Done {
    let desk = ctx.open()?;
    let user = args.user.as_deref().map(|name| desk.user(name)).transpose()?;
    let id = user.as_ref().map(|user| &user.id);
    let sessions = desk.read(|r, _, who| ops::session::list(r, who, id, args.limit))?;
    let rows = sessions.iter().map(|row| {
        vec![
            row.session.id.to_string(),
            row.username.clone(),
            if row.session.mfa_verified() { "yes" } else { "no" }.to_owned(),
            row.session.last_seen_at.rfc3339(),
            row.session.ends_at().rfc3339(),
            row.session.address.clone(),
            row.clients.join(", "),
        ]
    });
    let head = ["id", "user", "mfa", "last used", "ends", "address", "apps"];
    ctx.out.list(
        sessions.iter().map(document).collect(),
        &head,
        rows.collect(),
        "nobody is signed in",
    )
}

fn document(row: &SessionRow) -> Value {
    shape(&view::session::Session::of(row))
}

fn revoke(ctx: &Ctx, desk: &Desk, args: Revoke) -> Result<usize, Failure> {
    if let Some(name) = &args.user {
        let user = desk.user(name)?;
        ctx.ask.noticeable(&format!("End every session and grant of {}?", user.username))?;
        let shut = desk.write(move |tx, _, who| ops::session::revoke_of_user(tx, who, &user.id))?;
        ctx.out.note(&format!("{} grants revoked as well", shut.grants));
        return Ok(shut.sessions);
    }
    if let Some(name) = &args.client {
        let client = client::find(desk, name)?;
        ctx.ask.noticeable(&format!("Revoke everything that {} was given?", client.name))?;
        return desk.write(move |tx, _, who| ops::session::revoke_of_client(tx, who, &client.id));
    }
    if args.all {
        ctx.ask.noticeable("End every session and every grant there is?")?;
        let shut = desk.write(|tx, _, who| ops::session::revoke_everything(tx, who))?;
        ctx.out.note(&format!("{} grants revoked as well", shut.grants));
        return Ok(shut.sessions);
    }
    if let Some(net) = args.ip {
        let all = desk.read(|r, _, who| ops::session::list(r, who, None, u32::MAX))?;
        let within = |row: &SessionRow| {
            row.session.address.parse().is_ok_and(|at: IpAddr| net.contains(&at))
        };
        let ids: Vec<SessionId> =
            all.into_iter().filter(within).map(|row| row.session.id).collect();
        ctx.ask.noticeable(&format!("End {} sessions from {net}?", ids.len()))?;
        return desk.write(move |tx, _, who| ops::session::revoke(tx, who, &ids));
    }
    let ids: Vec<SessionId> = args.ids.into_iter().map(SessionId::from_text).collect();
    desk.write(move |tx, _, who| ops::session::revoke(tx, who, &ids))
}
