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
    told::unproved,
};
use crate::{
    app::App,
    db::Write,
    error::Result as CoreResult,
    http::extract::From,
    model::{actor::Actor, trace::Kind},
    ops::{
        client::{Authenticated, authenticate},
        env::Env,
        oauth::{
            dpop::{self, Place},
            par::{self, Pushed},
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
    let env = app.env();
    let pushed = app.db.write(move |tx| settle(tx, &env, &who, &form)).await??;
    let body =
        json!({ "request_uri": pushed.request_uri, "expires_in": pushed.expires_in.as_secs() });
    Ok((StatusCode::CREATED, no_store(), Json(body)).into_response())
}

/// Takes the request, or tells why not.
fn settle(
    tx: &Write<'_>,
    env: &Env,
    who: &Actor,
    form: &ClientForm,
) -> CoreResult<Result<Pushed, OAuthError>> {
    let refused = match authenticate(tx, who, &form.shown)? {
        Authenticated::Client(client) => {
            let accepted = match &form.proof {
                Some(proof) => dpop::accept(tx, env, proof, Place::post("/par"))?,
                None => Ok(()),
            };
            let (pairs, jkt) = (form.fields.pairs(), form.jkt());
            let pushed = match accepted {
                Ok(()) => par::push(tx, env, who, &client, pairs, jkt.as_deref())?,
                Err(refusal) => Err(refusal),
            };
            return Ok(match pushed {
                Ok(pushed) => Ok(pushed),
                Err(refusal) => {
                    let grounds = Grounds { client: Some(&client), pairs, ..Grounds::default() };
                    Err(trace::alone(tx, who, Kind::Push, refusal, &grounds)?.into())
                }
            });
        }
        Authenticated::No => OAuthError::client(form.basic),
        Authenticated::Wait(after) => OAuthError::wait(after),
    };
    unproved(tx, env, who, (form, Kind::Push), refused).map(Err)
}
