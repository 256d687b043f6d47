//! `/account/sessions`: where someone is signed in, and the browsers they have signed in with.

use axum::{
    extract::{RawQuery, State},
    http::StatusCode,
    response::Response,
};

use super::{
    act::{Act, done},
    joined, notice,
};
use crate::{
    app::App,
    http::{
        error::PageError,
        extract::{Browser, From, Session},
        lang::{Lang, when::moment},
        pages::{form, page, shell},
        view::{Device, Label, OtherSession, SessionLine, Sessions},
    },
    model::{
        device::{Device as Known, browser_and_system},
        id::{DeviceId, SessionId},
        session::Session as Row,
    },
    ops,
};

/// The page.
const PATH: &str = "/account/sessions";
/// More than anyone reads.
const MOST: u32 = 20;

/// `GET /account/sessions`.
pub async fn show(
    State(app): State<App>,
    From(origin): From,
    browser: Browser,
    Session(signed_in): Session,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let (who, user, lang) = (signed_in.actor(origin), &signed_in.user.id, browser.lang());
    let (sessions, devices) = app.db.read(|r| {
        let sessions = ops::session::list(r, &who, Some(user), MOST)?;
        Ok((sessions, ops::device::list(r, &who, user)?))
    })?;
    let others = sessions.iter().filter(|row| row.session.id != signed_in.session.id);
    let trusted = devices.iter().any(|device| device.is_trusted(app.db.now()));
    let form = |action: &str| form(&app.env, &browser, action, &[]);
    let view = Sessions {
        shell: shell(&app.env, &browser),
        notice: notice(lang, query),
        session: line(lang, &signed_in.session),
        sign_out: form("/logout"),
        others: others.map(|row| other(&app, &browser, &row.session)).collect(),
        sign_out_others: form("/account/sessions/end-others"),
        devices: devices.iter().map(|device| known(&app, &browser, device)).collect(),
        distrust: trusted.then(|| form("/account/devices/distrust")),
    };
    Ok(page(&app.env, &browser, StatusCode::OK, view.render()))
}

fn other(app: &App, browser: &Browser, session: &Row) -> OtherSession {
    OtherSession {
        line: line(browser.lang(), session),
        end: form(&app.env, browser, "/account/sessions/end", &[("id", session.id.as_str())]),
    }
}

fn line(lang: Lang, session: &Row) -> SessionLine {
    SessionLine {
        device: in_words(lang, &session.user_agent),
        address: session.address.clone(),
        started: moment(lang, session.created_at),
        last_seen: moment(lang, session.last_seen_at),
        expires: moment(lang, session.ends_at()),
    }
}

fn known(app: &App, browser: &Browser, device: &Known) -> Device {
    let lang = browser.lang();
    let used = lang.t("device-used").with("when", moment(lang, device.last_seen_at));
    let from = (!device.address.is_empty())
        .then(|| lang.t("session-from").with("address", &device.address).into());
    let until = device.trusted_until.filter(|_| device.is_trusted(app.db.now()));
    Device {
        name: in_words(lang, &device.user_agent),
        detail: joined([Some(used.into()), from]),
        trusted: until.map(|until| moment(lang, until)),
        forget: form(&app.env, browser, "/account/devices/forget", &[("id", device.id.as_str())]),
    }
}

/// Browser and system in two words, as far as the user agent tells.
fn in_words(lang: Lang, agent: &str) -> Label {
    let words: String = match browser_and_system(agent) {
        (Some(browser), Some(system)) => {
            let text = lang.t("device-browser-on-system");
            text.with("browser", browser).with("system", system).into()
        }
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) if agent.is_empty() => lang.t("device-unknown").into(),
        (None, None) => agent.chars().take(40).collect(),
    };
    Label::new(&words)
}

/// `POST /account/sessions/end`: one of the others.
pub async fn end(State(app): State<App>, act: Act) -> Result<Response, PageError> {
    let id = SessionId::from_text(act.fields.text("id"));
    app.db.write(move |tx| ops::session::revoke(tx, &act.who, &[id])).await?;
    Ok(done(PATH, "ended"))
}

/// `POST /account/sessions/end-others`.
pub async fn end_others(State(app): State<App>, act: Act) -> Result<Response, PageError> {
    let (user, who) = (act.user(), act.who);
    app.db.write(move |tx| ops::session::revoke_others(tx, &who, &user)).await?;
    Ok(done(PATH, "others"))
}

/// `POST /account/devices/forget`.
pub async fn forget(State(app): State<App>, act: Act) -> Result<Response, PageError> {
    let id = DeviceId::from_text(act.fields.text("id"));
    app.db.write(move |tx| ops::device::forget(tx, &act.who, &id)).await?;
    Ok(done(PATH, "forgotten"))
}

/// `POST /account/devices/distrust`.
pub async fn distrust(State(app): State<App>, act: Act) -> Result<Response, PageError> {
    let (user, who) = (act.user(), act.who);
    app.db.write(move |tx| ops::device::distrust(tx, &who, &user)).await?;
    Ok(done(PATH, "distrusted"))
}
