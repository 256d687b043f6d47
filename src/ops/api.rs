//! Who asks at the API: a person's program, by an access token for this server or by an API key. What it shows is judged
//! when the request comes, and once more in the transaction that acts. Creating once is `once`.
//!
//! A session cookie is no credential here: what a browser adds by itself must not act (RFC 9700 §4.7).

use super::{
    apikey::{self, Good},
    env::Env,
    oauth::{
        Code, Refusal,
        dpop::{self, Place, Proof},
        token::{self, Access, Owner},
    },
};
use crate::{
    crypto::secret::Plain,
    db::{Read, Write},
    error::{Error, Result},
    model::{
        actor::{Actor, Credential, Origin},
        id::{AgentId, ApiKeyId},
        scope::ScopeSet,
        trace::Rule,
        user::{ADMIN, User},
    },
    time::Time,
};

pub mod once;

/// The scope with which an administrator lets a program administer.
pub const ADMINISTER: &str = "admin:users";
/// The scope with which a person lets an app act on what is theirs.
pub const OWN: &str = "mcpcodex:api";

/// What was shown.
#[derive(Clone, Debug)]
enum Shown {
    /// An access token; with the thumbprint of the key that was proved beside it.
    Token { text: std::sync::Arc<Plain>, jkt: Option<String> },
    /// An API key, by its public half.
    Key(ApiKeyId),
}

/// Whoever asks, as good as it was a moment ago.
#[derive(Clone, Debug)]
pub struct Asker {
    /// In whose name.
    pub user: User,
    /// The agent that it is instead of the person.
    pub agent: Option<AgentId>,
    /// What it was given.
    pub scopes: ScopeSet,
    /// When what it shows ends, if ever.
    pub expires_at: Option<Time>,
    by: Credential,
    shown: Shown,
}

impl Asker {
    /// Whoever holds an API key that was let in.
    pub fn by_key(env: &Env, good: &Good) -> Self {
        Self {
            user: good.user.clone(),
            agent: good.agent.as_ref().map(|agent| agent.id.clone()),
            scopes: good.key.scopes.clone(),
            expires_at: good.key.ends_at(env.rotation()),
            by: Credential::Key(good.key.id.clone()),
            shown: Shown::Key(good.key.id.clone()),
        }
    }

    /// Whether it may administer: the scope, and the role of the person behind it.
    pub fn administers(&self) -> bool {
        self.scopes.has(ADMINISTER) && self.user.has_role(ADMIN)
    }

    /// Whether it may act on what is the person's own. An API key is not the person that it belongs to.
    pub fn owns(&self) -> bool {
        matches!(self.by, Credential::Token { .. }) && (self.scopes.has(OWN) || self.administers())
    }

    /// What it proved itself by.
    pub fn credential(&self) -> &Credential {
        &self.by
    }

    /// The asker as ops know it.
    pub fn actor(&self, origin: Origin) -> Actor {
        Actor::program(self.user.id.clone(), self.by.clone(), self.administers(), origin)
    }

    /// Whose creations by an idempotency key are the same.
    pub fn principal(&self) -> String {
        match &self.by {
            Credential::Key(id) => id.to_string(),
            Credential::Token { client } => format!("{client} {}", self.user.id),
        }
    }

    /// The asker as it stands in the transaction that acts, so that nothing happens any more once it was shut out or a
    /// right was taken from it.
    pub fn again(&self, r: &Read<'_>, env: &Env) -> Result<Self> {
        let gone =
            || Error::denied("what you showed is not good any more").with_next("sign in again");
        match &self.shown {
            Shown::Key(id) => {
                let good = apikey::inspect_by_id(r, env, id)?.map_err(|_| gone())?;
                Ok(Self::by_key(env, &good))
            }
            Shown::Token { text, jkt } => {
                let access = token::access(r, env, text.expose())?.map_err(|_| gone())?;
                of_token(env, access, text, jkt.clone()).map_err(|_| gone())
            }
        }
    }
}

/// Reads an access token that whoever has it may show.
pub fn by_token(r: &Read<'_>, env: &Env, text: &str) -> Result<Result<Asker, Refusal>> {
    let Ok(access) = token::access(r, env, text)? else { return Ok(Err(not_good())) };
    if access.jkt.is_some() {
        return Ok(Err(refused(
            "the access token is bound to a key: show it as DPoP, with a proof",
        )));
    }
    Ok(of_token(env, access, &Plain::new(text.to_owned()).into(), None))
}

/// Reads an access token that is shown with a proof of the key that it is bound to (RFC 9449 §7.1). The proof is spent.
pub fn by_bound_token(
    tx: &Write<'_>,
    env: &Env,
    text: &str,
    proof: Option<&Proof>,
    (method, path): (&str, &str),
) -> Result<Result<Asker, Refusal>> {
    let Some(proof) = proof else {
        let why = "a proof of the key is missing (DPoP)";
        return Ok(Err(Refusal::new(Code::InvalidDpopProof, Rule::AccessToken, why)));
    };
    if let Err(refusal) = dpop::accept(tx, env, proof, Place { method, path, token: Some(text) })? {
        return Ok(Err(refusal));
    }
    let Ok(access) = token::access(tx, env, text)? else { return Ok(Err(not_good())) };
    if access.jkt.as_ref() != Some(&proof.jkt) {
        return Ok(Err(refused("the access token is not bound to the key that was proved")));
    }
    Ok(of_token(env, access, &Plain::new(text.to_owned()).into(), Some(proof.jkt.clone())))
}

fn not_good() -> Refusal {
    refused("the access token is not, or no longer, good")
}

fn refused(why: &'static str) -> Refusal {
    Refusal::new(Code::InvalidToken, Rule::AccessToken, why)
}

fn of_token(
    env: &Env,
    access: Access,
    text: &std::sync::Arc<Plain>,
    jkt: Option<String>,
) -> Result<Asker, Refusal> {
    if access.jkt != jkt {
        return Err(not_good());
    }
    // A token for a resource is that resource's, even if it carries a scope of ours.
    if !access.resources.is_empty() {
        return Err(refused("the access token is for another server"));
    }
    let (scopes, expires_at) = (access.scopes, Some(access.expires_at));
    match access.owner {
        Owner::Person { user, .. } => Ok(Asker {
            user: *user,
            agent: None,
            scopes,
            expires_at,
            by: Credential::Token { client: access.client_id },
            shown: Shown::Token { text: std::sync::Arc::clone(text), jkt },
        }),
        // What was exchanged for a key can do no more than the key.
        Owner::Key(good) => Ok(Asker {
            scopes,
            expires_at,
            shown: Shown::Token { text: std::sync::Arc::clone(text), jkt },
            ..Asker::by_key(env, &good)
        }),
        Owner::Client => Err(refused("no person stands behind the access token")),
    }
}
