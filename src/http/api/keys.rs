//! `/api/v1/api-keys`: keys for programs. A key makes none, rotates none and changes none.

use std::time::Duration;

use axum::{Json, response::Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    asker::Admin,
    desk::{Desk, Id},
    input::{Bare, Body, Query},
    page::{Page, PageParams, Paged},
    problem::Problem,
};
use crate::{
    db::Read,
    error::{Error, Result as CoreResult},
    model::{
        actor::Actor,
        apikey::KeyRow,
        id::{AgentId, ApiKeyId, UserId},
    },
    ops::{
        self,
        apikey::{Edit, New, Old, Slice},
        env::Env,
    },
    time::Time,
    view::api_key::{ApiKey, Made, Summary, Usage},
};

/// As long as the command line lets a replaced key work on.
const OVERLAP: u32 = 86_400;
/// A year and more: no sensible overlap or lifetime is longer than ten.
const LONGEST: u32 = 10 * 366 * 86_400;

/// Which keys.
#[derive(Clone, Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct KeyFilter {
    /// Only of the person with this id, and of their agents.
    user: Option<String>,
    /// Only of the agent with this id.
    agent: Option<String>,
}

fn current(
    id: &ApiKeyId,
) -> impl FnOnce(&Read<'_>, &Env, &Actor) -> CoreResult<ApiKey> + Send + use<> {
    let id = id.clone();
    move |r, env, who| Ok(ApiKey::of(&ops::apikey::get(r, who, &id)?, env.rotation(), r.now))
}

/// Lists keys, the newest first.
#[utoipa::path(get, path = "/api/v1/api-keys", tag = "api-keys", params(PageParams, KeyFilter),
    responses((status = 200, body = Page<ApiKey>)))]
pub async fn list(Admin(desk, page): Admin<Paged<KeyFilter>>) -> Result<Response, Problem> {
    let KeyFilter { user, agent } = page.filter.clone();
    let slice = Slice {
        user: user.map(UserId::from_text),
        agent: agent.map(AgentId::from_text),
        before: page.last().map(ApiKeyId::from_text),
        limit: page.fetch(),
    };
    let rows = desk.read(|r, _, who| ops::apikey::slice(r, who, &slice))?;
    let (rotation, now) = (desk.env().rotation(), desk.app.db.now());
    let key = |row: &KeyRow| vec![row.key.id.to_string()];
    Ok(page.answer(desk.env(), rows, key, |row| ApiKey::of(row, rotation, now)))
}

/// A key to be made: for a person or for an agent.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewKey {
    /// The id of the person it is for.
    user: Option<String>,
    /// The id of the agent it is for, instead.
    agent: Option<String>,
    /// What its owner calls it.
    name: String,
    /// What it may do.
    scopes: Vec<String>,
    /// How many seconds it lives; until it is revoked when nothing is said.
    #[schema(minimum = 1, maximum = 316_224_000)]
    expires_in: Option<u32>,
    /// How many uses flow back into its bucket each minute; as configured when nothing is said.
    #[schema(minimum = 1, maximum = 1_000_000)]
    requests_per_minute: Option<u32>,
    /// How many uses may come at once; as configured when nothing is said.
    #[schema(minimum = 1, maximum = 1_000_000)]
    burst_size: Option<u32>,
}

fn span(pointer: &str, seconds: u32, least: u32) -> Result<Duration, Problem> {
    if (least..=LONGEST).contains(&seconds) {
        return Ok(Duration::from_secs(seconds.into()));
    }
    Err(Problem::member(pointer, format!("this must be {least} to {LONGEST} seconds")))
}

/// Makes a key. Its text is in this answer and nowhere else. Not for API keys.
#[utoipa::path(post, path = "/api/v1/api-keys", tag = "api-keys", request_body = NewKey,
    responses((status = 201, body = Made)))]
pub async fn create(
    Admin(desk, _): Admin,
    Body { said, digest }: Body<NewKey>,
) -> Result<Response, Problem> {
    let lifetime = said.expires_in.map(|seconds| span("/expires_in", seconds, 1)).transpose()?;
    if said.user.is_some() == said.agent.is_some() {
        return Err(Problem::member("", "name either user or agent"));
    }
    let (user, agent) = (said.user.map(UserId::from_text), said.agent.map(AgentId::from_text));
    let new = New {
        name: said.name,
        agent: agent.clone(),
        scopes: said.scopes,
        lifetime,
        requests_per_minute: said.requests_per_minute,
        burst_size: said.burst_size,
    };
    desk.create(&digest, move |tx, env, who| {
        let agent = agent.map(|id| ops::agent::find(tx, who, id.as_str())).transpose()?;
        let owner = agent.as_ref().map(|(agent, _)| agent.owner_id.clone()).or(user);
        let owner = owner.ok_or_else(|| Error::internal("a key for nobody"))?;
        let owner = ops::user::get(tx, &owner)?;
        let made = ops::apikey::create(tx, env, who, &owner, &new)?;
        let agent = agent.map(|(agent, _)| agent.name);
        let row = KeyRow { key: made.key, username: owner.username, agent };
        Ok(told(&row, made.text.expose(), None))
    })
    .await
}

fn told(row: &KeyRow, text: &str, old_ends_at: Option<Time>) -> (String, Made) {
    let (key, old_ends_at) = (text.to_owned(), old_ends_at.map(Time::rfc3339));
    let place = format!("/api/v1/api-keys/{}", row.key.id);
    (place, Made { summary: Summary::of(row), key, old_ends_at })
}

/// Shows a key, without its text.
#[utoipa::path(get, path = "/api/v1/api-keys/{id}", tag = "api-keys", params(("id" = String, Path)),
    responses((status = 200, body = ApiKey)))]
pub async fn show(Admin(desk, _): Admin, Id(id): Id) -> Result<Response, Problem> {
    let key = desk.read(current(&ApiKeyId::from_text(id)))?;
    desk.show(&key)
}

/// What is to change of a key; what is left out stays.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyChange {
    /// What its owner calls it.
    name: Option<String>,
    /// How many uses flow back into its bucket each minute.
    #[schema(minimum = 1, maximum = 1_000_000)]
    requests_per_minute: Option<u32>,
    /// How many uses may come at once.
    #[schema(minimum = 1, maximum = 1_000_000)]
    burst_size: Option<u32>,
}

/// Changes a key's name or how often it may be used. Not for API keys.
#[utoipa::path(patch, path = "/api/v1/api-keys/{id}", tag = "api-keys", params(("id" = String, Path)),
    request_body = KeyChange, responses((status = 200, body = ApiKey)))]
pub async fn edit(
    Admin(desk, _): Admin,
    Id(id): Id,
    Body { said, .. }: Body<KeyChange>,
) -> Result<Response, Problem> {
    let id = ApiKeyId::from_text(id);
    let KeyChange { name, requests_per_minute, burst_size } = said;
    let edit = Edit { name, requests_per_minute, burst_size };
    let now = current(&id);
    let job = desk.change(current(&id), move |tx, env, who| {
        ops::apikey::edit(tx, env, who, &id, &edit)?;
        now(tx, env, who)
    });
    desk.show(&job.await?)
}

/// What becomes of the key that is replaced.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Replacement {
    /// Seconds that it works on; a day when nothing is said.
    #[schema(maximum = 316_224_000)]
    overlap: Option<u32>,
    /// It is in wrong hands and ends now.
    #[serde(default)]
    leaked: bool,
}

/// Puts a new key in the place of one. Its text is in this answer and nowhere else. Not for API keys, which rotate
/// themselves at `/auth/api-key/rotate` where the configuration lets them.
#[utoipa::path(post, path = "/api/v1/api-keys/{id}/rotate", tag = "api-keys", params(("id" = String, Path)),
    request_body = Replacement, responses((status = 201, body = Made)))]
pub async fn rotate(
    Admin(desk, _): Admin,
    Id(id): Id,
    Body { said, digest }: Body<Replacement>,
) -> Result<Response, Problem> {
    let old = match said {
        Replacement { leaked: true, overlap: None } => Old::Leaked,
        Replacement { leaked: true, .. } => {
            return Err(Problem::member("/overlap", "a leaked key ends now"));
        }
        Replacement { overlap, .. } => {
            Old::Overlap(span("/overlap", overlap.unwrap_or(OVERLAP), 0)?)
        }
    };
    let id = ApiKeyId::from_text(id);
    desk.create(&digest, move |tx, env, who| {
        let before = ops::apikey::get(tx, who, &id)?;
        let done = ops::apikey::rotate(tx, env, who, &id, old)?;
        let ends = done.old.ends_at(env.rotation()).filter(|_| old != Old::Leaked);
        let new = KeyRow { key: done.made.key, ..before };
        Ok(told(&new, done.made.text.expose(), ends.or(done.old.revoked_at)))
    })
    .await
}

/// Takes a key back at once.
#[utoipa::path(post, path = "/api/v1/api-keys/{id}/revoke", tag = "api-keys", params(("id" = String, Path)),
    responses((status = 200, body = ApiKey)))]
pub async fn revoke(Admin(desk, _): Admin, Id(id): Id, _: Bare) -> Result<Json<ApiKey>, Problem> {
    Ok(Json(taken_back(&desk, ApiKeyId::from_text(id)).await?))
}

async fn taken_back(desk: &Desk, id: ApiKeyId) -> Result<ApiKey, Problem> {
    let now = current(&id);
    desk.change(current(&id), move |tx, env, who| {
        ops::apikey::revoke(tx, who, &id)?;
        now(tx, env, who)
    })
    .await
}

/// Of how many days.
#[derive(Clone, Copy, Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Days {
    /// So many, today included.
    #[param(minimum = 1, maximum = 400, default = 30)]
    days: Option<u32>,
}

/// The use of a key.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct UsageOfKey {
    /// The days on which it was used, the newest first.
    pub items: Vec<Usage>,
}

/// Tells how often a key was used, by the day.
#[utoipa::path(get, path = "/api/v1/api-keys/{id}/usage", tag = "api-keys", params(("id" = String, Path), Days),
    responses((status = 200, body = UsageOfKey)))]
pub async fn usage(
    Admin(desk, Query(asked)): Admin<Query<Days>>,
    Id(id): Id,
) -> Result<Response, Problem> {
    let days = asked.days.unwrap_or(30);
    if !(1..=400).contains(&days) {
        return Err(Problem::parameter("days", "this must be 1 to 400"));
    }
    let id = ApiKeyId::from_text(id);
    let days = desk.read(|r, _, who| ops::apikey::usage(r, who, &id, days))?;
    desk.show(&UsageOfKey { items: days.iter().map(Usage::of).collect() })
}
