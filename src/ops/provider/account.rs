//! Who came back from a provider, and what becomes of them: an account that is linked by issuer and subject, a new one,
//! or a link for the account that is signed in. An e-mail address alone never leads into an account.

use super::{Person, Provider, Taken, Why, flow::wants_anew, tokens};
use crate::{
    db::Write,
    error::{Error, Kind, Result},
    model::{
        actor::{Actor, Origin},
        audit::Event,
        id::UserId,
        name::{DisplayName, Email, Username},
        provider::{Identity, ProviderLink, Purpose, Tokens, Wrong},
        user::{User, UserState},
    },
    ops::{
        audit,
        env::Env,
        login::{self, Arrival, Finished, Visitor},
        session,
        user::{self, FirstPassword, New},
    },
    store,
};

/// How far the provider's clock may be off from ours, when it says when somebody signed in.
const LEEWAY: std::time::Duration = std::time::Duration::from_secs(60);
/// Names that are tried for a new account before giving up.
const NAMES: u32 = 50;

/// Somebody who came back.
#[derive(Debug)]
pub struct Entry<'a> {
    /// From where.
    pub provider: &'a Provider<'a>,
    /// With what request.
    pub taken: &'a Taken,
    /// As whom.
    pub identity: &'a Identity,
    /// With what.
    pub tokens: &'a Tokens,
    /// In which browser.
    pub visitor: Visitor,
}

/// What became of it.
#[derive(Debug)]
pub enum Done {
    /// A step of the sign-in, or in.
    SignIn(Box<User>, Finished),
    /// The identity is linked with the account that is signed in.
    Linked(Box<User>),
    /// Nothing.
    Refused(Why),
}

/// Lets somebody in, or links them.
pub fn enter(tx: &Write<'_>, env: &Env, origin: &Origin, entry: &Entry<'_>) -> Result<Done> {
    let flow = &entry.taken.flow;
    let asked = flow.created_at.minus(LEEWAY);
    if wants_anew(flow) && entry.identity.auth_time.is_some_and(|at| at < asked) {
        let why = "the person was to sign in anew, and it speaks of an earlier sign-in (auth_time)";
        return Ok(Done::Refused(Why::Token(Wrong::Claim(why))));
    }
    match flow.purpose {
        Purpose::Link => link(tx, origin, entry),
        Purpose::SignIn => sign_in(tx, env, origin, entry),
    }
}

fn refused(tx: &Write<'_>, origin: &Origin, entry: &Entry<'_>, person: Person) -> Result<Done> {
    let why = Why::Person(person);
    let event = Event::new("provider.refused")
        .with("provider", entry.provider.name)
        .with("issuer", entry.provider.issuer)
        .with("subject", entry.identity.subject.as_str())
        .with("reason", why.detail());
    audit::record(tx, &Actor::anonymous(origin.clone()), &event)?;
    Ok(Done::Refused(why))
}

fn link(tx: &Write<'_>, origin: &Origin, entry: &Entry<'_>) -> Result<Done> {
    let session = match &entry.taken.flow.session {
        Some(id) => store::session::by_id(tx, id)?,
        None => None,
    };
    let Some(session) = session else { return refused(tx, origin, entry, Person::SessionOver) };
    if session::is_over(tx, &session.user_id, &session.id)? {
        return refused(tx, origin, entry, Person::SessionOver);
    }
    let user = user::get(tx, &session.user_id)?;
    let found = store::provider_link::find(tx, entry.provider.issuer, &entry.identity.subject)?;
    match found {
        Some(link) if link.user_id == user.id => {}
        Some(_) => return refused(tx, origin, entry, Person::Taken),
        None => {
            let who = Actor::person(user.id.clone(), session.id, origin.clone());
            super::link::insert(tx, &who, &linked(tx, entry, &user.id, false))?;
        }
    }
    Ok(Done::Linked(Box::new(user)))
}

fn linked(tx: &Write<'_>, entry: &Entry<'_>, user: &UserId, made_account: bool) -> ProviderLink {
    ProviderLink {
        issuer: entry.provider.issuer.to_owned(),
        subject: entry.identity.subject.clone(),
        user_id: user.clone(),
        provider: entry.provider.name.to_owned(),
        email: entry.identity.text("email").and_then(shown_email),
        made_account,
        created_at: tx.now,
        last_used_at: None,
    }
}

fn shown_email(text: &str) -> Option<String> {
    Email::parse(text).ok().map(|email| email.as_str().to_owned())
}

fn sign_in(tx: &Write<'_>, env: &Env, origin: &Origin, entry: &Entry<'_>) -> Result<Done> {
    let (issuer, subject) = (entry.provider.issuer, entry.identity.subject.as_str());
    let user = match store::provider_link::find(tx, issuer, subject)? {
        Some(link) => {
            let user = user::get(tx, &link.user_id)?;
            if link.made_account { follow_roles(tx, env, entry, user)? } else { user }
        }
        None => match make(tx, env, origin, entry)? {
            Ok(user) => user,
            Err(person) => return refused(tx, origin, entry, person),
        },
    };
    let user = match user.state {
        UserState::Active => user,
        // The operator linked somebody who never took the invitation up.
        UserState::Invited => user::join(tx, &Actor::anonymous(origin.clone()), &user)?,
        UserState::Locked | UserState::Disabled => {
            return refused(tx, origin, entry, Person::Shut);
        }
    };
    let email = entry.identity.text("email").and_then(shown_email);
    store::provider_link::used(tx, issuer, subject, email.as_deref())?;
    let flow = &entry.taken.flow;
    // A cookie that is held back after the way from another site stood there when the request began.
    let previous = entry.visitor.previous.clone().or_else(|| flow.session.clone());
    let arrival = Arrival {
        remember_me: flow.remember_me,
        strength: flow.strength,
        ..Arrival::new(Visitor { previous, ..entry.visitor.clone() }, flow.return_to.clone())
    };
    let vouched = is_vouched(entry);
    let finished = login::with_provider(tx, env, origin, &user, vouched, &arrival)?;
    tokens::keep(tx, env, entry, &finished)?;
    let event = Event::new("provider.sign_in")
        .user(&user.id)
        .with("provider", entry.provider.name)
        .with("issuer", issuer)
        .with("subject", subject)
        .with("second_factor", vouched);
    audit::record(tx, &Actor::anonymous(origin.clone()), &event)?;
    Ok(Done::SignIn(Box::new(user), finished))
}

/// Whether the provider checked a second factor, and is trusted for it.
fn is_vouched(entry: &Entry<'_>) -> bool {
    let provider = entry.provider;
    let by_method = entry
        .identity
        .values("amr")
        .iter()
        .any(|method| provider.trusted_amr.iter().any(|own| own == method));
    let by_class = entry
        .identity
        .text("acr")
        .is_some_and(|class| provider.trusted_acr.iter().any(|own| own == class));
    by_method || by_class
}

/// The roles that the provider's claim gives, besides those that everyone from there has.
fn roles(entry: &Entry<'_>) -> Vec<String> {
    let accounts = entry.provider.accounts;
    let mut roles = accounts.roles.clone();
    let said = entry.identity.values(&accounts.claim);
    for (value, role) in accounts.map.iter().filter_map(|one| one.rsplit_once('=')) {
        if said.contains(&value) && !roles.iter().any(|own| own == role) {
            roles.push(role.to_owned());
        }
    }
    roles
}

/// An account that was made by the provider has the roles that the provider says, at each sign-in anew. The last
/// administrator stays one.
fn follow_roles(tx: &Write<'_>, env: &Env, entry: &Entry<'_>, user: User) -> Result<User> {
    if entry.provider.accounts.map.is_empty() || user.state != UserState::Active {
        return Ok(user);
    }
    let mut now = roles(entry);
    now.sort();
    if now == user.roles {
        return Ok(user);
    }
    let edit = user::Edit { roles: Some(now), ..user::Edit::default() };
    match user::edit(tx, env, &Actor::system(), &user.id, &edit) {
        Err(error) if error.kind() == Kind::Conflict => Ok(user),
        edited => edited,
    }
}

/// Makes an account for somebody who is unknown here.
fn make(
    tx: &Write<'_>,
    env: &Env,
    origin: &Origin,
    entry: &Entry<'_>,
) -> Result<Result<User, Person>> {
    let accounts = entry.provider.accounts;
    if !entry.provider.makes_accounts() {
        return Ok(Err(Person::Unknown));
    }
    let Some(email) = entry.identity.text("email").and_then(|text| Email::parse(text).ok()) else {
        return Ok(Err(Person::NoEmail));
    };
    // Asked first: nobody learns who has an account here by an address that is not known to be theirs.
    if !entry.identity.email_is_verified() && !accounts.unverified_email {
        return Ok(Err(Person::Unverified));
    }
    if store::user::by_email_key(tx, email.key())?.is_some() {
        return Ok(Err(Person::EmailTaken));
    }
    let name = entry.identity.text("name").and_then(|name| DisplayName::parse(name).ok());
    let new = New {
        username: free_name(tx, entry, &email)?,
        email: email.as_str().to_owned(),
        name: name.map(|name| name.as_str().to_owned()).unwrap_or_default(),
        roles: roles(entry),
    };
    let who = Actor::anonymous(origin.clone());
    let made = user::insert(tx, env, &who, &new, &FirstPassword::Provider)?;
    super::link::insert(tx, &who, &linked(tx, entry, &made.user.id, true))?;
    Ok(Ok(made.user))
}

/// A user name that nobody has: what the provider calls them, else what stands before the @, else one that is made.
fn free_name(tx: &Write<'_>, entry: &Entry<'_>, email: &Email) -> Result<String> {
    let local = email.as_str().split('@').next().unwrap_or_default();
    let said = entry.identity.text("preferred_username");
    let wanted = [said, said.and_then(|name| name.split('@').next()), Some(local)];
    let base = wanted.into_iter().flatten().find_map(fitting).unwrap_or_else(|| "user".to_owned());
    for number in 1..=NAMES {
        let name = if number == 1 { base.clone() } else { format!("{base}-{number}") };
        if Username::parse(&name).is_ok_and(|name| user::is_free(tx, &name).unwrap_or(false)) {
            return Ok(name);
        }
    }
    // Fifty namesakes: an id that nobody has.
    let id = UserId::new();
    let tail: String = id.as_str().chars().rev().take(12).collect();
    let name = format!("user-{tail}");
    Username::parse(&name)
        .map(|name| name.display().to_owned())
        .map_err(|error| Error::internal("no user name could be made").with_source(error))
}

/// The text as a user name, without what none may hold.
fn fitting(text: &str) -> Option<String> {
    let kept: String = text
        .chars()
        .map(|c| if c.is_alphanumeric() || matches!(c, '.' | '_' | '-') { c } else { '-' })
        .take(48)
        .collect();
    let kept = kept.trim_matches(|c| matches!(c, '.' | '_' | '-'));
    Username::parse(kept).ok().map(|name| name.display().to_owned())
}
