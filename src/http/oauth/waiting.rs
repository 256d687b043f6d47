//! The page for a person whose app waits for an administrator.

use axum::{http::StatusCode, response::Response};

use crate::{
    app::App,
    http::{
        extract::Browser,
        pages::{page, shell},
        view::{ErrorPage, Shell},
    },
    model::{id::TraceId, trace::Shown},
    ops::client::newcomer::Waiting,
};

/// Says which app waits, and what the administrator does; the same whether or not somebody is signed in.
pub fn response(app: &App, browser: &Browser, client: &Waiting, story: &TraceId) -> Response {
    let t = |key| browser.t(key);
    let view = ErrorPage {
        shell: Shell { here: None, ..shell(&app.env, browser) },
        title: t("waiting-title").into(),
        what: t("waiting-what")
            .with("client", client.name.as_str())
            .with("place", client.place.as_str())
            .into(),
        next: t("waiting-next").with("id", client.id.as_str()).into(),
        reference: Some(Shown(story).to_string()),
        link: None,
    };
    page(&app.env, browser, StatusCode::FORBIDDEN, view.render())
}
