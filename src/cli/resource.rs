//! `resource`: MCP servers and APIs that tokens are for.

use clap::Subcommand;
use serde_json::{Value, json};

use super::{
    ctx::Ctx,
    failure::{Done, Failure},
};
use crate::{
    model::resource::{Resource, ResourceScope},
    ops::{self, env::Env, resource::New},
};

/// `resource …`.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Register a resource
    #[command(after_help = "Example:
  mcpcodex resource add https://mcp.example.com/mcp --name \"Notes\" --scope \"notes:read=Read your notes\"")]
    Add(Add),
    /// List resources
    List,
    /// Remove a resource; no further token is given for it
    Delete(Uri),
}

/// `resource add`.
#[derive(clap::Args, Debug)]
pub struct Add {
    /// Its identifier: the URL that people give their client
    uri: String,
    /// What people see when an app asks for it
    #[arg(long, default_value = "", hide_default_value = true)]
    name: String,
    /// A scope and what it lets an app do; may be given several times
    #[arg(long = "scope", value_name = "NAME=WHAT IT DOES", value_parser = scope)]
    scopes: Vec<ResourceScope>,
}

/// Which is meant.
#[derive(clap::Args, Debug)]
pub struct Uri {
    /// Its identifier
    uri: String,
}

fn scope(text: &str) -> Result<ResourceScope, String> {
    match text.split_once('=') {
        Some((name, what)) if !name.trim().is_empty() && !what.trim().is_empty() => {
            Ok(ResourceScope::new(name.trim(), what.trim()))
        }
        _ => Err("write it as NAME=WHAT IT LETS AN APP DO, since people read that when they are asked for consent".to_owned()),
    }
}

/// Runs it.
pub fn run(ctx: &Ctx, verb: Verb) -> Done {
    let desk = ctx.open()?;
    match verb {
        Verb::Add(args) => {
            let new = New { uri: args.uri, name: args.name, scopes: args.scopes };
            let resource = desk.write(move |tx, _, who| ops::resource::add(tx, who, new))?;
            let properties = [
                ("id", resource.id.to_string()),
                ("uri", resource.uri.as_str().to_owned()),
                ("name", resource.name.clone()),
                ("scopes", names(&resource).join(" ")),
                ("metadata URL", metadata_url(desk.env(), &resource)?),
            ];
            ctx.out.record(&document(desk.env(), &resource)?, &properties)
        }
        Verb::List => {
            let resources = desk.read(|r, _, who| ops::resource::list(r, who))?;
            let documents = resources.iter().map(|resource| document(desk.env(), resource));
            let rows = resources.iter().map(|resource| {
                let uri = resource.uri.as_str().to_owned();
                vec![uri, resource.name.clone(), names(resource).join(" ")]
            });
            let none = "no resource; register one: mcpcodex resource add URI --name N";
            let documents = documents.collect::<Result<_, _>>()?;
            ctx.out.list(documents, &["uri", "name", "scopes"], rows.collect(), none)
        }
        Verb::Delete(args) => {
            ctx.ask.irrevocable(&format!("Remove the resource {} for good?", args.uri))?;
            let uri = args.uri.clone();
            desk.write(move |tx, _, who| ops::resource::delete(tx, who, &uri))?;
            ctx.out.record(&json!({ "deleted": args.uri }), &[("deleted", args.uri)])
        }
    }
}

fn names(resource: &Resource) -> Vec<&str> {
    resource.scopes.iter().map(|scope| scope.name.as_str()).collect()
}

fn document(env: &Env, resource: &Resource) -> Result<Value, Failure> {
    let described: serde_json::Map<String, Value> =
        resource.scopes.iter().map(|own| (own.name.clone(), json!(own.description))).collect();
    Ok(json!({
        "id": resource.id,
        "uri": resource.uri.as_str(),
        "name": resource.name,
        "scopes": names(resource),
        "scope_descriptions": described,
        "metadata_url": metadata_url(env, resource)?,
    }))
}

/// Where this server publishes the resource's metadata: the well-known path, then the resource's own (RFC 9728 §3.1).
fn metadata_url(env: &Env, resource: &Resource) -> Result<String, Failure> {
    let uri = url::Url::parse(resource.uri.as_str()).map_err(|error| {
        crate::error::Error::internal("a stored resource is no URI").with_source(error)
    })?;
    let mut public = env.site.public_url.clone();
    let path = uri.path().trim_end_matches('/');
    public.set_path(&format!("/.well-known/oauth-protected-resource{path}"));
    public.set_query(uri.query());
    Ok(public.into())
}
