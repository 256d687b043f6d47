//! `/login/confirm`: the password again, and the second factor, before what could cost someone their account.

use std::time::Duration;

use axum::{
    extract::{RawQuery, State},
    http::{HeaderMap, StatusCode},
    response::Response,
};

use super::{form, login, own_path, page, shell, visitor};
use crate::{
    app::App,
    http::{
        error::{PageError, set_retry_after},
        extract::{Browser, From, PageForm, Session},
        fields::Fields,
        lang::when,
        view::Confirm,
    },
    model::sign_in::Strength,
    ops::{
        login::{Arrival, Step},
        session::SignedIn,
    },
};

/// `GET /login/confirm?return_to=PATH`.
pub async fn show(
    State(app): State<App>,
    browser: Browser,
    Session(signed_in): Session,
    RawQuery(query): RawQuery,
) -> Response {
    let query = Fields::parse(query.unwrap_or_default().as_bytes());
    ask(&app, &browser, &signed_in, &query, None)
}

fn ask(
    app: &App,
    browser: &Browser,
    signed_in: &SignedIn,
    fields: &Fields,
    wrong: Option<Duration>,
) -> Response {
    let return_to = own_path(fields.get("return_to"));
    let view = Confirm {
        shell: shell(&app.env, browser),
        form: form(&app.env, browser, "/login/confirm", &[("return_to", &return_to)]),
        username: signed_in.user.username.clone(),
        error: wrong.map(|_| browser.t("confirm-wrong").into()),
        wait: wrong.and_then(|wait| when::wait(browser.lang(), wait)),
    };
    let status = if wrong.is_some() { StatusCode::UNAUTHORIZED } else { StatusCode::OK };
    let mut response = page(&app.env, browser, status, view.render());
    if let Some(wait) = wrong.filter(|wait| !wait.is_zero()) {
        set_retry_after(&mut response, wait);
    }
    response
}

/// `POST /login/confirm`: a sign-in of its own, for whoever the session belongs to. Its session takes the old one's
/// place, also in how long it is remembered.
pub async fn submit(
    State(app): State<App>,
    From(origin): From,
    browser: Browser,
    headers: HeaderMap,
    Session(signed_in): Session,
    PageForm(fields): PageForm,
) -> Result<Response, PageError> {
    let return_to = own_path(fields.get("return_to"));
    let arrival = Arrival {
        remember_me: signed_in.session.remember_me,
        strength: Strength::Fresh,
        ..Arrival::new(visitor(&app, &headers, &browser)?, return_to)
    };
    let username = &signed_in.user.username;
    let finished = login::sign_in(&app, &origin, username, &fields, arrival).await?;
    if let Step::Wrong(wait) = finished.step {
        return Ok(ask(&app, &browser, &signed_in, &fields, Some(wait)));
    }
    login::go_on(&app, finished)
}
