//! Phone numbers and addresses as second factors: a code is sent there, and coming back puts it in force.
//! Sending and checking codes is `code`.

use super::{
    audit,
    code::{self, Binding, Sent},
    env::Env,
    factor::{self, Enrolled},
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
        id::{ContactId, SessionId, UserId},
        session::amr,
        sign_in::{SignIn, Stage},
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
    session::permit(tx, who, user)?;
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
    keep: Option<&SessionId>,
) -> Result<Enrolled> {
    session::permit(tx, who, user)?;
    prove(tx, env, who, user, kind, (typed, binding), keep)
}

fn prove(
    tx: &Write<'_>,
    env: &Env,
    who: &Actor,
    user: &UserId,
    kind: Method,
    (typed, binding): (&str, &Binding),
    keep: Option<&SessionId>,
) -> Result<Enrolled> {
    refuse_switched_off(env, kind)?;
    let contact = waiting(tx, user, kind)?.ok_or_else(nothing_waits)?;
    if !code::take(tx, env, user, &contact.id, Purpose::Enroll, (binding, typed))? {
        let event = Event::new("factor.wrong").user(user).with("method", kind.as_str());
        audit::record(tx, who, &event)?;
        return Ok(Enrolled::Wrong);
    }
    put_in_force(tx, env, who, &contact, keep).map(Enrolled::Active)
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
    put_in_force(tx, env, who, &waiting.ok_or_else(nothing_waits)?, None)
}

/// The recovery codes, if there were none to fall back on.
fn put_in_force(
    tx: &Write<'_>,
    env: &Env,
    who: &Actor,
    contact: &Contact,
    keep: Option<&SessionId>,
) -> Result<Vec<Plain>> {
    let user = &contact.user_id;
    if !store::contact::activate(tx, contact)? {
        return Err(Error::conflict("this was confirmed already"));
    }
    let codes = if store::factor::recovery_codes_left(tx, user)? == 0 {
        factor::new_codes(tx, env, user)?
    } else {
        Vec::new()
    };
    let event = Event::new("factor.enroll")
        .user(user)
        .with("type", contact.method.as_str())
        .with("to", contact.masked());
    audit::record(tx, who, &event)?;
    // Sessions opened without the factor must not outlive its arrival.
    for session in session::end_all_of(tx, who, user, keep, "second factor added")? {
        store::grant::revoke_of_session(tx, &session, "second factor added", true)?;
    }
    Ok(codes)
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

/// Removes one, and ends every session but `keep` if it was in force.
pub fn remove(
    tx: &Write<'_>,
    who: &Actor,
    user: &UserId,
    id: &ContactId,
    keep: Option<&SessionId>,
) -> Result<bool> {
    session::permit(tx, who, user)?;
    let Some(contact) = store::contact::by_id(tx, user, id)? else { return Ok(false) };
    store::contact::delete(tx, user, id)?;
    if contact.active {
        let event = Event::new("factor.remove")
            .user(user)
            .with("type", contact.method.as_str())
            .with("to", contact.masked());
        audit::record(tx, who, &event)?;
        session::shut(tx, who, user, keep, "second factor removed")?;
    }
    Ok(true)
}

/// The sign-in, if it stands at enrolment and the person still has no factor: whoever knows the password could have
/// waited at this step until the owner had one.
fn enrolling(tx: &Write<'_>, way: &OnTheWay) -> Result<Option<SignIn>> {
    let live = store::sign_in::find(tx, &way.token, &way.arrival.browser)?;
    let Some(sign_in) = live.filter(|now| now.stage == Stage::Enroll) else { return Ok(None) };
    let none =
        store::factor::active(tx, &way.user.id)?.is_empty() && active(tx, &way.user.id)?.is_empty();
    Ok(none.then_some(sign_in))
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
    if enrolling(tx, way)?.is_none() {
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
    let Some(sign_in) = enrolling(tx, way)? else { return Ok(None) };
    let who = Actor::anonymous(origin.clone());
    let binding = Binding::sign_in(&way.token);
    let enrolled = prove(tx, env, &who, &way.user.id, kind, (typed, &binding), None)?;
    if matches!(enrolled, Enrolled::Active(_)) {
        let mut proved = sign_in.amr;
        proved.extend([kind.amr().to_owned(), amr::MFA.to_owned()]);
        store::sign_in::advance(tx, &way.token, Stage::Enroll, Stage::RecoveryCodes, &proved)?;
    }
    Ok(Some(enrolled))
}
