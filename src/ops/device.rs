//! Browsers that a person has signed in with: known ones keep a way in when strangers use up the tries, some are
//! trusted for a while after a second factor, and a sign-in with any other is announced.

use super::{audit, env::Env, session};
use crate::{
    crypto::secret::{self, Hashed, Plain},
    db::{Read, Write},
    error::{Error, Result},
    model::{
        actor::{Actor, Origin},
        audit::Event,
        device::{Device, MOST},
        id::{DeviceId, UserId},
    },
    store,
};

/// The browser behind a cookie, if this person has signed in with it before.
pub(super) fn known(r: &Read<'_>, user: &UserId, token: Option<&Hashed>) -> Result<Option<Device>> {
    match token {
        Some(token) => store::device::find(r, user, token),
        None => Ok(None),
    }
}

/// Whether a browser stands for the second factor.
pub(super) fn is_trusted(
    r: &Read<'_>,
    env: &Env,
    user: &UserId,
    token: Option<&Hashed>,
) -> Result<bool> {
    if env.trust_lifetime().is_none() {
        return Ok(false);
    }
    Ok(known(r, user, token)?.is_some_and(|device| device.is_trusted(r.now)))
}

/// What a browser is to someone who has just signed in with it.
#[derive(Debug)]
pub(super) struct Arrived {
    /// The cookie to set, when the browser needs another.
    pub(super) token: Option<Plain>,
    /// Whether this person has never signed in with it, but with others.
    pub(super) is_new: bool,
}

/// Notes that someone signed in with a browser; with `trust`, that it stands for the second factor from now on.
pub(super) fn arrive(
    tx: &Write<'_>,
    env: &Env,
    origin: &Origin,
    user: &UserId,
    token: Option<&Hashed>,
    trust: bool,
) -> Result<Arrived> {
    let until = env.trust_lifetime().filter(|_| trust).map(|lifetime| tx.now.plus(lifetime));
    if until.is_some() {
        let who = Actor::anonymous(origin.clone());
        audit::record(tx, &who, &Event::new("device.trust").user(user))?;
    }
    if let Some(device) = known(tx, user, token)? {
        let seen = Device {
            user_agent: origin.user_agent.clone(),
            address: origin.address.clone(),
            last_seen_at: tx.now,
            trusted_until: until.or(device.trusted_until),
            ..device
        };
        store::device::touch(tx, &seen)?;
        return Ok(Arrived { token: None, is_new: false });
    }
    // Always a fresh cookie, and this person's alone: one that somebody planted must not become theirs, and one that
    // somebody stole from another must not be renewed.
    let fresh = secret::random_token(32);
    let hash = Hashed::of(fresh.expose());
    let is_new = !store::device::of_user(tx, user)?.is_empty();
    let device = Device {
        id: DeviceId::new(),
        user_id: user.clone(),
        user_agent: origin.user_agent.clone(),
        address: origin.address.clone(),
        created_at: tx.now,
        last_seen_at: tx.now,
        trusted_until: until,
    };
    store::device::insert(tx, &device, &hash)?;
    store::device::trim(tx, user, MOST)?;
    Ok(Arrived { token: Some(fresh), is_new })
}

/// The browsers that a person has signed in with, the last used first.
pub fn list(r: &Read<'_>, who: &Actor, user: &UserId) -> Result<Vec<Device>> {
    who.must_be(user)?;
    store::device::of_user(r, user)
}

/// Forgets a browser: it is no longer trusted, and its next sign-in is announced.
pub fn forget(tx: &Write<'_>, who: &Actor, id: &DeviceId) -> Result<()> {
    let device = store::device::by_id(tx, id)?
        .ok_or_else(|| Error::absent("this browser was forgotten already"))?;
    session::permit(tx, who, &device.user_id)?;
    store::device::delete(tx, id)?;
    audit::record(tx, who, &Event::new("device.forget").user(&device.user_id))
}

/// Ends the trust in every browser of a person; answers in how many.
pub fn distrust(tx: &Write<'_>, who: &Actor, user: &UserId) -> Result<usize> {
    session::permit(tx, who, user)?;
    let ended = store::device::distrust(tx, user)?;
    if ended > 0 {
        let event = Event::new("device.distrust").user(user).with("devices", ended);
        audit::record(tx, who, &event)?;
    }
    Ok(ended)
}
