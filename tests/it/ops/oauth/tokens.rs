//! What tokens say, and which are believed.

use mcpcodex::{
    config::authentication::Registration,
    config::tokens::{IdClaim, SigningAlgorithm},
    crypto::{
        jwt::{Algorithm, SigningKey},
        secret::{b64, sha256},
    },
    ops::{
        key,
        oauth::{Code, metadata, token, userinfo::userinfo},
    },
};
use serde_json::{Value, json};

use super::fixture::*;

#[test]
fn access_token_says_what_rfc_9068_wants() {
    let world = world();
    let tokens = world.tokens(&[("scope", "openid email")]);
    let token = tokens.access_token.expose();
    let (header, claims) = (part(token, 0), claims(token));
    assert_eq!(header["typ"], "at+jwt");
    assert_eq!(header["alg"], "ES256");
    let now = START.secs();
    let expected = json!({
        "iss": "http://localhost:8420", "sub": world.user.as_str(), "aud": "mcpcodex-api", "iat": now,
        "exp": now + 900, "auth_time": now, "client_id": world.client.id.as_str(), "scope": "openid email",
        "acr": "urn:mcpcodex:acr:password", "amr": ["pwd"], "roles": ["user"],
        "jti": claims["jti"], "gid": claims["gid"],
    });
    assert_eq!(claims, expected);
    assert_eq!(tokens.expires_in, 900);
    let other = world.tokens(&[]);
    assert_ne!(self::claims(other.access_token.expose())["jti"], claims["jti"]);
}

#[test]
fn id_token_has_exactly_the_configured_claims_that_the_scopes_allow() {
    let world = world();
    let base = [
        "iss",
        "sub",
        "aud",
        "azp",
        "iat",
        "exp",
        "auth_time",
        "acr",
        "amr",
        "nonce",
        "sid",
        "at_hash",
    ];
    let names = |scope: &str, more: &[&str]| {
        let tokens = world.tokens(&[("scope", scope)]);
        let id = tokens.id_token.unwrap();
        assert_eq!(part(id.expose(), 0)["typ"], "JWT");
        let claims = claims(id.expose());
        let mut found: Vec<_> = claims.as_object().unwrap().keys().cloned().collect();
        let mut expected: Vec<_> = base.iter().chain(more).map(|&name| name.to_owned()).collect();
        found.sort();
        expected.sort();
        assert_eq!(found, expected, "{scope}");
        let half = sha256(tokens.access_token.expose().as_bytes());
        assert_eq!(claims["at_hash"], b64(&half[..16]));
        claims
    };
    names("openid", &[]);
    names("openid email", &["email"]);
    let all = names("openid profile email", &["email", "name", "roles"]);
    assert_eq!(all["aud"], world.client.id.as_str());
    assert_eq!(all["sub"], world.user.as_str());
    assert_eq!(all["nonce"], "n-1");
    assert_eq!(all["sid"], world.signed_in.session.id.as_str());
    assert_eq!(all["name"], "Ann Example");
    assert_eq!(all["exp"], START.secs() + 3_600);
    assert!(world.tokens(&[("scope", "email")]).id_token.is_none());
}

#[test]
fn refreshed_id_token_is_about_the_same_sign_in_and_has_no_nonce() {
    let world = world();
    let tokens = world.tokens(&[]);
    let first = claims(tokens.id_token.as_ref().unwrap().expose());
    world.pass(60);
    let next = minted(world.refresh(&refresh_token(&tokens)));
    let next = claims(next.id_token.unwrap().expose());
    for same in ["iss", "sub", "aud", "azp", "auth_time", "sid", "amr", "acr"] {
        assert_eq!(next[same], first[same], "{same}");
    }
    assert!(next.get("nonce").is_none());
    assert_eq!(next["iat"], START.secs() + 60);
}

#[test]
fn configuration_decides_issuer_audience_lifetimes_and_claims() {
    let world = world_with(
        |config| {
            let tokens = &mut config.authentication.tokens;
            tokens.access_token.issuer = Some("mcpcodex.com".to_owned());
            tokens.access_token.audience = "another-api".to_owned();
            tokens.access_token.lifetime = std::time::Duration::from_secs(60);
            tokens.access_token.algorithm = SigningAlgorithm::EdDsa;
            tokens.id_token.claims = vec![IdClaim::Sub];
            tokens.id_token.lifetime = std::time::Duration::from_secs(120);
        },
        |_| {},
    );
    let tokens = world.tokens(&[]);
    let (access, id) = (tokens.access_token.expose(), tokens.id_token.as_ref().unwrap().expose());
    assert_eq!(part(access, 0)["alg"], "EdDSA");
    let (access, id) = (claims(access), claims(id));
    assert_eq!(access["iss"], "mcpcodex.com");
    assert_eq!(access["aud"], "another-api");
    assert_eq!(access["exp"], START.secs() + 60);
    assert_eq!(id["iss"], "http://localhost:8420");
    assert_eq!(id["exp"], START.secs() + 120);
    assert!(id.get("email").is_none() && id.get("roles").is_none() && id.get("name").is_none());
    assert!(world.is_active(tokens.access_token.expose()));
}

#[test]
fn resource_is_the_audience_and_brings_its_scopes() {
    let world = world();
    let tokens = world.tokens(&[("resource", MCP), ("scope", "")]);
    assert_eq!(claims(tokens.access_token.expose())["aud"], MCP);
    assert_eq!(tokens.scope, "openid profile email read:models");
}

#[test]
fn introspection_tells_all_of_a_good_token_and_nothing_of_another() {
    let world = world();
    let tokens = world.tokens(&[]);
    let access = tokens.access_token.expose();
    let answer = world.introspect(access);
    assert_eq!(answer["active"], true);
    assert_eq!(answer["username"], "ann");
    assert_eq!(answer["client_id"], world.client.id.as_str());
    assert_eq!(answer["scope"], "openid profile email");
    assert_eq!(answer["token_type"], "Bearer");
    let refresh = refresh_token(&tokens);
    assert_eq!(world.introspect(&refresh)["active"], true);

    let inactive = json!({ "active": false });
    assert_eq!(world.introspect_as(&world.another_client(), &refresh), inactive);
    let id = tokens.id_token.as_ref().unwrap().expose();
    for text in ["", "x", "a.b.c", "mcr_AAAA", "mcp_x", id, &access[..access.len() - 4]] {
        assert_eq!(world.introspect(text), inactive, "{text}");
    }
    world.pass(899);
    assert!(world.is_active(access));
    world.pass(1);
    assert_eq!(world.introspect(access), inactive);
}

#[test]
fn spent_refresh_token_is_inactive() {
    let world = world();
    let one = refresh_token(&world.tokens(&[]));
    let two = refresh_token(&minted(world.refresh(&one)));
    assert!(!world.is_active(&one));
    assert!(world.is_active(&two));
    world.pass(86_400);
    assert!(!world.is_active(&two));
}

#[test]
fn userinfo_gives_what_the_scopes_allow_and_wants_openid() {
    let world = world();
    let ask = |token: &str| world.db.read(|r| userinfo(r, &world.env, token)).unwrap();
    let claims = |scope: &str| {
        let tokens = world.tokens(&[("scope", scope)]);
        ask(tokens.access_token.expose()).map(Value::Object)
    };
    let sub = world.user.as_str();
    assert_eq!(claims("openid").unwrap(), json!({ "sub": sub }));
    assert_eq!(
        claims("openid email profile").unwrap(),
        json!({
            "sub": sub, "email": "ann@example.com", "name": "Ann Example", "preferred_username": "ann",
            "roles": ["user"],
        })
    );
    assert_eq!(claims("email").unwrap_err().code, Code::InsufficientScope);
    let tokens = world.tokens(&[]);
    for wrong in [tokens.id_token.as_ref().unwrap().expose(), &refresh_token(&tokens), ""] {
        assert_eq!(ask(wrong).unwrap_err().code, Code::InvalidToken);
    }
}

/// Whether the server takes a token with this header and these claims, signed by `key`.
fn taken(world: &World, key: &SigningKey, typ: &str, claims: &Value) -> bool {
    let token = key.sign(typ, claims).unwrap();
    world.db.read(|r| token::access(r, &world.env, &token)).unwrap().is_ok()
}

#[test]
fn wrong_type_issuer_time_or_key_is_refused() {
    let world = world();
    let good = claims(world.tokens(&[]).access_token.expose());
    let own = world.db.read(|r| key::signer(r, &world.env, Algorithm::ES256)).unwrap();
    assert!(taken(&world, &own, "at+jwt", &good));
    let foreign = SigningKey::generate(Algorithm::ES256).unwrap();
    assert!(!taken(&world, &foreign, "at+jwt", &good), "foreign key");
    for typ in ["JWT", "session+jwt", "at", ""] {
        assert!(!taken(&world, &own, typ, &good), "typ {typ}");
    }
    let with = |name: &str, value: Value| {
        let mut claims = good.clone();
        claims[name] = value;
        claims
    };
    let now = START.secs();
    for (name, value) in [
        ("iss", json!("http://localhost:8420/")),
        ("iss", json!("https://evil.example")),
        ("iss", json!(null)),
        ("exp", json!(now)),
        ("exp", json!(now - 1)),
        ("exp", json!("9999999999")),
        ("exp", json!(null)),
        ("nbf", json!(now + 60)),
        ("gid", json!("g_unknown")),
        ("gid", json!(null)),
        ("jti", json!(null)),
        ("aud", json!(null)),
        ("aud", json!([])),
        ("aud", json!("")),
        ("aud", json!(7)),
        ("aud", json!([MCP, 7])),
        ("aud", json!("https://elsewhere.example/mcp")),
    ] {
        assert!(!taken(&world, &own, "at+jwt", &with(name, value.clone())), "{name} {value}");
    }
}

#[test]
fn header_cannot_choose_algorithm_or_key() {
    let world = world();
    let tokens = world.tokens(&[]);
    let good = tokens.access_token.expose();
    let (header, rest) = (part(good, 0), good.split_once('.').unwrap().1);
    let accepted = |header: &Value| {
        let token = format!("{}.{rest}", b64(header.to_string().as_bytes()));
        world.db.read(|r| token::access(r, &world.env, &token)).unwrap().is_ok()
    };
    assert!(world.is_active(good));
    let with = |name: &str, value: Value| {
        let mut header = header.clone();
        header[name] = value;
        header
    };
    for alg in ["none", "None", "nOnE", "HS256", "RS256", "ES384", "", "unknown"] {
        assert!(!accepted(&with("alg", json!(alg))), "alg {alg}");
    }
    let sql = "' or 1=1 --";
    for kid in ["../../dev/null", sql, "unknown", "", &"k".repeat(8_000)] {
        assert!(!accepted(&with("kid", json!(kid))), "kid {kid}");
    }
    for (name, value) in [
        ("jku", json!("http://127.0.0.1:1/jwks")),
        ("x5u", json!("http://127.0.0.1:1/cert")),
        ("jwk", json!({ "kty": "EC" })),
        ("crit", json!(["b64"])),
    ] {
        assert!(!accepted(&with(name, value)), "{name}");
    }
    // The signature itself, emptied and for `none`.
    let unsigned = good.rsplit_once('.').unwrap().0;
    assert!(!world.is_active(&format!("{unsigned}.")));
    let claims = good.split('.').nth(1).unwrap();
    let none = format!("{}.{claims}.", b64(br#"{"typ":"at+jwt","alg":"none"}"#));
    assert!(!world.is_active(&none));
}

#[test]
fn metadata_names_only_what_is_there_and_nothing_is_null() {
    let world = world();
    let document = metadata::document(&world.env, true);
    assert_eq!(document["issuer"], world.env.site.issuer.as_str());
    assert_eq!(document["code_challenge_methods_supported"], json!(["S256"]));
    let grants = document["grant_types_supported"].as_array().unwrap();
    assert!(grants.contains(&json!("authorization_code")) && !grants.contains(&json!("password")));
    assert_eq!(
        document["scopes_supported"],
        json!(["openid", "profile", "email", "offline_access"])
    );
    assert!(document.as_object().unwrap().values().all(|value| !value.is_null()));
    let issuer = world.env.site.issuer.as_str();
    assert_eq!(document["registration_endpoint"], format!("{issuer}/register"));
    let closed = world_with(
        |config| config.authentication.clients.dynamic_registration = Registration::Off,
        |_| {},
    );
    assert!(metadata::document(&closed.env, true).get("registration_endpoint").is_none());
}

#[test]
fn published_keys_are_public_and_made_once() {
    let world = world();
    let env = std::sync::Arc::clone(&world.env);
    key::ensure(&world.db, &env).unwrap();
    let jwks = world.db.read(key::jwks).unwrap();
    let keys = jwks["keys"].as_array().unwrap();
    assert_eq!(keys.len(), 1);
    for private in ["d", "p", "q", "dp", "dq", "qi", "k"] {
        assert!(keys[0].get(private).is_none(), "{private}");
    }
    let kid = part(world.tokens(&[]).access_token.expose(), 0)["kid"].clone();
    assert_eq!(keys[0]["kid"], kid);
}
