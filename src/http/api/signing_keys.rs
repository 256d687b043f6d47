//! `/api/v1/signing-keys`: the keys that sign tokens, and their taking turns.

use axum::{Json, response::Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    asker::Admin,
    desk::{Desk, Id, blocking},
    input::{Bare, Body},
    problem::Problem,
    resources::AlgorithmWord,
};
use crate::{
    crypto::jwt::{Algorithm, SigningKey as Pair},
    error::Error,
    ops::{
        self,
        key::rotation::{self, Order},
    },
    view::signing_key::{Retired, Rotated, SigningKey, Staged, Summary},
};

/// Every signing key.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SigningKeys {
    /// The newest first; there are never many.
    pub items: Vec<SigningKey>,
}

fn every(desk: &Desk) -> Result<Vec<SigningKey>, Problem> {
    desk.read(|r, env, who| {
        let rows = ops::key::list(r, env, who)?;
        Ok(rows.iter().map(|row| SigningKey::of(row, r.now)).collect())
    })
}

/// Lists signing keys, the newest first.
#[utoipa::path(get, path = "/api/v1/signing-keys", tag = "signing-keys",
    responses((status = 200, body = SigningKeys)))]
pub async fn list(Admin(desk, _): Admin) -> Result<Response, Problem> {
    desk.show(&SigningKeys { items: every(&desk)? })
}

/// Shows a signing key.
#[utoipa::path(get, path = "/api/v1/signing-keys/{kid}", tag = "signing-keys", params(("kid" = String, Path)),
    responses((status = 200, body = SigningKey)))]
pub async fn show(Admin(desk, _): Admin, Id(kid): Id) -> Result<Response, Problem> {
    let found = every(&desk)?.into_iter().find(|key| key.summary.kid == kid);
    let key = found.ok_or_else(|| Error::not_found("signing key", &kid))?;
    desk.show(&key)
}

/// A key to be published.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSigningKey {
    /// What it signs with; as configured when nothing is said.
    algorithm: Option<AlgorithmWord>,
}

async fn pair(algorithm: Algorithm) -> Result<Pair, Problem> {
    blocking(move || Pair::generate(algorithm)).await
}

/// Publishes a new key that signs later.
#[utoipa::path(post, path = "/api/v1/signing-keys", tag = "signing-keys", request_body = NewSigningKey,
    responses((status = 201, body = Staged)))]
pub async fn stage(
    Admin(desk, _): Admin,
    Body { said, digest }: Body<NewSigningKey>,
) -> Result<Response, Problem> {
    let wanted = said.algorithm.and_then(AlgorithmWord::algorithm);
    let used = desk.read(|r, env, _| ops::key::algorithms_in_use(r, env))?;
    let algorithm = wanted.or(used.first().copied());
    let algorithm = algorithm.ok_or_else(|| Error::internal("no algorithm is in use"))?;
    let fresh = pair(algorithm).await?;
    desk.create(&digest, move |tx, env, who| {
        let key = rotation::stage(tx, env, who, &fresh)?;
        let ready_at = ops::key::schedule(env).ready_at(&key).rfc3339();
        let place = format!("/api/v1/signing-keys/{}", key.kid);
        Ok((place, Staged { summary: Summary::of(&key), ready_at }))
    })
    .await
}

/// Which key shall sign.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Turn {
    /// The staged key; the one of the configured algorithm when nothing is said.
    kid: Option<String>,
    /// Even if it was published a moment ago, or none is staged.
    #[serde(default)]
    now: bool,
}

/// A new key pair, if the act needs one.
async fn fresh(desk: &Desk, kid: Option<&str>) -> Result<Option<Pair>, Problem> {
    match desk.read(|r, env, _| rotation::lacks(r, env, kid))? {
        Some(algorithm) => pair(algorithm).await.map(Some),
        None => Ok(None),
    }
}

/// Lets the staged key sign; the one before stays believed until its last token has ended.
#[utoipa::path(post, path = "/api/v1/signing-keys/rotate", tag = "signing-keys", request_body = Turn,
    responses((status = 200, body = Rotated)))]
pub async fn rotate(
    Admin(desk, _): Admin,
    Body { said, .. }: Body<Turn>,
) -> Result<Json<Rotated>, Problem> {
    let Turn { kid, now } = said;
    let fresh = if now && kid.is_none() { fresh(&desk, None).await? } else { None };
    let job = desk.write(move |tx, env, who| {
        rotation::rotate(tx, env, who, &Order { kid: kid.as_deref(), now, fresh: fresh.as_ref() })
    });
    let turned = job.await?;
    let before = turned.before.as_ref().map(Summary::of);
    Ok(Json(Rotated { signs: Summary::of(&turned.signs), ready: turned.ready, before }))
}

/// Takes a key out of use at once: tokens that it signed are refused from now on.
#[utoipa::path(post, path = "/api/v1/signing-keys/{kid}/retire", tag = "signing-keys", params(("kid" = String, Path)),
    responses((status = 200, body = Retired)))]
pub async fn retire(Admin(desk, _): Admin, Id(kid): Id, _: Bare) -> Result<Json<Retired>, Problem> {
    // Whoever names a key by its beginning may mean another.
    if !every(&desk)?.iter().any(|key| key.summary.kid == kid) {
        return Err(Error::not_found("signing key", &kid).into());
    }
    let fresh = fresh(&desk, Some(&kid)).await?;
    let job = desk.write(move |tx, env, who| rotation::retire(tx, env, who, &kid, fresh.as_ref()));
    let done = job.await?;
    let signs = done.instead.as_ref().map(Summary::of);
    Ok(Json(Retired { retired: Summary::of(&done.key), signs }))
}
