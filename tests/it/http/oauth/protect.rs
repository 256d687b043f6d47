//! A resource in Rust as `docs/resources.md` shows it, against the real server: signed tokens and opaque ones.

mod guard;

use axum::{Router, http::HeaderMap, routing::post};
use mcpcodex::{
    http,
    model::resource::{ResourceScope, TokenFormat},
    ops::{
        client,
        resource::{self, Change, New, document},
    },
};
use tokio::net::TcpListener;

use super::caller::Caller;
use crate::ops::oauth::fixture::operator;
use guard::Guard;

struct Place {
    caller: Caller,
    issuer: String,
    /// Where the protected server is, which is its identifier as well.
    url: String,
    challenge: String,
    secret: (String, String),
}

/// The server on a real port, and one of its resources on another.
async fn place(format: TokenFormat) -> Place {
    let own = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let guarded = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let issuer = format!("http://{}", own.local_addr().unwrap());
    let url = format!("http://{}/mcp", guarded.local_addr().unwrap());
    let public = url::Url::parse(&issuer).unwrap();
    let caller = Caller::with(|config| config.server.public_url = Some(public), |_| {});
    let new = New {
        uri: url.clone(),
        scopes: vec![ResourceScope::new("notes:read", "Read your notes")],
        settings: Change { token_format: Some(format), ..Change::default() },
        ..New::default()
    };
    let server = client::New {
        name: "Notes".to_owned(),
        grant_types: vec!["none".to_owned()],
        resources: vec![url.clone()],
        ..client::New::default()
    };
    let (kept, made) = caller
        .world
        .db
        .write_blocking(move |tx| {
            let kept = resource::add(tx, &operator(), new)?;
            Ok((kept, client::create(tx, &operator(), server)?))
        })
        .unwrap();
    let challenge = document::challenge(&caller.app.env, &kept).unwrap();
    let secret = (made.client.id.to_string(), made.secret.unwrap().expose().to_owned());
    let app = caller.app.clone();
    tokio::spawn(http::serve(own.into_std().unwrap(), app, std::future::pending()));
    let guard = Guard {
        issuer: issuer.clone(),
        resource: url.clone(),
        challenge: challenge.clone(),
        algorithm: jsonwebtoken::Algorithm::ES256,
        secret: secret.clone(),
    };
    let guard = std::sync::Arc::new(guard);
    let opaque = format == TokenFormat::Opaque;
    let call = move |headers: HeaderMap| {
        let guard = std::sync::Arc::clone(&guard);
        async move {
            let asked = if opaque {
                guard.introspected(&headers, "notes:read").await
            } else {
                guard.verified(&headers, "notes:read").await
            };
            asked.map_or_else(|refused| refused, axum::response::IntoResponse::into_response)
        }
    };
    let router = Router::new().route("/mcp", post(call));
    tokio::spawn(async move { axum::serve(guarded, router).await });
    Place { caller, issuer, url, challenge, secret }
}

async fn call(place: &Place, token: Option<&str>) -> (u16, String, String) {
    let mut asked = reqwest::Client::new().post(&place.url);
    if let Some(token) = token {
        asked = asked.bearer_auth(token);
    }
    let answer = asked.send().await.unwrap();
    let challenge = answer.headers().get("www-authenticate");
    let challenge = challenge.map_or("", |value| value.to_str().unwrap()).to_owned();
    (answer.status().as_u16(), challenge, answer.text().await.unwrap())
}

async fn walk(format: TokenFormat) {
    let place = place(format).await;
    let (status, challenge, _) = call(&place, None).await;
    assert_eq!((status, challenge.as_str()), (401, place.challenge.as_str()));
    // The address in the challenge leads to the document, and that to the issuer.
    let address = challenge.split('"').nth(1).unwrap();
    let told: serde_json::Value =
        reqwest::get(address).await.unwrap().error_for_status().unwrap().json().await.unwrap();
    assert_eq!(told["resource"], place.url);
    assert_eq!(told["authorization_servers"][0], place.issuer);

    let world = &place.caller.world;
    let token = |scope: &str, resource: &str| {
        let tokens = world.tokens(&[("scope", scope), ("resource", resource)]);
        tokens.access_token.expose().to_owned()
    };
    let good = token("openid notes:read", &place.url);
    assert_eq!(call(&place, Some(&good)).await.2, world.user.as_str());
    let (status, challenge, _) = call(&place, Some(&token("openid", &place.url))).await;
    assert_eq!(status, 403);
    assert!(challenge.starts_with("Bearer error=\"insufficient_scope\", scope=\"notes:read\""));
    let elsewhere = token("openid read:models", crate::ops::oauth::fixture::MCP);
    let own = token("openid", "");
    for bad in [elsewhere.as_str(), &own, "nonsense", "mcpat_nonsense", "a.b.c"] {
        let (status, challenge, _) = call(&place, Some(bad)).await;
        assert_eq!(status, 401, "{bad}");
        assert!(challenge.contains("error=\"invalid_token\""), "{challenge}");
    }
    assert!(!place.secret.1.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn signed_tokens_are_verified_as_the_documentation_says() {
    walk(TokenFormat::Jwt).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn opaque_tokens_are_asked_about_as_the_documentation_says() {
    walk(TokenFormat::Opaque).await;
}

#[test]
fn documentation_shows_the_code_that_is_tested() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(root.join("docs/resources.md")).unwrap();
    for (file, language) in [
        ("tests/it/http/oauth/protect/guard.rs", "rust"),
        ("tests/e2e/servers/sdk.mjs", "js"),
        ("tests/e2e/servers/fastmcp_server.py", "python"),
    ] {
        let code = std::fs::read_to_string(root.join(file)).unwrap();
        let shown = code.split("documented: begin\n").nth(1).unwrap();
        let shown = shown.split("documented: end").next().unwrap();
        let shown = shown.trim_end_matches(['/', '#', ' ', '\n']);
        assert!(
            page.contains(&format!("```{language}\n{shown}\n```")),
            "{file} differs from the page"
        );
    }
}
