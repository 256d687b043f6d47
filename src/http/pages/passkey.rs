//! Passkeys at the door: `/passkey/…` tells the page's script what to ask the device; the answers come as ordinary
//! forms, so that what follows is what follows any sign-in. A new one is `register`, those there are `own`.

pub mod own;
pub mod register;

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use serde_json::json;

use super::{at_stage, confirm, follow, login, mfa};
use crate::{
    app::App,
    http::{
        error::{self, PageError},
        extract::{Browser, From, PageForm, Session},
        fields::Fields,
        lang::core,
    },
    model::{factor::Method, sign_in::Stage},
    ops::{
        self,
        login::Step,
        passkey::{Ceremony, Given},
    },
};

/// What the form of the script carries.
struct Answer {
    ceremony: String,
    answer: String,
}

impl Answer {
    fn of(fields: &Fields) -> Self {
        let text = |name| fields.text(name).to_owned();
        Self { ceremony: text("ceremony"), answer: text("answer") }
    }

    fn given(&self) -> Given<'_> {
        Given { ceremony: &self.ceremony, answer: &self.answer }
    }
}

/// A challenge for the script, or a sentence that it shows.
fn told(browser: &Browser, asked: Result<Option<Ceremony>, PageError>) -> Response {
    let (status, what) = match asked {
        Ok(Some(Ceremony { id, options })) => {
            return Json(json!({ "ceremony": id, "options": options })).into_response();
        }
        Ok(None) => (StatusCode::CONFLICT, browser.t("passkey-nothing-to-ask").into()),
        Err(PageError::SignIn(_) | PageError::Confirm(_)) => {
            (StatusCode::UNAUTHORIZED, browser.t("passkey-sign-in-again").into())
        }
        Err(PageError::Core(error) | PageError::Told(error, _)) => {
            error::log(&error);
            (error::status(&error), core::what(browser.lang(), &error))
        }
    };
    (status, Json(json!({ "error": { "message": what } }))).into_response()
}

/// `POST /passkey/sign-in`: a challenge for whoever it is.
pub async fn ask_anyone(
    State(app): State<App>,
    browser: Browser,
    form: Result<PageForm, PageError>,
) -> Response {
    let (env, hash) = (app.env(), browser.hash());
    let asked = match form {
        Ok(_) => {
            let write = app.db.write(move |tx| ops::passkey::ask_anyone(tx, &env, &hash));
            write.await.map_err(PageError::from)
        }
        Err(forged) => Err(forged),
    };
    told(&browser, asked)
}

/// `POST /passkey/second-factor`: a challenge for a sign-in that stands there.
pub async fn ask_on_the_way(
    State(app): State<App>,
    browser: Browser,
    headers: HeaderMap,
    form: Result<PageForm, PageError>,
) -> Response {
    let env = app.env();
    let asked = match (form, super::on_the_way(&app, &headers, &browser)) {
        (Ok(_), Ok(Some(way))) => {
            let write = app.db.write(move |tx| ops::passkey::ask_on_the_way(tx, &env, &way));
            write.await.map_err(PageError::from)
        }
        (Ok(_), Ok(None)) => Ok(None),
        (Err(refused), _) | (_, Err(refused)) => Err(refused),
    };
    told(&browser, asked)
}

/// `POST /passkey/confirm`: a challenge for the owner of the session.
pub async fn ask_again(
    State(app): State<App>,
    From(origin): From,
    browser: Browser,
    session: Result<Session, PageError>,
    form: Result<PageForm, PageError>,
) -> Response {
    let (env, hash) = (app.env(), browser.hash());
    let asked = match (form, session) {
        (Ok(_), Ok(Session(signed_in))) => {
            let who = signed_in.actor(origin);
            let write = app.db.write(move |tx| ops::passkey::ask_again(tx, &env, &who, &hash));
            write.await.map_err(PageError::from)
        }
        (Err(refused), _) | (_, Err(refused)) => Err(refused),
    };
    told(&browser, asked)
}

/// `POST /login/passkey`: the answer of whoever it is.
pub async fn sign_in(
    State(app): State<App>,
    From(origin): From,
    browser: Browser,
    headers: HeaderMap,
    PageForm(fields): PageForm,
) -> Result<Response, PageError> {
    let arrival = login::arrival(&app, &browser, &headers, &fields)?;
    let (env, answer) = (app.env(), Answer::of(&fields));
    let write =
        app.db.write(move |tx| ops::passkey::sign_in(tx, &env, &origin, &answer.given(), &arrival));
    match write.await? {
        Some(finished) => login::go_on(&app, finished),
        None => Ok(login::refused_passkey(&app, &browser, &fields)),
    }
}

/// `POST /mfa/passkey`: the answer of someone whose password was right.
pub async fn second_factor(
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
    let (env, on_the_way, answer) = (app.env(), way.clone(), Answer::of(&fields));
    let trust = fields.get("trust_device").is_some();
    let write = app.db.write(move |tx| {
        let given = answer.given();
        ops::passkey::verify_on_the_way(tx, &env, &origin, &on_the_way, &given, trust)
    });
    match write.await? {
        Step::Wrong(wait) => Ok(mfa::refused(&app, &browser, &way, Method::Passkey, wait)?),
        step @ (Step::Next(_) | Step::In(_) | Step::Gone) => follow(&app.env, app.db.now(), step),
    }
}

/// `POST /login/confirm/passkey`: the answer of whoever has the session.
pub async fn confirmed(
    State(app): State<App>,
    From(origin): From,
    browser: Browser,
    headers: HeaderMap,
    Session(signed_in): Session,
    PageForm(fields): PageForm,
) -> Result<Response, PageError> {
    let arrival = confirm::arrival(&app, &browser, &headers, &signed_in, &fields)?;
    let (env, answer, who) = (app.env(), Answer::of(&fields), signed_in.actor(origin));
    let write =
        app.db.write(move |tx| ops::passkey::confirm(tx, &env, &who, &answer.given(), &arrival));
    match write.await? {
        Some(finished) => login::go_on(&app, finished),
        None => confirm::refused_passkey(&app, &browser, &signed_in, &fields),
    }
}
