//! Signing keys and their public halves: made, stored as PKCS#8, published as JWK, used to sign and verify.
//! Which key signs now and which are still published is decided by the use cases over the key table.

use std::fmt;

use aws_lc_rs::{
    encoding::{AsDer as _, Pkcs8V1Der},
    rand::SystemRandom,
    rsa::KeySize,
    signature::{
        self, EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair as _, ParsedPublicKey,
        RsaKeyPair, RsaParameters, RsaPublicKeyComponents, RsaSignatureEncoding,
        VerificationAlgorithm,
    },
};
use serde::Serialize;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::{
    jwt::{Header, Parts, Refusal, signed, unsigned},
    secret::{b64, sha256, unb64},
};
use crate::error::{Error, Result};

/// The signature algorithms that are offered. There is no `none`, and nothing symmetric.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Algorithm {
    /// RSA, PKCS#1 v1.5, SHA-256: the one that every client can verify.
    RS256,
    /// RSA, PSS, SHA-256.
    PS256,
    /// ECDSA on P-256 with SHA-256.
    ES256,
    /// ECDSA on P-384 with SHA-384.
    ES384,
    /// Ed25519 (RFC 8037).
    EdDSA,
}

impl Algorithm {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::RS256, Self::PS256, Self::ES256, Self::ES384, Self::EdDSA];

    /// The name in JOSE.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RS256 => "RS256",
            Self::PS256 => "PS256",
            Self::ES256 => "ES256",
            Self::ES384 => "ES384",
            Self::EdDSA => "EdDSA",
        }
    }

    /// The algorithm of exactly that name, if it is offered.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.as_str() == name)
    }

    fn verification(self) -> &'static dyn VerificationAlgorithm {
        match self {
            Self::RS256 | Self::PS256 => self.rsa_parameters(),
            Self::ES256 => &signature::ECDSA_P256_SHA256_FIXED,
            Self::ES384 => &signature::ECDSA_P384_SHA384_FIXED,
            Self::EdDSA => &signature::ED25519,
        }
    }

    fn rsa_parameters(self) -> &'static RsaParameters {
        if self == Self::PS256 {
            &signature::RSA_PSS_2048_8192_SHA256
        } else {
            &signature::RSA_PKCS1_2048_8192_SHA256
        }
    }

    fn rsa_encoding(self) -> &'static RsaSignatureEncoding {
        if self == Self::PS256 { &signature::RSA_PSS_SHA256 } else { &signature::RSA_PKCS1_SHA256 }
    }

    fn ecdsa(self) -> &'static EcdsaSigningAlgorithm {
        if self == Self::ES384 {
            &signature::ECDSA_P384_SHA384_FIXED_SIGNING
        } else {
            &signature::ECDSA_P256_SHA256_FIXED_SIGNING
        }
    }

    /// `crv` and the bytes of one coordinate.
    fn curve(self) -> (&'static str, usize) {
        match self {
            Self::ES384 => ("P-384", 48),
            Self::ES256 => ("P-256", 32),
            Self::EdDSA | Self::RS256 | Self::PS256 => ("Ed25519", 32),
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

enum Pair {
    // Parsing an RSA key costs as much as signing with it: it is parsed once and kept.
    Rsa(Box<RsaKeyPair>),
    Ec(EcdsaKeyPair),
    Ed(Ed25519KeyPair),
}

/// A private key, ready to sign.
pub struct SigningKey {
    algorithm: Algorithm,
    pair: Pair,
    jwk: Value,
    kid: String,
}

impl SigningKey {
    /// Makes a new key; RSA keys have 2048 bits and take tens of milliseconds, sometimes more.
    pub fn generate(algorithm: Algorithm) -> Result<Self> {
        let fault = |source| Error::internal("a key could not be made").with_source(source);
        let pair = match algorithm {
            Algorithm::RS256 | Algorithm::PS256 => {
                Pair::Rsa(Box::new(RsaKeyPair::generate(KeySize::Rsa2048).map_err(fault)?))
            }
            Algorithm::ES256 | Algorithm::ES384 => {
                Pair::Ec(EcdsaKeyPair::generate(algorithm.ecdsa()).map_err(fault)?)
            }
            Algorithm::EdDSA => Pair::Ed(Ed25519KeyPair::generate().map_err(fault)?),
        };
        Self::from_pair(algorithm, pair)
    }

    /// Reads an unencrypted PKCS#8 key; refuses one of another kind or curve, and RSA under 2048 bits.
    pub fn from_pkcs8(algorithm: Algorithm, der: &[u8]) -> Result<Self> {
        let fault = |source| {
            Error::internal(format!("this is no usable {algorithm} key")).with_source(source)
        };
        let pair = match algorithm {
            Algorithm::RS256 | Algorithm::PS256 => {
                Pair::Rsa(Box::new(RsaKeyPair::from_pkcs8(der).map_err(fault)?))
            }
            Algorithm::ES256 | Algorithm::ES384 => {
                Pair::Ec(EcdsaKeyPair::from_pkcs8(algorithm.ecdsa(), der).map_err(fault)?)
            }
            Algorithm::EdDSA => Pair::Ed(Ed25519KeyPair::from_pkcs8(der).map_err(fault)?),
        };
        Self::from_pair(algorithm, pair)
    }

    fn from_pair(algorithm: Algorithm, pair: Pair) -> Result<Self> {
        let mut jwk = public_jwk(algorithm, &pair)?;
        let kid = thumbprint(&jwk).ok_or_else(|| Error::internal("a key has no thumbprint"))?;
        if let Some(members) = jwk.as_object_mut() {
            members.insert("use".to_owned(), "sig".into());
            members.insert("alg".to_owned(), algorithm.as_str().into());
            members.insert("kid".to_owned(), kid.clone().into());
        }
        Ok(Self { algorithm, pair, jwk, kid })
    }

    /// The private key as PKCS#8, to be sealed before it is stored.
    pub fn pkcs8(&self) -> Result<Zeroizing<Vec<u8>>> {
        let fault = |source| Error::internal("a key could not be encoded").with_source(source);
        Ok(Zeroizing::new(match &self.pair {
            Pair::Rsa(pair) => {
                let der: Pkcs8V1Der<'_> = pair.as_der().map_err(fault)?;
                der.as_ref().to_vec()
            }
            Pair::Ec(pair) => pair.to_pkcs8v1().map_err(fault)?.as_ref().to_vec(),
            Pair::Ed(pair) => pair.to_pkcs8v1().map_err(fault)?.as_ref().to_vec(),
        }))
    }

    /// What it signs with.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Its name: the RFC 7638 thumbprint of the public key.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The public key for the JWKS, with `use`, `alg` and `kid`.
    pub fn jwk(&self) -> Value {
        self.jwk.clone()
    }

    /// Its public half.
    pub fn verifying_key(&self) -> Result<VerifyingKey> {
        VerifyingKey::from_jwk(&self.jwk)
    }

    /// Signs the claims as a token of that type.
    pub fn sign(&self, typ: &str, claims: &impl Serialize) -> Result<String> {
        let text = unsigned(typ, self.algorithm.as_str(), Some(&self.kid), claims)?;
        let signature = self.signature(text.as_bytes())?;
        signed(text, &signature)
    }

    /// Signs bytes as they stand.
    #[cfg(test)]
    pub(super) fn raw_signature(&self, text: &[u8]) -> Result<Vec<u8>> {
        self.signature(text)
    }

    fn signature(&self, text: &[u8]) -> Result<Vec<u8>> {
        let fault = |source| Error::internal("a token could not be signed").with_source(source);
        let random = SystemRandom::new();
        Ok(match &self.pair {
            Pair::Rsa(pair) => {
                let mut out = vec![0; pair.public_modulus_len()];
                let encoding = self.algorithm.rsa_encoding();
                pair.sign(encoding, &random, text, &mut out).map_err(fault)?;
                out
            }
            Pair::Ec(pair) => pair.sign(&random, text).map_err(fault)?.as_ref().to_vec(),
            Pair::Ed(pair) => pair.try_sign(text).map_err(fault)?.as_ref().to_vec(),
        })
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({} {})", self.algorithm, self.kid)
    }
}

/// A public key that verifies tokens of its one algorithm.
pub struct VerifyingKey {
    algorithm: Algorithm,
    key: ParsedPublicKey,
    kid: String,
}

impl VerifyingKey {
    /// Reads a public JWK. It must say its `alg` itself, and not be meant for encryption.
    pub fn from_jwk(jwk: &Value) -> Result<Self> {
        let refuse = |why: &str| Error::invalid("jwk", format!("this key cannot be used: {why}"));
        let member = |name: &str| jwk.get(name).and_then(Value::as_str);
        let algorithm = member("alg")
            .and_then(Algorithm::parse)
            .ok_or_else(|| refuse("its alg is missing or not supported"))?;
        if jwk.get("use").is_some_and(|usage| usage != "sig") {
            return Err(refuse("its use is not sig"));
        }
        let key = parsed(algorithm, jwk).ok_or_else(|| refuse("its members do not fit its alg"))?;
        let own = thumbprint(jwk).ok_or_else(|| refuse("it has no thumbprint"))?;
        Ok(Self { algorithm, key, kid: member("kid").map_or(own, str::to_owned) })
    }

    /// What it verifies.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Its name: as its owner published it, or its thumbprint.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// Whether this key signed just these bytes.
    pub(super) fn fits(&self, signed: &[u8], signature: &[u8]) -> bool {
        self.key.verify_sig(signed, signature).is_ok()
    }

    /// Header and claims of a token that this key signed. Signature and algorithm only: issuer,
    /// audience, type and time are [`super::claims::Check`]'s.
    pub fn verify(&self, token: &str) -> Result<(Header, Value), Refusal> {
        let parts = Parts::of(token)?;
        if parts.header.alg != self.algorithm.as_str() {
            return Err(Refusal::WrongAlgorithm);
        }
        if parts.header.kid.as_deref().is_some_and(|kid| kid != self.kid) {
            return Err(Refusal::UnknownKey);
        }
        self.key
            .verify_sig(parts.signed.as_bytes(), &parts.signature)
            .map_err(|_| Refusal::BadSignature)?;
        let claims = parts.claims()?;
        Ok((parts.header, claims))
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifyingKey({} {})", self.algorithm, self.kid)
    }
}

/// The RFC 7638 thumbprint of a JWK: SHA-256 over its required members in the order of their names.
pub fn thumbprint(jwk: &Value) -> Option<String> {
    let names: &[&str] = match jwk.get("kty")?.as_str()? {
        "RSA" => &["e", "kty", "n"],
        "EC" => &["crv", "kty", "x", "y"],
        "OKP" => &["crv", "kty", "x"],
        _ => return None,
    };
    // Written by hand: the order is the standard's, whatever a map thinks of it.
    let mut members = Vec::with_capacity(names.len());
    for name in names {
        let text = jwk.get(*name)?.as_str()?;
        members.push(format!("\"{name}\":{}", serde_json::to_string(text).ok()?));
    }
    Some(b64(&sha256(format!("{{{}}}", members.join(",")).as_bytes())))
}

/// Builds the JWK from the public half alone, so that no private member can get into it.
fn public_jwk(algorithm: Algorithm, pair: &Pair) -> Result<Value> {
    let (curve, width) = algorithm.curve();
    Ok(match pair {
        Pair::Rsa(pair) => {
            let public = RsaPublicKeyComponents::<Vec<u8>>::from(pair.public_key());
            json!({"kty": "RSA", "n": b64(&public.n), "e": b64(&public.e)})
        }
        Pair::Ec(pair) => {
            // SEC 1 §2.3.3: 04, x, y.
            let (x, y) = pair
                .public_key()
                .as_ref()
                .strip_prefix(&[4])
                .and_then(|point| point.split_at_checked(width))
                .ok_or_else(|| Error::internal("a public key is not an uncompressed point"))?;
            json!({"kty": "EC", "crv": curve, "x": b64(x), "y": b64(y)})
        }
        Pair::Ed(pair) => {
            json!({"kty": "OKP", "crv": curve, "x": b64(pair.public_key().as_ref())})
        }
    })
}

fn parsed(algorithm: Algorithm, jwk: &Value) -> Option<ParsedPublicKey> {
    let text = |name: &str| jwk.get(name).and_then(Value::as_str);
    let bytes = |name: &str| text(name).and_then(unb64);
    let (curve, width) = algorithm.curve();
    let coordinate = |name: &str| bytes(name).filter(|bytes| bytes.len() == width);
    match algorithm {
        Algorithm::RS256 | Algorithm::PS256 => {
            let (n, e) = (bytes("n")?, bytes("e")?);
            // 2048 to 4096 bits: the verifier checks the lower bound too, but only when asked to verify.
            let fits = text("kty")? == "RSA" && (256..=512).contains(&n.len());
            let components = RsaPublicKeyComponents { n, e };
            fits.then(|| components.to_parsed_public_key(algorithm.rsa_parameters()).ok())?
        }
        Algorithm::ES256 | Algorithm::ES384 => {
            let fits = text("kty")? == "EC" && text("crv")? == curve;
            let point = [vec![4], coordinate("x")?, coordinate("y")?].concat();
            fits.then(|| ParsedPublicKey::new(algorithm.verification(), point).ok())?
        }
        Algorithm::EdDSA => {
            let fits = text("kty")? == "OKP" && text("crv")? == curve;
            let point = coordinate("x")?;
            fits.then(|| ParsedPublicKey::new(algorithm.verification(), point).ok())?
        }
    }
}

#[cfg(test)]
mod tests;
