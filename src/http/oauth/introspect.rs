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
        client::{Authenticated, Presented, Recognised, authenticate, recognise},
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
    let address = origin.address.clone();
    let who = Actor::anonymous(origin);
    if form.shown.proof.is_some() {
        return by_statement(&app, who, form.shown, (&address, &token)).await;
    }
    let found = app.db.read(|r| {
        Ok(match recognise(r, &who, &form.shown)? {
            // A public client proves nothing, so anyone could ask in its name.
            Recognised::Client(client) if client.is_public() => Err(Recognised::No),
            Recognised::Client(client) => {
                Ok(op::tell(r, &app.env, &app.seen, (&client, &address), &token)?)
            }
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

/// A signed statement counts once, which must be written down.
async fn by_statement(
    app: &App,
    who: Actor,
    shown: Presented,
    (address, token): (&str, &str),
) -> Result<Response, OAuthError> {
    match app.db.write(move |tx| authenticate(tx, &who, &shown)).await? {
        Authenticated::Client(client) => {
            let asker = (&*client, address);
            let answer = app.db.read(|r| op::tell(r, &app.env, &app.seen, asker, token))?;
            Ok((no_store(), Json(answer)).into_response())
        }
        Authenticated::No => Err(OAuthError::client(false)),
        Authenticated::Wait(after) => Err(OAuthError::wait(after)),
    }
}
