//! `/api/v1/users`: people. What is done to an account is in `accounts`.

use axum::response::Response;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    asker::Admin,
    desk::{Desk, Id, blocking},
    input::{Bare, Body},
    page::{Page, PageParams, Paged},
    problem::Problem,
};
use crate::{
    db::Read,
    error::Result as CoreResult,
    model::{
        actor::Actor,
        id::UserId,
        user::{UserRow, UserState},
    },
    ops::{
        self,
        password::{Basis, Chosen, Refused},
        user::{Edit, FirstPassword, Last, New, Order, Slice},
    },
    time::Time,
    view::user::{Created, Deleted, User},
};

/// In which order people come.
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
pub enum Sort {
    /// By user name.
    #[default]
    #[serde(rename = "username")]
    Name,
    /// By user name, the last first.
    #[serde(rename = "-username")]
    NameDown,
    /// The oldest account first.
    #[serde(rename = "created_at")]
    Age,
    /// The newest account first.
    #[serde(rename = "-created_at")]
    AgeDown,
}

/// The states of an account.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum AccountState {
    /// No password chosen yet.
    Invited,
    /// May sign in.
    Active,
    /// Shut out.
    Locked,
    /// Put away.
    Disabled,
}

/// Which people.
#[derive(Clone, Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct UserFilter {
    /// Only names, full names and addresses that hold this, in any case.
    #[param(max_length = 200)]
    q: Option<String>,
    /// Only accounts in this state.
    #[param(inline)]
    state: Option<AccountState>,
    /// Only people with this role.
    #[param(max_length = 100)]
    role: Option<String>,
    /// In which order.
    #[param(inline)]
    sort: Option<Sort>,
}

/// A text to look for, as short as a name can be.
pub(super) fn needle(q: Option<String>) -> Result<String, Problem> {
    match q {
        Some(text) if text.chars().count() > 200 => {
            Err(Problem::parameter("q", "this must have at most 200 characters"))
        }
        text => Ok(text.unwrap_or_default()),
    }
}

/// Lists people.
#[utoipa::path(get, path = "/api/v1/users", tag = "users", params(PageParams, UserFilter),
    responses((status = 200, body = Page<User>)))]
pub async fn list(Admin(desk, page): Admin<Paged<UserFilter>>) -> Result<Response, Problem> {
    let asked = page.filter.clone();
    let order = match asked.sort.unwrap_or_default() {
        Sort::Name => Order::Name,
        Sort::NameDown => Order::NameDown,
        Sort::Age => Order::Age,
        Sort::AgeDown => Order::AgeDown,
    };
    let state = asked.state.map(|state| match state {
        AccountState::Invited => UserState::Invited,
        AccountState::Active => UserState::Active,
        AccountState::Locked => UserState::Locked,
        AccountState::Disabled => UserState::Disabled,
    });
    let last = page.after.as_deref().map(last).transpose()?;
    let (filter, role, limit) = (needle(asked.q)?, asked.role, page.fetch());
    let slice = Slice { filter, state, role, order, last, limit };
    let rows = desk.read_long(move |r, _, who| ops::user::slice(r, who, &slice)).await?;
    let key = |row: &UserRow| match ops::user::last(order, &row.user) {
        Last::Name(name) => vec![name],
        Last::Age(at, id) => vec![at.millis().to_string(), id.to_string()],
    };
    Ok(page.answer(desk.env(), rows, key, User::of))
}

fn last(parts: &[String]) -> Result<Last, Problem> {
    match parts {
        [name] => Ok(Last::Name(name.clone())),
        [at, id] => {
            let at = at.parse().map_err(|_| Problem::parameter("cursor", "it is damaged"))?;
            Ok(Last::Age(Time::from_millis(at), UserId::from_text(id.clone())))
        }
        _ => Err(Problem::parameter("cursor", "it is damaged")),
    }
}

/// Somebody to be made.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewUser {
    /// What they sign in with.
    #[schema(example = "ann")]
    username: String,
    /// Their address.
    #[schema(format = Email, example = "ann@example.com")]
    email: String,
    /// Their full name.
    name: Option<String>,
    /// Their roles; `user` when none is given.
    roles: Option<Vec<String>>,
    /// Their first password. Without one they are invited: the answer has the link behind which they choose it.
    password: Option<String>,
}

/// Makes somebody.
#[utoipa::path(post, path = "/api/v1/users", tag = "users", request_body = NewUser,
    responses((status = 201, body = Created)))]
pub async fn create(
    Admin(desk, _): Admin,
    Body { said, digest }: Body<NewUser>,
) -> Result<Response, Problem> {
    let NewUser { username, email, name, roles, password } = said;
    let new =
        New { username, email, name: name.unwrap_or_default(), roles: roles.unwrap_or_default() };
    let first = match password {
        Some(password) => FirstPassword::Chosen(chosen(&desk, &new, password).await?),
        None => FirstPassword::Invite,
    };
    desk.create(&digest, move |tx, env, who| {
        let made = ops::user::create(tx, env, who, &new, &first)?;
        let user = crate::view::user::Summary::of(&made.user);
        let invite_url = made.invite.map(|link| link.url);
        Ok((format!("/api/v1/users/{}", user.id), Created { user, invite_url }))
    })
    .await
}

async fn chosen(desk: &Desk, new: &New, password: String) -> Result<Chosen, Problem> {
    let (env, password) = (desk.app.env(), crate::crypto::secret::Plain::new(password));
    let basis = Basis::new_user(&new.username, &new.email, &new.name);
    let judged =
        blocking(move || Ok(ops::password::choose(&env, &basis, password.expose()))).await?;
    judged.map_err(|refused| match refused {
        Refused::Failed(error) => error.into(),
        Refused::Unfit(reasons) => {
            let reasons: Vec<String> = reasons.iter().map(ToString::to_string).collect();
            Problem::member("/password", reasons.join("; "))
        }
    })
}

pub(super) fn current(
    id: &UserId,
) -> impl FnOnce(&Read<'_>, &ops::env::Env, &Actor) -> CoreResult<User> + Send + use<> {
    let id = id.clone();
    move |r, _, who| Ok(User::of(&ops::user::show(r, who, &id)?))
}

/// Shows somebody.
#[utoipa::path(get, path = "/api/v1/users/{id}", tag = "users", params(("id" = String, Path)),
    responses((status = 200, body = User)))]
pub async fn show(Admin(desk, _): Admin, Id(id): Id) -> Result<Response, Problem> {
    let user = desk.read(current(&UserId::from_text(id)))?;
    desk.show(&user)
}

/// What is to change of somebody; what is left out stays.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UserChange {
    /// Their address.
    email: Option<String>,
    /// Their full name.
    name: Option<String>,
    /// Exactly these roles. Other roles than before end their sessions.
    roles: Option<Vec<String>>,
}

/// Changes somebody.
#[utoipa::path(patch, path = "/api/v1/users/{id}", tag = "users", params(("id" = String, Path)),
    request_body = UserChange, responses((status = 200, body = User)))]
pub async fn edit(
    Admin(desk, _): Admin,
    Id(id): Id,
    Body { said, .. }: Body<UserChange>,
) -> Result<Response, Problem> {
    let id = UserId::from_text(id);
    let UserChange { email, name, roles } = said;
    let now = current(&id);
    let edit = Edit { email, name, roles };
    let user = desk.change(current(&id), move |tx, env, who| {
        ops::user::edit(tx, env, who, &id, &edit)?;
        now(tx, env, who)
    });
    desk.show(&user.await?)
}

/// Removes somebody with all that is theirs.
#[utoipa::path(delete, path = "/api/v1/users/{id}", tag = "users", params(("id" = String, Path)),
    responses((status = 200, body = Deleted)))]
pub async fn delete(
    Admin(desk, _): Admin,
    Id(id): Id,
    _: Bare,
) -> Result<axum::Json<Deleted>, Problem> {
    let id = UserId::from_text(id);
    let deleted = desk.change(current(&id), move |tx, _, who| {
        let user = ops::user::get(tx, &id)?;
        let shut = ops::user::delete(tx, who, &id)?;
        Ok(Deleted {
            deleted: user.id.to_string(),
            username: user.username,
            sessions_ended: shut.sessions,
            grants_revoked: shut.grants,
        })
    });
    Ok(axum::Json(deleted.await?))
}
