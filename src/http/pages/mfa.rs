//! `/mfa`: the second factor on the way in.

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};

use super::{at_stage, follow, form, page, shell};
use crate::{
    app::App,
    error::Error,
    http::{
        error::{PageError, set_retry_after},
        extract::{Browser, From, PageForm},
        lang::when,
        view::{Label, Mfa, Recovery},
    },
    model::{factor::Method, sign_in::Stage},
    ops::{
        self,
        factor::Given,
        login::{OnTheWay, Step},
    },
};

/// `GET /mfa`: the code of an authenticator app.
pub async fn show(State(app): State<App>, browser: Browser, headers: HeaderMap) -> Response {
    match at_stage(&app, &headers, &browser, Stage::SecondFactor) {
        Ok(way) => ask(&app, &browser, &way, Method::Totp, None),
        Err(elsewhere) => elsewhere,
    }
}

/// `GET /mfa/recovery`: a recovery code instead.
pub async fn show_recovery(
    State(app): State<App>,
    browser: Browser,
    headers: HeaderMap,
) -> Response {
    match at_stage(&app, &headers, &browser, Stage::SecondFactor) {
        Ok(way) => ask(&app, &browser, &way, Method::Recovery, None),
        Err(elsewhere) => elsewhere,
    }
}

/// `POST /mfa`.
pub async fn submit(
    State(app): State<App>,
    From(origin): From,
    browser: Browser,
    headers: HeaderMap,
    PageForm(fields): PageForm,
) -> Result<Response, PageError> {
    let way = match at_stage(&app, &headers, &browser, Stage::SecondFactor) {
        Ok(way) => way,
        Err(elsewhere) => return Ok(elsewhere),
    };
    let method = Method::parse(fields.get("method").unwrap_or("totp")).ok_or_else(|| {
        Error::invalid("method", "that second factor is not offered; there are totp and recovery")
    })?;
    let given = Given {
        method,
        code: fields.text("code").to_owned(),
        trust_device: fields.get("trust_device").is_some(),
    };
    let (env, on_the_way) = (app.env(), way.clone());
    let step =
        app.db.write(move |tx| ops::factor::verify(tx, &env, &origin, &on_the_way, &given)).await?;
    match step {
        Step::Wrong(wait) => Ok(ask(&app, &browser, &way, method, Some(wait))),
        step @ (Step::Next(_) | Step::In(..) | Step::Gone) => follow(&app.env, app.db.now(), step),
    }
}

fn ask(
    app: &App,
    browser: &Browser,
    way: &OnTheWay,
    method: Method,
    wrong: Option<std::time::Duration>,
) -> Response {
    let (shell, form) = (shell(&app.env, browser), form(&app.env, browser, "/mfa", &[]));
    let username = Label::new(&way.user.username);
    let wait = wrong.and_then(|wait| when::wait(browser.lang(), wait));
    let html = match method {
        Method::Totp | Method::Passkey | Method::Sms | Method::Email => Mfa {
            shell,
            form,
            username,
            digits: u32::from(app.env.config.authentication.mfa.providers.totp.digits),
            error: wrong.map(|_| browser.t("mfa-wrong").into()),
            wait,
            recovery: Some("/mfa/recovery".to_owned()),
            restart: Some("/login".to_owned()),
            ..Mfa::default()
        }
        .render(),
        Method::Recovery => Recovery {
            shell,
            form,
            username,
            error: wrong.map(|_| browser.t("recovery-wrong").into()),
            wait,
            back: Some("/mfa".to_owned()),
            ..Recovery::default()
        }
        .render(),
    };
    let status = if wrong.is_some() { StatusCode::UNAUTHORIZED } else { StatusCode::OK };
    let mut response = page(&app.env, browser, status, html).into_response();
    if let Some(wait) = wrong.filter(|wait| !wait.is_zero()) {
        set_retry_after(&mut response, wait);
    }
    response
}
