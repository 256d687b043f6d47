//! Putting an authenticator app in force: a seed is shown, its first code proves that it arrived.
//! Checking codes at sign-in, and recovery codes, are `factor`.

use zeroize::Zeroizing;

use super::{aad, digits, enrolled, new_codes};
use crate::{
    crypto::{secret::Plain, totp},
    db::{Read, Write},
    error::{Error, Result},
    model::{
        actor::{Actor, Origin, Principal},
        audit::Event,
        ending,
        factor::{Method, TotpCredential},
        id::{CredentialId, UserId},
        message::mail::Mail,
        session::{Session, amr},
        sign_in::{SignIn, Stage},
        user::User,
    },
    ops::{
        audit,
        env::Env,
        link::{self, Purpose},
        login::OnTheWay,
        notice, session,
    },
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
    session::permit_recent(tx, env, who, &user.id)?;
    refuse_without_link(tx, who, &user.id)?;
    match which {
        Which::New => enroll(tx, env, user),
        Which::Shown(id) => enroll_again(tx, env, user, Some(id)),
        Which::Waiting => {
            who.must_operate()?;
            enroll_again(tx, env, user, None)
        }
    }
}

/// After a reset by the operator, only the link that came of it leads to a new factor.
pub(in crate::ops) fn refuse_without_link(r: &Read<'_>, who: &Actor, user: &UserId) -> Result<()> {
    if who.must_operate().is_ok() || !store::user::enrols_by_link(r, user)? {
        return Ok(());
    }
    Err(Error::denied(
        "the second factor of this account was reset: a new one needs the link that came of it",
    )
    .with_next("open the link that your administrator gave you, or ask for a new one"))
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

/// What a new factor brings with it.
#[derive(Debug, Default)]
pub struct InForce {
    /// Recovery codes, shown once; none when the person has some already.
    pub codes: Vec<Plain>,
    /// The session that takes the place of the one it was enrolled in.
    pub session: Option<Box<Session>>,
}

/// How the first code of an enrolment was.
#[derive(Debug)]
pub enum Enrolled {
    /// Right: the factor is in force.
    Active(InForce),
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
) -> Result<Enrolled> {
    session::permit_recent(tx, env, who, user)?;
    refuse_without_link(tx, who, user)?;
    confirm_proved(tx, env, who, user, code)
}

fn confirm_proved(
    tx: &Write<'_>,
    env: &Env,
    who: &Actor,
    user: &UserId,
    code: &str,
) -> Result<Enrolled> {
    let Some((credential, sealed)) = store::factor::pending(tx, user)? else {
        return Err(Error::conflict("no authenticator waits to be confirmed")
            .with_next("start the enrolment again"));
    };
    let seed = env.keys.vault.open(&aad(&credential.id), &sealed)?;
    let step = totp::check(&seed, &credential.settings, &digits(code), tx.now);
    let Some(step) = step else { return Ok(Enrolled::Wrong) };
    put_in_force(tx, env, who, user, &credential.id, Some(step)).map(Enrolled::Active)
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
    put_in_force(tx, env, who, user, shown, None).map(|in_force| in_force.codes)
}

fn put_in_force(
    tx: &Write<'_>,
    env: &Env,
    who: &Actor,
    user: &UserId,
    id: &CredentialId,
    step: Option<i64>,
) -> Result<InForce> {
    if !store::factor::activate(tx, id, step)? {
        return Err(Error::conflict("this authenticator was confirmed already"));
    }
    in_force(tx, env, who, user, Method::Totp)
}

/// What follows from a factor that has just been proved for the first time, whichever it is: recovery codes if there
/// are none, an end to the sessions that were opened without it, and more rights for the one it was enrolled in.
pub(in crate::ops) fn in_force(
    tx: &Write<'_>,
    env: &Env,
    who: &Actor,
    user: &UserId,
    method: Method,
) -> Result<InForce> {
    in_force_with(tx, env, who, user, method, &[method.amr(), amr::MFA])
}

/// [`in_force`] for a factor whose first proof says more than its name.
pub(in crate::ops) fn in_force_with(
    tx: &Write<'_>,
    env: &Env,
    who: &Actor,
    user: &UserId,
    method: Method,
    proved: &[&str],
) -> Result<InForce> {
    store::user::set_enrol_by_link(tx, user, false)?;
    link::void(tx, Purpose::Enroll, user)?;
    let event = Event::new("factor.enroll").user(user).with("type", method.as_str());
    audit::record(tx, who, &event)?;
    notice::tell(tx, env, user, &Mail::FactorAdded { method, at: tx.now })?;
    store::device::distrust(tx, user)?;
    let keep = match &who.principal {
        Principal::Person { session, .. } => Some(session),
        Principal::Anonymous
        | Principal::ApiKey { .. }
        | Principal::Program { .. }
        | Principal::Operator { .. }
        | Principal::System => None,
    };
    for session in session::end_all_of(tx, who, user, keep, ending::FACTOR_ADDED)? {
        store::grant::revoke_of_session(tx, &session, ending::FACTOR_ADDED, true)?;
    }
    // In a session, codes that are there stay good; everywhere else new ones can be shown at once.
    let has_codes = store::factor::recovery_codes_left(tx, user)? > 0;
    let codes = if has_codes && keep.is_some() { Vec::new() } else { new_codes(tx, env, user)? };
    let session = match keep {
        Some(id) => Some(Box::new(session::raise(tx, who, id, proved)?)),
        None => None,
    };
    Ok(InForce { codes, session })
}

/// The sign-in, if it stands at enrolment and may enrol: with a link, or when no factor was reset and there is none yet.
/// Whoever knows the password could have waited at this step until the owner had one.
pub(in crate::ops) fn enrolling(tx: &Write<'_>, way: &OnTheWay) -> Result<Option<SignIn>> {
    let Some(sign_in) = way.look(tx)?.filter(|now| now.stage == Stage::Enroll) else {
        return Ok(None);
    };
    let verified = sign_in.amr.iter().any(|proved| proved == amr::MFA);
    if !verified && !enrolled(tx, &way.user.id)?.is_empty() {
        return Ok(None);
    }
    let linked = match &sign_in.enrol_link {
        Some(id) => link::is_live(tx, Purpose::Enroll, id)?,
        None => false,
    };
    if !linked {
        refuse_without_link(tx, &Actor::anonymous(Origin::default()), &way.user.id)?;
    }
    Ok(Some(sign_in))
}

/// A factor was put in force on the way in: the link is used up, and the recovery codes wait to be stored.
pub(in crate::ops) fn enrolled_on_the_way(
    tx: &Write<'_>,
    way: &OnTheWay,
    sign_in: SignIn,
    method: Method,
) -> Result<()> {
    enrolled_on_the_way_with(tx, way, sign_in, &[method.amr(), amr::MFA])
}

/// [`enrolled_on_the_way`] for a factor whose first proof says more than its name.
pub(in crate::ops) fn enrolled_on_the_way_with(
    tx: &Write<'_>,
    way: &OnTheWay,
    sign_in: SignIn,
    first: &[&str],
) -> Result<()> {
    if let Some(id) = &sign_in.enrol_link {
        link::spend_id(tx, Purpose::Enroll, id)?;
        store::sign_in::forget_link(tx, &way.token)?;
    }
    let mut proved = sign_in.amr;
    for one in first {
        if !proved.iter().any(|had| had == one) {
            proved.push((*one).to_owned());
        }
    }
    store::sign_in::advance(tx, &way.token, Stage::Enroll, Stage::RecoveryCodes, &proved).map(drop)
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
    let enrolled = confirm_proved(tx, env, &who, &way.user.id, code)?;
    if matches!(enrolled, Enrolled::Active(_)) {
        enrolled_on_the_way(tx, way, sign_in, Method::Totp)?;
    }
    Ok(Some(enrolled))
}
