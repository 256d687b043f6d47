//! Passkeys: asking for one and judging the answer; seeing, renaming and removing one's own.
//! How a new one comes into force is `registration`, signing in with one alone `entry`; what the signature proves is
//! `crypto/webauthn.rs`.
//!
//! A challenge is a row that the answer deletes, right or wrong. The check of one signature, a fraction of a
//! millisecond, runs inside the transaction: it is reached only with a challenge of this browser and a passkey that
//! exists, and nothing can come between it and what it decides.

mod entry;
mod registration;

use std::time::Duration;

use serde_json::Value;

pub use self::entry::{ask_again, ask_anyone, confirm, sign_in};
pub use self::registration::{
    Enrolled, Registered, register, register_on_the_way, registered, registered_on_the_way,
};
#[expect(unused_imports, reason = "one-time links will register with them")]
pub(super) use self::registration::{New, register_at, registered_at};
use super::{
    audit,
    env::Env,
    factor::{self, removal},
    login::{self, OnTheWay, Step},
    session,
};
use crate::{
    config::mfa::{CounterRollback, UserVerification},
    crypto::webauthn::{Assertion, Challenge, Known, RelyingParty, Used, Verification},
    db::{Read, Write},
    error::{Error, Result},
    model::{
        actor::{Actor, Origin},
        audit::Event,
        factor::Method,
        id::{CeremonyId, CredentialId, UserId},
        passkey::{self, Passkey, Place, Proof, Purpose, Refusal, counter_went_on},
        sign_in::{SignIn, Stage},
        user::UserState,
    },
    store::{self, passkey::Stored},
};

/// Challenges that wait in one browser: a few tabs, and the list of names beside the button.
const WAITING_IN_BROWSER: u32 = 8;
/// Challenges that wait over all browsers; beyond it the oldest of those go that nobody signed in for.
const WAITING_MAX: u32 = 50_000;

/// A challenge on its way to the browser.
#[derive(Clone, Debug)]
pub struct Ceremony {
    /// Names it in the answer.
    pub id: CeremonyId,
    /// The argument of `navigator.credentials.create` or `.get`, with binary values as base64url.
    pub options: Value,
}

/// An answer as the browser sent it.
#[derive(Clone, Copy, Debug)]
pub struct Given<'a> {
    /// Which challenge it answers.
    pub ceremony: &'a str,
    /// `PublicKeyCredential.toJSON()`, as text.
    pub answer: &'a str,
}

/// How an answer was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Checked {
    /// Right.
    Right(Proof),
    /// Not right; the challenge is spent all the same.
    Wrong(Refusal),
}

/// Whether passkeys are offered: switched on, and the public URL is one that browsers know passkeys for.
pub fn is_offered(env: &Env) -> bool {
    relying_party(env).is_ok()
}

/// Whether a person can be asked for a passkey: they have one that is not shut.
pub fn is_usable(r: &Read<'_>, env: &Env, user: &UserId) -> Result<bool> {
    Ok(is_offered(env) && !usable(r, env, user)?.is_empty())
}

fn usable(r: &Read<'_>, env: &Env, user: &UserId) -> Result<Vec<Stored>> {
    let mut passkeys = store::passkey::of_user(r, user)?;
    passkeys.retain(|stored| !is_shut(env, &stored.passkey));
    Ok(passkeys)
}

/// Whether its counter went back and that is a reason to refuse it.
pub fn is_shut(env: &Env, passkey: &Passkey) -> bool {
    let policy = env.config.authentication.mfa.providers.webauthn.counter_rollback;
    passkey.flagged_at.is_some() && policy == CounterRollback::Refuse
}

fn relying_party(env: &Env) -> Result<RelyingParty> {
    let mfa = &env.config.authentication.mfa;
    let webauthn = &mfa.providers.webauthn;
    if !mfa.enabled || !webauthn.enabled {
        return Err(Error::conflict("passkeys are switched off in the configuration")
            .with_next("set authentication.mfa.providers.webauthn.enabled: true"));
    }
    let verification = match webauthn.user_verification {
        UserVerification::Required => Verification::Required,
        UserVerification::Preferred => Verification::Preferred,
        UserVerification::Discouraged => Verification::Discouraged,
    };
    let id = webauthn.rp_id.as_deref().unwrap_or_else(|| env.site.host());
    RelyingParty::new(id, &webauthn.rp_name, &env.site.public_url, verification)
}

fn known(passkeys: &[Stored]) -> Vec<Known> {
    let one = |stored: &Stored| Known {
        credential: stored.credential.clone(),
        transports: stored.passkey.transports.clone(),
    };
    passkeys.iter().map(one).collect()
}

/// Gives a challenge out.
fn give_out(
    tx: &Write<'_>,
    purpose: Purpose,
    place: &Place,
    user: Option<&UserId>,
    challenge: Challenge,
) -> Result<Ceremony> {
    store::passkey::sweep_ceremonies(tx, tx.now)?;
    // Nobody signs in to ask for one. Under a flood the oldest go, and those who are signed in keep theirs.
    if store::passkey::count_ceremonies(tx)? >= WAITING_MAX {
        store::passkey::drop_oldest_ceremonies(tx, WAITING_MAX / 10)?;
    }
    let id = CeremonyId::new();
    store::passkey::insert_ceremony(tx, &id, purpose, place, user, &challenge.state)?;
    store::passkey::keep_newest_ceremonies(tx, place, WAITING_IN_BROWSER)?;
    Ok(Ceremony { id, options: challenge.options })
}

/// Asks for a passkey: of `user`, or of whoever it is. `None` when there is none to ask for.
///
/// Without a `user` the options name no passkey, so they are alike for every visitor and tell nothing of who exists.
pub fn ask(
    tx: &Write<'_>,
    env: &Env,
    place: &Place,
    user: Option<&UserId>,
) -> Result<Option<Ceremony>> {
    let Ok(party) = relying_party(env) else { return Ok(None) };
    let (purpose, allowed) = match user {
        Some(user) => (Purpose::SecondFactor, known(&usable(tx, env, user)?)),
        None => (Purpose::SignIn, Vec::new()),
    };
    if user.is_some() && allowed.is_empty() {
        return Ok(None);
    }
    give_out(tx, purpose, place, user, party.begin_use(&allowed)?).map(Some)
}

/// Judges the answer to [`ask`], asked of the same `user` at the same `place`.
pub fn check(
    tx: &Write<'_>,
    env: &Env,
    origin: &Origin,
    place: &Place,
    user: Option<&UserId>,
    given: &Given<'_>,
) -> Result<Checked> {
    let who = Actor::anonymous(origin.clone());
    let (owner, refusal) = match judge(tx, env, &who, place, user, given)? {
        Judged::Right(proof) => return Ok(Checked::Right(proof)),
        Judged::Wrong(owner, refusal) => (owner, refusal),
    };
    // What concerns nobody's account is not kept: anyone could fill the disk with it.
    if let Some(owner) = owner.as_ref().or(user) {
        let event = Event::new("passkey.wrong").user(owner).with("reason", refusal.as_str());
        audit::record(tx, &who, &event)?;
    }
    Ok(Checked::Wrong(refusal))
}

enum Judged {
    Right(Proof),
    Wrong(Option<UserId>, Refusal),
}

fn judge(
    tx: &Write<'_>,
    env: &Env,
    who: &Actor,
    place: &Place,
    user: Option<&UserId>,
    given: &Given<'_>,
) -> Result<Judged> {
    let unknown = |refusal| Ok(Judged::Wrong(None, refusal));
    let Ok(party) = relying_party(env) else { return unknown(Refusal::SwitchedOff) };
    let purpose = if user.is_some() { Purpose::SecondFactor } else { Purpose::SignIn };
    let id = CeremonyId::from_text(given.ceremony);
    let Some(state) = store::passkey::take_ceremony(tx, &id, purpose, place, user)? else {
        return unknown(Refusal::Gone);
    };
    let assertion = match Assertion::read(given.answer) {
        Ok(assertion) => assertion,
        Err(fault) => return unknown(Refusal::Fault(fault)),
    };
    let Some(stored) = store::passkey::by_credential(tx, &assertion.credential)? else {
        return unknown(Refusal::Unknown);
    };
    let owner = stored.passkey.user_id.clone();
    let wrong = |refusal| Ok(Judged::Wrong(Some(owner.clone()), refusal));
    if !is_theirs(tx, user, &owner, assertion.handle.as_deref())? {
        return wrong(Refusal::OtherPerson);
    }
    let account = store::user::by_id(tx, &owner)?;
    if account.is_none_or(|account| account.state != UserState::Active) {
        return wrong(Refusal::OwnerShut);
    }
    let said = match party.finish_use(&state, &assertion, &stored.record)? {
        Ok(said) => said,
        Err(fault) => return wrong(Refusal::Fault(fault)),
    };
    if !settle_counter(tx, env, who, &stored.passkey, said)? {
        return wrong(Refusal::CounterBack);
    }
    let (verified, syncable) = (said.verified, said.syncable);
    Ok(Judged::Right(Proof { user: owner, credential: stored.passkey.id, verified, syncable }))
}

/// Whether the passkey belongs to whom it was asked of, and the device says so too. Where nobody was known it must
/// say so: the account is chosen by nothing else (WebAuthn §7.2, step 6).
fn is_theirs(
    r: &Read<'_>,
    asked: Option<&UserId>,
    owner: &UserId,
    says: Option<&[u8]>,
) -> Result<bool> {
    let handle = store::passkey::handle(r, owner)?;
    let says_so = match says {
        Some(says) => handle.is_some_and(|handle| handle == says),
        None => asked.is_some(),
    };
    Ok(says_so && asked.is_none_or(|asked| asked == owner))
}

/// Notes the use of a passkey; false when its counter is a reason to refuse it.
fn settle_counter(
    tx: &Write<'_>,
    env: &Env,
    who: &Actor,
    passkey: &Passkey,
    used: Used,
) -> Result<bool> {
    if !counter_went_on(passkey.counter, used.counter) {
        store::passkey::flag(tx, &passkey.id)?;
        let event = Event::new("passkey.counter_back")
            .user(&passkey.user_id)
            .with("passkey", passkey.id.as_str())
            .with("seen", passkey.counter)
            .with("now", used.counter);
        audit::record(tx, who, &event)?;
        if env.config.authentication.mfa.providers.webauthn.counter_rollback
            == CounterRollback::Refuse
        {
            return Ok(false);
        }
    }
    if is_shut(env, passkey) {
        return Ok(false);
    }
    store::passkey::set_used(tx, &passkey.id, used.counter, used.backed_up)?;
    Ok(true)
}

/// Where the challenges of a sign-in belong.
fn place_of(way: &OnTheWay) -> Place {
    let binding = format!("sign-in:{}", crate::crypto::secret::b64(way.token.as_bytes()));
    Place { browser: way.arrival.visitor.browser.clone(), binding }
}

/// The sign-in, if it stands where a passkey helps.
fn waiting(tx: &Write<'_>, env: &Env, way: &OnTheWay) -> Result<Option<SignIn>> {
    let Some(sign_in) = way.look(tx)?.filter(|now| now.stage == Stage::SecondFactor) else {
        return Ok(None);
    };
    let offered = factor::offered(tx, env, &way.user.id, &sign_in.amr)?;
    Ok(offered.contains(&Method::Passkey).then_some(sign_in))
}

/// Asks for a passkey as the second factor of a sign-in; `None` when there is none to ask for, or the sign-in
/// stands elsewhere.
pub fn ask_on_the_way(tx: &Write<'_>, env: &Env, way: &OnTheWay) -> Result<Option<Ceremony>> {
    match waiting(tx, env, way)? {
        Some(_) => ask(tx, env, &place_of(way), Some(&way.user.id)),
        None => Ok(None),
    }
}

/// The passkey as the second factor of a sign-in. Wrong answers cost no pause: a signature cannot be guessed.
pub fn verify_on_the_way(
    tx: &Write<'_>,
    env: &Env,
    origin: &Origin,
    way: &OnTheWay,
    given: &Given<'_>,
    trust_device: bool,
) -> Result<Step> {
    let Some(sign_in) = waiting(tx, env, way)? else { return Ok(Step::Gone) };
    match check(tx, env, origin, &place_of(way), Some(&way.user.id), given)? {
        Checked::Wrong(_) => Ok(Step::Wrong(Duration::ZERO)),
        Checked::Right(proof) => {
            if trust_device {
                store::sign_in::trust_device(tx, &way.token)?;
            }
            let mut proved = sign_in.amr;
            proved.extend(proof.amr_beside());
            login::proceed(tx, env, origin, way, Stage::SecondFactor, proved)
        }
    }
}

/// A person's passkeys, oldest first.
pub fn list(r: &Read<'_>, who: &Actor, user: &UserId) -> Result<Vec<Passkey>> {
    who.must_be(user)?;
    Ok(store::passkey::of_user(r, user)?.into_iter().map(|stored| stored.passkey).collect())
}

/// Gives a passkey another name.
pub fn rename(
    tx: &Write<'_>,
    who: &Actor,
    user: &UserId,
    id: &CredentialId,
    label: &str,
) -> Result<()> {
    session::permit(tx, who, user)?;
    let label = passkey::label(label, 1)?;
    if !store::passkey::rename(tx, user, id, &label)? {
        return Err(Error::not_found("passkey", id));
    }
    let event = Event::new("passkey.rename").user(user).with("passkey", id.as_str());
    audit::record(tx, who, &event)
}

/// Removes a passkey of a person who has just proved who they are; their other sessions end.
pub fn remove(
    tx: &Write<'_>,
    env: &Env,
    who: &Actor,
    user: &UserId,
    id: &CredentialId,
) -> Result<()> {
    session::permit_recent(tx, env, who, user)?;
    if !store::passkey::delete(tx, user, id)? {
        return Err(Error::not_found("passkey", id));
    }
    removal::removed(tx, env, who, user, Method::Passkey)
}
