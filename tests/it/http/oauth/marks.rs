//! Whatever secret comes to an endpoint of the protocol, at whichever door and under whichever name: neither the file nor
//! the log has it afterwards. Each is marked, and every byte is searched for the marks.

use std::path::Path;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use mcpcodex::model::client::GrantType;

use super::caller::{Caller, encode, request};
use crate::{
    ops::oauth::fixture::{CALLBACK, VERIFIER, params},
    support::log,
};

/// Names under which secrets travel, and others that nobody knows.
const SECRETS: [&str; 19] = [
    "code",
    "code_verifier",
    "client_secret",
    "client_assertion",
    "refresh_token",
    "device_code",
    "user_code",
    "subject_token",
    "actor_token",
    "assertion",
    "token",
    "access_token",
    "id_token_hint",
    "password",
    "current_password",
    "state",
    "nonce",
    "request",
    "mark-name-4f1c",
];
const MARK: &str = "mark-4f1c9b7e2d";

fn bytes_of(folder: &Path) -> Vec<u8> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        all.extend(if path.is_dir() { bytes_of(&path) } else { std::fs::read(&path).unwrap() });
    }
    all
}

fn has(haystack: &[u8], needle: &str) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle.as_bytes())
}

/// Everything at once, by every grant and at every door.
async fn knock(caller: &Caller, grant: &str, client: &str) {
    let marked: Vec<(&str, String)> =
        SECRETS.iter().map(|name| (*name, format!("{MARK}-{name}"))).collect();
    let basic = format!("Basic {}", STANDARD.encode(format!("{client}:{MARK}-basic")));
    let bearer = format!("Bearer {MARK}-bearer");
    let proof = format!("{MARK}-proof");
    for door in ["/token", "/par", "/device_authorization", "/introspect", "/revoke", "/userinfo"] {
        for headers in [
            vec![],
            vec![("authorization", basic.as_str())],
            vec![("authorization", bearer.as_str()), ("dpop", proof.as_str())],
        ] {
            // All of it, and each thing alone with the client: the first mistake hides the others.
            let mut forms: Vec<Vec<(&str, &str)>> =
                vec![marked.iter().map(|(name, value)| (*name, value.as_str())).collect()];
            forms.extend(marked.iter().map(|(name, value)| vec![(*name, value.as_str())]));
            for mut form in forms {
                form.extend([("grant_type", grant), ("client_id", client)]);
                caller.send(door, &headers, &form).await;
            }
        }
    }
}

#[tokio::test]
async fn no_secret_stands_in_the_file_or_in_the_log_wherever_it_came() {
    log::listen();
    let grants = [
        "authorization_code",
        "refresh_token",
        "client_credentials",
        "urn:ietf:params:oauth:grant-type:device_code",
        "urn:ietf:params:oauth:grant-type:token-exchange",
        "urn:ietf:params:oauth:grant-type:jwt-bearer",
        "mark-grant",
    ];
    let caller = Caller::with(
        |_| {},
        |new| {
            let all =
                [GrantType::AuthorizationCode, GrantType::RefreshToken, GrantType::DeviceCode];
            new.grant_types = all.map(|grant| grant.as_str().to_owned()).to_vec();
        },
    );
    let id = caller.world.client.id.to_string();
    for grant in grants {
        knock(&caller, grant, &id).await;
    }
    // The doors of people: the front door with everything, the question, the device, the sign-in.
    for name in SECRETS {
        let value = format!("{MARK}-{name}");
        let uri = format!("https://app.example.com/x?{name}={value}#{value}");
        for over in [
            vec![(name, value.as_str()), ("response_type", "token")],
            vec![("redirect_uri", uri.as_str())],
        ] {
            let path = format!("/authorize?{}", encode(&params(&caller.world.client, &over)));
            caller.get(&path, &[("cookie", &caller.cookies())]).await;
        }
        let (cookies, csrf) = (caller.cookies(), caller.csrf());
        let form = [
            ("csrf", csrf.as_str()),
            (name, value.as_str()),
            ("decision", "allow"),
            ("request", "x"),
        ];
        for door in ["/consent", "/device", "/login"] {
            caller.send(door, &[("cookie", &cookies)], &form).await;
        }
    }
    let body = format!(
        "{{\"client_name\":\"X\",\"client_secret\":\"{MARK}-secret\",\"redirect_uris\":[\"ftp://x\"]}}"
    );
    let bearer = format!("Bearer {MARK}-registration");
    let headers = [("content-type", "application/json"), ("authorization", bearer.as_str())];
    caller.call(request("POST", "/register", &headers, body)).await;
    // And what is real: a code, its verifier, and the tokens that it gave.
    let code = caller.world.code(&[]);
    let form = [
        ("grant_type", "authorization_code"),
        ("client_id", id.as_str()),
        ("code", code.as_str()),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ];
    let tokens = caller.send("/token", &[], &form).await.json();
    caller.send("/token", &[], &form).await.refusal(400);
    let token = |name: &str| tokens[name].as_str().unwrap().to_owned();
    let refresh = token("refresh_token");
    let form = [("grant_type", "refresh_token"), ("client_id", "c_x"), ("refresh_token", &refresh)];
    caller.send("/token", &[], &form).await.refusal(401);

    let stories = caller.world.db.read(mcpcodex::store::trace::count).unwrap();
    assert!(stories > 500, "only {stories} attempts were told");
    let (kept, logged) = (bytes_of(caller.world.folder()), log::everything());
    assert!(has(&kept, &id) && logged.len() > 100);
    for secret in [MARK, &code, VERIFIER, &token("access_token"), &token("id_token"), &refresh] {
        assert!(!has(&kept, secret), "{secret} stands in the file");
        assert!(!has(&logged, secret), "{secret} stands in the log");
    }
}
