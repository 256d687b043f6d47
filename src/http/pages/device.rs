//! `/device`: a person types the code that a device shows, looks at who asks, and answers (RFC 8628 §3.3).

use std::time::Duration;

use axum::{
    extract::{RawQuery, State},
    http::{StatusCode, header},
    response::{AppendHeaders, IntoResponse, Redirect, Response},
};

use super::{form, login::SECOND_FACTOR, page, shell, stage_path};
use crate::{
    app::App,
    error::Error,
    http::{
        cookies,
        error::{PageError, set_retry_after},
        extract::{Browser, From, MaybeSession, PageForm, Session},
        fields::Fields,
        lang::{scope, when},
        oauth::told,
        view::{
            DeviceCode, DeviceDone, DeviceQuestion, ErrorPage, Label, Resource, ScopeLine, Trust,
        },
    },
    model::{
        actor::Origin,
        client::ClientOrigin,
        device::in_words,
        id::{DeviceRequestId, TraceId},
        sign_in::Stage,
        trace::{Kind, Rule, Shown},
    },
    ops::{
        oauth::device::{self as op, Answered, Decision, Looked, Question},
        session::SignedIn,
    },
};

/// More than any code, however it was spaced out.
const LONGEST: usize = 24;

struct Visit {
    app: App,
    origin: Origin,
    browser: Browser,
    signed_in: SignedIn,
}

/// What was wrong with a code.
#[derive(Clone, Copy)]
enum Refused {
    Wrong,
    Wait(Duration),
}

/// `GET /device[?user_code=CODE]`: fills the code in and does nothing else (RFC 8628 §3.3.1, §5.4).
pub async fn show(
    State(app): State<App>,
    From(origin): From,
    browser: Browser,
    Session(signed_in): Session,
    RawQuery(query): RawQuery,
) -> Response {
    let fields = Fields::parse(query.unwrap_or_default().as_bytes());
    let code = short(fields.text("user_code"));
    Visit { app, origin, browser, signed_in }.code_page(&code, None)
}

/// `POST /device`: a code (`user_code`), or an answer (`decision`).
pub async fn submit(
    State(app): State<App>,
    From(origin): From,
    browser: Browser,
    MaybeSession(session): MaybeSession,
    PageForm(fields): PageForm,
) -> Result<Response, PageError> {
    let code = short(fields.text("user_code"));
    let Some(signed_in) = session else {
        let code: String = form_urlencoded::byte_serialize(code.as_bytes()).collect();
        return Err(PageError::SignIn(format!("/device?user_code={code}")));
    };
    let visit = Visit { app, origin, browser, signed_in };
    match fields.get("decision") {
        Some("allow") => visit.answer(&fields, true, &code).await,
        Some("deny") => visit.answer(&fields, false, &code).await,
        Some(_) => {
            let error = Error::invalid("decision", "the decision must be allow or deny");
            Err(visit.told(Rule::Malformed, error).await)
        }
        None if code.is_empty() => Ok(visit.code_page(&code, None)),
        None => visit.look(&code).await,
    }
}

/// The sign-in pages, which add a second factor and lead back to the code.
fn enrolment(code: &str) -> String {
    let back: String = form_urlencoded::byte_serialize(code.as_bytes()).collect();
    let back = format!("/device?user_code={back}");
    let back: String = form_urlencoded::byte_serialize(back.as_bytes()).collect();
    format!("/login?{SECOND_FACTOR}=needed&return_to={back}")
}

/// What stands in the field again.
fn short(text: &str) -> String {
    text.chars().filter(|c| c.is_ascii_graphic() || *c == ' ').take(LONGEST).collect()
}

impl Visit {
    async fn look(&self, code: &str) -> Result<Response, PageError> {
        let (env, who) = (self.app.env(), self.signed_in.actor(self.origin.clone()));
        let (signed_in, typed) = (self.signed_in.clone(), code.to_owned());
        let browser = self.browser.hash();
        let looked = self
            .app
            .db
            .write(move |tx| op::look(tx, &env, &who, (&browser, &signed_in), &typed))
            .await?;
        Ok(match looked {
            Looked::Question(question) => self.question_page(*question),
            Looked::StepUp(token) => {
                let cookie = cookies::sign_in(&self.app.env, token.expose());
                let cookie = AppendHeaders([(header::SET_COOKIE, cookie)]);
                (cookie, Redirect::to(stage_path(Stage::SecondFactor))).into_response()
            }
            Looked::Enrol => Redirect::to(&enrolment(code)).into_response(),
            Looked::Wrong => self.code_page(code, Some(Refused::Wrong)),
            Looked::Wait(wait) => self.code_page(code, Some(Refused::Wait(wait))),
            Looked::Nothing(story) => {
                let keys = ("device-nothing-title", "device-nothing", "device-nothing-next");
                self.refusal_page(StatusCode::FORBIDDEN, keys, &story)
            }
        })
    }

    async fn answer(
        &self,
        fields: &Fields,
        allow: bool,
        code: &str,
    ) -> Result<Response, PageError> {
        let (env, who) = (self.app.env(), self.signed_in.actor(self.origin.clone()));
        let signed_in = self.signed_in.clone();
        let request = DeviceRequestId::from_text(fields.text("request"));
        let shown = fields.text("shown").to_owned();
        let answered = self
            .app
            .db
            .write(move |tx| {
                let decision = Decision { request: &request, allow, shown: &shown };
                op::answer(tx, &env, &who, &signed_in, decision)
            })
            .await;
        let answered = match answered {
            Ok(answered) => answered,
            Err(error) => return Err(self.told(Rule::NotShown, error).await),
        };
        Ok(match answered {
            Answered::Stale => return self.look(code).await,
            Answered::Allowed(client) => self.done_page(&client, true),
            Answered::Denied(client) => self.done_page(&client, false),
            Answered::Gone(story) => {
                let keys = ("gone-title", "device-gone", "device-gone-next");
                self.refusal_page(StatusCode::BAD_REQUEST, keys, &story)
            }
        })
    }

    async fn told(&self, rule: Rule, error: Error) -> PageError {
        let who = self.signed_in.actor(self.origin.clone());
        told::page(&self.app, who, Kind::Device, rule, error).await
    }

    fn code_page(&self, code: &str, refused: Option<Refused>) -> Response {
        let (env, browser) = (&self.app.env, &self.browser);
        let lang = browser.lang();
        let (status, error, wait) = match refused {
            None => (StatusCode::OK, None, None),
            Some(Refused::Wrong) => {
                (StatusCode::BAD_REQUEST, Some(browser.t("device-wrong")), None)
            }
            Some(Refused::Wait(wait)) => {
                (StatusCode::TOO_MANY_REQUESTS, Some(browser.t("device-paused")), Some(wait))
            }
        };
        let view = DeviceCode {
            shell: shell(env, browser),
            form: form(env, browser, "/device", &[]),
            code: code.to_owned(),
            username: Label::new(&self.signed_in.user.username),
            error: error.map(String::from),
            wait: wait.and_then(|wait| when::wait(lang, wait)),
        };
        let mut response = page(env, browser, status, view.render());
        if let Some(wait) = wait {
            set_retry_after(&mut response, wait);
        }
        response
    }

    fn question_page(&self, question: Question) -> Response {
        let (env, browser) = (&self.app.env, &self.browser);
        let lang = browser.lang();
        let hidden = [
            ("request", question.request.as_str()),
            ("shown", question.shown.as_str()),
            // Should the second factor be asked for once more, the person need not type it again.
            ("user_code", question.code.expose()),
        ];
        let view = DeviceQuestion {
            // After a form there is no page to switch the language of.
            shell: shell(env, browser),
            form: form(env, browser, "/device", &hidden),
            client: Label::new(&question.client_name),
            trust: match question.origin {
                ClientOrigin::BuiltIn => Trust::BuiltIn,
                ClientOrigin::Static => Trust::Verified,
                ClientOrigin::Dynamic | ClientOrigin::Document => Trust::Unverified,
            },
            code: question.code.expose().to_owned(),
            address: question.address,
            agent: Label::new(&in_words(&question.user_agent)),
            asked: when::moment(lang, question.asked_at),
            resources: question
                .resources
                .into_iter()
                .map(|(name, url)| Resource { name: Label::new(&name), url })
                .collect(),
            scopes: question
                .scopes
                .into_iter()
                .map(|line| ScopeLine {
                    sentence: line.own.unwrap_or_else(|| scope::sentence(lang, &line.scope)),
                    name: line.scope,
                    sensitive: line.sensitive,
                    new: false,
                })
                .collect(),
            username: Label::new(&question.username),
            email: Label::new(&question.email),
        };
        page(env, browser, StatusCode::OK, view.render())
    }

    fn done_page(&self, client: &str, allowed: bool) -> Response {
        let (env, browser) = (&self.app.env, &self.browser);
        let client = Label::new(client);
        let view = DeviceDone { shell: shell(env, browser), allowed, client };
        page(env, browser, StatusCode::OK, view.render())
    }

    /// Title, what was wrong, what to do, and where it is told.
    fn refusal_page(
        &self,
        status: StatusCode,
        (title, what, next): (&'static str, &'static str, &'static str),
        story: &TraceId,
    ) -> Response {
        let (env, browser) = (&self.app.env, &self.browser);
        let view = ErrorPage {
            shell: shell(env, browser),
            title: browser.t(title).into(),
            what: browser.t(what).into(),
            next: browser.t(next).into(),
            reference: Some(Shown(story).to_string()),
            link: None,
        };
        page(env, browser, status, view.render())
    }
}
