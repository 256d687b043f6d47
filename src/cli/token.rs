//! `token`: an access token for whoever has no browser at hand, from any server that speaks RFC 8628.

use std::{env, time::Duration};

use serde_json::Value;
use tokio::{
    runtime::Builder,
    time::{Instant, sleep, timeout_at},
};

use super::{
    ask::secret_from_stdin,
    ctx::Ctx,
    failure::{Done, Failure},
    qr,
};
use crate::{
    config::Secret,
    error::Error,
    net::server::{Asker, Polled, Refused, Server, Waiting},
};

/// Where scripts keep the secret of a client that has one.
const SECRET: &str = "MCPCODEX_CLIENT_SECRET";
/// How much longer to wait after `slow_down` (RFC 8628 §3.5).
const SLOWER: Duration = Duration::from_secs(5);

/// `token`.
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Prints an address and a code; open the address on any device, sign in and allow it. The token then
stands alone on stdout.

Examples:
  TOKEN=$(mcpcodex token --client my-cli --resource https://mcp.example.com/mcp)
  mcpcodex token --issuer https://auth.example.com --client my-cli --scope notes:read --json"
)]
pub struct Args {
    /// The server to ask [default: this one]
    #[arg(long, value_name = "URL")]
    issuer: Option<String>,
    /// The `client_id` of an app that may use device codes
    #[arg(long, value_name = "ID")]
    client: String,
    /// What the token is to be good for; may be given several times
    #[arg(long = "scope", value_name = "SCOPE")]
    scopes: Vec<String>,
    /// What it is for; may be given several times
    #[arg(long = "resource", value_name = "URI")]
    resources: Vec<String>,
    /// Read the client's secret from stdin [default: `MCPCODEX_CLIENT_SECRET`, or none]
    #[arg(long)]
    secret_stdin: bool,
    /// Draw no QR code
    #[arg(long)]
    no_qr: bool,
}

/// Runs it.
pub fn run(ctx: &Ctx, args: &Args) -> Done {
    let issuer = if let Some(issuer) = &args.issuer {
        issuer.clone()
    } else {
        let config = ctx.load()?.config;
        config.issuer(config.server.listen)
    };
    let who = Asker { client_id: args.client.clone(), secret: secret(args)? };
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let answer = runtime.block_on(ask(ctx, args, &issuer, &who))?;
    if ctx.out.json() {
        return ctx.out.document(&Value::Object(answer));
    }
    let token = answer.get("access_token").and_then(Value::as_str).unwrap_or_default();
    ctx.out.line(token)
}

fn secret(args: &Args) -> Result<Option<Secret>, Failure> {
    if args.secret_stdin {
        return Ok(Some(Secret::new(secret_from_stdin("client secret")?.expose())));
    }
    Ok(env::var(SECRET).ok().filter(|secret| !secret.is_empty()).map(Secret::new))
}

async fn ask(
    ctx: &Ctx,
    args: &Args,
    issuer: &str,
    who: &Asker,
) -> Result<serde_json::Map<String, Value>, Failure> {
    let server = Server::discover(issuer).await?;
    let scopes: Vec<String> =
        args.scopes.iter().flat_map(|words| words.split_whitespace()).map(str::to_owned).collect();
    let waiting = server.begin(who, &scopes, &args.resources).await?;
    tell(ctx, args, &waiting)?;
    let end = Instant::now() + waiting.lifetime;
    let mut interval = waiting.interval;
    loop {
        if timeout_at(end, sleep(interval)).await.is_err() {
            return Err(too_late().into());
        }
        match server.poll(who, &waiting).await {
            Polled::Tokens(answer) => return Ok(answer),
            Polled::Pending => {}
            Polled::SlowDown => interval = interval.saturating_add(SLOWER),
            Polled::Silent(why) => {
                ctx.out.detail(&format!("the server cannot be asked: {why}"));
                // Twice as long each time it says nothing (RFC 8628 §3.5).
                interval = interval.saturating_mul(2).max(SLOWER);
            }
            Polled::Refused(refused) => return Err(refusal(refused).into()),
        }
    }
}

fn tell(ctx: &Ctx, args: &Args, waiting: &Waiting) -> Done {
    let link = waiting.complete.as_deref().unwrap_or(&waiting.uri);
    if !args.no_qr && !ctx.out.json() && !ctx.out.quiet() {
        ctx.out.picture(&qr::draw(link, ctx.out.talk_color)?);
    }
    ctx.out.talk(&format!("Open    {}", waiting.uri));
    ctx.out.talk(&format!("Enter   {}", waiting.user_code));
    if link != waiting.uri {
        ctx.out.talk(&format!("or open {link}"));
    }
    ctx.out.note(&format!("Waiting up to {} minutes …", waiting.lifetime.as_secs().div_ceil(60)));
    Ok(())
}

fn too_late() -> Error {
    Error::denied("nobody allowed it in time").with_next("run the command again")
}

fn refusal(refused: Refused) -> Error {
    match refused.error.as_str() {
        "expired_token" => too_late(),
        "access_denied" => Error::denied("the person said no"),
        _ => refused.into_error(),
    }
}
