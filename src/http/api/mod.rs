//! The API: `/api/v1/…`, for programs. Who asks is known first (`asker`), then one op is called and told. Every rule is in
//! the op that the command line and the console call too; refusals are problem details (RFC 9457).
//!
//! No page of another site may read it: no answer has a CORS header.

pub mod accounts;
pub mod agents;
pub mod asker;
pub mod audit;
pub mod client_acts;
pub mod clients;
pub mod desk;
pub mod input;
pub mod keys;
pub mod me;
pub mod page;
pub mod problem;
pub mod resources;
pub mod sessions;
pub mod signing_keys;
pub mod spec;
pub mod users;

use axum::{
    Router,
    http::{Extensions, HeaderMap, StatusCode, Version},
    middleware,
    routing::get,
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::app::App;

/// Every endpoint, and its description.
pub fn routes(app: &App) -> Router<App> {
    let guard = middleware::from_fn_with_state(app.clone(), asker::guard);
    let (endpoints, _) = endpoints().split_for_parts();
    Router::new().merge(endpoints.route_layer(guard)).route("/api/openapi.json", get(spec::show)) // anyone
}

/// Marks an answer of the API.
#[derive(Clone, Copy, Debug)]
pub struct Told;

/// Not what the API tells: a strong tag is one of the very bytes (RFC 9110 §8.8.1), and beside a secret may stand what
/// somebody else typed (BREACH).
pub fn may_be_compressed(_: StatusCode, _: Version, _: &HeaderMap, more: &Extensions) -> bool {
    more.get::<Told>().is_none()
}

/// Guards: `Admin` wants `admin:users` of an administrator; `Owner` an access token with `mcpcodex:api`; `Anyone` a good
/// access token or API key.
fn endpoints() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(me::show)) //                                        Anyone
        .routes(routes!(me::sessions)) //                                    Owner
        .routes(routes!(me::end_session)) //                                 Owner
        .routes(routes!(me::keys)) //                                        Owner
        .routes(routes!(me::revoke_key)) //                                  Owner
        .merge(people())
        .merge(programs())
        .merge(installation())
}

fn people() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(users::list, users::create)) //                      Admin
        .routes(routes!(users::show, users::edit, users::delete)) //         Admin
        .routes(routes!(accounts::lock)) //                                  Admin
        .routes(routes!(accounts::unlock)) //                                Admin
        .routes(routes!(accounts::disable)) //                               Admin
        .routes(routes!(accounts::enable)) //                                Admin
        .routes(routes!(accounts::end_sessions)) //                          Admin
        .routes(routes!(accounts::reset_password)) //                        Admin
        .routes(routes!(accounts::invite)) //                                Admin
        .routes(routes!(accounts::factors, accounts::remove_factors)) //     Admin
        .routes(routes!(accounts::reset_factors)) //                         Admin
        .routes(routes!(sessions::list)) //                                  Admin
        .routes(routes!(sessions::revoke_many)) //                           Admin
        .routes(routes!(sessions::show)) //                                  Admin
        .routes(routes!(sessions::revoke)) //                                Admin
}

fn programs() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(keys::list, keys::create)) //                        Admin
        .routes(routes!(keys::show, keys::edit)) //                          Admin
        .routes(routes!(keys::rotate)) //                                    Admin
        .routes(routes!(keys::revoke)) //                                    Admin
        .routes(routes!(keys::usage)) //                                     Admin
        .routes(routes!(agents::list, agents::create)) //                    Admin
        .routes(routes!(agents::show, agents::delete)) //                    Admin
        .routes(routes!(agents::disable)) //                                 Admin
        .routes(routes!(agents::enable)) //                                  Admin
        .routes(routes!(clients::list, clients::create)) //                  Admin
        .routes(routes!(clients::show, clients::edit, clients::delete)) //   Admin
        .routes(routes!(client_acts::approve)) //                            Admin
        .routes(routes!(client_acts::deny)) //                               Admin
        .routes(routes!(client_acts::enable)) //                             Admin
        .routes(routes!(client_acts::disable)) //                            Admin
        .routes(routes!(client_acts::rotate_secret)) //                      Admin
}

fn installation() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(resources::list, resources::create)) //              Admin
        .routes(routes!(resources::show, resources::edit, resources::delete)) // Admin
        .routes(routes!(signing_keys::list, signing_keys::stage)) //         Admin
        .routes(routes!(signing_keys::rotate)) //                            Admin
        .routes(routes!(signing_keys::show)) //                              Admin
        .routes(routes!(signing_keys::retire)) //                            Admin
        .routes(routes!(audit::list)) //                                     Admin
        .routes(routes!(audit::verify)) //                                   Admin
        .routes(routes!(audit::show)) //                                     Admin
        .routes(routes!(audit::stats)) //                                    Admin
}
