//! `POST /device_authorization` (RFC 8628 §3.1). The page on which a person answers is `pages/device`.

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use serde_json::json;

use super::{
    client_form::ClientForm,
    error::{OAuthError, no_store},
    told::{told, unproved},
};
use crate::{
    app::App,
    db::Write,
    error::{Kind as Failure, Result as CoreResult},
    http::extract::From,
    model::{
        actor::Actor,
        trace::{Kind, Rule},
    },
    ops::{
        client::{Authenticated, authenticate},
        env::Env,
        oauth::device::{self as op, Authorization, Begun},
        trace::{self, Grounds},
    },
};

/// A device begins to wait.
pub async fn begin(
    State(app): State<App>,
    From(origin): From,
    form: ClientForm,
) -> Result<Response, OAuthError> {
    let (env, who) = (app.env(), Actor::anonymous(origin.clone()));
    let pairs = form.fields.pairs().to_vec();
    match app.db.write(move |tx| settle(tx, &env, &who, &form)).await {
        Ok(settled) => Ok(answer(&*settled?)),
        Err(error) if error.kind() == Failure::Limited => {
            let refused = OAuthError::from(error).by(Rule::DeviceMany);
            Err(told(&app, origin, Kind::Device, pairs, refused).await)
        }
        Err(error) => Err(error.into()),
    }
}

/// Lets the device wait, or tells why not.
fn settle(
    tx: &Write<'_>,
    env: &Env,
    who: &Actor,
    form: &ClientForm,
) -> CoreResult<Result<Box<Authorization>, OAuthError>> {
    let refused = match authenticate(tx, who, &form.shown)? {
        Authenticated::Client(client) => {
            let pairs = form.fields.pairs();
            let story = trace::open(tx, who, Kind::Device, pairs, !client.is_public())?;
            let ask = op::Ask {
                scope: form.take("scope"),
                resources: form.all("resource"),
                trace: Some(story.clone()),
            };
            return Ok(match op::begin(tx, env, who, &client, &ask)? {
                Begun::Waiting(authorization) => Ok(authorization),
                Begun::Refused(refusal) => {
                    let grounds = Grounds { client: Some(&client), pairs, ..Grounds::default() };
                    Err(trace::refuse(tx, Some(&story), refusal, &grounds)?.into())
                }
            });
        }
        Authenticated::No => OAuthError::client(form.basic),
        Authenticated::Wait(after) => OAuthError::wait(after),
    };
    unproved(tx, env, who, (form, Kind::Device), refused).map(Err)
}

fn answer(authorization: &Authorization) -> Response {
    let body = json!({
        "device_code": authorization.device_code.expose(),
        "user_code": authorization.user_code.expose(),
        "verification_uri": authorization.verification_uri,
        "verification_uri_complete": authorization.verification_uri_complete,
        "expires_in": authorization.lifetime.as_secs(),
        "interval": authorization.interval.as_secs(),
    });
    (no_store(), Json(body)).into_response()
}
