//! One-time links on their way to a person: told to whoever asked for one, or queued as a mail in the same transaction.

use super::{env::Env, link::Printed, outbox};
use crate::{
    db::Write,
    error::{Error, Result},
    model::{id::MessageId, message::mail::Mail, user::User},
    time::Time,
};

/// What became of a link.
#[derive(Debug)]
pub enum Handed {
    /// Whoever asked hands it on.
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

/// Hands a link over, in this mail if that is wanted.
pub fn hand(
    tx: &Write<'_>,
    env: &Env,
    user: &User,
    printed: Printed,
    mail: Option<fn(String) -> Mail>,
) -> Result<Handed> {
    let Some(mail) = mail else { return Ok(Handed::Printed(printed)) };
    let Printed { url, expires_at } = printed;
    let sent = outbox::mail(tx, env, &user.email, &mail(url), Some(&user.id))?;
    let message = sent.ok_or_else(|| no_mail(env))?;
    Ok(Handed::Mailed { to: user.email.clone(), message, expires_at })
}

fn no_mail(env: &Env) -> Error {
    if outbox::mail_carrier(env).is_none() {
        Error::conflict("no mail goes out here")
            .with_next("leave --mail off and hand the link over, or see `mcpcodex config check`")
    } else {
        Error::conflict("too many mails went there already")
            .with_next("leave --mail off and hand the link over")
    }
}
