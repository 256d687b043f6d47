//! People: made, changed, shut out, let in again, removed.
//! Passwords are chosen in `ops/password.rs`; who is the last administrator is guarded here.

use super::{
    attempt, audit,
    env::Env,
    link::{self, Printed, Purpose},
    login, password,
    session::{self, Shut},
};
pub use crate::store::user::{Last, Order, Page, Slice};
use crate::{
    db::{Read, Write},
    error::{Error, Result},
    model::{
        actor::Actor,
        attempt::Scope,
        audit::Event,
        ending,
        id::UserId,
        name::{DisplayName, Email, Username},
        user::{ADMIN, User, UserRow, UserState},
    },
    store,
};

/// Who is to be made, as typed.
#[derive(Clone, Debug, Default)]
pub struct New {
    /// User name.
    pub username: String,
    /// E-mail address.
    pub email: String,
    /// Full name; may be empty.
    pub name: String,
    /// Roles; `user` when none is given.
    pub roles: Vec<String>,
}

/// How the new person gets in for the first time.
#[derive(Debug)]
pub enum FirstPassword {
    /// It was chosen already.
    Chosen(password::Chosen),
    /// They choose it behind a one-time link.
    Invite,
    /// None: they sign in at another provider.
    Provider,
}

/// What came of it.
#[derive(Debug)]
pub struct Created {
    /// The person.
    pub user: User,
    /// The link to their first password.
    pub invite: Option<Printed>,
}

/// Makes a person.
pub fn create(
    tx: &Write<'_>,
    env: &Env,
    who: &Actor,
    new: &New,
    first: &FirstPassword,
) -> Result<Created> {
    who.must_operate()?;
    insert(tx, env, who, new, first)
}

/// [`create`] for ops with their own proof of who asks: the first set-up.
pub(super) fn insert(
    tx: &Write<'_>,
    env: &Env,
    who: &Actor,
    new: &New,
    first: &FirstPassword,
) -> Result<Created> {
    let username = Username::parse(&new.username)?;
    let email = Email::parse(&new.email)?;
    let name = full_name(&new.name)?;
    let roles = parse_roles(env, &new.roles)?;
    protect(who, &roles)?;
    refuse_taken_name(tx, &username)?;
    refuse_taken_email(tx, &email, None)?;
    let id = UserId::new();
    let (state, hash) = match first {
        FirstPassword::Chosen(chosen) => (UserState::Active, Some(chosen.hash.as_str())),
        FirstPassword::Invite => (UserState::Invited, None),
        FirstPassword::Provider => (UserState::Active, None),
    };
    let row = store::user::NewUser {
        id: &id,
        username: username.display(),
        username_key: username.key(),
        username_skeleton: username.skeleton(),
        email: email.as_str(),
        email_key: email.key(),
        name: &name,
        state,
        password_hash: None,
    };
    store::user::insert(tx, &row)?;
    if let Some(hash) = hash {
        store::user::set_password(tx, &id, hash)?;
    }
    store::user::set_roles(tx, &id, &roles)?;
    let event = Event::new("user.create").user(&id).with("username", username.display());
    audit::record(tx, who, &event.with("roles", roles.join(" ")))?;
    let invite = match first {
        FirstPassword::Invite => Some(link::make(tx, env, Purpose::Invite, Some(&id))?),
        FirstPassword::Chosen(_) | FirstPassword::Provider => None,
    };
    Ok(Created { user: get(tx, &id)?, invite })
}

/// Refuses API keys where whoever has these roles is made, changed or shut out: a key must not become an administrator,
/// nor be rid of those who could take it back.
pub(super) fn protect(who: &Actor, roles: &[String]) -> Result<()> {
    if roles.iter().any(|role| role == ADMIN) { who.must_be_more_than_a_key() } else { Ok(()) }
}

/// A full name as typed; it may be left out.
fn full_name(typed: &str) -> Result<String> {
    if typed.trim().is_empty() {
        return Ok(String::new());
    }
    Ok(DisplayName::parse(typed)?.as_str().to_owned())
}

fn parse_roles(env: &Env, roles: &[String]) -> Result<Vec<String>> {
    let known = env.roles();
    let mut parsed: Vec<String> = Vec::new();
    for role in roles {
        if !known.contains(&role.as_str()) {
            return Err(Error::invalid(
                "role",
                format!("role \"{role}\" is not one of: {}", known.join(", ")),
            )
            .with_next("add it to authentication.roles in the configuration"));
        }
        if !parsed.contains(role) {
            parsed.push(role.clone());
        }
    }
    if parsed.is_empty() {
        parsed.push("user".to_owned());
    }
    parsed.sort();
    Ok(parsed)
}

fn refuse_taken_name(r: &Read<'_>, username: &Username) -> Result<()> {
    if store::user::by_username_key(r, username.key())?.is_some() {
        return Err(Error::conflict(format!("the user name \"{}\" is taken", username.display())));
    }
    match store::user::name_by_skeleton(r, username.skeleton())? {
        Some(other) => Err(Error::conflict(format!(
            "the user name \"{}\" looks like \"{other}\", which is taken",
            username.display()
        ))),
        None => Ok(()),
    }
}

fn refuse_taken_email(r: &Read<'_>, email: &Email, except: Option<&UserId>) -> Result<()> {
    match store::user::by_email_key(r, email.key())? {
        Some(other) if Some(&other.id) != except => {
            Err(Error::conflict(format!("the e-mail address {} is taken", email.as_str())))
        }
        _ => Ok(()),
    }
}

/// Finds a person by id.
pub fn get(r: &Read<'_>, id: &UserId) -> Result<User> {
    store::user::by_id(r, id)?.ok_or_else(|| Error::not_found("user", id))
}

/// Finds a person by user name, e-mail address or id, as an operator types it.
pub fn find(r: &Read<'_>, typed: &str) -> Result<User> {
    let typed = typed.trim();
    if let Some(user) = store::user::by_id(r, &UserId::from_text(typed))? {
        return Ok(user);
    }
    if let Some(key) = Username::lookup_key(typed)
        && let Some(user) = store::user::by_username_key(r, &key)?
    {
        return Ok(user);
    }
    if let Ok(email) = Email::parse(typed)
        && let Some(user) = store::user::by_email_key(r, email.key())?
    {
        return Ok(user);
    }
    Err(Error::not_found("user", typed).with_next("mcpcodex user list"))
}

/// People by user name, with their counts.
pub fn list(r: &Read<'_>, who: &Actor, page: &Page) -> Result<Vec<UserRow>> {
    who.must_operate()?;
    store::user::list(r, page)
}

/// A slice of the people there are, in some order.
pub fn slice(r: &Read<'_>, who: &Actor, slice: &Slice) -> Result<Vec<UserRow>> {
    who.must_operate()?;
    store::user::slice(r, slice)
}

/// After whom the slice begins that follows this person.
pub fn last(order: Order, user: &User) -> Last {
    match order {
        Order::Name | Order::NameDown => {
            let key = Username::lookup_key(&user.username);
            Last::Name(key.unwrap_or_else(|| user.username.clone()))
        }
        Order::Age | Order::AgeDown => Last::Age(user.created_at, user.id.clone()),
    }
}

/// How many people there are.
pub fn count(r: &Read<'_>, who: &Actor) -> Result<u32> {
    who.must_operate()?;
    store::user::count(r)
}

/// One person with their counts.
pub fn show(r: &Read<'_>, who: &Actor, id: &UserId) -> Result<UserRow> {
    who.must_be(id)?;
    store::user::row(r, id)?.ok_or_else(|| Error::not_found("user", id))
}

/// What is to change; `None` leaves as it is.
#[derive(Clone, Debug, Default)]
pub struct Edit {
    /// E-mail address.
    pub email: Option<String>,
    /// Full name.
    pub name: Option<String>,
    /// Exactly these roles.
    pub roles: Option<Vec<String>>,
}

/// Changes a person. New roles are a change of privilege: open sessions end.
pub fn edit(tx: &Write<'_>, env: &Env, who: &Actor, id: &UserId, edit: &Edit) -> Result<User> {
    who.must_operate()?;
    let user = get(tx, id)?;
    protect(who, &user.roles)?;
    let email = Email::parse(edit.email.as_deref().unwrap_or(&user.email))?;
    let name = full_name(edit.name.as_deref().unwrap_or(&user.name))?;
    refuse_taken_email(tx, &email, Some(id))?;
    store::user::set_profile(tx, id, email.as_str(), email.key(), &name)?;
    if email.as_str() != user.email {
        // It was mailed to the old address.
        link::void(tx, Purpose::Reset, id)?;
    }
    if let Some(roles) = &edit.roles {
        let roles = parse_roles(env, roles)?;
        protect(who, &roles)?;
        if roles != user.roles {
            if !roles.iter().any(|role| role == ADMIN) {
                keep_an_admin(tx, &user)?;
            }
            store::user::set_roles(tx, id, &roles)?;
            session::shut(tx, who, id, None, ending::ROLES)?;
        }
    }
    let user = get(tx, id)?;
    let event = Event::new("user.edit").user(id).with("roles", user.roles.join(" "));
    audit::record(tx, who, &event)?;
    Ok(user)
}

/// Gives a person another full name. They may do so themselves.
pub fn rename(tx: &Write<'_>, who: &Actor, id: &UserId, name: &str) -> Result<User> {
    session::permit(tx, who, id)?;
    let user = get(tx, id)?;
    let name = full_name(name)?;
    if name == user.name {
        return Ok(user);
    }
    let email = Email::parse(&user.email)?;
    store::user::set_profile(tx, id, email.as_str(), email.key(), &name)?;
    audit::record(tx, who, &Event::new("user.rename").user(id))?;
    get(tx, id)
}

/// Refuses what would leave nobody who can administer.
fn keep_an_admin(r: &Read<'_>, user: &User) -> Result<()> {
    let counts = user.has_role(ADMIN) && user.state == UserState::Active;
    if counts && store::user::count_active_with_role(r, ADMIN, Some(&user.id))? == 0 {
        return Err(Error::conflict(format!(
            "\"{}\" is the only administrator who can sign in",
            user.username
        ))
        .with_next("make another one first: mcpcodex user create NAME --email E --role admin"));
    }
    Ok(())
}

/// Shuts a person out now: no sign-in, no session, no token of theirs works any more.
pub fn lock(tx: &Write<'_>, who: &Actor, id: &UserId) -> Result<Shut> {
    shut_out(tx, who, id, UserState::lock, "user.lock", ending::LOCKED)
}

/// Puts an account away; like [`lock`], but not by mistake undone with unlock.
pub fn disable(tx: &Write<'_>, who: &Actor, id: &UserId) -> Result<Shut> {
    shut_out(tx, who, id, UserState::disable, "user.disable", ending::DISABLED)
}

fn shut_out(
    tx: &Write<'_>,
    who: &Actor,
    id: &UserId,
    change: fn(UserState) -> Result<UserState>,
    event: &'static str,
    reason: &str,
) -> Result<Shut> {
    who.must_operate()?;
    let user = get(tx, id)?;
    protect(who, &user.roles)?;
    let to = change(user.state)?;
    keep_an_admin(tx, &user)?;
    move_state(tx, &user, to)?;
    let shut = session::shut(tx, who, id, None, reason)?;
    let event =
        Event::new(event).user(id).with("sessions", shut.sessions).with("grants", shut.grants);
    audit::record(tx, who, &event)?;
    Ok(shut)
}

fn move_state(tx: &Write<'_>, user: &User, to: UserState) -> Result<()> {
    if user.state == to || store::user::set_state(tx, &user.id, user.state, to)? {
        Ok(())
    } else {
        Err(Error::conflict("the account was changed by someone else just now"))
    }
}

/// Lets a person in again, also when only wrong tries paused the sign-in.
pub fn unlock(tx: &Write<'_>, who: &Actor, id: &UserId) -> Result<User> {
    who.must_operate()?;
    let user = get(tx, id)?;
    protect(who, &user.roles)?;
    let to = user.state.unlock(has_way_in(tx, id)?)?;
    forget_tries(tx, &user)?;
    for scope in [Scope::Totp, Scope::Recovery, Scope::Code] {
        attempt::succeed(tx, scope, id.as_str())?;
    }
    move_state(tx, &user, to)?;
    audit::record(tx, who, &Event::new("user.unlock").user(id))?;
    get(tx, id)
}

/// Forgets wrong passwords, whichever name they were tried with.
pub(super) fn forget_tries(tx: &Write<'_>, user: &User) -> Result<()> {
    let name = Username::lookup_key(&user.username).unwrap_or_default();
    let email = Email::lookup_key(&user.email).unwrap_or_default();
    let browsers = store::device::of_user(tx, &user.id)?;
    let browsers = browsers.iter().map(|device| login::browser(&device.id));
    for subject in [&name, &email] {
        attempt::succeed(tx, Scope::Reset, subject)?;
    }
    for subject in [name, email, login::person(&user.id)].into_iter().chain(browsers) {
        attempt::succeed(tx, Scope::Account, &subject)?;
    }
    Ok(())
}

/// Brings a disabled account back.
pub fn enable(tx: &Write<'_>, who: &Actor, id: &UserId) -> Result<User> {
    who.must_operate()?;
    let user = get(tx, id)?;
    protect(who, &user.roles)?;
    let to = user.state.enable(has_way_in(tx, id)?)?;
    move_state(tx, &user, to)?;
    audit::record(tx, who, &Event::new("user.enable").user(id))?;
    get(tx, id)
}

/// A password, or an identity at a provider.
fn has_way_in(r: &Read<'_>, id: &UserId) -> Result<bool> {
    Ok(store::user::password_hash(r, id)?.is_some()
        || !store::provider_link::of_user(r, id)?.is_empty())
}

/// Lets somebody in who was invited and comes by another way than the invitation.
pub(super) fn join(tx: &Write<'_>, who: &Actor, user: &User) -> Result<User> {
    move_state(tx, user, UserState::Active)?;
    link::void(tx, Purpose::Invite, &user.id)?;
    audit::record(tx, who, &Event::new("user.join").user(&user.id))?;
    get(tx, &user.id)
}

/// Whether nobody has that user name, or one that looks like it.
pub(super) fn is_free(r: &Read<'_>, username: &Username) -> Result<bool> {
    Ok(store::user::by_username_key(r, username.key())?.is_none()
        && store::user::name_by_skeleton(r, username.skeleton())?.is_none())
}

/// Removes a person and all that hangs on them; the audit rows stay.
pub fn delete(tx: &Write<'_>, who: &Actor, id: &UserId) -> Result<Shut> {
    who.must_operate()?;
    let user = get(tx, id)?;
    protect(who, &user.roles)?;
    keep_an_admin(tx, &user)?;
    let shut = session::shut(tx, who, id, None, ending::DELETED)?;
    store::user::delete(tx, id)?;
    let event = Event::new("user.delete").user(id).with("username", user.username);
    audit::record(tx, who, &event)?;
    Ok(shut)
}

/// Makes a new invitation for someone who never chose a password.
pub fn invite(tx: &Write<'_>, env: &Env, who: &Actor, id: &UserId) -> Result<Printed> {
    who.must_operate()?;
    let user = get(tx, id)?;
    protect(who, &user.roles)?;
    if user.state != UserState::Invited {
        return Err(Error::conflict(format!("\"{}\" has a password already", user.username))
            .with_next("mcpcodex user password NAME"));
    }
    let printed = link::make(tx, env, Purpose::Invite, Some(id))?;
    audit::record(tx, who, &Event::new("user.invite").user(id))?;
    Ok(printed)
}

/// Whom an invitation is for.
pub fn invited(r: &Read<'_>, env: &Env, token: &str) -> Result<User> {
    let id = link::read(r, env, Purpose::Invite, token)?;
    get(r, &id.ok_or_else(|| Error::internal("an invitation for nobody"))?)
}

/// Takes an invitation up: the link is spent and the password stored.
pub fn accept_invite(
    tx: &Write<'_>,
    env: &Env,
    who: &Actor,
    token: &str,
    chosen: &password::Chosen,
) -> Result<User> {
    let id = link::spend(tx, env, Purpose::Invite, token)?
        .ok_or_else(|| Error::internal("an invitation for nobody"))?;
    let user = get(tx, &id)?;
    if user.state != UserState::Invited {
        return Err(Error::conflict("this account has a password already"));
    }
    password::store(tx, env, who, &id, chosen, None)?;
    move_state(tx, &user, UserState::Active)?;
    audit::record(tx, who, &Event::new("user.join").user(&id))?;
    get(tx, &id)
}

/// Whether the names of a new person could be had, before a slow hash is spent on them.
pub fn check_new(r: &Read<'_>, env: &Env, new: &New) -> Result<()> {
    refuse_taken_name(r, &Username::parse(&new.username)?)?;
    refuse_taken_email(r, &Email::parse(&new.email)?, None)?;
    full_name(&new.name)?;
    parse_roles(env, &new.roles).map(drop)
}

/// Stores the first password of someone who has none, by the operator's hand.
pub fn set_password(
    tx: &Write<'_>,
    env: &Env,
    who: &Actor,
    id: &UserId,
    chosen: &password::Chosen,
) -> Result<Shut> {
    who.must_operate()?;
    let user = get(tx, id)?;
    let shut = password::set(tx, env, who, id, chosen, None)?;
    if user.state == UserState::Invited {
        move_state(tx, &user, UserState::Active)?;
        store::link::void(tx, "invite", Some(id))?;
    }
    Ok(shut)
}
