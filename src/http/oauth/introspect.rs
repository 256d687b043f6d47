//! `POST /introspect` (RFC 7662).

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};

use super::{
    client_form::ClientForm,
    error::{OAuthError, no_store},
};
use crate::{
    app::App,
    http::extract::From,
    model::actor::Actor,
    ops::{
        client::{Recognised, authenticate, recognise},
        oauth::introspect as op,
    },
};

/// One snapshot in the usual case; a write only to count a wrong secret.
pub async fn introspect(
    State(app): State<App>,
    From(origin): From,
    form: ClientForm,
) -> Result<Response, OAuthError> {
    let token = form.take("token").ok_or_else(|| OAuthError::request("token is missing"))?;
    let who = Actor::anonymous(origin);
    let found = app.db.read(|r| {
        Ok(match recognise(r, &who, &form.shown)? {
            // A public client proves nothing, so anyone could ask in its name.
            Recognised::Client(client) if client.is_public() => Err(Recognised::No),
            Recognised::Client(client) => Ok(op::introspect(r, &app.env, &client, &token)?),
            other @ (Recognised::No | Recognised::Wrong(_) | Recognised::Wait(_)) => Err(other),
        })
    })?;
    match found {
        Ok(answer) => Ok((no_store(), Json(answer)).into_response()),
        Err(Recognised::Wait(after)) => Err(OAuthError::wait(after)),
        Err(Recognised::Wrong(_)) => {
            let shown = form.shown;
            app.db.write(move |tx| authenticate(tx, &who, &shown)).await?;
            Err(OAuthError::client(form.basic))
        }
        Err(_) => Err(OAuthError::client(form.basic)),
    }
}
