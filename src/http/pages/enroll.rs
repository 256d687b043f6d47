//! `/mfa/enroll` and `/mfa/codes`: setting a second factor up, on the way in or from the account page.

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{AppendHeaders, IntoResponse, Redirect, Response},
};

use super::{at_stage, follow, form, on_the_way, page, session_cookie, shell};
use crate::{
    app::App,
    crypto::secret::Plain,
    error::Error,
    http::{
        error::PageError,
        extract::{Browser, From, MaybeSession, PageForm},
        view::{EnrolTotp, Label, RecoveryCodes, qr_svg},
    },
    model::{actor::Origin, sign_in::Stage, user::User},
    ops::{
        self,
        factor::{Enrolled, Enrolment, InForce, Which},
        login::OnTheWay,
        session::SignedIn,
    },
};

/// Who enrols: someone whom sign-in led here, or someone signed in who wants to.
enum Enroller {
    OnTheWay(Box<OnTheWay>),
    SignedIn(Box<SignedIn>),
}

impl Enroller {
    fn user(&self) -> &User {
        match self {
            Self::OnTheWay(way) => &way.user,
            Self::SignedIn(signed_in) => &signed_in.user,
        }
    }
}

fn enroller(
    app: &App,
    headers: &HeaderMap,
    browser: &Browser,
    session: Option<SignedIn>,
) -> Result<Enroller, Response> {
    let way = on_the_way(app, headers, browser).map_err(IntoResponse::into_response)?;
    match (way, session) {
        (Some(way), _) if way.sign_in.stage == Stage::Enroll => {
            Ok(Enroller::OnTheWay(Box::new(way)))
        }
        (_, Some(signed_in)) => Ok(Enroller::SignedIn(Box::new(signed_in))),
        (Some(way), None) => {
            Err(Redirect::to(super::stage_path(way.sign_in.stage)).into_response())
        }
        (None, None) => Err(Redirect::to("/login?return_to=/mfa/enroll").into_response()),
    }
}

/// `GET /mfa/enroll`: the QR code.
pub async fn show(
    State(app): State<App>,
    browser: Browser,
    headers: HeaderMap,
    MaybeSession(session): MaybeSession,
    From(origin): From,
) -> Result<Response, PageError> {
    match enroller(&app, &headers, &browser, session) {
        Ok(enroller) => ask(&app, &browser, &origin, &enroller, None).await,
        Err(elsewhere) => Ok(elsewhere),
    }
}

/// The field that says which enrolment a page shows.
const ENROLMENT: &str = "enrolment";

async fn begin(
    app: &App,
    origin: &Origin,
    enroller: &Enroller,
    shown: Option<String>,
) -> Result<Option<Enrolment>, PageError> {
    let env = app.env();
    Ok(match enroller {
        Enroller::OnTheWay(way) => {
            let way = way.clone();
            app.db
                .write(move |tx| ops::factor::enroll_on_the_way(tx, &env, &way, shown.as_deref()))
                .await?
        }
        Enroller::SignedIn(signed_in) => {
            let (who, user) = (signed_in.actor(origin.clone()), signed_in.user.clone());
            app.db
                .write(move |tx| {
                    let which = shown.as_deref().map_or(Which::New, Which::Shown);
                    ops::factor::enroll_as(tx, &env, &who, &user, which)
                })
                .await
                .map(Some)?
        }
    })
}

async fn ask(
    app: &App,
    browser: &Browser,
    origin: &Origin,
    enroller: &Enroller,
    again: Option<(String, String)>,
) -> Result<Response, PageError> {
    let (error, shown) = again.unzip();
    let Some(enrolment) = begin(app, origin, enroller, shown).await? else {
        return Ok(Redirect::to("/login").into_response());
    };
    let status = if error.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let Enrolment { id, uri, secret, account, issuer } = enrolment;
    let required = matches!(enroller, Enroller::OnTheWay(_));
    let view = EnrolTotp {
        shell: shell(&app.env, browser),
        form: form(&app.env, browser, "/mfa/enroll", &[(ENROLMENT, id.as_str())]),
        reason: required.then(|| browser.t("enrol-required").into()),
        qr: qr_svg(uri.expose()),
        secret: secret.expose().to_owned(),
        issuer,
        account: Label::new(&account),
        digits: u32::from(app.env.config.authentication.mfa.providers.totp.digits),
        error,
        later: None,
    };
    Ok(page(&app.env, browser, status, view.render()))
}

/// `POST /mfa/enroll`: the first code.
pub async fn submit(
    State(app): State<App>,
    From(origin): From,
    browser: Browser,
    headers: HeaderMap,
    MaybeSession(session): MaybeSession,
    PageForm(fields): PageForm,
) -> Result<Response, PageError> {
    let enroller = match enroller(&app, &headers, &browser, session) {
        Ok(enroller) => enroller,
        Err(elsewhere) => return Ok(elsewhere),
    };
    let (env, code) = (app.env(), fields.text("code").to_owned());
    let outcome = match &enroller {
        Enroller::OnTheWay(way) => {
            let (way, origin) = (way.clone(), origin.clone());
            app.db
                .write(move |tx| ops::factor::confirm_on_the_way(tx, &env, &origin, &way, &code))
                .await?
        }
        Enroller::SignedIn(signed_in) => {
            let (who, user) = (signed_in.actor(origin.clone()), signed_in.user.id.clone());
            app.db
                .write(move |tx| ops::factor::confirm(tx, &env, &who, &user, &code))
                .await
                .map(Some)?
        }
    };
    match outcome {
        Some(Enrolled::Active(in_force)) => {
            in_force_page(&app, &browser, enroller.user(), in_force)
        }
        Some(Enrolled::Wrong) => {
            let error = browser.t("enrol-wrong").into();
            let shown = fields.text(ENROLMENT).to_owned();
            ask(&app, &browser, &origin, &enroller, Some((error, shown))).await
        }
        None => Ok(Redirect::to("/login").into_response()),
    }
}

/// A factor has just come into force: its recovery codes if there are new ones, and the session that it raised.
fn in_force_page(
    app: &App,
    browser: &Browser,
    user: &User,
    in_force: InForce,
) -> Result<Response, PageError> {
    let InForce { codes, session } = in_force;
    let cookie = match session {
        Some(session) => Some((header::SET_COOKIE, session_cookie(app, &session)?)),
        None => None,
    };
    let response = if codes.is_empty() {
        Redirect::to("/account?done=factor").into_response()
    } else {
        show_codes(app, browser, user, &codes, false)
    };
    Ok((AppendHeaders(cookie), response).into_response())
}

fn show_codes(
    app: &App,
    browser: &Browser,
    user: &User,
    codes: &[Plain],
    replaced: bool,
) -> Response {
    let view = RecoveryCodes {
        shell: shell(&app.env, browser),
        form: form(&app.env, browser, "/mfa/codes", &[]),
        account: Label::new(&user.email),
        codes: codes.iter().map(|code| code.expose().to_owned()).collect(),
        replaced,
    };
    page(&app.env, browser, StatusCode::OK, view.render())
}

/// `GET /mfa/codes`: the page was lost; the codes are not shown twice, but a new set can be had.
pub async fn codes(State(app): State<App>, browser: Browser, headers: HeaderMap) -> Response {
    match at_stage(&app, &headers, &browser, Stage::RecoveryCodes) {
        Ok(way) => {
            let view = RecoveryCodes {
                shell: shell(&app.env, &browser),
                form: form(&app.env, &browser, "/mfa/codes/new", &[]),
                account: Label::new(&way.user.email),
                ..RecoveryCodes::default()
            };
            page(&app.env, &browser, StatusCode::OK, view.render())
        }
        Err(elsewhere) => elsewhere,
    }
}

/// `POST /mfa/codes/new`: a new set, in place of the old one.
pub async fn new_codes(
    State(app): State<App>,
    From(origin): From,
    browser: Browser,
    headers: HeaderMap,
    MaybeSession(session): MaybeSession,
    PageForm(_): PageForm,
) -> Result<Response, PageError> {
    let env = app.env();
    if let Some(way) = on_the_way(&app, &headers, &browser)? {
        let user = way.user.clone();
        let codes =
            app.db.write(move |tx| ops::factor::codes_on_the_way(tx, &env, &origin, &way)).await?;
        if let Some(codes) = codes {
            return Ok(show_codes(&app, &browser, &user, &codes, true));
        }
        return Ok(Redirect::to("/login").into_response());
    }
    let Some(signed_in) = session else { return Err(PageError::SignIn("/account".to_owned())) };
    let (who, user) = (signed_in.actor(origin), signed_in.user.id.clone());
    let codes =
        app.db.write(move |tx| ops::factor::regenerate_codes(tx, &env, &who, &user)).await?;
    Ok(show_codes(&app, &browser, &signed_in.user, &codes, true))
}

/// `POST /mfa/codes`: "I have stored them".
pub async fn stored(
    State(app): State<App>,
    From(origin): From,
    browser: Browser,
    headers: HeaderMap,
    MaybeSession(session): MaybeSession,
    PageForm(_): PageForm,
) -> Result<Response, PageError> {
    match on_the_way(&app, &headers, &browser)? {
        Some(way) => {
            let env = app.env();
            let step =
                app.db.write(move |tx| ops::factor::codes_stored(tx, &env, &origin, &way)).await?;
            follow(&app.env, app.db.now(), step)
        }
        None if session.is_some() => Ok(Redirect::to("/account").into_response()),
        None => Err(PageError::Core(
            Error::absent("this sign-in is not in progress any more")
                .with_next("sign in again at /login"),
        )),
    }
}
