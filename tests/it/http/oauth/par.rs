//! `/par` on the wire, and the browser that follows.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use mcpcodex::ops::client::{self, New};

use super::caller::{Answer, Caller, FORM, browser_cookie, encode, request};
use crate::ops::oauth::fixture::{CALLBACK, operator, params, query};

fn form(caller: &Caller, over: &[(&str, &str)]) -> Vec<(String, String)> {
    params(&caller.world.client, over)
}

async fn push(caller: &Caller, headers: &[(&str, &str)], pairs: &[(String, String)]) -> Answer {
    let form: Vec<_> = pairs.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    caller.send("/par", headers, &form).await
}

async fn open(caller: &Caller, uri: &str, cookie: &str) -> Answer {
    let id = caller.world.client.id.to_string();
    let query = encode(&[("client_id", id.as_str()), ("request_uri", uri)]);
    caller.get(&format!("/authorize?{query}"), &[("cookie", cookie)]).await
}

#[tokio::test]
async fn client_pushes_and_the_browser_brings_the_name_alone() {
    let caller = Caller::new();
    let answer = push(&caller, &[], &form(&caller, &[])).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    let json = answer.json();
    assert_eq!(json["expires_in"], 90);
    let uri = json["request_uri"].as_str().unwrap();
    assert!(uri.starts_with("urn:ietf:params:oauth:request_uri:"), "{uri}");
    let login = open(&caller, uri, &browser_cookie()).await;
    assert!(login.location().starts_with("/login?request=r_"));
    let page = open(&caller, uri, &caller.cookies()).await;
    assert_eq!(page.status, 200, "the same browser may load it again: {}", page.body);

    let stranger = format!("mcpcodex_browser={}", "c".repeat(43));
    let used = open(&caller, uri, &stranger).await;
    assert_eq!(used.status, 400);
    assert!(used.header("location").is_none());
    assert!(used.body.contains("start again"), "{}", used.body);
}

#[tokio::test]
async fn refusals_are_those_of_the_token_endpoint() {
    let caller = Caller::new();
    let bad = push(&caller, &[], &form(&caller, &[("response_type", "token")])).await;
    assert_eq!(bad.refusal(400), "unsupported_response_type");
    let unknown = push(&caller, &[], &form(&caller, &[("client_id", "c_dead")])).await;
    assert_eq!(unknown.refusal(401), "invalid_client");
    let nobody = push(&caller, &[], &form(&caller, &[("client_id", "")])).await;
    assert_eq!(nobody.refusal(401), "invalid_client");
    let mut twice = form(&caller, &[]);
    twice.push(("scope".to_owned(), "email".to_owned()));
    assert_eq!(push(&caller, &[], &twice).await.refusal(400), "invalid_request");
    assert_eq!(caller.get("/par", &[]).await.refusal(405), "invalid_request");
    let json = request("POST", "/par", &[("content-type", "application/json")], "{}".to_owned());
    assert_eq!(caller.call(json).await.refusal(415), "invalid_request");
    let in_url = format!("/par?{}", encode(&form(&caller, &[])));
    let headers = [("content-type", FORM)];
    let answer = caller.call(request("POST", &in_url, &headers, String::new())).await;
    assert_eq!(answer.refusal(400), "invalid_request");
    let huge = form(&caller, &[("x", &"x".repeat(1_000_000))]);
    assert_eq!(push(&caller, &[], &huge).await.refusal(413), "invalid_request");
}

#[tokio::test]
async fn confidential_client_proves_itself() {
    let caller = Caller::new();
    let new = New {
        name: "Server app".to_owned(),
        redirect_uris: vec![CALLBACK.to_owned()],
        ..New::default()
    };
    let made = caller.world.db.write_blocking(move |tx| client::create(tx, &operator(), new));
    let made = made.unwrap();
    let pairs = params(&made.client, &[("client_id", "")]);
    let basic =
        |secret: &str| format!("Basic {}", STANDARD.encode(format!("{}:{secret}", made.client.id)));
    let good = basic(made.secret.as_ref().unwrap().expose());
    let answer = push(&caller, &[("authorization", &good)], &pairs).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    let wrong = push(&caller, &[("authorization", &basic("wrong"))], &pairs).await;
    assert_eq!(wrong.refusal(401), "invalid_client");
    let none = push(&caller, &[], &params(&made.client, &[])).await;
    assert_eq!(none.refusal(401), "invalid_client");
    let other = form(&caller, &[]);
    let mixed = push(&caller, &[("authorization", &good)], &other).await;
    assert_eq!(mixed.refusal(400), "invalid_request", "another client's request");
    // The secret is not kept with the request.
    let secret = made.secret.as_ref().unwrap().expose();
    let mut in_body = params(&made.client, &[]);
    in_body.push(("client_secret".to_owned(), secret.to_owned()));
    assert_eq!(push(&caller, &[], &in_body).await.status, 201);
    let kept = caller.world.db.read(|r| {
        r.all("select parameters from pushed_requests", [], |row| row.get::<_, String>(0))
    });
    assert!(kept.unwrap().iter().all(|text| !text.contains(secret)));
}

#[tokio::test]
async fn foreign_request_uri_is_refused_and_never_fetched() {
    let caller = Caller::new();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let here = format!("http://{}/request.jwt", listener.local_addr().unwrap());
    for (name, value, expected) in [
        ("request_uri", here.as_str(), "request_uri_not_supported"),
        ("request_uri", "urn:other:thing", "request_uri_not_supported"),
        ("request", "e30.e30.", "request_not_supported"),
    ] {
        let path = format!("/authorize?{}", encode(&form(&caller, &[(name, value)])));
        let answer = caller.get(&path, &[]).await;
        assert_eq!(query(answer.location(), "error").as_deref(), Some(expected));
        assert_eq!(query(answer.location(), "iss").as_deref(), Some("http://localhost:8420"));
    }
    let pushed = push(&caller, &[], &form(&caller, &[("request_uri", &here)])).await;
    assert_eq!(pushed.refusal(400), "invalid_request");
    assert!(listener.accept().is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock));
}
