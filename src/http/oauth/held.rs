//! The page in place of a redirect to an app for which nobody here vouches: the person goes back, or does not.

use axum::{http::StatusCode, response::Response};

use crate::{
    app::App,
    http::{
        extract::Browser,
        pages::{page, shell},
        view::{ErrorPage, Link, Shell},
    },
    model::trace::Shown,
    ops::oauth::reply::Held,
};

/// Says what is wrong by the code that the app would be told, and offers the way back to where it would be told.
pub fn response(app: &App, browser: &Browser, held: Held) -> Response {
    let t = |key| browser.t(key);
    let next = if held.back.is_some() { "held-next" } else { "held-next-alone" };
    let label = t("held-back").with("place", held.place.as_str()).into();
    let view = ErrorPage {
        shell: Shell { here: None, ..shell(&app.env, browser) },
        title: t("unsure-title").into(),
        what: t("held-what").with("code", held.refusal.code.as_str()).into(),
        next: t(next).with("place", held.place).into(),
        reference: held.story.as_ref().map(|story| Shown(story).to_string()),
        link: held.back.map(|href| Link { label, href }),
    };
    page(&app.env, browser, StatusCode::BAD_REQUEST, view.render())
}
