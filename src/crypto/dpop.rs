//! Proofs that a key is held (RFC 9449 §4): a small token that brings its own public key and is signed by it. This is
//! the one reader that takes a key from a token; what such a key may do is decided by whoever knows its thumbprint.

use std::fmt;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{
    jwt::{Algorithm, MAX_TOKEN_BYTES, VerifyingKey},
    keys::thumbprint,
    secret::unb64,
};

/// How a proof may be signed. Nothing symmetric, and no `none`.
pub const ALGORITHMS: [Algorithm; 4] =
    [Algorithm::ES256, Algorithm::RS256, Algorithm::PS256, Algorithm::EdDSA];
/// The type of a proof (RFC 9449 §4.2).
const TYP: &str = "dpop+jwt";
/// Real identifiers are UUIDs or random bytes.
const JTI_MAX: usize = 256;
const NONCE_MAX: usize = 256;
const HTU_MAX: usize = 2_048;
/// Members of a private or symmetric key (RFC 7518 §6).
const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];
/// Header members that would have us fetch, skip or understand something.
const REFUSED: [&str; 6] = ["crit", "b64", "zip", "jku", "x5u", "x5c"];

/// What a proof says. Its signature fits; where and when it counts is not looked at yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// The thumbprint of the key that signed it (RFC 7638).
    pub jkt: String,
    /// Its own id.
    pub jti: String,
    /// The method it was made for.
    pub htm: String,
    /// The address it was made for.
    pub htu: String,
    /// When it was made, in Unix seconds.
    pub iat: i64,
    /// The base64url of the SHA-256 of the access token that goes along.
    pub ath: Option<String>,
    /// The server's nonce.
    pub nonce: Option<String>,
}

/// What is wrong with a proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is not a signed token, or too long.
    Malformed,
    /// Its type is another.
    Type,
    /// Its algorithm is not one of [`ALGORITHMS`].
    Algorithm,
    /// Its header wants something that is not done.
    Header,
    /// Its key is missing, unusable, or not public.
    Key,
    /// Its signature does not fit.
    Signature,
    /// A claim is missing, of another type, or too long.
    Claims,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "the DPoP proof is not a well-formed signed token",
            Self::Type => "the DPoP proof's typ must be dpop+jwt",
            Self::Algorithm => "the DPoP proof's alg must be ES256, RS256, PS256 or EdDSA",
            Self::Header => "the DPoP proof's header has a member that is not honoured",
            Self::Key => "the DPoP proof's jwk must be a public key that fits its alg",
            Self::Signature => "the DPoP proof is not signed by the key that it brings",
            Self::Claims => "the DPoP proof needs jti, htm, htu and iat of the right types",
        })
    }
}

#[derive(Deserialize)]
struct Claims {
    jti: String,
    htm: String,
    htu: String,
    iat: i64,
    #[serde(default)]
    ath: Option<String>,
    #[serde(default)]
    nonce: Option<String>,
}

/// Reads a proof and verifies its signature by the key that it brings.
pub fn read(text: &str) -> Result<Proof, Fault> {
    if text.len() > MAX_TOKEN_BYTES {
        return Err(Fault::Malformed);
    }
    let (signed, signature) = text.rsplit_once('.').ok_or(Fault::Malformed)?;
    let (header, payload) = signed.split_once('.').ok_or(Fault::Malformed)?;
    if payload.contains('.') {
        return Err(Fault::Malformed);
    }
    let header: Map<String, Value> = json_of(header).ok_or(Fault::Malformed)?;
    let (key, jkt) = key(&header)?;
    let signature = unb64(signature).ok_or(Fault::Malformed)?;
    if !key.fits(signed.as_bytes(), &signature) {
        return Err(Fault::Signature);
    }
    let claims: Claims = json_of(payload).ok_or(Fault::Claims)?;
    let texts =
        [(claims.jti.as_str(), JTI_MAX), (claims.htm.as_str(), 16), (claims.htu.as_str(), HTU_MAX)];
    let nonce = claims.nonce.as_ref().is_none_or(|nonce| nonce.len() <= NONCE_MAX);
    if !nonce || texts.iter().any(|(text, most)| text.is_empty() || text.len() > *most) {
        return Err(Fault::Claims);
    }
    let Claims { jti, htm, htu, iat, ath, nonce } = claims;
    Ok(Proof { jkt, jti, htm, htu, iat, ath, nonce })
}

/// The key of a header that asks for nothing else, and its thumbprint.
fn key(header: &Map<String, Value>) -> Result<(VerifyingKey, String), Fault> {
    let text = |name: &str| header.get(name).and_then(Value::as_str);
    if text("typ").is_none_or(|typ| !typ.eq_ignore_ascii_case(TYP)) {
        return Err(Fault::Type);
    }
    let algorithm = text("alg").and_then(Algorithm::parse);
    let algorithm = algorithm.filter(|one| ALGORITHMS.contains(one)).ok_or(Fault::Algorithm)?;
    if REFUSED.iter().any(|name| header.contains_key(*name)) {
        return Err(Fault::Header);
    }
    let Some(Value::Object(jwk)) = header.get("jwk") else { return Err(Fault::Key) };
    let named = jwk.get("alg").is_none_or(|own| own == algorithm.as_str());
    if !named || PRIVATE.iter().any(|name| jwk.contains_key(*name)) {
        return Err(Fault::Key);
    }
    // Rebuilt from the members that make the key, so that nothing else in it counts.
    let mut own = Map::new();
    own.insert("alg".to_owned(), algorithm.as_str().into());
    for name in ["kty", "crv", "x", "y", "n", "e", "use"] {
        own.extend(jwk.get(name).map(|value| (name.to_owned(), value.clone())));
    }
    let own = Value::Object(own);
    let jkt = thumbprint(&own).ok_or(Fault::Key)?;
    let key = VerifyingKey::from_jwk(&own).map_err(|_| Fault::Key)?;
    Ok((key, jkt))
}

/// Reads base64url of JSON. Size is bounded by the proof's, depth by the reader.
fn json_of<T: for<'de> Deserialize<'de>>(part: &str) -> Option<T> {
    serde_json::from_slice(&unb64(part)?).ok()
}

#[cfg(test)]
mod tests;
