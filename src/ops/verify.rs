//! Forward-auth: whether a proxy lets somebody through to an app or MCP server, and what it tells that one of them.
//! What a request and an answer look like is left to `http/verify`; where people may be led back to is `back`.
//!
//! What is behind the proxy is named by the proxy's own configuration, never by the request. Each way in gives no more than
//! it is good for: an access token only at the resource that it is for, an API key where one of its scopes belongs.

pub mod back;

use super::{
    apikey::{self, Good},
    env::Env,
    oauth::{
        Code, policy,
        token::{self, Access, Owner},
    },
    resource::document,
    session::SignedIn,
};
use crate::{
    db::Read,
    error::{Error, Result},
    model::{
        resource::{Resource, ResourceUri},
        scope::{EMAIL, PROFILE, STANDARD, ScopeSet, is_scope},
        user::User,
    },
    store,
    time::Time,
};

/// What a proxy wants of everybody.
#[derive(Clone, Debug)]
pub struct Demand {
    /// What is behind it; none: something that is no registered resource.
    pub resource: Option<Resource>,
    /// Each of these is needed.
    pub scopes: ScopeSet,
}

/// Who is let through, as what is behind the proxy hears of them; what is empty is not known, or not its business.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// The id of the person, agent or client.
    pub subject: String,
    /// The user name of the person, or the name of the agent.
    pub username: String,
    /// The person's e-mail address.
    pub email: String,
    /// The person's roles. None for an API key: what it may do is in its scopes.
    pub roles: Vec<String>,
    /// What they may do here.
    pub scopes: ScopeSet,
    /// The app that acts, by its `client_id`; empty for whoever comes by themselves.
    pub client: String,
}

/// Why somebody is not let through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// They showed nothing that counts.
    Nobody,
    /// What they showed is not good, and why, in ASCII without quotes.
    NotGood(&'static str),
    /// What they showed cannot be read, and why.
    Malformed(&'static str),
    /// It is good, but lacks a scope; these it has.
    Lacking(ScopeSet),
    /// The person may not use the resource.
    NotForThem,
}

impl Refusal {
    /// The code of RFC 6750 §3.1; none when nothing was shown.
    pub fn code(&self) -> Option<Code> {
        match self {
            Self::Nobody => None,
            Self::NotGood(_) => Some(Code::InvalidToken),
            Self::Malformed(_) => Some(Code::InvalidRequest),
            Self::Lacking(_) => Some(Code::InsufficientScope),
            Self::NotForThem => Some(Code::AccessDenied),
        }
    }

    /// The reason as a sentence, in ASCII without quotes.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Nobody => "a session, an access token or an API key is needed",
            Self::NotGood(why) | Self::Malformed(why) => why,
            Self::Lacking(_) => "a scope that is needed here is missing",
            Self::NotForThem => {
                "this person may not use the resource: it takes a role that they do not have"
            }
        }
    }
}

/// Somebody, or why not.
pub type Verdict = std::result::Result<Identity, Refusal>;

/// Reads what a proxy is configured to ask for. Fails with `NotFound` for a resource that nobody registered, and with
/// `Invalid` for what is none, or no scope: a slip there must let nobody through.
pub fn demand(r: &Read<'_>, resource: Option<&str>, scope: &str) -> Result<Demand> {
    let words: Vec<&str> = scope.split(' ').filter(|word| !word.is_empty()).collect();
    let scopes = ScopeSet::from_words(&words);
    let whole = words.iter().all(|word| is_scope(word) && scopes.has(word));
    if !whole {
        return Err(Error::invalid("scope", "these are no scopes, or too many"));
    }
    let resource = match resource {
        Some(text) => Some(named(r, text)?),
        None => None,
    };
    Ok(Demand { resource, scopes })
}

fn named(r: &Read<'_>, text: &str) -> Result<Resource> {
    let uri = ResourceUri::parse(text)?;
    store::resource::by_uri(r, &uri)?.ok_or_else(|| {
        Error::not_found("resource", uri.as_str()).with_next("mcpcodex resource add URI")
    })
}

/// Judges a person who is signed in and comes without an app in between: they may do what they could allow an app to do.
pub fn by_session(env: &Env, demand: &Demand, signed_in: &SignedIn, now: Time) -> Verdict {
    let SignedIn { session, user } = signed_in;
    let scopes = match &demand.resource {
        Some(resource) if !resource.is_for(&user.roles) => return Err(Refusal::NotForThem),
        Some(resource) => {
            let here = std::slice::from_ref(resource);
            let all = ScopeSet::from_words(resource.scopes.iter().map(|own| &own.name));
            let had = policy::for_person(user, here, &all);
            // As for an app: what is sensitive takes a second factor, proved just now.
            let fresh =
                session.has_fresh_factor(now, now) || !env.config.authentication.mfa.enabled;
            let sensitive = policy::sensitive(here, &had);
            had.filter(|scope| fresh || !sensitive.has(scope))
        }
        None => apikey::all_of(env, user),
    };
    demand.met_by_themselves(Identity { roles: user.roles.clone(), ..Identity::of(user) }, scopes)
}

/// Judges an access token, which must be for the resource, or where there is none for this server's own audience.
/// Whoever reads names by it could read them of any token that comes by, so they take the scopes that a person allows.
pub fn by_token(r: &Read<'_>, env: &Env, demand: &Demand, text: &str) -> Result<Verdict> {
    let Ok(access) = token::access(r, env, text)? else {
        return Ok(Err(Refusal::NotGood("the access token is not, or no longer, good")));
    };
    if access.jkt.is_some() {
        return Ok(Err(Refusal::NotGood(BOUND)));
    }
    let meant = match &demand.resource {
        Some(wanted) => access.resources.iter().any(|own| own.id == wanted.id),
        None => access.resources.is_empty(),
    };
    if !meant {
        return Ok(Err(Refusal::NotGood("the access token is for another resource")));
    }
    let scopes = demand.here(&access);
    let identity = Identity { client: access.client_id.to_string(), ..owner(&access, &scopes) };
    Ok(demand.met(identity, scopes))
}

/// Why a token does not count that wants a proof beside it.
pub const BOUND: &str = "the access token is bound to a key (DPoP), which is not checked here";

fn owner(access: &Access, scopes: &ScopeSet) -> Identity {
    match &access.owner {
        Owner::Person { user, .. } => {
            let whole = Identity::of(user);
            Identity {
                username: if scopes.has(PROFILE) { whole.username } else { String::new() },
                email: if scopes.has(EMAIL) { whole.email } else { String::new() },
                roles: user.roles.clone(),
                ..Identity::default()
            }
            .named(user.id.as_str())
        }
        Owner::Key(good) => Identity::default().named(good.subject()),
        Owner::Client => Identity::default().named(access.client_id.as_str()),
    }
}

/// Judges an API key that is good and was counted. It is for a resource some of whose scopes it has, and for one
/// without scopes of its own.
pub fn by_key(r: &Read<'_>, demand: &Demand, good: &Good) -> Result<Verdict> {
    let identity = match &good.agent {
        Some(agent) => Identity { username: agent.name.clone(), ..Identity::default() }
            .named(agent.id.as_str()),
        None => Identity::of(&good.user),
    };
    let Some(resource) = &demand.resource else {
        return Ok(demand.met_by_themselves(identity, good.key.scopes.clone()));
    };
    if !resource.is_for(&good.user.roles) {
        return Ok(Err(Refusal::NotForThem));
    }
    let scopes = policy::for_key(r, &good.user, std::slice::from_ref(resource), &good.key.scopes)?;
    let belongs =
        resource.scopes.is_empty() || scopes.iter().any(|scope| resource.scope(scope).is_some());
    Ok(if belongs {
        demand.met_by_themselves(identity, scopes)
    } else {
        Err(Refusal::Lacking(scopes))
    })
}

impl Identity {
    fn of(user: &User) -> Self {
        let known =
            Self { username: user.username.clone(), email: user.email.clone(), ..Self::default() };
        known.named(user.id.as_str())
    }

    fn named(self, subject: &str) -> Self {
        Self { subject: subject.to_owned(), ..self }
    }
}

impl Demand {
    fn met(&self, identity: Identity, scopes: ScopeSet) -> Verdict {
        if !self.scopes.is_subset(&scopes) {
            return Err(Refusal::Lacking(scopes));
        }
        Ok(Identity { scopes, ..identity })
    }

    /// [`Demand::met`] without an app in between: who they are, nobody need allow it to be told.
    fn met_by_themselves(&self, identity: Identity, scopes: ScopeSet) -> Verdict {
        let needed = self.scopes.filter(|scope| !STANDARD.contains(&scope));
        if !needed.is_subset(&scopes) {
            return Err(Refusal::Lacking(scopes));
        }
        Ok(Identity { scopes, ..identity })
    }

    /// The scopes of a token that mean something here: not those that it has for another resource alone.
    fn here(&self, access: &Access) -> ScopeSet {
        let own =
            |resource: &Resource| self.resource.as_ref().is_some_and(|one| one.id == resource.id);
        access.scopes.filter(|scope| {
            let offers = |here: bool| {
                access.resources.iter().any(|res| own(res) == here && res.scope(scope).is_some())
            };
            STANDARD.contains(&scope) || offers(true) || !offers(false)
        })
    }

    /// What `WWW-Authenticate` says (RFC 6750 §3, RFC 9728 §5.1): where to learn who issues tokens first, since some clients
    /// read no further, then every scope that is needed, those that are there already among them, since some ask for
    /// exactly what they are told. None for what no token could mend.
    pub fn challenge(&self, env: &Env, refusal: &Refusal) -> Result<Option<String>> {
        let scopes = match (refusal, &self.resource) {
            (Refusal::NotForThem, _) => return Ok(None),
            (Refusal::Lacking(had), _) if !self.scopes.is_empty() => self.scopes.union(had),
            (Refusal::Lacking(had), Some(resource)) => document::usual(resource).union(had),
            (_, Some(resource)) if self.scopes.is_empty() => document::usual(resource),
            (_, Some(_) | None) => self.scopes.clone(),
        };
        let place = match &self.resource {
            Some(own) => format!("resource_metadata=\"{}\"", document::address(env, own)?),
            None => "realm=\"mcpcodex\"".to_owned(),
        };
        let mut parts = vec![place];
        if !scopes.is_empty() {
            parts.push(format!("scope=\"{scopes}\""));
        }
        if let Some(code) = refusal.code() {
            parts.push(format!("error=\"{}\"", code.as_str()));
            parts.push(format!("error_description=\"{}\"", refusal.reason()));
        }
        Ok(Some(format!("Bearer {}", parts.join(", "))))
    }
}
