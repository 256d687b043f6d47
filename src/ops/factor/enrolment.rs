//! Putting an authenticator app in force: a seed is shown, its first code proves that it arrived.
//! Checking codes at sign-in, and recovery codes, are `factor`.

use zeroize::Zeroizing;

use super::{aad, digits, has_any, new_codes};
use crate::{
    crypto::{secret::Plain, totp},
    db::Write,
    error::{Error, Result},
    model::{
        actor::{Actor, Origin},
        audit::Event,
        factor::TotpCredential,
        id::{CredentialId, SessionId, UserId},
        session::amr,
        sign_in::{SignIn, Stage},
        user::User,
    },
    ops::{audit, env::Env, login::OnTheWay, session},
    store,
};

/// What an authenticator app needs, shown until a code proves it and never again.
#[derive(Debug)]
pub struct Enrolment {
    /// Which credential.
    pub id: CredentialId,
    /// `otpauth://…`, for the QR code.
    pub uri: Plain,
    /// The seed in base32, for typing.
    pub secret: Plain,
    /// The account's label.
    pub account: String,
    /// The issuer's label.
    pub issuer: String,
}

/// Which enrolment is to be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which<'a> {
    /// A new one.
    New,
    /// The one that this page showed before; a new one if that no longer waits.
    Shown(&'a str),
    /// The one that waits, whoever began it; for the operator.
    Waiting,
}

/// Starts or shows an enrolment that the person themselves or the operator asked for.
pub fn enroll_as(
    tx: &Write<'_>,
    env: &Env,
    who: &Actor,
    user: &User,
    which: Which<'_>,
) -> Result<Enrolment> {
    session::permit(tx, who, &user.id)?;
    match which {
        Which::New => enroll(tx, env, user),
        Which::Shown(id) => enroll_again(tx, env, user, Some(id)),
        Which::Waiting => {
            who.must_operate()?;
            enroll_again(tx, env, user, None)
        }
    }
}

/// Starts an enrolment, always with a seed of its own: what was shown to someone else who knows the password must
/// never become the owner's second factor. For callers with their own proof of who asks; else [`enroll_as`].
pub fn enroll(tx: &Write<'_>, env: &Env, user: &User) -> Result<Enrolment> {
    refuse_switched_off(env)?;
    let (credential, seed) = pend(tx, env, user)?;
    describe(env, user, credential, &seed)
}

/// Shows the enrolment again that waits for its first code, to whoever can name it (`None`: the operator);
/// else starts a new one.
fn enroll_again(tx: &Write<'_>, env: &Env, user: &User, shown: Option<&str>) -> Result<Enrolment> {
    refuse_switched_off(env)?;
    let waiting = store::factor::pending(tx, &user.id)?;
    match waiting.filter(|(waiting, _)| shown.is_none_or(|id| id == waiting.id.as_str())) {
        Some((credential, sealed)) => {
            let seed = env.keys.vault.open(&aad(&credential.id), &sealed)?;
            describe(env, user, credential, &seed)
        }
        None => enroll(tx, env, user),
    }
}

fn refuse_switched_off(env: &Env) -> Result<()> {
    let providers = &env.config.authentication.mfa.providers;
    if !env.config.authentication.mfa.enabled || !providers.totp.enabled {
        return Err(Error::conflict("TOTP is switched off in the configuration")
            .with_next("set authentication.mfa.providers.totp.enabled: true"));
    }
    Ok(())
}

fn describe(env: &Env, user: &User, credential: TotpCredential, seed: &[u8]) -> Result<Enrolment> {
    let providers = &env.config.authentication.mfa.providers;
    let issuer = providers.totp.issuer.clone();
    let account = user.email.clone();
    let uri = totp::uri(seed, &credential.settings, &issuer, &account)?;
    Ok(Enrolment { id: credential.id, uri, secret: totp::base32(seed), account, issuer })
}

fn pend(tx: &Write<'_>, env: &Env, user: &User) -> Result<(TotpCredential, Zeroizing<Vec<u8>>)> {
    let seed = totp::new_secret();
    let credential = TotpCredential {
        id: CredentialId::new(),
        user_id: user.id.clone(),
        label: "Authenticator app".to_owned(),
        settings: env.totp_settings(),
        last_step: None,
        active: false,
        created_at: tx.now,
        last_used_at: None,
    };
    let sealed = env.keys.vault.seal(&aad(&credential.id), &seed)?;
    store::factor::insert_pending(tx, &credential, &sealed)?;
    Ok((credential, seed))
}

/// How the first code of an enrolment was.
#[derive(Debug)]
pub enum Enrolled {
    /// Right: the factor is in force. These are the recovery codes, shown once.
    Active(Vec<Plain>),
    /// Not right: nothing changed.
    Wrong,
}

/// Puts a waiting authenticator in force with its first code, and makes recovery codes.
pub fn confirm(
    tx: &Write<'_>,
    env: &Env,
    who: &Actor,
    user: &UserId,
    code: &str,
    keep: Option<&SessionId>,
) -> Result<Enrolled> {
    session::permit(tx, who, user)?;
    confirm_proved(tx, env, who, user, code, keep)
}

fn confirm_proved(
    tx: &Write<'_>,
    env: &Env,
    who: &Actor,
    user: &UserId,
    code: &str,
    keep: Option<&SessionId>,
) -> Result<Enrolled> {
    let Some((credential, sealed)) = store::factor::pending(tx, user)? else {
        return Err(Error::conflict("no authenticator waits to be confirmed")
            .with_next("start the enrolment again"));
    };
    let seed = env.keys.vault.open(&aad(&credential.id), &sealed)?;
    let step = totp::check(&seed, &credential.settings, &digits(code), tx.now);
    let Some(step) = step else { return Ok(Enrolled::Wrong) };
    put_in_force(tx, env, who, user, &credential.id, Some(step), keep).map(Enrolled::Active)
}

/// Puts a waiting authenticator in force without a code: for scripts on the host. It must be the one that the script
/// was shown, and not one that somebody began in a browser since.
pub fn confirm_unverified(
    tx: &Write<'_>,
    env: &Env,
    who: &Actor,
    user: &UserId,
    shown: &CredentialId,
) -> Result<Vec<Plain>> {
    who.must_operate()?;
    let waiting = store::factor::pending(tx, user)?;
    if waiting.is_none_or(|(waiting, _)| waiting.id != *shown) {
        return Err(Error::conflict("this authenticator does not wait to be confirmed"));
    }
    put_in_force(tx, env, who, user, shown, None, None)
}

fn put_in_force(
    tx: &Write<'_>,
    env: &Env,
    who: &Actor,
    user: &UserId,
    id: &CredentialId,
    step: Option<i64>,
    keep: Option<&SessionId>,
) -> Result<Vec<Plain>> {
    if !store::factor::activate(tx, id, step)? {
        return Err(Error::conflict("this authenticator was confirmed already"));
    }
    let codes = new_codes(tx, env, user)?;
    audit::record(tx, who, &Event::new("factor.enroll").user(user).with("type", "totp"))?;
    end_other_sessions(tx, who, user, keep)?;
    Ok(codes)
}

/// Sessions opened without the factor must not outlive its arrival.
pub(in crate::ops) fn end_other_sessions(
    tx: &Write<'_>,
    who: &Actor,
    user: &UserId,
    keep: Option<&SessionId>,
) -> Result<()> {
    for session in session::end_all_of(tx, who, user, keep, "second factor added")? {
        store::grant::revoke_of_session(tx, &session, "second factor added", true)?;
    }
    Ok(())
}

/// The sign-in, if it stands at enrolment and the person still has no factor. Whoever knows the password could have
/// waited at this step until the owner had one.
pub(in crate::ops) fn enrolling(tx: &Write<'_>, way: &OnTheWay) -> Result<Option<SignIn>> {
    let live = store::sign_in::find(tx, &way.token, &way.arrival.browser)?;
    let Some(sign_in) = live.filter(|now| now.stage == Stage::Enroll) else { return Ok(None) };
    Ok((!has_any(tx, &way.user.id)?).then_some(sign_in))
}

/// Enrolment as a step of a sign-in: what to show. `shown` is the id that the page carried, after a wrong code.
pub fn enroll_on_the_way(
    tx: &Write<'_>,
    env: &Env,
    way: &OnTheWay,
    shown: Option<&str>,
) -> Result<Option<Enrolment>> {
    if enrolling(tx, way)?.is_none() {
        return Ok(None);
    }
    match shown {
        Some(id) => enroll_again(tx, env, &way.user, Some(id)).map(Some),
        None => enroll(tx, env, &way.user).map(Some),
    }
}

/// Enrolment as a step of a sign-in: the first code. Right: the codes are shown and wait to be stored.
pub fn confirm_on_the_way(
    tx: &Write<'_>,
    env: &Env,
    origin: &Origin,
    way: &OnTheWay,
    code: &str,
) -> Result<Option<Enrolled>> {
    let Some(sign_in) = enrolling(tx, way)? else { return Ok(None) };
    let who = Actor::anonymous(origin.clone());
    let enrolled = confirm_proved(tx, env, &who, &way.user.id, code, None)?;
    if matches!(enrolled, Enrolled::Active(_)) {
        let mut proved = sign_in.amr;
        proved.extend([amr::OTP.to_owned(), amr::MFA.to_owned()]);
        store::sign_in::advance(tx, &way.token, Stage::Enroll, Stage::RecoveryCodes, &proved)?;
    }
    Ok(Some(enrolled))
}
