//! The public keys of an app: a JWK set (RFC 7517 §5), by value or from its address.

use serde_json::Value;

use crate::crypto::jwt::{Algorithm, Header, Refusal, VerifyingKey};

/// More keys than any app has.
const MOST: usize = 20;
/// Members of keys that must stay with their owner (RFC 7518 §6).
const PRIVATE: [&str; 7] = ["d", "p", "q", "dp", "dq", "qi", "k"];
/// What an app may sign with.
const ALGORITHMS: [Algorithm; 4] =
    [Algorithm::RS256, Algorithm::PS256, Algorithm::ES256, Algorithm::EdDSA];

/// Refuses a key set that cannot be one, or that gives a private key away; the reason otherwise.
pub fn check_keys(jwks: &Value) -> Result<(), &'static str> {
    let keys = jwks.get("keys").and_then(Value::as_array);
    let keys = keys.ok_or("jwks must be an object with a list named keys")?;
    if keys.is_empty() || keys.len() > MOST {
        return Err("jwks must hold 1 to 20 keys");
    }
    let held = |name: &&str| keys.iter().any(|key| key.get(*name).is_some());
    if PRIVATE.iter().any(held) {
        return Err(
            "jwks holds a private key: replace that key, and publish its public half alone",
        );
    }
    Ok(())
}

/// The keys of an app that can be used to prove it.
#[derive(Clone, Debug, PartialEq)]
pub struct KeySet(Vec<Value>);

impl KeySet {
    /// The names of the algorithms that an app may sign with.
    pub fn algorithms() -> [&'static str; 4] {
        ALGORITHMS.map(Algorithm::as_str)
    }

    /// Reads a set; keys that are for something else are passed over later.
    pub fn read(jwks: &Value) -> Result<Self, &'static str> {
        check_keys(jwks)?;
        let keys = jwks.get("keys").and_then(Value::as_array).cloned().unwrap_or_default();
        Ok(Self(keys))
    }

    /// Whether a key of that name is in it.
    pub fn has(&self, kid: &str) -> bool {
        self.0.iter().any(|key| key.get("kid").and_then(Value::as_str) == Some(kid))
    }

    /// The claims of a statement that one of the keys signed. A key that says which algorithm it is for is used with no
    /// other; one that does not is used with the statement's, if it is a key for that at all.
    pub fn verify(&self, statement: &str) -> Result<Value, Refusal> {
        let header = Header::read(statement)?;
        let algorithm = ALGORITHMS.into_iter().find(|own| own.as_str() == header.alg);
        let algorithm = algorithm.ok_or(Refusal::WrongAlgorithm)?;
        let mut refusal = Refusal::UnknownKey;
        for jwk in &self.0 {
            let named = jwk.get("kid").and_then(Value::as_str);
            if header.kid.is_some() && named.is_some() && header.kid.as_deref() != named {
                continue;
            }
            match key(jwk, algorithm, header.kid.as_deref()).map(|key| key.verify(statement)) {
                Some(Ok((_, claims))) => return Ok(claims),
                Some(Err(why)) => refusal = why,
                None => {}
            }
        }
        Err(refusal)
    }
}

fn key(jwk: &Value, algorithm: Algorithm, kid: Option<&str>) -> Option<VerifyingKey> {
    let mut jwk = jwk.as_object()?.clone();
    let own = jwk.entry("alg").or_insert_with(|| algorithm.as_str().into());
    if own.as_str() != Some(algorithm.as_str()) {
        return None;
    }
    // A key without a name answers to any.
    if let Some(kid) = kid {
        jwk.entry("kid").or_insert_with(|| kid.into());
    }
    VerifyingKey::from_jwk(&Value::Object(jwk)).ok()
}
