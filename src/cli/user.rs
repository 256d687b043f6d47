//! `user`: people.

mod link;

use clap::Subcommand;
use serde_json::{Value, json};

use super::{
    ctx::{Ctx, Desk},
    failure::{Done, Failure},
    handover::{self, By},
    output::{put, shape},
    password,
};
use crate::{
    model::{
        message::mail::Mail,
        user::{User, UserRow},
    },
    ops::{
        self,
        password::Basis,
        session::Shut,
        user::{Edit, FirstPassword, New, Page},
    },
    time::Time,
    view,
};

const PAGE: u32 = 500;

/// `user …`.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Make a person
    #[command(after_help = "Examples:
  mcpcodex user create alice --email alice@example.com --role developer
  printf '%s' \"$PASSWORD\" | mcpcodex user create bob --email bob@example.com --password-stdin
  mcpcodex user create carol --email carol@example.com --invite")]
    Create(Create),
    /// List people
    List(List),
    /// Show a person
    Show(Name),
    /// Change a person; new roles end their sessions
    Edit(Changes),
    /// Shut a person out: sessions and tokens end now
    Lock(Name),
    /// Let a person in again, also when wrong tries paused the sign-in
    Unlock(Name),
    /// Put an account away
    Disable(Name),
    /// Bring a disabled account back
    Enable(Name),
    /// Remove a person and all that is theirs
    Delete(Name),
    /// Set a person's password, which ends their sessions; or give them a link to choose one
    Password(SetPassword),
    /// Give a new invitation to someone who has no password yet
    Invite(Invite),
    /// Say that an identity at a provider is this person: they sign in with it from then on
    #[command(after_help = "PROVIDER is its name in the configuration, or its issuer.")]
    Link(link::Link),
    /// Take that back
    Unlink(link::Link),
    /// List the identities at providers that are this person
    Links(Name),
}

/// Who is meant.
#[derive(clap::Args, Debug)]
pub struct Name {
    /// User name, e-mail address or id
    name: String,
}

/// `user create`.
#[derive(clap::Args, Debug)]
pub struct Create {
    /// User name: what they sign in with
    username: String,
    /// E-mail address
    #[arg(long, value_name = "ADDRESS")]
    email: Option<String>,
    /// Full name
    #[arg(long, value_name = "FULL NAME", default_value = "", hide_default_value = true)]
    name: String,
    /// Role; may be given several times [default: user]
    #[arg(long = "role", value_name = "ROLE")]
    roles: Vec<String>,
    /// Take the password from the first line of stdin
    #[arg(long, conflicts_with = "invite")]
    password_stdin: bool,
    /// Print a one-time link behind which they choose their password
    #[arg(long)]
    invite: bool,
}

/// `user list`.
#[derive(clap::Args, Debug)]
pub struct List {
    /// Only names and addresses that hold this
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    filter: String,
    /// At most so many
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
}

/// `user edit`.
#[derive(clap::Args, Debug)]
pub struct Changes {
    /// User name, e-mail address or id
    who: String,
    /// New e-mail address
    #[arg(long, value_name = "ADDRESS")]
    email: Option<String>,
    /// New full name
    #[arg(long, value_name = "FULL NAME")]
    name: Option<String>,
    /// Exactly these roles; may be given several times
    #[arg(long = "role", value_name = "ROLE")]
    roles: Vec<String>,
}

/// `user password`.
#[derive(clap::Args, Debug)]
pub struct SetPassword {
    /// User name, e-mail address or id
    name: String,
    /// Take the password from the first line of stdin
    #[arg(long, conflicts_with_all = ["reset_link", "mail"])]
    password_stdin: bool,
    /// Print a one-time link behind which they choose a new password
    #[arg(long)]
    reset_link: bool,
    /// How the link reaches the person.
    #[command(flatten)]
    by: By,
}

/// `user invite`.
#[derive(clap::Args, Debug)]
pub struct Invite {
    /// User name, e-mail address or id
    name: String,
    /// How the link reaches the person.
    #[command(flatten)]
    by: By,
}

/// Runs it.
pub fn run(ctx: &Ctx, verb: Verb) -> Done {
    match verb {
        Verb::Create(args) => create(ctx, &args),
        Verb::List(args) => list(ctx, &args),
        Verb::Show(args) => show(ctx, &args),
        Verb::Edit(args) => edit(ctx, args),
        Verb::Lock(args) => shut(ctx, &args, "Lock", ops::user::lock),
        Verb::Disable(args) => shut(ctx, &args, "Disable", ops::user::disable),
        Verb::Unlock(args) => open(ctx, &args, ops::user::unlock),
        Verb::Enable(args) => open(ctx, &args, ops::user::enable),
        Verb::Delete(args) => delete(ctx, &args),
        Verb::Password(args) => set_password(ctx, &args),
        Verb::Invite(args) => invite(ctx, &args),
        Verb::Link(args) => link::link(ctx, args),
        Verb::Unlink(args) => link::unlink(ctx, args),
        Verb::Links(args) => link::list(ctx, &args.name),
    }
}

fn create(ctx: &Ctx, args: &Create) -> Done {
    if !args.password_stdin && !args.invite && !ctx.ask.able() {
        return Err(super::ask::missing("--password-stdin or --invite"));
    }
    let email = ctx.ask.value(args.email.as_deref(), "E-mail address", "--email")?;
    let desk = ctx.open()?;
    let new = New {
        username: args.username.clone(),
        email,
        name: args.name.clone(),
        roles: args.roles.clone(),
    };
    desk.read(|r, env, _| ops::user::check_new(r, env, &new))?;
    let first = if args.invite {
        FirstPassword::Invite
    } else {
        let basis = Basis::new_user(&new.username, &new.email, &new.name);
        let from_stdin = args.password_stdin;
        let chosen = password::choose(&desk, ctx.ask, ctx.out, &basis, from_stdin)?;
        FirstPassword::Chosen(chosen)
    };
    let made = desk.write(move |tx, env, who| ops::user::create(tx, env, who, &new, &first))?;
    let mut document = summary(&made.user);
    let mut properties = person(&made.user);
    if let Some(invite) = &made.invite {
        put(&mut document, "invite_url", json!(invite.url));
        properties.push(("invitation", invite.url.clone()));
    }
    ctx.out.record(&document, &properties)?;
    if let Some(invite) = &made.invite {
        ctx.out.note(&format!("The invitation works once, until {}.", invite.expires_at));
    }
    if desk.env().factor_required(&made.user) {
        ctx.out
            .note("This person needs a second factor and will be asked to enrol one at sign-in.");
    }
    Ok(())
}

/// A person as `user create` prints them.
pub fn summary(user: &User) -> Value {
    shape(&view::user::Summary::of(user))
}

fn document(row: &UserRow) -> Value {
    shape(&view::user::User::of(row))
}

fn person(user: &User) -> Vec<(&'static str, String)> {
    vec![
        ("id", user.id.to_string()),
        ("user name", user.username.clone()),
        ("e-mail", user.email.clone()),
        ("name", user.name.clone()),
        ("roles", user.roles.join(" ")),
        ("state", user.state.as_str().to_owned()),
    ]
}

/// A moment, or a dash.
pub fn when(time: Option<Time>) -> String {
    time.map_or_else(|| "-".to_owned(), Time::rfc3339)
}

fn list(ctx: &Ctx, args: &List) -> Done {
    let desk = ctx.open()?;
    let limit = args.limit.unwrap_or(usize::MAX);
    let mut rows: Vec<UserRow> = Vec::new();
    while rows.len() < limit {
        let after = rows.last().map(|row| row.user.username.clone());
        let page = Page { filter: args.filter.clone(), after, limit: PAGE };
        let more = desk.read(|r, _, who| ops::user::list(r, who, &page))?;
        let last = more.len() < usize::try_from(PAGE).unwrap_or(usize::MAX);
        rows.extend(more);
        if last {
            break;
        }
    }
    rows.truncate(limit);
    let lines = rows.iter().map(|row| {
        vec![
            row.user.username.clone(),
            row.user.email.clone(),
            row.user.roles.join(" "),
            row.user.state.as_str().to_owned(),
            if row.mfa() { "yes" } else { "no" }.to_owned(),
            row.sessions.to_string(),
            when(row.user.last_login_at),
        ]
    });
    let head = ["user name", "e-mail", "roles", "state", "mfa", "sessions", "last sign-in"];
    let none = "nobody; make someone: mcpcodex user create NAME --email E";
    ctx.out.list(rows.iter().map(document).collect(), &head, lines.collect(), none)
}

fn show(ctx: &Ctx, args: &Name) -> Done {
    let desk = ctx.open()?;
    let user = desk.user(&args.name)?;
    let row = desk.read(|r, _, who| ops::user::show(r, who, &user.id))?;
    let mut properties = person(&row.user);
    properties.extend([
        ("second factor", if row.mfa() { "yes" } else { "no" }.to_owned()),
        ("recovery codes", row.recovery_codes.to_string()),
        ("sessions", row.sessions.to_string()),
        ("API keys", row.api_keys.to_string()),
        ("sign-in paused until", when(row.paused_until)),
        ("made", row.user.created_at.rfc3339()),
        ("last sign-in", when(row.user.last_login_at)),
    ]);
    ctx.out.record(&document(&row), &properties)
}

fn edit(ctx: &Ctx, args: Changes) -> Done {
    if args.email.is_none() && args.name.is_none() && args.roles.is_empty() {
        return Err(Failure::usage("say what to change: --email, --name or --role"));
    }
    let desk = ctx.open()?;
    let user = desk.user(&args.who)?;
    let roles = Some(args.roles).filter(|roles| !roles.is_empty());
    let change = Edit { email: args.email, name: args.name, roles };
    let user = desk.write(move |tx, env, who| ops::user::edit(tx, env, who, &user.id, &change))?;
    ctx.out.record(&summary(&user), &person(&user))
}

type ShutOut = fn(
    &crate::db::Write<'_>,
    &crate::model::actor::Actor,
    &crate::model::id::UserId,
) -> crate::error::Result<Shut>;

type LetIn = fn(
    &crate::db::Write<'_>,
    &crate::model::actor::Actor,
    &crate::model::id::UserId,
) -> crate::error::Result<User>;

fn shut(ctx: &Ctx, args: &Name, verb: &str, op: ShutOut) -> Done {
    let desk = ctx.open()?;
    let user = desk.user(&args.name)?;
    ctx.ask.noticeable(&format!("{verb} {}? Their sessions and tokens end now.", user.username))?;
    let id = user.id.clone();
    let shut = desk.write(move |tx, _, who| op(tx, who, &id))?;
    let user = desk.read(|r, _, _| ops::user::get(r, &user.id))?;
    ended(ctx, &desk, &user, shut)
}

fn open(ctx: &Ctx, args: &Name, op: LetIn) -> Done {
    let desk = ctx.open()?;
    let user = desk.user(&args.name)?;
    let user = desk.write(move |tx, _, who| op(tx, who, &user.id))?;
    ctx.out.record(&summary(&user), &person(&user))
}

fn ended(ctx: &Ctx, _desk: &Desk, user: &User, shut: Shut) -> Done {
    let mut document = summary(user);
    put(&mut document, "sessions_ended", json!(shut.sessions));
    put(&mut document, "grants_revoked", json!(shut.grants));
    let mut properties = person(user);
    properties.extend([
        ("sessions ended", shut.sessions.to_string()),
        ("grants revoked", shut.grants.to_string()),
    ]);
    ctx.out.record(&document, &properties)
}

fn delete(ctx: &Ctx, args: &Name) -> Done {
    let desk = ctx.open()?;
    let user = desk.user(&args.name)?;
    ctx.ask.irrevocable(&format!(
        "Delete {} ({}) with factors, sessions, grants and API keys, for good?",
        user.username, user.email
    ))?;
    let id = user.id.clone();
    let shut = desk.write(move |tx, _, who| ops::user::delete(tx, who, &id))?;
    let document = json!({ "deleted": user.id, "username": user.username,
        "sessions_ended": shut.sessions, "grants_revoked": shut.grants });
    ctx.out.record(&document, &[("deleted", user.username)])
}

fn set_password(ctx: &Ctx, args: &SetPassword) -> Done {
    if args.reset_link || args.by.mail {
        return reset_link(ctx, args);
    }
    let desk = ctx.open()?;
    let user = desk.user(&args.name)?;
    let basis = desk.read(|r, env, _| Basis::of(r, env, &user.id))?;
    let chosen = password::choose(&desk, ctx.ask, ctx.out, &basis, args.password_stdin)?;
    let id = user.id.clone();
    let shut =
        desk.write(move |tx, env, who| ops::user::set_password(tx, env, who, &id, &chosen))?;
    let user = desk.read(|r, _, _| ops::user::get(r, &user.id))?;
    ended(ctx, &desk, &user, shut)
}

fn invite(ctx: &Ctx, args: &Invite) -> Done {
    let desk = ctx.open()?;
    let user = desk.user(&args.name)?;
    let mail = |url| Mail::Invite { url };
    let ((), handed) = handover::make(&desk, &user, args.by, mail, |tx, env, who, id| {
        Ok(((), ops::user::invite(tx, env, who, id)?))
    })?;
    handover::report(ctx, json!({}), "invite_url", &handed)
}

fn reset_link(ctx: &Ctx, args: &SetPassword) -> Done {
    let desk = ctx.open()?;
    let user = desk.user(&args.name)?;
    let mail = |url| Mail::Reset { url };
    let ((), handed) = handover::make(&desk, &user, args.by, mail, |tx, env, who, id| {
        Ok(((), ops::reset::link(tx, env, who, id)?))
    })?;
    handover::report(ctx, json!({}), "reset_url", &handed)
}
