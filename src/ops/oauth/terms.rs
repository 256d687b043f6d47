//! What the configuration says about tokens, in the words of the use cases.

use std::time::Duration;

use crate::{
    config::tokens::{IdClaim, SigningAlgorithm},
    crypto::jwt::Algorithm,
    model::{
        client::Client,
        resource::{Resource, TokenFormat, TokenRules},
    },
    ops::env::Env,
};

/// Lifetimes, names and rules of tokens.
#[derive(Clone, Copy, Debug)]
pub struct Terms<'e> {
    /// The issuer of this server: metadata, ID tokens, the `iss` of authorization responses.
    pub issuer: &'e str,
    /// `iss` of access tokens.
    pub access_issuer: &'e str,
    /// `aud` of access tokens for which no resource was asked.
    pub audience: &'e str,
    /// What tokens are signed with.
    pub algorithm: Algorithm,
    /// How long an access token lives.
    pub access_lifetime: Duration,
    /// How long an ID token lives.
    pub id_lifetime: Duration,
    /// How long a family of refresh tokens lives, however often it is used.
    pub refresh_lifetime: Duration,
    /// How long a refresh token lives unused.
    pub refresh_idle: Duration,
    /// Whether a confidential client's refresh token changes at each use.
    pub rotation: bool,
    /// What an ID token tells of the person.
    pub id_claims: &'e [IdClaim],
    retry_window: Duration,
}

impl<'e> Terms<'e> {
    /// The terms of this installation.
    pub fn of(env: &'e Env) -> Self {
        let tokens = &env.config.authentication.tokens;
        let (access, refresh) = (&tokens.access_token, &tokens.refresh_token);
        Self {
            issuer: &env.site.issuer,
            access_issuer: access.issuer.as_deref().unwrap_or(&env.site.issuer),
            audience: &access.audience,
            algorithm: match access.algorithm {
                SigningAlgorithm::Rs256 => Algorithm::RS256,
                SigningAlgorithm::Ps256 => Algorithm::PS256,
                SigningAlgorithm::Es256 => Algorithm::ES256,
                SigningAlgorithm::EdDsa => Algorithm::EdDSA,
            },
            access_lifetime: access.lifetime,
            id_lifetime: tokens.id_token.lifetime,
            refresh_lifetime: refresh.lifetime,
            refresh_idle: refresh.idle.unwrap_or(refresh.lifetime),
            rotation: refresh.rotation,
            id_claims: &tokens.id_token.claims,
            retry_window: refresh.retry_window,
        }
    }

    /// What an access token for these resources looks like.
    pub fn rules(&self, resources: &[Resource]) -> TokenRules {
        let configured = TokenRules {
            lifetime: self.access_lifetime,
            format: TokenFormat::Jwt,
            algorithm: self.algorithm,
        };
        TokenRules::of(resources, configured)
    }

    /// How long a spent refresh token of this client is answered with its successor again.
    pub fn retry_window(&self, client: &Client) -> Duration {
        if client.strict_refresh { Duration::ZERO } else { self.retry_window }
    }

    /// How long the longest-lived signed token lives where no resource says otherwise; `key::longest` is what counts.
    pub(in crate::ops) fn longest_signature(&self) -> Duration {
        self.access_lifetime.max(self.id_lifetime)
    }
}
