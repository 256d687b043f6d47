//! What goes wrong around an endpoint is told to programs in their own form, whichever page they run in.

use std::{convert::Infallible, time::Duration};

use axum::{
    Router,
    body::{Body, Bytes},
    http::{Request, request::Builder},
    response::Response,
    routing::get,
};
use http_body_util::BodyExt as _;
use mcpcodex::http::router;
use serde_json::Value;
use tower::ServiceExt as _;

use crate::support::TestApp;

async fn told(router: Router, request: Request<Body>) -> (u16, Value) {
    let response: Response = router.oneshot(request).await.unwrap();
    let status = response.status().as_u16();
    let headers = response.headers().clone();
    assert_eq!(headers.get("access-control-allow-origin").unwrap(), "*", "{status}");
    assert_eq!(headers.get("content-type").unwrap(), "application/json", "{status}");
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&body).unwrap())
}

fn request(method: &str, path: &str, host: &str) -> Builder {
    Request::builder().method(method).uri(path).header("host", host)
}

#[tokio::test]
async fn body_that_never_ends_a_panic_and_a_wrong_host_are_told_in_json_to_every_origin() {
    let server = TestApp::with(|config| config.limits.request_timeout = Duration::from_secs(1));
    for path in ["/token", "/par", "/register"] {
        let media = if path == "/register" {
            "application/json"
        } else {
            "application/x-www-form-urlencoded"
        };
        let endless = futures_util::stream::pending::<Result<Bytes, Infallible>>();
        let asked = request("POST", path, "localhost:8420")
            .header("content-type", media)
            .body(Body::from_stream(endless))
            .unwrap();
        let (status, body) = told(router::routes(server.app.clone()), asked).await;
        assert_eq!((status, body["error"].as_str()), (408, Some("temporarily_unavailable")));
    }

    let broken = Router::new().route(
        "/.well-known/broken",
        get(async || -> &'static str { panic!("a secret of the code") }),
    );
    let asked = request("GET", "/.well-known/broken", "localhost:8420").body(Body::empty());
    let server_with = router::routes_with(server.app.clone(), broken);
    let (status, body) = told(server_with, asked.unwrap()).await;
    assert_eq!((status, body["error"].as_str()), (500, Some("server_error")));
    let words = body["error_description"].as_str().unwrap();
    assert!(words.contains("reference") && !words.contains("secret"), "{words}");

    for path in ["/token", "/.well-known/openid-configuration", "/userinfo"] {
        let asked = request("GET", path, "evil.example").body(Body::empty()).unwrap();
        let (status, body) = told(router::routes(server.app.clone()), asked).await;
        assert_eq!((status, body["error"]["code"].as_str()), (421, Some("misdirected")));
    }
}

#[tokio::test]
async fn failures_of_pages_stay_pages_and_are_nobody_elses() {
    let server = TestApp::new();
    for path in ["/login", "/tokens", "/parade"] {
        let asked = request("GET", path, "evil.example").body(Body::empty()).unwrap();
        let response = router::routes(server.app.clone()).oneshot(asked).await.unwrap();
        assert_eq!(response.status(), 421);
        assert!(!response.headers().contains_key("access-control-allow-origin"), "{path}");
    }
}
