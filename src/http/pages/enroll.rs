//! `/mfa/enroll`: setting a second factor up, on the way in or from the account page. Which one, and the authenticator
//! app; numbers and addresses are `enroll_contact`.

use axum::{
    extract::{RawQuery, State},
    http::{HeaderMap, StatusCode, header},
    response::{AppendHeaders, IntoResponse, Redirect, Response},
};

use super::{codes, enroll_contact, form, on_the_way, page, passkey, session_cookie, shell};
use crate::{
    app::App,
    http::{
        error::PageError,
        extract::{self, Browser, From, MaybeSession, PageForm},
        fields::Fields,
        view::{EnrolChoice, EnrolTotp, Label, Offer, Way, qr_svg},
    },
    model::{actor::Origin, factor::Method, sign_in::Stage, user::User},
    ops::{
        self,
        env::Env,
        factor::{Enrolled, Enrolment, InForce, Which},
        login::OnTheWay,
        session::SignedIn,
    },
};

/// The methods that have a page here, the strongest first.
const METHODS: [Method; 4] = [Method::Passkey, Method::Totp, Method::Sms, Method::Email];

/// Who enrols: someone whom sign-in led here, or someone signed in who wants to.
pub enum Enroller {
    /// On the way in.
    OnTheWay(Box<OnTheWay>),
    /// In a session, just confirmed.
    SignedIn(Box<SignedIn>),
}

impl Enroller {
    /// The person.
    pub fn user(&self) -> &User {
        match self {
            Self::OnTheWay(way) => &way.user,
            Self::SignedIn(signed_in) => &signed_in.user,
        }
    }

    /// Why this is asked of someone who did not choose it.
    pub fn reason(&self, browser: &Browser) -> Option<String> {
        let required = matches!(self, Self::OnTheWay(way) if way.sign_in.enrol_link.is_none());
        required.then(|| browser.t("enrol-required").into())
    }
}

/// Who enrols here, or where whoever asks should be.
pub fn enroller(
    app: &App,
    headers: &HeaderMap,
    browser: &Browser,
    session: Option<SignedIn>,
) -> Result<Enroller, Response> {
    let way = on_the_way(app, headers, browser).map_err(IntoResponse::into_response)?;
    let here = || browser.here().unwrap_or("/mfa/enroll").to_owned();
    match (way, session) {
        (Some(way), _) if way.sign_in.stage == Stage::Enroll => {
            Ok(Enroller::OnTheWay(Box::new(way)))
        }
        (_, Some(signed_in)) => match extract::is_recent(app, &signed_in) {
            Ok(true) => Ok(Enroller::SignedIn(Box::new(signed_in))),
            Ok(false) => Err(PageError::Confirm(here()).into_response()),
            Err(error) => Err(PageError::Core(error).into_response()),
        },
        (Some(way), None) => {
            Err(Redirect::to(super::stage_path(way.sign_in.stage)).into_response())
        }
        (None, None) => Err(PageError::SignIn(here()).into_response()),
    }
}

/// `GET /mfa/enroll[?method=METHOD]`: the page of a method, or which there are.
pub async fn show(
    State(app): State<App>,
    browser: Browser,
    headers: HeaderMap,
    MaybeSession(session): MaybeSession,
    From(origin): From,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let enroller = match enroller(&app, &headers, &browser, session) {
        Ok(enroller) => enroller,
        Err(elsewhere) => return Ok(elsewhere),
    };
    let query = Fields::parse(query.unwrap_or_default().as_bytes());
    match chosen(&app.env, Method::parse(query.text("method"))) {
        Some(method @ (Method::Sms | Method::Email)) => {
            Ok(enroll_contact::ask(&app, &browser, &enroller, method))
        }
        Some(Method::Passkey) => Ok(Redirect::to(passkey::register::PATH).into_response()),
        Some(Method::Totp | Method::Recovery) => {
            ask(&app, &browser, &origin, &enroller, None).await
        }
        None => Ok(choose(&app, &browser, &enroller)),
    }
}

fn offered(env: &Env) -> Vec<Method> {
    METHODS.into_iter().filter(|method| ops::factor::allowed(env, *method)).collect()
}

/// The method that was named, or the only one; none when there is a choice. Where none is offered, the op says why.
fn chosen(env: &Env, named: Option<Method>) -> Option<Method> {
    let offered = offered(env);
    match (named.filter(|method| offered.contains(method)), offered.as_slice()) {
        (Some(named), _) => Some(named),
        (None, []) => Some(Method::Totp),
        (None, [only]) => Some(*only),
        (None, _) => None,
    }
}

fn choose(app: &App, browser: &Browser, enroller: &Enroller) -> Response {
    let view = EnrolChoice {
        shell: shell(&app.env, browser),
        reason: enroller.reason(browser),
        offers: offered(&app.env).into_iter().map(|method| offer(browser, method)).collect(),
        ways: ways(browser, enroller),
    };
    page(&app.env, browser, StatusCode::OK, view.render())
}

fn offer(browser: &Browser, method: Method) -> Offer {
    let (id, label, about) = match method {
        Method::Totp => ("totp", browser.t("factor-totp"), browser.t("enrol-totp-about")),
        Method::Sms => ("sms", browser.t("factor-sms"), browser.t("enrol-sms-about")),
        Method::Email => ("email", browser.t("factor-email"), browser.t("enrol-email-about")),
        Method::Passkey => {
            ("passkey", browser.t("factor-passkey"), browser.t("enrol-passkey-about"))
        }
        Method::Recovery => return Offer::default(),
    };
    let href = format!("/mfa/enroll?method={}", method.as_str());
    Offer {
        way: Way { id, label: label.into(), href },
        about: about.into(),
        weak: method.is_weak(),
    }
}

/// Out of here: back to the account, or in as someone else.
pub fn ways(browser: &Browser, enroller: &Enroller) -> Vec<Way> {
    let (id, label, href) = match enroller {
        Enroller::OnTheWay(_) => ("restart", browser.t("mfa-restart"), "/login"),
        Enroller::SignedIn(_) => ("cancel", browser.t("enrol-cancel"), "/account/security"),
    };
    vec![Way { id, label: label.into(), href: href.to_owned() }]
}

/// [`ways`] from the page of one method, also to the others.
pub fn ways_of_one(app: &App, browser: &Browser, enroller: &Enroller) -> Vec<Way> {
    let (label, href) = (browser.t("enrol-other").into(), "/mfa/enroll".to_owned());
    let others = (offered(&app.env).len() > 1).then_some(Way { id: "other", label, href });
    others.into_iter().chain(ways(browser, enroller)).collect()
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
    let view = EnrolTotp {
        shell: shell(&app.env, browser),
        form: form(&app.env, browser, "/mfa/enroll", &[(ENROLMENT, id.as_str())]),
        reason: enroller.reason(browser),
        qr: qr_svg(uri.expose()),
        secret: secret.expose().to_owned(),
        issuer,
        account: Label::new(&account),
        digits: u32::from(app.env.config.authentication.mfa.providers.totp.digits),
        error,
        later: None,
        ways: ways_of_one(app, browser, enroller),
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
    let method = Method::parse(fields.text("method"));
    if let Some(method @ (Method::Sms | Method::Email)) = method {
        return enroll_contact::confirm(&app, &browser, &origin, &enroller, method, &fields).await;
    }
    match confirm(&app, &origin, &enroller, fields.text("code")).await? {
        Some(Enrolled::Active(in_force)) => {
            in_force_page(&app, &browser, enroller.user(), in_force, LISTED)
        }
        Some(Enrolled::Wrong) => {
            let error = browser.t("enrol-wrong").into();
            let shown = fields.text(ENROLMENT).to_owned();
            ask(&app, &browser, &origin, &enroller, Some((error, shown))).await
        }
        None => Ok(Redirect::to("/login").into_response()),
    }
}

async fn confirm(
    app: &App,
    origin: &Origin,
    enroller: &Enroller,
    code: &str,
) -> Result<Option<Enrolled>, PageError> {
    let (env, code, origin) = (app.env(), code.to_owned(), origin.clone());
    Ok(match enroller {
        Enroller::OnTheWay(way) => {
            let way = way.clone();
            app.db
                .write(move |tx| ops::factor::confirm_on_the_way(tx, &env, &origin, &way, &code))
                .await?
        }
        Enroller::SignedIn(signed_in) => {
            let (who, user) = (signed_in.actor(origin), signed_in.user.id.clone());
            app.db
                .write(move |tx| ops::factor::confirm(tx, &env, &who, &user, &code))
                .await
                .map(Some)?
        }
    })
}

/// Where the factors of an account are listed, after a new one.
pub const LISTED: &str = "/account/security?done=factor";

/// A factor has just come into force: its recovery codes if there are new ones, else the page `then`; and the session
/// that it raised.
pub fn in_force_page(
    app: &App,
    browser: &Browser,
    user: &User,
    in_force: InForce,
    then: &str,
) -> Result<Response, PageError> {
    let InForce { codes: new, session } = in_force;
    let cookie = match session {
        Some(session) => Some((header::SET_COOKIE, session_cookie(app, &session)?)),
        None => None,
    };
    let response = if new.is_empty() {
        Redirect::to(then).into_response()
    } else {
        codes::once(app, browser, user, &new, false)
    };
    Ok((AppendHeaders(cookie), response).into_response())
}
