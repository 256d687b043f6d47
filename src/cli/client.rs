//! `client`: apps that ask for tokens.

use std::path::{Path, PathBuf};

use clap::Subcommand;
use serde_json::{Value, json};

use super::{
    ctx::{Ctx, Desk},
    failure::{Done, Failure},
    output::put,
    user::when,
};
use crate::{
    crypto::secret::Plain,
    error::Error,
    model::{
        client::{Client, ClientState},
        id::ClientId,
        redirect::RedirectUri,
        resource::ResourceUri,
    },
    ops::{
        self,
        client::{Change, New},
    },
    time::Time,
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
  mcpcodex client create Nightly --grant client_credentials --jwks keys.json")]
    Create(Create),
    /// List clients
    List,
    /// Show a client
    Show(Name),
    /// Change a client
    Edit(Edit),
    /// Switch a client off; its refresh tokens end
    Disable(Name),
    /// Switch a client on again
    Enable(Name),
    /// Remove a client and all it was given
    Delete(Name),
    /// A client's secret
    #[command(subcommand)]
    Secret(Secret),
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

/// `client create`.
#[derive(clap::Args, Debug)]
pub struct Create {
    /// What people see when the app asks for consent
    name: String,
    /// Where answers may go; may be given several times
    #[arg(long = "redirect-uri", value_name = "URI")]
    redirect_uris: Vec<String>,
    /// The app cannot keep a secret: it runs in a browser, on a desktop or on a phone
    #[arg(long)]
    public: bool,
    /// What it may do; may be given several times; `none` for the server of a resource, which only asks about
    /// tokens [default: `authorization_code` and `refresh_token`]
    #[arg(long = "grant", value_name = "GRANT")]
    grants: Vec<String>,
    /// What it may ask for; may be given several times [default: `openid profile email offline_access`]
    #[arg(long = "scope", value_name = "SCOPE")]
    scopes: Vec<String>,
    /// What it may ask tokens for; may be given several times [default: any registered resource]
    #[arg(long = "resource", value_name = "URI")]
    resources: Vec<String>,
    /// A file with its public keys (a JWK set): it then proves itself by signed statements (`private_key_jwt`)
    #[arg(long, value_name = "FILE", conflicts_with_all = ["public", "jwks_uri"])]
    jwks: Option<PathBuf>,
    /// The https address of its public keys, instead
    #[arg(long, value_name = "URL", conflicts_with = "public")]
    jwks_uri: Option<String>,
    /// A `client_id` of your choice
    #[arg(long, value_name = "ID")]
    id: Option<String>,
    /// Take a used refresh token for theft at once, with no window for retries
    #[arg(long)]
    strict_refresh: bool,
}

/// `client edit`.
#[derive(clap::Args, Debug)]
pub struct Edit {
    /// The client's id, or its name if no other has it
    client: String,
    /// New name
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Exactly these redirect URIs; may be given several times
    #[arg(long = "redirect-uri", value_name = "URI")]
    redirect_uris: Vec<String>,
    /// Exactly these grants; may be given several times
    #[arg(long = "grant", value_name = "GRANT")]
    grants: Vec<String>,
    /// Exactly these scopes; may be given several times
    #[arg(long = "scope", value_name = "SCOPE")]
    scopes: Vec<String>,
    /// Exactly these resources; may be given several times
    #[arg(long = "resource", value_name = "URI")]
    resources: Vec<String>,
    /// Whether a used refresh token is theft at once
    #[arg(long, value_name = "true|false")]
    strict_refresh: Option<bool>,
}

/// Runs it.
pub fn run(ctx: &Ctx, verb: Verb) -> Done {
    match verb {
        Verb::Create(args) => create(ctx, args),
        Verb::List => list(ctx),
        Verb::Show(args) => {
            let desk = ctx.open()?;
            show(ctx, &find(&desk, &args.client)?)
        }
        Verb::Edit(args) => edit(ctx, args),
        Verb::Disable(args) => disable(ctx, &args),
        Verb::Enable(args) => enable(ctx, &args),
        Verb::Delete(args) => delete(ctx, &args),
        Verb::Secret(Secret::Rotate(args)) => rotate(ctx, &args),
    }
}

/// The client of that id or name.
pub fn find(desk: &Desk, typed: &str) -> Result<Client, Failure> {
    desk.read(|r, _, who| ops::client::find(r, who, typed))
}

fn split(words: &[String]) -> Vec<String> {
    // `--scope "a b"` is what a person copies from elsewhere.
    words.iter().flat_map(|words| words.split_whitespace()).map(str::to_owned).collect()
}

fn create(ctx: &Ctx, args: Create) -> Done {
    let desk = ctx.open()?;
    let new = New {
        name: args.name,
        id: args.id,
        redirect_uris: args.redirect_uris,
        public: args.public,
        grant_types: split(&args.grants),
        scopes: split(&args.scopes),
        resources: args.resources,
        strict_refresh: args.strict_refresh,
        jwks: args.jwks.as_deref().map(jwks).transpose()?,
        jwks_uri: args.jwks_uri,
        ..New::default()
    };
    let made = desk.write(move |tx, _, who| ops::client::create(tx, who, new))?;
    let mut document = summary(&made.client);
    let mut properties = properties(&made.client);
    if let Some(secret) = &made.secret {
        put(&mut document, "client_secret", json!(secret.expose()));
        properties.insert(1, ("client_secret", secret.expose().to_owned()));
    }
    ctx.out.record(&document, &properties)?;
    if made.secret.is_some() {
        ctx.out.note("The secret is shown this once; only its hash is kept.");
    }
    Ok(())
}

/// The public keys in a file.
fn jwks(path: &Path) -> Result<Value, Failure> {
    let refuse = |why: &str, source: Box<dyn std::error::Error + Send + Sync>| {
        Error::invalid("jwks", format!("{} {why}", path.display()))
            .with_next("give a file with a JWK set of public keys: {\"keys\": [...]}")
            .with_source(source)
    };
    let text = std::fs::read(path).map_err(|error| refuse("cannot be read", error.into()))?;
    let jwks =
        serde_json::from_slice(&text).map_err(|error| refuse("is not JSON", error.into()))?;
    Ok(jwks)
}

/// A client as `client create` prints it, without its secret.
pub fn summary(client: &Client) -> Value {
    json!({
        "client_id": client.id,
        "name": client.name,
        "redirect_uris": client.redirect_uris.iter().map(RedirectUri::as_str).collect::<Vec<_>>(),
        "grant_types": client.grant_types.iter().map(|grant| grant.as_str()).collect::<Vec<_>>(),
        "scopes": client.scopes.to_vec(),
    })
}

fn document(client: &Client) -> Value {
    let mut document = summary(client);
    put(
        &mut document,
        "resources",
        client.resources.iter().map(ResourceUri::as_str).collect::<Vec<_>>().into(),
    );
    put(&mut document, "token_endpoint_auth_method", json!(client.auth_method.as_str()));
    put(&mut document, "public", json!(client.is_public()));
    put(&mut document, "strict_refresh", json!(client.strict_refresh));
    put(&mut document, "disabled", json!(client.state == ClientState::Disabled));
    put(&mut document, "created_at", json!(client.created_at.rfc3339()));
    put(&mut document, "last_used_at", json!(client.last_used_at.map(Time::rfc3339)));
    document
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
        ("proves itself by", client.auth_method.as_str().to_owned()),
    ]
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
    properties.extend([
        ("state", state(client).to_owned()),
        ("made", client.created_at.rfc3339()),
        ("last token", when(client.last_used_at)),
    ]);
    ctx.out.record(&document(client), &properties)
}

fn list(ctx: &Ctx) -> Done {
    let desk = ctx.open()?;
    let clients = desk.read(|r, _, who| ops::client::list(r, who, MOST))?;
    let rows = clients.iter().map(|client| {
        vec![
            client.id.to_string(),
            client.name.clone(),
            if client.is_public() { "public" } else { "confidential" }.to_owned(),
            state(client).to_owned(),
            when(client.last_used_at),
            joined(client.redirect_uris.iter().map(RedirectUri::as_str)),
        ]
    });
    let head = ["client_id", "name", "kind", "state", "last token", "redirect URIs"];
    let none = "no client; make one: mcpcodex client create NAME --redirect-uri U";
    ctx.out.list(clients.iter().map(document).collect(), &head, rows.collect(), none)
}

fn edit(ctx: &Ctx, args: Edit) -> Done {
    let some = |words: Vec<String>| Some(words).filter(|words| !words.is_empty());
    let change = Change {
        name: args.name,
        redirect_uris: some(args.redirect_uris),
        grant_types: some(split(&args.grants)),
        scopes: some(split(&args.scopes)),
        resources: some(args.resources),
        strict_refresh: args.strict_refresh,
    };
    let desk = ctx.open()?;
    let client = find(&desk, &args.client)?;
    let client = desk.write(move |tx, _, who| ops::client::edit(tx, who, &client.id, change))?;
    show(ctx, &client)
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
