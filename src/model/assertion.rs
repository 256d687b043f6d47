//! Identity assertions that one authorization server gives for another (Identity Assertion Authorization Grant): whose are
//! believed here, and who may take ours elsewhere.

use std::time::Duration;

use serde_json::Value;

use super::{
    id::{ClientId, UserId},
    scope::ScopeSet,
};
use crate::time::Time;

/// `typ` of such an assertion.
pub const TYP: &str = "oauth-id-jag+jwt";
/// The name of the profile in metadata (`authorization_grant_profiles_supported`).
pub const PROFILE: &str = "urn:ietf:params:oauth:grant-profile:id-jag";
/// How long one lives, ours and those of others.
pub const LIFETIME: Duration = Duration::from_secs(300);

/// Where a provider's public keys are.
#[derive(Clone, Debug, PartialEq)]
pub enum IssuerKeys {
    /// Here: a JWK set.
    Own(Value),
    /// At this address.
    At(String),
}

/// A provider whose assertions are believed.
#[derive(Clone, Debug, PartialEq)]
pub struct TrustedIssuer {
    /// Its issuer, letter by letter.
    pub issuer: String,
    /// Its keys.
    pub keys: IssuerKeys,
    /// Whether somebody who is not linked is known by an address that it says is verified.
    pub by_email: bool,
    /// Since when.
    pub created_at: Time,
}

/// Who a subject of a provider is here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkedIdentity {
    /// The provider.
    pub issuer: String,
    /// Its name for them.
    pub subject: String,
    /// Who.
    pub user_id: UserId,
    /// Since when.
    pub created_at: Time,
}

/// Another server that a client may take assertions of ours to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssertionAudience {
    /// Its issuer, letter by letter.
    pub audience: String,
    /// The client here.
    pub client_id: ClientId,
    /// What the client is called there.
    pub client_there: String,
    /// With these scopes at most; empty: any.
    pub scopes: ScopeSet,
    /// Since when.
    pub created_at: Time,
}
