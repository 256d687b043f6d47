//! `GET /auth/return?to=URL`: between an app behind a proxy and the sign-in page, both ways.

use axum::{
    extract::{RawQuery, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Redirect, Response},
};

use super::{own_path, page, shell};
use crate::{
    app::App,
    config::session::SameSite,
    error::Error,
    http::{
        error::PageError,
        extract::{self, Browser, MaybeSession},
        fields::Fields,
        view::Bounce,
    },
    ops::verify::back,
};

/// Leads whoever is signed in to the app, and everybody else to sign in and then here again.
pub async fn lead(
    State(app): State<App>,
    MaybeSession(session): MaybeSession,
    browser: Browser,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let fields = Fields::parse(query.unwrap_or_default().as_bytes());
    let known = app.db.read(|r| back::known(r, &app.env, fields.text("to")))?;
    let Some(url) = known else {
        let why = "no app at that address is known here";
        return Err(Error::invalid("to", why)
            .with_next("register it with mcpcodex resource add URI, or name it in server.forward_auth.origins")
            .into());
    };
    back::must_get_the_cookie(&app.env, &url)?;
    if session.is_some() {
        return Ok(Redirect::to(url.as_str()).into_response());
    }
    let to: String = form_urlencoded::byte_serialize(url.as_str().as_bytes()).collect();
    let here = format!("/auth/return?to={to}");
    if withheld(&app, &headers) {
        let view = Bounce { shell: shell(&app.env, &browser), to: here };
        return Ok(page(&app.env, &browser, StatusCode::OK, view.render()));
    }
    Err(PageError::SignIn(own_path(Some(&here))))
}

/// Whether the browser may have held the cookie back because a link on another site led here: asked again from a page of
/// ours, it sends it.
fn withheld(app: &App, headers: &HeaderMap) -> bool {
    let session = &app.env.config.authentication.session;
    headers.get("sec-fetch-site").is_some_and(|site| site == "cross-site")
        && session.security.same_site == SameSite::Strict
        && extract::cookie(headers, &session.cookie_name).is_none()
}
