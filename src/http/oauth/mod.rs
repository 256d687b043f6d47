//! The protocol's endpoints: parameters in, one use case, the answer in the form that its RFC wants.
//! What is decided and why is in `ops/oauth`.

pub mod authorize;
pub mod bearer;
mod brake;
pub mod client_form;
pub mod cors;
pub mod device;
mod egress;
pub mod error;
pub mod held;
pub mod introspect;
pub mod json;
pub mod metadata;
pub mod par;
pub mod register;
pub mod resolve;
pub mod revoke;
pub mod statement;
pub mod token;
pub mod told;
pub mod unfit;
pub mod userinfo;
pub mod vouched;
pub mod waiting;

use axum::{
    Router,
    routing::{get, post},
};

use super::pages::device as page;
use crate::app::App;

/// Every endpoint of the protocol. Other sites' pages may read those that carry no cookie, and only those.
pub fn routes(app: &App) -> Router<App> {
    browser().merge(programs()).merge(metadata::routes(app))
}

fn browser() -> Router<App> {
    Router::new()
        .route("/authorize", get(authorize::begin).post(authorize::begin_by_form)) // anyone
        .route("/authorize/continue", get(authorize::proceed)) //                     this browser's request
        .route("/consent", get(authorize::proceed).post(authorize::answer)) //        Session, PageForm
        .route("/device", get(page::show).post(page::submit)) //                      Session, PageForm
}

fn programs() -> Router<App> {
    Router::new()
        .route("/token", cors::open(post(token::token))) //                          client
        .route("/par", cors::open(post(par::push))) //                               client
        .route("/device_authorization", cors::open(post(device::begin))) //          client
        .route("/revoke", cors::open(post(revoke::revoke))) //                       client
        .route("/introspect", cors::open(post(introspect::introspect))) //           client with a secret
        .route("/register", cors::open(post(register::register))) //                 anyone, or initial access token
        .route("/register/{client_id}", cors::open(registration())) //               registration access token
        .route("/userinfo", cors::open(get(userinfo::get).post(userinfo::post))) //  access token
}

fn registration() -> axum::routing::MethodRouter<App> {
    get(register::read).put(register::update).delete(register::delete)
}
