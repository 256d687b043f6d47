//! `/mfa/enroll` for a phone number or an address: a code is sent there, and coming back puts it in force.

use std::time::Duration;

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Redirect, Response},
};

use super::{
    enroll::{self, Enroller},
    form, message, page, shell,
};
use crate::{
    app::App,
    db::Write,
    error::{Error, Kind},
    http::{
        error::{PageError, set_retry_after},
        extract::{Browser, From, MaybeSession, PageForm},
        fields::Fields,
        lang::{core, when},
        view::{EnrolCode, EnrolContact, Medium, Sending},
    },
    model::{actor::Origin, contact, factor::Method},
    ops::{
        self,
        code::{Binding, Sent},
        contact::Enrolling,
        factor::Enrolled,
    },
};

/// The field with the number or the address.
fn field(method: Method) -> &'static str {
    if method == Method::Sms { "phone" } else { "email" }
}

fn medium(method: Method) -> Medium {
    if method == Method::Sms { Medium::Sms } else { Medium::Email }
}

/// The page that asks for the number or the address.
pub fn ask(app: &App, browser: &Browser, enroller: &Enroller, method: Method) -> Response {
    let html = blank(app, browser, enroller, method).render();
    page(&app.env, browser, StatusCode::OK, html)
}

fn blank(app: &App, browser: &Browser, enroller: &Enroller, method: Method) -> EnrolContact {
    // The address of the account is the likeliest one.
    let value = if method == Method::Email { enroller.user().email.clone() } else { String::new() };
    EnrolContact {
        shell: shell(&app.env, browser),
        form: form(&app.env, browser, "/mfa/enroll/send", &[]),
        medium: medium(method),
        reason: enroller.reason(browser),
        value,
        ways: enroll::ways_of_one(app, browser, enroller),
        ..EnrolContact::default()
    }
}

/// Why no code was sent.
enum Unsent {
    Refused(Error),
    Capped(Duration),
}

fn again(
    app: &App,
    browser: &Browser,
    enroller: &Enroller,
    (method, value): (Method, &str),
    why: &Unsent,
) -> Response {
    let (status, error, wait) = match why {
        Unsent::Refused(error) => {
            (StatusCode::UNPROCESSABLE_ENTITY, core::what(browser.lang(), error), None)
        }
        Unsent::Capped(wait) => {
            let error = browser.t("message-capped").into();
            (StatusCode::TOO_MANY_REQUESTS, error, when::pause(browser.lang(), *wait))
        }
    };
    let value = value.chars().take(254).collect();
    let view =
        EnrolContact { value, error: Some(error), wait, ..blank(app, browser, enroller, method) };
    let mut response = page(&app.env, browser, status, view.render());
    if let Unsent::Capped(wait) = why {
        set_retry_after(&mut response, *wait);
    }
    response
}

/// `POST /mfa/enroll/send`: a code for this number or address, also another one.
pub async fn send(
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
    let method = Method::parse(fields.text("method")).filter(|method| method.is_weak());
    let Some(method) = method else { return Ok(Redirect::to("/mfa/enroll").into_response()) };
    let value = fields.text(field(method));
    let sent = match begin(&app, &origin, &enroller, method, value).await {
        Ok(Some(enrolling)) => enrolling.sent,
        Ok(None) => return Ok(Redirect::to("/login").into_response()),
        Err(error) if error.kind() == Kind::Invalid => {
            let why = Unsent::Refused(error);
            return Ok(again(&app, &browser, &enroller, (method, value), &why));
        }
        Err(error) => return Err(error.into()),
    };
    match sent {
        Sent::Queued(id) => {
            let sending = Some(message::settled(&app, &id).await?);
            Ok(ask_code(&app, &browser, &enroller, (method, value), sending, None))
        }
        Sent::Capped(wait) => {
            Ok(again(&app, &browser, &enroller, (method, value), &Unsent::Capped(wait)))
        }
        Sent::NotOffered => Ok(Redirect::to("/mfa/enroll").into_response()),
    }
}

async fn begin(
    app: &App,
    origin: &Origin,
    enroller: &Enroller,
    method: Method,
    value: &str,
) -> Result<Option<Enrolling>, Error> {
    let (env, value, origin) = (app.env(), value.to_owned(), origin.clone());
    match enroller {
        Enroller::OnTheWay(way) => {
            let way = way.clone();
            let job = move |tx: &Write<'_>| {
                ops::contact::enroll_on_the_way(tx, &env, &origin, &way, method, &value)
            };
            app.db.write(job).await
        }
        Enroller::SignedIn(signed_in) => {
            let (who, user) = (signed_in.actor(origin), signed_in.user.id.clone());
            let binding = Binding::session(&signed_in.session.id);
            let job = move |tx: &Write<'_>| {
                ops::contact::enroll(tx, &env, &who, &user, method, &value, &binding)
            };
            app.db.write(job).await.map(Some)
        }
    }
}

fn ask_code(
    app: &App,
    browser: &Browser,
    enroller: &Enroller,
    (method, value): (Method, &str),
    sending: Option<Sending>,
    error: Option<String>,
) -> Response {
    let carried = [(field(method), value)];
    let status = if error.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let view = EnrolCode {
        shell: shell(&app.env, browser),
        form: form(&app.env, browser, "/mfa/enroll", &carried),
        again: form(&app.env, browser, "/mfa/enroll/send", &carried),
        medium: medium(method),
        to: contact::normalise(method, value).unwrap_or_default(),
        sending,
        error,
        ways: enroll::ways_of_one(app, browser, enroller),
    };
    page(&app.env, browser, status, view.render())
}

/// `POST /mfa/enroll` with a code that was sent.
pub async fn confirm(
    app: &App,
    browser: &Browser,
    origin: &Origin,
    enroller: &Enroller,
    method: Method,
    fields: &Fields,
) -> Result<Response, PageError> {
    let (env, code, origin) = (app.env(), fields.text("code").to_owned(), origin.clone());
    let outcome = match enroller {
        Enroller::OnTheWay(way) => {
            let way = way.clone();
            let job = move |tx: &Write<'_>| {
                ops::contact::confirm_on_the_way(tx, &env, &origin, &way, method, &code)
            };
            app.db.write(job).await?
        }
        Enroller::SignedIn(signed_in) => {
            let (who, user) = (signed_in.actor(origin), signed_in.user.id.clone());
            let binding = Binding::session(&signed_in.session.id);
            let job = move |tx: &Write<'_>| {
                ops::contact::confirm(tx, &env, &who, &user, method, (&code, &binding))
            };
            app.db.write(job).await.map(Some)?
        }
    };
    match outcome {
        Some(Enrolled::Active(in_force)) => {
            enroll::in_force_page(app, browser, enroller.user(), in_force, enroll::LISTED)
        }
        Some(Enrolled::Wrong) => {
            let (value, error) = (fields.text(field(method)), browser.t("message-wrong").into());
            Ok(ask_code(app, browser, enroller, (method, value), None, Some(error)))
        }
        None => Ok(Redirect::to("/login").into_response()),
    }
}
