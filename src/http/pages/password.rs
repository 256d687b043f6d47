//! `/password`: a new one, because the old one expired on the way in or because its owner wants it.

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Redirect, Response},
};

use super::{blocking, follow, form, login::compare, on_the_way, page, scripted, shell};
use crate::{
    app::App,
    crypto::secret::Plain,
    http::{
        error::PageError,
        extract::{self, Browser, From, MaybeSession, PageForm},
        lang::{self, Lang, when},
        view::{ChangePassword, Rules},
    },
    model::{actor::Origin, id::UserId, sign_in::Stage, user::User},
    ops::{
        self,
        login::{Begun, OnTheWay, Step},
        password::{Basis, Chosen, Refused, Unfit},
        session::SignedIn,
    },
};

/// The rules in words, and which the last attempt broke.
pub fn rules(app: &App, lang: Lang, broken: &[Unfit]) -> Rules {
    Rules {
        all: lang::password::rules(lang, &app.env.password_policy()),
        broken: broken.iter().map(|reason| lang::password::unfit(lang, reason)).collect(),
    }
}

/// Judges and hashes a candidate; `Err(reasons)` when it was refused.
pub async fn choose(
    app: &App,
    basis: Basis,
    candidate: Plain,
) -> Result<Result<Chosen, Vec<Unfit>>, PageError> {
    let env = app.env();
    match blocking(move || ops::password::choose(&env, &basis, candidate.expose())).await? {
        Ok(chosen) => Ok(Ok(chosen)),
        Err(Refused::Unfit(reasons)) => Ok(Err(reasons)),
        Err(Refused::Failed(error)) => Err(error.into()),
    }
}

async fn choose_for(
    app: &App,
    user: &UserId,
    candidate: &str,
) -> Result<Result<Chosen, Vec<Unfit>>, PageError> {
    let basis = app.db.read(|r| Basis::of(r, &app.env, user))?;
    choose(app, basis, Plain::new(candidate.to_owned())).await
}

fn ask(
    app: &App,
    browser: &Browser,
    user: &User,
    expired: bool,
    broken: &[Unfit],
    error: Option<String>,
) -> Response {
    let fresh = broken.is_empty() && error.is_none();
    let view = ChangePassword {
        shell: shell(&app.env, browser),
        form: form(&app.env, browser, "/password", &[]),
        username: user.username.clone(),
        expired,
        ask_current: !expired,
        rules: rules(app, browser.lang(), broken),
        error,
        cancel: (!expired).then(|| "/account/security".to_owned()),
    };
    let status = if fresh { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    scripted(page(&app.env, browser, status, view.render()))
}

/// `GET /password`.
pub async fn show(
    State(app): State<App>,
    browser: Browser,
    headers: HeaderMap,
    MaybeSession(session): MaybeSession,
) -> Result<Response, PageError> {
    match (on_the_way(&app, &headers, &browser)?, session) {
        (Some(way), _) if way.sign_in.stage == Stage::PasswordExpired => {
            Ok(ask(&app, &browser, &way.user, true, &[], None))
        }
        (_, Some(signed_in)) if extract::is_recent(&app, &signed_in)? => {
            Ok(ask(&app, &browser, &signed_in.user, false, &[], None))
        }
        (_, Some(_)) => Err(PageError::Confirm("/password".to_owned())),
        (Some(way), None) => Ok(Redirect::to(super::stage_path(way.sign_in.stage)).into_response()),
        (None, None) => Err(PageError::SignIn("/password".to_owned())),
    }
}

/// `POST /password`.
pub async fn submit(
    State(app): State<App>,
    From(origin): From,
    browser: Browser,
    headers: HeaderMap,
    MaybeSession(session): MaybeSession,
    PageForm(fields): PageForm,
) -> Result<Response, PageError> {
    let new = fields.text("new_password");
    match (on_the_way(&app, &headers, &browser)?, session) {
        (Some(way), _) if way.sign_in.stage == Stage::PasswordExpired => {
            expired(&app, &browser, &origin, way, new).await
        }
        (_, Some(signed_in)) if extract::is_recent(&app, &signed_in)? => {
            change(&app, &browser, &origin, &signed_in, fields.text("password"), new).await
        }
        (_, Some(_)) => Err(PageError::Confirm("/password".to_owned())),
        (Some(way), None) => Ok(Redirect::to(super::stage_path(way.sign_in.stage)).into_response()),
        (None, None) => Err(PageError::SignIn("/password".to_owned())),
    }
}

async fn expired(
    app: &App,
    browser: &Browser,
    origin: &Origin,
    way: OnTheWay,
    new: &str,
) -> Result<Response, PageError> {
    let chosen = match choose_for(app, &way.user.id, new).await? {
        Ok(chosen) => chosen,
        Err(broken) => return Ok(ask(app, browser, &way.user, true, &broken, None)),
    };
    let (env, from) = (app.env(), origin.clone());
    let step: Step =
        app.db.write(move |tx| ops::login::change_expired(tx, &env, &from, &way, &chosen)).await?;
    follow(&app.env, app.db.now(), step)
}

/// The old password is asked for again, under the same limits as at sign-in.
async fn change(
    app: &App,
    browser: &Browser,
    origin: &Origin,
    signed_in: &SignedIn,
    current: &str,
    new: &str,
) -> Result<Response, PageError> {
    let user = &signed_in.user;
    if let Some(wait) = wrong_current(app, browser, origin, user, current).await? {
        let wait = when::wait(browser.lang(), wait).unwrap_or_default();
        let error = browser.t("password-wrong").with("wait", wait);
        return Ok(ask(app, browser, user, false, &[], Some(error.into())));
    }
    let chosen = match choose_for(app, &user.id, new).await? {
        Ok(chosen) => chosen,
        Err(broken) => return Ok(ask(app, browser, user, false, &broken, None)),
    };
    let (env, who) = (app.env(), signed_in.actor(origin.clone()));
    let (id, keep) = (user.id.clone(), signed_in.session.id.clone());
    app.db.write(move |tx| ops::password::set(tx, &env, &who, &id, &chosen, Some(&keep))).await?;
    Ok(Redirect::to("/account/security?done=password").into_response())
}

/// How long to wait after a wrong current password; none when it was right.
async fn wrong_current(
    app: &App,
    browser: &Browser,
    origin: &Origin,
    user: &User,
    current: &str,
) -> Result<Option<std::time::Duration>, PageError> {
    let (env, from, name) = (app.env(), origin.clone(), user.username.clone());
    let device = browser.device().cloned();
    let begun =
        app.db.write(move |tx| ops::login::begin(tx, &env, &from, &name, device.as_ref())).await?;
    let attempt = match begun {
        Begun::Try(attempt) => attempt,
        Begun::Wait(wait) => return Ok(Some(wait)),
    };
    let (attempt, compared) = compare(app, attempt, Plain::new(current.to_owned())).await?;
    Ok(app.db.write(move |tx| ops::login::settle(tx, &attempt, &compared)).await?)
}
