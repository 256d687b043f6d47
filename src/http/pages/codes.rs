//! `/mfa/codes`: recovery codes, shown once, and the way to a new set.

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Redirect, Response},
};

use super::{follow, form, on_the_way, page, shell};
use crate::{
    app::App,
    crypto::secret::Plain,
    error::Error,
    http::{
        error::PageError,
        extract::{self, Browser, From, MaybeSession, PageForm},
        view::{Label, NewCodes, RecoveryCodes},
    },
    model::{sign_in::Stage, user::User},
    ops,
};

/// The codes, for the only time.
pub fn once(
    app: &App,
    browser: &Browser,
    user: &User,
    codes: &[Plain],
    replaced: bool,
) -> Response {
    let view = RecoveryCodes {
        shell: shell(&app.env, browser),
        form: form(&app.env, browser, "/mfa/codes", &[]),
        account: Label::new(&user.email),
        codes: codes.iter().map(|code| code.expose().to_owned()).collect(),
        replaced,
    };
    page(&app.env, browser, StatusCode::OK, view.render())
}

/// `GET /mfa/codes`: codes are not shown twice, but a new set can be had.
pub async fn show(
    State(app): State<App>,
    From(origin): From,
    browser: Browser,
    headers: HeaderMap,
    MaybeSession(session): MaybeSession,
) -> Result<Response, PageError> {
    let left = match (on_the_way(&app, &headers, &browser)?, session) {
        (Some(way), _) if way.sign_in.stage == Stage::RecoveryCodes => None,
        (_, Some(signed_in)) if extract::is_recent(&app, &signed_in)? => {
            let who = signed_in.actor(origin);
            let (_, left) = app.db.read(|r| ops::factor::list(r, &who, &signed_in.user.id))?;
            Some(left)
        }
        (_, Some(_)) => return Err(PageError::Confirm("/mfa/codes".to_owned())),
        (Some(way), None) => {
            return Ok(Redirect::to(super::stage_path(way.sign_in.stage)).into_response());
        }
        (None, None) => return Err(PageError::SignIn("/mfa/codes".to_owned())),
    };
    let view = NewCodes {
        shell: shell(&app.env, &browser),
        form: form(&app.env, &browser, "/mfa/codes/new", &[]),
        left,
        cancel: left.map(|_| "/account/security".to_owned()),
    };
    Ok(page(&app.env, &browser, StatusCode::OK, view.render()))
}

/// `POST /mfa/codes/new`: a new set, in place of the old one.
pub async fn replace(
    State(app): State<App>,
    From(origin): From,
    browser: Browser,
    headers: HeaderMap,
    MaybeSession(session): MaybeSession,
    PageForm(_): PageForm,
) -> Result<Response, PageError> {
    let env = app.env();
    if let Some(way) = on_the_way(&app, &headers, &browser)?
        && (session.is_none() || way.sign_in.stage == Stage::RecoveryCodes)
    {
        let user = way.user.clone();
        let codes =
            app.db.write(move |tx| ops::factor::codes_on_the_way(tx, &env, &origin, &way)).await?;
        return Ok(match codes {
            Some(codes) => once(&app, &browser, &user, &codes, true),
            None => Redirect::to("/login").into_response(),
        });
    }
    let Some(signed_in) = session else { return Err(PageError::SignIn("/mfa/codes".to_owned())) };
    if !extract::is_recent(&app, &signed_in)? {
        return Err(PageError::Confirm("/mfa/codes".to_owned()));
    }
    let (who, user) = (signed_in.actor(origin), signed_in.user.id.clone());
    let codes =
        app.db.write(move |tx| ops::factor::regenerate_codes(tx, &env, &who, &user)).await?;
    Ok(once(&app, &browser, &signed_in.user, &codes, true))
}

/// `POST /mfa/codes`: "I have stored them".
pub async fn stored(
    State(app): State<App>,
    From(origin): From,
    browser: Browser,
    headers: HeaderMap,
    MaybeSession(session): MaybeSession,
    PageForm(_): PageForm,
) -> Result<Response, PageError> {
    match on_the_way(&app, &headers, &browser)? {
        Some(way) => {
            let env = app.env();
            let step =
                app.db.write(move |tx| ops::factor::codes_stored(tx, &env, &origin, &way)).await?;
            follow(&app.env, app.db.now(), step)
        }
        None if session.is_some() => Ok(Redirect::to("/account/security").into_response()),
        None => Err(PageError::Core(
            Error::absent("this sign-in is not in progress any more")
                .with_next("sign in again at /login"),
        )),
    }
}
