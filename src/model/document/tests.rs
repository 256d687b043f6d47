use serde_json::{Value, json};

use super::*;
use crate::{
    model::{
        client::{AuthMethod, Client, GrantType},
        id::ClientId,
    },
    time::Time,
};

const ID: &str = "https://app.example.com/client.json";

fn document() -> Value {
    json!({
        "client_id": ID,
        "client_name": "App",
        "redirect_uris": ["http://localhost/callback", "http://127.0.0.1/callback"],
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "token_endpoint_auth_method": "none",
    })
}

fn with(name: &str, value: Value) -> Value {
    let mut document = document();
    document[name] = value;
    document
}

fn read(document: &Value) -> Result<Client, Flaw> {
    let read = Document::read(ID, document.to_string().as_bytes())?;
    let mut client = Client::new(ClientId::from_text(ID), String::new(), Time::default());
    read.apply(&mut client);
    Ok(client)
}

#[test]
fn only_https_with_a_path_in_its_normal_form_names_a_document() {
    for good in [
        ID,
        "https://app.example.com/a/b.json?v=2",
        "https://app.example.com:8443/c",
        "https://app.example.com/a/",
        "https://app.example.com/a/...",
        "https://app.example.com/.well-known/client",
        "https://93.184.215.14/c",
    ] {
        let url = DocumentUrl::parse(good).unwrap();
        assert_eq!(url.as_str(), good);
        assert!(DocumentUrl::is_meant(good));
    }
    for bad in [
        "http://app.example.com/client.json",
        "HTTPS://app.example.com/client.json",
        "https://app.example.com",
        "https://app.example.com/",
        "https://app.example.com/?x=1",
        "https://app.example.com/c#",
        "https://app.example.com/c#f",
        "https://u@app.example.com/c",
        "https://u:p@app.example.com/c",
        "https://@app.example.com/c",
        "https://app.example.com/a/./c",
        "https://app.example.com/a/../c",
        "https://app.example.com/a/%2e%2E/c",
        "https://app.example.com/a/.%2e/c",
        "https://app.example.com/%2e",
        "https://app.example.com/..\\c",
        "https://app.example.com\\c",
        "https://app.example.com:0/c",
        "https://app.example.com:443/c",
        "https://App.example.com/c",
        "https://0x7f.1/c",
        "https://127.1/c",
        "https:app.example.com/c",
        "https:///c",
        "https://app.example.com/c c",
        "https://app.example.com/c\n",
        " https://app.example.com/c",
        "https://ä.example/c",
    ] {
        assert!(DocumentUrl::parse(bad).is_err(), "{bad}");
    }
    assert!(DocumentUrl::parse(&format!("https://a.example/{}", "x".repeat(2_000))).is_err());
    for other in ["c_1", "mcpcodex-demo", "ftp://a.example/c", "", "https"] {
        assert!(!DocumentUrl::is_meant(other), "{other}");
    }
}

#[test]
fn domain_covers_itself_and_what_is_below_it() {
    let within =
        |url: &str, domain: &str| DocumentUrl::parse(url).unwrap().is_within(&[domain.to_owned()]);
    assert!(within(ID, "example.com") && within(ID, "app.example.com"));
    assert!(!within(ID, "p.example.com") && !within(ID, "other.example"));
    assert!(!within("https://evilexample.com/c", "example.com"));
    assert!(!within("https://example.com.evil.example/c", "example.com"));
}

#[test]
fn document_counts_five_minutes_at_least_and_a_day_at_most() {
    let of = |seconds: u64| freshness(Some(Duration::from_secs(seconds))).as_secs();
    assert_eq!([of(0), of(60), of(600), of(86_400), of(u64::MAX)], [300, 300, 600, 86_400, 86_400]);
    assert_eq!(freshness(None).as_secs(), 3_600);
}

#[test]
fn good_document_becomes_a_client_and_unknown_members_are_passed_over() {
    let mut document = with("grant_types", json!(["authorization_code", "client_credentials"]));
    document["made_up"] = json!({ "x": [1] });
    document["logo_uri"] = json!("https://app.example.com/logo.png");
    document["client_uri"] = json!("https://app.example.com/");
    document["backchannel_logout_uri"] = json!("https://app.example.com/logout");
    document["tos_uri"] = Value::Null;
    document["policy_uri"] = json!("");
    document["vendor_uri"] = json!("http://intranet/");
    let client = read(&document).unwrap();
    assert_eq!(client.name, "App");
    assert_eq!(client.auth_method, AuthMethod::None);
    assert_eq!(client.grant_types, [GrantType::AuthorizationCode]);
    assert_eq!(client.client_uri.as_deref(), Some("https://app.example.com/"));
    assert_eq!(client.backchannel_logout_uri, None);
    assert!(client.accepts_redirect("http://localhost:49152/callback"));
    let mut least = json!({ "client_id": ID, "client_name": "A" });
    least["redirect_uris"] = json!(["https://app.example.com/cb"]);
    assert_eq!(read(&least).unwrap().grant_types, GrantType::USUAL);
}

#[test]
fn document_that_names_another_id_is_refused_to_the_letter() {
    for other in [
        json!("https://app.example.com/client.json/"),
        json!("https://app.example.com/Client.json"),
        json!("https://app.example.com:443/client.json"),
        json!("https://evil.example/client.json"),
    ] {
        assert_eq!(read(&with("client_id", other.clone())).unwrap_err(), Flaw::OtherId, "{other}");
    }
    for none in [Value::Null, json!("")] {
        let flaw = read(&with("client_id", none)).unwrap_err();
        assert_eq!(flaw, Flaw::Missing("client_id"));
    }
}

#[test]
fn secrets_have_no_place_in_a_document() {
    for (name, value) in [
        ("client_secret", json!("s")),
        ("client_secret", json!("")),
        ("client_secret_expires_at", json!(0)),
        ("token_endpoint_auth_method", json!("client_secret_basic")),
        ("token_endpoint_auth_method", json!("client_secret_post")),
        ("token_endpoint_auth_method", json!("client_secret_jwt")),
    ] {
        let flaw = read(&with(name, value)).unwrap_err();
        assert!(matches!(flaw, Flaw::Secret(_)), "{name}: {flaw:?}");
    }
    let flaw = read(&with("token_endpoint_auth_method", json!("tls_client_auth"))).unwrap_err();
    assert_eq!(flaw, Flaw::Method("tls_client_auth".to_owned()));
}

#[test]
fn wrong_members_are_named() {
    let name = |document: Value| read(&document).unwrap_err().to_string();
    assert_eq!(name(json!([])), "it is not a JSON object");
    assert_eq!(name(with("client_name", json!("  "))), "client_name is missing");
    assert_eq!(name(with("client_name", json!(7))), "client_name must be a text");
    assert!(name(with("client_name", json!("a\nb"))).contains("on one line"));
    assert_eq!(name(with("redirect_uris", json!([]))), "redirect_uris is missing");
    assert!(name(with("redirect_uris", json!("https://a.example/cb"))).contains("list of texts"));
    for bad in ["javascript:alert(1)", "http://a.example/cb", "https://*.example/cb", "cb"] {
        let flaw = read(&with("redirect_uris", json!(["https://a.example/cb", bad]))).unwrap_err();
        assert!(matches!(&flaw, Flaw::Redirect(why) if why.contains(bad)), "{flaw:?}");
    }
    for member in ["logo_uri", "client_uri", "tos_uri", "policy_uri", "sector_identifier_uri"] {
        for bad in [json!("http://a.example/"), json!("javascript:alert(1)"), json!(1)] {
            assert_eq!(name(with(member, bad)), format!("{member} must be an https URL"));
        }
    }
    assert!(
        name(with("grant_types", json!(["client_credentials"]))).contains("authorization_code")
    );
    assert!(name(with("grant_types", json!(["refresh_token"]))).contains("authorization_code"));
}

#[test]
fn keys_are_public_and_come_one_way() {
    let key = json!({ "kty": "EC", "crv": "P-256", "x": "x", "y": "y" });
    let signed = |more: Value| {
        let mut document = with("token_endpoint_auth_method", json!("private_key_jwt"));
        for (name, value) in more.as_object().unwrap() {
            document[name] = value.clone();
        }
        read(&document)
    };
    let uri = "https://app.example.com/jwks.json";
    assert!(signed(json!({ "jwks": { "keys": [key] } })).is_ok());
    assert_eq!(signed(json!({ "jwks_uri": uri })).unwrap().jwks_uri.as_deref(), Some(uri));
    for bad in [
        json!({}),
        json!({ "jwks": { "keys": [key] }, "jwks_uri": uri }),
        json!({ "jwks": { "keys": [] } }),
        json!({ "jwks": [key] }),
        json!({ "jwks": { "keys": [{ "kty": "EC", "d": "secret" }] } }),
        json!({ "jwks": { "keys": [{ "kty": "oct", "k": "secret" }] } }),
    ] {
        assert!(matches!(signed(bad.clone()), Err(Flaw::Keys(_))), "{bad}");
    }
    assert!(signed(json!({ "jwks_uri": "http://app.example.com/jwks.json" })).is_err());
}

#[test]
fn document_cannot_ask_for_rights_to_administer() {
    let scopes = |text: &str| read(&with("scope", json!(text))).unwrap().scopes.to_string();
    assert_eq!(scopes("openid admin:users read:models"), "openid read:models");
    assert_eq!(scopes("admin:users"), scopes(""));
}
