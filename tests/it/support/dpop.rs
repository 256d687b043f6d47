//! A client's own key and its proofs (RFC 9449), written here once more so that the server's reader is not its own judge.

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _},
};
use mcpcodex::crypto::secret::{b64, random_token, sha256};
use serde_json::{Value, json};

/// An ES256 key.
pub(crate) struct Key {
    pair: EcdsaKeyPair,
    /// Its public half.
    pub(crate) jwk: Value,
    /// The thumbprint of that.
    pub(crate) jkt: String,
}

impl Key {
    pub(crate) fn new() -> Self {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        let point = pair.public_key().as_ref();
        let (x, y) = (b64(&point[1..33]), b64(&point[33..]));
        // RFC 7638 §3: the required members in the order of their names, without blanks.
        let members = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
        let jwk = json!({"kty": "EC", "crv": "P-256", "x": x, "y": y});
        Self { jkt: b64(&sha256(members.as_bytes())), pair, jwk }
    }

    /// A proof with these claims.
    pub(crate) fn sign(&self, claims: &Value) -> String {
        let header = json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": self.jwk});
        let text = format!(
            "{}.{}",
            b64(header.to_string().as_bytes()),
            b64(claims.to_string().as_bytes())
        );
        let signature = self.pair.sign(&SystemRandom::new(), text.as_bytes()).unwrap();
        format!("{text}.{}", b64(signature.as_ref()))
    }

    /// A proof as a client makes one.
    pub(crate) fn proof(&self, what: &Proof<'_>) -> String {
        let mut claims = json!({
            "jti": random_token(16).expose(), "htm": what.method, "htu": what.url, "iat": what.iat,
        });
        if let Some(nonce) = what.nonce {
            claims["nonce"] = nonce.into();
        }
        if let Some(token) = what.token {
            claims["ath"] = b64(&sha256(token.as_bytes())).into();
        }
        self.sign(&claims)
    }
}

/// What a proof is about.
#[derive(Clone, Copy)]
pub(crate) struct Proof<'a> {
    pub(crate) method: &'a str,
    pub(crate) url: &'a str,
    pub(crate) iat: i64,
    pub(crate) nonce: Option<&'a str>,
    pub(crate) token: Option<&'a str>,
}
