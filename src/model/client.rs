//! OAuth clients: the apps that ask for tokens (RFC 6749 §2).

use super::{id::ClientId, redirect::RedirectUri, resource::ResourceUri, scope::ScopeSet};
use crate::{
    error::{Error, Result},
    time::Time,
};

/// How a client proves itself at the token endpoint (OpenID Connect Core §9).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthMethod {
    /// It cannot: a public client, held by PKCE alone.
    None,
    /// HTTP Basic.
    Basic,
    /// In the form.
    Post,
}

impl AuthMethod {
    /// The registered name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Basic => "client_secret_basic",
            Self::Post => "client_secret_post",
        }
    }

    /// Reads the registered name.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::None, Self::Basic, Self::Post].into_iter().find(|method| method.as_str() == text)
    }
}

/// What a client may do at the token endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GrantType {
    /// RFC 6749 §4.1.
    AuthorizationCode,
    /// RFC 6749 §6.
    RefreshToken,
}

impl GrantType {
    /// Every grant type that this server speaks.
    pub const ALL: [Self; 2] = [Self::AuthorizationCode, Self::RefreshToken];

    /// The registered name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AuthorizationCode => "authorization_code",
            Self::RefreshToken => "refresh_token",
        }
    }

    /// Reads the registered name.
    pub fn parse(text: &str) -> Result<Self> {
        Self::ALL.into_iter().find(|grant| grant.as_str() == text).ok_or_else(|| {
            let known: Vec<_> = Self::ALL.iter().map(|grant| grant.as_str()).collect();
            Error::invalid(
                "grant",
                format!("grant type \"{text}\" is not one of: {}", known.join(", ")),
            )
        })
    }
}

/// Where a client comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientOrigin {
    /// Made by the program for itself; asks no consent.
    BuiltIn,
    /// Made by an operator.
    Static,
}

impl ClientOrigin {
    /// The word in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BuiltIn => "built_in",
            Self::Static => "static",
        }
    }
}

/// A client without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    /// Its `client_id`.
    pub id: ClientId,
    /// What people see.
    pub name: String,
    /// How it proves itself.
    pub auth_method: AuthMethod,
    /// What it may do.
    pub grant_types: Vec<GrantType>,
    /// What it may ask for.
    pub scopes: ScopeSet,
    /// Where answers may go.
    pub redirect_uris: Vec<RedirectUri>,
    /// What it may ask tokens for; empty means any registered resource.
    pub resources: Vec<ResourceUri>,
    /// Where it comes from.
    pub origin: ClientOrigin,
    /// Whether a repeated refresh is theft at once, without a retry window.
    pub strict_refresh: bool,
    /// Whether it was switched off.
    pub disabled: bool,
    /// When it was made.
    pub created_at: Time,
    /// When it last got a token.
    pub last_used_at: Option<Time>,
}

impl Client {
    /// Whether it has no secret.
    pub fn is_public(&self) -> bool {
        self.auth_method == AuthMethod::None
    }

    /// Whether it may use the grant type.
    pub fn may(&self, grant: GrantType) -> bool {
        self.grant_types.contains(&grant)
    }

    /// Whether an answer may go to `uri`.
    pub fn accepts_redirect(&self, uri: &str) -> bool {
        self.redirect_uris.iter().any(|registered| registered.fits(uri))
    }
}
