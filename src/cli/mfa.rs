//! `auth mfa`: second factors. Putting one in force is `enroll`.

use clap::Subcommand;
use serde_json::{Value, json};

use super::{
    ctx::{Ctx, Desk},
    enroll::{self, Type},
    failure::{Done, Failure},
    handover::{self, By},
    user::when,
};
use crate::{
    crypto::secret::Plain,
    error::Error,
    model::{id::UserId, message::mail::Mail, user::User},
    ops::{
        self,
        factor::{Any as Factor, Id},
    },
    time::Time,
};

/// `auth mfa …`.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Enrol a second factor
    #[command(after_help = "Examples:
  mcpcodex auth mfa enable --user alice                       shows a QR code and asks for a code
  mcpcodex auth mfa enable --user alice --json                starts it: state \"pending\"
  mcpcodex auth mfa enable --user alice --verify 123456       proves it with the first code
  mcpcodex auth mfa enable --user alice --type webauthn       prints the one-time link to make a passkey behind
  mcpcodex auth mfa enable --user alice --type sms --phone +4915112345678")]
    Enable(enroll::Enable),
    /// List a person's factors
    List(Whose),
    /// Remove a person's second factors, all or some; their sessions end
    Disable(Which),
    /// For a lost phone: remove every factor and give the one-time link to enrol anew behind
    Reset(Linked),
    /// Give a one-time link behind which a person enrols a factor of their choice
    Link(Linked),
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

/// Whose factors, and how their link reaches them.
#[derive(clap::Args, Debug)]
pub struct Linked {
    /// User name, e-mail address or id
    #[arg(long, value_name = "USER")]
    user: Option<String>,
    /// How the link reaches the person.
    #[command(flatten)]
    by: By,
}

/// Whose factors, and which of them.
#[derive(clap::Args, Debug)]
pub struct Which {
    /// User name, e-mail address or id
    #[arg(long, value_name = "USER")]
    user: Option<String>,
    /// Only of this type: totp, webauthn, sms or email
    #[arg(long = "type", value_name = "TYPE", hide_possible_values = true, conflicts_with = "id")]
    kind: Option<Type>,
    /// Only this one, as `auth mfa list` shows it
    #[arg(long, value_name = "ID")]
    id: Option<String>,
}

/// Runs it.
pub fn run(ctx: &Ctx, verb: Verb) -> Done {
    match verb {
        Verb::Enable(args) => enroll::run(ctx, &args),
        Verb::List(args) => list(ctx, &args),
        Verb::Disable(args) => disable(ctx, &args),
        Verb::Reset(args) => reset(ctx, &args),
        Verb::Link(args) => link(ctx, &args),
        Verb::Codes(args) => codes(ctx, &args),
    }
}

/// The opened data folder and the person who is meant.
pub(super) fn whose(ctx: &Ctx, given: Option<&str>) -> Result<(Desk, User), Failure> {
    let name = ctx.ask.value(given, "Whose (user name)", "--user")?;
    let desk = ctx.open()?;
    let user = desk.user(&name)?;
    Ok((desk, user))
}

/// Prints recovery codes, a line each.
pub(super) fn print_codes(ctx: &Ctx, codes: &[&str]) -> Done {
    ctx.out
        .note("Recovery codes, once each, for when the factor is lost. They are not shown again:");
    codes.iter().try_for_each(|code| ctx.out.line(code))
}

/// Every factor of a person, and how many recovery codes are left.
fn factors(desk: &Desk, id: &UserId) -> Result<(Vec<Factor>, u32), Failure> {
    desk.read(|r, _, who| ops::factor::all(r, who, id))
}

fn list(ctx: &Ctx, args: &Whose) -> Done {
    let (desk, user) = whose(ctx, args.user.as_deref())?;
    let (factors, left) = factors(&desk, &user.id)?;
    if ctx.out.json() {
        let factors: Vec<Value> = factors
            .iter()
            .map(|factor| {
                json!({
                    "id": factor.id.as_str(),
                    "type": factor.method.as_str(),
                    "label": factor.label,
                    "state": factor.state,
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
            factor.id.as_str().to_owned(),
            factor.method.as_str().to_owned(),
            factor.label.clone(),
            factor.state.to_owned(),
            factor.created_at.rfc3339(),
            when(factor.last_used_at),
        ]
    });
    let none = format!("none; enrol one: mcpcodex auth mfa enable --user {}", user.username);
    let head = ["id", "type", "name", "state", "made", "last used"];
    ctx.out.list(Vec::new(), &head, rows.collect(), &none)?;
    ctx.out.note(&format!("{left} recovery codes left"));
    Ok(())
}

fn disable(ctx: &Ctx, args: &Which) -> Done {
    let (desk, user) = whose(ctx, args.user.as_deref())?;
    let (factors, _) = factors(&desk, &user.id)?;
    let some = args.id.is_some() || args.kind.is_some();
    let meant = |factor: &Factor| {
        args.id.as_deref().is_none_or(|id| id == factor.id.as_str())
            && args.kind.is_none_or(|kind| kind.method() == factor.method)
            && (factor.state != "pending" || some)
    };
    let meant: Vec<Factor> = factors.into_iter().filter(meant).collect();
    if meant.is_empty() {
        return Err(match &args.id {
            Some(id) => Error::absent(format!("\"{}\" has no factor \"{id}\"", user.username))
                .with_next(format!("mcpcodex auth mfa list --user {}", user.username)),
            None => Error::conflict(format!("\"{}\" has no such second factor", user.username)),
        }
        .into());
    }
    let what = if some {
        let names: Vec<&str> = meant.iter().map(|factor| factor.label.as_str()).collect();
        names.join(", ")
    } else {
        "every second factor and recovery code".to_owned()
    };
    ctx.ask.noticeable(&format!("Remove {what} of {}? Their sessions end now.", user.username))?;
    let id = user.id.clone();
    let removed = desk.write(move |tx, env, who| {
        if !some {
            return ops::factor::disable(tx, env, who, &id, None);
        }
        for factor in &meant {
            match &factor.id {
                Id::Passkey(passkey) => ops::passkey::remove(tx, env, who, &id, passkey)?,
                Id::Totp(app) => ops::factor::remove_totp(tx, env, who, &id, app)?,
                Id::Contact(contact) => {
                    ops::contact::remove(tx, env, who, &id, contact)?;
                }
            }
        }
        Ok(meant.len())
    })?;
    let document = json!({ "user": user.username, "removed": removed });
    ctx.out.record(&document, &[("removed", removed.to_string())])?;
    if desk.env().factor_required(&user) {
        ctx.out
            .note("This person needs a second factor and will be asked to enrol one at sign-in.");
    }
    Ok(())
}

fn reset(ctx: &Ctx, args: &Linked) -> Done {
    let (desk, user) = whose(ctx, args.user.as_deref())?;
    ctx.ask.noticeable(&format!(
        "Remove every second factor and recovery code of {}? Their sessions end now.",
        user.username
    ))?;
    let mail = |url| Mail::Enroll { url };
    let (removed, handed) = handover::make(&desk, &user, args.by, mail, |tx, env, who, id| {
        let reset = ops::factor::reset(tx, env, who, id)?;
        Ok((reset.removed, reset.link))
    })?;
    ctx.out.note(&format!(
        "Removed {removed} of {}. They sign in with their password and enrol anew behind this link, and nowhere else:",
        user.username
    ));
    let document = json!({ "user": user.username, "removed": removed });
    handover::report(ctx, document, "enroll_url", &handed)
}

fn link(ctx: &Ctx, args: &Linked) -> Done {
    let (desk, user) = whose(ctx, args.user.as_deref())?;
    let mail = |url| Mail::Enroll { url };
    let ((), handed) = handover::make(&desk, &user, args.by, mail, |tx, env, who, id| {
        Ok(((), ops::factor::enroll_link(tx, env, who, id)?))
    })?;
    handover::report(ctx, json!({ "user": user.username }), "enroll_url", &handed)
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
