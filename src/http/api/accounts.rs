//! What is done to somebody's account: shut out, let in again, given a link, rid of second factors.

use axum::Json;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    asker::Admin,
    desk::{Desk, Id},
    input::{Bare, Body},
    problem::Problem,
    users::current,
};
use crate::{
    db::Write,
    error::Result as CoreResult,
    model::{actor::Actor, id::UserId, message::mail::Mail, user::User},
    ops::{self, env::Env, handover, link::Printed, session::Shut},
    time::Time,
    view::{
        mfa::{Factors, Handed, Removed, Reset},
        user::{Ended, Summary},
    },
};

type ShutOut = fn(&Write<'_>, &Actor, &UserId) -> CoreResult<Shut>;
type LetIn = fn(&Write<'_>, &Actor, &UserId) -> CoreResult<User>;

async fn shut(desk: &Desk, id: String, op: ShutOut) -> Result<Json<Ended>, Problem> {
    let id = UserId::from_text(id);
    let ended = desk.change(current(&id), move |tx, _, who| {
        let shut = op(tx, who, &id)?;
        let user = Summary::of(&ops::user::get(tx, &id)?);
        Ok(Ended { user, sessions_ended: shut.sessions, grants_revoked: shut.grants })
    });
    Ok(Json(ended.await?))
}

async fn open(desk: &Desk, id: String, op: LetIn) -> Result<Json<Summary>, Problem> {
    let id = UserId::from_text(id);
    let user = desk.change(current(&id), move |tx, _, who| op(tx, who, &id));
    Ok(Json(Summary::of(&user.await?)))
}

/// Shuts somebody out: their sessions and tokens end now.
#[utoipa::path(post, path = "/api/v1/users/{id}/lock", tag = "users", params(("id" = String, Path)),
    responses((status = 200, body = Ended)))]
pub async fn lock(Admin(desk, _): Admin, Id(id): Id, _: Bare) -> Result<Json<Ended>, Problem> {
    shut(&desk, id, ops::user::lock).await
}

/// Lets somebody in again, also when wrong tries paused the sign-in.
#[utoipa::path(post, path = "/api/v1/users/{id}/unlock", tag = "users", params(("id" = String, Path)),
    responses((status = 200, body = Summary)))]
pub async fn unlock(Admin(desk, _): Admin, Id(id): Id, _: Bare) -> Result<Json<Summary>, Problem> {
    open(&desk, id, ops::user::unlock).await
}

/// Puts an account away.
#[utoipa::path(post, path = "/api/v1/users/{id}/disable", tag = "users", params(("id" = String, Path)),
    responses((status = 200, body = Ended)))]
pub async fn disable(Admin(desk, _): Admin, Id(id): Id, _: Bare) -> Result<Json<Ended>, Problem> {
    shut(&desk, id, ops::user::disable).await
}

/// Brings a disabled account back.
#[utoipa::path(post, path = "/api/v1/users/{id}/enable", tag = "users", params(("id" = String, Path)),
    responses((status = 200, body = Summary)))]
pub async fn enable(Admin(desk, _): Admin, Id(id): Id, _: Bare) -> Result<Json<Summary>, Problem> {
    open(&desk, id, ops::user::enable).await
}

/// Ends every session and connection of somebody.
#[utoipa::path(post, path = "/api/v1/users/{id}/sessions/revoke", tag = "users", params(("id" = String, Path)),
    responses((status = 200, body = Ended)))]
pub async fn end_sessions(
    Admin(desk, _): Admin,
    Id(id): Id,
    _: Bare,
) -> Result<Json<Ended>, Problem> {
    shut(&desk, id, |tx, who, id| {
        ops::user::get(tx, id)?;
        ops::session::revoke_of_user(tx, who, id)
    })
    .await
}

/// How a link reaches its person.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Delivery {
    /// Mail it to them instead of telling it here.
    #[serde(default)]
    mail: bool,
}

/// A link that was made, as it is told.
fn handed(handed: handover::Handed, put: fn(&mut Handed, String)) -> Handed {
    match handed {
        handover::Handed::Printed(Printed { url, expires_at }) => {
            let mut told = Handed { expires_at: expires_at.rfc3339(), ..Handed::default() };
            put(&mut told, url);
            told
        }
        handover::Handed::Mailed { to, message, expires_at } => Handed {
            mailed_to: Some(to),
            message_id: Some(message.to_string()),
            expires_at: expires_at.rfc3339(),
            ..Handed::default()
        },
    }
}

type Make = fn(&Write<'_>, &Env, &Actor, &UserId) -> CoreResult<Printed>;

async fn link(
    desk: &Desk,
    (id, by): (String, Delivery),
    make: Make,
    mail: fn(String) -> Mail,
    put: fn(&mut Handed, String),
) -> Result<Json<Handed>, Problem> {
    let id = UserId::from_text(id);
    let job = desk.change(current(&id), move |tx, env, who| {
        let printed = make(tx, env, who, &id)?;
        let user = ops::user::get(tx, &id)?;
        handover::hand(tx, env, &user, printed, by.mail.then_some(mail))
    });
    Ok(Json(handed(job.await?, put)))
}

/// Makes the link behind which somebody chooses a new password.
#[utoipa::path(post, path = "/api/v1/users/{id}/password-reset", tag = "users", params(("id" = String, Path)),
    request_body = Delivery, responses((status = 200, body = Handed)))]
pub async fn reset_password(
    Admin(desk, _): Admin,
    Id(id): Id,
    Body { said, .. }: Body<Delivery>,
) -> Result<Json<Handed>, Problem> {
    let put = |told: &mut Handed, url| told.reset_url = Some(url);
    link(&desk, (id, said), ops::reset::link, |url| Mail::Reset { url }, put).await
}

/// Makes a new invitation for somebody who never chose a password.
#[utoipa::path(post, path = "/api/v1/users/{id}/invite", tag = "users", params(("id" = String, Path)),
    request_body = Delivery, responses((status = 200, body = Handed)))]
pub async fn invite(
    Admin(desk, _): Admin,
    Id(id): Id,
    Body { said, .. }: Body<Delivery>,
) -> Result<Json<Handed>, Problem> {
    let put = |told: &mut Handed, url| told.invite_url = Some(url);
    link(&desk, (id, said), ops::user::invite, |url| Mail::Invite { url }, put).await
}

/// Lists somebody's second factors.
#[utoipa::path(get, path = "/api/v1/users/{id}/mfa", tag = "users", params(("id" = String, Path)),
    responses((status = 200, body = Factors)))]
pub async fn factors(
    Admin(desk, _): Admin,
    Id(id): Id,
) -> Result<axum::response::Response, Problem> {
    let id = UserId::from_text(id);
    let shown = desk.read(|r, _, who| {
        let user = ops::user::get(r, &id)?;
        let (factors, left) = ops::factor::all(r, who, &id)?;
        let of = |factor: &ops::factor::Any| crate::view::mfa::Factor {
            id: factor.id.as_str().to_owned(),
            kind: factor.method.as_str().to_owned(),
            label: factor.label.clone(),
            state: factor.state.to_owned(),
            created_at: factor.created_at.rfc3339(),
            last_used_at: factor.last_used_at.map(Time::rfc3339),
        };
        let factors = factors.iter().map(of).collect();
        Ok(Factors { user: user.username, factors, recovery_codes_left: left })
    })?;
    desk.show(&shown)
}

/// Removes every second factor and recovery code of somebody; their sessions end. Not for API keys.
#[utoipa::path(delete, path = "/api/v1/users/{id}/mfa", tag = "users", params(("id" = String, Path)),
    responses((status = 200, body = Removed)))]
pub async fn remove_factors(
    Admin(desk, _): Admin,
    Id(id): Id,
    _: Bare,
) -> Result<Json<Removed>, Problem> {
    let id = UserId::from_text(id);
    let removed = desk.change(current(&id), move |tx, env, who| {
        let user = ops::user::get(tx, &id)?;
        let removed = ops::factor::disable(tx, env, who, &id, None)?;
        Ok(Removed { user: user.username, removed })
    });
    Ok(Json(removed.await?))
}

/// For a lost phone: removes every factor and makes the link behind which the person enrols anew. Not for API keys.
#[utoipa::path(post, path = "/api/v1/users/{id}/mfa/reset", tag = "users", params(("id" = String, Path)),
    request_body = Delivery, responses((status = 200, body = Reset)))]
pub async fn reset_factors(
    Admin(desk, _): Admin,
    Id(id): Id,
    Body { said, .. }: Body<Delivery>,
) -> Result<Json<Reset>, Problem> {
    let id = UserId::from_text(id);
    let done = desk.change(current(&id), move |tx, env, who| {
        let user = ops::user::get(tx, &id)?;
        let reset = ops::factor::reset(tx, env, who, &id)?;
        let mail: fn(String) -> Mail = |url| Mail::Enroll { url };
        let link = handover::hand(tx, env, &user, reset.link, said.mail.then_some(mail))?;
        Ok((user.username, reset.removed, link))
    });
    let (user, removed, link) = done.await?;
    let link = handed(link, |told, url| told.enroll_url = Some(url));
    Ok(Json(Reset { user, removed, link }))
}
