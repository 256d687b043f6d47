//! The signed text in a session cookie: HS256 under a key that signs nothing else, with a type of its own.
//! The session itself is a row in the database; a cookie that verifies names one and proves no more.

use std::fmt;

use aws_lc_rs::hmac;
use serde::Serialize;
use serde_json::Value;

use super::jwt::{Parts, Refusal, signed, unsigned};
use crate::error::Result;

const ALG: &str = "HS256";

/// Signs and verifies session cookies.
pub struct SessionSigner(hmac::Key);

impl SessionSigner {
    /// Takes a key of 256 bits, which RFC 7518 §3.2 asks for at least: `vault.mac` derives one.
    pub fn new(secret: &[u8; 32]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, secret))
    }

    /// Signs the claims as a token of that type.
    pub fn sign(&self, typ: &str, claims: &impl Serialize) -> Result<String> {
        let text = unsigned(typ, ALG, None, claims)?;
        let tag = hmac::sign(&self.0, text.as_bytes());
        signed(text, tag.as_ref())
    }

    /// The claims of a token that this key signed as that type. When it ends its row says.
    pub fn verify(&self, token: &str, typ: &str) -> Result<Value, Refusal> {
        let parts = Parts::of(token)?;
        if parts.header.alg != ALG {
            return Err(Refusal::WrongAlgorithm);
        }
        hmac::verify(&self.0, parts.signed.as_bytes(), &parts.signature)
            .map_err(|_| Refusal::BadSignature)?;
        if parts.header.typ.as_deref() != Some(typ) {
            return Err(Refusal::WrongType);
        }
        parts.claims()
    }
}

impl fmt::Debug for SessionSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionSigner")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::crypto::{
        keys::{Algorithm, SigningKey},
        secret::b64,
    };

    const TYP: &str = "session+jwt";

    #[test]
    fn own_token_verifies() {
        let signer = SessionSigner::new(&[7; 32]);
        let token = signer.sign(TYP, &json!({"sid": "s_1"})).unwrap();
        assert_eq!(signer.verify(&token, TYP), Ok(json!({"sid": "s_1"})));
    }

    #[test]
    fn other_key_type_and_any_change_are_refused() {
        let signer = SessionSigner::new(&[7; 32]);
        let token = signer.sign(TYP, &json!({"sid": "s_1"})).unwrap();
        let other = SessionSigner::new(&[8; 32]);
        assert_eq!(other.verify(&token, TYP), Err(Refusal::BadSignature));
        assert_eq!(signer.verify(&token, "csrf+jwt"), Err(Refusal::WrongType));
        let (text, tag) = token.rsplit_once('.').unwrap();
        let (head, _) = text.split_once('.').unwrap();
        let forged = format!("{head}.{}.{tag}", b64(br#"{"sid":"s_2"}"#));
        assert_eq!(signer.verify(&forged, TYP), Err(Refusal::BadSignature));
        assert_eq!(signer.verify(&format!("{text}."), TYP), Err(Refusal::BadSignature));
        let cut = format!("{text}.{}", &tag[..tag.len() - 11]);
        assert_eq!(signer.verify(&cut, TYP), Err(Refusal::BadSignature));
    }

    #[test]
    fn unsigned_and_foreign_algorithms_are_refused() {
        let signer = SessionSigner::new(&[7; 32]);
        for alg in ["none", "None", "nOnE", "", "hs256", "HS512", "RS256"] {
            let text = unsigned(TYP, alg, None, &json!({"sid": "s_1"})).unwrap();
            // Even a tag that fits does not help: the name of the algorithm must fit too.
            let tag = hmac::sign(&signer.0, text.as_bytes());
            let refused = signer.verify(&signed(text, tag.as_ref()).unwrap(), TYP);
            assert_eq!(refused, Err(Refusal::WrongAlgorithm), "{alg}");
        }
    }

    #[test]
    fn access_token_is_no_session_and_session_no_access_token() {
        let (signer, key) =
            (SessionSigner::new(&[7; 32]), SigningKey::generate(Algorithm::ES256).unwrap());
        let access = key.sign(TYP, &json!({"sid": "s_1"})).unwrap();
        assert_eq!(signer.verify(&access, TYP), Err(Refusal::WrongAlgorithm));
        let session = signer.sign("at+jwt", &json!({"sub": "u_1"})).unwrap();
        let refused = key.verifying_key().unwrap().verify(&session).unwrap_err();
        assert_eq!(refused, Refusal::WrongAlgorithm);
    }

    #[test]
    fn the_independent_reader_agrees() {
        use jsonwebtoken::{DecodingKey, Validation, decode};
        let token = SessionSigner::new(&[7; 32]).sign(TYP, &json!({"sid": "s_1"})).unwrap();
        let mut rules = Validation::new(jsonwebtoken::Algorithm::HS256);
        rules.required_spec_claims.clear();
        let read = decode::<Value>(&token, &DecodingKey::from_secret(&[7; 32]), &rules).unwrap();
        assert_eq!(read.claims, json!({"sid": "s_1"}));
        assert_eq!(read.header.typ.as_deref(), Some(TYP));
    }

    #[test]
    fn debug_shows_no_key() {
        assert_eq!(format!("{:?}", SessionSigner::new(&[7; 32])), "SessionSigner");
    }
}
