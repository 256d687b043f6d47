//! The API: `/api/v1/…`, for programs. Who asks is known first (`asker`), then one op is called and told. Every rule is in
//! the op that the command line and the console call too; refusals are problem details (RFC 9457).
//!
//! No page of another site may read it: no answer has a CORS header.

pub mod accounts;
pub mod asker;
pub mod desk;
pub mod input;
pub mod me;
pub mod page;
pub mod problem;
pub mod sessions;
pub mod spec;
pub mod users;

use axum::{Router, middleware, routing::get};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::app::App;

/// Every endpoint, and its description.
pub fn routes(app: &App) -> Router<App> {
    let guard = middleware::from_fn_with_state(app.clone(), asker::guard);
    let (endpoints, _) = endpoints().split_for_parts();
    Router::new().merge(endpoints.route_layer(guard)).route("/api/openapi.json", get(spec::show)) // anyone
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
