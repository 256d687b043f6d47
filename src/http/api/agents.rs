//! `/api/v1/agents`: programs that act in their own name, by API key.

use axum::{Json, response::Response};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    asker::Admin,
    desk::{Desk, Id},
    input::{Bare, Body},
    page::{Page, PageParams, Paged},
    problem::Problem,
};
use crate::{
    db::{Read, Write},
    error::Result as CoreResult,
    model::{
        actor::Actor,
        agent::Agent as Row,
        id::{AgentId, UserId},
    },
    ops::{self, env::Env},
    view::agent::{Agent, Deleted},
};

/// Which agents.
#[derive(Clone, Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct AgentFilter {
    /// Only those that the person with this id answers for.
    owner: Option<String>,
}

/// An agent by its id alone: no name stands in a path.
fn find(r: &Read<'_>, who: &Actor, id: &str) -> CoreResult<(Row, String)> {
    let found = ops::agent::find(r, who, id);
    match found {
        Ok((agent, _)) if agent.id.as_str() != id => {
            Err(crate::error::Error::not_found("agent", id))
        }
        found => found,
    }
}

fn current(id: &str) -> impl FnOnce(&Read<'_>, &Env, &Actor) -> CoreResult<Agent> + Send + use<> {
    let id = id.to_owned();
    move |r, _, who| {
        let (agent, owner) = find(r, who, &id)?;
        Ok(Agent::of(&agent, &owner))
    }
}

/// Lists agents by name.
#[utoipa::path(get, path = "/api/v1/agents", tag = "agents", params(PageParams, AgentFilter),
    responses((status = 200, body = Page<Agent>)))]
pub async fn list(Admin(desk, page): Admin<Paged<AgentFilter>>) -> Result<Response, Problem> {
    let owner = page.filter.owner.clone().map(UserId::from_text);
    let rows = desk
        .read(|r, _, who| ops::agent::slice(r, who, owner.as_ref(), page.last(), page.fetch()))?;
    let key = |(agent, _): &(Row, String)| vec![agent.name.clone()];
    Ok(page.answer(desk.env(), rows, key, |(agent, owner)| Agent::of(agent, owner)))
}

/// An agent to be made.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAgent {
    /// Its name.
    name: String,
    /// The id of whoever answers for it.
    owner: String,
}

/// Makes an agent.
#[utoipa::path(post, path = "/api/v1/agents", tag = "agents", request_body = NewAgent,
    responses((status = 201, body = Agent)))]
pub async fn create(
    Admin(desk, _): Admin,
    Body { said, digest }: Body<NewAgent>,
) -> Result<Response, Problem> {
    desk.create(&digest, move |tx, _, who| {
        let owner = ops::user::get(tx, &UserId::from_text(said.owner))?;
        let agent = ops::agent::create(tx, who, &owner, &said.name)?;
        Ok((format!("/api/v1/agents/{}", agent.id), Agent::of(&agent, &owner.username)))
    })
    .await
}

/// Shows an agent.
#[utoipa::path(get, path = "/api/v1/agents/{id}", tag = "agents", params(("id" = String, Path)),
    responses((status = 200, body = Agent)))]
pub async fn show(Admin(desk, _): Admin, Id(id): Id) -> Result<Response, Problem> {
    let agent = desk.read(current(&id))?;
    desk.show(&agent)
}

type Turn = fn(&Write<'_>, &Actor, &AgentId) -> CoreResult<Row>;

async fn turn(desk: &Desk, id: String, op: Turn) -> Result<Json<Agent>, Problem> {
    let job = desk.change(current(&id), move |tx, _, who| {
        let (agent, owner) = find(tx, who, &id)?;
        Ok(Agent::of(&op(tx, who, &agent.id)?, &owner))
    });
    Ok(Json(job.await?))
}

/// Shuts an agent out: none of its keys works any more.
#[utoipa::path(post, path = "/api/v1/agents/{id}/disable", tag = "agents", params(("id" = String, Path)),
    responses((status = 200, body = Agent)))]
pub async fn disable(Admin(desk, _): Admin, Id(id): Id, _: Bare) -> Result<Json<Agent>, Problem> {
    turn(&desk, id, ops::agent::disable).await
}

/// Lets a disabled agent in again.
#[utoipa::path(post, path = "/api/v1/agents/{id}/enable", tag = "agents", params(("id" = String, Path)),
    responses((status = 200, body = Agent)))]
pub async fn enable(Admin(desk, _): Admin, Id(id): Id, _: Bare) -> Result<Json<Agent>, Problem> {
    turn(&desk, id, ops::agent::enable).await
}

/// Removes an agent with its keys.
#[utoipa::path(delete, path = "/api/v1/agents/{id}", tag = "agents", params(("id" = String, Path)),
    responses((status = 200, body = Deleted)))]
pub async fn delete(Admin(desk, _): Admin, Id(id): Id, _: Bare) -> Result<Json<Deleted>, Problem> {
    let job = desk.change(current(&id), move |tx, _, who| {
        let (agent, _) = find(tx, who, &id)?;
        let agent = ops::agent::delete(tx, who, &agent.id)?;
        Ok(Deleted { deleted: agent.id.to_string(), name: agent.name })
    });
    Ok(Json(job.await?))
}
