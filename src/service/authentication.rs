//! The authentication service for programs that embed it: sign-in at the primary provider, the second factor, API keys
//! and sessions, without any HTTP server of ours. The pages and `/auth/*` decide by the same use cases.
//!
//! ```
//! use mcpcodex::{
//!     AuthenticationService,
//!     config::Config,
//!     service::authentication::{AuthError, Refusal},
//! };
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = std::env::temp_dir().join(format!("mcpcodex-doc-{}", std::process::id()));
//! let mut config = Config::default();
//! config.storage.data_dir = folder.join("data");
//! let service = AuthenticationService::open(config)?;
//!
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! // Send the person there; they come back with a code and this state.
//! let request = service.initiate_auth(None).await?;
//! assert!(request.url.contains("code_challenge_method=S256"));
//! assert!(request.url.contains(request.state.expose()));
//!
//! // A state that did not begin here leads nowhere, and a key that nobody made opens nothing.
//! let refused = service.complete_auth("some code", "some state").await.unwrap_err();
//! assert!(matches!(refused, AuthError::Refused(Refusal::Provider { .. })));
//! let refused = service.authenticate_api_key("mcp_nonsense").await.unwrap_err();
//! assert!(matches!(refused, AuthError::Refused(Refusal::ApiKey(_))));
//! let refused = service.validate_session("nonsense").await.unwrap_err();
//! assert!(matches!(refused, AuthError::Refused(Refusal::Session(_))));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # drop(service);
//! # std::fs::remove_dir_all(folder)?;
//! # Ok(())
//! # }
//! ```

mod refusal;

use std::sync::Arc;

use parking_lot::Mutex;

pub use self::refusal::{AuthError, Refusal};
use super::provider::{Answer, Begin, Completed, Providers, Upkeep};
use crate::{
    app::App,
    config::Config,
    crypto::secret::{Hashed, Plain},
    db::Clock,
    error::Result,
    model::{
        actor::Origin,
        apikey::Due,
        bucket::Level,
        factor::Method,
        id::{AgentId, ApiKeyId},
        provider::{Purpose, Tokens},
        scope::ScopeSet,
        session::Session,
        sign_in::Stage,
        user::User,
    },
    ops::{
        self,
        apikey::gate::{Caller as KeyCaller, Verdict},
        factor::Given,
        login::{Arrival, Entered, Step, Verified, Visitor},
        session::SignedIn,
    },
    time::Time,
};

/// Signs people in, and tells who comes with a session or a key. Cheap to clone.
#[derive(Clone, Debug)]
pub struct AuthenticationService {
    app: App,
    providers: Providers,
    browser: Hashed,
    origin: Origin,
    written: Arc<Mutex<Time>>,
}

/// Where a sign-in begins.
#[derive(Clone, Debug)]
pub struct AuthRequest {
    /// The provider's authorization URL, with `code_challenge` (S256), `state` and `nonce`.
    pub url: String,
    /// The state in it: 32 random bytes, good once, for ten minutes.
    pub state: Plain,
}

/// How far a sign-in came.
#[derive(Debug)]
pub enum Authentication {
    /// In.
    Session(Box<AuthSession>),
    /// The second factor is missing: [`AuthenticationService::verify_mfa`] with this token.
    RequiresMfa(Box<MfaRequired>),
    /// The account owes something that takes a page of the server, such as a new password or the enrolment of a factor.
    RequiresPage {
        /// Who.
        user: Box<User>,
        /// What.
        stage: Stage,
    },
}

/// A sign-in that waits for its second factor.
#[derive(Clone, Debug)]
pub struct MfaRequired {
    /// Names the sign-in, for a quarter of an hour, to whoever began it.
    pub mfa_token: Plain,
    /// With what it can be proved, the strongest first. A passkey takes a browser.
    pub methods: Vec<Method>,
    /// Who.
    pub user: User,
}

/// A session that is good at this moment.
#[derive(Clone, Debug)]
pub struct AuthSession {
    /// What names it: the value of the session cookie.
    pub token: Plain,
    /// The session: its end, what was proved, `mfa_verified()`.
    pub session: Session,
    /// Whose, with e-mail address and roles.
    pub user: User,
    /// The tokens of the provider that the person signed in at; none where that is this server itself.
    pub tokens: Option<Tokens>,
}

/// A program that showed a good API key.
#[derive(Clone, Debug)]
pub struct KeyAccess {
    /// The key.
    pub key: ApiKeyId,
    /// Who answers for it.
    pub user: User,
    /// The agent it belongs to; none: to the person.
    pub agent: Option<AgentId>,
    /// What it may do now.
    pub scopes: ScopeSet,
    /// What is left of its limit.
    pub limit: Level,
    /// Whether it should be replaced.
    pub rotation: Due,
}

impl AuthenticationService {
    /// The service on a data folder, which is made when it is missing. Fails with what [`App::open`] fails with.
    pub fn open(config: Config) -> Result<Self> {
        Ok(Self::new(App::open(config, None, Clock::system())?, Providers::default()))
    }

    /// The service of an application that is open already.
    pub fn new(app: App, providers: Providers) -> Self {
        let written = Arc::new(Mutex::new(app.db.now()));
        let browser = Hashed::of("mcpcodex::AuthenticationService");
        Self { app, providers, browser, origin: Origin::default(), written }
    }

    /// The same service for one browser or device: `id` is a secret of yours that it alone has, such as the value of a
    /// cookie. A sign-in goes on only where it began, so that nobody can be made to finish another's (RFC 9700 §4.7).
    /// Without it all sign-ins of this program count as begun in one place. `origin` stands in the audit record.
    #[must_use]
    pub fn for_browser(&self, id: &str, origin: Origin) -> Self {
        Self { browser: Hashed::of(id), origin, ..self.clone() }
    }

    /// Begins a sign-in at the primary provider: makes a PKCE pair, a state and a nonce, keeps them, and answers where to send
    /// the person. `redirect_uri` is where the answer goes; this server's own callback when none. Refuses one that is not
    /// registered ([`Refusal::RedirectUri`]), and a provider that cannot be reached.
    pub async fn initiate_auth(
        &self,
        redirect_uri: Option<&str>,
    ) -> std::result::Result<AuthRequest, AuthError> {
        let asked = Begin {
            provider: None,
            redirect_uri: redirect_uri.map(str::to_owned),
            arrival: Arrival::new(self.visitor(), "/account"),
            purpose: Purpose::SignIn,
        };
        let begun = self.providers.begin(&self.app, &self.origin, asked).await?;
        let begun = begun.map_err(|refused| Refusal::of_provider(&refused))?;
        Ok(AuthRequest { url: begun.url, state: begun.state })
    }

    /// Finishes a sign-in: takes the state (once), exchanges the code with the verifier, validates the tokens and reads who it
    /// is. Refuses an unknown, used or foreign state and whatever is wrong with the answer ([`Refusal::Provider`]). Beside
    /// further providers one that promises to name itself (`iss`) must: see [`AuthenticationService::complete_callback`].
    pub async fn complete_auth(
        &self,
        code: &str,
        state: &str,
    ) -> std::result::Result<Authentication, AuthError> {
        self.complete(Answer {
            provider: None,
            code: Some(code.to_owned()),
            state: Some(state.to_owned()),
            iss: self.only_issuer(),
            error: None,
            visitor: self.visitor(),
        })
        .await
    }

    /// Where people sign in at one other provider alone, no answer can be another's (RFC 9207 §2.4): then it need not say
    /// whose it is.
    fn only_issuer(&self) -> Option<String> {
        let all = ops::provider::offered(&self.app.env);
        let only = ops::provider::find(&self.app.env, None).filter(|_| all.len() == 1);
        only.map(|one| one.issuer.to_owned())
    }

    async fn complete(&self, answer: Answer) -> std::result::Result<Authentication, AuthError> {
        match self.providers.complete(&self.app, &self.origin, answer).await? {
            Completed::In(signed) => {
                let session = self.opened(signed.user, signed.entered, signed.tokens)?;
                Ok(Authentication::Session(Box::new(session)))
            }
            Completed::Next(pending) if pending.stage == Stage::SecondFactor => {
                Ok(Authentication::RequiresMfa(Box::new(MfaRequired {
                    mfa_token: pending.token,
                    methods: pending.methods,
                    user: pending.user,
                })))
            }
            Completed::Next(pending) => Ok(Authentication::RequiresPage {
                stage: pending.stage,
                user: Box::new(pending.user),
            }),
            Completed::Refused(refused) => Err(Refusal::of_provider(&refused).into()),
            // Only what was begun as a link ends as one, and nothing is here.
            Completed::Linked { .. } => Err(Refusal::SignIn.into()),
        }
    }

    /// [`AuthenticationService::complete_auth`] with everything that came to the redirect URI, as it stands in its query: a
    /// provider that says who it is (`iss`, RFC 9207) or refuses (`error`) says it there.
    pub async fn complete_callback(
        &self,
        query: &str,
    ) -> std::result::Result<Authentication, AuthError> {
        let fields: Vec<(String, String)> =
            form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let one = |name: &str| {
            let mut found = fields.iter().filter(|(own, _)| own == name);
            let first = found.next().map(|(_, value)| value.clone());
            if found.next().is_none() { first } else { None }
        };
        self.complete(Answer {
            provider: None,
            code: one("code"),
            state: one("state"),
            iss: one("iss"),
            error: one("error"),
            visitor: self.visitor(),
        })
        .await
    }

    /// Checks the second factor of a sign-in: `method` is `totp`, `sms`, `email` or `recovery`. Wrong codes are counted with
    /// those of the pages, per person and method. Refuses an unknown, used or foreign token ([`Refusal::SignIn`]), a wrong,
    /// replayed or expired code ([`Refusal::Code`]), too many tries ([`Refusal::TooManyTries`]) and a method that the person
    /// cannot use here ([`Refusal::Method`]).
    pub async fn verify_mfa(
        &self,
        mfa_token: &str,
        code: &str,
        method: &str,
    ) -> std::result::Result<Authentication, AuthError> {
        let Some(method) = Method::parse(method) else { return Err(Refusal::Method.into()) };
        let given = Given { method, code: code.to_owned(), trust_device: false };
        let (env, origin, visitor) = (self.app.env(), self.origin.clone(), self.visitor());
        let token = Plain::new(mfa_token.to_owned());
        let verified = self
            .app
            .db
            .write(move |tx| {
                ops::login::verify_mfa(tx, &env, &origin, (token.expose(), &visitor), &given)
            })
            .await?;
        match verified {
            Verified::Step(user, Step::In(entered)) => {
                let session = self.opened(*user, *entered, None)?;
                Ok(Authentication::Session(Box::new(session)))
            }
            Verified::Step(user, Step::Next(stage)) => {
                Ok(Authentication::RequiresPage { user, stage })
            }
            Verified::Step(_, Step::Wrong(retry_after)) => {
                Err(Refusal::Code { retry_after }.into())
            }
            Verified::Paused(retry_after) => Err(Refusal::TooManyTries { retry_after }.into()),
            Verified::NotOffered => Err(Refusal::Method.into()),
            Verified::Step(_, Step::Gone) | Verified::Unknown => Err(Refusal::SignIn.into()),
        }
    }

    /// Finds a key, spends one use from its bucket and notes the last use. Refuses one that is unknown, revoked, expired or
    /// of a disabled owner ([`Refusal::ApiKey`]), and one that is used too often ([`Refusal::Limited`]).
    pub async fn authenticate_api_key(
        &self,
        key: &str,
    ) -> std::result::Result<KeyAccess, AuthError> {
        let verdict = self.app.authenticate_api_key(&self.origin.address, key.trim()).await?;
        self.write_marks().await?;
        match verdict {
            Verdict::In(caller) => {
                let KeyCaller { good, level, due, .. } = *caller;
                Ok(KeyAccess {
                    key: good.key.id,
                    scopes: good.key.scopes,
                    user: good.user,
                    agent: good.agent.map(|agent| agent.id),
                    limit: level,
                    rotation: due,
                })
            }
            Verdict::Limited { caller, retry_after } => {
                Err(Refusal::Limited { retry_after, limit: caller.level }.into())
            }
            Verdict::Bad(why) => Err(Refusal::ApiKey(why).into()),
        }
    }

    /// Finds the session that a token names and counts as a use of it; one whose time is up is over. Renews the provider's
    /// tokens if they end within five minutes. Refuses an unknown, ended or expired session, and one whose owner may not sign
    /// in ([`Refusal::Session`]), or that the provider ended ([`Refusal::EndedAtProvider`]).
    pub async fn validate_session(
        &self,
        token: &str,
    ) -> std::result::Result<AuthSession, AuthError> {
        let (app, token) = (&self.app, token.trim());
        let signed_in = self.resume(token)?;
        if self.providers.keep(app, &signed_in.session.id).await? == Upkeep::Ended {
            return Err(Refusal::EndedAtProvider.into());
        }
        self.write_marks().await?;
        let tokens = Providers::tokens(app, &signed_in.session.id)?;
        let SignedIn { session, user } = signed_in;
        Ok(AuthSession { token: Plain::new(token.to_owned()), session, user, tokens })
    }

    /// Ends the session that a token names, and gives its tokens back at the provider, which may take a few seconds and is not
    /// waited for beyond that. Refuses a token that names no good session ([`Refusal::Session`]).
    pub async fn logout(&self, token: &str) -> std::result::Result<(), AuthError> {
        let signed_in = self.resume(token.trim())?;
        // What is not written yet would make a session that is in use look idle.
        self.write_all_marks().await?;
        Ok(sign_out(&self.app, &self.providers, &signed_in, &self.origin).await?)
    }

    fn resume(&self, token: &str) -> std::result::Result<SignedIn, AuthError> {
        let app = &self.app;
        let found = app.db.read(|r| ops::session::resume(r, &app.env, &app.seen, token))?;
        found.map_err(|why| Refusal::Session(why).into())
    }

    fn visitor(&self) -> Visitor {
        Visitor::stranger(self.browser.clone())
    }

    fn opened(&self, user: User, entered: Entered, tokens: Option<Tokens>) -> Result<AuthSession> {
        let token = Plain::new(ops::session::cookie(&self.app.env, &entered.session)?);
        let kept = match tokens {
            None => Providers::tokens(&self.app, &entered.session.id)?,
            given => given,
        };
        Ok(AuthSession { token, session: entered.session, user, tokens: kept })
    }

    /// Writes last-used marks, a second after the last time at the earliest: a server does it by the clock, and here is none.
    async fn write_marks(&self) -> Result<()> {
        let now = self.app.db.now();
        let due = {
            let mut written = self.written.lock();
            let due = now.since(*written) >= MARKS;
            if due {
                *written = now;
            }
            due
        };
        if due { self.write_all_marks().await } else { Ok(()) }
    }

    async fn write_all_marks(&self) -> Result<()> {
        let marks = self.app.seen.take();
        if marks.is_empty() {
            return Ok(());
        }
        let (kept, seen) = (marks.clone(), Arc::clone(&self.app.seen));
        let written = self.app.db.write(move |tx| ops::seen::write(tx, &marks)).await;
        if written.is_err() {
            seen.put_back(kept);
        }
        written
    }
}

/// Ends a session and gives its tokens back at the provider. Nobody waits long for that: what a provider does not take in
/// time is tried again by the server.
pub async fn sign_out(
    app: &App,
    providers: &Providers,
    signed_in: &SignedIn,
    origin: &Origin,
) -> Result<()> {
    let (who, id) = (signed_in.actor(origin.clone()), signed_in.session.id.clone());
    app.db.write(move |tx| ops::session::logout(tx, &who)).await?;
    let (app, providers) = (app.clone(), providers.clone());
    let given_back = tokio::spawn(async move {
        if let Err(error) = providers.revoke(&app, &id).await {
            tracing::warn!(%error, "a provider's tokens could not be given back");
        }
    });
    drop(tokio::time::timeout(PATIENCE, given_back).await);
    Ok(())
}

/// How long whoever signs out waits for the provider.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(2);
/// How often last-used marks are written.
const MARKS: std::time::Duration = std::time::Duration::from_secs(1);
