//! `key`: keys that sign tokens.

use clap::Subcommand;
use serde_json::json;

use super::{ctx::Ctx, failure::Done, user::when};
use crate::{ops, time::Time};

/// `key …`.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// List signing keys, newest first
    List,
}

/// Runs it.
pub fn run(ctx: &Ctx, verb: &Verb) -> Done {
    let Verb::List = verb;
    let desk = ctx.open()?;
    let keys = desk.read(|r, _, who| ops::key::list(r, who))?;
    let documents = keys.iter().map(|key| {
        json!({
            "kid": key.kid,
            "algorithm": key.algorithm.as_str(),
            "state": key.state.as_str(),
            "created_at": key.created_at.rfc3339(),
            "activated_at": key.activated_at.map(Time::rfc3339),
            "retired_at": key.retired_at.map(Time::rfc3339),
        })
    });
    let rows = keys.iter().map(|key| {
        vec![
            key.kid.clone(),
            key.algorithm.as_str().to_owned(),
            key.state.as_str().to_owned(),
            key.created_at.rfc3339(),
            when(key.retired_at),
        ]
    });
    let head = ["kid", "algorithm", "state", "made", "retired"];
    ctx.out.list(documents.collect(), &head, rows.collect(), "no signing key")
}
