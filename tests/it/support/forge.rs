//! Forged tokens: every sort of lie that a header, a signature or a key can tell, made from a genuine token. Whoever
//! follows an address in one finds a real key there, so that a server that looks would believe it.

use aws_lc_rs::{
    hmac,
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, RSA_PKCS1_SHA256, RsaKeyPair},
};
use mcpcodex::crypto::{
    jwt::{Algorithm, SigningKey},
    secret::{b64, unb64},
};
use serde_json::{Value, json};

use super::publisher::{Page, Publisher};

/// A forger, with a key and with a site that vouches for it.
pub(crate) struct Forger<'s> {
    key: SigningKey,
    site: &'s Publisher,
}

/// A token, and what is wrong with it.
pub(crate) type Forged = (String, String);

impl<'s> Forger<'s> {
    /// Publishes a key of its own.
    pub(crate) fn new(site: &'s Publisher, algorithm: Algorithm) -> Self {
        let key = SigningKey::generate(algorithm).unwrap();
        site.put("/forged.json", Page::json(&json!({ "keys": [key.jwk()] })));
        Self { key, site }
    }

    /// Everything that can be done to a genuine token whose signature `jwk` verifies.
    pub(crate) fn all(&self, good: &str, jwk: &Value) -> Vec<Forged> {
        let mut all = renamed(good);
        all.extend(unsigned(good));
        all.extend(keyed_with_what_is_public(good, jwk));
        all.extend(self.with_a_key_of_its_own(good));
        all.extend(demanding(good));
        all
    }

    /// Signed by the forger, under the name of its own key and of ours, with every way to say where that key is.
    fn with_a_key_of_its_own(&self, good: &str) -> Vec<Forged> {
        let header = header(good);
        let typ = header["typ"].as_str().unwrap();
        let url = self.site.url("localhost", "/forged.json").to_string();
        let own = self.key.jwk();
        let mut all = Vec::new();
        for (whose, kid) in [("its own", json!(self.key.kid())), ("our", header["kid"].clone())] {
            for (name, value) in [
                ("", Value::Null),
                ("jku", json!(url)),
                ("x5u", json!(url)),
                ("jwk", json!(own)),
                ("x5c", json!(["MIIB"])),
                ("kid", json!(url)),
            ] {
                let mut changed = json!({ "typ": typ, "alg": own["alg"] });
                if !kid.is_null() {
                    changed["kid"] = kid.clone();
                }
                if !name.is_empty() {
                    changed[name] = value;
                }
                let text = text(good, &changed);
                let signature = self.sign(&text);
                let what = format!("a forger's key under {whose} name, {name}");
                all.push((what, format!("{text}.{signature}")));
            }
        }
        all
    }

    /// The forger's signature over a text.
    fn sign(&self, text: &str) -> String {
        let (der, random) = (self.key.pkcs8().unwrap(), SystemRandom::new());
        let signature = if self.key.algorithm() == Algorithm::RS256 {
            let pair = RsaKeyPair::from_pkcs8(&der).unwrap();
            let mut out = vec![0; pair.public_modulus_len()];
            pair.sign(&RSA_PKCS1_SHA256, &random, text.as_bytes(), &mut out).unwrap();
            out
        } else {
            let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &der).unwrap();
            pair.sign(&random, text.as_bytes()).unwrap().as_ref().to_vec()
        };
        b64(&signature)
    }
}

/// The header of a token.
pub(crate) fn header(token: &str) -> Value {
    serde_json::from_slice(&unb64(token.split('.').next().unwrap()).unwrap()).unwrap()
}

fn with(good: &str, name: &str, value: Value) -> Value {
    let mut changed = header(good);
    changed[name] = value;
    changed
}

/// Another header over the claims of a good one.
fn text(good: &str, header: &Value) -> String {
    let claims = good.split('.').nth(1).unwrap();
    format!("{}.{claims}", b64(header.to_string().as_bytes()))
}

/// Under the name of another algorithm, with the genuine signature and with none.
fn renamed(good: &str) -> Vec<Forged> {
    let genuine = good.rsplit_once('.').unwrap().1;
    let names = [
        "none", "None", "nOnE", "NONE", "", "HS256", "HS384", "HS512", "RS256", "RS384", "PS256",
        "ES256", "ES384", "EdDSA", "XX999",
    ];
    let mut all = Vec::new();
    for alg in names.into_iter().filter(|alg| header(good)["alg"] != *alg) {
        let text = text(good, &with(good, "alg", json!(alg)));
        all.push((format!("alg {alg:?}"), format!("{text}.{genuine}")));
        all.push((format!("alg {alg:?}, unsigned"), format!("{text}.")));
        all.push((format!("alg {alg:?}, without a signature part"), text));
    }
    for alg in [json!(null), json!(7), json!(["RS256"]), json!({})] {
        let text = text(good, &with(good, "alg", alg.clone()));
        all.push((format!("alg {alg}"), format!("{text}.{genuine}")));
    }
    all
}

/// The genuine text with a spoilt signature.
fn unsigned(good: &str) -> Vec<Forged> {
    let (text, genuine) = good.rsplit_once('.').unwrap();
    let zeros = b64(&vec![0; unb64(genuine).unwrap().len()]);
    [
        ("an empty signature", format!("{text}.")),
        ("no signature part", text.to_owned()),
        ("a signature of zeros", format!("{text}.{zeros}")),
        ("a cut signature", good[..good.len() - 4].to_owned()),
        ("a longer signature", format!("{good}AAAA")),
        ("a fourth part", format!("{good}.{genuine}")),
        ("a blank behind it", format!("{good} x")),
    ]
    .map(|(what, token)| (what.to_owned(), token))
    .to_vec()
}

/// What asks for something that is not done, and names of keys that lead elsewhere.
fn demanding(good: &str) -> Vec<Forged> {
    let genuine = good.rsplit_once('.').unwrap().1;
    let deep = format!("../{}dev/null", "../".repeat(20));
    [
        ("crit", json!(["exp"])),
        ("crit", json!([])),
        ("b64", json!(false)),
        ("zip", json!("DEF")),
        ("kid", json!("../../dev/null")),
        ("kid", json!(deep)),
        ("kid", json!("file:///dev/null")),
        ("kid", json!("' or '1'='1")),
        ("kid", json!("x' union select public_jwk from signing_keys --")),
        ("kid", json!("unknown")),
        ("kid", json!("k".repeat(4_000))),
        ("kid", json!("")),
        ("kid", json!(null)),
        ("kid", json!(7)),
        ("typ", json!("session+jwt")),
        ("typ", json!(null)),
    ]
    .map(|(name, value)| {
        let text = text(good, &with(good, name, value.clone()));
        (format!("{name} {value}"), format!("{text}.{genuine}"))
    })
    .to_vec()
}

/// A MAC under everything that a public key can be written as.
pub(crate) fn keyed_with_what_is_public(good: &str, jwk: &Value) -> Vec<Forged> {
    let mut all = Vec::new();
    for (what, secret) in writings(jwk) {
        for (alg, mac) in [
            ("HS256", hmac::HMAC_SHA256),
            ("HS384", hmac::HMAC_SHA384),
            ("HS512", hmac::HMAC_SHA512),
            ("", hmac::HMAC_SHA256),
        ] {
            let header = if alg.is_empty() { header(good) } else { with(good, "alg", json!(alg)) };
            let text = text(good, &header);
            let tag = hmac::sign(&hmac::Key::new(mac, &secret), text.as_bytes());
            let name = if alg.is_empty() { "a MAC under the genuine header" } else { alg };
            let what = format!("{name} keyed with the public {what}");
            all.push((what, format!("{text}.{}", b64(tag.as_ref()))));
        }
    }
    all
}

/// A public key as JWK, as DER and PEM of its `SubjectPublicKeyInfo`, and as the bare numbers.
fn writings(jwk: &Value) -> Vec<(&'static str, Vec<u8>)> {
    let number = |name: &str| unb64(jwk[name].as_str().unwrap()).unwrap();
    let mut all = vec![("JWK", jwk.to_string().into_bytes()), ("nothing", Vec::new())];
    let spki = if jwk["kty"] == "RSA" {
        let pair = der(0x30, &[integer(&number("n")), integer(&number("e"))].concat());
        all.push(("modulus", number("n")));
        all.push(("PKCS #1", pair.clone()));
        // rsaEncryption with NULL (RFC 3279 §2.3.1).
        let rsa = [0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1, 0x05, 0];
        [der(0x30, &rsa), der(0x03, &[vec![0], pair].concat())].concat()
    } else {
        let point = [vec![4], number("x"), number("y")].concat();
        all.push(("point", point.clone()));
        // id-ecPublicKey on prime256v1 (RFC 5480 §2.1.1).
        let ec = [
            0x06, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1, 0x06, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3,
            1, 7,
        ];
        [der(0x30, &ec), der(0x03, &[vec![0], point].concat())].concat()
    };
    let spki = der(0x30, &spki);
    let pem = pem(&spki);
    all.push(("PEM without its last line break", pem.trim_end().as_bytes().to_vec()));
    all.push(("PEM", pem.into_bytes()));
    all.push(("DER", spki));
    all
}

fn integer(bytes: &[u8]) -> Vec<u8> {
    der(0x02, &[vec![0], bytes.to_vec()].concat()[usize::from(bytes[0] < 0x80)..])
}

fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let (high, low) = (u8::try_from(length >> 8).unwrap(), u8::try_from(length & 0xff).unwrap());
    let length = match (high, low) {
        (0, low) if low < 0x80 => vec![low],
        (0, low) => vec![0x81, low],
        (high, low) => vec![0x82, high, low],
    };
    [vec![tag], length, content.to_vec()].concat()
}

fn pem(der: &[u8]) -> String {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    let text = STANDARD.encode(der);
    let lines: Vec<&str> =
        text.as_bytes().chunks(64).map(|line| str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", lines.join("\n"))
}
