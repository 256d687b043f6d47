//! How a passkey comes into force: a challenge for the device, and the key that it answers with.

use super::{Ceremony, Given, give_out, known, place_of, relying_party};
use crate::{
    crypto::{
        secret::{Hashed, random_bytes},
        webauthn::{Made, Owner},
    },
    db::Write,
    error::{Error, Result},
    model::{
        actor::{Actor, Origin, Principal},
        audit::Event,
        factor::Method,
        id::{CeremonyId, CredentialId, UserId},
        passkey::{self, MAX_PASSKEYS, Passkey, Place, Proof, Purpose, Refusal},
        user::User,
    },
    ops::{
        audit,
        env::Env,
        factor::{InForce, enrolment},
        login::OnTheWay,
        session,
    },
    store::{self, passkey::Stored},
};

/// How a registration ended.
#[derive(Debug)]
pub enum Registered {
    /// The passkey is in force.
    Active(Box<Enrolled>),
    /// Nothing changed but that the challenge is spent.
    Wrong(Refusal),
}

/// A passkey that came into force.
#[derive(Debug)]
pub struct Enrolled {
    /// It.
    pub passkey: Passkey,
    /// What its making proved, as a use would.
    pub proof: Proof,
    /// Recovery codes and the session that goes on.
    pub in_force: InForce,
}

/// Where a signed-in person registers: in their session.
pub(super) fn own_place(who: &Actor, browser: &Hashed) -> Result<Place> {
    match &who.principal {
        Principal::Person { session, .. } => Ok(Place::of_session(browser, session)),
        Principal::Anonymous
        | Principal::ApiKey { .. }
        | Principal::Program { .. }
        | Principal::Operator { .. }
        | Principal::System => Err(Error::denied("a passkey is registered in its owner's browser")),
    }
}

/// Asks a signed-in person's device for a new passkey.
pub fn register(
    tx: &Write<'_>,
    env: &Env,
    who: &Actor,
    user: &User,
    browser: &Hashed,
) -> Result<Ceremony> {
    session::permit_recent(tx, env, who, &user.id)?;
    enrolment::refuse_without_link(tx, who, &user.id)?;
    register_at(tx, env, &own_place(who, browser)?, user)
}

/// Judges the answer to [`register`] and puts the passkey in force; every other session ends.
pub fn registered(
    tx: &Write<'_>,
    env: &Env,
    who: &Actor,
    browser: &Hashed,
    given: &Given<'_>,
    label: &str,
) -> Result<Registered> {
    let place = own_place(who, browser)?;
    let Principal::Person { user, .. } = &who.principal else {
        return Err(Error::denied("nobody is signed in here"));
    };
    session::permit_recent(tx, env, who, user)?;
    enrolment::refuse_without_link(tx, who, user)?;
    registered_at(tx, env, who, &New { user, place: &place, given, label })
}

/// An answer to [`register_at`].
#[derive(Clone, Copy, Debug)]
pub(in crate::ops) struct New<'a> {
    /// Whose passkey.
    pub user: &'a UserId,
    /// Where it was asked for.
    pub place: &'a Place,
    /// The answer.
    pub given: &'a Given<'a>,
    /// The name of the passkey; empty for one of ours.
    pub label: &'a str,
}

/// Asks a device for a new passkey. For callers with their own proof of who asks; else [`register`].
pub(in crate::ops) fn register_at(
    tx: &Write<'_>,
    env: &Env,
    place: &Place,
    user: &User,
) -> Result<Ceremony> {
    let party = relying_party(env)?;
    let passkeys = store::passkey::of_user(tx, &user.id)?;
    refuse_too_many(passkeys.len())?;
    store::passkey::insert_handle(tx, &user.id, &random_bytes())?;
    let handle = store::passkey::handle(tx, &user.id)?.and_then(|handle| handle.try_into().ok());
    let handle = handle.ok_or_else(|| Error::internal("a person has no name for devices"))?;
    let display_name = if user.name.is_empty() { &user.username } else { &user.name };
    let owner = Owner { handle, name: &user.username, display_name };
    let challenge = party.begin_registration(&owner, &known(&passkeys))?;
    give_out(tx, Purpose::Register, place, Some(&user.id), challenge)
}

fn refuse_too_many(count: usize) -> Result<()> {
    if count >= MAX_PASSKEYS {
        return Err(Error::conflict(format!("nobody may have more than {MAX_PASSKEYS} passkeys"))
            .with_next("remove one that is not used any more"));
    }
    Ok(())
}

/// Judges the answer to [`register_at`]. For callers with their own proof of who asks; else [`registered`].
pub(in crate::ops) fn registered_at(
    tx: &Write<'_>,
    env: &Env,
    who: &Actor,
    new: &New<'_>,
) -> Result<Registered> {
    match judge(tx, env, new)? {
        Ok(made) => put_in_force(tx, env, who, new, made),
        Err(refusal) => {
            let event = Event::new("passkey.wrong").user(new.user);
            audit::record(tx, who, &event.with("reason", refusal.as_str()))?;
            Ok(Registered::Wrong(refusal))
        }
    }
}

fn judge(tx: &Write<'_>, env: &Env, new: &New<'_>) -> Result<Result<Made, Refusal>> {
    let Ok(party) = relying_party(env) else { return Ok(Err(Refusal::SwitchedOff)) };
    let id = CeremonyId::from_text(new.given.ceremony);
    let state =
        store::passkey::take_ceremony(tx, &id, Purpose::Register, new.place, Some(new.user))?;
    let Some(state) = state else { return Ok(Err(Refusal::Gone)) };
    let made = match party.finish_registration(&state, new.given.answer)? {
        Ok(made) => made,
        Err(fault) => return Ok(Err(Refusal::Fault(fault))),
    };
    // Whoever has it: one passkey names one person (WebAuthn §7.1, step 26).
    if store::passkey::by_credential(tx, &made.credential)?.is_some() {
        return Ok(Err(Refusal::Known));
    }
    Ok(Ok(made))
}

fn put_in_force(
    tx: &Write<'_>,
    env: &Env,
    who: &Actor,
    new: &New<'_>,
    made: Made,
) -> Result<Registered> {
    let user = new.user;
    let count = store::passkey::of_user(tx, user)?.len();
    refuse_too_many(count)?;
    let passkey = Passkey {
        id: CredentialId::new(),
        user_id: user.clone(),
        label: passkey::label(new.label, count.saturating_add(1))?,
        counter: made.counter,
        syncable: made.syncable,
        backed_up: made.backed_up,
        transports: made.transports,
        created_at: tx.now,
        last_used_at: None,
        flagged_at: None,
    };
    let stored = Stored { passkey, credential: made.credential, record: made.record };
    store::passkey::insert(tx, &stored)?;
    let passkey = stored.passkey;
    let proof = Proof {
        user: user.clone(),
        credential: passkey.id.clone(),
        verified: made.verified,
        syncable: made.syncable,
    };
    let proved = proof.amr_beside();
    let proved: Vec<&str> = proved.iter().map(String::as_str).collect();
    let in_force = enrolment::in_force_with(tx, env, who, user, Method::Passkey, &proved)?;
    Ok(Registered::Active(Box::new(Enrolled { passkey, proof, in_force })))
}

/// Registration as a step of a sign-in: what to ask the device. `None` when the sign-in stands elsewhere.
pub fn register_on_the_way(tx: &Write<'_>, env: &Env, way: &OnTheWay) -> Result<Option<Ceremony>> {
    match enrolment::enrolling(tx, way)? {
        Some(_) => register_at(tx, env, &place_of(way), &way.user).map(Some),
        None => Ok(None),
    }
}

/// Registration as a step of a sign-in: the answer. Right: the recovery codes are shown and wait to be stored.
pub fn registered_on_the_way(
    tx: &Write<'_>,
    env: &Env,
    origin: &Origin,
    way: &OnTheWay,
    given: &Given<'_>,
    label: &str,
) -> Result<Option<Registered>> {
    let Some(sign_in) = enrolment::enrolling(tx, way)? else { return Ok(None) };
    let who = Actor::anonymous(origin.clone());
    let place = place_of(way);
    let new = New { user: &way.user.id, place: &place, given, label };
    let registered = registered_at(tx, env, &who, &new)?;
    if let Registered::Active(enrolled) = &registered {
        let proved = enrolled.proof.amr_beside();
        let proved: Vec<&str> = proved.iter().map(String::as_str).collect();
        enrolment::enrolled_on_the_way_with(tx, way, sign_in, &proved)?;
    }
    Ok(Some(registered))
}
