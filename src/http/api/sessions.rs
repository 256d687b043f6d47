//! `/api/v1/sessions`: who is signed in.

use axum::{Json, response::Response};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    asker::Admin,
    desk::Id,
    input::{Bare, Body},
    page::{Page, PageParams, Paged},
    problem::Problem,
};
use crate::{
    model::{
        id::{ClientId, SessionId, UserId},
        session::SessionRow,
    },
    ops::{self, session::Slice},
    view::session::{Revoked, Session},
};

/// Which sessions.
#[derive(Clone, Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct SessionFilter {
    /// Only of the person with this id.
    user: Option<String>,
    /// Only those from which the client with this id holds tokens.
    client: Option<String>,
}

pub(super) fn key(row: &SessionRow) -> Vec<String> {
    vec![row.session.id.to_string()]
}

/// Lists live sessions, the last opened first.
#[utoipa::path(get, path = "/api/v1/sessions", tag = "sessions", params(PageParams, SessionFilter),
    responses((status = 200, body = Page<Session>)))]
pub async fn list(Admin(desk, page): Admin<Paged<SessionFilter>>) -> Result<Response, Problem> {
    let SessionFilter { user, client } = page.filter.clone();
    let slice = Slice {
        user: user.map(UserId::from_text),
        client: client.map(ClientId::from_text),
        before: page.last().map(SessionId::from_text),
        limit: page.fetch(),
    };
    let rows = desk.read(|r, _, who| ops::session::slice(r, who, &slice))?;
    Ok(page.answer(desk.env(), rows, key, Session::of))
}

/// Shows a live session.
#[utoipa::path(get, path = "/api/v1/sessions/{id}", tag = "sessions", params(("id" = String, Path)),
    responses((status = 200, body = Session)))]
pub async fn show(Admin(desk, _): Admin, Id(id): Id) -> Result<Response, Problem> {
    let id = SessionId::from_text(id);
    let row = desk.read(|r, _, who| ops::session::show(r, who, &id))?;
    desk.show(&Session::of(&row))
}

/// Ends a session and what apps hold from it.
#[utoipa::path(post, path = "/api/v1/sessions/{id}/revoke", tag = "sessions", params(("id" = String, Path)),
    responses((status = 200, body = Revoked)))]
pub async fn revoke(Admin(desk, _): Admin, Id(id): Id, _: Bare) -> Result<Json<Revoked>, Problem> {
    let ids = [SessionId::from_text(id)];
    let revoked = desk.write(move |tx, _, who| ops::session::revoke(tx, who, &ids)).await?;
    Ok(Json(Revoked { revoked }))
}

/// What is to end: exactly one of these.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Which {
    /// These sessions; at most 1000.
    ids: Option<Vec<String>>,
    /// Every session and connection of the person with this id.
    user: Option<String>,
    /// Every connection of the client with this id.
    client: Option<String>,
    /// `true`: every session and connection there is. Not for API keys.
    all: Option<bool>,
}

const MOST: usize = 1_000;

/// Ends many sessions at once.
#[utoipa::path(post, path = "/api/v1/sessions/revoke", tag = "sessions", request_body = Which,
    responses((status = 200, body = Revoked)))]
pub async fn revoke_many(
    Admin(desk, _): Admin,
    Body { said, .. }: Body<Which>,
) -> Result<Json<Revoked>, Problem> {
    let one = || Problem::member("", "name exactly one of ids, user, client and all");
    let Which { ids, user, client, all } = said;
    let done = match (ids, user, client, all) {
        (Some(ids), None, None, None) if ids.len() <= MOST => {
            let ids: Vec<_> = ids.into_iter().map(SessionId::from_text).collect();
            desk.write(move |tx, _, who| ops::session::revoke(tx, who, &ids)).await
        }
        (Some(_), None, None, None) => return Err(Problem::member("/ids", "at most 1000")),
        (None, Some(user), None, None) => {
            let id = UserId::from_text(user);
            let job = desk.write(move |tx, _, who| {
                ops::user::get(tx, &id)?;
                ops::session::revoke_of_user(tx, who, &id)
            });
            job.await.map(|shut| shut.sessions)
        }
        (None, None, Some(client), None) => {
            let id = ClientId::from_text(client);
            let job = desk.write(move |tx, _, who| {
                ops::client::by_id(tx, who, &id)?;
                ops::session::revoke_of_client(tx, who, &id)
            });
            job.await
        }
        (None, None, None, Some(true)) => {
            let job = desk.write(|tx, _, who| ops::session::revoke_everything(tx, who));
            job.await.map(|shut| shut.sessions)
        }
        _ => return Err(one()),
    };
    Ok(Json(Revoked { revoked: done? }))
}
