use serde_json::json;

use super::*;

#[expect(clippy::needless_pass_by_value, reason = "each is made for the one call")]
fn read(value: Value) -> Result<Metadata> {
    Metadata::read(value.as_object().unwrap())
}

/// What most MCP clients send.
fn usual() -> Value {
    json!({
        "client_name": "Tool",
        "redirect_uris": ["http://localhost:4711/callback"],
        "token_endpoint_auth_method": "none",
    })
}

fn with(name: &str, value: Value) -> Value {
    let mut all = usual();
    all[name] = value;
    all
}

fn field(value: Value) -> &'static str {
    read(value).unwrap_err().field().unwrap()
}

#[test]
fn schemes_that_real_apps_register_are_taken_to_the_letter() {
    for uri in [
        "cursor://anysphere.cursor-mcp/oauth/callback",
        "vscode://vscode.github-authentication/did-authenticate",
        "com.example.app:/callback",
        "https://claude.ai/api/mcp/auth_callback",
        "http://127.0.0.1:33418/",
        "http://127.0.0.1/",
        "http://[::1]:8080/cb",
    ] {
        let metadata = read(with("redirect_uris", json!([uri]))).unwrap();
        assert_eq!(metadata.redirect_uris[0].as_str(), uri);
    }
}

#[test]
fn one_bad_redirect_uri_of_several_is_named() {
    for bad in [
        "javascript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "http://example.com/cb",
        "http://192.168.1.5/cb",
        "https://*.example.com/cb",
        "https://a.example/cb#x",
        "https://u:p@a.example/cb",
        "https://a.example/\u{0}",
        "intent://x#Intent;end",
        "ms-msdt:/id",
        "callback",
    ] {
        let error = read(with("redirect_uris", json!(["https://a.example/cb", bad]))).unwrap_err();
        assert_eq!(error.field(), Some(REDIRECT_URIS), "{bad}");
        assert!(error.to_string().contains(bad), "{error}");
    }
    let long = format!("https://a.example/{}", "x".repeat(2_048));
    assert_eq!(field(with("redirect_uris", json!([long]))), REDIRECT_URIS);
    let many: Vec<_> = (0..11).map(|n| format!("https://a.example/{n}")).collect();
    assert_eq!(field(with("redirect_uris", json!(many))), REDIRECT_URIS);
    for missing in [json!([]), Value::Null, json!("https://a.example"), json!([1]), json!({})] {
        assert_eq!(field(with("redirect_uris", missing)), REDIRECT_URIS);
    }
}

#[test]
fn application_type_is_inferred_and_a_mismatch_is_no_fault() {
    for (uri, native) in [
        ("https://a.example/cb", false),
        ("http://localhost/cb", true),
        ("cursor://anysphere.cursor-mcp/oauth/callback", true),
    ] {
        for said in ["web", "native", "nonsense"] {
            let mut all = with("redirect_uris", json!([uri]));
            all["application_type"] = json!(said);
            assert_eq!(read(all).unwrap().native, native, "{uri} {said}");
        }
    }
}

#[test]
fn grants_without_a_person_are_dropped_and_refused_alone() {
    let grants = |asked: Value| read(with("grant_types", asked)).map(|m| m.grant_types);
    assert_eq!(grants(json!(["authorization_code"])).unwrap(), [GrantType::AuthorizationCode]);
    assert_eq!(grants(json!([])).unwrap(), GrantType::USUAL);
    let all: Vec<_> = GrantType::ALL.iter().map(|grant| grant.as_str()).collect();
    assert_eq!(grants(json!(all)).unwrap(), GRANTS);
    assert_eq!(
        grants(json!(["refresh_token", "authorization_code", "implicit", "password"])).unwrap(),
        GrantType::USUAL
    );
    for alone in [json!(["client_credentials"]), json!(["refresh_token"]), json!(["implicit"])] {
        assert_eq!(grants(alone).unwrap_err().field(), Some(METADATA));
    }
}

#[test]
fn what_is_not_known_or_only_shown_never_fails() {
    let mut all = usual();
    for (name, value) in [
        ("resource", json!("https://mcp.example/mcp")),
        ("client_id", json!("admin")),
        ("client_secret", json!("mine")),
        ("client_uri", json!("http://insecure.example")),
        ("logo_uri", json!("data:image/png;base64,AAAA")),
        ("tos_uri", json!({ "deep": [] })),
        ("policy_uri", Value::Null),
        ("contacts", json!("not a list")),
        ("software_id", json!(7)),
        ("scope", json!("")),
        ("jwks", json!({ "keys": "none" })),
    ] {
        all[name] = value;
    }
    let metadata = read(all).unwrap();
    assert_eq!((metadata.client_uri, metadata.jwks), (None, None));
    assert!(metadata.told.is_empty(), "{:?}", metadata.told);
    assert!(metadata.scopes.is_empty());
}

#[test]
fn members_that_decide_are_refused_when_they_are_wrong() {
    for (name, value) in [
        ("token_endpoint_auth_method", json!("client_secret_jwt")),
        ("token_endpoint_auth_method", json!(["none"])),
        ("grant_types", json!("authorization_code")),
        ("response_types", json!(["token"])),
        ("scope", json!(["openid"])),
        ("post_logout_redirect_uris", json!(["javascript:alert(1)"])),
        ("backchannel_logout_uri", json!("http://intranet.example/logout")),
        ("backchannel_logout_uri", json!("https://a.example/logout#f")),
    ] {
        assert_eq!(field(with(name, value.clone())), METADATA, "{name} {value}");
    }
}

#[test]
fn private_keys_and_missing_ones_are_refused() {
    let signs = |name: &str, value: Value| {
        let mut all = with("token_endpoint_auth_method", json!("private_key_jwt"));
        all[name] = value;
        read(all)
    };
    let public = json!({ "keys": [{ "kty": "EC", "crv": "P-256", "x": "AA", "y": "AA" }] });
    assert_eq!(signs("jwks", public.clone()).unwrap().jwks, Some(public));
    assert!(signs("jwks_uri", json!("https://a.example/jwks")).unwrap().jwks_uri.is_some());
    for bad in [
        json!({ "keys": [{ "kty": "EC", "x": "AA", "y": "AA", "d": "AA" }] }),
        json!({ "keys": [{ "kty": "oct", "k": "AA" }] }),
        json!({ "keys": [] }),
        json!({ "keys": ["x"] }),
        json!("x"),
    ] {
        assert!(signs("jwks", bad.clone()).is_err(), "{bad}");
    }
    assert!(signs("jwks_uri", json!("http://a.example/jwks")).is_err());
    assert!(signs("other", json!(1)).is_err());
}

#[test]
fn name_is_cleaned_and_made_when_there_is_none() {
    let name = |value: Value| read(with("client_name", value)).unwrap().name;
    assert_eq!(name(json!("  Claude\u{202e}\u{0} Code\n ")), "Claude Code");
    assert_eq!(name(json!("<b>Bank</b>")), "<b>Bank</b>");
    assert!(name(json!("x".repeat(10_000))).chars().count() <= LONGEST_NAME);
    for none in [json!(""), json!(" \u{200b} "), Value::Null, json!(5)] {
        assert_eq!(name(none), "App on this computer");
    }
    let of = |uri: &str| {
        let mut all = with("redirect_uris", json!([uri]));
        all["client_name"] = Value::Null;
        read(all).unwrap().name
    };
    assert_eq!(of("https://a.example/cb"), "App at a.example");
    assert_eq!(of("cursor://anysphere.cursor-mcp/cb"), "App at cursor");
}

#[test]
fn digest_is_the_same_for_what_makes_no_difference() {
    let digest = |value: Value| read(value).unwrap().digest();
    let first = digest(usual());
    for same in [
        with("redirect_uris", json!(["http://localhost:9/callback"])),
        with("redirect_uris", json!(["http://localhost/callback", "http://localhost:5/callback"])),
        with("grant_types", json!(["refresh_token", "authorization_code"])),
        with("response_types", json!(["code"])),
        with("application_type", json!("web")),
        with("unknown", json!("x")),
        with("client_uri", Value::Null),
    ] {
        assert!(digest(same.clone()).matches(&first), "{same}");
    }
    for other in [
        with("redirect_uris", json!(["http://127.0.0.1/callback"])),
        with("redirect_uris", json!(["http://localhost/callback2"])),
        with("client_name", json!("Tool 2")),
        with("grant_types", json!(["authorization_code"])),
        with("scope", json!("openid")),
        with("software_id", json!("x")),
        with("logo_uri", json!("https://a.example/logo.png")),
        with("token_endpoint_auth_method", json!("client_secret_post")),
    ] {
        assert!(!digest(other.clone()).matches(&first), "{other}");
    }
}

#[test]
fn admin_scopes_are_dropped() {
    let metadata = read(with("scope", json!("openid admin:users read:models"))).unwrap();
    assert_eq!(metadata.scopes.to_string(), "openid read:models");
}
