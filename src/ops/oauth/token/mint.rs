//! Tokens are decided upon in a transaction and signed after it.

use std::{sync::Arc, time::Duration};

use serde_json::{Map, Value};

use super::{
    ACCESS_TYP, Holder, ID_TYP, Subject,
    claims::{AccessClaims, Confirmation, PersonClaims, audience, id_claims},
    opaque,
};
use crate::{
    crypto::{
        jwt::{Algorithm, SigningKey},
        secret::{Plain, b64, random_bytes, sha256},
    },
    db::Write,
    error::{Error, Result},
    model::{resource::TokenFormat, scope::OPENID},
    ops::{env::Env, key, oauth::terms::Terms},
    store,
};

/// Tokens that were decided upon and wait for their signatures, which are made after the commit.
#[derive(Debug)]
pub struct Minted {
    form: Form,
    access: AccessClaims,
    /// The ID token's claims and what they are signed with.
    id: Option<(Arc<SigningKey>, Map<String, Value>)>,
    refresh: Option<Plain>,
    expires_in: Duration,
}

/// What the access token will look like.
#[derive(Debug)]
enum Form {
    Signed(Arc<SigningKey>),
    /// It is there already: what it stands for is committed with the decision.
    Opaque(Plain),
}

/// Tokens as the client gets them.
#[derive(Debug)]
pub struct Tokens {
    /// A signed JWT, or a word that says nothing by itself.
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

/// Decides what the tokens say. Fails with `Denied` when the person may use none of the resources: whoever decides here
/// found that out before, so this only keeps a mistake from becoming a token.
pub(in crate::ops::oauth) fn mint(
    tx: &Write<'_>,
    env: &Env,
    subject: &Subject<'_>,
    refresh: Option<Plain>,
) -> Result<Minted> {
    let terms = Terms::of(env);
    if let Holder::Person { user, .. } = subject.holder
        && subject.resources.iter().any(|resource| !resource.is_for(&user.roles))
    {
        return Err(Error::denied("this person may not use the resource"));
    }
    let client = subject.client.id.as_str();
    let rules = terms.rules(subject.resources);
    let end = tx.now.plus(rules.lifetime);
    let end = subject.until.map_or(end, |until| until.min(end));
    let since = subject.client.not_before.millis();
    let (sub, person, key, epoch) = match subject.holder {
        Holder::Person { user, grant } => {
            (user.id.as_str(), Some(PersonClaims::of(user, grant)), None, None)
        }
        Holder::Key(good) => {
            (good.subject(), None, Some(good.key.id.as_str().to_owned()), Some(since))
        }
        Holder::Client => (client, None, None, Some(since)),
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
        api_key: key,
        epoch,
        act: subject.act.clone(),
        cnf: subject.jkt.map(|jkt| Confirmation { jkt: jkt.to_owned() }),
    };
    let id = match subject.holder {
        Holder::Person { user, grant } if subject.scopes.has(OPENID) => {
            let signer = key::signer(tx, env, terms.algorithm)?;
            let sid = store::grant::sid(tx, &grant.id)?;
            let claims = id_claims(&terms, subject, (user, grant), sid.as_ref(), tx.now);
            Some((signer, claims))
        }
        Holder::Person { .. } | Holder::Key(_) | Holder::Client => None,
    };
    let form = match rules.format {
        TokenFormat::Jwt => Form::Signed(key::signer(tx, env, rules.algorithm)?),
        TokenFormat::Opaque => {
            let grant = match subject.holder {
                Holder::Person { grant, .. } => Some(&grant.id),
                Holder::Key(_) | Holder::Client => None,
            };
            Form::Opaque(opaque::issue(tx, &access, &subject.client.id, grant)?)
        }
    };
    Ok(Minted { form, access, id, refresh, expires_in: end.since(tx.now) })
}

impl Minted {
    /// Signs. A quarter of a millisecond each with RSA, so not inside a transaction.
    pub fn sign(self) -> Result<Tokens> {
        let access_token = match self.form {
            Form::Signed(signer) => Plain::new(signer.sign(ACCESS_TYP, &self.access)?),
            Form::Opaque(token) => token,
        };
        let id_token = self
            .id
            .map(|(signer, mut claims)| {
                if let Some(hash) = at_hash(signer.algorithm(), access_token.expose()) {
                    claims.insert("at_hash".to_owned(), hash.into());
                }
                signer.sign(ID_TYP, &claims).map(Plain::new)
            })
            .transpose()?;
        Ok(Tokens {
            access_token,
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
