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
        view::{Account, Factor, Label, Link, SessionLine},
    },
    model::session::Session as Row,
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
        shell: shell(&app.env),
        notice: notice(query.text("done")),
        name: Label::new(user.display_name()),
        username: Label::new(&user.username),
        email: Label::new(&user.email),
        roles: user.roles.clone(),
        factors: factor_lines(&factors),
        recovery_codes_left: (!factors.is_empty()).then_some(codes),
        new_codes: (!factors.is_empty()).then(|| form(&app.env, &browser, "/mfa/codes/new", &[])),
        session: line(&signed_in.session),
        sign_out: form(&app.env, &browser, "/logout", &[]),
        others: others.map(|row| line(&row.session)).collect(),
        sign_out_others: form(&app.env, &browser, "/account/sessions/end-others", &[]),
    };
    Ok(page(&app.env, &browser, StatusCode::OK, view.render()))
}

fn notice(done: &str) -> Option<String> {
    let text = match done {
        "password" => "Your password was changed. You are signed out everywhere else.",
        "others" => "You are signed out everywhere else.",
        _ => return None,
    };
    Some(text.to_owned())
}

fn factor_lines(factors: &[crate::model::factor::TotpCredential]) -> Vec<Factor> {
    let password = Factor {
        name: "Password".to_owned(),
        detail: String::new(),
        action: Some(Link { label: "Change".to_owned(), href: "/password".to_owned() }),
    };
    let mut lines = vec![password];
    if factors.is_empty() {
        lines.push(Factor {
            name: "Authenticator app".to_owned(),
            detail: "not set up".to_owned(),
            action: Some(Link { label: "Set up".to_owned(), href: "/mfa/enroll".to_owned() }),
        });
    }
    lines.extend(factors.iter().map(|factor| Factor {
        name: factor.label.clone(),
        detail: match factor.last_used_at {
            Some(at) => format!("last used {}", readable(at)),
            None => "not used yet".to_owned(),
        },
        action: None,
    }));
    lines
}

/// `23 Nov 2026, 03:12 UTC` would need a locale; this reads the same everywhere.
fn readable(at: crate::time::Time) -> String {
    let text = at.rfc3339();
    text.get(..16).map_or(text.clone(), |head| format!("{} UTC", head.replace('T', " ")))
}

fn line(session: &Row) -> SessionLine {
    SessionLine {
        device: Label::new(&device(&session.user_agent)),
        address: session.address.clone(),
        started: readable(session.created_at),
        last_seen: readable(session.last_seen_at),
        expires: readable(session.ends_at()),
    }
}

/// Browser and system in two words, as far as the user agent tells.
fn device(agent: &str) -> String {
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
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(one), None) | (None, Some(one)) => one,
        (None, None) if agent.is_empty() => "Unknown device".to_owned(),
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
