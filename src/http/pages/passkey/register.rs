//! `/mfa/enroll/passkey`: a new passkey, on the way in or from the account.

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Redirect, Response},
};

use super::{Answer, told};
use crate::{
    app::App,
    db::Write,
    error::{Error, Kind},
    http::{
        error::PageError,
        extract::{Browser, From, MaybeSession, PageForm},
        lang::core,
        pages::{
            enroll::{self, Enroller},
            form, page, scripted, shell,
        },
        view::{EnrolPasskey, PasskeyForm},
    },
    model::actor::Origin,
    ops::{
        self,
        passkey::{Ceremony, Registered},
    },
};

/// `GET /mfa/enroll/passkey`.
pub async fn show(
    State(app): State<App>,
    browser: Browser,
    headers: HeaderMap,
    MaybeSession(session): MaybeSession,
) -> Result<Response, PageError> {
    match enroll::enroller(&app, &headers, &browser, session) {
        Ok(enroller) => Ok(ask(&app, &browser, &enroller, None)),
        Err(elsewhere) => Ok(elsewhere),
    }
}

/// Where one's passkeys are listed, after a new one.
const LISTED: &str = "/account/passkeys?done=new";
/// Where it is.
pub const PATH: &str = "/mfa/enroll/passkey";

fn ask(
    app: &App,
    browser: &Browser,
    enroller: &Enroller,
    again: Option<(String, String)>,
) -> Response {
    let status = if again.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let (error, label) = again.unzip();
    let view = EnrolPasskey {
        shell: shell(&app.env, browser),
        passkey: PasskeyForm::create(form(&app.env, browser, PATH, &[]), "/passkey/register"),
        reason: enroller.reason(browser),
        label: label.unwrap_or_default(),
        error,
        ways: enroll::ways_of_one(app, browser, enroller),
    };
    scripted(page(&app.env, browser, status, view.render()))
}

/// `POST /passkey/register`: a challenge for a new passkey.
pub async fn challenge(
    State(app): State<App>,
    From(origin): From,
    browser: Browser,
    headers: HeaderMap,
    session: Result<MaybeSession, PageError>,
    form: Result<PageForm, PageError>,
) -> Response {
    let asked = match (form, session) {
        (Ok(_), Ok(MaybeSession(session))) => {
            match enroll::enroller(&app, &headers, &browser, session) {
                Ok(enroller) => begin(&app, &browser, origin, enroller).await,
                Err(_) => Err(PageError::SignIn(PATH.to_owned())),
            }
        }
        (Err(refused), _) | (_, Err(refused)) => Err(refused),
    };
    told(&browser, asked)
}

async fn begin(
    app: &App,
    browser: &Browser,
    origin: Origin,
    enroller: Enroller,
) -> Result<Option<Ceremony>, PageError> {
    let (env, hash) = (app.env(), browser.hash());
    let asked = match enroller {
        Enroller::OnTheWay(way) => {
            app.db.write(move |tx| ops::passkey::register_on_the_way(tx, &env, &way)).await
        }
        Enroller::SignedIn(signed_in) => {
            let who = signed_in.actor(origin);
            let register = move |tx: &Write<'_>| {
                ops::passkey::register(tx, &env, &who, &signed_in.user, &hash).map(Some)
            };
            app.db.write(register).await
        }
    };
    asked.map_err(PageError::from)
}

/// `POST /mfa/enroll/passkey`: what the device made.
pub async fn submit(
    State(app): State<App>,
    From(origin): From,
    browser: Browser,
    headers: HeaderMap,
    MaybeSession(session): MaybeSession,
    PageForm(fields): PageForm,
) -> Result<Response, PageError> {
    let enroller = match enroll::enroller(&app, &headers, &browser, session) {
        Ok(enroller) => enroller,
        Err(elsewhere) => return Ok(elsewhere),
    };
    let (answer, label) = (Answer::of(&fields), fields.text("label").to_owned());
    let registered = finish(&app, &browser, origin, &enroller, answer, label.clone()).await;
    let error = match registered {
        Ok(Some(Registered::Active(made))) => {
            return enroll::in_force_page(&app, &browser, enroller.user(), made.in_force, LISTED);
        }
        Ok(Some(Registered::Wrong(_))) => browser.t("passkey-new-wrong").into(),
        Ok(None) => return Ok(Redirect::to("/login").into_response()),
        // What is wrong with the name is said beside it.
        Err(error) if error.kind() == Kind::Invalid => core::what(browser.lang(), &error),
        Err(error) => return Err(error.into()),
    };
    Ok(ask(&app, &browser, &enroller, Some((error, label))))
}

async fn finish(
    app: &App,
    browser: &Browser,
    origin: Origin,
    enroller: &Enroller,
    answer: Answer,
    label: String,
) -> Result<Option<Registered>, Error> {
    let (env, hash) = (app.env(), browser.hash());
    match enroller {
        Enroller::OnTheWay(way) => {
            let way = way.clone();
            let registered = move |tx: &Write<'_>| {
                let given = answer.given();
                ops::passkey::registered_on_the_way(tx, &env, &origin, &way, &given, &label)
            };
            app.db.write(registered).await
        }
        Enroller::SignedIn(signed_in) => {
            let who = signed_in.actor(origin);
            let registered = move |tx: &Write<'_>| {
                ops::passkey::registered(tx, &env, &who, &hash, &answer.given(), &label).map(Some)
            };
            app.db.write(registered).await
        }
    }
}
