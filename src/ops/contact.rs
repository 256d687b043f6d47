//! Phone numbers and addresses as second factors: a code is sent there, and coming back puts it in force.
//! Sending and checking codes is `code`.

use super::{
    audit,
    code::{self, Binding, Sent},
    env::Env,
    factor::{Enrolled, InForce, enrolment, removal},
    login::OnTheWay,
    session,
};
use crate::{
    crypto::secret::Plain,
    db::{Read, Write},
    error::{Error, Result},
    model::{
        actor::{Actor, Origin},
        audit::Event,
        contact::{Contact, Phone, Purpose, normalise},
        factor::Method,
        id::{ContactId, UserId},
    },
    store,
};

/// A contact that waits for its code.
#[derive(Clone, Debug)]
pub struct Enrolling {
    /// Which.
    pub contact: Contact,
    /// What became of the code.
    pub sent: Sent,
}

/// Begins to enrol a number or an address, that is, sends a code there. `binding` says who may give it back.
pub fn enroll(
    tx: &Write<'_>,
    env: &Env,
    who: &Actor,
    user: &UserId,
    kind: Method,
    value: &str,
    binding: &Binding,
) -> Result<Enrolling> {
    session::permit_recent(tx, env, who, user)?;
    enrolment::refuse_without_link(tx, who, user)?;
    begin(tx, env, who, user, kind, value, binding)
}

fn begin(
    tx: &Write<'_>,
    env: &Env,
    who: &Actor,
    user: &UserId,
    kind: Method,
    value: &str,
    binding: &Binding,
) -> Result<Enrolling> {
    refuse_switched_off(env, kind)?;
    let contact = Contact {
        id: ContactId::new(),
        user_id: user.clone(),
        method: kind,
        value: normalise(kind, value)?,
        active: false,
        created_at: tx.now,
        last_used_at: None,
    };
    refuse_unreachable(env, &contact)?;
    if let Some(before) = waiting(tx, user, kind)? {
        take_back(tx, &before.id)?;
    }
    store::contact::insert_pending(tx, &contact)?;
    let sent = code::dispatch(tx, env, who, &contact, Purpose::Enroll, binding)?;
    Ok(Enrolling { contact, sent })
}

fn refuse_switched_off(env: &Env, kind: Method) -> Result<()> {
    if code::is_offered(env, kind) {
        return Ok(());
    }
    let (what, section) = match kind {
        Method::Email => ("codes by e-mail are", "email"),
        Method::Sms | Method::Passkey | Method::Totp | Method::Recovery => {
            ("codes by SMS are", "sms")
        }
    };
    Err(Error::conflict(format!("{what} not offered here")).with_next(format!(
        "look at authentication.mfa.providers.{section} and `mcpcodex config check`"
    )))
}

fn refuse_unreachable(env: &Env, contact: &Contact) -> Result<()> {
    if contact.method != Method::Sms {
        return Ok(());
    }
    let prefixes = &env.config.authentication.mfa.providers.sms.allowed_prefixes;
    if Phone::parse(&contact.value)?.is_within(prefixes) {
        return Ok(());
    }
    Err(Error::invalid("phone", "no messages go to numbers of this country")
        .with_next(format!("use a number that begins with {}", prefixes.join(" or "))))
}

/// Sends another code to the contact that waits, in place of the one before.
pub fn again(
    tx: &Write<'_>,
    env: &Env,
    who: &Actor,
    user: &UserId,
    kind: Method,
    binding: &Binding,
) -> Result<Sent> {
    session::permit(tx, who, user)?;
    refuse_switched_off(env, kind)?;
    match waiting(tx, user, kind)? {
        Some(contact) => code::dispatch(tx, env, who, &contact, Purpose::Enroll, binding),
        None => Err(nothing_waits()),
    }
}

fn waiting(r: &Read<'_>, user: &UserId, kind: Method) -> Result<Option<Contact>> {
    let all = store::contact::all_of(r, user)?;
    Ok(all.into_iter().find(|contact| contact.method == kind && !contact.active))
}

/// The codes go with their contact: what has not been sent of them need not be.
fn take_back(tx: &Write<'_>, id: &ContactId) -> Result<()> {
    for message in store::code::messages_to(tx, id)? {
        store::message::cancel(tx, &message)?;
    }
    Ok(())
}

fn nothing_waits() -> Error {
    Error::conflict("no number or address waits to be confirmed")
        .with_next("start the enrolment again")
}

/// Puts the contact in force whose code this is.
pub fn confirm(
    tx: &Write<'_>,
    env: &Env,
    who: &Actor,
    user: &UserId,
    kind: Method,
    (typed, binding): (&str, &Binding),
) -> Result<Enrolled> {
    session::permit_recent(tx, env, who, user)?;
    enrolment::refuse_without_link(tx, who, user)?;
    prove(tx, env, who, user, kind, (typed, binding))
}

fn prove(
    tx: &Write<'_>,
    env: &Env,
    who: &Actor,
    user: &UserId,
    kind: Method,
    (typed, binding): (&str, &Binding),
) -> Result<Enrolled> {
    refuse_switched_off(env, kind)?;
    let contact = waiting(tx, user, kind)?.ok_or_else(nothing_waits)?;
    if !code::take(tx, env, user, &contact.id, Purpose::Enroll, (binding, typed))? {
        let event = Event::new("factor.wrong").user(user).with("method", kind.as_str());
        audit::record(tx, who, &event)?;
        return Ok(Enrolled::Wrong);
    }
    put_in_force(tx, env, who, &contact).map(Enrolled::Active)
}

/// Puts a waiting contact in force without a code: for scripts on the host.
pub fn confirm_unverified(
    tx: &Write<'_>,
    env: &Env,
    who: &Actor,
    user: &UserId,
    id: &ContactId,
) -> Result<Vec<Plain>> {
    who.must_operate()?;
    let waiting = store::contact::by_id(tx, user, id)?.filter(|contact| !contact.active);
    let in_force = put_in_force(tx, env, who, &waiting.ok_or_else(nothing_waits)?)?;
    Ok(in_force.codes)
}

fn put_in_force(tx: &Write<'_>, env: &Env, who: &Actor, contact: &Contact) -> Result<InForce> {
    if !store::contact::activate(tx, contact)? {
        return Err(Error::conflict("this was confirmed already"));
    }
    enrolment::in_force(tx, env, who, &contact.user_id, contact.method)
}

/// A person's numbers and addresses, also those that wait.
pub fn list(r: &Read<'_>, who: &Actor, user: &UserId) -> Result<Vec<Contact>> {
    who.must_be(user)?;
    store::contact::all_of(r, user)
}

/// Those in force, for whoever decides which methods a sign-in offers.
pub fn active(r: &Read<'_>, user: &UserId) -> Result<Vec<Contact>> {
    let all = store::contact::all_of(r, user)?;
    Ok(all.into_iter().filter(|contact| contact.active).collect())
}

/// Removes one; false when it is not there.
pub fn remove(
    tx: &Write<'_>,
    env: &Env,
    who: &Actor,
    user: &UserId,
    id: &ContactId,
) -> Result<bool> {
    session::permit_recent(tx, env, who, user)?;
    let Some(contact) = store::contact::by_id(tx, user, id)? else { return Ok(false) };
    take_back(tx, id)?;
    store::contact::delete(tx, user, id)?;
    if contact.active {
        removal::removed(tx, env, who, user, contact.method)?;
    }
    Ok(true)
}

/// Enrolment as a step of a sign-in: sends the code.
pub fn enroll_on_the_way(
    tx: &Write<'_>,
    env: &Env,
    origin: &Origin,
    way: &OnTheWay,
    kind: Method,
    value: &str,
) -> Result<Option<Enrolling>> {
    if enrolment::enrolling(tx, way)?.is_none() {
        return Ok(None);
    }
    let who = Actor::anonymous(origin.clone());
    let binding = Binding::sign_in(&way.token);
    begin(tx, env, &who, &way.user.id, kind, value, &binding).map(Some)
}

/// Enrolment as a step of a sign-in: the code. Right: the recovery codes are shown and wait to be stored.
pub fn confirm_on_the_way(
    tx: &Write<'_>,
    env: &Env,
    origin: &Origin,
    way: &OnTheWay,
    kind: Method,
    typed: &str,
) -> Result<Option<Enrolled>> {
    let Some(sign_in) = enrolment::enrolling(tx, way)? else { return Ok(None) };
    let who = Actor::anonymous(origin.clone());
    let binding = Binding::sign_in(&way.token);
    let enrolled = prove(tx, env, &who, &way.user.id, kind, (typed, &binding))?;
    if matches!(enrolled, Enrolled::Active(_)) {
        enrolment::enrolled_on_the_way(tx, way, sign_in, kind)?;
    }
    Ok(Some(enrolled))
}
