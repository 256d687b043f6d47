//! What is long, deep, packed or ill-formed, in every place of a request that takes a token or a word: refused soon.

use std::time::{Duration, Instant};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use mcpcodex::{
    crypto::{pkce, secret::b64},
    model::client::GrantType,
    ops::client::New,
};

use super::caller::{Answer, Caller, encode};
use crate::{
    ops::oauth::fixture::{CALLBACK, MCP, VERIFIER, operator, params, query, refresh_token},
    support::RUNTIME,
};

/// Far above what any of it takes in a build without optimisation, and far below what a reader that is too patient takes.
const SOON: Duration = Duration::from_millis(250);

/// Asks five times and gives the last answer; the best must have been soon, for a busy machine may take the processor
/// away, but not each time.
fn soon(what: &str, mut ask: impl FnMut() -> Answer) -> Answer {
    let mut best = Duration::MAX;
    let mut last = None;
    for _ in 0..5 {
        let begun = Instant::now();
        last = Some(ask());
        best = best.min(begun.elapsed());
    }
    assert!(best < SOON, "{what} took {best:?}");
    last.unwrap()
}

fn basic(caller: &Caller, grants: &[&str]) -> String {
    let new = New {
        name: "Server".to_owned(),
        redirect_uris: vec![CALLBACK.to_owned()],
        grant_types: grants.iter().map(|grant| (*grant).to_owned()).collect(),
        resources: vec![MCP.to_owned()],
        ..New::default()
    };
    let made = caller
        .world
        .db
        .write_blocking(|tx| mcpcodex::ops::client::create(tx, &operator(), new))
        .unwrap();
    let pair = format!("{}:{}", made.client.id, made.secret.unwrap().expose());
    format!("Basic {}", STANDARD.encode(pair))
}

/// As tokens, statements and proofs.
fn monsters() -> Vec<(&'static str, String)> {
    let header = b64(br#"{"alg":"ES256","typ":"at+jwt"}"#);
    let deep = |n: usize| format!(r#"{{"x":{}{}}}"#, "[".repeat(n), "]".repeat(n));
    let kid = |n: usize| b64(format!(r#"{{"alg":"ES256","kid":"{}"}}"#, "k".repeat(n)).as_bytes());
    let jwe = b64(br#"{"alg":"dir","enc":"A256GCM","zip":"DEF"}"#);
    vec![
        ("1 MB", "x".repeat(1 << 20)),
        ("200 kB", "x".repeat(200_000)),
        ("1 MB of claims", format!("{header}.{}.AA", "A".repeat(1 << 20))),
        ("15 kB of claims", format!("{header}.{}.AA", "A".repeat(15_000))),
        ("1 MB of kid", format!("{}.e30.AA", kid(1 << 20))),
        ("10 kB of kid", format!("{}.e30.AA", kid(10_000))),
        ("100,000 dots", ".".repeat(100_000)),
        ("16,000 dots", ".".repeat(16_000)),
        ("a header 10,000 deep", format!("{}.e30.AA", b64(deep(10_000).as_bytes()))),
        ("a header 5,000 deep", format!("{}.e30.AA", b64(deep(5_000).as_bytes()))),
        ("claims 5,000 deep", format!("{header}.{}.AA", b64(deep(5_000).as_bytes()))),
        (
            "a compressed JWE",
            format!("{jwe}..AAAAAAAAAAAAAAAA.{}.AAAAAAAAAAAAAAAAAAAAAA", "A".repeat(8_000)),
        ),
        ("a long opaque token", format!("mcpat_{}", "A".repeat(100_000))),
        ("a long refresh token", format!("mcr_{}", "A".repeat(100_000))),
        ("bytes of all sorts", "\u{0}\r\n\t\u{e4}\u{1f600}".repeat(2_000)),
    ]
}

type Fields<'f> = Vec<(&'f str, &'f str)>;

#[test]
fn monster_in_any_form_is_refused_soon_and_in_json() {
    let caller = Caller::new();
    let auth = basic(
        &caller,
        &[
            "authorization_code",
            "refresh_token",
            GrantType::TokenExchange.as_str(),
            GrantType::JwtBearer.as_str(),
        ],
    );
    let auth = [("authorization", auth.as_str())];
    for (what, monster) in monsters() {
        let kind = "urn:ietf:params:oauth:token-type:access_token";
        let statement = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
        let m = monster.as_str();
        let forms: Vec<(&str, bool, Fields<'_>)> = vec![
            ("/userinfo", false, vec![("access_token", m)]),
            ("/introspect", true, vec![("token", m)]),
            ("/revoke", true, vec![("token", m)]),
            ("/token", true, vec![("grant_type", "refresh_token"), ("refresh_token", m)]),
            ("/token", true, vec![("grant_type", "authorization_code"), ("code", m)]),
            (
                "/token",
                true,
                vec![("grant_type", "authorization_code"), ("code", "x"), ("code_verifier", m)],
            ),
            ("/token", true, vec![("grant_type", GrantType::JwtBearer.as_str()), ("assertion", m)]),
            (
                "/token",
                true,
                vec![
                    ("grant_type", GrantType::TokenExchange.as_str()),
                    ("subject_token", m),
                    ("subject_token_type", kind),
                    ("resource", MCP),
                ],
            ),
            (
                "/token",
                false,
                vec![
                    ("grant_type", "refresh_token"),
                    ("client_assertion_type", statement),
                    ("client_assertion", m),
                ],
            ),
            ("/token", false, vec![("grant_type", m), ("client_id", m)]),
        ];
        for (path, proved, form) in forms {
            let headers: &[_] = if proved { &auth } else { &[] };
            let answer = soon(what, || RUNTIME.block_on(caller.send(path, headers, &form)));
            let place =
                format!("{what} at {path} as {:?}", form.iter().map(|f| f.0).collect::<Vec<_>>());
            let told = matches!(path, "/introspect" | "/revoke") && answer.status == 200;
            let refused = matches!(answer.status.as_u16(), 400 | 401 | 413);
            assert!(told || refused, "{place}: {} {}", answer.status, answer.body);
            assert!(answer.body.len() < 1_000, "{place}: {}", answer.body);
            assert_eq!(answer.header("access-control-allow-origin"), Some("*"), "{place}");
            if path == "/introspect" && told {
                assert_eq!(answer.json(), serde_json::json!({ "active": false }), "{place}");
            } else if refused {
                assert!(answer.json()["error"].is_string(), "{place}: {}", answer.body);
            }
        }
    }
}

#[test]
fn monster_in_a_header_or_an_address_is_refused_soon() {
    let caller = Caller::new();
    let id = caller.world.client.id.to_string();
    for (what, monster) in monsters() {
        if monster.bytes().all(|byte| (0x20..0x7f).contains(&byte)) {
            let bearer = format!("Bearer {monster}");
            let headers = [("authorization", bearer.as_str())];
            let answer = soon(what, || RUNTIME.block_on(caller.get("/userinfo", &headers)));
            assert_eq!(answer.refusal(401), "invalid_token", "{what}");
            let form = [("grant_type", "refresh_token"), ("client_id", id.as_str())];
            let proof = [("dpop", monster.as_str())];
            let answer = soon(what, || RUNTIME.block_on(caller.send("/token", &proof, &form)));
            assert_eq!(answer.refusal(400), "invalid_dpop_proof", "{what}");
            let header = format!("Basic {monster}");
            let secret = [("authorization", header.as_str())];
            let answer = soon(what, || RUNTIME.block_on(caller.send("/token", &secret, &form)));
            assert!(matches!(answer.status.as_u16(), 400 | 401), "{what}: {}", answer.body);
        }
        // No longer address than servers read.
        if monster.len() > 20_000 {
            continue;
        }
        for name in ["id_token_hint", "request", "claims", "login_hint", "state", "dpop_jkt"] {
            let over = [(name, monster.as_str())];
            let path = format!("/authorize?{}", encode(&params(&caller.world.client, &over)));
            let answer = soon(what, || RUNTIME.block_on(caller.get(&path, &[])));
            assert_eq!(answer.status, 303, "{what} as {name}: {}", answer.body);
            assert!(answer.location().len() < 4_000, "{what} as {name}");
        }
        let path = format!("/logout?{}", encode(&[("id_token_hint", &monster)]));
        let answer = soon(what, || RUNTIME.block_on(caller.get(&path, &[])));
        assert_eq!(answer.status, 400, "{what}: {}", answer.body);
        assert!(!answer.body.contains(&monster), "{what}");
    }
}

#[test]
fn verifier_of_the_wrong_form_is_refused_even_if_its_hash_fits() {
    let caller = Caller::new();
    let id = caller.world.client.id.to_string();
    let odd = |text: &str| format!("{}{text}", "a".repeat(50));
    let mut verifiers =
        vec!["a".repeat(42), "a".repeat(129), "a".repeat(200_000), "a".repeat(1 << 20)];
    verifiers.extend(["+", "/", "=", " ", "%", "\u{e4}", "\u{0}", "\n", "\r\n", "!"].map(odd));
    for verifier in verifiers {
        let challenge = pkce::challenge_s256(&verifier);
        let exchange = |verifier: &str| {
            let code = caller.world.code(&[("code_challenge", &challenge)]);
            let form = [
                ("grant_type", "authorization_code"),
                ("client_id", id.as_str()),
                ("code", code.as_str()),
                ("redirect_uri", CALLBACK),
                ("code_verifier", verifier),
            ];
            let begun = Instant::now();
            (RUNTIME.block_on(caller.send("/token", &[], &form)), begun.elapsed())
        };
        let mut best = Duration::MAX;
        for _ in 0..5 {
            let (answer, took) = exchange(&verifier);
            best = best.min(took);
            let name = &verifier[verifier.len().saturating_sub(3)..];
            // The largest does not fit into a body at all.
            let code = if verifier.len() > 250_000 { "invalid_request" } else { "invalid_grant" };
            assert_eq!(answer.refusal(400), code, "{name:?}");
        }
        assert!(best < SOON, "{} bytes took {best:?}", verifier.len());
    }
    let good = "a".repeat(128);
    let code = caller.world.code(&[("code_challenge", &pkce::challenge_s256(&good))]);
    let form = [
        ("grant_type", "authorization_code"),
        ("client_id", id.as_str()),
        ("code", code.as_str()),
        ("redirect_uri", CALLBACK),
        ("code_verifier", good.as_str()),
    ];
    assert_eq!(RUNTIME.block_on(caller.send("/token", &[], &form)).status, 200);
    assert_eq!(VERIFIER.len(), 47);
}

#[test]
fn ten_kilobytes_of_scopes_are_read_soon_at_every_endpoint() {
    let caller = Caller::with(
        |_| {},
        |new| {
            new.grant_types =
                [GrantType::AuthorizationCode, GrantType::RefreshToken, GrantType::DeviceCode]
                    .map(|grant| grant.as_str().to_owned())
                    .to_vec();
        },
    );
    let id = caller.world.client.id.to_string();
    let token = refresh_token(&caller.world.tokens(&[("scope", "openid")]));
    let words: Vec<String> = (0..2_000).map(|n| format!("w{n}")).collect();
    let cases = [
        ("many words", words.join(" "), false),
        ("one word", "x".repeat(10_000), false),
        ("blanks", " ".repeat(10_000) + "x", false),
        ("one word many times", "openid ".repeat(1_500), true),
    ];
    for (what, scope, fine) in cases {
        let over = [("scope", scope.as_str())];
        let pairs = params(&caller.world.client, &over);
        let path = format!("/authorize?{}", encode(&pairs));
        let answer = soon(what, || RUNTIME.block_on(caller.get(&path, &[])));
        let told = query(answer.location(), "error");
        assert_eq!(told.as_deref(), (!fine).then_some("invalid_scope"), "{what}");
        assert!(answer.location().len() < 2_000, "{what}");
        let form: Vec<_> = pairs.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        let own = [("client_id", id.as_str()), ("scope", scope.as_str())];
        let refresh =
            [own[0], own[1], ("grant_type", "refresh_token"), ("refresh_token", token.as_str())];
        let endpoints: [(&str, &[(&str, &str)]); 3] =
            [("/par", &form), ("/device_authorization", &own), ("/token", &refresh)];
        for (path, form) in endpoints {
            let answer = soon(what, || RUNTIME.block_on(caller.send(path, &[], form)));
            if fine {
                assert!(answer.status.is_success(), "{what} at {path}: {}", answer.body);
            } else {
                assert_eq!(answer.refusal(400), "invalid_scope", "{what} at {path}");
            }
            assert!(answer.body.len() < 2_000, "{what} at {path}");
        }
    }
    // What is not known is dropped beside what is.
    assert_eq!(caller.world.tokens(&[("scope", "openid made-up admin:users")]).scope, "openid");
}

#[test]
fn introspection_takes_as_long_for_what_there_is_as_for_what_there_is_not() {
    let caller = Caller::new();
    let auth = basic(&caller, &["client_credentials"]);
    let stranger = New {
        name: "Stranger".to_owned(),
        grant_types: vec!["client_credentials".to_owned()],
        ..New::default()
    };
    let made = caller
        .world
        .db
        .write_blocking(|tx| mcpcodex::ops::client::create(tx, &operator(), stranger))
        .unwrap();
    let pair = format!("{}:{}", made.client.id, made.secret.unwrap().expose());
    let stranger = format!("Basic {}", STANDARD.encode(pair));
    let granted = [("resource", MCP), ("scope", "read:models")];
    let (live, revoked) = (caller.world.tokens(&granted), caller.world.tokens(&granted));
    let id = caller.world.client.id.to_string();
    let form = [("token", revoked.access_token.expose()), ("client_id", &id)];
    assert_eq!(RUNTIME.block_on(caller.send("/revoke", &[], &form)).status, 200);
    let unknown = format!("mcpat_{}", "A".repeat(43));
    let asked: [(&str, &str, &str); 4] = [
        ("no form", auth.as_str(), "nonsense"),
        ("unknown", &auth, &unknown),
        ("another's", &stranger, live.access_token.expose()),
        ("revoked", &auth, revoked.access_token.expose()),
    ];
    let mut taken = [const { Vec::new() }; 4];
    for _ in 0..60 {
        for (at, (what, auth, token)) in asked.iter().enumerate() {
            let begun = Instant::now();
            let form = [("token", *token)];
            let headers = [("authorization", *auth)];
            let answer = RUNTIME.block_on(caller.send("/introspect", &headers, &form));
            taken[at].push(begun.elapsed());
            assert_eq!(answer.json(), serde_json::json!({ "active": false }), "{what}");
        }
    }
    let medians = taken.map(|mut all| {
        all.sort_unstable();
        all[all.len() / 2]
    });
    let (least, most) = (medians.iter().min().unwrap(), medians.iter().max().unwrap());
    assert!(most.saturating_sub(*least) < Duration::from_millis(5), "{medians:?}");
}
