//! The cookies we set: their names and attributes in one place.

use cookie::{Cookie, SameSite, time::Duration};

use super::lang::Lang;
use crate::{
    config::session::SameSite as Configured,
    model::{device::FORGOTTEN, session::Session},
    ops::env::Env,
    time::Time,
};

/// Names the browser, from its first page on: what CSRF tokens and waiting requests are bound to.
pub const BROWSER: &str = "mcpcodex_browser";
/// The language that was chosen.
pub const LANGUAGE: &str = "mcpcodex_language";
/// Names a browser that somebody has signed in with, for long.
pub const DEVICE: &str = "mcpcodex_device";
/// Carries a sign-in from step to step.
pub const SIGN_IN: &str = "mcpcodex_sign_in";

/// The session cookie, with the attributes of the configuration.
pub fn session(env: &Env, session: &Session, value: String, now: Time) -> String {
    let mut cookie = configured(env, value);
    // A remembered session outlives the browser's own; any other ends with it.
    if session.remember_me {
        let left = session.expires_at.since(now).as_secs();
        cookie.set_max_age(Duration::seconds(i64::try_from(left).unwrap_or(i64::MAX)));
    }
    cookie.to_string()
}

/// Takes the session cookie away.
pub fn no_session(env: &Env) -> String {
    let mut cookie = configured(env, String::new());
    cookie.set_max_age(Duration::ZERO);
    cookie.to_string()
}

fn configured(env: &Env, value: String) -> Cookie<'static> {
    let session = &env.config.authentication.session;
    let security = &session.security;
    let mut cookie = Cookie::new(session.cookie_name.clone(), value);
    cookie.set_path(security.path.clone());
    cookie.set_secure(env.site.secure_cookies);
    cookie.set_http_only(security.http_only);
    cookie.set_same_site(match security.same_site {
        Configured::Strict => SameSite::Strict,
        Configured::Lax => SameSite::Lax,
        Configured::None => SameSite::None,
    });
    if let Some(domain) = &security.domain {
        cookie.set_domain(domain.clone());
    }
    cookie
}

/// The browser's cookie. Lax, since an app on another site sends the browser to `/authorize`.
pub fn browser(env: &Env, value: &str) -> String {
    let mut cookie = own(env, BROWSER, value, SameSite::Lax);
    cookie.set_max_age(Duration::days(30));
    cookie.to_string()
}

/// The language's cookie. Lax like the browser's, so that the first page an app leads to speaks it already.
pub fn language(env: &Env, lang: Lang) -> String {
    let mut cookie = own(env, LANGUAGE, lang.code(), SameSite::Lax);
    cookie.set_max_age(Duration::days(365));
    cookie.to_string()
}

/// The cookie of a browser that somebody has signed in with.
pub fn device(env: &Env, value: &str) -> String {
    let mut cookie = own(env, DEVICE, value, SameSite::Strict);
    let kept = i64::try_from(FORGOTTEN.as_secs()).unwrap_or(i64::MAX);
    cookie.set_max_age(Duration::seconds(kept));
    cookie.to_string()
}

/// The sign-in's cookie.
pub fn sign_in(env: &Env, value: &str) -> String {
    own(env, SIGN_IN, value, SameSite::Strict).to_string()
}

/// Takes the sign-in's cookie away.
pub fn no_sign_in(env: &Env) -> String {
    let mut cookie = own(env, SIGN_IN, "", SameSite::Strict);
    cookie.set_max_age(Duration::ZERO);
    cookie.to_string()
}

fn own(env: &Env, name: &'static str, value: &str, same_site: SameSite) -> Cookie<'static> {
    let mut cookie = Cookie::new(name, value.to_owned());
    // With an issuer below a path, other software may have the rest of the host.
    cookie.set_path(if env.site.path().is_empty() { "/" } else { env.site.path() }.to_owned());
    cookie.set_secure(env.site.secure_cookies);
    cookie.set_http_only(true);
    cookie.set_same_site(same_site);
    cookie
}
