//! `/invite`: the first password, behind a one-time link.

use axum::{
    extract::{RawQuery, State},
    http::StatusCode,
    response::Response,
};

use super::{form, page, password, scripted, shell};
use crate::{
    app::App,
    http::{
        error::PageError,
        extract::{Browser, From, PageForm},
        fields::Fields,
        view::{Invite, Label, SetupDone},
    },
    model::{actor::Actor, user::User},
    ops::{
        self,
        password::{Basis, Unfit},
    },
};

/// `GET /invite?token=…`.
pub async fn show(
    State(app): State<App>,
    browser: Browser,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let query = Fields::parse(query.unwrap_or_default().as_bytes());
    let token = query.text("token");
    let user = app.db.read(|r| ops::user::invited(r, &app.env, token))?;
    Ok(ask(&app, &browser, token, &user, &[]))
}

fn ask(app: &App, browser: &Browser, token: &str, user: &User, broken: &[Unfit]) -> Response {
    let status = if broken.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let view = Invite {
        shell: shell(&app.env, browser),
        form: form(&app.env, browser, "/invite", &[("token", token)]),
        username: user.username.clone(),
        name: Label::new(user.display_name()),
        rules: password::rules(app, browser.lang(), broken),
        error: None,
    };
    scripted(page(&app.env, browser, status, view.render()))
}

/// `POST /invite`.
pub async fn submit(
    State(app): State<App>,
    From(origin): From,
    browser: Browser,
    PageForm(fields): PageForm,
) -> Result<Response, PageError> {
    let token = fields.text("token").to_owned();
    let user = app.db.read(|r| ops::user::invited(r, &app.env, &token))?;
    let basis = app.db.read(|r| Basis::of(r, &app.env, &user.id))?;
    let candidate = crate::crypto::secret::Plain::new(fields.text("new_password").to_owned());
    let chosen = match password::choose(&app, basis, candidate).await? {
        Ok(chosen) => chosen,
        Err(broken) => return Ok(ask(&app, &browser, &token, &user, &broken)),
    };
    let (env, who) = (app.env(), Actor::anonymous(origin));
    let user =
        app.db.write(move |tx| ops::user::accept_invite(tx, &env, &who, &token, &chosen)).await?;
    let view = SetupDone {
        shell: shell(&app.env, &browser),
        username: Some(Label::new(&user.username)),
        sign_in: "/login".to_owned(),
    };
    Ok(page(&app.env, &browser, StatusCode::OK, view.render()))
}
