//! `client create` and `client edit`.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::{find, properties, show, summary, template};
use crate::{
    cli::{
        ctx::Ctx,
        failure::{Done, Failure},
        output::put,
    },
    error::Error,
    ops::{
        self,
        client::{Change, New},
    },
};

/// `client create`.
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own on the command line")]
#[derive(clap::Args, Debug)]
pub struct Create {
    /// What people see when the app asks for consent
    #[arg(required_unless_present = "template")]
    name: Option<String>,
    /// An app that need not be looked up: `client template list` shows them
    #[arg(long, value_name = "APP", conflicts_with_all = ["jwks", "jwks_uri"])]
    template: Option<String>,
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
    /// A `client_id` of your choice, or the URL by which the app names itself: its document is then never fetched
    #[arg(long, value_name = "ID")]
    id: Option<String>,
    /// Take a used refresh token for theft at once, with no window for retries
    #[arg(long)]
    strict_refresh: bool,
    /// How it proves itself: `none`, `client_secret_basic`, `client_secret_post` or `private_key_jwt`;
    /// with a secret and without this, the secret may come either way
    #[arg(long, value_name = "METHOD")]
    auth_method: Option<String>,
    /// Its home page, an https address
    #[arg(long, value_name = "URL")]
    home_page: Option<String>,
    /// Where a person may go after signing out; may be given several times
    #[arg(long = "post-logout-redirect-uri", value_name = "URI")]
    post_logout_redirect_uris: Vec<String>,
    /// The address that is told when a session ends
    #[arg(long, value_name = "URL")]
    backchannel_logout_uri: Option<String>,
    /// It gets tokens that are bound to its key, and no others (`DPoP`)
    #[arg(long)]
    dpop_bound: bool,
    /// It must push its authorization requests (PAR)
    #[arg(long)]
    par_required: bool,
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
    /// How it proves itself: `none`, `client_secret_basic`, `client_secret_post` or `private_key_jwt`
    #[arg(long, value_name = "METHOD")]
    auth_method: Option<String>,
    /// Its home page, an https address; `""` for none
    #[arg(long, value_name = "URL")]
    home_page: Option<String>,
    /// Exactly these addresses to go to after signing out; may be given several times, `""` for none
    #[arg(long = "post-logout-redirect-uri", value_name = "URI")]
    post_logout_redirect_uris: Vec<String>,
    /// The address that is told when a session ends; `""` for nobody
    #[arg(long, value_name = "URL")]
    backchannel_logout_uri: Option<String>,
    /// Whether it gets tokens that are bound to its key, and no others (`DPoP`)
    #[arg(long, value_name = "true|false")]
    dpop_bound: Option<bool>,
    /// Whether it must push its authorization requests (PAR)
    #[arg(long, value_name = "true|false")]
    par_required: Option<bool>,
}

fn split(words: &[String]) -> Vec<String> {
    // `--scope "a b"` is what a person copies from elsewhere.
    words.iter().flat_map(|words| words.split_whitespace()).map(str::to_owned).collect()
}

/// Makes a client and shows its secret, once.
pub(super) fn create(ctx: &Ctx, args: Create) -> Done {
    let template = args.template.as_deref().map(template::named).transpose()?;
    let mut redirect_uris: Vec<String> = template
        .iter()
        .flat_map(|known| known.redirect_uris)
        .map(|uri| (*uri).to_owned())
        .collect();
    redirect_uris.extend(args.redirect_uris);
    let titled = || template.map(|known| known.title.to_owned()).unwrap_or_default();
    let public = args.public || (template.is_some() && args.auth_method.is_none());
    let new = New {
        name: args.name.unwrap_or_else(titled),
        id: args.id,
        redirect_uris,
        public,
        grant_types: split(&args.grants),
        scopes: split(&args.scopes),
        resources: args.resources,
        strict_refresh: args.strict_refresh,
        jwks: args.jwks.as_deref().map(jwks).transpose()?,
        jwks_uri: args.jwks_uri,
        auth_method: args.auth_method,
        client_uri: args.home_page,
        post_logout_redirect_uris: args.post_logout_redirect_uris,
        backchannel_logout_uri: args.backchannel_logout_uri,
        dpop_bound: args.dpop_bound,
        par_required: args.par_required,
        ..New::default()
    };
    let desk = ctx.open()?;
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
    if let Some(known) = template {
        ctx.out.note(&format!("In {}: {}.", known.title, known.how));
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

/// Changes a client.
pub(super) fn edit(ctx: &Ctx, args: Edit) -> Done {
    let some = |words: Vec<String>| Some(words).filter(|words| !words.is_empty());
    let change = Change {
        name: args.name,
        redirect_uris: some(args.redirect_uris),
        grant_types: some(split(&args.grants)),
        scopes: some(split(&args.scopes)),
        resources: some(args.resources),
        strict_refresh: args.strict_refresh,
        auth_method: args.auth_method,
        post_logout_redirect_uris: some(args.post_logout_redirect_uris),
        backchannel_logout_uri: args.backchannel_logout_uri,
        client_uri: args.home_page,
        dpop_bound: args.dpop_bound,
        par_required: args.par_required,
    };
    let desk = ctx.open()?;
    let before = find(&desk, &args.client)?;
    let id = before.id.clone();
    let client = desk.write(move |tx, _, who| ops::client::edit(tx, who, &id, change))?;
    show(ctx, &client)?;
    if client.auth_method.has_secret() && !before.auth_method.has_secret() {
        ctx.out.note(&format!(
            "It has no secret yet; make one: mcpcodex client secret rotate {}",
            client.id
        ));
    }
    Ok(())
}
