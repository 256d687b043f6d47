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

/// How many times as long as a harmless request of the same size it may take. In the same run, so that it says the same
/// on a busy machine; what reads in time that grows with the square takes thousands of times as long.
const TIMES: u32 = 50;
/// A request that is over sooner says nothing about anything.
const LEAST: Duration = Duration::from_micros(300);

/// Asks five times each, in turn, harmlessly (`false`) and as it is meant (`true`), and gives the last answer; the best
/// of each are compared, for a busy machine may take the processor away, but not each time.
fn soon(what: &str, mut ask: impl FnMut(bool) -> Answer) -> Answer {
    let mut best = [Duration::MAX; 2];
    let mut last = None;
    for _ in 0..5 {
        for (best, meant) in best.iter_mut().zip([false, true]) {
            let begun = Instant::now();
            last = Some(ask(meant));
            *best = begun.elapsed().min(*best);
        }
    }
    let [harmless, meant] = best;
    let times = meant.as_secs_f64() / harmless.as_secs_f64();
    if times > 3.0 {
        println!("{what}: {times:.1} times as long: {meant:?} beside {harmless:?}");
    }
    assert!(meant < harmless.max(LEAST) * TIMES, "{what}: {meant:?} beside {harmless:?}");
    last.unwrap()
}

/// As long as this text is in a form.
fn filler(text: &str) -> String {
    "x".repeat(encode(&[("", text)]).len())
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
        let (m, filler) = (monster.as_str(), filler(&monster));
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
            let short = |(name, value)| (name, if value == m { "nonsense" } else { value });
            let mut harmless: Fields<'_> = form.iter().copied().map(short).collect();
            harmless.push(("x", &filler));
            let answer = soon(what, |meant| {
                let form = if meant { &form } else { &harmless };
                RUNTIME.block_on(caller.send(path, headers, form))
            });
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
        let plain = "x".repeat(monster.len());
        if monster.bytes().all(|byte| (0x20..0x7f).contains(&byte)) {
            let shown = |scheme: &str, meant: bool| {
                let (text, rest) =
                    if meant { (monster.as_str(), "") } else { ("nonsense", plain.as_str()) };
                (format!("{scheme}{text}"), rest)
            };
            let answer = soon(what, |meant| {
                let (bearer, rest) = shown("Bearer ", meant);
                let headers = [("authorization", bearer.as_str()), ("x-more", rest)];
                RUNTIME.block_on(caller.get("/userinfo", &headers))
            });
            assert_eq!(answer.refusal(401), "invalid_token", "{what}");
            let form = [("grant_type", "refresh_token"), ("client_id", id.as_str())];
            let answer = soon(what, |meant| {
                let (proof, rest) = shown("", meant);
                let headers = [("dpop", proof.as_str()), ("x-more", rest)];
                RUNTIME.block_on(caller.send("/token", &headers, &form))
            });
            assert_eq!(answer.refusal(400), "invalid_dpop_proof", "{what}");
            let answer = soon(what, |meant| {
                let (secret, rest) = shown("Basic ", meant);
                let headers = [("authorization", secret.as_str()), ("x-more", rest)];
                RUNTIME.block_on(caller.send("/token", &headers, &form))
            });
            assert!(matches!(answer.status.as_u16(), 400 | 401), "{what}: {}", answer.body);
        }
        // No longer address than servers read.
        if monster.len() > 20_000 {
            continue;
        }
        for name in ["id_token_hint", "request", "claims", "login_hint", "state", "dpop_jkt"] {
            let answer = soon(what, |meant| {
                let over = if meant {
                    [(name, monster.as_str()), ("x", "")]
                } else {
                    [(name, "x"), ("x", plain.as_str())]
                };
                let path = format!("/authorize?{}", encode(&params(&caller.world.client, &over)));
                RUNTIME.block_on(caller.get(&path, &[]))
            });
            assert_eq!(answer.status, 303, "{what} as {name}: {}", answer.body);
            assert!(answer.location().len() < 4_000, "{what} as {name}");
        }
        let answer = soon(what, |meant| {
            let hint = if meant { monster.as_str() } else { "nonsense" };
            let more = if meant { "" } else { plain.as_str() };
            let path = format!("/logout?{}", encode(&[("id_token_hint", hint), ("x", more)]));
            RUNTIME.block_on(caller.get(&path, &[]))
        });
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
        let exchange = |verifier: &str, more: &str| {
            let code = caller.world.code(&[("code_challenge", &challenge)]);
            let form = [
                ("grant_type", "authorization_code"),
                ("client_id", id.as_str()),
                ("code", code.as_str()),
                ("redirect_uri", CALLBACK),
                ("code_verifier", verifier),
                ("x", more),
            ];
            let begun = Instant::now();
            (RUNTIME.block_on(caller.send("/token", &[], &form)), begun.elapsed())
        };
        let more = filler(&verifier);
        let (mut best, mut harmless) = (Duration::MAX, Duration::MAX);
        for _ in 0..5 {
            harmless = exchange("x", &more).1.min(harmless);
            let (answer, took) = exchange(&verifier, "");
            best = best.min(took);
            let name = &verifier[verifier.len().saturating_sub(3)..];
            // The largest does not fit into a body at all.
            let (status, code) = if verifier.len() > 250_000 {
                (413, "invalid_request")
            } else {
                (400, "invalid_grant")
            };
            assert_eq!(answer.refusal(status), code, "{name:?}");
        }
        assert!(
            best < harmless.max(LEAST) * TIMES,
            "{} bytes took {best:?}, {harmless:?}",
            verifier.len()
        );
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
        let long = "x".repeat(scope.len());
        // The same request in words that are soon read, and as long.
        let brief = [("scope", if fine { "openid" } else { "made-up" }), ("x", long.as_str())];
        let over = [("scope", scope.as_str()), ("x", "")];
        let pairs = [brief, over].map(|over| params(&caller.world.client, &over));
        let answer = soon(what, |meant| {
            let path = format!("/authorize?{}", encode(&pairs[usize::from(meant)]));
            RUNTIME.block_on(caller.get(&path, &[]))
        });
        let told = query(answer.location(), "error");
        assert_eq!(told.as_deref(), (!fine).then_some("invalid_scope"), "{what}");
        assert!(answer.location().len() < 2_000, "{what}");
        for path in ["/par", "/device_authorization", "/token"] {
            let answer = soon(what, |meant| {
                let mut form = match path {
                    "/par" => pairs[usize::from(meant)].clone(),
                    _ => vec![("client_id".to_owned(), id.clone())],
                };
                if path != "/par" {
                    let over = if meant { over } else { brief };
                    form.extend(over.map(|(name, value)| (name.to_owned(), value.to_owned())));
                }
                if path == "/token" {
                    form.push(("grant_type".to_owned(), "refresh_token".to_owned()));
                    form.push(("refresh_token".to_owned(), token.clone()));
                }
                let form: Fields<'_> = form.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
                RUNTIME.block_on(caller.send(path, &[], &form))
            });
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
    println!("{medians:?}");
    assert!(*most < (*least).max(LEAST) * 5, "{medians:?}");
}
