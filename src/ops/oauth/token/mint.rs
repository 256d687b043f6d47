//! Tokens are decided upon in a transaction and signed after it.

use std::{sync::Arc, time::Duration};

use serde_json::{Map, Value};

use super::{
    ACCESS_TYP, Holder, ID_TYP, Subject,
    claims::{AccessClaims, Confirmation, PersonClaims, audience, id_claims},
};
use crate::{
    crypto::{
        jwt::{Algorithm, SigningKey},
        secret::{Plain, b64, random_bytes, sha256},
    },
    db::Write,
    error::Result,
    model::scope::OPENID,
    ops::{env::Env, key, oauth::terms::Terms},
    store,
};

/// Tokens that were decided upon and wait for their signatures, which are made after the commit.
#[derive(Debug)]
pub struct Minted {
    signer: Arc<SigningKey>,
    access: AccessClaims,
    id: Option<Map<String, Value>>,
    refresh: Option<Plain>,
    expires_in: Duration,
}

/// Tokens as the client gets them.
#[derive(Debug)]
pub struct Tokens {
    /// A signed JWT.
    pub access_token: Plain,
    /// How it is to be shown: `Bearer`, or `DPoP` when it is bound to a key (RFC 9449 §5).
    pub token_type: &'static str,
    /// Seconds until it ends.
    pub expires_in: u64,
    /// What it is good for, space-separated.
    pub scope: String,
    /// The newest of its family, when there is one.
    pub refresh_token: Option<Plain>,
    /// A signed JWT, when `openid` was granted.
    pub id_token: Option<Plain>,
}

/// Decides what the tokens say.
pub(in crate::ops::oauth) fn mint(
    tx: &Write<'_>,
    env: &Env,
    subject: &Subject<'_>,
    refresh: Option<Plain>,
) -> Result<Minted> {
    let terms = Terms::of(env);
    let client = subject.client.id.as_str();
    let end = tx.now.plus(terms.access_lifetime);
    let end = subject.until.map_or(end, |until| until.min(end));
    let (sub, person, epoch) = match subject.holder {
        Holder::Person { user, grant } => {
            (user.id.as_str(), Some(PersonClaims::of(user, grant)), None)
        }
        Holder::Client => (client, None, Some(subject.client.not_before.millis())),
    };
    let access = AccessClaims {
        iss: terms.access_issuer.to_owned(),
        sub: sub.to_owned(),
        aud: audience(&terms, subject),
        exp: end.secs(),
        iat: tx.now.secs(),
        jti: b64(&random_bytes::<16>()),
        client_id: client.to_owned(),
        scope: subject.scopes.to_string(),
        person,
        epoch,
        act: subject.act.clone(),
        cnf: subject.jkt.map(|jkt| Confirmation { jkt: jkt.to_owned() }),
    };
    let id = match subject.holder {
        Holder::Person { user, grant } if subject.scopes.has(OPENID) => {
            let sid = store::grant::sid(tx, &grant.id)?;
            Some(id_claims(&terms, subject, (user, grant), sid.as_ref(), tx.now))
        }
        Holder::Person { .. } | Holder::Client => None,
    };
    let signer = key::signer(tx, env, terms.algorithm)?;
    Ok(Minted { signer, access, id, refresh, expires_in: end.since(tx.now) })
}

impl Minted {
    /// Signs. A quarter of a millisecond each with RSA, so not inside a transaction.
    pub fn sign(self) -> Result<Tokens> {
        let access_token = self.signer.sign(ACCESS_TYP, &self.access)?;
        let id_token = self
            .id
            .map(|mut claims| {
                if let Some(hash) = at_hash(self.signer.algorithm(), &access_token) {
                    claims.insert("at_hash".to_owned(), hash.into());
                }
                self.signer.sign(ID_TYP, &claims).map(Plain::new)
            })
            .transpose()?;
        Ok(Tokens {
            access_token: Plain::new(access_token),
            token_type: if self.access.cnf.is_some() { "DPoP" } else { "Bearer" },
            expires_in: self.expires_in.as_secs(),
            scope: self.access.scope,
            refresh_token: self.refresh,
            id_token,
        })
    }
}

/// The left half of the access token's digest (OpenID Connect Core §3.1.3.6). Optional in the code flow, and left
/// out where clients disagree about the hash (`EdDSA`).
fn at_hash(algorithm: Algorithm, access_token: &str) -> Option<String> {
    match algorithm {
        Algorithm::RS256 | Algorithm::PS256 | Algorithm::ES256 => {
            sha256(access_token.as_bytes()).get(..16).map(b64)
        }
        Algorithm::ES384 | Algorithm::EdDSA => None,
    }
}
