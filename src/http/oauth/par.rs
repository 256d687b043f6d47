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
    error::{OAuthError, no_store, with_nonce},
};
use crate::{
    app::App,
    http::extract::From,
    model::{actor::Actor, trace::Kind},
    ops::{
        client::{Authenticated, authenticate},
        oauth::{
            dpop::{self, Place},
            par,
        },
        trace::{self, Grounds},
    },
};

/// Takes a request from a client that proves itself as at the token endpoint.
pub async fn push(
    State(app): State<App>,
    From(origin): From,
    form: ClientForm,
) -> Result<Response, OAuthError> {
    let proved = form.proof.is_some();
    let answer = answer(&app, Actor::anonymous(origin), form).await;
    if proved { Ok(with_nonce(&app, answer.into_response())) } else { answer }
}

async fn answer(app: &App, who: Actor, form: ClientForm) -> Result<Response, OAuthError> {
    let (basic, env) = (form.basic, app.env());
    let pushed = app
        .db
        .write(move |tx| match authenticate(tx, &who, &form.shown)? {
            Authenticated::Client(client) => {
                if let Some(proof) = &form.proof
                    && let Err(refusal) = dpop::accept(tx, &env, proof, Place::post("/par"))?
                {
                    return Ok(Err(refusal.into()));
                }
                let (pairs, jkt) = (form.fields.pairs(), form.jkt());
                match par::push(tx, &env, &who, &client, pairs, jkt.as_deref())? {
                    Ok(pushed) => Ok(Ok(pushed)),
                    Err(refusal) => {
                        let grounds =
                            Grounds { client: Some(&client), pairs, ..Grounds::default() };
                        let told = trace::alone(tx, &who, Kind::Push, refusal, &grounds)?;
                        Ok(Err(told.into()))
                    }
                }
            }
            Authenticated::No => Ok(Err(OAuthError::client(basic))),
            Authenticated::Wait(after) => Ok(Err(OAuthError::wait(after))),
        })
        .await??;
    let body =
        json!({ "request_uri": pushed.request_uri, "expires_in": pushed.expires_in.as_secs() });
    Ok((StatusCode::CREATED, no_store(), Json(body)).into_response())
}
