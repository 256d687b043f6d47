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
};
use crate::{
    app::App,
    http::extract::From,
    model::{actor::Actor, trace::Kind},
    ops::{
        client::{Authenticated, authenticate},
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
    let ask = op::Ask { scope: form.take("scope"), resources: form.all("resource") };
    let (basic, env, who) = (form.basic, app.env(), Actor::anonymous(origin));
    let begun = app
        .db
        .write(move |tx| match authenticate(tx, &who, &form.shown)? {
            Authenticated::Client(client) => match op::begin(tx, &env, &who, &client, &ask)? {
                Begun::Refused(refusal) => {
                    let pairs = form.fields.pairs();
                    let grounds = Grounds { client: Some(&client), pairs, ..Grounds::default() };
                    let told = trace::alone(tx, &who, Kind::Device, refusal, &grounds)?;
                    Ok(Ok(Begun::Refused(told)))
                }
                begun @ Begun::Waiting(_) => Ok(Ok(begun)),
            },
            Authenticated::No => Ok(Err(OAuthError::client(basic))),
            Authenticated::Wait(after) => Ok(Err(OAuthError::wait(after))),
        })
        .await??;
    match begun {
        Begun::Waiting(authorization) => Ok(answer(&authorization)),
        Begun::Refused(refusal) => Err(refusal.into()),
    }
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
