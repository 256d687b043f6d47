//! `/account`: who is signed in, with what, and where else.

use axum::{
    extract::{RawQuery, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};

use super::{form, page, shell};
use crate::{
    app::App,
    http::{
        error::PageError,
        extract::{Browser, From, PageForm, Session},
        fields::Fields,
        lang::{Lang, when::moment},
        view::{Account, Factor, Label, Link, SessionLine},
    },
    model::{factor::TotpCredential, session::Session as Row},
    ops,
};

/// More than anyone reads.
const MOST_SESSIONS: u32 = 50;

/// `GET /`.
pub async fn root() -> Redirect {
    Redirect::to("/account")
}

/// `GET /account`.
pub async fn show(
    State(app): State<App>,
    From(origin): From,
    browser: Browser,
    Session(signed_in): Session,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let who = signed_in.actor(origin);
    let user = &signed_in.user;
    let (sessions, (factors, codes)) = app.db.read(|r| {
        let sessions = ops::session::list(r, &who, Some(&user.id), MOST_SESSIONS)?;
        Ok((sessions, ops::factor::list(r, &who, &user.id)?))
    })?;
    let query = Fields::parse(query.unwrap_or_default().as_bytes());
    let others = sessions.iter().filter(|row| row.session.id != signed_in.session.id);
    let view = Account {
        shell: shell(&app.env, &browser),
        notice: notice(browser.lang(), query.text("done")),
        name: Label::new(user.display_name()),
        username: Label::new(&user.username),
        email: Label::new(&user.email),
        roles: user.roles.clone(),
        factors: factor_lines(browser.lang(), &factors),
        recovery_codes_left: (!factors.is_empty()).then_some(codes),
        new_codes: (!factors.is_empty()).then(|| form(&app.env, &browser, "/mfa/codes/new", &[])),
        session: line(browser.lang(), &signed_in.session),
        sign_out: form(&app.env, &browser, "/logout", &[]),
        others: others.map(|row| line(browser.lang(), &row.session)).collect(),
        sign_out_others: form(&app.env, &browser, "/account/sessions/end-others", &[]),
    };
    Ok(page(&app.env, &browser, StatusCode::OK, view.render()))
}

fn notice(lang: Lang, done: &str) -> Option<String> {
    let text = match done {
        "password" => lang.t("account-done-password"),
        "factor" => lang.t("account-done-factor"),
        "others" => lang.t("account-done-others"),
        _ => return None,
    };
    Some(text.into())
}

fn factor_lines(lang: Lang, factors: &[TotpCredential]) -> Vec<Factor> {
    let link = |key, href: &str| Some(Link { label: lang.t(key).into(), href: href.to_owned() });
    let password = Factor {
        name: lang.t("account-password").into(),
        detail: String::new(),
        action: link("account-password-change", "/password"),
    };
    let mut lines = vec![password];
    if factors.is_empty() {
        lines.push(Factor {
            name: lang.t("account-totp").into(),
            detail: lang.t("account-totp-none").into(),
            action: link("account-totp-set-up", "/mfa/enroll"),
        });
    }
    lines.extend(factors.iter().map(|factor| Factor {
        // The name it gets when it is set up; one that a person gave stays as it is.
        name: match factor.label.as_str() {
            "Authenticator app" => lang.t("account-totp").into(),
            own => own.to_owned(),
        },
        detail: match factor.last_used_at {
            Some(at) => lang.t("account-factor-used").with("when", moment(lang, at)).into(),
            None => lang.t("account-factor-unused").into(),
        },
        action: None,
    }));
    lines
}

fn line(lang: Lang, session: &Row) -> SessionLine {
    SessionLine {
        device: Label::new(&device(lang, &session.user_agent)),
        address: session.address.clone(),
        started: moment(lang, session.created_at),
        last_seen: moment(lang, session.last_seen_at),
        expires: moment(lang, session.ends_at()),
    }
}

/// Browser and system in two words, as far as the user agent tells.
fn device(lang: Lang, agent: &str) -> String {
    let first = |known: &[(&str, &str)]| {
        known.iter().find(|(mark, _)| agent.contains(mark)).map(|(_, name)| (*name).to_owned())
    };
    let browser = first(&[
        ("Edg/", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
    ]);
    let system = first(&[
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS X", "macOS"),
        ("Linux", "Linux"),
    ]);
    match (browser, system) {
        (Some(browser), Some(system)) => {
            let text = lang.t("device-browser-on-system");
            text.with("browser", browser).with("system", system).into()
        }
        (Some(one), None) | (None, Some(one)) => one,
        (None, None) if agent.is_empty() => lang.t("device-unknown").into(),
        (None, None) => agent.chars().take(40).collect(),
    }
}

/// `POST /account/sessions/end-others`.
pub async fn end_others(
    State(app): State<App>,
    From(origin): From,
    Session(signed_in): Session,
    PageForm(_): PageForm,
) -> Result<Response, PageError> {
    let (who, user) = (signed_in.actor(origin), signed_in.user.id.clone());
    app.db.write(move |tx| ops::session::revoke_others(tx, &who, &user)).await?;
    Ok(Redirect::to("/account?done=others").into_response())
}
