//! The device grant on the wire and on its page.

use mcpcodex::model::client::GrantType;

use super::caller::{Answer, Caller, browser_cookie};
use crate::ops::oauth::fixture::{MCP, claims};

const GRANT: (&str, &str) = ("grant_type", "urn:ietf:params:oauth:grant-type:device_code");

fn caller() -> Caller {
    Caller::with(|_| {}, |new| new.grant_types = vec![GrantType::DeviceCode.as_str().to_owned()])
}

/// The value of a hidden field on a page.
fn hidden(page: &Answer, name: &str) -> String {
    let at = page.body.find(&format!("name=\"{name}\"")).unwrap_or_else(|| panic!("no {name}"));
    let (_, rest) = page.body[at..].split_once("value=\"").unwrap();
    rest.split_once('"').unwrap().0.to_owned()
}

struct Device {
    caller: Caller,
    id: String,
    own_code: String,
    user_code: String,
}

impl Device {
    async fn begin() -> Self {
        let caller = caller();
        let id = caller.world.client.id.to_string();
        let form = [("client_id", id.as_str()), ("scope", "read:models"), ("resource", MCP)];
        let answer = caller.send("/device_authorization", &[], &form).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
        let json = answer.json();
        assert_eq!((&json["interval"], &json["expires_in"]), (&5.into(), &600.into()));
        let text = |name: &str| json[name].as_str().unwrap().to_owned();
        let (own_code, user_code) = (text("device_code"), text("user_code"));
        assert_eq!(text("verification_uri"), "http://localhost:8420/device");
        assert!(text("verification_uri_complete").ends_with(&format!("?user_code={user_code}")));
        Self { caller, id, own_code, user_code }
    }

    async fn poll(&self) -> Answer {
        let form = [GRANT, ("client_id", &self.id), ("device_code", &self.own_code)];
        self.caller.send("/token", &[], &form).await
    }

    async fn post(&self, fields: &[(&str, &str)]) -> Answer {
        let csrf = self.caller.csrf();
        let mut form = vec![("csrf", csrf.as_str())];
        form.extend(fields);
        self.caller.send("/device", &[("cookie", &self.caller.cookies())], &form).await
    }
}

#[tokio::test]
async fn person_types_the_code_and_the_device_has_its_token() {
    let device = Device::begin().await;
    assert_eq!(device.poll().await.refusal(400), "authorization_pending");
    assert_eq!(device.poll().await.refusal(400), "slow_down");
    let typed = device.user_code.to_lowercase().replace('-', " ");
    let page = device.post(&[("user_code", &typed)]).await;
    assert_eq!(page.status, 200, "{}", page.body);
    for told in ["App", &device.user_code, MCP, "Do read:models", "only if you started it"] {
        assert!(page.body.contains(told), "{told}: {}", page.body);
    }
    let (request, shown) = (hidden(&page, "request"), hidden(&page, "shown"));
    let form = [("request", request.as_str()), ("shown", &shown), ("decision", "allow")];
    let done = device.post(&form).await;
    assert_eq!(done.status, 200, "{}", done.body);
    assert!(done.body.contains("is connected"), "{}", done.body);
    assert_eq!(device.post(&form).await.status, 400, "an answer counts once");
    let json = device.poll().await.json();
    assert_eq!(json["scope"], "read:models");
    assert!(json.get("refresh_token").is_none(), "the client has no refresh grant");
    let claims = claims(json["access_token"].as_str().unwrap());
    assert_eq!(claims["sub"], device.caller.world.user.as_str());
    assert_eq!(device.poll().await.refusal(400), "invalid_grant");
}

#[tokio::test]
async fn opening_the_complete_address_fills_in_and_allows_nothing() {
    let device = Device::begin().await;
    let path = format!("/device?user_code={}", device.user_code);
    let page = device.caller.get(&path, &[("cookie", &device.caller.cookies())]).await;
    assert_eq!(page.status, 200);
    assert!(page.body.contains(&format!("value=\"{}\"", device.user_code)), "{}", page.body);
    assert!(!page.body.contains("decision"), "{}", page.body);
    assert_eq!(device.poll().await.refusal(400), "authorization_pending");
    // A decision in the address, or beside a code, is none.
    let path = format!("{path}&decision=allow");
    device.caller.get(&path, &[("cookie", &device.caller.cookies())]).await;
    let bold = device.post(&[("user_code", &device.user_code), ("decision", "allow")]).await;
    assert_eq!(bold.status, 400);
    device.caller.world.pass(5);
    assert_eq!(device.poll().await.refusal(400), "authorization_pending");
}

#[tokio::test]
async fn whoever_is_not_signed_in_signs_in_first_and_comes_back_to_the_code() {
    let device = Device::begin().await;
    let path = format!("/device?user_code={}", device.user_code);
    let page = device.caller.get(&path, &[("cookie", &browser_cookie())]).await;
    assert_eq!(
        page.location(),
        format!("/login?return_to=%2Fdevice%3Fuser_code%3D{}", device.user_code)
    );
    let csrf = device.caller.csrf();
    let form = [("csrf", csrf.as_str()), ("user_code", device.user_code.as_str())];
    let posted = device.caller.send("/device", &[("cookie", &browser_cookie())], &form).await;
    assert_eq!(posted.location(), page.location());
}

#[tokio::test]
async fn forged_forms_change_nothing() {
    let device = Device::begin().await;
    let cookies = device.caller.cookies();
    let page = device.post(&[("user_code", &device.user_code)]).await;
    let (request, shown) = (hidden(&page, "request"), hidden(&page, "shown"));
    let csrf = device.caller.csrf();
    let good = [
        ("csrf", csrf.as_str()),
        ("request", request.as_str()),
        ("shown", &shown),
        ("decision", "allow"),
    ];
    let without = device.caller.send("/device", &[("cookie", &cookies)], &good[1..]).await;
    assert_eq!(without.status, 403);
    for foreign in [("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")] {
        let answer = device.caller.send("/device", &[("cookie", &cookies), foreign], &good).await;
        assert_eq!(answer.status, 403, "{foreign:?}");
    }
    let odd = [good[0], good[1], good[2], ("decision", "maybe")];
    assert_eq!(device.caller.send("/device", &[("cookie", &cookies)], &odd).await.status, 400);
    assert_eq!(device.poll().await.refusal(400), "authorization_pending");
    let denied = device.post(&[good[1], good[2], ("decision", "deny")]).await;
    assert!(denied.body.contains("no access"), "{}", denied.body);
    assert_eq!(device.poll().await.refusal(400), "access_denied");
}

#[tokio::test]
async fn eleventh_wrong_code_is_429() {
    let device = Device::begin().await;
    for _ in 0..10 {
        let wrong = device.post(&[("user_code", "ZZZZ-ZZZZ")]).await;
        assert_eq!(wrong.status, 400);
        assert!(wrong.body.contains("no longer, good"), "{}", wrong.body);
    }
    for code in ["ZZZZ-ZZZZ", device.user_code.as_str()] {
        let paused = device.post(&[("user_code", code)]).await;
        assert_eq!(paused.status, 429);
        assert_eq!(paused.header("retry-after"), Some("900"));
    }
}

#[tokio::test]
async fn device_authorization_wants_a_client_with_the_grant_and_a_form() {
    let caller = caller();
    let id = caller.world.client.id.to_string();
    let unknown = caller.send("/device_authorization", &[], &[("client_id", "c_unknown")]).await;
    assert_eq!(unknown.refusal(401), "invalid_client");
    let other = caller.world.another_client().id.to_string();
    let answer = caller.send("/device_authorization", &[], &[("client_id", &other)]).await;
    assert_eq!(answer.refusal(400), "unauthorized_client");
    assert_eq!(caller.get("/device_authorization", &[]).await.refusal(405), "invalid_request");
    let path = format!("/device_authorization?client_id={id}");
    assert_eq!(caller.send(&path, &[], &[]).await.refusal(400), "invalid_request");
    let form = [("client_id", id.as_str()), ("scope", "made-up")];
    let answer = caller.send("/device_authorization", &[], &form).await;
    assert_eq!(answer.refusal(400), "invalid_scope");
    let missing = caller.send("/token", &[], &[GRANT, ("client_id", &id)]).await;
    assert_eq!(missing.refusal(400), "invalid_request");
    let path = "/token?device_code=x";
    assert_eq!(caller.send(path, &[], &[("client_id", &id)]).await.refusal(400), "invalid_request");
    let metadata = caller.get("/.well-known/oauth-authorization-server", &[]).await.json();
    assert_eq!(
        metadata["device_authorization_endpoint"],
        "http://localhost:8420/device_authorization"
    );
    let grants = metadata["grant_types_supported"].as_array().unwrap();
    assert!(grants.contains(&GRANT.1.into()) && grants.contains(&"client_credentials".into()));
}
