//! `/mfa`: the second factor on the way in. The strongest method comes first, and each page leads to the others.

use std::time::Duration;

use axum::{
    extract::{RawQuery, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Redirect, Response},
};

use super::{at_stage, follow, form, message, page, scripted, shell};
use crate::{
    app::App,
    error::{Error, Result},
    http::{
        error::{PageError, set_retry_after},
        extract::{Browser, From, PageForm},
        fields::Fields,
        lang::when,
        view::{
            ErrorPage, Label, Link, Medium, Mfa, MfaMessage, MfaPasskey, PasskeyForm, Recovery, Way,
        },
    },
    model::{factor::Method, sign_in::Stage},
    ops::{
        self,
        code::Sent,
        factor::Given,
        login::{OnTheWay, Step},
    },
};

/// Someone at the second factor, and the methods that they can use.
struct Asked<'a> {
    app: &'a App,
    browser: &'a Browser,
    way: &'a OnTheWay,
    offered: Vec<Method>,
}

/// What has just been refused.
#[derive(Clone, Copy)]
enum Refused {
    /// A code, and how long until the next one counts.
    Code(Duration),
    /// Another message, and how long until there may be one.
    Message(Duration),
}

/// `GET /mfa[?method=METHOD]`: the page of a method; of the strongest when none is named.
pub async fn show(
    State(app): State<App>,
    browser: Browser,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let way = match at_stage(&app, &headers, &browser, Stage::SecondFactor) {
        Ok(way) => way,
        Err(elsewhere) => return Ok(elsewhere),
    };
    let query = Fields::parse(query.unwrap_or_default().as_bytes());
    let asked = Asked::of(&app, &browser, &way)?;
    let method = asked.choose(Method::parse(query.text("method")));
    Ok(asked.page(method, None)?)
}

/// `GET /mfa/recovery`: a recovery code instead.
pub async fn show_recovery(
    State(app): State<App>,
    browser: Browser,
    headers: HeaderMap,
) -> Result<Response, PageError> {
    let way = match at_stage(&app, &headers, &browser, Stage::SecondFactor) {
        Ok(way) => way,
        Err(elsewhere) => return Ok(elsewhere),
    };
    Ok(Asked::of(&app, &browser, &way)?.page(Some(Method::Recovery), None)?)
}

/// `POST /mfa`: a code.
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
    let (method, code) = (method(&fields)?, fields.text("code").to_owned());
    let given = Given { method, code, trust_device: fields.get("trust_device").is_some() };
    let (env, on_the_way) = (app.env(), way.clone());
    let step =
        app.db.write(move |tx| ops::factor::verify(tx, &env, &origin, &on_the_way, &given)).await?;
    match step {
        Step::Wrong(wait) => Ok(refused(&app, &browser, &way, method, wait)?),
        step @ (Step::Next(_) | Step::In(..) | Step::Gone) => follow(&app.env, app.db.now(), step),
    }
}

/// `POST /mfa/send`: a code is to be sent.
pub async fn send(
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
    let method = method(&fields)?;
    let (env, on_the_way) = (app.env(), way.clone());
    let sent = app
        .db
        .write(move |tx| ops::factor::send_code(tx, &env, &origin, &on_the_way, method))
        .await?;
    match sent {
        Some(Sent::Queued(id)) => {
            message::settled(&app, &id).await?;
            Ok(Redirect::to(&format!("/mfa?method={}", method.as_str())).into_response())
        }
        Some(Sent::Capped(wait)) => {
            let asked = Asked::of(&app, &browser, &way)?;
            Ok(asked.page(Some(method), Some(Refused::Message(wait)))?)
        }
        Some(Sent::NotOffered) => Ok(Redirect::to("/mfa").into_response()),
        None => Ok(Redirect::to("/login").into_response()),
    }
}

fn method(fields: &Fields) -> Result<Method> {
    Method::parse(fields.get("method").unwrap_or("totp")).ok_or_else(|| {
        Error::invalid("method", "that second factor is not offered; there are totp and recovery")
    })
}

impl<'a> Asked<'a> {
    fn of(app: &'a App, browser: &'a Browser, way: &'a OnTheWay) -> Result<Self> {
        let offered =
            app.db.read(|r| ops::factor::offered(r, &app.env, &way.user.id, &way.sign_in.amr))?;
        Ok(Self { app, browser, way, offered })
    }

    /// The method that was named, if it can be used, else the strongest that can.
    fn choose(&self, named: Option<Method>) -> Option<Method> {
        named
            .filter(|method| self.offered.contains(method))
            .or_else(|| self.offered.first().copied())
    }

    fn page(&self, method: Option<Method>, refused: Option<Refused>) -> Result<Response> {
        let html = match method {
            Some(Method::Totp) => self.totp(refused),
            Some(method @ (Method::Sms | Method::Email)) => self.message(method, refused)?,
            Some(Method::Recovery) => self.recovery(refused),
            Some(Method::Passkey) => self.passkey(refused),
            None => self.nothing(),
        };
        let (status, wait) = match refused {
            None => (StatusCode::OK, None),
            Some(Refused::Code(wait)) => (StatusCode::UNAUTHORIZED, Some(wait)),
            Some(Refused::Message(wait)) => (StatusCode::TOO_MANY_REQUESTS, Some(wait)),
        };
        let mut response = page(&self.app.env, self.browser, status, html);
        if method == Some(Method::Passkey) {
            response = scripted(response);
        }
        if let Some(wait) = wait.filter(|wait| !wait.is_zero()) {
            set_retry_after(&mut response, wait);
        }
        Ok(response)
    }

    fn passkey(&self, refused: Option<Refused>) -> String {
        let (app, browser) = (self.app, self.browser);
        let form = form(&app.env, browser, "/mfa/passkey", &[]);
        let view = MfaPasskey {
            shell: shell(&app.env, browser),
            passkey: PasskeyForm::get(form, "/passkey/second-factor"),
            client: None,
            username: Label::new(&self.way.user.username),
            error: refused.map(|_| browser.t("mfa-passkey-wrong").into()),
            trust_days: self.trust_days(),
            ways: self.others(Method::Passkey),
        };
        view.render()
    }

    fn totp(&self, refused: Option<Refused>) -> String {
        let (app, browser) = (self.app, self.browser);
        let view = Mfa {
            shell: shell(&app.env, browser),
            form: form(&app.env, browser, "/mfa", &[]),
            client: None,
            username: Label::new(&self.way.user.username),
            digits: u32::from(app.env.config.authentication.mfa.providers.totp.digits),
            error: refused.map(|_| browser.t("mfa-wrong").into()),
            wait: self.wait(refused),
            trust_days: self.trust_days(),
            ways: self.others(Method::Totp),
        };
        view.render()
    }

    fn message(&self, method: Method, refused: Option<Refused>) -> Result<String> {
        let (app, browser, user) = (self.app, self.browser, &self.way.user.id);
        let (state, contacts) = app.db.read(|r| {
            let state = ops::factor::code_state(r, self.way, method)?;
            Ok((state, ops::contact::active(r, user)?))
        })?;
        let contact = contacts.into_iter().find(|contact| contact.method == method);
        let error = refused.map(|refused| match refused {
            Refused::Code(_) => browser.t("message-wrong").into(),
            Refused::Message(_) => browser.t("message-capped").into(),
        });
        let view = MfaMessage {
            shell: shell(&app.env, browser),
            form: form(&app.env, browser, "/mfa", &[]),
            send: form(&app.env, browser, "/mfa/send", &[]),
            medium: medium(method),
            client: None,
            username: Label::new(&self.way.user.username),
            to: contact.map(|contact| contact.masked()).unwrap_or_default(),
            sending: state.map(message::sending),
            error,
            wait: self.wait(refused),
            trust_days: self.trust_days(),
            ways: self.others(method),
        };
        Ok(view.render())
    }

    fn recovery(&self, refused: Option<Refused>) -> String {
        let (app, browser) = (self.app, self.browser);
        let view = Recovery {
            shell: shell(&app.env, browser),
            form: form(&app.env, browser, "/mfa", &[]),
            client: None,
            username: Label::new(&self.way.user.username),
            error: refused.map(|_| browser.t("recovery-wrong").into()),
            wait: self.wait(refused),
            ways: self.others(Method::Recovery),
        };
        view.render()
    }

    /// Whatever this person has enrolled is switched off or used up.
    fn nothing(&self) -> String {
        let browser = self.browser;
        let view = ErrorPage {
            shell: shell(&self.app.env, browser),
            title: browser.t("mfa-nothing-title").into(),
            what: browser.t("mfa-nothing-what").into(),
            next: browser.t("mfa-nothing-next").into(),
            reference: None,
            link: Some(Link { label: browser.t("mfa-restart").into(), href: "/login".to_owned() }),
        };
        view.render()
    }

    fn wait(&self, refused: Option<Refused>) -> Option<String> {
        match refused? {
            Refused::Code(wait) => when::wait(self.browser.lang(), wait),
            Refused::Message(wait) => when::pause(self.browser.lang(), wait),
        }
    }

    fn trust_days(&self) -> Option<u32> {
        let trust = &self.app.env.config.authentication.mfa.trusted_device;
        self.app.env.trust_lifetime().map(|_| trust.days)
    }

    /// The ways on from the page of a method: every other method, and the beginning.
    fn others(&self, but: Method) -> Vec<Way> {
        let browser = self.browser;
        let others = self.offered.iter().filter(|method| **method != but);
        let mut ways: Vec<Way> = others.map(|method| way_to(browser, *method)).collect();
        let label = browser.t("mfa-restart").into();
        ways.push(Way { id: "restart", label, href: "/login".to_owned() });
        ways
    }
}

/// The page of a method after a wrong answer.
pub fn refused(
    app: &App,
    browser: &Browser,
    way: &OnTheWay,
    method: Method,
    wait: Duration,
) -> Result<Response> {
    Asked::of(app, browser, way)?.page(Some(method), Some(Refused::Code(wait)))
}

fn way_to(browser: &Browser, method: Method) -> Way {
    let (id, text, href) = match method {
        Method::Totp => ("totp", browser.t("mfa-use-totp"), "/mfa?method=totp"),
        Method::Sms => ("sms", browser.t("mfa-use-sms"), "/mfa?method=sms"),
        Method::Email => ("email", browser.t("mfa-use-email"), "/mfa?method=email"),
        Method::Recovery => ("recovery", browser.t("mfa-use-recovery"), "/mfa/recovery"),
        Method::Passkey => ("use_passkey", browser.t("mfa-use-passkey"), "/mfa?method=webauthn"),
    };
    Way { id, label: text.into(), href: href.to_owned() }
}

fn medium(method: Method) -> Medium {
    if method == Method::Sms { Medium::Sms } else { Medium::Email }
}
