//! Signing in: password first, then whatever the account still owes, one step at a time.
//! [`begin`] reserves a try, [`verify`] hashes outside any transaction, [`finish`] settles.

mod arrival;
mod mfa;
mod raise;
mod way;

use std::{fmt, time::Duration};

use self::way::{Progress, next_stage};
pub use self::{
    arrival::{Arrival, Entered, Visitor},
    mfa::{Verified, verify_mfa},
    way::{OnTheWay, change_expired, on_the_way},
};
pub(super) use self::{raise::begin as raise_session, way::proceed};

use super::{
    attempt, audit, device,
    env::Env,
    factor,
    link::{self, Purpose},
    notice, session,
};
use crate::{
    crypto::secret::{self, Hashed, Plain},
    db::{Read, Write},
    error::{Error, Kind, Result},
    model::{
        actor::{Actor, Origin},
        attempt::{Limits, Reserved, Scope},
        audit::Event,
        device::in_words,
        id::{DeviceId, UserId},
        message::mail::Mail,
        name::{Email, Username},
        passkey::Proof,
        password as policy,
        session::amr,
        sign_in::{LIFETIME, SignIn, Stage},
        user::{User, UserState},
    },
    store,
};

/// A try that was reserved and waits for its comparison.
pub struct Try {
    subject: String,
    address: String,
    user: Option<UserId>,
    /// Whether it is counted for the browser instead of the person.
    known: bool,
    phc: Option<String>,
    next: Duration,
}

impl Try {
    /// It was right: the counts start again; an address, which others share, only gets this one back.
    fn succeed(&self, tx: &Write<'_>) -> Result<()> {
        attempt::succeed(tx, Scope::Account, &self.subject)?;
        if let Some(user) = self.counted_for() {
            attempt::succeed(tx, Scope::Account, &person(user))?;
        }
        attempt::give_back(tx, Scope::Address, &self.address)
    }

    /// It never came to a comparison.
    fn give_back(&self, tx: &Write<'_>) -> Result<()> {
        attempt::give_back(tx, Scope::Account, &self.subject)?;
        if let Some(user) = self.counted_for() {
            attempt::give_back(tx, Scope::Account, &person(user))?;
        }
        attempt::give_back(tx, Scope::Address, &self.address)
    }

    fn counted_for(&self) -> Option<&UserId> {
        self.user.as_ref().filter(|_| !self.known)
    }
}

/// Without the hash.
impl fmt::Debug for Try {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Try")
            .field("subject", &self.subject)
            .field("address", &self.address)
            .field("next", &self.next)
            .finish_non_exhaustive()
    }
}

/// Whether a try may be made.
#[derive(Debug)]
pub enum Begun {
    /// It may; it counts as wrong until [`finish`].
    Try(Box<Try>),
    /// Not before this long.
    Wait(Duration),
}

/// What the comparison said.
pub struct Compared {
    matches: bool,
    rehash: Option<String>,
}

/// Without the hash.
impl fmt::Debug for Compared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Compared").field("matches", &self.matches).finish_non_exhaustive()
    }
}

/// How a step of a sign-in ended.
#[derive(Debug)]
pub enum Step {
    /// Not right. The text is the same for every reason; the next try counts after this long.
    Wrong(Duration),
    /// One step further: this one is next.
    Next(Stage),
    /// In.
    In(Box<Entered>),
    /// There is no such sign-in, or not at this step: start again.
    Gone,
}

/// The first step's result: a step, and the token that carries the sign-in through the next ones.
#[derive(Debug)]
pub struct Finished {
    /// What comes.
    pub step: Step,
    /// Names the sign-in, when more steps follow.
    pub token: Option<Plain>,
}

/// Reserves a try for a name, whether anyone has it or not, and for the address. A browser that this person has signed
/// in with before has tries of its own, so that strangers cannot shut its owner out.
pub fn begin(
    tx: &Write<'_>,
    env: &Env,
    origin: &Origin,
    username: &str,
    device: Option<&Hashed>,
) -> Result<Begun> {
    let user = find(tx, username)?;
    let known = match &user {
        Some(user) => device::known(tx, &user.id, device)?,
        None => None,
    };
    let subject = match &known {
        Some(device) => browser(&device.id),
        None => subject(username),
    };
    let address = attempt::address_key(&origin.address);
    if let Reserved::Wait(wait) =
        attempt::reserve(tx, Scope::Address, &address, &env.address_limits())?
    {
        return Ok(Begun::Wait(wait));
    }
    let next = match attempt::reserve(tx, Scope::Account, &subject, &env.account_limits())? {
        Reserved::Go(tries) => tries.next_at.since(tx.now),
        Reserved::Wait(wait) => {
            attempt::give_back(tx, Scope::Address, &address)?;
            return Ok(Begun::Wait(wait));
        }
    };
    let phc = match &user {
        Some(user) if known.is_some() || within_limit(tx, env, &user.id)? => {
            store::user::password_hash(tx, &user.id)?
        }
        Some(_) | None => None,
    };
    let known = known.is_some();
    let user = user.map(|user| user.id);
    Ok(Begun::Try(Box::new(Try { subject, address, user, known, phc, next })))
}

/// Whoever has the user name or e-mail address that was typed.
pub(super) fn find(r: &Read<'_>, typed: &str) -> Result<Option<User>> {
    // No user name holds an "@".
    if let Some(key) = Email::lookup_key(typed) {
        return store::user::by_email_key(r, &key);
    }
    match Username::lookup_key(typed) {
        Some(key) => store::user::by_username_key(r, &key),
        None => Ok(None),
    }
}

/// Counts a try for the person as well, so that user name and e-mail address together give no more of them than one.
/// Beyond the limit nothing is compared and the answer is "wrong": a pause shown here would tell that the two names
/// belong together.
fn within_limit(tx: &Write<'_>, env: &Env, user: &UserId) -> Result<bool> {
    let limits = Limits { progressive: false, ..env.account_limits() };
    let reserved = attempt::reserve(tx, Scope::Account, &person(user), &limits)?;
    Ok(matches!(reserved, Reserved::Go(_)))
}

/// What a person's tries are counted under, whatever was typed. No typed name begins like this.
pub(super) fn person(user: &UserId) -> String {
    format!("#{user}")
}

/// What the tries from a browser are counted under that the person has signed in with before.
pub(super) fn browser(device: &DeviceId) -> String {
    format!("#{device}")
}

/// What the tries of a typed name are counted under, without keeping what was typed when it is no name.
pub(super) fn subject(username: &str) -> String {
    Email::lookup_key(username)
        .or_else(|| Username::lookup_key(username))
        .unwrap_or_else(|| format!("#{}", secret::b64(Hashed::of(username).as_bytes())))
}

/// Compares; as slow for an unknown name as for a known one. Blocks: never on a runtime thread.
pub fn verify(env: &Env, attempt: &Try, candidate: &str) -> Result<Compared> {
    let candidate = policy::normalise(candidate);
    let Some(phc) = &attempt.phc else {
        env.hasher.burn(&candidate)?;
        return Ok(Compared { matches: false, rehash: None });
    };
    let verified = env.hasher.verify(&candidate, phc)?;
    let rehash = (verified.matches && verified.stale).then(|| env.hasher.hash(&candidate));
    Ok(Compared { matches: verified.matches, rehash: rehash.and_then(Result::ok) })
}

/// Gives a try back that was never compared, because the permits for hashing were taken.
pub fn abandon(tx: &Write<'_>, attempt: &Try, why: &Error) -> Result<()> {
    if why.kind() == Kind::Busy { attempt.give_back(tx) } else { Ok(()) }
}

/// Settles a try that opens nothing, such as the old password before a new one; how long to wait when it was wrong.
pub fn settle(tx: &Write<'_>, attempt: &Try, compared: &Compared) -> Result<Option<Duration>> {
    if !compared.matches {
        return Ok(Some(attempt.next));
    }
    attempt.succeed(tx)?;
    Ok(None)
}

/// Settles a try: wrong stays counted, right starts the next step.
pub fn finish(
    tx: &Write<'_>,
    env: &Env,
    origin: &Origin,
    attempt: &Try,
    compared: &Compared,
    arrival: &Arrival,
) -> Result<Finished> {
    let user = match (&attempt.user, compared.matches) {
        (Some(id), true) => store::user::by_id(tx, id)?,
        _ => None,
    };
    // The row may have changed while we hashed: a lock or a new password decides.
    let good = match user {
        Some(user) if user.state == UserState::Active && unchanged(tx, &user, attempt)? => {
            Some(user)
        }
        _ => None,
    };
    let Some(user) = good else {
        let mut event = Event::new("sign_in.wrong").with("next_try_s", attempt.next.as_secs());
        if let Some(user) = &attempt.user {
            event = event.user(user);
        }
        audit::record(tx, &Actor::anonymous(origin.clone()), &event)?;
        return Ok(Finished { step: Step::Wrong(attempt.next), token: None });
    };
    attempt.succeed(tx)?;
    if let (Some(new), Some(old)) = (&compared.rehash, &attempt.phc) {
        store::user::rehash_password(tx, &user.id, old, new)?;
    }
    enter(tx, env, origin, &user, vec![amr::PASSWORD.to_owned()], arrival)
}

/// A passkey was proved before anybody was known: it is the first factor, and the second if the device checked the
/// person. Never paused, so that whoever guesses at someone's password keeps nobody out who has one.
pub fn with_passkey(
    tx: &Write<'_>,
    env: &Env,
    origin: &Origin,
    proof: &Proof,
    arrival: &Arrival,
) -> Result<Finished> {
    let user = store::user::by_id(tx, &proof.user)?;
    let Some(user) = user.filter(|user| user.state == UserState::Active) else {
        return Ok(Finished { step: Step::Gone, token: None });
    };
    let proved = proof.amr();
    if !proof.verified && factor::offered(tx, env, &user.id, &proved)?.is_empty() {
        // One factor, and nothing else to go on with but the password: that is asked for first.
        return Ok(Finished { step: Step::Wrong(Duration::ZERO), token: None });
    }
    enter(tx, env, origin, &user, proved, arrival)
}

/// A provider has said who it is: the first factor, and the second one too when `vouched`.
pub(super) fn with_provider(
    tx: &Write<'_>,
    env: &Env,
    origin: &Origin,
    user: &User,
    vouched: bool,
    arrival: &Arrival,
) -> Result<Finished> {
    let mut proved = vec![amr::PROVIDER.to_owned()];
    if vouched {
        proved.push(amr::MFA.to_owned());
    }
    enter(tx, env, origin, user, proved, arrival)
}

/// The first factor is proved: the next step, or in.
fn enter(
    tx: &Write<'_>,
    env: &Env,
    origin: &Origin,
    user: &User,
    proved: Vec<String>,
    arrival: &Arrival,
) -> Result<Finished> {
    let enrol_link = match &arrival.enrol_link {
        Some(token) => link::id_for(tx, env, Purpose::Enroll, token.expose(), &user.id)?,
        None => None,
    };
    let progress = Progress {
        proved: &proved,
        strength: arrival.strength,
        device: arrival.visitor.device.as_ref(),
        enrols: enrol_link.is_some(),
        vouched: [amr::PROVIDER, amr::MFA].iter().all(|one| proved.iter().any(|own| own == one)),
    };
    let Some(stage) = next_stage(tx, env, user, &progress)? else {
        let entered = open(tx, env, origin, user, proved, arrival, false)?;
        return Ok(Finished { step: Step::In(Box::new(entered)), token: None });
    };
    let token = secret::random_token(32);
    let sign_in = SignIn {
        user_id: user.id.clone(),
        stage,
        remember_me: arrival.remember_me,
        amr: proved,
        return_to: arrival.return_to.clone(),
        strength: arrival.strength,
        trust_device: false,
        enrol_link,
        raises: None,
        expires_at: tx.now.plus(LIFETIME),
    };
    let browser = &arrival.visitor.browser;
    store::sign_in::insert(tx, &Hashed::of(token.expose()), browser, &sign_in)?;
    Ok(Finished { step: Step::Next(stage), token: Some(token) })
}

fn unchanged(r: &Read<'_>, user: &User, attempt: &Try) -> Result<bool> {
    Ok(store::user::password_hash(r, &user.id)? == attempt.phc)
}

fn open(
    tx: &Write<'_>,
    env: &Env,
    origin: &Origin,
    user: &User,
    amr: Vec<String>,
    arrival: &Arrival,
    trust: bool,
) -> Result<Entered> {
    let visitor = &arrival.visitor;
    let remember_me = arrival.remember_me && env.remember_me_allowed();
    let arrived = device::arrive(tx, env, origin, &user.id, visitor.device.as_ref(), trust)?;
    if arrived.is_new {
        let (device, address) = (in_words(&origin.user_agent), origin.address.clone());
        let mail = Mail::NewDevice { device, address, at: tx.now };
        notice::tell(tx, env, &user.id, &mail)?;
    }
    let previous = visitor.previous.as_ref();
    let session = session::open_after(tx, env, origin, user, amr, remember_me, previous)?;
    Ok(Entered { session, return_to: arrival.return_to.clone(), device: arrived.token })
}
