//! Every route on one screen, with its guard beside it.

use std::sync::Arc;

use axum::{
    Extension, Router,
    extract::DefaultBodyLimit,
    http::StatusCode,
    middleware as layer,
    routing::{any, get, post},
};
use tower_http::{
    catch_panic::CatchPanicLayer,
    compression::{
        CompressionLayer, DefaultPredicate, Predicate as _, predicate::NotForContentType,
    },
    timeout::TimeoutLayer,
};

use super::{
    api, api_key, auth, base, health, middleware,
    oauth::{self, resolve::Resolver},
    pages::{
        self,
        account::{self, apps, keys, providers, remove, security, sessions},
        back, codes, confirm, enrol_link, enroll, enroll_contact, invite, login, logout, mfa,
        passkey::{self, own, register},
        password, reset, setup, strength,
    },
    provider, verify,
};
use crate::{app::App, ops, service::provider::Providers};

/// The whole server. Guards: `Session` sends to sign-in; `RecentSession` to the password again; `PageForm` wants a form of ours with its CSRF token;
/// `on the way` wants a sign-in at exactly that step; `client` wants client authentication.
pub fn routes(app: App) -> Router {
    routes_with(app, Router::new())
}

/// [`routes`] and more that come with the occasion: those of the demo app.
pub fn routes_with(app: App, more: Router<App>) -> Router {
    routes_fetching(app, more, Resolver::default())
}

/// [`routes_with`] that fetches what apps publish about themselves in this way.
pub fn routes_fetching(app: App, more: Router<App>, resolver: Resolver) -> Router {
    let env = app.env();
    base::under(&env.site, at_the_root(app, more, resolver))
}

fn at_the_root(app: App, more: Router<App>, resolver: Resolver) -> Router {
    let limits = &app.env.config.limits;
    let body = usize::try_from(limits.request_body).unwrap_or(usize::MAX);
    let timeout =
        TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, limits.request_timeout);
    let known = Providers::default();
    let router = Router::new()
        .merge(sign_in())
        .merge(account_pages())
        .merge(oauth::routes(&app))
        .merge(api::routes(&app))
        .merge(more)
        .route("/auth/session", get(auth::session)) //               session cookie
        .route("/auth/logout", post(auth::logout)) //                session cookie, own origin
        .route("/auth/mfa/verify", post(auth::mfa::verify)) //       a sign-in of this browser, own origin
        .route("/auth/login", get(provider::begin)) //               anyone
        .route("/auth/callback", get(provider::callback)) //         the state of a sign-in that began in this browser
        .route("/auth/callback/{provider}", get(provider::callback_of)) // the same
        .route("/auth/backchannel-logout", post(provider::logout)) // a token that the provider signed
        .route("/auth/backchannel-logout/{provider}", post(provider::logout_of)) // the same
        .route("/auth/verify", any(verify::verify)) //               session cookie, access token or API key
        .route("/auth/return", get(back::lead)) //                   anyone
        .route("/auth/api-key", get(api_key::show)) //               API key
        .route("/auth/api-key/rotate", post(api_key::rotate)) //     API key
        .route("/healthz", get(health::healthz)) //                  anyone
        .route("/readyz", get(health::readyz)) //                    anyone
        .route("/assets/{file}", get(pages::asset)) //               anyone
        .route("/language", get(pages::language)) //                 anyone
        .fallback(pages::not_found)
        .method_not_allowed_fallback(pages::method_not_allowed);
    let router = if ops::provider::offered(&app.env).is_empty() {
        router
    } else {
        let state = (app.clone(), known.clone());
        router.layer(layer::from_fn_with_state(state, provider::keep))
    };
    router
        .layer(Extension(known))
        .layer(Extension(Arc::new(resolver)))
        .layer(DefaultBodyLimit::max(body))
        .layer(timeout)
        // Pages carry a token beside what was typed: compressed, their length would tell about it (BREACH).
        .layer(
            CompressionLayer::new().gzip(true).compress_when(
                DefaultPredicate::new()
                    .and(NotForContentType::const_new("text/html"))
                    .and(api::may_be_compressed),
            ),
        )
        .layer(layer::from_fn_with_state(app.clone(), middleware::own_host))
        .layer(layer::from_fn_with_state(middleware::Doubt::of(&app), middleware::doubt_proxy))
        .layer(CatchPanicLayer::custom(pages::panicked))
        .layer(layer::from_fn(oauth::cors::failures))
        .layer(layer::from_fn(api::problem::failures))
        .layer(layer::from_fn_with_state(app.clone(), middleware::error_pages))
        .layer(layer::from_fn_with_state(app.clone(), middleware::secure_headers))
        .with_state(app)
}

fn sign_in() -> Router<App> {
    Router::new()
        .route("/login", get(login::show).post(login::submit)) //            PageForm
        .route("/login/confirm", get(confirm::show).post(confirm::submit)) // Session, PageForm
        .route("/login/passkey", post(passkey::sign_in)) //                  PageForm
        .route("/login/confirm/passkey", post(passkey::confirmed)) //        Session, PageForm
        .route("/passkey/sign-in", post(passkey::ask_anyone)) //             PageForm
        .route("/passkey/second-factor", post(passkey::ask_on_the_way)) //   on the way: second factor
        .route("/passkey/confirm", post(passkey::ask_again)) //              Session, PageForm
        .route("/passkey/register", post(register::challenge)) //            on the way: enrolment, or recent Session
        .route("/mfa", get(mfa::show).post(mfa::submit)) //                  on the way: second factor
        .route("/mfa/send", post(mfa::send)) //                              on the way: second factor
        .route("/mfa/recovery", get(mfa::show_recovery)) //                  on the way: second factor
        .route("/mfa/enroll", get(enroll::show).post(enroll::submit)) //     on the way: enrolment, or recent Session
        .route("/mfa/passkey", post(passkey::second_factor)) //              on the way: second factor
        .route("/mfa/enroll/passkey", get(register::show).post(register::submit)) // on the way: enrolment, or recent Session
        .route("/mfa/enroll/send", post(enroll_contact::send)) //            on the way: enrolment, or recent Session
        .route("/mfa/codes", get(codes::show).post(codes::stored)) //        on the way: recovery codes, or Session
        .route("/mfa/codes/new", post(codes::replace)) //                    on the way: recovery codes, or recent Session
        .route("/password", get(password::show).post(password::submit)) //   on the way: password expired, or recent Session
        .route("/password/strength", post(strength::judge)) //               PageForm
        .route("/reset", get(reset::show).post(reset::submit)) //            PageForm, one-time link
        .route("/enroll", get(enrol_link::show)) //                          one-time link
        .route("/setup", get(setup::show).post(setup::submit)) //            one-time link
        .route("/invite", get(invite::show).post(invite::submit)) //         one-time link
}

fn account_pages() -> Router<App> {
    Router::new()
        .route("/", get(account::root)) //                                   anyone
        .route("/account", get(account::show)) //                            Session
        .route("/account/profile", post(account::rename)) //                 Session, PageForm
        .route("/account/security", get(security::show)) //                  Session
        .route("/account/security/remove", get(remove::ask).post(remove::submit)) // RecentSession, PageForm
        .route("/account/providers/link", post(providers::link)) //          RecentSession, PageForm
        .route("/account/providers/unlink", post(providers::unlink)) //      RecentSession, PageForm
        .route("/account/passkeys", get(own::show)) //                       Session
        .route("/account/passkeys/rename", post(own::rename)) //             Session, PageForm
        .route("/account/passkeys/remove", get(own::ask_remove).post(own::remove)) // RecentSession, PageForm
        .route("/account/sessions", get(sessions::show)) //                  Session
        .route("/account/sessions/end", post(sessions::end)) //              Session, PageForm
        .route("/account/sessions/end-others", post(sessions::end_others)) // Session, PageForm
        .route("/account/devices/forget", post(sessions::forget)) //         Session, PageForm
        .route("/account/devices/distrust", post(sessions::distrust)) //     Session, PageForm
        .route("/account/apps", get(apps::show)) //                          Session
        .route("/account/apps/disconnect", post(apps::disconnect)) //        Session, PageForm
        .route("/account/keys", get(keys::show)) //                          Session
        .route("/account/keys/new", get(keys::ask).post(keys::make)) //      RecentSession, PageForm
        .route("/account/keys/rotate", post(keys::rotate)) //                RecentSession, PageForm
        .route("/account/keys/revoke", post(keys::revoke)) //                Session, PageForm
        .route("/logout", get(logout::show).post(logout::submit)) //         Session, PageForm
}
