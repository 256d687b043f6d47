//! `auth validate`: what a token is and whether it is valid now.

use serde_json::{Value, json};

use super::{
    ask::secret_from_stdin,
    ctx::Ctx,
    failure::{Done, Failure, NOT_VALID},
    output::put,
    user::when,
};
use crate::{
    crypto::secret::Plain,
    ops::{
        self,
        validate::{Demand, Finding},
    },
    time::Time,
};

/// `auth validate`.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Exit codes: 0 valid; 8 well formed but not valid; 1 nothing that this server gives out.

Examples:
  mcpcodex auth validate - < token.txt
  printf '%s' \"$TOKEN\" | mcpcodex auth validate --scope read:models --json"
)]
pub struct Args {
    /// The token, or - for stdin, which is also what is read without it; a token written here shows in `ps`
    token: Option<String>,
    /// It must be for this audience
    #[arg(long, value_name = "AUDIENCE")]
    audience: Option<String>,
    /// It must have this scope; may be given several times
    #[arg(long = "scope", value_name = "SCOPE")]
    scopes: Vec<String>,
}

/// Runs it.
pub fn run(ctx: &Ctx, args: &Args) -> Done {
    let token = token(ctx, args)?;
    let desk = ctx.open()?;
    let scopes = args.scopes.iter().flat_map(|words| words.split_whitespace());
    let demand =
        Demand { audience: args.audience.clone(), scopes: scopes.map(str::to_owned).collect() };
    let found =
        desk.read(|r, env, who| ops::validate::validate(r, env, who, token.expose(), &demand))?;
    let Some(finding) = found else {
        let reason = "nothing that this server gives out";
        let document = json!({ "valid": false, "reason": reason });
        ctx.out.record(&document, &[("valid", "no".to_owned()), ("reason", reason.to_owned())])?;
        return Err(Failure::Said(1));
    };
    ctx.out.record(&document(&finding), &properties(&finding))?;
    if finding.reason.is_some() { Err(Failure::Said(NOT_VALID)) } else { Ok(()) }
}

fn token(ctx: &Ctx, args: &Args) -> Result<Plain, Failure> {
    match args.token.as_deref() {
        None if ctx.ask.able() => ctx.ask.secret("Token"),
        None | Some("-") => secret_from_stdin("token"),
        Some(token) => {
            if !ctx.out.json() {
                ctx.out.warn("a token in the arguments shows in `ps` and in the shell's history; pipe it in instead");
            }
            Ok(Plain::new(token.to_owned()))
        }
    }
}

fn document(finding: &Finding) -> Value {
    let mut document = json!({
        "valid": finding.reason.is_none(),
        "kind": finding.kind.as_str(),
        "subject": finding.subject,
        "scopes": finding.scopes.to_vec(),
        "audience": finding.audience,
        "expires_at": finding.expires_at.map(Time::rfc3339),
        "mfa": finding.mfa,
    });
    let optional = [
        ("reason", &finding.reason),
        ("client_id", &finding.client_id),
        ("session_id", &finding.session_id),
    ];
    for (name, value) in optional {
        if let Some(value) = value {
            put(&mut document, name, json!(value));
        }
    }
    document
}

fn properties(finding: &Finding) -> Vec<(&'static str, String)> {
    let mut properties =
        vec![("valid", if finding.reason.is_none() { "yes" } else { "no" }.to_owned())];
    properties.extend(finding.reason.clone().map(|reason| ("reason", reason)));
    properties.push(("kind", finding.kind.as_str().replace('_', " ")));
    properties.extend(finding.subject.clone().map(|subject| ("subject", subject)));
    properties.extend(finding.client_id.clone().map(|client| ("client", client)));
    properties.push(("scopes", finding.scopes.to_string()));
    if !finding.audience.is_empty() {
        properties.push(("audience", finding.audience.join(" ")));
    }
    properties.push(("ends", when(finding.expires_at)));
    properties.push(("second factor", if finding.mfa { "yes" } else { "no" }.to_owned()));
    properties.extend(finding.session_id.clone().map(|session| ("session", session)));
    properties
}
