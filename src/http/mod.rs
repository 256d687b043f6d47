//! The server: from a bound listener to answered requests. What is answered is in the modules below;
//! the caller owns port and shutdown.

pub mod api;
pub mod api_key;
pub mod assets;
pub mod auth;
pub mod base;
pub mod brand;
pub mod cookies;
pub mod courier;
pub mod demo;
mod desk;
pub mod error;
pub mod extract;
pub mod fields;
pub mod health;
pub mod lang;
pub mod middleware;
pub mod notices;
pub mod oauth;
pub mod pages;
pub mod provider;
pub mod router;
pub mod verify;
pub mod view;

use std::{future::Future, net::TcpListener, time::Duration};

use axum::Router;
use axum_server::Handle;

use crate::{
    app::App,
    error::{Error, Result},
    net::{client::Policy, guard::Reach, post::Poster},
    ops,
    service::provider::Providers,
};

/// How long open requests may take to end after the signal to stop.
const DRAIN: Duration = Duration::from_secs(10);
/// How long a connection may take to send its first request head.
const FIRST_REQUEST: Duration = Duration::from_secs(10);
/// How often last-used marks are written.
const MARKS: Duration = Duration::from_secs(1);
/// How often it is looked whether a session has ended whose tokens belong to a provider.
const LOOK: Duration = Duration::from_millis(250);
/// How often what is over is forgotten.
const SWEEP: Duration = Duration::from_secs(60);

/// Serves until `shutdown` resolves, then lets open requests end.
pub async fn serve(
    listener: TcpListener,
    app: App,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<()> {
    serve_with(listener, app, Router::new(), shutdown).await
}

/// [`serve`] with more routes than the server's own: the demo's.
pub async fn serve_with(
    listener: TcpListener,
    app: App,
    more: Router<App>,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<()> {
    let failed = |error| Error::internal("the server could not listen").with_source(error);
    listener.set_nonblocking(true).map_err(failed)?;
    let handle = Handle::new();
    let stopper = handle.clone();
    tokio::spawn(async move {
        shutdown.await;
        stopper.graceful_shutdown(Some(DRAIN));
    });
    let upkeep = tokio::spawn(upkeep(app.clone()));
    let (courier_goes_on, until) = tokio::sync::oneshot::channel::<()>();
    let courier = tokio::spawn(courier::run(app.clone(), async move { drop(until.await) }));
    let (notices_go_on, until) = tokio::sync::oneshot::channel::<()>();
    let notices = notices(&app, async move { drop(until.await) });
    let give_back = tokio::spawn(give_back(app.clone()));
    let service = router::routes_with(app.clone(), more)
        .into_make_service_with_connect_info::<std::net::SocketAddr>();
    let served = axum_server::from_tcp(listener)
        .map_err(failed)?
        .first_request_timeout(FIRST_REQUEST)
        .handle(handle)
        .serve(service)
        .await;
    upkeep.abort();
    give_back.abort();
    drop(courier_goes_on);
    // What a carrier does not answer in time ends as unknown; the next start says so.
    drop(notices_go_on);
    drop(tokio::time::timeout(DRAIN, async { (courier.await, notices.await) }).await);
    write_marks(&app).await;
    note_audit(app).await;
    served.map_err(failed)
}

/// The task that tells apps of sessions that ended. What strangers registered is guarded as their documents are.
fn notices(
    app: &App,
    stop: impl Future<Output = ()> + Send + 'static,
) -> tokio::task::JoinHandle<()> {
    let clients = &app.env.config.authentication.clients;
    let reach = if clients.local_documents { Reach::Local } else { Reach::Public };
    let app = app.clone();
    tokio::spawn(async move {
        match Poster::new(&Policy { reach, ..Policy::default() }) {
            Ok(poster) => notices::run(app, poster, stop).await,
            Err(error) => {
                tracing::error!(%error, "apps cannot be told of sessions that end; their notices stay");
            }
        }
    })
}

/// Gives the tokens of providers back once their sessions are over, however those ended and in whichever process.
async fn give_back(app: App) {
    let providers = Providers::default();
    let mut tick = tokio::time::interval(LOOK);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let (mut seen, mut looked) = (None, app.db.now());
    loop {
        tick.tick().await;
        let version = app.db.data_version().ok();
        // What ends by its time alone changes nothing in the database.
        if version == seen && app.db.now().since(looked) < SWEEP {
            continue;
        }
        (seen, looked) = (version, app.db.now());
        if let Err(error) = providers.revoke_ended(&app).await {
            tracing::warn!(%error, "tokens of a provider could not be given back; the next look tries again");
            seen = None;
        }
    }
}

async fn upkeep(app: App) {
    let mut marks = tokio::time::interval(MARKS);
    let mut sweep = tokio::time::interval(SWEEP);
    marks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    sweep.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = marks.tick() => write_marks(&app).await,
            _ = sweep.tick() => {
                let env = app.env();
                if let Err(error) = app.db.write(move |tx| ops::sweep::sweep(tx, &env)).await {
                    tracing::warn!(%error, "what is over could not be forgotten; the next sweep tries again");
                }
                turn_keys(app.clone()).await;
                note_audit(app.clone()).await;
            }
        }
    }
}

/// Notes how far the audit record goes. On a thread that may wait: the file is flushed to the disk.
async fn note_audit(app: App) {
    let noted = tokio::task::spawn_blocking(move || app.note_audit()).await;
    if let Ok(Err(error)) = noted {
        tracing::warn!(%error, "it could not be noted how far the audit record goes; the next minute tries again");
    }
}

/// Lets signing keys take turns. On a thread that may wait: a new RSA key takes a while.
async fn turn_keys(app: App) {
    let turned =
        tokio::task::spawn_blocking(move || ops::key::rotation::turn(&app.db, &app.env)).await;
    match turned {
        Ok(Ok(0)) => {}
        Ok(Ok(_)) => tracing::info!("signing keys took a step; mcpcodex key list shows them"),
        Ok(Err(error)) => {
            tracing::warn!(%error, "signing keys could not take turns; the next minute tries again");
        }
        Err(error) => tracing::error!(%error, "signing keys could not take turns"),
    }
}

async fn write_marks(app: &App) {
    let marks = app.seen.take();
    if marks.is_empty() {
        return;
    }
    let written = marks.clone();
    if let Err(error) = app.db.write(move |tx| ops::seen::write(tx, &written)).await {
        tracing::warn!(%error, "last-used marks could not be written; they are kept");
        app.seen.put_back(marks);
    }
}
