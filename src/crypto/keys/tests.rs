//! What is signed is verified, what is forged is refused, and a key is read back as it was written.

use std::sync::LazyLock;

use aws_lc_rs::hmac;

use super::*;

/// One key of each algorithm for all tests: RSA keys are dear.
static KEYS: LazyLock<Vec<SigningKey>> =
    LazyLock::new(|| Algorithm::ALL.map(|a| SigningKey::generate(a).unwrap()).into());

fn rsa() -> &'static SigningKey {
    &KEYS[0]
}

fn claims() -> Value {
    json!({"sub": "u_1", "exp": 4_102_444_800_i64})
}

fn forge(header: &str, key: impl Fn(&[u8]) -> Vec<u8>) -> String {
    let text = format!("{}.{}", b64(header.as_bytes()), b64(claims().to_string().as_bytes()));
    let signature = key(text.as_bytes());
    format!("{text}.{}", b64(&signature))
}

#[test]
fn every_algorithm_signs_what_it_verifies() {
    for key in KEYS.iter() {
        let token = key.sign("at+jwt", &claims()).unwrap();
        let (header, read) = key.verifying_key().unwrap().verify(&token).unwrap();
        assert_eq!(read, claims());
        assert_eq!(header.typ.as_deref(), Some("at+jwt"));
        assert_eq!(header.alg, key.algorithm().as_str());
        assert_eq!(header.kid.as_deref(), Some(key.kid()));
    }
}

#[test]
fn the_independent_reader_agrees() {
    use jsonwebtoken::{DecodingKey, Validation, decode, jwk};
    for key in KEYS.iter() {
        let token = key.sign("at+jwt", &claims()).unwrap();
        let public: jwk::Jwk = serde_json::from_value(key.jwk()).unwrap();
        assert_eq!(public.thumbprint(jwk::ThumbprintHash::SHA256).unwrap(), key.kid());
        let decoding = DecodingKey::from_jwk(&public).unwrap();
        let rules = Validation::new(key.algorithm().as_str().parse().unwrap());
        let read = decode::<Value>(&token, &decoding, &rules).unwrap();
        assert_eq!(read.claims, claims(), "{key:?}");
        assert_eq!(read.header.kid.as_deref(), Some(key.kid()));
    }
}

#[test]
fn key_survives_pkcs8() {
    for key in KEYS.iter() {
        let der = key.pkcs8().unwrap();
        let back = SigningKey::from_pkcs8(key.algorithm(), &der).unwrap();
        assert_eq!(back.kid(), key.kid());
        assert_eq!(back.jwk(), key.jwk());
        let token = back.sign("at+jwt", &claims()).unwrap();
        assert!(key.verifying_key().unwrap().verify(&token).is_ok());
        assert!(SigningKey::from_pkcs8(key.algorithm(), &der[..der.len() - 1]).is_err());
    }
    let der = |at: usize| KEYS[at].pkcs8().unwrap();
    assert!(SigningKey::from_pkcs8(Algorithm::RS256, &der(2)).is_err(), "P-256 as RSA");
    assert!(SigningKey::from_pkcs8(Algorithm::ES384, &der(2)).is_err(), "P-256 as P-384");
    assert!(SigningKey::from_pkcs8(Algorithm::EdDSA, &der(0)).is_err(), "RSA as Ed25519");
}

#[test]
fn rfc_7638_section_3_1() {
    let jwk = json!({
        "kty": "RSA",
        "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
        "e": "AQAB",
        "alg": "RS256",
        "kid": "2011-04-29"
    });
    assert_eq!(thumbprint(&jwk).unwrap(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    assert_eq!(VerifyingKey::from_jwk(&jwk).unwrap().kid(), "2011-04-29");
}

#[test]
fn published_key_has_no_private_member() {
    let public = ["alg", "crv", "e", "kid", "kty", "n", "use", "x", "y"];
    for key in KEYS.iter() {
        let jwk = key.jwk();
        for (name, value) in jwk.as_object().unwrap() {
            assert!(public.contains(&name.as_str()), "{name}");
            assert!(value.is_string());
        }
        assert_eq!((&jwk["use"], &jwk["kid"]), (&json!("sig"), &json!(key.kid())));
    }
}

#[test]
fn debug_shows_algorithm_and_name_alone() {
    for key in KEYS.iter() {
        let (algorithm, kid) = (key.algorithm(), key.kid());
        assert_eq!(format!("{key:?}"), format!("SigningKey({algorithm} {kid})"));
        let public = key.verifying_key().unwrap();
        assert_eq!(format!("{public:?}"), format!("VerifyingKey({algorithm} {kid})"));
    }
}

#[test]
fn unsigned_token_is_refused_in_every_spelling() {
    let key = rsa().verifying_key().unwrap();
    for alg in ["none", "None", "nOnE", "NONE", "", "rs256", "RS256 ", "ES512", "RSA-OAEP"] {
        let header = format!(r#"{{"typ":"at+jwt","alg":"{alg}"}}"#);
        let unsigned = forge(&header, |_| Vec::new());
        assert_eq!(key.verify(&unsigned).unwrap_err(), Refusal::WrongAlgorithm, "{alg}");
        // Nor does a signature that would fit make up for the name.
        let signed = forge(&header, |text| rsa().signature(text).unwrap());
        assert_eq!(key.verify(&signed).unwrap_err(), Refusal::WrongAlgorithm, "{alg}");
    }
}

#[test]
fn hmac_keyed_with_the_public_key_is_refused() {
    let (n, jwk) = (rsa().jwk()["n"].as_str().unwrap().to_owned(), rsa().jwk().to_string());
    let modulus = unb64(&n).unwrap();
    for secret in [n.as_bytes(), jwk.as_bytes(), &modulus] {
        for alg in ["HS256", "RS256"] {
            let token = forge(&format!(r#"{{"alg":"{alg}"}}"#), |text| {
                let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
                hmac::sign(&key, text).as_ref().to_vec()
            });
            assert!(rsa().verifying_key().unwrap().verify(&token).is_err(), "{alg}");
        }
    }
}

#[test]
fn empty_foreign_or_changed_signature_is_refused() {
    for (at, key) in KEYS.iter().enumerate() {
        let public = key.verifying_key().unwrap();
        let header = format!(r#"{{"alg":"{}","kid":"{}"}}"#, key.algorithm(), key.kid());
        assert!(public.verify(&forge(&header, |text| key.signature(text).unwrap())).is_ok());
        let zeros = |length: usize| forge(&header, move |_| vec![0; length]);
        for length in [0, 1, 63, 64, 96, 256] {
            // All zeros is the "psychic" signature that a careless ECDSA takes for good.
            assert_eq!(public.verify(&zeros(length)).unwrap_err(), Refusal::BadSignature);
        }
        let other = SigningKey::generate(Algorithm::EdDSA).unwrap();
        let foreign = if at == 4 { &other } else { &KEYS[4] };
        let token = forge(&header, |text| foreign.signature(text).unwrap());
        assert_eq!(public.verify(&token).unwrap_err(), Refusal::BadSignature);
        let mut changed = key.sign("at+jwt", &claims()).unwrap();
        let payload = b64(br#"{"sub":"u_2"}"#);
        let parts: Vec<_> = changed.split('.').map(str::to_owned).collect();
        changed = format!("{}.{payload}.{}", parts[0], parts[2]);
        assert_eq!(public.verify(&changed).unwrap_err(), Refusal::BadSignature);
    }
}

#[test]
fn same_kid_from_another_instance_does_not_help() {
    let other = SigningKey::generate(Algorithm::ES256).unwrap();
    let ours = &KEYS[2];
    let header = format!(r#"{{"alg":"ES256","kid":"{}"}}"#, ours.kid());
    let token = forge(&header, |text| other.signature(text).unwrap());
    assert_eq!(ours.verifying_key().unwrap().verify(&token).unwrap_err(), Refusal::BadSignature);
    let honest = other.sign("at+jwt", &claims()).unwrap();
    assert_eq!(ours.verifying_key().unwrap().verify(&honest).unwrap_err(), Refusal::UnknownKey);
}

#[test]
fn critical_header_is_refused_although_its_signature_fits() {
    let public = rsa().verifying_key().unwrap();
    let own = rsa().jwk();
    for member in [r#""crit":["exp"]"#.to_owned(), format!(r#""jwk":{own}"#)] {
        let header = format!(r#"{{"alg":"RS256",{member}}}"#);
        let token = forge(&header, |text| rsa().signature(text).unwrap());
        assert_eq!(public.verify(&token).unwrap_err(), Refusal::Critical);
    }
}

#[test]
fn unusable_jwk_is_refused() {
    let with = |at: usize, name: &str, value: Value| {
        let mut jwk = KEYS[at].jwk();
        jwk[name] = value;
        VerifyingKey::from_jwk(&jwk).is_err()
    };
    assert!(!with(0, "kid", json!("mine")));
    for alg in [json!("none"), json!("HS256"), json!("ES256"), json!("EdDSA"), json!(null)] {
        assert!(with(0, "alg", alg));
    }
    assert!(with(0, "use", json!("enc")));
    assert!(with(0, "kty", json!("oct")));
    assert!(with(0, "n", json!(b64(&[0xff; 128]))), "1024 bits");
    assert!(with(0, "n", json!(b64(&[0xff; 1025]))), "8200 bits");
    assert!(with(0, "e", json!("")));
    assert!(with(2, "crv", json!("P-384")));
    assert!(with(2, "alg", json!("ES384")));
    assert!(with(2, "x", json!(b64(&[1; 32]))), "not on the curve");
    assert!(with(2, "x", json!(b64(&[1; 31]))));
    assert!(with(4, "crv", json!("X25519")));
    assert!(with(4, "x", json!("")));
    assert!(VerifyingKey::from_jwk(&json!("RS256")).is_err());
}
