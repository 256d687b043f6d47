//! `/logout`: asks first, since a link or a picture on another site may lead here.

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{AppendHeaders, IntoResponse, Response},
};

use super::{form, page, shell};
use crate::{
    app::App,
    http::{
        cookies,
        error::PageError,
        extract::{Browser, From, MaybeSession, PageForm},
        view::{Label, LogoutConfirm, SignedOut},
    },
    ops,
};

/// `GET /logout`.
pub async fn show(
    State(app): State<App>,
    browser: Browser,
    MaybeSession(session): MaybeSession,
) -> Response {
    let Some(signed_in) = session else { return signed_out(&app, &browser) };
    let view = LogoutConfirm {
        shell: shell(&app.env, &browser),
        form: form(&app.env, &browser, "/logout", &[]),
        username: Label::new(&signed_in.user.username),
        client: None,
        stay: "/account".to_owned(),
    };
    page(&app.env, &browser, StatusCode::OK, view.render())
}

/// `POST /logout`.
pub async fn submit(
    State(app): State<App>,
    From(origin): From,
    browser: Browser,
    MaybeSession(session): MaybeSession,
    PageForm(_): PageForm,
) -> Result<Response, PageError> {
    if let Some(signed_in) = session {
        let who = signed_in.actor(origin);
        app.db.write(move |tx| ops::session::logout(tx, &who)).await?;
    }
    let cookies = AppendHeaders([
        (header::SET_COOKIE, cookies::no_session(&app.env)),
        (header::SET_COOKIE, cookies::no_sign_in(&app.env)),
    ]);
    Ok((cookies, signed_out(&app, &browser)).into_response())
}

fn signed_out(app: &App, browser: &Browser) -> Response {
    let view = SignedOut {
        shell: shell(&app.env, browser),
        sign_in: "/login".to_owned(),
        ..SignedOut::default()
    };
    page(&app.env, browser, StatusCode::OK, view.render())
}
