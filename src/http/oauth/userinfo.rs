//! `GET` and `POST /userinfo` (OpenID Connect Core §5.3).

use axum::{
    Json,
    extract::{Request, State},
    http::HeaderMap,
    response::{IntoResponse, Response},
};

use super::{
    bearer::{self, Shown},
    client_form::{form, is_form, one_proof},
    error::{OAuthError, no_store, with_nonce},
};
use crate::{app::App, http::fields::Fields, ops::oauth::userinfo};

/// With the token in the header.
pub async fn get(State(app): State<App>, headers: HeaderMap) -> Result<Response, OAuthError> {
    answer(app, "GET", &headers, None).await
}

/// With the token in the header or in the form.
pub async fn post(State(app): State<App>, request: Request) -> Result<Response, OAuthError> {
    let headers = request.headers().clone();
    let fields = if is_form(&headers) { Some(form(request, &app).await?) } else { None };
    answer(app, "POST", &headers, fields.as_ref()).await
}

async fn answer(
    app: App,
    method: &'static str,
    headers: &HeaderMap,
    form: Option<&Fields>,
) -> Result<Response, OAuthError> {
    match bearer::token(headers, form)? {
        Shown::Bearer(token) => {
            let claims = app.db.read(|r| userinfo::bearer(r, &app.env, &token))?;
            let claims = claims.map_err(|refusal| OAuthError::token(&refusal))?;
            Ok((no_store(), Json(claims)).into_response())
        }
        Shown::Bound(token) => {
            let answer = bound(&app, method, headers, token).await;
            Ok(with_nonce(&app, answer.into_response()))
        }
    }
}

/// A token with the proof of its key, which counts once: so this writes.
async fn bound(
    app: &App,
    method: &'static str,
    headers: &HeaderMap,
    token: String,
) -> Result<Response, OAuthError> {
    let proof = one_proof(headers).map_err(|refusal| OAuthError::bound_token(&refusal))?;
    let env = app.env();
    let claims = app
        .db
        .write(move |tx| userinfo::bound(tx, &env, method, &token, proof.as_ref()))
        .await?
        .map_err(|refusal| OAuthError::bound_token(&refusal))?;
    Ok((no_store(), Json(claims)).into_response())
}
