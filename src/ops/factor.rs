//! Second factors: which a person has, checking a code on the way in, recovery codes.
//! How an authenticator comes into force is `enrolment`, how factors go `removal`.

pub mod enrolment;
mod every;
pub mod removal;

use std::time::Duration;

pub use self::enrolment::{
    Enrolled, Enrolment, InForce, Which, confirm, confirm_on_the_way, confirm_unverified, enroll,
    enroll_as, enroll_on_the_way,
};
pub use self::every::{Any, Id, all};
pub use self::removal::{Reset, disable, enroll_link, enroll_link_for, remove_totp, reset};
use super::{
    attempt, audit,
    code::{self, Binding, Sent},
    contact,
    env::Env,
    login::{self, OnTheWay, Step},
    outbox, passkey, session,
};
use crate::{
    crypto::{
        secret::{self, Hashed, Plain},
        totp,
    },
    db::{Read, Write},
    error::{Error, Result},
    model::{
        actor::{Actor, Origin},
        attempt::{Reserved, Scope},
        audit::Event,
        factor::{Method, RECOVERY_CODES, TotpCredential},
        id::{CredentialId, UserId},
        message::State,
        session::amr,
        sign_in::Stage,
    },
    store,
};

/// The methods that a person has enrolled, allowed or not; recovery codes are none of them.
pub fn enrolled(r: &Read<'_>, user: &UserId) -> Result<Vec<Method>> {
    let mut methods = Vec::new();
    if store::passkey::count(r, user)? > 0 {
        methods.push(Method::Passkey);
    }
    if !store::factor::active(r, user)?.is_empty() {
        methods.push(Method::Totp);
    }
    for contact in contact::active(r, user)? {
        if !methods.contains(&contact.method) {
            methods.push(contact.method);
        }
    }
    methods.sort();
    Ok(methods)
}

/// Whether the configuration lets a method be enrolled and used.
pub fn allowed(env: &Env, method: Method) -> bool {
    let mfa = &env.config.authentication.mfa;
    let offered = match method {
        Method::Passkey => passkey::is_offered(env),
        Method::Totp => mfa.providers.totp.enabled,
        Method::Sms | Method::Email => code::is_offered(env, method),
        Method::Recovery => true,
    };
    mfa.enabled && offered
}

/// The methods with which a person can prove the second factor now, the strongest first. A factor that stood for the
/// first one already counts no second time.
pub fn offered(r: &Read<'_>, env: &Env, user: &UserId, proved: &[String]) -> Result<Vec<Method>> {
    let key = proved.iter().any(|one| one == amr::KEY || one == amr::SOFT_KEY);
    let mut methods = enrolled(r, user)?;
    let passkey = !key && passkey::is_usable(r, env, user)?;
    methods.retain(|method| allowed(env, *method) && (passkey || *method != Method::Passkey));
    if store::factor::recovery_codes_left(r, user)? > 0 {
        methods.push(Method::Recovery);
    }
    Ok(methods)
}

/// What somebody gave as the second factor.
#[derive(Clone, Debug)]
pub struct Given {
    /// Which factor.
    pub method: Method,
    /// The code as typed.
    pub code: String,
    /// Whether the browser shall be trusted from now on.
    pub trust_device: bool,
}

/// Checks a code on the way in. Reserves, checks and settles in one transaction, since no hash is slow here.
pub fn verify(
    tx: &Write<'_>,
    env: &Env,
    origin: &Origin,
    way: &OnTheWay,
    given: &Given,
) -> Result<Step> {
    let Some(sign_in) = way.look(tx)?.filter(|now| now.stage == Stage::SecondFactor) else {
        return Ok(Step::Gone);
    };
    let who = Actor::anonymous(origin.clone());
    let usable = given.method == Method::Recovery
        || offered(tx, env, &way.user.id, &sign_in.amr)?.contains(&given.method);
    if !usable {
        return Err(Error::invalid("method", "that second factor cannot be used here"));
    }
    let checked = check(tx, env, &who, way, given)?;
    if let Checked::Wrong(wait) = checked {
        return Ok(Step::Wrong(wait));
    }
    if given.trust_device {
        store::sign_in::trust_device(tx, &way.token)?;
    }
    let mut proved = sign_in.amr;
    proved.push(given.method.amr().to_owned());
    proved.push(amr::MFA.to_owned());
    login::proceed(tx, env, origin, way, Stage::SecondFactor, proved)
}

enum Checked {
    Right,
    Wrong(Duration),
}

fn check(tx: &Write<'_>, env: &Env, who: &Actor, way: &OnTheWay, given: &Given) -> Result<Checked> {
    let (user, method, code) = (&way.user.id, given.method, given.code.as_str());
    let scope = match method {
        Method::Totp => Scope::Totp,
        Method::Recovery => Scope::Recovery,
        Method::Sms | Method::Email => Scope::Code,
        Method::Passkey => {
            return Err(Error::invalid("method", "a passkey answers a question, it is no code"));
        }
    };
    let wait = match attempt::reserve(tx, scope, user.as_str(), &env.code_limits())? {
        Reserved::Go(tries) => tries.next_at.since(tx.now),
        Reserved::Wait(wait) => return Ok(Checked::Wrong(wait)),
    };
    let right = match method {
        Method::Totp => spend_totp(tx, env, user, code)?,
        Method::Recovery => spend_recovery(tx, env, user, code)?,
        Method::Sms | Method::Email => {
            code::spend(tx, env, &Binding::sign_in(&way.token), user, method, code)?
        }
        Method::Passkey => false,
    };
    if right {
        attempt::succeed(tx, scope, user.as_str())?;
        if method == Method::Recovery {
            let left = store::factor::recovery_codes_left(tx, user)?;
            audit::record(tx, who, &Event::new("recovery_code.use").user(user).with("left", left))?;
        }
        return Ok(Checked::Right);
    }
    let event = Event::new("factor.wrong").user(user).with("method", method.as_str());
    audit::record(tx, who, &event)?;
    Ok(Checked::Wrong(wait))
}

/// Sends a code for a sign-in that stands at the second factor. Nothing here waits for whoever carries it.
pub fn send_code(
    tx: &Write<'_>,
    env: &Env,
    origin: &Origin,
    way: &OnTheWay,
    method: Method,
) -> Result<Option<Sent>> {
    let Some(sign_in) = way.look(tx)?.filter(|now| now.stage == Stage::SecondFactor) else {
        return Ok(None);
    };
    let user = &way.user.id;
    if !offered(tx, env, user, &sign_in.amr)?.contains(&method) {
        return Ok(Some(Sent::NotOffered));
    }
    code::send(tx, env, origin, user, method, &Binding::sign_in(&way.token)).map(Some)
}

/// How far the newest live code of a method has come in a sign-in, if one was sent.
pub fn code_state(r: &Read<'_>, way: &OnTheWay, method: Method) -> Result<Option<State>> {
    let Some(contact) = store::contact::active(r, &way.user.id, method)? else { return Ok(None) };
    match code::message_to(r, &contact, &Binding::sign_in(&way.token))? {
        Some(message) => outbox::state(r, &message),
        None => Ok(None),
    }
}

fn spend_totp(tx: &Write<'_>, env: &Env, user: &UserId, code: &str) -> Result<bool> {
    let code = digits(code);
    for (credential, sealed) in store::factor::active(tx, user)? {
        let seed = env.keys.vault.open(&aad(&credential.id), &sealed)?;
        if let Some(step) = totp::check(&seed, &credential.settings, &code, tx.now) {
            // A step at or below the last one is a replay (RFC 6238 §5.2).
            return store::factor::spend_step(tx, &credential.id, step);
        }
    }
    Ok(false)
}

fn spend_recovery(tx: &Write<'_>, env: &Env, user: &UserId, code: &str) -> Result<bool> {
    let Some(code) = secret::read_code(code) else { return Ok(false) };
    match Hashed::from_bytes(&recovery_mac(env, user, &code)) {
        Some(hash) => store::factor::spend_recovery_code(tx, user, &hash),
        None => Ok(false),
    }
}

fn recovery_mac(env: &Env, user: &UserId, code: &Plain) -> [u8; 32] {
    env.keys.vault.mac("recovery", format!("{user}:{}", code.expose()).as_bytes())
}

fn digits(code: &str) -> String {
    code.chars().filter(|c| !c.is_whitespace()).take(16).collect()
}

fn aad(id: &CredentialId) -> String {
    format!("totp_credentials:secret_sealed:{id}")
}

pub(super) fn new_codes(tx: &Write<'_>, env: &Env, user: &UserId) -> Result<Vec<Plain>> {
    let codes: Vec<Plain> = (0..RECOVERY_CODES).map(|_| secret::random_code()).collect();
    let mut macs = Vec::with_capacity(codes.len());
    for code in &codes {
        let read = secret::read_code(code.expose())
            .ok_or_else(|| Error::internal("a fresh recovery code cannot be read back"))?;
        macs.push(recovery_mac(env, user, &read));
    }
    store::factor::set_recovery_codes(tx, user, &macs)?;
    Ok(codes)
}

/// Makes a new set of recovery codes; the old set is dead.
pub fn regenerate_codes(
    tx: &Write<'_>,
    env: &Env,
    who: &Actor,
    user: &UserId,
) -> Result<Vec<Plain>> {
    session::permit_recent(tx, env, who, user)?;
    if enrolled(tx, user)?.is_empty() {
        return Err(Error::conflict("recovery codes need a second factor to recover")
            .with_next("mcpcodex auth mfa enable --user NAME"));
    }
    replace_codes(tx, env, who, user)
}

fn replace_codes(tx: &Write<'_>, env: &Env, who: &Actor, user: &UserId) -> Result<Vec<Plain>> {
    let codes = new_codes(tx, env, user)?;
    audit::record(tx, who, &Event::new("recovery_code.regenerate").user(user))?;
    Ok(codes)
}

/// A person's factors in force and how many recovery codes are left.
pub fn list(r: &Read<'_>, who: &Actor, user: &UserId) -> Result<(Vec<TotpCredential>, u32)> {
    who.must_be(user)?;
    let factors = store::factor::active(r, user)?.into_iter().map(|(factor, _)| factor).collect();
    Ok((factors, store::factor::recovery_codes_left(r, user)?))
}

/// Shows a new set of recovery codes to a sign-in that stands at that step (the page was lost).
pub fn codes_on_the_way(
    tx: &Write<'_>,
    env: &Env,
    origin: &Origin,
    way: &OnTheWay,
) -> Result<Option<Vec<Plain>>> {
    match way.look(tx)? {
        Some(sign_in) if sign_in.stage == Stage::RecoveryCodes => {
            replace_codes(tx, env, &Actor::anonymous(origin.clone()), &way.user.id).map(Some)
        }
        _ => Ok(None),
    }
}

/// The recovery codes are stored: on to the session.
pub fn codes_stored(tx: &Write<'_>, env: &Env, origin: &Origin, way: &OnTheWay) -> Result<Step> {
    match way.look(tx)?.filter(|now| now.stage == Stage::RecoveryCodes) {
        Some(sign_in) => login::proceed(tx, env, origin, way, Stage::RecoveryCodes, sign_in.amr),
        None => Ok(Step::Gone),
    }
}
