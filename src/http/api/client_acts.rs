//! What is done to a client: let in, kept out, switched off and on, given a new secret.

use axum::{Json, response::Response};

use super::{
    asker::Admin,
    clients::current,
    desk::{Desk, Id},
    input::{Bare, Body, Empty},
    problem::Problem,
};
use crate::{
    db::Write,
    error::Result as CoreResult,
    model::{actor::Actor, client::Client as Row, id::ClientId},
    ops::{self, client::newcomer},
    view::client::{Client, Disabled, Secret},
};

type Decide = fn(&Write<'_>, &Actor, &ClientId) -> CoreResult<Row>;

async fn decide(desk: &Desk, id: String, op: Decide) -> Result<Json<Client>, Problem> {
    let id = ClientId::from_text(id);
    let job = desk.change(current(&id), move |tx, _, who| {
        op(tx, who, &id)?;
        Ok(Client::of(&ops::client::by_id(tx, who, &id)?))
    });
    Ok(Json(job.await?))
}

/// Lets in a client that came by itself and waits, or vouches for one that is in.
#[utoipa::path(post, path = "/api/v1/clients/{id}/approve", tag = "clients", params(("id" = String, Path)),
    responses((status = 200, body = Client)))]
pub async fn approve(Admin(desk, _): Admin, Id(id): Id, _: Bare) -> Result<Json<Client>, Problem> {
    decide(&desk, id, newcomer::approve).await
}

/// Keeps out a client that came by itself and waits.
#[utoipa::path(post, path = "/api/v1/clients/{id}/deny", tag = "clients", params(("id" = String, Path)),
    responses((status = 200, body = Client)))]
pub async fn deny(Admin(desk, _): Admin, Id(id): Id, _: Bare) -> Result<Json<Client>, Problem> {
    decide(&desk, id, newcomer::deny).await
}

/// Switches a client on again.
#[utoipa::path(post, path = "/api/v1/clients/{id}/enable", tag = "clients", params(("id" = String, Path)),
    responses((status = 200, body = Client)))]
pub async fn enable(Admin(desk, _): Admin, Id(id): Id, _: Bare) -> Result<Json<Client>, Problem> {
    let on: Decide = |tx, who, id| {
        ops::client::enable(tx, who, id)?;
        ops::client::by_id(tx, who, id)
    };
    decide(&desk, id, on).await
}

/// Switches a client off; its refresh tokens end.
#[utoipa::path(post, path = "/api/v1/clients/{id}/disable", tag = "clients", params(("id" = String, Path)),
    responses((status = 200, body = Disabled)))]
pub async fn disable(
    Admin(desk, _): Admin,
    Id(id): Id,
    _: Bare,
) -> Result<Json<Disabled>, Problem> {
    let id = ClientId::from_text(id);
    let job = desk.change(current(&id), move |tx, _, who| {
        let grants_revoked = ops::client::disable(tx, who, &id)?;
        let client = Client::of(&ops::client::by_id(tx, who, &id)?);
        Ok(Disabled { client, grants_revoked })
    });
    Ok(Json(job.await?))
}

/// Makes a new secret; the old one ends now. The new one is in this answer and nowhere else.
#[utoipa::path(post, path = "/api/v1/clients/{id}/secret", tag = "clients", params(("id" = String, Path)),
    request_body = Empty, responses((status = 201, body = Secret)))]
pub async fn rotate_secret(
    Admin(desk, _): Admin,
    Id(id): Id,
    Body { digest, .. }: Body<Empty>,
) -> Result<Response, Problem> {
    let id = ClientId::from_text(id);
    desk.create(&digest, move |tx, _, who| {
        let client_secret = ops::client::rotate_secret(tx, who, &id)?.expose().to_owned();
        Ok((String::new(), Secret { client_id: id.to_string(), client_secret }))
    })
    .await
}
