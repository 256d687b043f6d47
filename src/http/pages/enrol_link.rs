//! `/enroll`: a one-time link from the operator, behind which its owner sets up a second factor.
//! It opens nothing by itself: sign-in follows, and carries it along.

use axum::{
    extract::{RawQuery, State},
    http::StatusCode,
    response::Response,
};

use super::{page, shell};
use crate::{
    app::App,
    http::{
        error::PageError,
        extract::Browser,
        fields::Fields,
        view::{EnrolLink, Label},
    },
    ops,
};

/// `GET /enroll?token=…`.
pub async fn show(
    State(app): State<App>,
    browser: Browser,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let query = Fields::parse(query.unwrap_or_default().as_bytes());
    let token = query.text("token");
    let user = app.db.read(|r| {
        let id = ops::factor::enroll_link_for(r, &app.env, token)?;
        ops::user::get(r, &id)
    })?;
    let token: String = form_urlencoded::byte_serialize(token.as_bytes()).collect();
    let view = EnrolLink {
        shell: shell(&app.env, &browser),
        username: Label::new(&user.username),
        sign_in: format!("/login?enrol={token}"),
    };
    Ok(page(&app.env, &browser, StatusCode::OK, view.render()))
}
