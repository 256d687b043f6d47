//! `POST /par` (RFC 9126).

use axum::{
    Json,
    extract::State,
    http::StatusCode,
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
    model::actor::Actor,
    ops::{
        client::{Authenticated, authenticate},
        oauth::par,
    },
};

/// Takes a request from a client that proves itself as at the token endpoint.
pub async fn push(
    State(app): State<App>,
    From(origin): From,
    form: ClientForm,
) -> Result<Response, OAuthError> {
    let (basic, env, who) = (form.basic, app.env(), Actor::anonymous(origin));
    let pushed = app
        .db
        .write(move |tx| match authenticate(tx, &who, &form.shown)? {
            Authenticated::Client(client) => {
                let pushed = par::push(tx, &env, &client, form.fields.pairs(), None)?;
                Ok(pushed.map_err(OAuthError::from))
            }
            Authenticated::No => Ok(Err(OAuthError::client(basic))),
            Authenticated::Wait(after) => Ok(Err(OAuthError::wait(after))),
        })
        .await??;
    let body =
        json!({ "request_uri": pushed.request_uri, "expires_in": pushed.expires_in.as_secs() });
    Ok((StatusCode::CREATED, no_store(), Json(body)).into_response())
}
