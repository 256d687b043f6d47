//! `client`: apps that ask for tokens.

mod make;
mod newcomer;
mod template;
mod token;

use clap::Subcommand;
use serde_json::{Value, json};

use super::{
    ctx::{Ctx, Desk},
    exchange,
    failure::{Done, Failure},
    output::{put, shape},
    user::when,
};
use crate::{
    crypto::secret::Plain,
    model::{
        client::{AuthMethod, Client, ClientOrigin, ClientState},
        id::ClientId,
        redirect::RedirectUri,
        resource::ResourceUri,
    },
    ops, view,
};

/// More clients than anyone lists.
const MOST: u32 = 100_000;

/// `client …`.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Make a client; its secret is shown once
    #[command(after_help = "Examples:
  mcpcodex client create \"My App\" --redirect-uri https://app.example.com/callback
  mcpcodex client create CLI --public --redirect-uri http://127.0.0.1/callback
  mcpcodex client create Nightly --grant client_credentials --jwks keys.json
  mcpcodex client create --template claude")]
    Create(Box<make::Create>),
    /// List clients
    List(List),
    /// Show a client
    Show(Name),
    /// Change a client
    Edit(Box<make::Edit>),
    /// Let in a client that came by itself and waits, or vouch for one that is in
    Approve(Name),
    /// Keep out a client that came by itself and waits
    Deny(Name),
    /// Switch a client off; its refresh tokens end
    Disable(Name),
    /// Switch a client on again
    Enable(Name),
    /// Remove a client and all it was given
    Delete(Name),
    /// Remove clients that came by themselves and that nobody uses
    Prune(newcomer::Prune),
    /// A client's secret
    #[command(subcommand)]
    Secret(Secret),
    /// Which client may exchange tokens of one resource for those of another
    #[command(subcommand)]
    Exchange(exchange::Verb),
    /// Apps that need no looking up
    #[command(subcommand)]
    Template(template::Verb),
    /// Tokens with which apps may register themselves where not everyone may
    #[command(subcommand)]
    Token(token::Verb),
}

/// `client list`.
#[derive(clap::Args, Debug)]
pub struct List {
    /// Only those that wait for an administrator
    #[arg(long)]
    pending: bool,
}

/// `client secret …`.
#[derive(Debug, Subcommand)]
pub enum Secret {
    /// Make a new secret; the old one ends now
    Rotate(Name),
}

/// Which is meant.
#[derive(clap::Args, Debug)]
pub struct Name {
    /// The client's id, or its name if no other has it
    client: String,
}

/// Runs it.
pub fn run(ctx: &Ctx, verb: Verb) -> Done {
    match verb {
        Verb::Create(args) => make::create(ctx, *args),
        Verb::List(args) => list(ctx, &args),
        Verb::Show(args) => {
            let desk = ctx.open()?;
            show(ctx, &find(&desk, &args.client)?)
        }
        Verb::Edit(args) => make::edit(ctx, *args),
        Verb::Approve(args) => newcomer::approve(ctx, &args),
        Verb::Deny(args) => newcomer::deny(ctx, &args),
        Verb::Disable(args) => disable(ctx, &args),
        Verb::Enable(args) => enable(ctx, &args),
        Verb::Delete(args) => delete(ctx, &args),
        Verb::Prune(args) => newcomer::prune(ctx, &args),
        Verb::Secret(Secret::Rotate(args)) => rotate(ctx, &args),
        Verb::Exchange(verb) => exchange::run(ctx, verb),
        Verb::Template(verb) => template::run(ctx, &verb),
        Verb::Token(verb) => token::run(ctx, verb),
    }
}

/// The client of that id or name.
pub fn find(desk: &Desk, typed: &str) -> Result<Client, Failure> {
    desk.read(|r, _, who| ops::client::find(r, who, typed))
}

/// A client as `client create` prints it, without its secret.
pub fn summary(client: &Client) -> Value {
    shape(&view::client::Summary::of(client))
}

fn document(client: &Client) -> Value {
    shape(&view::client::Client::of(client))
}

fn joined<S: AsRef<str>>(words: impl Iterator<Item = S>) -> String {
    words.map(|word| word.as_ref().to_owned()).collect::<Vec<_>>().join(" ")
}

fn properties(client: &Client) -> Vec<(&'static str, String)> {
    vec![
        ("client_id", client.id.to_string()),
        ("name", client.name.clone()),
        ("redirect URIs", joined(client.redirect_uris.iter().map(RedirectUri::as_str))),
        ("grants", joined(client.grant_types.iter().map(|grant| grant.as_str()))),
        ("scopes", client.scopes.to_string()),
        ("resources", joined(client.resources.iter().map(ResourceUri::as_str))),
        ("proves itself by", proof(client)),
    ]
}

fn proof(client: &Client) -> String {
    let other = [AuthMethod::Basic, AuthMethod::Post]
        .into_iter()
        .find(|way| *way != client.auth_method && client.shows_secret_by(*way));
    let method = client.auth_method.as_str();
    other.map_or_else(|| method.to_owned(), |other| format!("{method} or {}", other.as_str()))
}

fn origin(client: &Client) -> &'static str {
    match client.origin {
        ClientOrigin::BuiltIn => "with mcpcodex",
        ClientOrigin::Static => "by hand",
        ClientOrigin::Dynamic => "by itself",
        ClientOrigin::Document => "by its document",
    }
}

fn state(client: &Client) -> &'static str {
    match client.state {
        ClientState::Active => "enabled",
        ClientState::Pending => "waits for approval",
        ClientState::Disabled => "disabled",
    }
}

fn show(ctx: &Ctx, client: &Client) -> Done {
    let mut properties = properties(client);
    let keys = client.jwks.as_ref().map(|_| "in the registration".to_owned());
    let optional = [
        ("public keys", keys.or_else(|| client.jwks_uri.clone())),
        ("home page", client.client_uri.clone()),
        (
            "after signing out",
            (!client.post_logout_redirect_uris.is_empty())
                .then(|| client.post_logout_redirect_uris.join(" ")),
        ),
        ("told of sign-outs at", client.backchannel_logout_uri.clone()),
        ("tokens", client.dpop_bound.then(|| "bound to its key only (DPoP)".to_owned())),
        ("requests", client.par_required.then(|| "pushed only (PAR)".to_owned())),
        ("refresh", client.strict_refresh.then(|| "strict: no retry window".to_owned())),
    ];
    properties.extend(optional.into_iter().filter_map(|(name, value)| Some((name, value?))));
    properties.extend([
        ("came", origin(client).to_owned()),
        ("state", state(client).to_owned()),
        ("made", client.created_at.rfc3339()),
        ("last token", when(client.last_used_at)),
    ]);
    ctx.out.record(&document(client), &properties)
}

fn list(ctx: &Ctx, args: &List) -> Done {
    let desk = ctx.open()?;
    let clients = desk.read(|r, _, who| {
        if args.pending { ops::client::pending(r, who) } else { ops::client::list(r, who, MOST) }
    })?;
    let rows = clients.iter().map(|client| {
        vec![
            client.id.to_string(),
            client.name.clone(),
            if client.is_public() { "public" } else { "confidential" }.to_owned(),
            origin(client).to_owned(),
            state(client).to_owned(),
            when(client.last_used_at),
            joined(client.redirect_uris.iter().map(RedirectUri::as_str)),
        ]
    });
    let head = ["client_id", "name", "kind", "came", "state", "last token", "redirect URIs"];
    let none = if args.pending {
        "no client waits for an administrator"
    } else {
        "no client; make one: mcpcodex client create NAME --redirect-uri U"
    };
    ctx.out.list(clients.iter().map(document).collect(), &head, rows.collect(), none)
}

fn again(desk: &Desk, id: &ClientId) -> Result<Client, Failure> {
    find(desk, id.as_str())
}

fn disable(ctx: &Ctx, args: &Name) -> Done {
    let desk = ctx.open()?;
    let client = find(&desk, &args.client)?;
    ctx.ask.noticeable(&format!(
        "Disable {}? Nobody can sign in with it, and its refresh tokens end now.",
        client.name
    ))?;
    let id = client.id.clone();
    let grants = desk.write(move |tx, _, who| ops::client::disable(tx, who, &id))?;
    let client = again(&desk, &client.id)?;
    let mut document = document(&client);
    put(&mut document, "grants_revoked", json!(grants));
    let said = [
        ("client_id", client.id.to_string()),
        ("state", state(&client).to_owned()),
        ("grants revoked", grants.to_string()),
    ];
    ctx.out.record(&document, &said)
}

fn enable(ctx: &Ctx, args: &Name) -> Done {
    let desk = ctx.open()?;
    let client = find(&desk, &args.client)?;
    let id = client.id.clone();
    desk.write(move |tx, _, who| ops::client::enable(tx, who, &id))?;
    show(ctx, &again(&desk, &client.id)?)
}

fn delete(ctx: &Ctx, args: &Name) -> Done {
    let desk = ctx.open()?;
    let client = find(&desk, &args.client)?;
    ctx.ask.irrevocable(&format!(
        "Delete the client {} ({}) and all it was given, for good?",
        client.name, client.id
    ))?;
    let id = client.id.clone();
    desk.write(move |tx, _, who| ops::client::delete(tx, who, &id))?;
    let document = json!({ "deleted": client.id, "name": client.name });
    ctx.out.record(&document, &[("deleted", client.name)])
}

fn rotate(ctx: &Ctx, args: &Name) -> Done {
    let desk = ctx.open()?;
    let client = find(&desk, &args.client)?;
    ctx.ask.noticeable(&format!("Give {} a new secret? The old one ends now.", client.name))?;
    let id = client.id.clone();
    let secret: Plain = desk.write(move |tx, _, who| ops::client::rotate_secret(tx, who, &id))?;
    if ctx.out.json() {
        let document = json!({ "client_id": client.id, "client_secret": secret.expose() });
        return ctx.out.document(&document);
    }
    ctx.out.line(secret.expose())?;
    ctx.out.note("The secret is shown this once; only its hash is kept.");
    Ok(())
}
