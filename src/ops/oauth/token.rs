//! Access and ID tokens. What they say is in `claims`, how they are made in `mint`, how ours are known again in `access`.
//! Refresh tokens are in `refresh_token`; who gets which token is decided in `exchange` and `refresh`.

mod access;
mod claims;
mod identity;
mod mint;
mod opaque;

use serde_json::Value;

pub use self::{
    access::{Access, Owner, access},
    mint::{Minted, Tokens},
    opaque::{OPAQUE_PREFIX, read as read_opaque},
};
pub(super) use self::{identity::identity, mint::mint};
use crate::{
    model::{client::Client, grant::Grant, resource::Resource, scope::ScopeSet, user::User},
    ops::apikey::Good,
    time::Time,
};

/// `typ` of access tokens (RFC 9068 §2.1).
pub const ACCESS_TYP: &str = "at+jwt";
/// `typ` of ID tokens: nothing else we sign for clients has it.
pub const ID_TYP: &str = "JWT";

/// What one set of tokens is about.
pub(super) struct Subject<'a> {
    pub(super) client: &'a Client,
    /// In whose name.
    pub(super) holder: Holder<'a>,
    /// What this access token carries: the grant's scopes or fewer.
    pub(super) scopes: &'a ScopeSet,
    /// What it is for: the grant's resources or fewer.
    pub(super) resources: &'a [Resource],
    /// What the client calls those.
    pub(super) spelled: &'a [String],
    /// The nonce of the authorization request; none at a refresh (OpenID Connect Core §12.2).
    pub(super) nonce: Option<&'a str>,
    /// Thumbprint of the key that the access token is bound to.
    pub(super) jkt: Option<&'a str>,
    /// Who acts for the person (RFC 8693 §4.1).
    pub(super) act: Option<Value>,
    /// When the access token ends at the latest.
    pub(super) until: Option<Time>,
}

/// In whose name a token speaks.
#[derive(Clone, Copy, Debug)]
pub(super) enum Holder<'a> {
    /// A person, who allowed it.
    Person {
        /// Who.
        user: &'a User,
        /// What was allowed.
        grant: &'a Grant,
    },
    /// A program, by its API key.
    Key(&'a Good),
    /// The client itself (RFC 6749 §4.4).
    Client,
}
