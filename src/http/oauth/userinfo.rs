//! `GET` and `POST /userinfo` (OpenID Connect Core §5.3).

use axum::{
    Json,
    extract::{Request, State},
    http::HeaderMap,
    response::{IntoResponse, Response},
};

use super::{
    bearer,
    client_form::{form, is_form},
    error::{OAuthError, no_store},
};
use crate::{app::App, ops::oauth::userinfo::userinfo};

/// With the token in the header.
pub async fn get(State(app): State<App>, headers: HeaderMap) -> Result<Response, OAuthError> {
    answer(&app, &bearer::token(&headers, None)?)
}

/// With the token in the header or in the form.
pub async fn post(State(app): State<App>, request: Request) -> Result<Response, OAuthError> {
    let headers = request.headers().clone();
    let fields = if is_form(&headers) { Some(form(request, &app).await?) } else { None };
    answer(&app, &bearer::token(&headers, fields.as_ref())?)
}

fn answer(app: &App, token: &str) -> Result<Response, OAuthError> {
    let claims = app.db.read(|r| userinfo(r, &app.env, token))?;
    let claims = claims.map_err(|refusal| OAuthError::token(&refusal))?;
    Ok((no_store(), Json(claims)).into_response())
}
