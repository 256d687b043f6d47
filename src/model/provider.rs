//! Sign-in at another provider: what its metadata, its tokens and it itself say, and what is kept of that here.
//! What becomes of it is decided in `ops/provider`; how it is fetched is `service/provider`.

mod identity;
mod metadata;

use std::time::Duration;

use zeroize::Zeroizing;

pub use self::{
    identity::{Expected, Identity, LONGEST_SUBJECT, Wrong},
    metadata::{Metadata, is_here},
};
use super::{
    id::{SessionId, UserId},
    sign_in::Strength,
};
use crate::{crypto::secret::Plain, time::Time};

/// How long a person may take at the provider.
pub const FLOW_LIFETIME: Duration = Duration::from_secs(30 * 60);
/// Tokens that end within this are renewed.
pub const RENEW_WITHIN: Duration = Duration::from_secs(5 * 60);

/// What a sign-in at a provider is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Purpose {
    /// To sign in here.
    #[default]
    SignIn,
    /// To link the identity with the account that is signed in.
    Link,
}

impl Purpose {
    /// The word in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SignIn => "sign_in",
            Self::Link => "link",
        }
    }

    /// Reads what [`Purpose::as_str`] wrote.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::SignIn, Self::Link].into_iter().find(|one| one.as_str() == text)
    }
}

/// A request that went to a provider and waits for its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flow {
    /// The provider's name in the configuration.
    pub provider: String,
    /// Its issuer, as configured when the request began.
    pub issuer: String,
    /// Our client there, the same.
    pub client_id: String,
    /// Where the answer goes.
    pub redirect_uri: String,
    /// What for.
    pub purpose: Purpose,
    /// The session that the browser had.
    pub session: Option<SessionId>,
    /// The path on our own origin that was wanted, or an address that was found good.
    pub return_to: String,
    /// Whether to be remembered.
    pub remember_me: bool,
    /// How much the sign-in must prove.
    pub strength: Strength,
    /// When it began.
    pub created_at: Time,
    /// When it ends.
    pub expires_at: Time,
}

/// Whose account an identity is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderLink {
    /// Who says so.
    pub issuer: String,
    /// Its name for the person.
    pub subject: String,
    /// The account.
    pub user_id: UserId,
    /// By which provider of the configuration it was linked.
    pub provider: String,
    /// The e-mail address as the issuer said it last.
    pub email: Option<String>,
    /// Whether the account was made by it.
    pub made_account: bool,
    /// Since when.
    pub created_at: Time,
    /// When it was last used.
    pub last_used_at: Option<Time>,
}

/// Tokens of a provider.
#[derive(Clone, Debug)]
pub struct Tokens {
    /// The access token.
    pub access: Plain,
    /// The refresh token, if one was given.
    pub refresh: Option<Plain>,
    /// The newest ID token.
    pub id: Plain,
    /// What they are good for, space-separated, as the provider says.
    pub scope: String,
    /// When the access token ends, if that was told.
    pub expires_at: Option<Time>,
}

impl Tokens {
    /// Everything as JSON, to be sealed.
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let value = serde_json::json!({
            "access": self.access.expose(),
            "refresh": self.refresh.as_ref().map(Plain::expose),
            "id": self.id.expose(),
            "scope": self.scope,
            "expires_at": self.expires_at.map(Time::millis),
        });
        Zeroizing::new(value.to_string().into_bytes())
    }

    /// Reads what [`Tokens::to_bytes`] wrote.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let value: serde_json::Value = serde_json::from_slice(bytes).ok()?;
        let text = |name: &str| value.get(name)?.as_str().map(str::to_owned);
        Some(Self {
            access: Plain::new(text("access")?),
            refresh: text("refresh").map(Plain::new),
            id: Plain::new(text("id")?),
            scope: text("scope").unwrap_or_default(),
            expires_at: value.get("expires_at")?.as_i64().map(Time::from_millis),
        })
    }
}

/// Where the tokens of a session come from, without them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// The row's id.
    pub id: String,
    /// The provider's name in the configuration.
    pub provider: String,
    /// Its issuer.
    pub issuer: String,
    /// Its name for the person.
    pub subject: String,
    /// Its name for its session.
    pub sid: Option<String>,
    /// Whether there is a refresh token among them.
    pub refreshable: bool,
    /// When the access token ends.
    pub expires_at: Option<Time>,
    /// Whether the tokens are still here.
    pub is_held: bool,
    /// Until when somebody is at work on them.
    pub busy_until: Time,
}

impl Kept {
    /// Whether they are to be renewed now.
    pub fn is_due(&self, now: Time) -> bool {
        let ends = self.expires_at.is_some_and(|at| at <= now.plus(RENEW_WITHIN));
        self.is_held && self.refreshable && ends && self.busy_until <= now
    }
}
