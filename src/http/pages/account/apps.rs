//! `/account/apps`: who may act in someone's name, and taking that back.

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
        lang::{scope, when::moment},
        pages::{form, page, shell},
        view::{Apps, ConnectedApp, Label},
    },
    model::id::ClientId,
    ops::oauth::connected::{self, Connected},
};

/// The page.
const PATH: &str = "/account/apps";

/// `GET /account/apps`.
pub async fn show(
    State(app): State<App>,
    From(origin): From,
    browser: Browser,
    Session(signed_in): Session,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let who = signed_in.actor(origin);
    let held = app.db.read(|r| connected::list(r, &who, &signed_in.user.id))?;
    let view = Apps {
        shell: shell(&app.env, &browser),
        notice: notice(browser.lang(), query),
        apps: held.into_iter().map(|one| line(&app, &browser, one)).collect(),
    };
    Ok(page(&app.env, &browser, StatusCode::OK, view.render()))
}

fn line(app: &App, browser: &Browser, held: Connected) -> ConnectedApp {
    let lang = browser.lang();
    let since = lang.t("app-since").with("when", moment(lang, held.since)).into();
    let used = held.last_used_at.map(|at| lang.t("app-used").with("when", moment(lang, at)).into());
    let id = held.client_id.as_str();
    ConnectedApp {
        name: Label::new(&held.name),
        scopes: held.scopes.iter().map(|one| scope::sentence(lang, one)).collect(),
        detail: joined([Some(since), used]),
        disconnect: form(&app.env, browser, "/account/apps/disconnect", &[("client", id)]),
        resources: held.resources,
    }
}

/// `POST /account/apps/disconnect`.
pub async fn disconnect(State(app): State<App>, act: Act) -> Result<Response, PageError> {
    let (user, who) = (act.user(), act.who);
    let client = ClientId::from_text(act.fields.text("client"));
    app.db.write(move |tx| connected::disconnect(tx, &who, &user, &client)).await?;
    Ok(done(PATH, "disconnected"))
}
