//! `/login/confirm`: the password again, and the second factor, before what could cost someone their account.

use std::time::Duration;

use axum::{
    extract::{RawQuery, State},
    http::{HeaderMap, StatusCode},
    response::Response,
};

use super::{form, login, own_path, page, scripted, shell, visitor};
use crate::{
    app::App,
    http::{
        error::{PageError, set_retry_after},
        extract::{Browser, From, PageForm, Session},
        fields::Fields,
        lang::when,
        provider::buttons,
        view::{Confirm, PasskeyForm},
    },
    model::sign_in::Strength,
    ops::{
        self,
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
) -> Result<Response, PageError> {
    let query = Fields::parse(query.unwrap_or_default().as_bytes());
    ask(&app, &browser, &signed_in, &query, None)
}

/// What was not right.
#[derive(Clone, Copy)]
enum Refused {
    Password(Duration),
    Passkey,
}

fn ask(
    app: &App,
    browser: &Browser,
    signed_in: &SignedIn,
    fields: &Fields,
    refused: Option<Refused>,
) -> Result<Response, PageError> {
    let return_to = own_path(fields.get("return_to"));
    let passkey = app.db.read(|r| ops::passkey::is_usable(r, &app.env, &signed_in.user.id))?;
    let passkey = passkey.then(|| {
        let more = [("return_to", return_to.as_str())];
        let form = form(&app.env, browser, "/login/confirm/passkey", &more);
        PasskeyForm::get(form, "/passkey/confirm")
    });
    let scripts = passkey.is_some();
    let (error, wait) = match refused {
        None => (None, None),
        Some(Refused::Password(wait)) => (Some(browser.t("confirm-wrong").into()), Some(wait)),
        Some(Refused::Passkey) => (Some(browser.t("mfa-passkey-wrong").into()), None),
    };
    let status = if error.is_some() { StatusCode::UNAUTHORIZED } else { StatusCode::OK };
    let view = Confirm {
        shell: shell(&app.env, browser),
        form: form(&app.env, browser, "/login/confirm", &[("return_to", &return_to)]),
        username: signed_in.user.username.clone(),
        passkey,
        error,
        wait: wait.and_then(|wait| when::wait(browser.lang(), wait)),
        providers: buttons(app, &[("return_to", &return_to), ("anew", "yes")]),
    };
    let mut response = page(&app.env, browser, status, view.render());
    if scripts {
        response = scripted(response);
    }
    if let Some(wait) = wait.filter(|wait| !wait.is_zero()) {
        set_retry_after(&mut response, wait);
    }
    Ok(response)
}

/// The page after a passkey that was not taken, for whatever reason.
pub fn refused_passkey(
    app: &App,
    browser: &Browser,
    signed_in: &SignedIn,
    fields: &Fields,
) -> Result<Response, PageError> {
    ask(app, browser, signed_in, fields, Some(Refused::Passkey))
}

/// Who confirms, and where they go on to.
pub fn arrival(
    app: &App,
    browser: &Browser,
    headers: &HeaderMap,
    signed_in: &SignedIn,
    fields: &Fields,
) -> Result<Arrival, PageError> {
    Ok(Arrival {
        remember_me: signed_in.session.remember_me,
        strength: Strength::Fresh,
        ..Arrival::new(visitor(app, headers, browser)?, own_path(fields.get("return_to")))
    })
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
    let arrival = arrival(&app, &browser, &headers, &signed_in, &fields)?;
    let username = &signed_in.user.username;
    let finished = login::sign_in(&app, &origin, username, &fields, arrival).await?;
    if let Step::Wrong(wait) = finished.step {
        return ask(&app, &browser, &signed_in, &fields, Some(Refused::Password(wait)));
    }
    login::go_on(&app, finished)
}
