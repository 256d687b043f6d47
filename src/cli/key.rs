//! `key`: the keys that sign tokens, and their taking turns.

use clap::{Subcommand, builder::PossibleValuesParser};
use serde_json::{Value, json};

use super::{
    ctx::{Ctx, Desk},
    failure::{Done, Failure},
    output::{put, shape},
    user::when,
};
use crate::{
    crypto::jwt::{Algorithm, SigningKey},
    model::key::{KeyStanding, KeyState, MOST_COUNTED, SigningKeyRow},
    ops::{
        self,
        key::rotation::{self, Order},
    },
    time::Time,
    view,
};

/// `key …`.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// List signing keys, newest first, and what comes next for each
    List,
    /// Publish a new key that signs later
    #[command(after_help = "Examples:
  mcpcodex key stage
  mcpcodex key stage --algorithm ES256    before the configuration names another algorithm

A running server stages and rotates by itself: authentication.tokens.signing_keys says when.")]
    Stage(Stage),
    /// Let the staged key sign; the one before stays believed until its last token has ended
    #[command(after_help = "Examples:
  mcpcodex key rotate
  mcpcodex key rotate --now               the key that signs is in wrong hands: retire it afterwards

With --now a key signs that verifiers may not know yet. Whoever keeps a copy of the JWKS refuses new tokens until it
fetches the JWKS again: most do at once when they meet an unknown key, the others after their copy's time.")]
    Rotate(Rotate),
    /// Take a key out of use at once: tokens that it signed are refused from now on
    #[command(after_help = "Examples:
  mcpcodex key retire dGhpcyBp            asks for the key's name
  mcpcodex key retire dGhpcyBp --confirm dGhpcyBp

When it is the key that signs, the staged one signs in its place, or a new one. Apps get new tokens with their refresh
tokens; nobody has to sign in again. Verifiers that keep a copy of the JWKS believe the key until they fetch it again.")]
    Retire(Retire),
}

/// `key stage`.
#[derive(clap::Args, Debug)]
pub struct Stage {
    /// What it signs with [default: as configured]
    #[arg(long, value_name = "ALGORITHM", value_parser = PossibleValuesParser::new(["RS256", "PS256", "ES256", "EdDSA"]))]
    algorithm: Option<String>,
}

/// `key rotate`.
#[derive(clap::Args, Debug)]
pub struct Rotate {
    /// The staged key that shall sign, or how its id begins [default: the one of the configured algorithm]
    #[arg(value_name = "KID", allow_hyphen_values = true)]
    kid: Option<String>,
    /// Even if it was published a moment ago, or none is staged
    #[arg(long)]
    now: bool,
}

/// `key retire`.
#[derive(clap::Args, Debug)]
pub struct Retire {
    /// The key, or how its id begins
    #[arg(value_name = "KID", allow_hyphen_values = true)]
    kid: String,
    /// The same again, instead of being asked for it
    #[arg(long, value_name = "KID", allow_hyphen_values = true)]
    confirm: Option<String>,
}

/// Runs it.
pub fn run(ctx: &Ctx, verb: Verb) -> Done {
    let desk = ctx.open()?;
    match verb {
        Verb::List => list(ctx, &desk),
        Verb::Stage(args) => stage(ctx, &desk, &args),
        Verb::Rotate(args) => rotate(ctx, &desk, args),
        Verb::Retire(args) => retire(ctx, &desk, &args),
    }
}

fn list(ctx: &Ctx, desk: &Desk) -> Done {
    let keys = desk.read(ops::key::list)?;
    let now = desk.app.db.now();
    let documents = keys.iter().map(|row| shape(&view::signing_key::SigningKey::of(row, now)));
    let rows = keys.iter().map(|row| {
        vec![
            row.key.kid.clone(),
            row.key.algorithm.as_str().to_owned(),
            row.key.state.as_str().to_owned(),
            row.key.created_at.rfc3339(),
            signs(row),
            if row.key.state == KeyState::Retired {
                when(row.key.verifies_until)
            } else {
                "–".to_owned()
            },
            if row.apps > MOST_COUNTED {
                format!("> {MOST_COUNTED}")
            } else {
                row.apps.to_string()
            },
        ]
    });
    let head = ["kid", "algorithm", "state", "published", "signs", "believed until", "apps"];
    ctx.out.list(documents.collect(), &head, rows.collect(), "no signing key")
}

fn signs(row: &KeyStanding) -> String {
    let key = &row.key;
    match (key.state, row.turns_at, row.ready_at) {
        (KeyState::Next, Some(turns), _) => format!("from {turns}"),
        (KeyState::Next, None, Some(ready)) => format!("when rotated, from {ready} on"),
        (KeyState::Next, None, None) => "when rotated".to_owned(),
        (KeyState::Active, _, _) if !row.in_use => "not asked for".to_owned(),
        (KeyState::Active, Some(turns), _) => format!("until {turns}"),
        (KeyState::Active, None, _) => format!("since {}", when(key.activated_at)),
        (KeyState::Retired, ..) => "no".to_owned(),
    }
}

fn time(time: Option<Time>) -> Value {
    time.map(Time::rfc3339).into()
}

fn document(key: &SigningKeyRow) -> Value {
    shape(&view::signing_key::Summary::of(key))
}

fn properties(key: &SigningKeyRow) -> Vec<(&'static str, String)> {
    vec![
        ("kid", key.kid.clone()),
        ("algorithm", key.algorithm.as_str().to_owned()),
        ("state", key.state.as_str().to_owned()),
    ]
}

fn stage(ctx: &Ctx, desk: &Desk, args: &Stage) -> Done {
    let wanted = args.algorithm.as_deref().and_then(Algorithm::parse);
    let configured = || desk.read(|r, env, _| ops::key::algorithms_in_use(r, env));
    let algorithm = match wanted {
        Some(algorithm) => algorithm,
        None => *configured()?.first().ok_or_else(|| Failure::usage("--algorithm is missing"))?,
    };
    let fresh = SigningKey::generate(algorithm)?;
    let (key, ready) = desk.write(move |tx, env, who| {
        let key = rotation::stage(tx, env, who, &fresh)?;
        let ready = ops::key::schedule(env).ready_at(&key);
        Ok((key, ready))
    })?;
    let mut shown = document(&key);
    put(&mut shown, "ready_at", time(Some(ready)));
    let mut lines = properties(&key);
    lines.push(("may sign from", ready.rfc3339()));
    ctx.out.record(&shown, &lines)
}

/// A new key pair, if the act needs one.
fn fresh(desk: &Desk, kid: Option<&str>) -> Result<Option<SigningKey>, Failure> {
    let algorithm = desk.read(|r, env, _| rotation::lacks(r, env, kid))?;
    Ok(algorithm.map(SigningKey::generate).transpose()?)
}

fn rotate(ctx: &Ctx, desk: &Desk, args: Rotate) -> Done {
    let Rotate { kid, now } = args;
    if now {
        ctx.ask.noticeable(
            "Let a key sign now that verifiers may not know yet? Some may refuse new tokens for a while.",
        )?;
    }
    let fresh = if now && kid.is_none() { fresh(desk, None)? } else { None };
    let turned = desk.write(move |tx, env, who| {
        rotation::rotate(tx, env, who, &Order { kid: kid.as_deref(), now, fresh: fresh.as_ref() })
    })?;
    if !turned.ready {
        ctx.out.warn("verifiers that keep a copy of the JWKS may refuse new tokens until they fetch it again");
    }
    let mut shown = json!({ "signs": document(&turned.signs), "ready": turned.ready });
    let mut lines = properties(&turned.signs);
    if let Some(before) = &turned.before {
        put(&mut shown, "before", document(before));
        lines.push(("before", before.kid.clone()));
        lines.push(("believed until", when(before.verifies_until)));
    }
    ctx.out.record(&shown, &lines)
}

fn retire(ctx: &Ctx, desk: &Desk, args: &Retire) -> Done {
    let key = desk.read(|r, _, _| ops::key::find(r, &args.kid))?;
    let rows = desk.read(ops::key::list)?;
    let apps = rows.iter().find(|row| row.key.kid == key.kid).map_or(0, |row| row.apps);
    let many = if apps > MOST_COUNTED { "more than " } else { "" };
    let question = match key.state {
        KeyState::Next => "It has signed nothing yet.".to_owned(),
        KeyState::Active | KeyState::Retired => {
            format!(
                "Tokens of about {many}{} apps are refused from now on.",
                apps.min(MOST_COUNTED)
            )
        }
    };
    ctx.ask.named(args.confirm.as_deref(), &key.kid, &question)?;
    let fresh = fresh(desk, Some(&key.kid))?;
    let kid = key.kid;
    let done =
        desk.write(move |tx, env, who| rotation::retire(tx, env, who, &kid, fresh.as_ref()))?;
    let mut shown = json!({ "retired": document(&done.key) });
    let mut lines = properties(&done.key);
    if let Some(instead) = &done.instead {
        put(&mut shown, "signs", document(instead));
        lines.push(("signs instead", instead.kid.clone()));
        ctx.out.note("a verifier that keeps a copy of the JWKS believes the key until it fetches the JWKS again");
    }
    ctx.out.record(&shown, &lines)
}
