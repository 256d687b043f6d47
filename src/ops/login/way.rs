//! A sign-in between its first step and its last: where it stands, what the account still owes, and on to the next.

use super::{Arrival, Step, Visitor, open};
use crate::{
    crypto::secret::Hashed,
    db::{Read, Write},
    error::Result,
    model::{
        actor::{Actor, Origin},
        session::amr,
        sign_in::{SignIn, Stage, Strength},
        user::{User, UserState},
    },
    ops::{device, env::Env, factor, password},
    store,
};

/// How far a sign-in has come.
pub(super) struct Progress<'a> {
    pub(super) proved: &'a [String],
    pub(super) strength: Strength,
    pub(super) device: Option<&'a Hashed>,
    /// Whether it began with an enrolment link that has not been used up.
    pub(super) enrols: bool,
    /// Whether a provider that is trusted for it has checked a second factor.
    pub(super) vouched: bool,
}

impl Progress<'_> {
    fn has(&self, method: &str) -> bool {
        self.proved.iter().any(|proved| proved == method)
    }
}

/// What the account still owes; `None` when it owes nothing.
pub(super) fn next_stage(
    tx: &Write<'_>,
    env: &Env,
    user: &User,
    at: &Progress<'_>,
) -> Result<Option<Stage>> {
    let mfa = &env.config.authentication.mfa;
    let enrolled = if mfa.enabled { factor::enrolled(tx, &user.id)? } else { Vec::new() };
    let verified = at.has(amr::MFA);
    // The factor comes before the new password: whoever only knows the old one must not choose the next.
    if !enrolled.is_empty() && !verified {
        // A new factor wants proof of the old one, whatever the browser is.
        let trusted = at.strength == Strength::Usual
            && !at.enrols
            && device::is_trusted(tx, env, &user.id, at.device)?;
        if !trusted {
            return Ok(Some(Stage::SecondFactor));
        }
    }
    if at.has(amr::PASSWORD) && password_expired(tx, env, user) {
        return Ok(Some(Stage::PasswordExpired));
    }
    if at.enrols {
        return Ok(Some(Stage::Enroll));
    }
    // A factor of the provider's own is one to go on with.
    if at.vouched {
        return Ok(None);
    }
    // A factor that is not allowed any more still keeps strangers out, but it is none to go on with.
    if enrolled.iter().any(|method| factor::allowed(env, *method)) {
        return Ok(None);
    }
    let demanded = at.strength == Strength::Mfa && mfa.enabled && !verified;
    if demanded {
        return Ok(Some(Stage::Enroll));
    }
    if !env.factor_required(user) {
        return Ok(None);
    }
    let from = user.mfa_grace_from.unwrap_or(tx.now);
    if user.mfa_grace_from.is_none() {
        store::user::set_grace(tx, &user.id, Some(from))?;
    }
    let in_grace = tx.now < from.plus(mfa.grace_period);
    Ok((!in_grace).then_some(Stage::Enroll))
}

fn password_expired(r: &Read<'_>, env: &Env, user: &User) -> bool {
    env.password_lifetime().is_some_and(|lifetime| {
        user.password_changed_at.is_some_and(|set| r.now >= set.plus(lifetime))
    })
}

/// A sign-in found by its token, in the browser that began it.
#[derive(Clone, Debug)]
pub struct OnTheWay {
    /// The sign-in.
    pub sign_in: SignIn,
    /// Who.
    pub user: User,
    pub(in crate::ops) token: Hashed,
    pub(in crate::ops) arrival: Arrival,
}

impl OnTheWay {
    /// Where it stands now, asked in the transaction that acts.
    pub(in crate::ops) fn look(&self, r: &Read<'_>) -> Result<Option<SignIn>> {
        store::sign_in::find(r, &self.token, &self.arrival.visitor.browser)
    }
}

/// Finds the sign-in that a browser is in the middle of.
pub fn on_the_way(r: &Read<'_>, token: &str, visitor: &Visitor) -> Result<Option<OnTheWay>> {
    let token = Hashed::of(token);
    let Some(sign_in) = store::sign_in::find(r, &token, &visitor.browser)? else {
        return Ok(None);
    };
    let Some(user) = store::user::by_id(r, &sign_in.user_id)? else { return Ok(None) };
    if user.state != UserState::Active {
        return Ok(None);
    }
    let arrival = Arrival {
        visitor: visitor.clone(),
        return_to: sign_in.return_to.clone(),
        remember_me: sign_in.remember_me,
        strength: sign_in.strength,
        enrol_link: None,
    };
    Ok(Some(OnTheWay { sign_in, user, token, arrival }))
}

/// Leaves the step `from` with `proved`: to the next one, or in.
pub(in crate::ops) fn proceed(
    tx: &Write<'_>,
    env: &Env,
    origin: &Origin,
    way: &OnTheWay,
    from: Stage,
    proved: Vec<String>,
) -> Result<Step> {
    let Some(user) = store::user::by_id(tx, &way.user.id)? else { return Ok(Step::Gone) };
    let Some(now) = way.look(tx)? else { return Ok(Step::Gone) };
    let progress = Progress {
        proved: &proved,
        strength: now.strength,
        device: way.arrival.visitor.device.as_ref(),
        enrols: now.enrol_link.is_some(),
        vouched: false,
    };
    if let Some(stage) = next_stage(tx, env, &user, &progress)? {
        let moved = store::sign_in::advance(tx, &way.token, from, stage, &proved)?;
        return Ok(if moved { Step::Next(stage) } else { Step::Gone });
    }
    if user.state != UserState::Active || !store::sign_in::take(tx, &way.token, from)? {
        return Ok(Step::Gone);
    }
    if let Some(session) = &now.raises {
        return super::raise::finish(tx, origin, way, session, &proved);
    }
    let entered = open(tx, env, origin, &user, proved, &way.arrival, now.trust_device)?;
    store::provider_token::attach(tx, &way.token, &entered.session.id)?;
    Ok(Step::In(Box::new(entered)))
}

/// Stores the new password of a sign-in that stands at `PasswordExpired`, and goes on.
pub fn change_expired(
    tx: &Write<'_>,
    env: &Env,
    origin: &Origin,
    way: &OnTheWay,
    chosen: &password::Chosen,
) -> Result<Step> {
    let Some(sign_in) = way.look(tx)?.filter(|now| now.stage == Stage::PasswordExpired) else {
        return Ok(Step::Gone);
    };
    let who = Actor::anonymous(origin.clone());
    // Ends the person's other sign-ins and sessions; this one is put back so that it can go on.
    password::store(tx, env, &who, &way.user.id, chosen, None)?;
    store::sign_in::insert(tx, &way.token, &way.arrival.visitor.browser, &sign_in)?;
    proceed(tx, env, origin, way, Stage::PasswordExpired, sign_in.amr)
}
