//! `/healthz`: the process answers. `/readyz`: the database does too.

use axum::{extract::State, http::StatusCode, response::IntoResponse};

use crate::app::App;

/// `GET /healthz`.
pub async fn healthz() -> impl IntoResponse {
    "ok\n"
}

/// `GET /readyz`.
pub async fn readyz(State(app): State<App>) -> impl IntoResponse {
    match app.db.data_version() {
        Ok(_) => (StatusCode::OK, "ready\n"),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n"),
    }
}
