//! `/login`: user name and password.

use axum::{
    extract::{RawQuery, State},
    http::{HeaderMap, StatusCode, header},
    response::{AppendHeaders, IntoResponse, Redirect, Response},
};

use super::{blocking, follow, form, own_path, page, shell, visitor};
use crate::{
    app::App,
    crypto::secret::Plain,
    db::Write,
    http::{
        cookies,
        error::{PageError, set_retry_after},
        extract::{Browser, From, MaybeSession, PageForm},
        fields::Fields,
        lang::when,
        view::{Label, Login},
    },
    model::{actor::Origin, id::RequestId},
    ops::{
        self,
        login::{Arrival, Begun, Compared, Finished, Step, Try},
        oauth::authorize::Waiting,
    },
};

/// `GET /login[?request=ID | ?return_to=PATH]`.
pub async fn show(
    State(app): State<App>,
    MaybeSession(session): MaybeSession,
    browser: Browser,
    RawQuery(query): RawQuery,
) -> Response {
    let query = Fields::parse(query.unwrap_or_default().as_bytes());
    // Someone who is signed in and came by an old bookmark wants their account, not another sign-in.
    if session.is_some() && query.get("request").is_none() && query.get("return_to").is_none() {
        return Redirect::to("/account").into_response();
    }
    let view = view(&app, &browser, &query);
    page(&app.env, &browser, StatusCode::OK, view.render())
}

/// The authorization request that waits behind this sign-in.
fn waiting(app: &App, browser: &Browser, fields: &Fields) -> Option<Waiting> {
    let id = RequestId::from_text(fields.get("request").filter(|id| id.len() <= 64)?);
    app.db.read(|r| ops::oauth::authorize::waiting(r, &id, &browser.hash())).ok().flatten()
}

fn view(app: &App, browser: &Browser, fields: &Fields) -> Login {
    let request = fields.get("request").filter(|id| id.len() <= 64);
    let waiting = waiting(app, browser, fields);
    let hidden = match request {
        Some(id) => ("request", id),
        None => ("return_to", fields.text("return_to")),
    };
    let hint = waiting.as_ref().and_then(|waiting| waiting.login_hint.clone());
    Login {
        shell: shell(&app.env, browser),
        form: form(&app.env, browser, "/login", &[hidden]),
        client: waiting.map(|waiting| Label::new(&waiting.client)),
        username: hint.unwrap_or_default(),
        can_remember: app.env.remember_me_allowed(),
        remember: fields.get("remember_me").is_some(),
        ..Login::default()
    }
}

/// `POST /login`.
pub async fn submit(
    State(app): State<App>,
    From(origin): From,
    browser: Browser,
    headers: HeaderMap,
    PageForm(fields): PageForm,
) -> Result<Response, PageError> {
    let arrival = Arrival {
        remember_me: fields.get("remember_me").is_some_and(|v| !matches!(v, "" | "false" | "0")),
        strength: waiting(&app, &browser, &fields).map(|it| it.strength).unwrap_or_default(),
        enrol_link: fields.get("enrol").map(|token| Plain::new(token.to_owned())),
        ..Arrival::new(visitor(&app, &headers, &browser)?, return_to(&fields))
    };
    let Finished { step, token } = sign_in(&app, &origin, &fields, arrival).await?;
    if let Step::Wrong(wait) = step {
        return Ok(refused(&app, &browser, &fields, wait));
    }
    let next = follow(&app.env, app.db.now(), step)?;
    let cookie =
        token.map(|token| (header::SET_COOKIE, cookies::sign_in(&app.env, token.expose())));
    Ok((AppendHeaders(cookie), next).into_response())
}

fn return_to(fields: &Fields) -> String {
    match fields
        .get("request")
        .filter(|id| id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'))
    {
        Some(id) => format!("/authorize/continue?request={id}"),
        None => own_path(fields.get("return_to")),
    }
}

/// Reserve, compare, settle.
async fn sign_in(
    app: &App,
    origin: &Origin,
    fields: &Fields,
    arrival: Arrival,
) -> Result<Finished, PageError> {
    let username = fields.text("username").to_owned();
    let password = Plain::new(fields.text("password").to_owned());
    let (env, from) = (app.env(), origin.clone());
    let device = arrival.visitor.device.clone();
    let begun = app
        .db
        .write(move |tx| ops::login::begin(tx, &env, &from, &username, device.as_ref()))
        .await?;
    let attempt = match begun {
        Begun::Try(attempt) => attempt,
        Begun::Wait(wait) => return Ok(Finished { step: Step::Wrong(wait), token: None }),
    };
    let (attempt, compared) = compare(app, attempt, password).await?;
    let (env, from) = (app.env(), origin.clone());
    Ok(app
        .db
        .write(move |tx| ops::login::finish(tx, &env, &from, &attempt, &compared, &arrival))
        .await?)
}

/// Compares a reserved try on a thread that may block. One that could not be compared is given back.
pub async fn compare(
    app: &App,
    attempt: Box<Try>,
    password: Plain,
) -> Result<(Box<Try>, Compared), PageError> {
    let env = app.env();
    let (attempt, compared) = blocking(move || {
        let compared = ops::login::verify(&env, &attempt, password.expose());
        (attempt, compared)
    })
    .await?;
    match compared {
        Ok(compared) => Ok((attempt, compared)),
        Err(why) => {
            tracing::debug!(kind = ?why.kind(), "a password was not compared");
            let given_back =
                move |tx: &Write<'_>| ops::login::abandon(tx, &attempt, &why).map(|()| why);
            Err(app.db.write(given_back).await?.into())
        }
    }
}

fn refused(app: &App, browser: &Browser, fields: &Fields, wait: std::time::Duration) -> Response {
    let view = Login {
        // One sentence for every reason: unknown name, wrong password, locked account, too many tries.
        error: Some(browser.t("login-wrong").into()),
        wait: when::wait(browser.lang(), wait),
        username: fields.text("username").chars().take(64).collect(),
        ..view(app, browser, fields)
    };
    let mut response = page(&app.env, browser, StatusCode::UNAUTHORIZED, view.render());
    if !wait.is_zero() {
        set_retry_after(&mut response, wait);
    }
    response
}
