//! The demo app at `/demo`: an ordinary client of this server that shows every message of the code flow.
//! It gets no shortcut: its requests pass the same routes, middlewares and checks as anyone's.

pub mod call;
pub mod explain;
pub mod flow;
pub mod pages;
pub mod runs;
pub mod serve;
pub mod show;

use std::sync::Arc;

use axum::{
    Extension, Router,
    routing::{get, post},
};

use super::router;
use crate::{app::App, ops};

/// The app's memory: who there is, the server it talks to, and the sign-ins under way.
pub struct DemoApp {
    /// People and clients.
    pub data: ops::demo::Demo,
    /// The flows of all browsers.
    pub runs: runs::Runs,
    app: App,
    server: Router,
}

impl DemoApp {
    /// The app beside the server that `app` serves.
    pub fn new(app: &App, data: ops::demo::Demo) -> Arc<Self> {
        let server = router::routes(app.clone());
        Arc::new(Self { data, runs: runs::Runs::default(), app: app.clone(), server })
    }

    fn address(&self, path: &str) -> String {
        format!("{}{path}", self.app.env.site.issuer)
    }
}

/// The app's pages. They are there only under `serve --demo`.
pub fn routes(demo: Arc<DemoApp>) -> Router<App> {
    Router::new()
        .route("/demo", get(pages::show)) //                    anyone
        .route("/demo/start", post(pages::start)) //            PageForm
        .route(ops::demo::CALLBACK, get(pages::callback)) //    the browser that started, by state
        .route("/demo/refresh", post(pages::refresh)) //        PageForm, this browser's tokens
        .route("/demo/repeat", post(pages::repeat)) //          PageForm, this browser's tokens
        .route("/demo/introspect", post(pages::introspect)) //  PageForm, this browser's tokens
        .route("/demo/revoke", post(pages::revoke)) //          PageForm, this browser's tokens
        .route("/demo/logout", post(pages::logout)) //          PageForm
        .layer(Extension(demo))
}
