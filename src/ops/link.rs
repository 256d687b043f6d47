//! One-time links: `ID.MAC`, where the second half is a keyed hash of purpose and id.
//! So the database holds nothing that opens anything, and a link can be printed again.

use std::{fmt, time::Duration};

use super::env::Env;
use crate::{
    crypto::secret,
    db::{Read, Write},
    error::{Error, Result},
    model::id::UserId,
    store,
    time::Time,
};

/// What a link is good for; a link of one purpose opens nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Making the first administrator.
    Setup,
    /// Choosing the first password.
    Invite,
    /// Choosing a new password, by whoever reads the person's mail or was handed the link.
    Reset,
    /// Enrolling a second factor, by whoever also has the password.
    Enroll,
}

impl Purpose {
    fn as_str(self) -> &'static str {
        match self {
            Self::Setup => "setup",
            Self::Invite => "invite",
            Self::Reset => "reset",
            Self::Enroll => "enroll",
        }
    }

    fn lifetime(self, env: &Env) -> Duration {
        let links = &env.config.authentication.links;
        match self {
            Self::Setup => Duration::from_secs(24 * 3600),
            Self::Invite => links.invitation,
            Self::Reset => links.password_reset,
            Self::Enroll => links.enrolment,
        }
    }
}

/// A link as a person gets it.
#[derive(Clone, PartialEq, Eq)]
pub struct Printed {
    /// Where it leads.
    pub url: String,
    /// When it ends.
    pub expires_at: Time,
}

/// Without the address: whoever has it has the link.
impl fmt::Debug for Printed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Printed").field("expires_at", &self.expires_at).finish_non_exhaustive()
    }
}

/// Makes a link; an older one of the same purpose for the same person opens nothing any more.
pub fn make(tx: &Write<'_>, env: &Env, purpose: Purpose, user: Option<&UserId>) -> Result<Printed> {
    store::link::void(tx, purpose.as_str(), user)?;
    let id = secret::b64(&secret::random_bytes::<16>());
    let expires_at = tx.now.plus(purpose.lifetime(env));
    store::link::insert(tx, &id, purpose.as_str(), user, expires_at)?;
    Ok(Printed { url: url(env, purpose, &id), expires_at })
}

/// The newest live link of a purpose, printed again.
pub fn again(r: &Read<'_>, env: &Env, purpose: Purpose) -> Result<Option<Printed>> {
    let link = store::link::newest(r, purpose.as_str())?;
    Ok(link.map(|link| Printed { url: url(env, purpose, &link.id), expires_at: link.expires_at }))
}

/// The live link of a purpose that a person was given, printed again.
pub(super) fn live_of(
    r: &Read<'_>,
    env: &Env,
    purpose: Purpose,
    user: &UserId,
) -> Result<Option<Printed>> {
    let link = store::link::newest_of(r, purpose.as_str(), user)?;
    Ok(link.map(|link| Printed { url: url(env, purpose, &link.id), expires_at: link.expires_at }))
}

/// Whom a link is for, if it is live. `Ok(None)`: for nobody in particular.
pub fn read(r: &Read<'_>, env: &Env, purpose: Purpose, token: &str) -> Result<Option<UserId>> {
    let id = checked(env, purpose, token)?;
    store::link::live(r, id, purpose.as_str())?.map(|link| link.user_id).ok_or_else(over)
}

/// Uses a link, once, and answers whom it is for.
pub fn spend(tx: &Write<'_>, env: &Env, purpose: Purpose, token: &str) -> Result<Option<UserId>> {
    let id = checked(env, purpose, token)?;
    let link = store::link::live(tx, id, purpose.as_str())?.ok_or_else(over)?;
    if store::link::spend(tx, id, purpose.as_str())? { Ok(link.user_id) } else { Err(over()) }
}

/// Ends every link of a purpose that a person was given and has not used.
pub(super) fn void(tx: &Write<'_>, purpose: Purpose, user: &UserId) -> Result<()> {
    store::link::void(tx, purpose.as_str(), Some(user)).map(drop)
}

/// The id of a live link for this person, to be spent later with [`spend_id`].
pub(super) fn id_for(
    r: &Read<'_>,
    env: &Env,
    purpose: Purpose,
    token: &str,
    user: &UserId,
) -> Result<Option<String>> {
    let Ok(id) = checked(env, purpose, token) else { return Ok(None) };
    let link = store::link::live(r, id, purpose.as_str())?;
    Ok(link.filter(|link| link.user_id.as_ref() == Some(user)).map(|link| link.id))
}

/// Whether the link of that id is live.
pub(super) fn is_live(r: &Read<'_>, purpose: Purpose, id: &str) -> Result<bool> {
    Ok(store::link::live(r, id, purpose.as_str())?.is_some())
}

/// Uses the link of that id, once.
pub(super) fn spend_id(tx: &Write<'_>, purpose: Purpose, id: &str) -> Result<bool> {
    store::link::spend(tx, id, purpose.as_str())
}

fn checked<'t>(env: &Env, purpose: Purpose, token: &'t str) -> Result<&'t str> {
    let (id, mac) = token.split_once('.').ok_or_else(over)?;
    if secret::equal(self::mac(env, purpose, id).as_bytes(), mac.as_bytes()) {
        Ok(id)
    } else {
        Err(over())
    }
}

fn mac(env: &Env, purpose: Purpose, id: &str) -> String {
    secret::b64(&env.keys.vault.mac("link", format!("{}:{id}", purpose.as_str()).as_bytes()))
}

fn url(env: &Env, purpose: Purpose, id: &str) -> String {
    let token = format!("{id}.{}", mac(env, purpose, id));
    format!("{}/{}?token={token}", env.site.issuer, purpose.as_str())
}

fn over() -> Error {
    Error::absent("this link is not valid any more")
        .with_next("links work once and for a limited time: ask the operator for a new one")
}
