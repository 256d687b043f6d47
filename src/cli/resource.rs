//! `resource`: MCP servers and APIs that tokens are for.

use std::time::Duration;

use clap::{Subcommand, builder::PossibleValuesParser};
use serde_json::{Value, json};

use super::{
    ctx::{Ctx, Desk},
    failure::{Done, Failure},
    output::shape,
    span::duration,
};
use crate::{
    crypto::jwt::Algorithm,
    model::resource::{Resource, ResourceScope, ResourceUri, Risk, TokenFormat},
    ops::{
        self,
        env::Env,
        resource::{Change, New, Setting, document},
    },
    view,
};

/// What leaves a setting to the configuration.
const CONFIGURED: &str = "configured";

/// `resource …`.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Register an MCP server or API
    #[command(after_help = "Examples:
  mcpcodex resource add https://mcp.example.com/mcp --name \"Notes\" --scope \"notes:read=Read your notes\"
  mcpcodex resource add https://mcp.example.com/mcp --name \"Notes\" \\
      --scope \"notes:read=Read your notes\" --scope \"notes:delete=Delete your notes\" \\
      --sensitive notes:delete --role developer --token-lifetime 10m")]
    Add(Add),
    /// List resources
    List,
    /// Show a resource
    Show(Uri),
    /// Change a resource
    #[command(after_help = "Examples:
  mcpcodex resource edit https://mcp.example.com/mcp --scope \"notes:write=Change your notes\"
  mcpcodex resource edit https://mcp.example.com/mcp --sensitive notes:delete --token-lifetime configured")]
    Edit(Edit),
    /// Remove a resource; its tokens end
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
    #[command(flatten)]
    said: Said,
    /// A role of which one is needed to use it; may be given several times [default: anyone may]
    #[arg(long = "role", value_name = "ROLE")]
    roles: Vec<String>,
}

/// `resource edit`.
#[derive(clap::Args, Debug)]
pub struct Edit {
    /// Its identifier, an alias, or its id
    uri: String,
    /// New name
    #[arg(long)]
    name: Option<String>,
    #[command(flatten)]
    said: Said,
    /// A scope that goes; may be given several times
    #[arg(long = "remove-scope", value_name = "SCOPE")]
    without_scopes: Vec<String>,
    /// A spelling that goes; may be given several times
    #[arg(long = "remove-alias", value_name = "URI")]
    without_aliases: Vec<String>,
    /// Exactly these roles; may be given several times
    #[arg(long = "role", value_name = "ROLE")]
    roles: Vec<String>,
    /// Anyone may use it
    #[arg(long, conflicts_with = "roles")]
    any_role: bool,
}

/// What can be said of a resource at any time.
#[derive(clap::Args, Debug)]
pub struct Said {
    /// A scope and what it lets an app do; may be given several times
    #[arg(long = "scope", value_name = "SCOPE=WHAT IT DOES", value_parser = scope)]
    scopes: Vec<(String, String)>,
    /// A scope that a client gets which names none; may be given several times [default: all but sensitive ones]
    #[arg(long = "default-scope", value_name = "SCOPE")]
    defaults: Vec<String>,
    /// A scope that a client gets only by name; may be given several times
    #[arg(long = "no-default", value_name = "SCOPE")]
    no_defaults: Vec<String>,
    /// A scope that takes a fresh second factor, and is given only by name; may be given several times
    #[arg(long = "sensitive", value_name = "SCOPE")]
    sensitive: Vec<String>,
    /// How much harm a scope can do: low, normal or sensitive; may be given several times
    #[arg(long = "risk", value_name = "SCOPE=RISK", value_parser = risk)]
    risks: Vec<(String, Risk)>,
    /// Another spelling that clients use for it; may be given several times
    #[arg(long = "alias", value_name = "URI")]
    aliases: Vec<String>,
    /// How long its access tokens live, such as 15m, or `configured` [default: configured]
    #[arg(long, value_name = "SPAN", value_parser = lifetime)]
    token_lifetime: Option<Setting<Duration>>,
    /// What its access tokens look like: `jwt`, which it reads itself, or `opaque`, about which it asks here [default: jwt]
    #[arg(long, value_name = "FORMAT", value_parser = PossibleValuesParser::new(["jwt", "opaque"]))]
    token_format: Option<String>,
    /// What its access tokens are signed with, or `configured` [default: configured]
    #[arg(long, value_name = "ALGORITHM",
        value_parser = PossibleValuesParser::new(["RS256", "ES256", "EdDSA", "PS256", CONFIGURED]))]
    algorithm: Option<String>,
}

/// Which is meant.
#[derive(clap::Args, Debug)]
pub struct Uri {
    /// Its identifier, an alias, or its id
    uri: String,
}

fn scope(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, what)) if !name.trim().is_empty() && !what.trim().is_empty() => {
            Ok((name.trim().to_owned(), what.trim().to_owned()))
        }
        _ => Err("write it as SCOPE=WHAT IT LETS AN APP DO, since people read that when they are asked for consent".to_owned()),
    }
}

fn risk(text: &str) -> Result<(String, Risk), String> {
    let read = text.split_once('=').and_then(|(name, word)| {
        Risk::parse(word.trim()).map(|risk| (name.trim().to_owned(), risk))
    });
    read.ok_or_else(|| "write it as SCOPE=low, SCOPE=normal or SCOPE=sensitive".to_owned())
}

fn lifetime(text: &str) -> Result<Setting<Duration>, String> {
    if text == CONFIGURED { Ok(Setting::Configured) } else { duration(text).map(Setting::To) }
}

impl Said {
    fn change(self) -> Change {
        let named = |names: &[String], is| names.iter().map(|name| (name.clone(), is)).collect();
        // What is sensitive is given by name alone, unless the contrary is said.
        let mut defaults: Vec<(String, bool)> = named(&self.sensitive, false);
        defaults.extend::<Vec<_>>(named(&self.no_defaults, false));
        defaults.extend::<Vec<_>>(named(&self.defaults, true));
        let sensitive = self.sensitive.into_iter().map(|name| (name, Risk::Sensitive));
        Change {
            scopes: self.scopes,
            defaults,
            risks: self.risks.into_iter().chain(sensitive).collect(),
            aliases: self.aliases,
            token_lifetime: self.token_lifetime.unwrap_or_default(),
            token_format: self.token_format.as_deref().and_then(TokenFormat::parse),
            algorithm: match self.algorithm.as_deref() {
                None => Setting::Same,
                Some(word) => Algorithm::parse(word).map_or(Setting::Configured, Setting::To),
            },
            ..Change::default()
        }
    }
}

/// Runs it.
pub fn run(ctx: &Ctx, verb: Verb) -> Done {
    let desk = ctx.open()?;
    match verb {
        Verb::Add(args) => add(ctx, &desk, args),
        Verb::List => list(ctx, &desk),
        Verb::Show(args) => show(ctx, &desk, &find(&desk, &args.uri)?),
        Verb::Edit(args) => edit(ctx, &desk, args),
        Verb::Delete(args) => delete(ctx, &desk, &args),
    }
}

fn find(desk: &Desk, typed: &str) -> Result<Resource, Failure> {
    desk.read(|r, _, who| ops::resource::find(r, who, typed))
}

fn add(ctx: &Ctx, desk: &Desk, args: Add) -> Done {
    let settings = Change { roles: Some(args.roles), ..args.said.change() };
    make_key(desk, &settings)?;
    let new = New { uri: args.uri, name: args.name, settings, ..New::default() };
    let resource = desk.write(move |tx, env, who| {
        ops::resource::must_exist(env, new.settings.roles.as_deref().unwrap_or_default())?;
        ops::resource::add(tx, who, new)
    })?;
    show(ctx, desk, &resource)?;
    ctx.out.note("Let your server answer requests without a token with 401 and this header:");
    let challenge = document::challenge(desk.env(), &resource)?;
    ctx.out.note(&format!("  WWW-Authenticate: {challenge}"));
    if resource.token_format == TokenFormat::Opaque {
        ctx.out.note(&format!(
            "It learns about tokens at {}/introspect; make it a client: mcpcodex client create NAME --grant none --resource {}",
            desk.env().site.issuer,
            resource.uri.as_str(),
        ));
    } else {
        ctx.out.note(&format!(
            "and take tokens with iss {} and aud {}, signed by a key of {}/.well-known/jwks.json.",
            desk.env().site.issuer,
            resource.uri.as_str(),
            desk.env().site.issuer,
        ));
    }
    Ok(())
}

fn edit(ctx: &Ctx, desk: &Desk, args: Edit) -> Done {
    let roles = match (args.any_role, args.roles) {
        (true, _) => Some(Vec::new()),
        (false, roles) => Some(roles).filter(|roles| !roles.is_empty()),
    };
    let change = Change {
        name: args.name,
        without_scopes: args.without_scopes,
        without_aliases: args.without_aliases,
        roles,
        ..args.said.change()
    };
    let id = find(desk, &args.uri)?.id;
    make_key(desk, &change)?;
    let resource = desk.write(move |tx, env, who| {
        ops::resource::must_exist(env, change.roles.as_deref().unwrap_or_default())?;
        ops::resource::edit(tx, who, &id, change)
    })?;
    show(ctx, desk, &resource)
}

/// Tokens may be asked for at once, so the key that signs them is made before.
fn make_key(desk: &Desk, change: &Change) -> Done {
    if let Setting::To(algorithm) = change.algorithm {
        ops::key::ensure_one(&desk.app.db, &desk.app.env, algorithm)?;
    }
    Ok(())
}

fn delete(ctx: &Ctx, desk: &Desk, args: &Uri) -> Done {
    let resource = find(desk, &args.uri)?;
    let uri = resource.uri.as_str().to_owned();
    ctx.ask.irrevocable(&format!("Remove the resource {uri} for good? Its tokens end now."))?;
    let disabled = desk.write(move |tx, _, who| ops::resource::delete(tx, who, &resource.id))?;
    let mut said = vec![("deleted", uri.clone())];
    if disabled > 0 {
        said.push(("disabled clients, registered for it alone", disabled.to_string()));
    }
    ctx.out.record(&json!({ "deleted": uri, "clients_disabled": disabled }), &said)
}

fn list(ctx: &Ctx, desk: &Desk) -> Done {
    let resources = desk.read(|r, _, who| ops::resource::list(r, who))?;
    let documents = resources.iter().map(|resource| summary(desk.env(), resource));
    let rows = resources.iter().map(|resource| {
        let uri = resource.uri.as_str().to_owned();
        vec![uri, resource.name.clone(), names(resource).join(" "), for_whom(resource)]
    });
    let none = "no resource; register one: mcpcodex resource add URI --name N";
    let documents = documents.collect::<Result<_, _>>()?;
    ctx.out.list(documents, &["uri", "name", "scopes", "for"], rows.collect(), none)
}

fn show(ctx: &Ctx, desk: &Desk, resource: &Resource) -> Done {
    let env = desk.env();
    let mut said = vec![
        ("id", resource.id.to_string()),
        ("uri", resource.uri.as_str().to_owned()),
        ("name", resource.name.clone()),
    ];
    if !resource.aliases.is_empty() {
        said.push(("aliases", aliases(resource).join(" ")));
    }
    said.extend(resource.scopes.iter().map(|own| ("scope", sentence(own))));
    said.extend([
        ("for", for_whom(resource)),
        ("tokens", tokens(resource)),
        ("metadata URL", document::address(env, resource)?),
    ]);
    ctx.out.record(&summary(env, resource)?, &said)
}

fn names(resource: &Resource) -> Vec<&str> {
    resource.scopes.iter().map(|scope| scope.name.as_str()).collect()
}

fn aliases(resource: &Resource) -> Vec<&str> {
    resource.aliases.iter().map(ResourceUri::as_str).collect()
}

fn for_whom(resource: &Resource) -> String {
    if resource.roles.is_empty() { "anyone".to_owned() } else { resource.roles.join(" or ") }
}

fn sentence(scope: &ResourceScope) -> String {
    let mut marks = Vec::new();
    if scope.risk != Risk::Normal {
        marks.push(scope.risk.as_str());
    }
    if !scope.is_default {
        marks.push("only by name");
    }
    let marks = if marks.is_empty() { String::new() } else { format!(" ({})", marks.join(", ")) };
    format!("{}: {}{marks}", scope.name, scope.description)
}

fn tokens(resource: &Resource) -> String {
    let lifetime = resource.token_lifetime.map_or_else(
        || "lifetime as configured".to_owned(),
        |span| format!("{} seconds", span.as_secs()),
    );
    let algorithm = match (resource.token_format, resource.algorithm) {
        (TokenFormat::Opaque, _) => String::new(),
        (TokenFormat::Jwt, Some(algorithm)) => format!(", {}", algorithm.as_str()),
        (TokenFormat::Jwt, None) => ", signed as configured".to_owned(),
    };
    format!("{}, {lifetime}{algorithm}", resource.token_format.as_str())
}

fn summary(env: &Env, resource: &Resource) -> Result<Value, Failure> {
    let (address, challenge) =
        (document::address(env, resource)?, document::challenge(env, resource)?);
    Ok(shape(&view::resource::Resource::of(resource, address, challenge)))
}
