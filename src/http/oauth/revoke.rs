//! `POST /revoke` (RFC 7009).

use axum::{
    extract::State,
    http::StatusCode,
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
        client::{Authenticated, authenticate},
        oauth,
    },
};

/// 200 whether or not there was anything to revoke.
pub async fn revoke(
    State(app): State<App>,
    From(origin): From,
    form: ClientForm,
) -> Result<Response, OAuthError> {
    let token = form.take("token").ok_or_else(|| OAuthError::request("token is missing"))?;
    let (basic, env, who) = (form.basic, app.env(), Actor::anonymous(origin));
    app.db
        .write(move |tx| match authenticate(tx, &who, &form.shown)? {
            Authenticated::Client(client) => {
                oauth::revoke::revoke(tx, &env, &who, &client, &token).map(Ok)
            }
            Authenticated::No => Ok(Err(OAuthError::client(basic))),
            Authenticated::Wait(after) => Ok(Err(OAuthError::wait(after))),
        })
        .await??;
    Ok((StatusCode::OK, no_store()).into_response())
}
