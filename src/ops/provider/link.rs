//! Which identities at providers belong to which account: shown, linked and unlinked, by the person and by the operator.

use super::{Person, Why};
use crate::{
    db::{Read, Write},
    error::{Error, Result},
    model::{
        actor::Actor,
        audit::Event,
        id::UserId,
        provider::{LONGEST_SUBJECT, ProviderLink},
        user::User,
    },
    ops::{audit, env::Env, session, user},
    store,
};

/// The links of a person, for them and for the operator.
pub fn of(r: &Read<'_>, who: &Actor, user: &UserId) -> Result<Vec<ProviderLink>> {
    who.must_be(user)?;
    store::provider_link::of_user(r, user)
}

/// Links by the operator's word. `provider` is a name of the configuration, or an issuer.
pub fn link(
    tx: &Write<'_>,
    env: &Env,
    who: &Actor,
    typed: &str,
    (provider, subject): (&str, &str),
) -> Result<User> {
    who.must_operate()?;
    let known = super::offered(env);
    let found = known.iter().find(|one| one.name == provider || one.issuer == provider);
    let Some(found) = found else {
        let names: Vec<&str> = known.iter().map(|one| one.name).collect();
        let next = if names.is_empty() {
            "configure one: authentication.primary.issuer, or authentication.providers".to_owned()
        } else {
            format!("known are: {}", names.join(", "))
        };
        return Err(Error::not_found("provider", provider).with_next(next));
    };
    let fits =
        (1..=LONGEST_SUBJECT).contains(&subject.len()) && !subject.chars().any(char::is_control);
    if !fits {
        return Err(Error::invalid("subject", "a subject has 1 to 255 characters, on one line"));
    }
    let person = user::find(tx, typed)?;
    user::protect(who, &person.roles)?;
    let new = ProviderLink {
        issuer: found.issuer.to_owned(),
        subject: subject.to_owned(),
        user_id: person.id.clone(),
        provider: found.name.to_owned(),
        email: None,
        made_account: false,
        created_at: tx.now,
        last_used_at: None,
    };
    insert(tx, who, &new)?;
    Ok(person)
}

/// Adds a link with its audit row. Refuses an identity that is somebody's.
pub(super) fn insert(tx: &Write<'_>, who: &Actor, new: &ProviderLink) -> Result<()> {
    if !store::provider_link::insert(tx, new)? {
        return Err(Why::Person(Person::Taken).error());
    }
    let event = Event::new("provider.link")
        .user(&new.user_id)
        .with("provider", new.provider.as_str())
        .with("issuer", new.issuer.as_str())
        .with("subject", new.subject.as_str());
    audit::record(tx, who, &event)
}

/// Takes a link back: by the operator, or by the person, who must keep a way in.
pub fn unlink(
    tx: &Write<'_>,
    env: &Env,
    who: &Actor,
    user: &UserId,
    (issuer, subject): (&str, &str),
) -> Result<()> {
    session::permit_recent(tx, env, who, user)?;
    let links = store::provider_link::of_user(tx, user)?;
    let last = links.len() <= 1 && store::user::password_hash(tx, user)?.is_none();
    if last && who.must_operate().is_err() {
        return Err(Error::conflict("without this link you could not sign in any more")
            .with_next("link another identity first"));
    }
    if !store::provider_link::delete(tx, user, issuer, subject)? {
        return Err(Error::absent("that identity is not linked with this account")
            .with_next("mcpcodex user links NAME"));
    }
    let event =
        Event::new("provider.unlink").user(user).with("issuer", issuer).with("subject", subject);
    audit::record(tx, who, &event)
}
