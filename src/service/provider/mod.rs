//! Sign-in at a provider, from end to end: [`Providers::begin`] leads there, [`Providers::complete`] takes the answer,
//! [`Providers::keep`] renews its tokens while the session is in use, [`Providers::revoke`] gives them back.
//!
//! What must be true of an answer is decided in `ops/provider`; how a provider is asked is `net/provider`.

mod knowledge;
mod logout;
mod upkeep;

use std::{borrow::Cow, sync::Arc, time::Duration};

use serde_json::{Map, Value};
use url::Url;

use self::knowledge::Knowledge;
pub use self::{logout::Told, upkeep::Upkeep};
pub use crate::ops::provider::Asked as Begin;
use crate::{
    app::App,
    config::providers::PRIMARY,
    crypto::secret::Plain,
    error::{Error, Result},
    model::{
        actor::{Actor, Origin},
        factor::Method,
        fetch::Fault,
        id::{SessionId, TraceId},
        provider::{Expected, Identity, Metadata, Tokens},
        sign_in::Stage,
        user::User,
    },
    net::provider::{Answer as Net, Credentials},
    ops::{
        self,
        login::{Entered, Finished, Step, Visitor},
        provider::{Began, Done, Entry, Provider, Taken, Why},
    },
};

/// Everything that is known of providers, and the clients that ask them. Cheap to clone; one for each program is enough.
#[derive(Clone, Debug, Default)]
pub struct Providers(Arc<Knowledge>);

/// Where to send the browser.
#[derive(Clone, Debug)]
pub struct Begun {
    /// The provider's authorization URL, with `code_challenge` (S256), `state` and `nonce`.
    pub url: String,
    /// The state in it, for whoever keeps it besides.
    pub state: Plain,
}

/// What came back.
#[derive(Clone, Debug)]
pub struct Answer {
    /// To whose callback; none: the first provider's.
    pub provider: Option<String>,
    /// `code`.
    pub code: Option<String>,
    /// `state`.
    pub state: Option<String>,
    /// `iss` (RFC 9207).
    pub iss: Option<String>,
    /// `error`.
    pub error: Option<String>,
    /// In which browser: must be that of [`Providers::begin`].
    pub visitor: Visitor,
}

/// What became of an answer.
#[derive(Debug)]
pub enum Completed {
    /// In: there is a session.
    In(Box<Signed>),
    /// The account owes another step.
    Next(Box<Pending>),
    /// The identity is linked with the account that is signed in.
    Linked {
        /// What people know the provider by.
        label: String,
        /// Where the person wanted to be.
        return_to: String,
    },
    /// Nothing came of it.
    Refused(Refused),
}

/// A sign-in that is through.
#[derive(Debug)]
pub struct Signed {
    /// Who.
    pub user: User,
    /// Their session, and where they wanted to be.
    pub entered: Entered,
    /// The provider's tokens; none when this server is its own provider.
    pub tokens: Option<Tokens>,
}

/// A sign-in on its way.
#[derive(Debug)]
pub struct Pending {
    /// Who.
    pub user: User,
    /// What comes next.
    pub stage: Stage,
    /// Names the sign-in; for programs, the MFA token.
    pub token: Plain,
    /// The methods by which the second factor can be proved now.
    pub methods: Vec<Method>,
}

/// A refusal and where it is told.
#[derive(Debug)]
pub struct Refused {
    /// Why.
    pub why: Why,
    /// Under which name the operator finds it.
    pub story: TraceId,
}

impl Refused {
    /// What the person is told.
    pub fn error(&self) -> Error {
        self.why.error()
    }
}

impl Providers {
    /// Begins a sign-in: makes a PKCE pair, a state of 32 random bytes and a nonce, keeps them bound to the browser, and
    /// answers where to send it. `Invalid` for a redirect URI that is not registered, `NotFound` for a provider that is
    /// not there; `Ok(Err)` when the provider cannot be reached.
    pub async fn begin(
        &self,
        app: &App,
        origin: &Origin,
        asked: Begin,
    ) -> Result<Result<Begun, Refused>> {
        let env = app.env();
        let name = asked.provider.clone().unwrap_or_else(|| PRIMARY.to_owned());
        let endpoint = match ops::provider::find(&env, Some(&name)) {
            Some(provider) => match self.0.known(app, &provider).await {
                Ok(known) => known.metadata.authorization.clone(),
                Err(why) => return Ok(Err(refuse(app, origin, &name, why).await?)),
            },
            None => own_endpoint(&env.site.issuer)?,
        };
        let began = {
            let env = app.env();
            app.db.write(move |tx| ops::provider::begin(tx, &env, &asked)).await?
        };
        let scopes = match ops::provider::find(&env, Some(&name)) {
            Some(provider) => provider.scopes,
            None => &env.config.authentication.primary.scopes,
        };
        let url = authorization_url(endpoint, &began, scopes);
        Ok(Ok(Begun { url, state: began.state }))
    }

    /// Takes the answer: the state once and in its browser, `iss`, the code with its verifier, the ID token whole, the
    /// user info; then a session, the next step, or a link.
    pub async fn complete(&self, app: &App, origin: &Origin, answer: Answer) -> Result<Completed> {
        let name = answer.provider.clone().unwrap_or_else(|| PRIMARY.to_owned());
        let taken = match take(app, &name, &answer).await? {
            Ok(taken) => taken,
            Err((name, why)) => return refused(app, origin, &name, why).await,
        };
        if let Some(code) = &answer.error {
            let said: String = code.chars().filter(char::is_ascii_graphic).take(60).collect();
            return refused(app, origin, &name, Why::Said(said)).await;
        }
        let Some(code) = answer.code.filter(|code| !code.is_empty()) else {
            return refused(app, origin, &name, Why::Reach("the answer has no code".to_owned()))
                .await;
        };
        let env = app.env();
        let Some(provider) = ops::provider::find(&env, Some(&name)) else {
            return redeem(app, origin, taken, code).await;
        };
        let came = self.fetch(app, &provider, &taken, &code, answer.iss.is_some()).await;
        let (identity, tokens) = match came {
            Ok(came) => came,
            Err(why) => return refused(app, origin, &name, why).await,
        };
        enter(app, origin, name, (taken, identity, tokens), answer.visitor).await
    }

    /// The provider's tokens of a session, opened; none when it did not begin at another provider.
    pub fn tokens(app: &App, session: &SessionId) -> Result<Option<Tokens>> {
        app.db.read(|r| match ops::provider::tokens::of_session(r, session)? {
            Some(kept) => ops::provider::tokens::open(r, &app.env, &kept),
            None => Ok(None),
        })
    }

    /// The code's tokens and whom they are about.
    async fn fetch(
        &self,
        app: &App,
        provider: &Provider<'_>,
        taken: &Taken,
        code: &str,
        has_iss: bool,
    ) -> Result<(Identity, Tokens), Why> {
        let known = self.0.known(app, provider).await?;
        if known.metadata.promises_iss && !has_iss {
            return Err(Why::Mixed("it has no iss, which the provider promises"));
        }
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &taken.flow.redirect_uri),
            ("code_verifier", taken.verifier.expose()),
        ];
        let who = credentials(provider, &known.metadata)?;
        let given = match known.asker.post(&known.metadata.token, &who, &form).await {
            Ok(Net::Given(given)) => given,
            Ok(Net::Refused(code)) => {
                return Err(Why::Reach(format!("the exchange of the code: {code}")));
            }
            Err(fault) => return Err(reach("the token endpoint", &fault)),
        };
        let tokens = read_tokens(app, &given, None).map_err(|why| Why::Reach(why.to_owned()))?;
        let expected = Expected {
            issuer: provider.issuer,
            client_id: provider.client_id,
            nonce: Some(&taken.nonce),
            access_token: tokens.access.expose(),
            now: app.db.now(),
        };
        let identity =
            self.0.identity(app, provider, &known, tokens.id.expose(), &expected).await?;
        let Some(url) = &known.metadata.userinfo else { return Ok((identity, tokens)) };
        let told = known.asker.get(url, Some(tokens.access.expose())).await;
        let told = told.map_err(|fault| reach("the user info", &fault))?;
        Ok((identity.with(&told).map_err(Why::Token)?, tokens))
    }
}

/// Our own `/authorize`.
fn own_endpoint(issuer: &str) -> Result<Url> {
    Url::parse(&format!("{issuer}/authorize"))
        .map_err(|error| Error::internal("our own address is no URL").with_source(error))
}

fn authorization_url(mut endpoint: Url, began: &Began, scopes: &[String]) -> String {
    let parameters: Vec<(&str, Cow<'_, str>)> = began.parameters(scopes);
    endpoint.query_pairs_mut().extend_pairs(parameters);
    endpoint.into()
}

async fn take(app: &App, name: &str, answer: &Answer) -> Result<Result<Taken, (String, Why)>> {
    let Some(state) = answer.state.clone().filter(|state| !state.is_empty()) else {
        return Ok(Err((name.to_owned(), Why::State)));
    };
    let (env, browser) = (app.env(), answer.visitor.browser.clone());
    let (name, iss) = (name.to_owned(), answer.iss.clone());
    app.db
        .write(move |tx| ops::provider::take(tx, &env, &browser, (&name, &state, iss.as_deref())))
        .await
}

/// Our own code, in this process.
async fn redeem(app: &App, origin: &Origin, taken: Taken, code: String) -> Result<Completed> {
    let (env, who) = (app.env(), Actor::anonymous(origin.clone()));
    let return_to = taken.flow.return_to.clone();
    let found =
        app.db.write(move |tx| ops::provider::own::redeem(tx, &env, &who, &taken, &code)).await?;
    match found {
        Ok(signed_in) => {
            let entered = Entered { session: signed_in.session, return_to, device: None };
            Ok(Completed::In(Box::new(Signed { user: signed_in.user, entered, tokens: None })))
        }
        Err(why) => refused(app, origin, PRIMARY, why).await,
    }
}

async fn enter(
    app: &App,
    origin: &Origin,
    name: String,
    (taken, identity, tokens): (Taken, Identity, Tokens),
    visitor: Visitor,
) -> Result<Completed> {
    let (env, from, own) = (app.env(), origin.clone(), name.clone());
    let return_to = taken.flow.return_to.clone();
    let kept = tokens.clone();
    let done = app
        .db
        .write(move |tx| {
            let Some(provider) = ops::provider::find(&env, Some(&own)) else {
                return Ok(Done::Refused(Why::Off));
            };
            let entry = Entry {
                provider: &provider,
                taken: &taken,
                identity: &identity,
                tokens: &kept,
                visitor,
            };
            ops::provider::enter(tx, &env, &from, &entry)
        })
        .await?;
    let env = app.env();
    match done {
        Done::SignIn(user, finished) => stepped(app, *user, finished, tokens),
        Done::Linked(_) => {
            let label = ops::provider::find(&env, Some(&name)).map(|one| one.label.into_owned());
            Ok(Completed::Linked { label: label.unwrap_or_default(), return_to })
        }
        Done::Refused(why) => refused(app, origin, &name, why).await,
    }
}

fn stepped(app: &App, user: User, finished: Finished, tokens: Tokens) -> Result<Completed> {
    match (finished.step, finished.token) {
        (Step::In(entered), _) => {
            Ok(Completed::In(Box::new(Signed { user, entered: *entered, tokens: Some(tokens) })))
        }
        (Step::Next(stage), Some(token)) => {
            let methods = if stage == Stage::SecondFactor {
                app.db.read(|r| ops::factor::offered(r, &app.env, &user.id, &[]))?
            } else {
                Vec::new()
            };
            Ok(Completed::Next(Box::new(Pending { user, stage, token, methods })))
        }
        (Step::Next(_) | Step::Wrong(_) | Step::Gone, _) => {
            Err(Error::internal("a sign-in at a provider came to no step"))
        }
    }
}

async fn refused(app: &App, origin: &Origin, name: &str, why: Why) -> Result<Completed> {
    Ok(Completed::Refused(refuse(app, origin, name, why).await?))
}

async fn refuse(app: &App, origin: &Origin, name: &str, why: Why) -> Result<Refused> {
    let (who, name, told) = (Actor::anonymous(origin.clone()), name.to_owned(), why.clone());
    let story = app.db.write(move |tx| ops::provider::refuse(tx, &who, &name, &told)).await?;
    tracing::info!(
        rule = why.rule().code(),
        detail = why.detail(),
        "a sign-in at a provider was refused"
    );
    Ok(Refused { why, story })
}

fn reach(what: &str, fault: &Fault) -> Why {
    Why::Reach(format!("{what}: {fault}"))
}

/// Our client there, with its secret from where it is kept.
fn credentials(provider: &Provider<'_>, metadata: &Metadata) -> Result<Credentials, Why> {
    let secret = match (provider.secret, provider.secret_file) {
        (Some(secret), _) => Some(secret.clone()),
        (None, Some(path)) => {
            let text = std::fs::read_to_string(path).map_err(|error| {
                Why::Reach(format!("client_secret_file cannot be read: {}", error.kind()))
            })?;
            Some(crate::config::Secret::new(text.trim_end_matches(['\r', '\n'])))
        }
        (None, None) => None,
    };
    Ok(Credentials {
        client_id: provider.client_id.to_owned(),
        secret,
        by_form: metadata.secret_by_form,
    })
}

/// Reads a token response (RFC 6749 §5.1, OpenID Connect Core §3.1.3.3). After a renewal what is not said anew stays.
fn read_tokens(
    app: &App,
    given: &Map<String, Value>,
    before: Option<&Tokens>,
) -> Result<Tokens, &'static str> {
    let text = |name: &str| {
        given.get(name).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned)
    };
    let access = text("access_token").ok_or("the answer has no access_token")?;
    if !text("token_type").is_some_and(|kind| kind.eq_ignore_ascii_case("bearer")) {
        return Err("the access token is of another type than Bearer");
    }
    let id = text("id_token").map(Plain::new).or_else(|| before.map(|one| one.id.clone()));
    let seconds = given.get("expires_in").and_then(|value| match value {
        Value::Number(number) => number.as_u64(),
        // Some write the number in quotes.
        Value::String(text) => text.parse().ok(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    });
    let lifetime = |seconds: u64| Duration::from_secs(seconds.min(10 * 365 * 86_400));
    let refresh = text("refresh_token").map(Plain::new);
    Ok(Tokens {
        access: Plain::new(access),
        refresh: refresh.or_else(|| before.and_then(|one| one.refresh.clone())),
        id: id.ok_or("the answer has no id_token")?,
        scope: text("scope").or_else(|| before.map(|one| one.scope.clone())).unwrap_or_default(),
        expires_at: seconds.map(|seconds| app.db.now().plus(lifetime(seconds))),
    })
}
