//! An authorization request on its way (RFC 6749 §4.1), from the first redirect to the code.

use std::time::Duration;

use super::{
    id::{ClientId, GrantId, RequestId, SessionId, TraceId, UserId},
    resource::ResourceUri,
    scope::ScopeSet,
};
use crate::time::Time;

/// How long a person may take from the first page to the decision.
pub const REQUEST_LIFETIME: Duration = Duration::from_secs(30 * 60);
/// How long a code lives (RFC 6749 §4.1.2 says ten minutes at most; one is enough for a redirect).
pub const CODE_LIFETIME: Duration = Duration::from_secs(60);

/// `prompt` (OpenID Connect Core §3.1.2.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "one for each word of the standard")]
pub struct Prompt {
    /// No page may be shown.
    pub none: bool,
    /// The person must sign in again.
    pub login: bool,
    /// The person must be asked again.
    pub consent: bool,
    /// The person must choose who they are here.
    pub select_account: bool,
}

impl Prompt {
    /// Reads the space-separated values; `None` when `none` is mixed with others. Unknown words count for nothing.
    pub fn parse(text: &str) -> Option<Self> {
        let mut prompt = Self::default();
        let mut words = 0;
        for word in text.split(' ').filter(|word| !word.is_empty()) {
            words += 1;
            match word {
                "none" => prompt.none = true,
                "login" => prompt.login = true,
                "consent" => prompt.consent = true,
                "select_account" => prompt.select_account = true,
                _ => {}
            }
        }
        (!prompt.none || words == 1).then_some(prompt)
    }
}

impl std::fmt::Display for Prompt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let words = [
            (self.none, "none"),
            (self.login, "login"),
            (self.consent, "consent"),
            (self.select_account, "select_account"),
        ];
        let on: Vec<_> = words.iter().filter(|(on, _)| *on).map(|(_, word)| *word).collect();
        f.write_str(&on.join(" "))
    }
}

/// How the answer to a request travels (OAuth 2.0 Multiple Response Type Encoding Practices §2.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ResponseMode {
    /// In the query of the redirect URI.
    #[default]
    Query,
    /// In a form that the browser posts there (OAuth 2.0 Form Post Response Mode).
    FormPost,
}

impl ResponseMode {
    /// Every mode there is.
    pub const ALL: [Self; 2] = [Self::Query, Self::FormPost];

    /// The registered name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::FormPost => "form_post",
        }
    }

    /// Reads the registered name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.as_str() == text)
    }
}

/// A request that passed every check and waits for a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthorizationRequest {
    /// Its id, which pages carry instead of its content.
    pub id: RequestId,
    /// Who asks.
    pub client_id: ClientId,
    /// Where the answer goes.
    pub redirect_uri: String,
    /// What is asked for, after what cannot be had was dropped.
    pub scopes: ScopeSet,
    /// For which resources.
    pub resources: Vec<ResourceUri>,
    /// What the client calls those, where that is not as they are registered.
    pub spelled: Vec<String>,
    /// The client's own mark, returned to the letter.
    pub state: Option<String>,
    /// Goes into the ID token.
    pub nonce: Option<String>,
    /// PKCE, always S256 (RFC 7636).
    pub code_challenge: String,
    /// How the person may be asked.
    pub prompt: Prompt,
    /// How old a sign-in may be.
    pub max_age: Option<Duration>,
    /// Who is expected.
    pub login_hint: Option<String>,
    /// Who alone may answer (`id_token_hint`, and `sub` in `claims`: OpenID Connect Core §3.1.2.1, §5.5.1).
    pub subject: Option<UserId>,
    /// Whether a sign-in with two factors is wanted (`acr_values`, OpenID Connect Core §3.1.2.1).
    pub mfa: bool,
    /// How the answer travels.
    pub response_mode: ResponseMode,
    /// Thumbprint of the key that the code is to be bound to (`dpop_jkt`, RFC 9449 §10).
    pub jkt: Option<String>,
    /// Where its story is told.
    pub trace: Option<TraceId>,
    /// When it came.
    pub created_at: Time,
}

/// A code and what it stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthorizationCode {
    /// For whom.
    pub client_id: ClientId,
    /// From whom.
    pub user_id: UserId,
    /// In which session.
    pub session_id: SessionId,
    /// Where it was sent.
    pub redirect_uri: String,
    /// What its holder must prove.
    pub code_challenge: String,
    /// What was allowed.
    pub scopes: ScopeSet,
    /// For which resources.
    pub resources: Vec<ResourceUri>,
    /// What the client calls those, where that is not as they are registered.
    pub spelled: Vec<String>,
    /// Goes into the ID token.
    pub nonce: Option<String>,
    /// When it ends.
    pub expires_at: Time,
    /// The grant it became, once it was spent.
    pub grant_id: Option<GrantId>,
    /// Whether it was spent already.
    pub spent: bool,
    /// Thumbprint of the key that it is bound to.
    pub jkt: Option<String>,
    /// Where its story is told.
    pub trace: Option<TraceId>,
}
