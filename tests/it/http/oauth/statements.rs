//! Clients that prove themselves by signed statements (`private_key_jwt`).

use mcpcodex::{
    crypto::{
        jwt::{Algorithm, SigningKey},
        secret::b64,
    },
    ops::client::New,
};
use serde_json::{Value, json};

use super::{
    caller::{Answer, Caller},
    documents::local,
};
use crate::{
    ops::oauth::fixture::World,
    support::{
        RUNTIME, TestApp,
        publisher::{Authority, Page, Publisher},
        race,
    },
};

const ISSUER: &str = "http://localhost:8420";
const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

fn key() -> SigningKey {
    SigningKey::generate(Algorithm::ES256).unwrap()
}

fn jwks(keys: &[&SigningKey]) -> Value {
    json!({ "keys": keys.iter().map(|key| key.jwk()).collect::<Vec<_>>() })
}

/// A server with a client that has this key in its registration.
fn caller(key: &SigningKey) -> Caller {
    let jwks = jwks(&[key]);
    Caller::with(|_| {}, |new| signing(new, |new| new.jwks = Some(jwks)))
}

fn signing(new: &mut New, keys: impl FnOnce(&mut New)) {
    new.public = false;
    new.id = Some("nightly".to_owned());
    keys(new);
}

fn claims(caller: &Caller, jti: &str) -> Value {
    let now = caller.app.db.now().secs();
    json!({ "iss": "nightly", "sub": "nightly", "aud": ISSUER, "jti": jti, "iat": now, "exp": now + 60 })
}

fn with(caller: &Caller, name: &str, value: Value) -> Value {
    let mut claims = claims(caller, &format!("{name} {value}"));
    claims[name] = value;
    claims
}

fn send(caller: &Caller, path: &str, more: &[(&str, &str)], statement: &str) -> Answer {
    let mut form = vec![("client_assertion_type", TYPE), ("client_assertion", statement)];
    form.extend(more);
    RUNTIME.block_on(caller.send(path, &[], &form))
}

/// A refresh with nothing to refresh: 400 for a client that proved itself, 401 for one that did not.
fn ask(caller: &Caller, statement: &str) -> Answer {
    let refresh = [("grant_type", "refresh_token"), ("refresh_token", "x.y")];
    send(caller, "/token", &refresh, statement)
}

fn is_in(caller: &Caller, statement: &str) -> bool {
    let answer = ask(caller, statement);
    match answer.status.as_u16() {
        400 => answer.refusal(400) == "invalid_grant",
        _ => answer.refusal(401) != "invalid_client",
    }
}

#[test]
fn statement_of_each_algorithm_proves_its_client_once() {
    let algorithms = [Algorithm::ES256, Algorithm::EdDSA, Algorithm::RS256, Algorithm::PS256];
    for algorithm in algorithms {
        let key = SigningKey::generate(algorithm).unwrap();
        let caller = caller(&key);
        let statement = key.sign("JWT", &claims(&caller, "1")).unwrap();
        assert!(is_in(&caller, &statement), "{algorithm}");
        for _ in 0..3 {
            assert!(!is_in(&caller, &statement), "{algorithm}: used twice");
        }
        assert!(is_in(&caller, &key.sign("JWT", &claims(&caller, "2")).unwrap()));
    }
}

#[test]
fn one_of_many_that_bring_the_same_statement_at_once_is_let_in() {
    let key = key();
    let caller = caller(&key);
    for round in 0..5 {
        let statement = key.sign("JWT", &claims(&caller, &format!("round {round}"))).unwrap();
        let let_in = race(20, |_| is_in(&caller, &statement));
        assert_eq!(let_in.into_iter().filter(|one| *one).count(), 1);
    }
}

#[test]
fn statement_is_spent_for_another_process_and_after_a_restart_too() {
    let key = key();
    let jwks = jwks(&[&key]);
    let server = TestApp::new();
    let shape = |new: &mut New| signing(new, |new| new.jwks = Some(jwks));
    let here = Caller::at(World::within(&server.app, shape), &server.app);
    let there = server.another();
    let there = Caller::at(here.world.as_found_by(&there), &there);
    let statement = |jti: &str| key.sign("JWT", &claims(&here, jti)).unwrap();
    let [one, two, three] = ["1", "2", "3"].map(statement);
    assert!(is_in(&here, &one) && !is_in(&there, &one));
    assert!(is_in(&there, &two) && !is_in(&here, &two));
    for round in 0..5 {
        let statement = statement(&format!("round {round}"));
        let let_in = race(20, |at| is_in([&here, &there][at % 2], &statement));
        assert_eq!(let_in.into_iter().filter(|one| *one).count(), 1);
    }
    let world = here.world.as_found_by(&here.app);
    drop((here, there));
    let server = server.restart();
    let again = Caller::at(world.as_found_by(&server.app), &server.app);
    drop(world);
    for spent in [&one, &two] {
        assert!(!is_in(&again, spent), "a restart forgot it");
    }
    assert!(is_in(&again, &three));
}

#[test]
fn claims_that_say_something_else_prove_nothing() {
    let key = key();
    let caller = caller(&key);
    let now = caller.app.db.now().secs();
    for (name, value) in [
        ("iss", json!("other")),
        ("iss", Value::Null),
        ("sub", json!("other")),
        ("sub", json!("u_1")),
        ("aud", json!("https://evil.example")),
        ("aud", json!("http://localhost:8420.evil.example")),
        ("aud", json!("http://localhost:8420/authorize")),
        ("aud", json!([])),
        ("aud", json!([ISSUER, "https://evil.example"])),
        ("aud", Value::Null),
        ("exp", json!(now - 31)),
        ("exp", json!(now + 3_600)),
        ("exp", json!(i64::MAX)),
        ("exp", json!(1e300)),
        ("exp", json!("tomorrow")),
        ("exp", Value::Null),
        ("nbf", json!(now + 60)),
        ("iat", json!(now + 60)),
        ("iat", json!(now - 2 * 86_400)),
        ("jti", Value::Null),
        ("jti", json!("")),
        ("jti", json!(7)),
        ("jti", json!("x".repeat(256))),
    ] {
        let mut claims = with(&caller, name, value.clone());
        if value.is_null() {
            claims.as_object_mut().unwrap().remove(name);
        }
        let statement = key.sign("JWT", &claims).unwrap();
        let form =
            [("client_id", "nightly"), ("grant_type", "refresh_token"), ("refresh_token", "x.y")];
        let answer = send(&caller, "/token", &form, &statement);
        assert_eq!(answer.refusal(401), "invalid_client", "{name}: {value}");
    }
    for (name, value) in [
        ("aud", json!(format!("{ISSUER}/token"))),
        ("aud", json!(format!("{ISSUER}/"))),
        ("aud", json!([ISSUER, format!("{ISSUER}/token")])),
        ("exp", json!(now + 600)),
        ("exp", json!(f64::from(i32::try_from(now).unwrap()) + 60.5)),
        ("exp", json!(now - 20)),
        ("iat", json!(now + 20)),
        ("nbf", json!(now - 5)),
        ("made_up", json!({ "x": 1 })),
    ] {
        let statement = key.sign("JWT", &with(&caller, name, value.clone())).unwrap();
        assert!(is_in(&caller, &statement), "{name}: {value}");
    }
}

#[test]
fn signature_must_be_of_the_registered_key_and_a_real_one() {
    let (own, other) = (key(), key());
    let caller = caller(&own);
    let claims = claims(&caller, "1");
    let parts = |header: Value, signature: &[u8]| {
        let part = |value: &Value| b64(value.to_string().as_bytes());
        format!("{}.{}.{}", part(&header), part(&claims), b64(signature))
    };
    let good = own.sign("JWT", &claims).unwrap();
    let signature = good.rsplit_once('.').unwrap().1;
    let mut forged = vec![
        other.sign("JWT", &claims).unwrap(),
        // Another type of token that the same key might sign.
        own.sign("at+jwt", &claims).unwrap(),
        own.sign("dpop+jwt", &claims).unwrap(),
        format!("{good}x"),
        good.rsplit_once('.').unwrap().0.to_owned() + ".",
        good.replace('.', ".."),
        "x.y.z".to_owned(),
        "x".repeat(20_000),
    ];
    for alg in ["none", "None", "HS256", "ES384", "RS256", ""] {
        forged.push(parts(json!({ "alg": alg, "typ": "JWT" }), b""));
        forged.push(parts(json!({ "alg": alg, "typ": "JWT" }), signature.as_bytes()));
    }
    let jwk = other.jwk();
    let theirs = other.sign("JWT", &claims).unwrap();
    let theirs = theirs.rsplit_once('.').unwrap().1;
    let header = json!({ "alg": "ES256", "jwk": jwk });
    forged.push(parts(header, &mcpcodex::crypto::secret::unb64(theirs).unwrap()));
    for statement in &forged {
        let form =
            [("client_id", "nightly"), ("grant_type", "refresh_token"), ("refresh_token", "x.y")];
        let answer = send(&caller, "/token", &form, statement);
        assert_eq!(answer.refusal(401), "invalid_client", "{statement}");
    }
    assert!(is_in(&caller, &good));
}

#[test]
fn client_proves_itself_in_its_own_way_and_in_one_way_alone() {
    let key = key();
    let caller = caller(&key);
    let statement = |jti: &str| key.sign("JWT", &claims(&caller, jti)).unwrap();
    let refresh = [("grant_type", "refresh_token"), ("refresh_token", "x.y")];
    let secret = [&refresh[..], &[("client_id", "nightly"), ("client_secret", "s")]].concat();
    assert_eq!(send(&caller, "/token", &secret, &statement("1")).refusal(400), "invalid_request");
    let mut both = vec![("client_assertion_type", TYPE)];
    let text = statement("2");
    both.push(("client_assertion", &text));
    both.extend(refresh);
    // nightly:secret
    let basic = [("authorization", "Basic bmlnaHRseTpzZWNyZXQ=")];
    let answer = RUNTIME.block_on(caller.send("/token", &basic, &both));
    assert_eq!(answer.refusal(400), "invalid_request");
    // By a secret, or by nothing.
    let answer = RUNTIME.block_on(caller.send("/token", &basic, &refresh));
    assert_eq!(answer.refusal(401), "invalid_client");
    let alone = [&refresh[..], &[("client_id", "nightly")]].concat();
    let answer = RUNTIME.block_on(caller.send("/token", &[], &alone));
    assert_eq!(answer.refusal(401), "invalid_client");
    // Another client's id beside it, another type, no type.
    let other = [&refresh[..], &[("client_id", "other")]].concat();
    assert_eq!(send(&caller, "/token", &other, &statement("3")).refusal(401), "invalid_client");
    for kind in ["urn:ietf:params:oauth:client-assertion-type:saml2-bearer", ""] {
        let text = statement("4");
        let form = [&[("client_assertion_type", kind), ("client_assertion", &text)], &refresh[..]];
        let answer = RUNTIME.block_on(caller.send("/token", &[], &form.concat()));
        assert_eq!(answer.refusal(400), "invalid_request", "{kind}");
    }
    assert!(is_in(&caller, &statement("5")));
    // A client with a secret cannot sign, even with somebody's key.
    let secret = Caller::with(|_| {}, |new| signing(new, |_| {}));
    assert!(!is_in(&secret, &statement("6")));
}

#[test]
fn statement_opens_the_other_endpoints_once_as_well() {
    let key = key();
    let caller = caller(&key);
    let token = [("token", "x")];
    let statement = key.sign("JWT", &claims(&caller, "1")).unwrap();
    let answer = send(&caller, "/introspect", &token, &statement);
    assert_eq!(answer.json(), json!({ "active": false }));
    assert_eq!(send(&caller, "/introspect", &token, &statement).refusal(401), "invalid_client");
    assert_eq!(send(&caller, "/revoke", &token, &statement).refusal(401), "invalid_client");
    assert!(!is_in(&caller, &statement));
    let statement = key.sign("JWT", &claims(&caller, "2")).unwrap();
    assert_eq!(send(&caller, "/revoke", &token, &statement).status, 200);
}

#[test]
fn client_that_was_switched_off_proves_nothing() {
    let key = key();
    let caller = caller(&key);
    let id = caller.world.client.id.clone();
    let off = move |tx: &mcpcodex::db::Write<'_>| {
        mcpcodex::ops::client::disable(tx, &crate::support::operator(), &id)
    };
    caller.world.db.write_blocking(off).unwrap();
    assert!(!is_in(&caller, &key.sign("JWT", &claims(&caller, "1")).unwrap()));
}

/// The same with the keys at an address.
fn remote() -> (Caller, Publisher, tempfile::TempDir) {
    local(
        |_| {},
        |site, new| {
            let uri = site.url("localhost", "/jwks.json").to_string();
            signing(new, |new| new.jwks_uri = Some(uri));
        },
    )
}

#[test]
fn keys_at_an_address_are_fetched_once_and_again_when_the_client_changed_them() {
    let (caller, site, _folder) = remote();
    let (old, new) = (key(), key());
    let statement = |key: &SigningKey, jti: &str| key.sign("JWT", &claims(&caller, jti)).unwrap();
    site.put("/jwks.json", Page::json(&jwks(&[&old])));
    for jti in ["1", "2", "3"] {
        assert!(is_in(&caller, &statement(&old, jti)));
    }
    assert_eq!(site.asked().len(), 1);
    // A new key is looked for at once if the last look was long enough ago, and else not.
    site.put("/jwks.json", Page::json(&jwks(&[&new])));
    assert!(!is_in(&caller, &statement(&new, "4")));
    assert_eq!(site.asked().len(), 1);
    caller.world.pass(31);
    let let_in = race(10, |n| is_in(&caller, &statement(&new, &format!("at once {n}"))));
    assert!(let_in.into_iter().all(|one| one));
    assert_eq!(site.asked().len(), 2);
    assert!(!is_in(&caller, &statement(&old, "5")), "the old key is gone");
    // Strangers' keys do not make this server ask more often than every 30 seconds.
    caller.world.pass(31);
    for n in 0..10 {
        assert!(!is_in(&caller, &statement(&key(), &n.to_string())));
    }
    assert_eq!(site.asked().len(), 3);
}

#[test]
fn keys_outlive_a_failure_of_their_address_for_a_day() {
    let (caller, site, _folder) = remote();
    let own = key();
    let statement = |jti: &str| own.sign("JWT", &claims(&caller, jti)).unwrap();
    site.put("/jwks.json", Page::json(&jwks(&[&own])));
    assert!(is_in(&caller, &statement("1")));
    site.put("/jwks.json", Page::Answer(500, vec![], vec![]));
    caller.world.pass(3_601);
    assert!(is_in(&caller, &statement("2")));
    assert!(is_in(&caller, &statement("3")));
    assert_eq!(site.asked().len(), 2);
    caller.world.pass(24 * 3_600);
    let answer = ask(&caller, &statement("4"));
    assert_eq!(answer.refusal(401), "invalid_client");
    assert!(answer.body.contains("500"), "{}", answer.body);
}

#[test]
fn keys_are_not_fetched_from_inside() {
    let site = Publisher::start(&Authority::new(), &["localhost"]);
    let own = key();
    for host in ["127.0.0.1", "localhost", "10.0.0.1", "169.254.169.254", "[::ffff:127.0.0.1]"] {
        let uri = site.url(host, "/jwks.json").to_string();
        let caller =
            Caller::with(|_| {}, |new| signing(new, |new| new.jwks_uri = Some(uri.clone())));
        assert!(!is_in(&caller, &own.sign("JWT", &claims(&caller, "1")).unwrap()), "{uri}");
    }
    assert_eq!(site.connections(), 0);
}

#[test]
fn app_known_by_a_document_proves_itself_by_its_keys() {
    let (caller, site, _folder) = local(|_| {}, |_, _| {});
    let own = key();
    let id = site.url("localhost", "/client.json").to_string();
    site.put("/jwks.json", Page::json(&jwks(&[&own])));
    let document = json!({
        "client_id": id, "client_name": "Signer", "redirect_uris": ["https://app.example.com/cb"],
        "token_endpoint_auth_method": "private_key_jwt",
        "jwks_uri": site.url("localhost", "/jwks.json").as_str(),
    });
    site.put("/client.json", Page::json(&document));
    let mut claims = claims(&caller, "1");
    (claims["iss"], claims["sub"]) = (json!(id), json!(id));
    let statement = own.sign("JWT", &claims).unwrap();
    assert!(is_in(&caller, &statement));
    assert!(!is_in(&caller, &statement));
    let paths: Vec<String> = site.asked().into_iter().map(|asked| asked.path).collect();
    assert_eq!(paths, ["/client.json", "/jwks.json"]);
}

#[test]
fn metadata_names_the_method_and_its_algorithms() {
    let caller = caller(&key());
    let path = "/.well-known/oauth-authorization-server";
    let json = RUNTIME.block_on(caller.get(path, &[])).json();
    for endpoint in ["token", "revocation", "introspection"] {
        let methods = json[format!("{endpoint}_endpoint_auth_methods_supported")].to_string();
        assert!(methods.contains("private_key_jwt"), "{endpoint}: {methods}");
        let algorithms = &json[format!("{endpoint}_endpoint_auth_signing_alg_values_supported")];
        assert_eq!(*algorithms, json!(["RS256", "PS256", "ES256", "EdDSA"]));
    }
}
