//! OAuth 2.1 and OpenID Connect: from the authorization request to tokens, and what may be done with those.
//! How it looks on the wire (parameters, status codes, headers) is left to `http/oauth`.

pub mod assertion;
pub mod authorize;
pub mod backchannel;
pub mod begin;
mod claims;
pub mod client_credentials;
pub mod connected;
pub mod consent;
pub mod device;
pub mod dpop;
mod ending;
pub mod exchange;
mod hint;
pub mod identity_assertion;
pub mod introspect;
pub mod jwt_bearer;
mod key_exchange;
pub mod logout;
pub mod metadata;
pub mod par;
pub mod policy;
pub mod refresh;
pub mod refresh_token;
pub mod reply;
mod request;
pub mod revoke;
mod spelling;
pub mod terms;
pub mod token;
pub mod token_exchange;
pub mod userinfo;
mod whence;

use std::{borrow::Cow, fmt};

use crate::model::{
    client::{Client, ClientOrigin, GrantType},
    trace::Rule,
};

/// The error codes of RFC 6749, RFC 6750, RFC 8628, RFC 8707, RFC 9449 and OpenID Connect Core that this server answers
/// with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// Something is missing, repeated or malformed.
    InvalidRequest,
    /// The client is unknown, switched off, or did not prove itself.
    InvalidClient,
    /// The code or refresh token is not, or no longer, good.
    InvalidGrant,
    /// The client may not do this.
    UnauthorizedClient,
    /// No such grant type here.
    UnsupportedGrantType,
    /// Only `code` is spoken.
    UnsupportedResponseType,
    /// Nothing that was asked for can be had, or more than was granted.
    InvalidScope,
    /// No such resource, or not for this client.
    InvalidTarget,
    /// The person said no.
    AccessDenied,
    /// The person has not answered yet (RFC 8628 §3.5).
    AuthorizationPending,
    /// The same, and the device asks too often.
    SlowDown,
    /// The person did not answer in time.
    ExpiredToken,
    /// A page would be needed to sign in, and none may be shown.
    LoginRequired,
    /// A page would be needed to ask, and none may be shown.
    ConsentRequired,
    /// What the client wants the sign-in to prove cannot be proved here (OpenID Connect Unmet Authentication
    /// Requirements 1.0).
    UnmetAuthenticationRequirements,
    /// `request` is not taken.
    RequestNotSupported,
    /// `request_uri` is not taken, and never fetched.
    RequestUriNotSupported,
    /// A redirect URI cannot be registered (RFC 7591 §3.2.2).
    InvalidRedirectUri,
    /// Something else that a client says of itself cannot be (RFC 7591 §3.2.2).
    InvalidClientMetadata,
    /// The proof that a key is held is missing or wrong (RFC 9449 §5).
    InvalidDpopProof,
    /// The proof needs the nonce that goes along with this answer (RFC 9449 §8).
    UseDpopNonce,
    /// The access token is not, or no longer, good.
    InvalidToken,
    /// The access token does not carry the scope.
    InsufficientScope,
    /// This server failed (RFC 6749 §4.1.2.1).
    ServerError,
    /// This server has too much to do (RFC 6749 §4.1.2.1).
    TemporarilyUnavailable,
}

impl Code {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::InvalidClient => "invalid_client",
            Self::InvalidGrant => "invalid_grant",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::UnsupportedResponseType => "unsupported_response_type",
            Self::InvalidScope => "invalid_scope",
            Self::InvalidTarget => "invalid_target",
            Self::AccessDenied => "access_denied",
            Self::AuthorizationPending => "authorization_pending",
            Self::SlowDown => "slow_down",
            Self::ExpiredToken => "expired_token",
            Self::LoginRequired => "login_required",
            Self::ConsentRequired => "consent_required",
            Self::UnmetAuthenticationRequirements => "unmet_authentication_requirements",
            Self::RequestNotSupported => "request_not_supported",
            Self::RequestUriNotSupported => "request_uri_not_supported",
            Self::InvalidRedirectUri => "invalid_redirect_uri",
            Self::InvalidClientMetadata => "invalid_client_metadata",
            Self::InvalidDpopProof => "invalid_dpop_proof",
            Self::UseDpopNonce => "use_dpop_nonce",
            Self::InvalidToken => "invalid_token",
            Self::InsufficientScope => "insufficient_scope",
            Self::ServerError => "server_error",
            Self::TemporarilyUnavailable => "temporarily_unavailable",
        }
    }
}

/// A refusal as the protocol words it, and by which rule. The description is ours, in ASCII, and repeats nothing of the
/// request; it may tell the client less than the rule tells the operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The code.
    pub code: Code,
    /// The rule, for the operator alone.
    pub rule: Rule,
    /// A sentence for whoever debugs the client.
    pub description: Cow<'static, str>,
}

impl Refusal {
    /// Refuses by a rule, with a sentence.
    pub fn new(code: Code, rule: Rule, description: impl Into<Cow<'static, str>>) -> Self {
        Self { code, rule, description: description.into() }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code.as_str(), self.description)
    }
}

/// What the token endpoint decided; both are committed.
#[derive(Debug)]
pub enum Outcome {
    /// Tokens, still to be signed.
    Minted(Box<token::Minted>),
    /// An assertion for another server, still to be signed.
    Assertion(Box<identity_assertion::Unsigned>),
    /// None.
    Refused(Refusal),
}

impl Outcome {
    fn refuse(code: Code, rule: Rule, description: impl Into<Cow<'static, str>>) -> Self {
        Self::Refused(Refusal::new(code, rule, description))
    }
}

/// Why a client may not use a grant in which it vouches for itself: it must have been entered by an operator with that
/// grant, since what registered itself could ask for anything, and it must be able to prove itself.
fn own_name(client: &Client, grant: GrantType) -> Option<Refusal> {
    let refuse = |rule, why: &'static str| Some(Refusal::new(Code::UnauthorizedClient, rule, why));
    if client.is_public() {
        refuse(Rule::GrantOfPublic, "a client that proves nothing may not use this grant")
    } else if !client.may(grant) {
        refuse(Rule::GrantNotAllowed, "this client was not given this grant")
    } else if !matches!(client.origin, ClientOrigin::Static | ClientOrigin::BuiltIn) {
        refuse(Rule::GrantOfNewcomer, "this grant is for clients that an operator has entered")
    } else {
        None
    }
}
