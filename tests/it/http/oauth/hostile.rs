//! Tokens that are not what they say: none is believed, nowhere, and looking at one costs nothing.

use std::time::Instant;

use aws_lc_rs::hmac;
use mcpcodex::{
    crypto::{
        jwt::{Algorithm, SigningKey},
        secret::{b64, unb64},
    },
    ops::{key, oauth::token, session},
};
use serde_json::{Value, json};

use super::caller::Caller;
use crate::ops::oauth::fixture::{claims, part, refresh_token};

/// A token with this header over the claims of a good one, under a signature of one's own.
fn forged(good: &str, header: &Value, sign: impl Fn(&str) -> Vec<u8>) -> String {
    let claims = good.split('.').nth(1).unwrap();
    let signed = format!("{}.{claims}", b64(header.to_string().as_bytes()));
    let signature = sign(&signed);
    format!("{signed}.{}", b64(&signature))
}

/// Every sort of forgery there is a name for.
fn forgeries(caller: &Caller, good: &str) -> Vec<(String, String)> {
    let header = part(good, 0);
    let genuine = unb64(good.rsplit_once('.').unwrap().1).unwrap();
    let with = |members: &[(&str, Value)]| {
        let mut changed = header.clone();
        for (name, value) in members {
            changed[*name] = value.clone();
        }
        changed
    };
    let mut all: Vec<(String, String)> = Vec::new();
    for alg in ["none", "None", "nOnE", "NONE", "", "HS256", "RS256", "PS256", "ES384", "XX999"] {
        let changed = with(&[("alg", json!(alg))]);
        all.push((format!("alg {alg}"), forged(good, &changed, |_| genuine.clone())));
        all.push((format!("alg {alg}, unsigned"), forged(good, &changed, |_| Vec::new())));
    }
    let jwks = caller.world.db.read(key::jwks).unwrap();
    let public = &jwks["keys"][0];
    let x = unb64(public["x"].as_str().unwrap()).unwrap();
    for (what, secret) in
        [("JWK", public.to_string().into_bytes()), ("point", x), ("nothing", Vec::new())]
    {
        let hs256 = with(&[("alg", json!("HS256"))]);
        let mac = |text: &str| {
            let key = hmac::Key::new(hmac::HMAC_SHA256, &secret);
            hmac::sign(&key, text.as_bytes()).as_ref().to_vec()
        };
        all.push((format!("HS256 keyed with the public {what}"), forged(good, &hs256, mac)));
    }
    for (name, value) in [
        ("jku", json!("http://127.0.0.1:1/jwks.json")),
        ("x5u", json!("http://127.0.0.1:1/cert.pem")),
        ("jwk", public.clone()),
        ("x5c", json!(["MIIB"])),
        ("crit", json!(["exp"])),
        ("zip", json!("DEF")),
        ("kid", json!("../../dev/null")),
        ("kid", json!("' or '1'='1")),
        ("kid", json!("https://evil.example/key")),
        ("kid", json!("")),
        ("kid", json!(null)),
        ("typ", json!("JWT")),
        ("typ", json!(null)),
    ] {
        all.push((
            format!("{name} {value}"),
            forged(good, &with(&[(name, value)]), |_| genuine.clone()),
        ));
    }
    // Another instance, whose key says that it is ours.
    let foreign = SigningKey::generate(Algorithm::ES256).unwrap();
    let elsewhere = foreign.sign("at+jwt", &claims(good)).unwrap();
    let other = unb64(elsewhere.rsplit_once('.').unwrap().1).unwrap();
    all.push(("foreign key under its own name".to_owned(), elsewhere));
    all.push(("foreign key under our name".to_owned(), forged(good, &header, |_| other.clone())));
    all.push(("cut".to_owned(), good[..good.len() - 2].to_owned()));
    all
}

/// What is long, deep or packed.
fn monsters() -> Vec<(&'static str, String)> {
    let deep = format!(r#"{{"alg":"ES256","kid":{}{}}}"#, "[".repeat(10_000), "]".repeat(10_000));
    let header = b64(br#"{"alg":"ES256"}"#);
    let jwe = b64(br#"{"alg":"dir","enc":"A256GCM","zip":"DEF"}"#);
    vec![
        ("1 MB", "x".repeat(1 << 20)),
        ("1 MB of claims", format!("{header}.{}.AA", "A".repeat(1 << 20))),
        ("1 MB of kid", {
            let kid = format!(r#"{{"alg":"ES256","kid":"{}"}}"#, "k".repeat(1 << 20));
            format!("{}.e30.AA", b64(kid.as_bytes()))
        }),
        ("100,000 dots", ".".repeat(100_000)),
        ("16,000 dots", ".".repeat(16_000)),
        ("10,000 deep", format!("{}.e30.AA", b64(deep.as_bytes()))),
        (
            "compressed JWE",
            format!("{jwe}..AAAAAAAAAAAAAAAA.{}.AAAAAAAAAAAAAAAAAAAAAA", "A".repeat(8_000)),
        ),
    ]
}

#[tokio::test]
async fn forged_token_is_invalid_at_every_door() {
    let caller = Caller::new();
    let tokens = caller.world.tokens(&[]);
    let good = tokens.access_token.expose();
    let ask = async |token: &str| {
        let bearer = format!("Bearer {token}");
        caller.get("/userinfo", &[("authorization", &bearer)]).await
    };
    assert_eq!(ask(good).await.status, 200);
    for (what, token) in forgeries(&caller, good) {
        let answer = ask(&token).await;
        assert_eq!(answer.status, 401, "{what}: {}", answer.body);
        assert!(!caller.world.is_active(&token), "{what}");
        let header = answer.header("www-authenticate").unwrap();
        assert!(header.contains("invalid_token"), "{what}: {header}");
    }
}

#[tokio::test]
async fn each_token_counts_only_as_what_it_is() {
    let caller = Caller::new();
    let tokens = caller.world.tokens(&[]);
    let id = tokens.id_token.as_ref().unwrap().expose();
    let refresh = refresh_token(&tokens);
    let cookie = session::cookie(&caller.app.env, &caller.world.signed_in.session).unwrap();
    for (what, token) in [("ID token", id), ("refresh token", &refresh), ("cookie", &cookie)] {
        let bearer = format!("Bearer {token}");
        let answer = caller.get("/userinfo", &[("authorization", &bearer)]).await;
        assert_eq!(answer.status, 401, "{what} as bearer");
    }
    let name = &caller.app.env.config.authentication.session.cookie_name;
    let account = async |token: &str| {
        let cookies = format!("{name}={token}; {}", super::caller::browser_cookie());
        caller.get("/account", &[("cookie", &cookies)]).await
    };
    assert_eq!(account(&cookie).await.status, 200);
    let access = tokens.access_token.expose();
    for (what, token) in [("ID token", id), ("access token", access), ("refresh token", &refresh)] {
        let answer = account(token).await;
        assert!(answer.location().starts_with("/login"), "{what} as session");
    }
}

#[test]
fn monster_costs_hardly_more_than_a_good_token() {
    let caller = Caller::new();
    let good = caller.world.tokens(&[]).access_token.expose().to_owned();
    // The best of five: a busy machine may take the processor away, but not each time.
    let best = |what: &str, text: &str, is_good: bool| {
        let all = (0..5).map(|_| {
            let begun = Instant::now();
            let read = caller.world.db.read(|r| token::access(r, &caller.app.env, text));
            assert_eq!(read.unwrap().is_ok(), is_good, "{what}");
            begun.elapsed()
        });
        all.min().unwrap()
    };
    for (what, monster) in monsters() {
        let (usual, took) = (best("good", &good, true), best(what, &monster, false));
        println!("{what}: {took:?} beside {usual:?}");
        assert!(took < usual * 30, "{what}: {took:?} beside {usual:?}");
    }
}
