//! OAuth clients: the apps that ask for tokens (RFC 6749 §2).

use serde_json::Value;

use super::{
    id::ClientId,
    redirect::RedirectUri,
    resource::ResourceUri,
    scope::{STANDARD, ScopeSet},
};
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
    /// By a statement signed with a key of its own (RFC 7523 §2.2).
    PrivateKeyJwt,
}

impl AuthMethod {
    /// Every way there is.
    pub const ALL: [Self; 4] = [Self::None, Self::Basic, Self::Post, Self::PrivateKeyJwt];

    /// The registered name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Basic => "client_secret_basic",
            Self::Post => "client_secret_post",
            Self::PrivateKeyJwt => "private_key_jwt",
        }
    }

    /// Reads the registered name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.as_str() == text)
    }

    /// Whether a shared secret stands behind it.
    pub fn has_secret(self) -> bool {
        matches!(self, Self::Basic | Self::Post)
    }
}

/// What a client may do at the token endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GrantType {
    /// RFC 6749 §4.1.
    AuthorizationCode,
    /// RFC 6749 §6.
    RefreshToken,
    /// RFC 6749 §4.4.
    ClientCredentials,
    /// RFC 8628.
    DeviceCode,
    /// RFC 8693.
    TokenExchange,
    /// RFC 7523 §2.1.
    JwtBearer,
}

impl GrantType {
    /// Every grant type that this server speaks.
    pub const ALL: [Self; 6] = [
        Self::AuthorizationCode,
        Self::RefreshToken,
        Self::ClientCredentials,
        Self::DeviceCode,
        Self::TokenExchange,
        Self::JwtBearer,
    ];

    /// What a client may do of which nothing else is said.
    pub const USUAL: [Self; 2] = [Self::AuthorizationCode, Self::RefreshToken];

    /// The registered name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AuthorizationCode => "authorization_code",
            Self::RefreshToken => "refresh_token",
            Self::ClientCredentials => "client_credentials",
            Self::DeviceCode => "urn:ietf:params:oauth:grant-type:device_code",
            Self::TokenExchange => "urn:ietf:params:oauth:grant-type:token-exchange",
            Self::JwtBearer => "urn:ietf:params:oauth:grant-type:jwt-bearer",
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
    /// Registered by itself (RFC 7591).
    Dynamic,
    /// Known by the document at its `client_id` (draft-ietf-oauth-client-id-metadata-document).
    Document,
}

impl ClientOrigin {
    /// Every origin there is.
    pub const ALL: [Self; 4] = [Self::BuiltIn, Self::Static, Self::Dynamic, Self::Document];

    /// The word in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BuiltIn => "built_in",
            Self::Static => "static",
            Self::Dynamic => "dynamic",
            Self::Document => "document",
        }
    }

    /// Reads what [`ClientOrigin::as_str`] wrote.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|origin| origin.as_str() == text)
    }
}

/// Whether a client may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientState {
    /// It may.
    Active,
    /// Not before an administrator agrees.
    Pending,
    /// It was switched off.
    Disabled,
}

impl ClientState {
    /// The word in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Pending => "pending",
            Self::Disabled => "disabled",
        }
    }

    /// Reads what [`ClientState::as_str`] wrote.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Active, Self::Pending, Self::Disabled]
            .into_iter()
            .find(|state| state.as_str() == text)
    }
}

/// A client without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a setting of its own")]
pub struct Client {
    /// Its `client_id`.
    pub id: ClientId,
    /// What people see.
    pub name: String,
    /// How it proves itself.
    pub auth_method: AuthMethod,
    /// Whether its secret may come in the header or in the form, since nobody said in which.
    pub either_way: bool,
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
    /// Whether it may be used.
    pub state: ClientState,
    /// Its public keys by value, a JWK set (RFC 7591 §2).
    pub jwks: Option<Value>,
    /// Where its public keys are.
    pub jwks_uri: Option<String>,
    /// Its home page.
    pub client_uri: Option<String>,
    /// Where a person may go after signing out (OpenID Connect RP-Initiated Logout 1.0 §3.1).
    pub post_logout_redirect_uris: Vec<String>,
    /// Who is told when a session ends (OpenID Connect Back-Channel Logout 1.0 §2.2).
    pub backchannel_logout_uri: Option<String>,
    /// Whether it gets sender-constrained tokens only (RFC 9449 §5.2).
    pub dpop_bound: bool,
    /// Whether it must push its requests (RFC 9126 §6).
    pub par_required: bool,
    /// When what it holds in its own name was last ended: a token with no person behind it is good if it carries
    /// just this moment.
    pub not_before: Time,
    /// When it was made.
    pub created_at: Time,
    /// When it last got a token.
    pub last_used_at: Option<Time>,
}

impl Client {
    /// An operator's public client for codes and refresh tokens with nothing registered yet.
    pub fn new(id: ClientId, name: String, created_at: Time) -> Self {
        Self {
            id,
            name,
            auth_method: AuthMethod::None,
            either_way: false,
            grant_types: GrantType::USUAL.to_vec(),
            scopes: ScopeSet::from_words(STANDARD),
            redirect_uris: Vec::new(),
            resources: Vec::new(),
            origin: ClientOrigin::Static,
            strict_refresh: false,
            state: ClientState::Active,
            jwks: None,
            jwks_uri: None,
            client_uri: None,
            post_logout_redirect_uris: Vec::new(),
            backchannel_logout_uri: None,
            dpop_bound: false,
            par_required: false,
            not_before: Time::default(),
            created_at,
            last_used_at: None,
        }
    }

    /// Whether it may be used now.
    pub fn is_active(&self) -> bool {
        self.state == ClientState::Active
    }

    /// Whether it cannot prove itself.
    pub fn is_public(&self) -> bool {
        self.auth_method == AuthMethod::None
    }

    /// Whether a secret that came in this way can be its own (RFC 7591 §2).
    pub fn shows_secret_by(&self, way: AuthMethod) -> bool {
        self.auth_method.has_secret()
            && way.has_secret()
            && (self.either_way || self.auth_method == way)
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
