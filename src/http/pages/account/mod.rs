//! `/account`: who is signed in. The pages beside it are about security, sessions, apps and API keys.

pub mod act;
pub mod apps;
pub mod keys;
pub mod providers;
pub mod remove;
pub mod security;
pub mod sessions;

use axum::{
    extract::{RawQuery, State},
    http::StatusCode,
    response::{Redirect, Response},
};

use self::act::{Act, done};
use super::{form, page, shell};
use crate::{
    app::App,
    error::Kind,
    http::{
        error::PageError,
        extract::{Browser, Session},
        fields::Fields,
        lang::{Lang, core, when::moment},
        view::{Account, Label},
    },
    ops::{self, session::SignedIn},
};

/// `GET /`.
pub async fn root() -> Redirect {
    Redirect::to("/account")
}

/// What has just been done, as the redirect to a page says it.
fn notice(lang: Lang, query: Option<String>) -> Option<String> {
    let query = Fields::parse(query.unwrap_or_default().as_bytes());
    let text = match query.text("done") {
        "name" => lang.t("account-done-name"),
        "password" => lang.t("account-done-password"),
        "factor" => lang.t("account-done-factor"),
        "removed" => lang.t("account-done-removed"),
        "ended" => lang.t("account-done-ended"),
        "others" => lang.t("account-done-others"),
        "forgotten" => lang.t("account-done-forgotten"),
        "distrusted" => lang.t("account-done-distrusted"),
        "disconnected" => lang.t("account-done-disconnected"),
        "revoked" => lang.t("account-done-revoked"),
        "linked" => lang.t("account-done-linked"),
        "unlinked" => lang.t("account-done-unlinked"),
        _ => return None,
    };
    Some(text.into())
}

/// Sentences of a row, one after the other.
fn joined<const N: usize>(parts: [Option<String>; N]) -> String {
    parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

/// `GET /account`.
pub async fn show(
    State(app): State<App>,
    browser: Browser,
    Session(signed_in): Session,
    RawQuery(query): RawQuery,
) -> Response {
    let notice = notice(browser.lang(), query);
    let view = Account { notice, ..view(&app, &browser, &signed_in) };
    page(&app.env, &browser, StatusCode::OK, view.render())
}

fn view(app: &App, browser: &Browser, signed_in: &SignedIn) -> Account {
    let user = &signed_in.user;
    Account {
        shell: shell(&app.env, browser),
        notice: None,
        form: form(&app.env, browser, "/account/profile", &[]),
        name: user.name.clone(),
        username: Label::new(&user.username),
        email: Label::new(&user.email),
        roles: user.roles.clone(),
        since: moment(browser.lang(), user.created_at),
        error: None,
        sign_out: form(&app.env, browser, "/logout", &[]),
    }
}

/// `POST /account/profile`: another name.
pub async fn rename(
    State(app): State<App>,
    browser: Browser,
    act: Act,
) -> Result<Response, PageError> {
    let (id, who) = (act.user(), act.who);
    let name = act.fields.text("name").to_owned();
    let typed = name.chars().take(200).collect();
    match app.db.write(move |tx| ops::user::rename(tx, &who, &id, &name)).await {
        Ok(_) => Ok(done("/account", "name")),
        Err(error) if error.kind() == Kind::Invalid => {
            let error = Some(core::what(browser.lang(), &error));
            let view = Account { name: typed, error, ..view(&app, &browser, &act.signed_in) };
            Ok(page(&app.env, &browser, StatusCode::UNPROCESSABLE_ENTITY, view.render()))
        }
        Err(error) => Err(error.into()),
    }
}
