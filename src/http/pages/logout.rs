//! `/logout`: asks first, since a link or a picture on another site may lead here. Apps send people here, too (OpenID
//! Connect RP-Initiated Logout 1.0).

use axum::{
    extract::{FromRequest as _, RawQuery, Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::{AppendHeaders, IntoResponse, Response},
};

use super::{form, page, shell};
use crate::{
    app::App,
    config::session::SameSite,
    error::Error,
    http::{
        cookies,
        error::PageError,
        extract::{self, Browser, From, MaybeSession, PageForm},
        fields::Fields,
        oauth::client_form::is_form,
        view::{Bounce, ErrorPage, Label, Link, LogoutConfirm, Shell, SignedOut},
    },
    model::actor::{Actor, Origin},
    ops::{
        self,
        oauth::logout::{self as op, Asked, Next, Unfit},
        session::SignedIn,
    },
};

/// What came besides the parameters.
struct Visit {
    app: App,
    origin: Origin,
    browser: Browser,
    session: Option<SignedIn>,
    /// Whether the browser may have held the session cookie back because another site sent it here.
    withheld: bool,
}

/// `GET /logout`: by a person, by an app, or on with what an app asked for.
pub async fn show(
    State(app): State<App>,
    From(origin): From,
    browser: Browser,
    MaybeSession(session): MaybeSession,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let fields = Fields::parse(query.unwrap_or_default().as_bytes());
    let withheld = withheld(&app, &Method::GET, &headers);
    let visit = Visit { app, origin, browser, session, withheld };
    let Some(sealed) = fields.get("request") else { return by_app(visit, &fields).await };
    let (env, browser) = (&visit.app.env, visit.browser.hash());
    match op::open(env, &browser, sealed, visit.app.db.now()) {
        // From our own page: a cookie that did not come now is not there.
        Some(asked) => go_on(&Visit { withheld: false, ..visit }, asked).await,
        None => go_on(&visit, Asked::default()).await,
    }
}

/// `POST /logout`: the answer to our own question, or an app's request (§2 wants both methods).
pub async fn submit(
    State(app): State<App>,
    From(origin): From,
    browser: Browser,
    MaybeSession(session): MaybeSession,
    request: Request,
) -> Result<Response, PageError> {
    let (parts, body) = request.into_parts();
    let cut_off = |_| Error::invalid("form", "the form was too large or cut off");
    let bytes = axum::body::Bytes::from_request(Request::from_parts(parts.clone(), body), &app)
        .await
        .map_err(cut_off)?;
    let fields = Fields::parse(&bytes);
    let is_app = fields.get("csrf").is_none()
        && op::PARAMETERS.iter().any(|name| fields.get(name).is_some())
        && is_form(&parts.headers);
    let withheld = withheld(&app, &Method::POST, &parts.headers);
    let visit = Visit { app, origin, browser, session, withheld };
    if is_app {
        return by_app(visit, &fields).await;
    }
    let request = Request::from_parts(parts, axum::body::Body::from(bytes));
    let PageForm(fields) = PageForm::from_request(request, &visit.app).await?;
    if let Some(signed_in) = &visit.session {
        let who = signed_in.actor(visit.origin.clone());
        visit.app.db.write(move |tx| ops::session::logout(tx, &who)).await?;
    }
    let (env, browser) = (&visit.app.env, visit.browser.hash());
    let asked = op::open(env, &browser, fields.text("request"), visit.app.db.now());
    out(&visit, &asked.unwrap_or_default(), true)
}

async fn by_app(mut visit: Visit, fields: &Fields) -> Result<Response, PageError> {
    visit.browser.asked_for(fields.text("ui_locales"));
    let checked = visit.app.db.read(|r| op::check(r, &visit.app.env, fields.pairs()))?;
    match checked {
        Ok(asked) => go_on(&visit, asked).await,
        Err(unfit) => Ok(unfit_page(&visit, unfit)),
    }
}

async fn go_on(visit: &Visit, asked: Asked) -> Result<Response, PageError> {
    if visit.withheld && visit.session.is_none() {
        return bounce(visit, &asked);
    }
    let who = match &visit.session {
        Some(session) => session.actor(visit.origin.clone()),
        None => Actor::anonymous(visit.origin.clone()),
    };
    let (session, wish) = (visit.session.clone(), asked.clone());
    let next = visit.app.db.write(move |tx| op::decide(tx, &who, &wish, session.as_ref())).await?;
    match (next, &visit.session) {
        (Next::Ask, Some(signed_in)) => question(visit, &asked, signed_in),
        (Next::Out, session) => out(visit, &asked, session.is_some()),
        (Next::Ask, None) => out(visit, &asked, false),
    }
}

/// A cross-site form carries the cookie only with `SameSite=None`, and a cross-site link not with `Strict`.
fn withheld(app: &App, method: &Method, headers: &HeaderMap) -> bool {
    let session = &app.env.config.authentication.session;
    let kept = match session.security.same_site {
        SameSite::None => true,
        SameSite::Lax => *method == Method::GET,
        SameSite::Strict => headers.get("sec-fetch-site").is_none_or(|site| site != "cross-site"),
    };
    let posted = *method == Method::POST && session.security.same_site != SameSite::None;
    (posted || !kept) && extract::cookie(headers, &session.cookie_name).is_none()
}

fn sealed(visit: &Visit, asked: &Asked) -> Result<String, PageError> {
    let (env, browser) = (&visit.app.env, visit.browser.hash());
    Ok(op::seal(env, &browser, asked, visit.app.db.now())?)
}

/// Comes back from our own page, with the cookie.
fn bounce(visit: &Visit, asked: &Asked) -> Result<Response, PageError> {
    let env = &visit.app.env;
    let to = format!("/logout?request={}", sealed(visit, asked)?);
    let view = Bounce { shell: Shell { here: None, ..shell(env, &visit.browser) }, to };
    Ok(page(env, &visit.browser, StatusCode::OK, view.render()))
}

fn question(visit: &Visit, asked: &Asked, signed_in: &SignedIn) -> Result<Response, PageError> {
    let env = &visit.app.env;
    let request = sealed(visit, asked)?;
    let client = visit.app.db.read(|r| op::name(r, asked))?;
    // Not what the app sent, which may hold an ID token.
    let here = asked.client.as_ref().map(|_| format!("/logout?request={request}"));
    let frame = shell(env, &visit.browser);
    let view = LogoutConfirm {
        shell: Shell { here: here.or_else(|| Some("/logout".to_owned())), ..frame },
        form: form(env, &visit.browser, "/logout", &[("request", request.as_str())]),
        username: Label::new(&signed_in.user.username),
        client: client.map(|name| Label::new(&name)),
        stay: "/account".to_owned(),
    };
    Ok(page(env, &visit.browser, StatusCode::OK, view.render()))
}

/// Signed out: back to the app, or a page that says so. Cookies are taken away by whoever signed out, and not because a
/// link on another site led here without them.
fn out(visit: &Visit, asked: &Asked, was_in: bool) -> Result<Response, PageError> {
    let env = &visit.app.env;
    let gone = [cookies::no_session(env), cookies::no_sign_in(env)];
    let gone = gone.into_iter().filter(|_| was_in).map(|cookie| (header::SET_COOKIE, cookie));
    let cookies = AppendHeaders(gone.collect::<Vec<_>>());
    if let Some(back) = &asked.back {
        let location = HeaderValue::from_bytes(back.as_bytes()).map_err(|source| {
            Error::internal("a redirect could not be written").with_source(source)
        })?;
        let headers = [(header::LOCATION, location)];
        return Ok((StatusCode::SEE_OTHER, cookies, headers).into_response());
    }
    let view = SignedOut {
        shell: Shell { here: Some("/logout".to_owned()), ..shell(env, &visit.browser) },
        sign_in: "/login".to_owned(),
        ..SignedOut::default()
    };
    Ok((cookies, page(env, &visit.browser, StatusCode::OK, view.render())).into_response())
}

fn unfit_page(visit: &Visit, unfit: Unfit) -> Response {
    let env = &visit.app.env;
    let t = |key| visit.browser.t(key).into();
    let (what, next) = match unfit {
        Unfit::Client => (t("logout-unfit-app"), t("logout-unfit-next")),
        Unfit::Redirect => (t("logout-unfit-redirect"), t("logout-unfit-next")),
    };
    let view = ErrorPage {
        // Nothing that a stranger sent stands on this page.
        shell: Shell { here: None, ..shell(env, &visit.browser) },
        title: t("logout-unfit-title"),
        what,
        next,
        reference: None,
        link: Some(Link { label: t("logout-submit"), href: "/logout".to_owned() }),
    };
    page(env, &visit.browser, StatusCode::BAD_REQUEST, view.render())
}
