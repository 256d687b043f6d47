//! `auth mfa`: second factors.

use clap::{Subcommand, ValueEnum};
use serde_json::{Value, json};

use super::{
    ctx::{Ctx, Desk},
    failure::{Done, Failure},
    qr,
    user::when,
};
use crate::{
    crypto::secret::Plain,
    error::Error,
    model::user::User,
    ops::{
        self,
        factor::{Enrolled, Enrolment, Which},
    },
    time::Time,
};

/// How many wrong codes end the command.
const TRIES: u32 = 3;

/// `auth mfa …`.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Enrol a second factor
    #[command(after_help = "Examples:
  mcpcodex auth mfa enable --user alice                       shows a QR code and asks for a code
  mcpcodex auth mfa enable --user alice --json                starts it: state \"pending\"
  mcpcodex auth mfa enable --user alice --verify 123456       proves it with the first code")]
    Enable(Enable),
    /// List a person's factors
    List(Whose),
    /// Remove a person's second factors; their sessions end
    Disable(Whose),
    /// For a lost phone: remove every factor and recovery code, so that the person enrols anew
    Reset(Whose),
    /// Make new recovery codes; the old ones end
    Codes(Whose),
}

/// Whose factors.
#[derive(clap::Args, Debug)]
pub struct Whose {
    /// User name, e-mail address or id
    #[arg(long, value_name = "USER")]
    user: Option<String>,
}

/// The sorts of factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Type {
    /// Codes from an authenticator app.
    Totp,
    /// Passkeys and security keys.
    Webauthn,
    /// Codes by SMS.
    Sms,
    /// Codes by e-mail.
    Email,
}

/// `auth mfa enable`.
#[derive(clap::Args, Debug)]
pub struct Enable {
    /// Whose: user name, e-mail address or id
    #[arg(long, value_name = "USER")]
    user: Option<String>,
    /// Which sort of factor: totp, webauthn, sms or email
    #[arg(long = "type", value_name = "TYPE", default_value = "totp", hide_possible_values = true)]
    kind: Type,
    /// Prove it with this code from the app
    #[arg(long, value_name = "CODE", conflicts_with = "unverified")]
    verify: Option<String>,
    /// Put it in force without a code
    #[arg(long)]
    unverified: bool,
    /// Show no QR code
    #[arg(long)]
    no_qr: bool,
}

/// Runs it.
pub fn run(ctx: &Ctx, verb: Verb) -> Done {
    match verb {
        Verb::Enable(args) => enable(ctx, &args),
        Verb::List(args) => list(ctx, &args),
        Verb::Disable(args) => disable(ctx, &args),
        Verb::Reset(args) => reset(ctx, &args),
        Verb::Codes(args) => codes(ctx, &args),
    }
}

fn whose(ctx: &Ctx, given: Option<&str>) -> Result<(Desk, User), Failure> {
    let name = ctx.ask.value(given, "Whose (user name)", "--user")?;
    let desk = ctx.open()?;
    let user = desk.user(&name)?;
    Ok((desk, user))
}

fn enable(ctx: &Ctx, args: &Enable) -> Done {
    if args.kind != Type::Totp {
        let kind =
            args.kind.to_possible_value().map_or_else(String::new, |v| v.get_name().to_owned());
        return Err(Error::conflict(format!("{kind} is not offered yet"))
            .with_next("use an authenticator app: --type totp")
            .into());
    }
    let (desk, user) = whose(ctx, args.user.as_deref())?;
    let before = desk.read(|r, _, who| ops::factor::list(r, who, &user.id))?.0.len();
    if before > 0 {
        ctx.out
            .note(&format!("{} has an authenticator already; this adds another.", user.username));
    }
    let owner = user.clone();
    // A code proves what an earlier call showed; without one this call shows something new.
    let which = if args.verify.is_some() { Which::Waiting } else { Which::New };
    let started =
        desk.write(move |tx, env, who| ops::factor::enroll_as(tx, env, who, &owner, which))?;
    let proved = match (&args.verify, args.unverified) {
        (Some(code), _) => Some(confirm(&desk, &user, code)?.ok_or_else(wrong_code)?),
        (None, true) => {
            let (id, shown) = (user.id.clone(), started.id.clone());
            Some(desk.write(move |tx, env, who| {
                ops::factor::confirm_unverified(tx, env, who, &id, &shown)
            })?)
        }
        (None, false) if ctx.ask.able() && !ctx.out.json() => {
            show(ctx, &started, args.no_qr)?;
            Some(ask_for_code(ctx, &desk, &user)?)
        }
        (None, false) => None,
    };
    report(ctx, &user, &started, proved.as_deref(), args)
}

fn confirm(desk: &Desk, user: &User, code: &str) -> Result<Option<Vec<Plain>>, Failure> {
    let (id, code) = (user.id.clone(), code.to_owned());
    let enrolled =
        desk.write(move |tx, env, who| ops::factor::confirm(tx, env, who, &id, &code))?;
    Ok(match enrolled {
        Enrolled::Active(in_force) => Some(in_force.codes),
        Enrolled::Wrong => None,
    })
}

fn wrong_code() -> Error {
    Error::invalid("code", "the code is not the one that the app shows now")
        .with_next("check the clocks of phone and server, then try the next code")
}

fn ask_for_code(ctx: &Ctx, desk: &Desk, user: &User) -> Result<Vec<Plain>, Failure> {
    for _ in 0..TRIES {
        let code = ctx.ask.line("The code that the app shows", None)?;
        if let Some(codes) = confirm(desk, user, &code)? {
            return Ok(codes);
        }
        ctx.out.talk("That is not the code that the app shows now.");
    }
    Err(wrong_code().into())
}

fn show(ctx: &Ctx, started: &Enrolment, no_qr: bool) -> Done {
    ctx.out.talk("Scan this with an authenticator app, or type the secret into it.");
    if !no_qr && ctx.out.terminal {
        ctx.out.text(&qr::draw(started.uri.expose(), ctx.out.color)?)?;
    }
    ctx.out.record(
        &Value::Null,
        &[
            ("account", format!("{} at {}", started.account, started.issuer)),
            ("secret", started.secret.expose().to_owned()),
            ("link", started.uri.expose().to_owned()),
        ],
    )
}

fn report(
    ctx: &Ctx,
    user: &User,
    started: &Enrolment,
    proved: Option<&[Plain]>,
    args: &Enable,
) -> Done {
    let state = if proved.is_some() { "active" } else { "pending" };
    let codes: Vec<&str> = proved.unwrap_or_default().iter().map(Plain::expose).collect();
    if ctx.out.json() {
        return ctx.out.document(&json!({
            "type": "totp",
            "secret": started.secret.expose(),
            "otpauth_uri": started.uri.expose(),
            "recovery_codes": codes,
            "state": state,
        }));
    }
    let asked = ctx.ask.able() && args.verify.is_none() && !args.unverified;
    if !asked && args.verify.is_none() {
        show(ctx, started, args.no_qr)?;
    }
    if proved.is_none() {
        ctx.out.note(&format!(
            "Pending: prove it with the first code: mcpcodex auth mfa enable --user {} --verify CODE",
            user.username
        ));
        return Ok(());
    }
    ctx.out.note(&format!("{} now signs in with a code from the app.", user.username));
    print_codes(ctx, &codes)
}

fn print_codes(ctx: &Ctx, codes: &[&str]) -> Done {
    ctx.out.note("Recovery codes, once each, for when the app is lost. They are not shown again:");
    codes.iter().try_for_each(|code| ctx.out.line(code))
}

fn list(ctx: &Ctx, args: &Whose) -> Done {
    let (desk, user) = whose(ctx, args.user.as_deref())?;
    let (factors, left) = desk.read(|r, _, who| ops::factor::list(r, who, &user.id))?;
    if ctx.out.json() {
        let factors: Vec<Value> = factors
            .iter()
            .map(|factor| {
                json!({
                    "id": factor.id,
                    "type": "totp",
                    "label": factor.label,
                    "state": "active",
                    "created_at": factor.created_at.rfc3339(),
                    "last_used_at": factor.last_used_at.map(Time::rfc3339),
                })
            })
            .collect();
        let document =
            json!({ "user": user.username, "factors": factors, "recovery_codes_left": left });
        return ctx.out.document(&document);
    }
    let rows = factors.iter().map(|factor| {
        vec![
            factor.id.to_string(),
            "totp".to_owned(),
            factor.label.clone(),
            factor.created_at.rfc3339(),
            when(factor.last_used_at),
        ]
    });
    let none = format!("none; enrol one: mcpcodex auth mfa enable --user {}", user.username);
    ctx.out.list(
        Vec::new(),
        &["id", "type", "name", "made", "last used"],
        rows.collect(),
        &none,
    )?;
    ctx.out.note(&format!("{left} recovery codes left"));
    Ok(())
}

fn disable(ctx: &Ctx, args: &Whose) -> Done {
    let (desk, user) = whose(ctx, args.user.as_deref())?;
    if desk.read(|r, _, who| ops::factor::list(r, who, &user.id))?.0.is_empty() {
        return Err(Error::conflict(format!("\"{}\" has no second factor", user.username)).into());
    }
    remove(ctx, &desk, &user)
}

fn reset(ctx: &Ctx, args: &Whose) -> Done {
    let (desk, user) = whose(ctx, args.user.as_deref())?;
    remove(ctx, &desk, &user)
}

fn remove(ctx: &Ctx, desk: &Desk, user: &User) -> Done {
    ctx.ask.noticeable(&format!(
        "Remove every second factor and recovery code of {}? Their sessions end now.",
        user.username
    ))?;
    let id = user.id.clone();
    let removed = desk.write(move |tx, env, who| ops::factor::disable(tx, env, who, &id, None))?;
    let document = json!({ "user": user.username, "removed": removed });
    ctx.out.record(&document, &[("removed", removed.to_string())])?;
    if desk.env().factor_required(user) {
        ctx.out
            .note("This person needs a second factor and will be asked to enrol one at sign-in.");
    }
    Ok(())
}

fn codes(ctx: &Ctx, args: &Whose) -> Done {
    let (desk, user) = whose(ctx, args.user.as_deref())?;
    ctx.ask
        .noticeable(&format!("Make new recovery codes for {}? The old ones end.", user.username))?;
    let id = user.id.clone();
    let codes = desk.write(move |tx, env, who| ops::factor::regenerate_codes(tx, env, who, &id))?;
    let codes: Vec<&str> = codes.iter().map(Plain::expose).collect();
    if ctx.out.json() {
        let document = json!({ "user": user.username, "recovery_codes": codes });
        return ctx.out.document(&document);
    }
    print_codes(ctx, &codes)
}
