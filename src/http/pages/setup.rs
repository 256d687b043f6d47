//! `/setup`: the first administrator, behind the one-time link that `serve` prints.

use axum::{
    extract::{RawQuery, State},
    http::StatusCode,
    response::Response,
};

use super::{form, page, password, scripted, shell};
use crate::{
    app::App,
    crypto::secret::Plain,
    error::{Error, Kind},
    http::{
        error::PageError,
        extract::{Browser, From, PageForm},
        fields::Fields,
        lang::core,
        view::{Label, Setup, SetupDone},
    },
    ops::{
        self,
        password::{Basis, Unfit},
        user::New,
    },
};

/// `GET /setup?token=…`.
pub async fn show(
    State(app): State<App>,
    browser: Browser,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let query = Fields::parse(query.unwrap_or_default().as_bytes());
    let token = query.text("token");
    app.db.read(|r| ops::setup::check(r, &app.env, token))?;
    Ok(ask(&app, &browser, token, &New::default(), &[], None))
}

fn ask(
    app: &App,
    browser: &Browser,
    token: &str,
    new: &New,
    broken: &[Unfit],
    error: Option<&Error>,
) -> Response {
    let fresh = broken.is_empty() && error.is_none();
    let view = Setup {
        shell: shell(&app.env, browser),
        form: form(&app.env, browser, "/setup", &[("token", token)]),
        username: new.username.clone(),
        email: new.email.clone(),
        name: new.name.clone(),
        rules: password::rules(app, browser.lang(), broken),
        error: error.map(|error| core::what(browser.lang(), error)),
    };
    let status = if fresh { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    scripted(page(&app.env, browser, status, view.render()))
}

/// `POST /setup`.
pub async fn submit(
    State(app): State<App>,
    From(origin): From,
    browser: Browser,
    PageForm(fields): PageForm,
) -> Result<Response, PageError> {
    let token = fields.text("token").to_owned();
    app.db.read(|r| ops::setup::check(r, &app.env, &token))?;
    let new = New {
        username: fields.text("username").to_owned(),
        email: fields.text("email").to_owned(),
        name: fields.text("name").to_owned(),
        roles: Vec::new(),
    };
    if let Err(error) = app.db.read(|r| ops::user::check_new(r, &app.env, &new)) {
        return again(&app, &browser, &token, &new, error);
    }
    let basis = Basis::new_user(&new.username, &new.email, &new.name);
    let candidate = Plain::new(fields.text("new_password").to_owned());
    let chosen = match password::choose(&app, basis, candidate).await? {
        Ok(chosen) => chosen,
        Err(broken) => return Ok(ask(&app, &browser, &token, &new, &broken, None)),
    };
    let (env, person, link) = (app.env(), new.clone(), token.clone());
    let made = app
        .db
        .write(move |tx| ops::setup::complete(tx, &env, &origin, &link, &person, chosen))
        .await;
    match made {
        Ok(created) => {
            let view = SetupDone {
                shell: shell(&app.env, &browser),
                username: Some(Label::new(&created.user.username)),
                sign_in: "/login".to_owned(),
            };
            Ok(page(&app.env, &browser, StatusCode::OK, view.render()))
        }
        Err(error) => again(&app, &browser, &token, &new, error),
    }
}

/// Shows the form again for what the person can mend, and the error page for the rest.
fn again(
    app: &App,
    browser: &Browser,
    token: &str,
    new: &New,
    error: Error,
) -> Result<Response, PageError> {
    if matches!(error.kind(), Kind::Invalid | Kind::Conflict) {
        return Ok(ask(app, browser, token, new, &[], Some(&error)));
    }
    Err(error.into())
}
