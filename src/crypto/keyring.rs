//! The keys that one running program holds: the vault, the cookie signer and the signing keys it has opened.
//! Which signing key is in use is not known here: `ops/key.rs` reads that at every use.

use std::{collections::HashMap, sync::Arc};

use parking_lot::RwLock;
use serde_json::Value;

use super::{
    jwt::{Algorithm, SigningKey, VerifyingKey},
    seal::Vault,
    session::SessionSigner,
};
use crate::error::Result;

/// Every key in use. A key id is a thumbprint of its key, so what is cached under one can never be stale.
#[derive(Debug)]
pub struct Keyring {
    /// Seals and derives under the master key.
    pub vault: Vault,
    /// Signs session cookies.
    pub session: SessionSigner,
    signing: RwLock<HashMap<String, Arc<SigningKey>>>,
    verifying: RwLock<HashMap<String, Arc<VerifyingKey>>>,
}

impl Keyring {
    /// Starts with none opened.
    pub fn new(vault: Vault, session: SessionSigner) -> Self {
        Self { vault, session, signing: RwLock::default(), verifying: RwLock::default() }
    }

    /// The associated data under which a private key is sealed.
    pub fn aad(kid: &str) -> String {
        format!("signing_keys:private_sealed:{kid}")
    }

    /// The opened private key, from `sealed` at its first use.
    pub fn signing_key(
        &self,
        kid: &str,
        algorithm: Algorithm,
        sealed: impl FnOnce() -> Result<Vec<u8>>,
    ) -> Result<Arc<SigningKey>> {
        if let Some(key) = self.signing.read().get(kid) {
            return Ok(Arc::clone(key));
        }
        let private = self.vault.open(&Self::aad(kid), &sealed()?)?;
        let key = Arc::new(SigningKey::from_pkcs8(algorithm, &private)?);
        self.signing.write().insert(kid.to_owned(), Arc::clone(&key));
        Ok(key)
    }

    /// The parsed public key, from `jwk` at its first use.
    pub fn verifying_key(&self, kid: &str, jwk: &Value) -> Result<Arc<VerifyingKey>> {
        if let Some(key) = self.verifying.read().get(kid) {
            return Ok(Arc::clone(key));
        }
        let key = Arc::new(VerifyingKey::from_jwk(jwk)?);
        self.verifying.write().insert(kid.to_owned(), Arc::clone(&key));
        Ok(key)
    }
}
