//! `client template`: apps that need no looking up.

use clap::Subcommand;
use serde_json::json;

use crate::{
    cli::{ctx::Ctx, failure::Done},
    error::Error,
    model::template::{TEMPLATES, Template, find},
};

/// `client template …`.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// List the apps that `client create --template` knows
    List,
}

/// Runs it.
pub(super) fn run(ctx: &Ctx, verb: &Verb) -> Done {
    match verb {
        Verb::List => list(ctx),
    }
}

/// The template of that name.
pub(super) fn named(name: &str) -> Result<&'static Template, Error> {
    find(name).ok_or_else(|| {
        let known: Vec<_> = TEMPLATES.iter().map(|template| template.name).collect();
        let message = format!("template \"{name}\" is not one of: {}", known.join(", "));
        Error::invalid("template", message).with_next("mcpcodex client template list")
    })
}

fn list(ctx: &Ctx) -> Done {
    let documents = TEMPLATES.iter().map(|template| {
        json!({
            "template": template.name,
            "name": template.title,
            "redirect_uris": template.redirect_uris,
            "how": template.how,
        })
    });
    let rows = TEMPLATES.iter().map(|template| {
        vec![
            template.name.to_owned(),
            template.title.to_owned(),
            template.redirect_uris.join(" "),
            template.how.to_owned(),
        ]
    });
    let head = ["template", "name", "redirect URIs", "where the client_id goes"];
    ctx.out.list(documents.collect(), &head, rows.collect(), "")
}
