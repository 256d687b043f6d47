//! `issuer`: providers whose identity assertions are believed here, and servers that ours may be taken to.

use std::path::PathBuf;

use clap::Subcommand;
use serde_json::{Value, json};

use super::{
    ctx::Ctx,
    failure::{Done, Failure},
};
use crate::{
    error::Error,
    model::{
        assertion::{AssertionAudience, IssuerKeys, TrustedIssuer},
        scope::ScopeSet,
    },
    ops::assertion::{self as op, NewAudience, NewIssuer},
};

/// `issuer …`.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Believe a provider's identity assertions, or change how
    #[command(after_help = "Example:
  mcpcodex issuer add https://idp.example.com --jwks-uri https://idp.example.com/.well-known/jwks.json")]
    Add(Add),
    /// List the providers that are believed
    List,
    /// List who is linked with a provider
    Show(Issuer),
    /// Believe a provider no more
    Remove(Issuer),
    /// Say who a subject of a provider is here
    Link(Link),
    /// Take that back
    Unlink(Unlink),
    /// Servers that assertions of this one may be taken to
    #[command(subcommand)]
    Audience(Audience),
}

/// `issuer audience …`.
#[derive(Debug, Subcommand)]
pub enum Audience {
    /// Let a client take assertions to another server
    Allow(AllowAudience),
    /// List what is allowed
    List,
    /// Take it back
    Revoke(RevokeAudience),
}

/// `issuer add`.
#[derive(clap::Args, Debug)]
pub struct Add {
    /// Its issuer, letter by letter as it stands in its tokens
    issuer: String,
    /// A file with its public keys (a JWK set), or - for stdin
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with = "jwks_uri",
        required_unless_present = "jwks_uri"
    )]
    jwks: Option<PathBuf>,
    /// Where its public keys are
    #[arg(long, value_name = "URL")]
    jwks_uri: Option<String>,
    /// Take somebody who is not linked for whoever has the e-mail address that it says is verified
    #[arg(long)]
    by_email: bool,
}

/// Which is meant.
#[derive(clap::Args, Debug)]
pub struct Issuer {
    /// Its issuer
    issuer: String,
}

/// `issuer link`.
#[derive(clap::Args, Debug)]
pub struct Link {
    /// Its issuer
    issuer: String,
    /// Its name for the person (`sub`)
    subject: String,
    /// Who it is here: user name, e-mail address or id
    #[arg(long, value_name = "USER")]
    user: String,
}

/// `issuer unlink`.
#[derive(clap::Args, Debug)]
pub struct Unlink {
    /// Its issuer
    issuer: String,
    /// Its name for the person (`sub`)
    subject: String,
}

/// `issuer audience allow`.
#[derive(clap::Args, Debug)]
pub struct AllowAudience {
    /// The other server's issuer, letter by letter
    audience: String,
    /// The client here, by id or name
    #[arg(long, value_name = "CLIENT")]
    client: String,
    /// What the client is called there
    #[arg(long = "as", value_name = "ID")]
    client_there: String,
    /// With these scopes at most; may be given several times [default: any]
    #[arg(long = "scope", value_name = "SCOPE")]
    scopes: Vec<String>,
}

/// `issuer audience revoke`.
#[derive(clap::Args, Debug)]
pub struct RevokeAudience {
    /// The other server's issuer
    audience: String,
    /// The client here, by id or name
    #[arg(long, value_name = "CLIENT")]
    client: String,
}

/// Runs it.
pub fn run(ctx: &Ctx, verb: Verb) -> Done {
    match verb {
        Verb::Add(args) => add(ctx, args),
        Verb::List => list(ctx),
        Verb::Show(args) => show(ctx, &args.issuer),
        Verb::Remove(args) => {
            let question =
                format!("Believe {} no more, and forget who its people are?", args.issuer);
            ctx.ask.irrevocable(&question)?;
            let issuer = args.issuer.clone();
            ctx.open()?.write(move |tx, _, who| op::distrust(tx, who, &issuer))?;
            ctx.out.record(&json!({ "removed": args.issuer }), &[("removed", args.issuer)])
        }
        Verb::Link(args) => link(ctx, args),
        Verb::Unlink(args) => {
            let (issuer, subject) = (args.issuer, args.subject.clone());
            ctx.open()?.write(move |tx, _, who| op::unlink(tx, who, &issuer, &subject))?;
            ctx.out.record(&json!({ "unlinked": args.subject }), &[("unlinked", args.subject)])
        }
        Verb::Audience(verb) => audience(ctx, verb),
    }
}

fn add(ctx: &Ctx, args: Add) -> Done {
    let jwks = args.jwks.as_ref().map(read_keys).transpose()?;
    let new =
        NewIssuer { issuer: args.issuer, jwks, jwks_uri: args.jwks_uri, by_email: args.by_email };
    let trusted = ctx.open()?.write(move |tx, env, who| op::trust(tx, env, who, new))?;
    let properties = [
        ("issuer", trusted.issuer.clone()),
        ("keys", keys_of(&trusted)),
        ("by e-mail", if trusted.by_email { "yes" } else { "no" }.to_owned()),
    ];
    ctx.out.record(&document(&trusted), &properties)?;
    if trusted.by_email {
        ctx.out
            .warn("this provider can now speak for everybody here whose address it calls verified");
    }
    Ok(())
}

fn read_keys(file: &PathBuf) -> Result<Value, Failure> {
    let fault = |why: String| Error::invalid("jwks", format!("{}: {why}", file.display()));
    let text = if file.as_os_str() == "-" {
        std::io::read_to_string(std::io::stdin().lock())
    } else {
        std::fs::read_to_string(file)
    };
    let text = text.map_err(|error| fault(error.kind().to_string()))?;
    let keys = serde_json::from_str(&text).map_err(|_| fault("not JSON".to_owned()))?;
    Ok(keys)
}

fn keys_of(trusted: &TrustedIssuer) -> String {
    match &trusted.keys {
        IssuerKeys::At(uri) => uri.clone(),
        IssuerKeys::Own(jwks) => {
            let count = jwks.get("keys").and_then(Value::as_array).map_or(0, Vec::len);
            format!("{count} kept here")
        }
    }
}

fn document(trusted: &TrustedIssuer) -> Value {
    let (jwks, uri) = match &trusted.keys {
        IssuerKeys::Own(jwks) => (Some(jwks), None),
        IssuerKeys::At(uri) => (None, Some(uri)),
    };
    json!({
        "issuer": trusted.issuer,
        "jwks": jwks,
        "jwks_uri": uri,
        "by_email": trusted.by_email,
        "created_at": trusted.created_at.rfc3339(),
    })
}

fn list(ctx: &Ctx) -> Done {
    let all = ctx.open()?.read(|r, _, who| op::issuers(r, who))?;
    let rows = all.iter().map(|one| {
        let by_email = if one.by_email { "yes" } else { "no" };
        vec![one.issuer.clone(), keys_of(one), by_email.to_owned()]
    });
    let none = "no provider is believed; add one: mcpcodex issuer add ISSUER --jwks-uri URL";
    let documents = all.iter().map(document).collect();
    ctx.out.list(documents, &["issuer", "keys", "by e-mail"], rows.collect(), none)
}

fn show(ctx: &Ctx, issuer: &str) -> Done {
    let links = ctx.open()?.read(|r, _, who| op::links(r, who, issuer))?;
    let documents = links.iter().map(|(link, name)| {
        json!({
            "subject": link.subject,
            "user_id": link.user_id,
            "username": name,
            "created_at": link.created_at.rfc3339(),
        })
    });
    let rows = links.iter().map(|(link, name)| vec![link.subject.clone(), name.clone()]);
    let none = "nobody is linked; mcpcodex issuer link ISSUER SUBJECT --user USER";
    ctx.out.list(documents.collect(), &["subject", "user"], rows.collect(), none)
}

fn link(ctx: &Ctx, args: Link) -> Done {
    let desk = ctx.open()?;
    let user = desk.user(&args.user)?;
    let (issuer, subject, id) = (args.issuer, args.subject.clone(), user.id.clone());
    desk.write(move |tx, _, who| op::link(tx, who, &issuer, &subject, id.as_str()))?;
    let document =
        json!({ "subject": args.subject, "user_id": user.id, "username": user.username });
    ctx.out.record(&document, &[("subject", args.subject), ("user", user.username)])
}

fn audience(ctx: &Ctx, verb: Audience) -> Done {
    let desk = ctx.open()?;
    match verb {
        Audience::Allow(args) => {
            let words = args.scopes.iter().flat_map(|words| words.split_whitespace());
            let new = NewAudience {
                audience: args.audience,
                client: args.client,
                client_there: args.client_there,
                scopes: words.map(str::to_owned).collect(),
            };
            let one = desk.write(move |tx, env, who| op::allow_audience(tx, env, who, &new))?;
            let properties = [
                ("audience", one.audience.clone()),
                ("client", one.client_id.to_string()),
                ("called there", one.client_there.clone()),
                ("scopes", any_or(&one.scopes)),
            ];
            ctx.out.record(&audience_document(&one), &properties)
        }
        Audience::List => {
            let all = desk.read(|r, _, who| op::audiences(r, who))?;
            let rows = all.iter().map(|one| {
                let (id, there) = (one.client_id.to_string(), one.client_there.clone());
                vec![one.audience.clone(), id, there, any_or(&one.scopes)]
            });
            let head = ["audience", "client", "called there", "scopes"];
            let none = "assertions may be taken nowhere";
            ctx.out.list(all.iter().map(audience_document).collect(), &head, rows.collect(), none)
        }
        Audience::Revoke(args) => {
            let (to, client) = (args.audience, args.client);
            desk.write(move |tx, _, who| op::deny_audience(tx, who, &to, &client))?;
            ctx.out.record(&json!({ "revoked": 1 }), &[("revoked", "1".to_owned())])
        }
    }
}

fn any_or(scopes: &ScopeSet) -> String {
    if scopes.is_empty() { "any".to_owned() } else { scopes.to_string() }
}

fn audience_document(one: &AssertionAudience) -> Value {
    json!({
        "audience": one.audience,
        "client_id": one.client_id,
        "client_id_there": one.client_there,
        "scopes": one.scopes.to_vec(),
        "created_at": one.created_at.rfc3339(),
    })
}
