//! `/login`: user name and password.

use axum::{
    extract::{RawQuery, State},
    http::{HeaderMap, StatusCode, header},
    response::{AppendHeaders, IntoResponse, Redirect, Response},
};

use super::{blocking, follow, form, own_path, page, scripted, shell, visitor};
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
        provider::{buttons, instead_of_passwords},
        view::{Label, Login, PasskeyForm},
    },
    model::{actor::Origin, id::RequestId, sign_in::Strength},
    ops::{
        self,
        login::{Arrival, Begun, Compared, Finished, Step, Try},
        oauth::authorize::Waiting,
    },
};

/// The field that says that the sign-in must prove a second factor, where a page of ours takes one.
pub const SECOND_FACTOR: &str = "second_factor";

/// `GET /login[?request=ID | ?return_to=PATH[&second_factor=needed] | ?enrol=TOKEN]`.
pub async fn show(
    State(app): State<App>,
    MaybeSession(session): MaybeSession,
    browser: Browser,
    RawQuery(query): RawQuery,
) -> Response {
    let query = Fields::parse(query.unwrap_or_default().as_bytes());
    // Someone who is signed in and came by an old bookmark wants their account, not another sign-in.
    let wanted = ["request", "return_to", "enrol"].iter().any(|name| query.get(name).is_some());
    if session.is_some() && !wanted {
        return Redirect::to("/account").into_response();
    }
    // Whoever has a password here, the operator above all, comes in by `/login?local=yes`.
    let local = ["local", "enrol", "done"].iter().any(|name| query.get(name).is_some());
    if let Some(provider) = instead_of_passwords(&app, &onward(&query)).filter(|_| !local) {
        return Redirect::to(&provider).into_response();
    }
    let view = view(&app, &browser, &query);
    show_page(&app, &browser, StatusCode::OK, &view)
}

/// What goes along to a provider: where the person wants to be, and what must be proved.
fn onward(fields: &Fields) -> Vec<(&'static str, &str)> {
    let mut more = match short(fields, "request") {
        Some(id) => vec![("request", id)],
        None => fields.get("return_to").map(|path| ("return_to", path)).into_iter().collect(),
    };
    if wants_factor(fields) {
        more.push((SECOND_FACTOR, "needed"));
    }
    more
}

fn show_page(app: &App, browser: &Browser, status: StatusCode, view: &Login) -> Response {
    let page = page(&app.env, browser, status, view.render());
    if view.passkey.is_some() { scripted(page) } else { page }
}

/// The authorization request that waits behind this sign-in.
fn waiting(app: &App, browser: &Browser, fields: &Fields) -> Option<Waiting> {
    let id = RequestId::from_text(short(fields, "request")?);
    app.db
        .read(|r| ops::oauth::authorize::waiting(r, &app.env, &id, &browser.hash()))
        .ok()
        .flatten()
}

/// Whose second factor the enrolment link behind this sign-in is for.
fn enrolling(app: &App, fields: &Fields) -> Option<String> {
    let token = short(fields, "enrol")?;
    let user = app.db.read(|r| {
        let id = ops::factor::enroll_link_for(r, &app.env, token)?;
        ops::user::get(r, &id)
    });
    user.ok().map(|user| user.username)
}

/// A field that holds one of our own words, all of which are short.
fn short<'f>(fields: &'f Fields, name: &str) -> Option<&'f str> {
    fields.get(name).filter(|text| text.len() <= 128)
}

fn view(app: &App, browser: &Browser, fields: &Fields) -> Login {
    let waiting = waiting(app, browser, fields);
    let mut hidden = vec![match short(fields, "request") {
        Some(id) => ("request", id),
        None => ("return_to", fields.text("return_to")),
    }];
    if wants_factor(fields) {
        hidden.push((SECOND_FACTOR, "needed"));
    }
    hidden.extend(short(fields, "enrol").map(|token| ("enrol", token)));
    let owner = enrolling(app, fields);
    let notice = match fields.text("done") {
        "reset" => Some(browser.t("login-done-reset").into()),
        _ if owner.is_some() => Some(browser.t("login-enrol").into()),
        _ => None,
    };
    let hint = waiting.as_ref().and_then(|waiting| waiting.login_hint.clone());
    Login {
        shell: shell(&app.env, browser),
        form: form(&app.env, browser, "/login", &hidden),
        passkey: passkey(app, browser, &hidden),
        client: waiting.map(|waiting| Label::new(&waiting.client)),
        username: owner.or(hint).unwrap_or_default(),
        can_remember: app.env.remember_me_allowed(),
        remember: remember(fields),
        forgot: Some("/reset".to_owned()),
        providers: buttons(app, &onward(fields)),
        notice,
        ..Login::default()
    }
}

/// The form of the script, where browsers know passkeys for this server.
fn passkey(app: &App, browser: &Browser, hidden: &[(&str, &str)]) -> Option<PasskeyForm> {
    if !ops::passkey::is_offered(&app.env) {
        return None;
    }
    let mut hidden = hidden.to_vec();
    if app.env.remember_me_allowed() {
        // The script puts the state of the box into it.
        hidden.push(("remember_me", "false"));
    }
    let form = form(&app.env, browser, "/login/passkey", &hidden);
    Some(PasskeyForm::get(form, "/passkey/sign-in").with_autofill())
}

/// `POST /login`.
pub async fn submit(
    State(app): State<App>,
    From(origin): From,
    browser: Browser,
    headers: HeaderMap,
    PageForm(fields): PageForm,
) -> Result<Response, PageError> {
    let arrival = arrival(&app, &browser, &headers, &fields)?;
    let finished = sign_in(&app, &origin, fields.text("username"), &fields, arrival).await?;
    if let Step::Wrong(wait) = finished.step {
        return Ok(refused(&app, &browser, &fields, wait));
    }
    go_on(&app, finished)
}

/// Who comes, and what they want, by the fields of a sign-in page.
pub fn arrival(
    app: &App,
    browser: &Browser,
    headers: &HeaderMap,
    fields: &Fields,
) -> Result<Arrival, PageError> {
    Ok(Arrival {
        remember_me: remember(fields),
        strength: match waiting(app, browser, fields) {
            None if wants_factor(fields) => Strength::Mfa,
            waiting => waiting.map(|it| it.strength).unwrap_or_default(),
        },
        enrol_link: short(fields, "enrol").map(|token| Plain::new(token.to_owned())),
        ..Arrival::new(visitor(app, headers, browser)?, return_to(fields))
    })
}

/// To ask for more proof than is needed harms nobody, so anyone may.
fn wants_factor(fields: &Fields) -> bool {
    fields.get(SECOND_FACTOR) == Some("needed")
}

fn remember(fields: &Fields) -> bool {
    fields.get("remember_me").is_some_and(|v| !matches!(v, "" | "false" | "0"))
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

/// After the first factor: the next page, with the cookie that carries the sign-in there, or in.
pub fn go_on(app: &App, finished: Finished) -> Result<Response, PageError> {
    let Finished { step, token } = finished;
    let next = follow(&app.env, app.db.now(), step)?;
    let cookie =
        token.map(|token| (header::SET_COOKIE, cookies::sign_in(&app.env, token.expose())));
    Ok((AppendHeaders(cookie), next).into_response())
}

/// Reserve, compare, settle.
pub async fn sign_in(
    app: &App,
    origin: &Origin,
    username: &str,
    fields: &Fields,
    arrival: Arrival,
) -> Result<Finished, PageError> {
    let (username, password) =
        (username.to_owned(), Plain::new(fields.text("password").to_owned()));
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
    let mut response = show_page(app, browser, StatusCode::UNAUTHORIZED, &view);
    if !wait.is_zero() {
        set_retry_after(&mut response, wait);
    }
    response
}

/// The page after a passkey that was not taken, for whatever reason.
pub fn refused_passkey(app: &App, browser: &Browser, fields: &Fields) -> Response {
    let error = Some(browser.t("passkey-sign-in-wrong").into());
    let view = Login { error, ..view(app, browser, fields) };
    show_page(app, browser, StatusCode::UNAUTHORIZED, &view)
}
