//! One-time links on their way to a person: printed for the operator to hand on, or queued as a mail.

use serde_json::{Value, json};

use super::{
    ctx::{Ctx, Desk},
    failure::{Done, Failure},
    output::put,
};
use crate::{
    db::Write,
    error::{Error, Result},
    model::{
        actor::Actor,
        id::{MessageId, UserId},
        message::mail::Mail,
        user::User,
    },
    ops::{self, env::Env, link::Printed},
    time::Time,
};

/// How a link reaches its person.
#[derive(clap::Args, Clone, Copy, Debug)]
pub struct By {
    /// Mail the link to the person instead of printing it
    #[arg(long)]
    pub mail: bool,
}

/// What became of a link.
#[derive(Debug)]
pub enum Handed {
    /// It is to be printed.
    Printed(Printed),
    /// It goes out by mail.
    Mailed {
        /// Where to.
        to: String,
        /// As which message.
        message: MessageId,
        /// When it ends.
        expires_at: Time,
    },
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
        if !by.mail {
            return Ok((more, Handed::Printed(printed)));
        }
        let url = mail(printed.url);
        let sent = ops::outbox::mail(tx, env, &user.email, &url, Some(&user.id))?;
        let message = sent.ok_or_else(|| no_mail(env))?;
        Ok((more, Handed::Mailed { to: user.email, message, expires_at: printed.expires_at }))
    })
}

fn no_mail(env: &Env) -> Error {
    if ops::outbox::mail_carrier(env).is_none() {
        Error::conflict("no mail goes out here")
            .with_next("leave --mail off and hand the link over, or see `mcpcodex config check`")
    } else {
        Error::conflict("too many mails went there already")
            .with_next("leave --mail off and hand the link over")
    }
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
