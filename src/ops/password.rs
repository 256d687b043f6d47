//! Choosing a password: policy, history, hash. Slow, so all but the last step runs outside a transaction.

use std::fmt;

use zeroize::Zeroizing;

use super::{
    audit,
    env::Env,
    link::{self, Purpose},
    notice, session,
};
use crate::{
    db::{Read, Write},
    error::{Error, Result},
    model::{
        actor::Actor,
        audit::Event,
        ending,
        id::{SessionId, UserId},
        message::mail::Mail,
        password::{self, About, Violation},
    },
    store,
};

/// What a password is judged against beside the policy, read before the slow part.
#[derive(Default)]
pub struct Basis {
    username: String,
    email: String,
    name: String,
    current: Option<String>,
    history: Vec<String>,
}

/// Without the hashes.
impl fmt::Debug for Basis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Basis").field("username", &self.username).finish_non_exhaustive()
    }
}

impl Basis {
    /// For someone who has no row yet.
    pub fn new_user(username: &str, email: &str, name: &str) -> Self {
        Self {
            username: username.to_owned(),
            email: email.to_owned(),
            name: name.to_owned(),
            ..Self::default()
        }
    }

    fn about<'a>(&'a self, words: &'a [&'a str]) -> About<'a> {
        About { username: &self.username, email: &self.email, display_name: &self.name, words }
    }

    /// For someone who exists.
    pub fn of(r: &Read<'_>, env: &Env, user: &UserId) -> Result<Self> {
        let found = store::user::by_id(r, user)?.ok_or_else(|| Error::not_found("user", user))?;
        let count = env.config.authentication.password.history.prevent_reuse;
        Ok(Self {
            username: found.username,
            email: found.email,
            name: found.name,
            current: store::user::password_hash(r, user)?,
            history: store::user::password_history(r, user, count)?,
        })
    }
}

/// A password that passed, ready to be stored with [`set`].
pub struct Chosen {
    pub(super) hash: String,
    basis: Option<String>,
}

/// Without the hashes.
impl fmt::Debug for Chosen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Chosen").finish_non_exhaustive()
    }
}

/// One reason why a password does not do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// It breaks a rule of the policy.
    Rule(Violation),
    /// It is one of the person's last so many.
    Reused(u32),
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rule(violation) => violation.fmt(f),
            Self::Reused(last) => write!(f, "must not be one of your last {last} passwords"),
        }
    }
}

/// Why a password was refused: every reason at once.
#[derive(Debug)]
pub enum Refused {
    /// The policy or the history says no.
    Unfit(Vec<Unfit>),
    /// It could not be judged.
    Failed(Error),
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl From<Refused> for Error {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Unfit(reasons) => {
                let reasons: Vec<String> = reasons.iter().map(Unfit::to_string).collect();
                Self::invalid("password", reasons.join("; "))
            }
            Refused::Failed(error) => error,
        }
    }
}

/// What a password is worth, before anybody chooses it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// From 0, guessed at once, to 4.
    pub score: u8,
    /// The rules it breaks.
    pub broken: Vec<Violation>,
}

/// Judges as [`choose`] does, but against the rules alone: the history takes a hash for each old password.
pub fn judge(env: &Env, basis: &Basis, candidate: &str) -> Judged {
    let words = own_words(env);
    let about = basis.about(&words);
    let checked = password::check(&env.password_policy(), candidate, &about);
    Judged { score: password::score(candidate, &about), broken: checked.err().unwrap_or_default() }
}

/// What names this site.
fn own_words(env: &Env) -> [&str; 3] {
    ["mcpcodex", &env.config.server.brand.name, env.site.host()]
}

/// Judges and hashes. Blocks for as long as hashing takes: never on a runtime thread, never in a transaction.
pub fn choose(env: &Env, basis: &Basis, candidate: &str) -> Result<Chosen, Refused> {
    let words = own_words(env);
    password::check(&env.password_policy(), candidate, &basis.about(&words))
        .map_err(|all| Refused::Unfit(all.into_iter().map(Unfit::Rule).collect()))?;
    let candidate: Zeroizing<String> = password::normalise(candidate);
    let reuse = env.config.authentication.password.history.prevent_reuse;
    if reuse > 0 {
        // The current one stands in the history as well, unless its hash was made anew since.
        let older = basis.history.iter().filter(|old| Some(*old) != basis.current.as_ref());
        for old in basis.current.iter().chain(older) {
            if env.hasher.verify(&candidate, old)?.matches {
                return Err(Refused::Unfit(vec![Unfit::Reused(reuse)]));
            }
        }
    }
    let hash = env.hasher.hash(&candidate)?;
    Ok(Chosen { hash, basis: basis.current.clone() })
}

/// Stores a chosen password and ends every session but `keep`. Fails if the password changed in between.
pub fn set(
    tx: &Write<'_>,
    env: &Env,
    who: &Actor,
    user: &UserId,
    chosen: &Chosen,
    keep: Option<&SessionId>,
) -> Result<session::Shut> {
    session::permit_recent(tx, env, who, user)?;
    store(tx, env, who, user, chosen, keep)
}

/// [`set`] for ops that have their own proof of who asks: a link, or a sign-in that stands at this step.
pub(super) fn store(
    tx: &Write<'_>,
    env: &Env,
    who: &Actor,
    user: &UserId,
    chosen: &Chosen,
    keep: Option<&SessionId>,
) -> Result<session::Shut> {
    if store::user::password_hash(tx, user)? != chosen.basis {
        return Err(Error::conflict("the password was changed in the meantime"));
    }
    store::user::set_password(tx, user, &chosen.hash)?;
    let kept = env.config.authentication.password.history.prevent_reuse.max(1);
    store::user::trim_password_history(tx, user, kept)?;
    link::void(tx, Purpose::Reset, user)?;
    if chosen.basis.is_some() {
        notice::tell(tx, env, user, &Mail::PasswordChanged { at: tx.now })?;
    }
    audit::record(tx, who, &Event::new("password.set").user(user))?;
    session::shut(tx, who, user, keep, ending::PASSWORD)
}
