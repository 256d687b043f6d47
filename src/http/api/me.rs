//! `/api/v1/me`: what a person's own programs may see and end. An API key is not the person: it sees who it is.

use axum::{Json, response::Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    asker::{Anyone, Owner},
    desk::Id,
    input::{Bare, Nothing},
    page::{Page, PageParams, Paged},
    problem::Problem,
    sessions::key,
};
use crate::{
    error::Error,
    model::{
        actor::Credential,
        apikey::KeyRow,
        id::{AgentId, ApiKeyId, SessionId},
    },
    ops::{self, session::Slice},
    time::Time,
    view::{
        api_key::ApiKey,
        session::{Revoked, Session},
    },
};

/// Whoever asks.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Me {
    /// The id of the person.
    pub id: String,
    /// Their user name.
    pub username: String,
    /// Their roles.
    pub roles: Vec<String>,
    /// The id of the agent that it is instead of the person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_id: Option<String>,
    /// What was shown: `access_token` or `api_key`.
    pub credential: String,
    /// What it may do.
    pub scopes: Vec<String>,
    /// Whether it may administer.
    pub administers: bool,
    /// When it ends, if ever.
    #[schema(format = DateTime)]
    pub expires_at: Option<String>,
}

/// Tells who asks.
#[utoipa::path(get, path = "/api/v1/me", tag = "me", responses((status = 200, body = Me)))]
pub async fn show(Anyone(desk, _): Anyone) -> Result<Response, Problem> {
    let asker = &desk.asker;
    let credential = match asker.credential() {
        Credential::Token { .. } => "access_token",
        Credential::Key(_) => "api_key",
    };
    desk.show(&Me {
        id: asker.user.id.to_string(),
        username: asker.user.username.clone(),
        roles: asker.user.roles.clone(),
        agent_id: asker.agent.as_ref().map(AgentId::to_string),
        credential: credential.to_owned(),
        scopes: asker.scopes.to_vec(),
        administers: asker.administers(),
        expires_at: asker.expires_at.map(Time::rfc3339),
    })
}

/// Lists the person's own live sessions.
#[utoipa::path(get, path = "/api/v1/me/sessions", tag = "me", params(PageParams),
    responses((status = 200, body = Page<Session>)))]
pub async fn sessions(Owner(desk, page): Owner<Paged<Nothing>>) -> Result<Response, Problem> {
    let slice = Slice {
        user: Some(desk.asker.user.id.clone()),
        client: None,
        before: page.last().map(SessionId::from_text),
        limit: page.fetch(),
    };
    let rows = desk.read(|r, _, who| ops::session::slice(r, who, &slice))?;
    Ok(page.answer(desk.env(), rows, key, Session::of))
}

/// Ends one of the person's own sessions.
#[utoipa::path(post, path = "/api/v1/me/sessions/{id}/revoke", tag = "me", params(("id" = String, Path)),
    responses((status = 200, body = Revoked)))]
pub async fn end_session(
    Owner(desk, _): Owner,
    Id(id): Id,
    _: Bare,
) -> Result<Json<Revoked>, Problem> {
    let (id, own) = (SessionId::from_text(id), desk.asker.user.id.clone());
    let job = desk.write(move |tx, _, who| {
        // An administrator's app has no more rights here than anyone's, and nobody learns of sessions of others.
        let row = ops::session::show(tx, who, &id)?;
        if row.session.user_id != own {
            return Err(Error::not_found("session", &id));
        }
        ops::session::revoke(tx, who, &[id])
    });
    Ok(Json(Revoked { revoked: job.await? }))
}

/// Lists the person's own API keys and those of their agents.
#[utoipa::path(get, path = "/api/v1/me/api-keys", tag = "me", params(PageParams),
    responses((status = 200, body = Page<ApiKey>)))]
pub async fn keys(Owner(desk, page): Owner<Paged<Nothing>>) -> Result<Response, Problem> {
    let slice = ops::apikey::Slice {
        user: Some(desk.asker.user.id.clone()),
        agent: None,
        before: page.last().map(ApiKeyId::from_text),
        limit: page.fetch(),
    };
    let rows = desk.read(|r, _, who| ops::apikey::slice(r, who, &slice))?;
    let (rotation, now) = (desk.env().rotation(), desk.app.db.now());
    let key = |row: &KeyRow| vec![row.key.id.to_string()];
    Ok(page.answer(desk.env(), rows, key, |row| ApiKey::of(row, rotation, now)))
}

/// Takes one of the person's own API keys back.
#[utoipa::path(post, path = "/api/v1/me/api-keys/{id}/revoke", tag = "me", params(("id" = String, Path)),
    responses((status = 200, body = ApiKey)))]
pub async fn revoke_key(
    Owner(desk, _): Owner,
    Id(id): Id,
    _: Bare,
) -> Result<Json<ApiKey>, Problem> {
    let (id, own) = (ApiKeyId::from_text(id), desk.asker.user.id.clone());
    let missing = || Error::not_found("API key", &id);
    let job = desk.write({
        let (id, none) = (id.clone(), missing());
        move |tx, env, who| {
            let row = ops::apikey::get(tx, who, &id);
            if !row.is_ok_and(|row| row.key.user_id == own) {
                return Err(none);
            }
            ops::apikey::revoke(tx, who, &id)?;
            Ok(ApiKey::of(&ops::apikey::get(tx, who, &id)?, env.rotation(), tx.now))
        }
    });
    Ok(Json(job.await?))
}
