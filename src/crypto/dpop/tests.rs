//! Proofs as others write them, and as an attacker would.

use serde_json::json;

use super::*;
use crate::crypto::{jwt::SigningKey, secret::b64};

fn claims() -> Value {
    json!({"jti": "j-1", "htm": "POST", "htu": "https://as.example/token", "iat": 1_000})
}

fn header(key: &SigningKey) -> Value {
    let mut jwk = key.jwk();
    for name in ["alg", "use", "kid"] {
        jwk.as_object_mut().unwrap().remove(name);
    }
    json!({"typ": "dpop+jwt", "alg": key.algorithm().as_str(), "jwk": jwk})
}

fn signed(key: &SigningKey, header: &Value, claims: &Value) -> String {
    let text =
        format!("{}.{}", b64(header.to_string().as_bytes()), b64(claims.to_string().as_bytes()));
    let signature = key.raw_signature(text.as_bytes()).unwrap();
    format!("{text}.{}", b64(&signature))
}

#[test]
fn proof_of_every_algorithm_names_its_key() {
    for algorithm in ALGORITHMS {
        let key = SigningKey::generate(algorithm).unwrap();
        let proof = read(&signed(&key, &header(&key), &claims())).unwrap();
        assert_eq!(proof.jkt, key.kid(), "the thumbprint of RFC 7638");
        assert_eq!((proof.jti.as_str(), proof.htm.as_str(), proof.iat), ("j-1", "POST", 1_000));
        assert_eq!(proof.ath, None);
    }
}

#[test]
fn rfc_9449_example_is_read() {
    // §4.1 and its key's thumbprint from §6.1.
    let proof = "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZ\
                 OXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIs\
                 ImNydiI6IlAtMjU2In19.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVy\
                 LmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtF\
                 LbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg";
    let proof = read(&proof.replace(' ', "")).unwrap();
    assert_eq!(proof.jkt, "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I");
    assert_eq!(proof.htu, "https://server.example.com/token");
}

type Spoil = fn(&mut Value);

#[test]
fn header_that_is_not_a_proofs_is_refused() {
    let key = SigningKey::generate(Algorithm::ES256).unwrap();
    let cases: [(Spoil, Fault); 22] = [
        (|h| h["typ"] = "JWT".into(), Fault::Type),
        (|h| h["typ"] = "at+jwt".into(), Fault::Type),
        (|h| drop(h.as_object_mut().unwrap().remove("typ")), Fault::Type),
        (|h| h["alg"] = "none".into(), Fault::Algorithm),
        (|h| h["alg"] = "HS256".into(), Fault::Algorithm),
        (|h| h["alg"] = "ES384".into(), Fault::Algorithm),
        (|h| h["alg"] = "es256".into(), Fault::Algorithm),
        (|h| h["alg"] = "RS256".into(), Fault::Key),
        (|h| h["alg"] = "EdDSA".into(), Fault::Key),
        (|h| drop(h.as_object_mut().unwrap().remove("jwk")), Fault::Key),
        (|h| h["jwk"] = "x".into(), Fault::Key),
        (|h| h["jwk"]["d"] = "AQ".into(), Fault::Key),
        (|h| h["jwk"]["k"] = "AQ".into(), Fault::Key),
        (|h| h["jwk"]["kty"] = "oct".into(), Fault::Key),
        (|h| h["jwk"]["crv"] = "P-384".into(), Fault::Key),
        (|h| h["jwk"]["x"] = "AQ".into(), Fault::Key),
        (|h| h["jwk"]["y"] = h["jwk"]["x"].clone(), Fault::Key),
        (|h| h["jwk"]["alg"] = "ES384".into(), Fault::Key),
        (|h| h["jwk"]["use"] = "enc".into(), Fault::Key),
        (|h| h["crit"] = json!(["exp"]), Fault::Header),
        (|h| h["jku"] = "https://evil.example/jwks".into(), Fault::Header),
        (|h| h["x5c"] = json!(["MIIB"]), Fault::Header),
    ];
    for (at, (spoil, fault)) in cases.into_iter().enumerate() {
        let mut header = header(&key);
        spoil(&mut header);
        assert_eq!(read(&signed(&key, &header, &claims())), Err(fault), "{at}: {header}");
    }
}

#[test]
fn key_in_the_header_must_be_the_one_that_signed() {
    let (key, other) = [(); 2].map(|()| SigningKey::generate(Algorithm::ES256).unwrap()).into();
    assert_eq!(read(&signed(&other, &header(&key), &claims())), Err(Fault::Signature));
    let good = signed(&key, &header(&key), &claims());
    let (head, rest) = good.split_once('.').unwrap();
    let (_, signature) = rest.split_once('.').unwrap();
    let changed = claims().to_string().replace("POST", "GET");
    let swapped = format!("{head}.{}.{signature}", b64(changed.as_bytes()));
    assert_eq!(read(&swapped), Err(Fault::Signature));
    assert_eq!(
        read(&format!("{head}.{}.", b64(claims().to_string().as_bytes()))),
        Err(Fault::Signature)
    );
}

#[test]
fn claims_must_be_there_and_of_their_type() {
    let key = SigningKey::generate(Algorithm::ES256).unwrap();
    let cases: [Spoil; 12] = [
        |c| drop(c.as_object_mut().unwrap().remove("jti")),
        |c| drop(c.as_object_mut().unwrap().remove("htm")),
        |c| drop(c.as_object_mut().unwrap().remove("htu")),
        |c| drop(c.as_object_mut().unwrap().remove("iat")),
        |c| c["jti"] = 7.into(),
        |c| c["jti"] = "".into(),
        |c| c["jti"] = "x".repeat(257).into(),
        |c| c["iat"] = "1000".into(),
        |c| c["iat"] = 1e300.into(),
        |c| c["htu"] = "x".repeat(2_049).into(),
        |c| c["nonce"] = 7.into(),
        |c| c["ath"] = json!([]),
    ];
    for (at, spoil) in cases.into_iter().enumerate() {
        let mut claims = claims();
        spoil(&mut claims);
        assert_eq!(read(&signed(&key, &header(&key), &claims)), Err(Fault::Claims), "{at}");
    }
}

#[test]
fn what_is_no_token_costs_nothing() {
    let key = SigningKey::generate(Algorithm::ES256).unwrap();
    let good = signed(&key, &header(&key), &claims());
    for bad in [
        String::new(),
        ".".repeat(100_000),
        ".".repeat(1_000),
        "a.b.c".to_owned(),
        format!("{good}.x"),
        format!(" {good}"),
        "x".repeat(1 << 20),
        format!("{}.e30.AA", b64("[".repeat(5_000).as_bytes())),
    ] {
        assert_eq!(read(&bad), Err(Fault::Malformed), "{bad:.40}");
    }
}
