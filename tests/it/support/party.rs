//! An app's own server that is told of sessions that ended (OpenID Connect Back-Channel Logout 1.0 §2.5).

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, Method, StatusCode, Uri, header},
    response::{IntoResponse as _, Response},
};

use super::{RUNTIME, vendors::until};

/// What it does with the next request.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    /// Answers with this status.
    Status(u16),
    /// Sends the asker elsewhere.
    Redirect(String),
    /// Never answers.
    Hang,
}

/// An app.
#[derive(Clone)]
pub(crate) struct Party {
    /// Where it wants to be told.
    pub(crate) url: String,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    script: Mutex<VecDeque<Reply>>,
    taken: Mutex<Vec<String>>,
    wrong: Mutex<Vec<String>>,
}

impl Party {
    pub(crate) fn new() -> Self {
        let shared = Arc::new(Shared::default());
        let listener = RUNTIME.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let url = format!("http://{}/backchannel?app=1", listener.local_addr().unwrap());
        let routes = Router::new().fallback(take).with_state(Arc::clone(&shared));
        RUNTIME.spawn(async move { axum::serve(listener, routes).await.unwrap() });
        Self { url, shared }
    }

    /// Says what is to become of the next requests; others are answered with 200.
    pub(crate) fn script(&self, replies: impl IntoIterator<Item = Reply>) {
        self.shared.script.lock().unwrap().extend(replies);
    }

    /// The logout tokens that came, whatever was answered.
    pub(crate) fn taken(&self) -> Vec<String> {
        let wrong = self.shared.wrong.lock().unwrap().clone();
        assert!(wrong.is_empty(), "no request of the specification's form: {wrong:#?}");
        self.shared.taken.lock().unwrap().clone()
    }

    /// Waits until so many came.
    pub(crate) fn wait_for(&self, count: usize) -> Vec<String> {
        until("logout tokens at the app", || Some(self.taken()).filter(|all| all.len() >= count))
    }
}

async fn take(
    State(shared): State<Arc<Shared>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: String,
) -> Response {
    let mut fields: Vec<(String, String)> =
        form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    let is_form = headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|mime| mime == "application/x-www-form-urlencoded");
    match (fields.pop(), fields.is_empty()) {
        (Some((name, token)), true)
            if name == "logout_token"
                && method == Method::POST
                && is_form
                && uri == "/backchannel?app=1"
                && !headers.contains_key(header::COOKIE) =>
        {
            shared.taken.lock().unwrap().push(token);
        }
        _ => shared.wrong.lock().unwrap().push(format!("{method} {uri} {headers:?} {body}")),
    }
    let reply = shared.script.lock().unwrap().pop_front();
    match reply {
        None => StatusCode::OK.into_response(),
        Some(Reply::Status(status)) => StatusCode::from_u16(status).unwrap().into_response(),
        Some(Reply::Redirect(to)) => (StatusCode::FOUND, [(header::LOCATION, to)]).into_response(),
        Some(Reply::Hang) => std::future::pending().await,
    }
}
