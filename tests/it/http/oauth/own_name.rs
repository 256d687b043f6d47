//! `grant_type=client_credentials` on the wire.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use mcpcodex::ops::client::{self, New};

use super::caller::Caller;
use crate::ops::oauth::fixture::{MCP, operator};

#[tokio::test]
async fn service_gets_a_token_by_its_secret_and_a_public_client_none() {
    let caller = Caller::with(|_| {}, |new| new.grant_types = Vec::new());
    let new = New {
        name: "Service".to_owned(),
        grant_types: vec!["client_credentials".to_owned()],
        ..New::default()
    };
    let made =
        caller.world.db.write_blocking(move |tx| client::create(tx, &operator(), new)).unwrap();
    let (id, secret) = (made.client.id.to_string(), made.secret.unwrap());
    let basic = format!("Basic {}", STANDARD.encode(format!("{id}:{}", secret.expose())));
    let grant = ("grant_type", "client_credentials");
    let form = [grant, ("resource", MCP), ("scope", "read:models openid")];
    let answer = caller.send("/token", &[("authorization", &basic)], &form).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let json = answer.json();
    assert_eq!((&json["token_type"], &json["scope"]), (&"Bearer".into(), &"read:models".into()));
    assert!(json["expires_in"].is_number());
    assert!(json.get("refresh_token").is_none() && json.get("id_token").is_none());
    let token = json["access_token"].as_str().unwrap();

    let bearer = format!("Bearer {token}");
    let userinfo = caller.get("/userinfo", &[("authorization", &bearer)]).await;
    assert!([401, 403].contains(&userinfo.status.as_u16()), "{}", userinfo.body);
    let revoked = caller.send("/revoke", &[("authorization", &basic)], &[("token", token)]).await;
    assert_eq!(revoked.status, 200);
    let form = [("token", token)];
    let told = caller.send("/introspect", &[("authorization", &basic)], &form).await.json();
    assert_eq!(told["active"], false);

    let public = caller.world.client.id.to_string();
    let answer = caller.send("/token", &[], &[grant, ("client_id", &public)]).await;
    assert_eq!(answer.refusal(400), "unauthorized_client");
    let silent = caller.send("/token", &[], &[grant, ("client_id", &id)]).await;
    assert_eq!(silent.refusal(401), "invalid_client");
    let form = [grant, ("scope", "admin:models"), ("resource", MCP)];
    let answer = caller.send("/token", &[("authorization", &basic)], &form).await;
    assert_eq!(answer.refusal(400), "invalid_scope");
}
