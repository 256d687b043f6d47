//! Taking factors away: one of them by its owner, all of them by the operator.
//! What a new factor brings is `enrolment`.

use super::{Method, allowed, enrolled};
use crate::{
    db::{Read, Write},
    error::{Error, Result},
    model::{
        actor::{Actor, Principal},
        attempt::Scope,
        audit::Event,
        ending,
        id::{CredentialId, SessionId, UserId},
        message::mail::Mail,
    },
    ops::{
        attempt, audit,
        env::Env,
        link::{self, Printed, Purpose},
        notice, session,
    },
    store,
};

/// Removes one of a person's authenticator apps.
pub fn remove_totp(
    tx: &Write<'_>,
    env: &Env,
    who: &Actor,
    user: &UserId,
    id: &CredentialId,
) -> Result<()> {
    session::permit_recent(tx, env, who, user)?;
    if !store::factor::delete(tx, user, id)? {
        return Err(Error::absent("this authenticator app was removed already"));
    }
    removed(tx, env, who, user, Method::Totp)
}

/// What follows from a factor that has just been taken away, whichever it was. Refuses, and so undoes it, when its owner
/// would be left without one that their role needs.
pub(in crate::ops) fn removed(
    tx: &Write<'_>,
    env: &Env,
    who: &Actor,
    user: &UserId,
    method: Method,
) -> Result<()> {
    let left = enrolled(tx, user)?;
    let needed = match store::user::by_id(tx, user)? {
        Some(owner) => env.factor_required(&owner),
        None => false,
    };
    if left.is_empty() && needed && who.must_operate().is_err() {
        return Err(Error::conflict("your role needs a second factor, and this is the only one")
            .with_next("add another one first"));
    }
    if left.is_empty() {
        store::factor::set_recovery_codes(tx, user, &[])?;
    }
    let event = Event::new("factor.remove").user(user).with("type", method.as_str());
    audit::record(tx, who, &event)?;
    notice::tell(tx, env, user, &Mail::FactorRemoved { at: tx.now })?;
    let keep = match &who.principal {
        Principal::Person { session, .. } => Some(session),
        Principal::Anonymous
        | Principal::ApiKey { .. }
        | Principal::Program { .. }
        | Principal::Operator { .. }
        | Principal::System => None,
    };
    session::shut(tx, who, user, keep, ending::FACTOR_REMOVED).map(drop)
}

/// Removes every factor and recovery code, and ends every session but `keep`.
pub fn disable(
    tx: &Write<'_>,
    env: &Env,
    who: &Actor,
    user: &UserId,
    keep: Option<&SessionId>,
) -> Result<usize> {
    session::permit_recent(tx, env, who, user)?;
    let removed = store::factor::delete_all(tx, user)?
        + store::contact::delete_all(tx, user)?
        + store::passkey::delete_all(tx, user)?;
    store::factor::set_recovery_codes(tx, user, &[])?;
    for scope in [Scope::Totp, Scope::Recovery, Scope::Code] {
        attempt::succeed(tx, scope, user.as_str())?;
    }
    if removed > 0 {
        notice::tell(tx, env, user, &Mail::FactorRemoved { at: tx.now })?;
        let event = Event::new("factor.disable").user(user).with("removed", removed);
        audit::record(tx, who, &event)?;
        session::shut(tx, who, user, keep, ending::FACTOR_REMOVED)?;
    }
    Ok(removed)
}

/// What an operator's reset of someone's factors leaves.
#[derive(Debug)]
pub struct Reset {
    /// How many factors were removed.
    pub removed: usize,
    /// Where the person enrols a new one, with their password.
    pub link: Printed,
}

/// For a lost phone: removes every factor and makes the link behind which the person enrols a new one. Until they have,
/// nobody enrols one without that link: a stranger who knows the password must not be first.
pub fn reset(tx: &Write<'_>, env: &Env, who: &Actor, user: &UserId) -> Result<Reset> {
    who.must_operate()?;
    let removed = disable(tx, env, who, user, None)?;
    store::user::set_enrol_by_link(tx, user, true)?;
    let link = enroll_link(tx, env, who, user)?;
    Ok(Reset { removed, link })
}

/// Makes a link behind which a person enrols a second factor, once they have signed in with what they have.
pub fn enroll_link(tx: &Write<'_>, env: &Env, who: &Actor, user: &UserId) -> Result<Printed> {
    who.must_operate()?;
    who.must_be_more_than_a_key()?;
    if !Method::ALL.into_iter().any(|method| method != Method::Recovery && allowed(env, method)) {
        return Err(Error::conflict("no second factor can be enrolled")
            .with_next("allow one below authentication.mfa.providers in the configuration"));
    }
    let link = link::make(tx, env, Purpose::Enroll, Some(user))?;
    audit::record(tx, who, &Event::new("factor.invite").user(user))?;
    Ok(link)
}

/// Whom an enrolment link is for.
pub fn enroll_link_for(r: &Read<'_>, env: &Env, token: &str) -> Result<UserId> {
    let user = link::read(r, env, Purpose::Enroll, token)?;
    user.ok_or_else(|| Error::internal("an enrolment link for nobody"))
}
