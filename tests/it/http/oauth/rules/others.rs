//! What is refused to apps that come by themselves.

use mcpcodex::{
    config::authentication::{Approval, MetadataDocuments, Registration},
    crypto::jwt::{Algorithm, SigningKey},
    model::trace::Rule,
};
use serde_json::{Value, json};

use super::{Answer, Caller, RUNTIME, Seen, authorize, post};
use crate::ops::oauth::fixture::CALLBACK;

fn send(caller: &Caller, method: &str, path: &str, token: &str, body: &str) -> Answer {
    let authorization = format!("Bearer {token}");
    let headers = [("content-type", "application/json"), ("authorization", authorization.as_str())];
    let request = super::super::caller::request(method, path, &headers, body.to_owned());
    RUNTIME.block_on(caller.call(request))
}

fn usual(uri: &str) -> Value {
    json!({
        "client_name": "Newcomer", "redirect_uris": [uri],
        "token_endpoint_auth_method": "client_secret_basic",
    })
}

/// Registrations.
pub(super) fn registrations(seen: &mut Seen) {
    let caller = Caller::with(|config| config.authentication.clients.most = 1, |_| {});
    let register = |body: &str| send(&caller, "POST", "/register", "x", body);
    let bad = register(&usual("ftp://app.example.com/").to_string());
    seen.json(&caller, &bad, 400, Rule::Registration);
    let told = bad.json()["error_description"].as_str().unwrap().to_owned();
    let story = caller.world.story(&super::reference(&told)).trace.unwrap();
    assert_eq!(story.asked("client_name"), Some("Newcomer"));
    assert_eq!(story.asked("redirect_uris"), Some("ftp://app.example.com/"));
    seen.json(&caller, &register("[]"), 400, Rule::Registration);
    let made = register(&usual(CALLBACK).to_string()).json();
    let full = register(&usual("https://other.example/cb").to_string());
    seen.json(&caller, &full, 429, Rule::RegistrationFull);
    // What it changes of itself later.
    let text = |name: &str| made[name].as_str().unwrap().to_owned();
    let path = format!("/register/{}", text("client_id"));
    let wrong = usual("ftp://app.example.com/").to_string();
    let token = text("registration_access_token");
    seen.json(&caller, &send(&caller, "PUT", &path, &token, &wrong), 400, Rule::Registration);
    let good = usual(CALLBACK).to_string();
    let foreign = send(&caller, "PUT", &path, "another", &good);
    seen.json(&caller, &foreign, 401, Rule::RegistrationToken);

    let off = Caller::with(
        |config| config.authentication.clients.dynamic_registration = Registration::Off,
        |_| {},
    );
    let answer = send(&off, "POST", "/register", "x", &good);
    seen.json(&off, &answer, 403, Rule::RegistrationOff);
    let closed = Caller::with(
        |config| config.authentication.clients.dynamic_registration = Registration::Token,
        |_| {},
    );
    let answer = send(&closed, "POST", "/register", "x", &good);
    seen.json(&closed, &answer, 401, Rule::RegistrationToken);

    // One that waits for an administrator: the page has a reference, too.
    let waiting =
        Caller::with(|config| config.authentication.clients.approval = Approval::FirstSeen, |_| {});
    let made = send(&waiting, "POST", "/register", "x", &good).json();
    let id = made["client_id"].as_str().unwrap().to_owned();
    let page = authorize(&waiting, &waiting.cookies(), &[("client_id", id.as_str())]);
    seen.page(&waiting, &page, Rule::ClientShut);
}

/// Apps that are a document, and clients that sign.
pub(super) fn documents(seen: &mut Seen) {
    let caller = Caller::with(
        |config| config.authentication.clients.metadata_documents = MetadataDocuments::Off,
        |_| {},
    );
    let id = "https://app.example.com/client.json";
    let form = [("client_id", id), ("grant_type", "refresh_token"), ("refresh_token", "x")];
    for path in ["/token", "/par", "/device_authorization"] {
        seen.json(&caller, &post(&caller, path, &[], &form), 401, Rule::Document);
    }
    let page = authorize(&caller, &caller.cookies(), &[("client_id", id)]);
    seen.page(&caller, &page, Rule::Document);

    let key = SigningKey::generate(Algorithm::ES256).unwrap();
    let jwks = json!({ "keys": [key.jwk()] });
    let caller = Caller::with(
        |_| {},
        |new| {
            (new.public, new.id, new.jwks) = (false, Some("nightly".to_owned()), Some(jwks));
        },
    );
    let now = caller.app.db.now().secs();
    let claims = |aud: &str| json!({ "iss": "nightly", "sub": "nightly", "aud": aud, "jti": "1", "iat": now, "exp": now + 60 });
    let ask = |path: &str, statement: &str| {
        let form = [
            ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
            ("client_assertion", statement),
        ];
        post(&caller, path, &[], &form)
    };
    let good = key.sign("JWT", &claims("http://localhost:8420")).unwrap();
    seen.json(&caller, &ask("/par", &good), 400, Rule::RedirectMissing);
    // Used before, for somebody else, and signed by somebody else.
    for path in ["/token", "/par", "/device_authorization"] {
        let spent = ask(path, &good);
        // Without a grant type nobody asks who it is.
        if path == "/token" {
            seen.json(&caller, &spent, 400, Rule::GrantUnknown);
        } else {
            seen.json(&caller, &spent, 401, Rule::ClientStatement);
        }
        let foreign = key.sign("JWT", &claims("https://elsewhere.example")).unwrap();
        seen.json(&caller, &ask(path, &foreign), 401, Rule::ClientStatement);
    }
    let thief = SigningKey::generate(Algorithm::ES256).unwrap();
    let forged = thief.sign("JWT", &claims("http://localhost:8420")).unwrap();
    seen.json(&caller, &ask("/token", &forged), 401, Rule::ClientStatement);
}
