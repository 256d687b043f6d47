//! One-time links on their way to a person: printed for the operator to hand on, or queued as a mail.

use serde_json::{Value, json};

use super::{
    ctx::{Ctx, Desk},
    failure::{Done, Failure},
    output::put,
};
use crate::{
    db::Write,
    error::Result,
    model::{actor::Actor, id::UserId, message::mail::Mail, user::User},
    ops::{env::Env, handover, link::Printed},
};

pub use crate::ops::handover::Handed;

/// How a link reaches its person.
#[derive(clap::Args, Clone, Copy, Debug)]
pub struct By {
    /// Mail the link to the person instead of printing it
    #[arg(long)]
    pub mail: bool,
}

/// Makes a link, and mails it in the same transaction if that is wanted.
pub fn make<T: Send + 'static>(
    desk: &Desk,
    user: &User,
    by: By,
    mail: fn(String) -> Mail,
    job: impl FnOnce(&Write<'_>, &Env, &Actor, &UserId) -> Result<(T, Printed)> + Send + 'static,
) -> Result<(T, Handed), Failure> {
    let user = user.clone();
    desk.write(move |tx, env, who| {
        let (more, printed) = job(tx, env, who, &user.id)?;
        Ok((more, handover::hand(tx, env, &user, printed, by.mail.then_some(mail))?))
    })
}

/// The fields of a link in a JSON document.
pub fn describe(document: &mut Value, name: &str, handed: &Handed) {
    match handed {
        Handed::Printed(printed) => {
            put(document, name, json!(printed.url));
            put(document, "expires_at", json!(printed.expires_at.rfc3339()));
        }
        Handed::Mailed { to, message, expires_at } => {
            put(document, "mailed_to", json!(to));
            put(document, "message_id", json!(message));
            put(document, "expires_at", json!(expires_at.rfc3339()));
        }
    }
}

/// Prints a link, alone on stdout, or says where it went; `document` is what else there is to say to programs.
pub fn report(ctx: &Ctx, mut document: Value, name: &str, handed: &Handed) -> Done {
    if ctx.out.json() {
        describe(&mut document, name, handed);
        return ctx.out.document(&document);
    }
    match handed {
        Handed::Printed(printed) => {
            ctx.out.line(&printed.url)?;
            ctx.out.note(&format!("It works once, until {}.", printed.expires_at));
        }
        Handed::Mailed { to, message, expires_at } => {
            ctx.out.note(&format!(
                "A running server mails it to {to} (mcpcodex message list). It works once, until {expires_at}."
            ));
            ctx.out.line(message.as_str())?;
        }
    }
    Ok(())
}
