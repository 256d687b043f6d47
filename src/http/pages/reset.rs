//! `/reset`: a new password for a lost one, behind a one-time link.

use axum::{
    extract::{RawQuery, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};

use super::{form, page, password, scripted, shell};
use crate::{
    app::App,
    crypto::secret::Plain,
    http::{
        error::PageError,
        extract::{Browser, From, PageForm},
        fields::Fields,
        lang::Lang,
        view::{Forgot, ResetAsked, ResetPassword},
    },
    model::{actor::Origin, message::text::Lang as MailLang, user::User},
    ops::{
        self,
        password::{Basis, Unfit},
    },
};

/// `GET /reset`: asks for the name. `GET /reset?token=…`: asks for the new password.
pub async fn show(
    State(app): State<App>,
    browser: Browser,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let query = Fields::parse(query.unwrap_or_default().as_bytes());
    if let Some(token) = query.get("token") {
        let user = app.db.read(|r| ops::reset::read(r, &app.env, token))?;
        return Ok(choose(&app, &browser, token, &user, &[]));
    }
    let view = Forgot {
        shell: shell(&app.env, &browser),
        form: ops::reset::is_offered(&app.env).then(|| form(&app.env, &browser, "/reset", &[])),
        sign_in: "/login".to_owned(),
    };
    Ok(page(&app.env, &browser, StatusCode::OK, view.render()))
}

/// `POST /reset`: the name, or the new password with the token of the link.
pub async fn submit(
    State(app): State<App>,
    From(origin): From,
    browser: Browser,
    PageForm(fields): PageForm,
) -> Result<Response, PageError> {
    match fields.get("token") {
        Some(token) => set(&app, &browser, &origin, token, fields.text("new_password")).await,
        None => ask(&app, &browser, origin, fields.text("username")).await,
    }
}

/// The same page for every name, known or not.
async fn ask(
    app: &App,
    browser: &Browser,
    origin: Origin,
    typed: &str,
) -> Result<Response, PageError> {
    let lang = match browser.lang() {
        Lang::En => MailLang::En,
        Lang::De => MailLang::De,
    };
    let (env, typed) = (app.env(), typed.to_owned());
    app.db.write(move |tx| ops::reset::ask(tx, &env, &origin, lang, &typed)).await?;
    let lifetime = app.env.config.authentication.links.password_reset;
    let view = ResetAsked {
        shell: shell(&app.env, browser),
        minutes: lifetime.as_secs().div_euclid(60).max(1),
        sign_in: "/login".to_owned(),
    };
    Ok(page(&app.env, browser, StatusCode::OK, view.render()))
}

fn choose(app: &App, browser: &Browser, token: &str, user: &User, broken: &[Unfit]) -> Response {
    let status = if broken.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let view = ResetPassword {
        shell: shell(&app.env, browser),
        form: form(&app.env, browser, "/reset", &[("token", token)]),
        username: user.username.clone(),
        rules: password::rules(app, browser.lang(), broken),
        error: None,
    };
    scripted(page(&app.env, browser, status, view.render()))
}

async fn set(
    app: &App,
    browser: &Browser,
    origin: &Origin,
    token: &str,
    new: &str,
) -> Result<Response, PageError> {
    let (user, basis) = app.db.read(|r| {
        let user = ops::reset::read(r, &app.env, token)?;
        let basis = Basis::of(r, &app.env, &user.id)?;
        Ok((user, basis))
    })?;
    let chosen = match password::choose(app, basis, Plain::new(new.to_owned())).await? {
        Ok(chosen) => chosen,
        Err(broken) => return Ok(choose(app, browser, token, &user, &broken)),
    };
    let (env, from, token) = (app.env(), origin.clone(), token.to_owned());
    app.db.write(move |tx| ops::reset::set(tx, &env, &from, &token, &chosen)).await?;
    Ok(Redirect::to("/login?done=reset").into_response())
}
