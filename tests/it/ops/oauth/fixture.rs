//! One person, one browser, one client: what every test of the flow begins with.

mod processes;
mod refusals;

use std::{sync::Arc, time::Duration};

use mcpcodex::{
    config::{Config, look::Look, site::Site},
    crypto::{
        keyring::Keyring,
        password::{HashLimits, Hasher, Params},
        pkce,
        seal::{MasterKey, Vault},
        secret::Hashed,
        session::SessionSigner,
    },
    db::{Clock, Db, Options},
    model::{
        actor::{Actor, Origin, Via},
        client::Client,
        id::{RequestId, SessionId, TraceId, UserId},
        resource::ResourceScope,
        session::Session,
        trace::{Kind, story::Story},
        user::UserState,
    },
    ops::{
        client,
        env::Env,
        key,
        oauth::{
            Code, Outcome, Refusal,
            authorize::{self, Next, Visit},
            begin::{self, Begun},
            exchange, introspect, refresh,
            token::Tokens,
        },
        resource,
        session::{self, SignedIn},
        trace, user,
    },
    store,
    time::Time,
};
use serde_json::Value;

pub(crate) use processes::two_processes;
pub(crate) use refusals::refused_at_the_door;

pub(crate) const START: Time = Time::from_secs(1_800_000_000);
pub(crate) const VERIFIER: &str = "a-verifier-of-at-least-43-characters-0123456789";
pub(crate) const CALLBACK: &str = "https://app.example.com/callback?keep=1";
pub(crate) const MCP: &str = "https://mcp.example.com/mcp";

pub(crate) struct World {
    folder: Option<tempfile::TempDir>,
    pub(crate) db: Db,
    pub(crate) env: Arc<Env>,
    pub(crate) clock: Clock,
    pub(crate) client: Client,
    pub(crate) user: UserId,
    pub(crate) signed_in: SignedIn,
}

/// Everything with the default configuration.
pub(crate) fn world() -> World {
    world_with(|_| {}, |_| {})
}

/// Another configuration, another client.
pub(crate) fn world_with(
    configure: impl FnOnce(&mut Config),
    shape: impl FnOnce(&mut client::New),
) -> World {
    let folder = tempfile::tempdir().unwrap();
    let clock = Clock::manual(START);
    let db = Db::open(Options {
        clock: clock.clone(),
        readers: 8,
        ..Options::in_folder(&folder.path().join("data"))
    })
    .unwrap();
    let mut config = Config::default();
    // Fast keys: what is signed is the same.
    config.authentication.tokens.access_token.algorithm =
        mcpcodex::config::tokens::SigningAlgorithm::Es256;
    configure(&mut config);
    let params = Params { memory_kib: 8, iterations: 1, parallelism: 1 };
    let limits = HashLimits { permits: 1, queue: 1, wait: Duration::from_secs(1) };
    let env = Arc::new(Env {
        site: Site::of(&config, ([127, 0, 0, 1], 8420).into()),
        look: Look::of(&config.server.brand),
        keys: Keyring::new(
            Vault::new(&MasterKey::generate()).unwrap(),
            SessionSigner::new(&[7; 32]),
        ),
        hasher: Hasher::new(params, limits).unwrap(),
        meters: mcpcodex::ops::apikey::meter::Meters::default(),
        config,
    });
    key::ensure(&db, &env).unwrap();
    World { folder: Some(folder), ..furnish(db, env, shape) }
}

/// A client, a resource and a person in what is still empty.
fn furnish(db: Db, env: Arc<Env>, shape: impl FnOnce(&mut client::New)) -> World {
    let mut new = client::New {
        name: "App".to_owned(),
        redirect_uris: vec![CALLBACK.to_owned(), "http://127.0.0.1/cb".to_owned()],
        public: true,
        ..client::New::default()
    };
    shape(&mut new);
    let models = resource::New {
        uri: MCP.to_owned(),
        name: "Models".to_owned(),
        scopes: ["read:models", "admin:models"]
            .map(|name| ResourceScope::new(name, format!("Do {name}")))
            .to_vec(),
        ..resource::New::default()
    };
    db.write_blocking(move |tx| resource::add(tx, &operator(), models)).unwrap();
    let client = db.write_blocking(move |tx| client::create(tx, &operator(), new)).unwrap().client;
    let user = person(&db, "ann", "user");
    let signed_in = sign_in(&db, &env, &user);
    let clock = db.clock().clone();
    World { folder: None, db, env, clock, client, user, signed_in }
}

pub(crate) fn operator() -> Actor {
    Actor::operator("root", Via::Cli)
}

/// A program at an address.
pub(crate) fn from(address: &str, agent: &str) -> Actor {
    Actor::anonymous(Origin { address: address.to_owned(), user_agent: agent.to_owned() })
}

pub(crate) fn app() -> Actor {
    from("192.0.2.1", "app/1")
}

pub(crate) fn browser() -> Hashed {
    Hashed::of("this browser")
}

pub(crate) fn person(db: &Db, name: &str, role: &str) -> UserId {
    let (name, roles, id) = (name.to_owned(), vec![role.to_owned()], UserId::new());
    let made = id.clone();
    db.write_blocking(move |tx| {
        let email = format!("{name}@example.com");
        let new = store::user::NewUser {
            id: &id,
            username: &name,
            username_key: &name,
            username_skeleton: &name,
            email: &email,
            email_key: &email,
            name: "Ann Example",
            state: UserState::Active,
            password_hash: Some("$argon2id$never"),
        };
        store::user::insert(tx, &new)?;
        store::user::set_roles(tx, &id, &roles)
    })
    .unwrap();
    made
}

pub(crate) fn sign_in(db: &Db, env: &Arc<Env>, user: &UserId) -> SignedIn {
    let (env, user) = (Arc::clone(env), user.clone());
    db.write_blocking(move |tx| {
        let user = user::find(tx, user.as_str())?;
        let amr = vec!["pwd".to_owned()];
        let session: Session = session::open(tx, &env, &Origin::default(), &user, amr, false)?;
        Ok(SignedIn { session, user })
    })
    .unwrap()
}

/// A good request; `over` replaces, adds and, with an empty value, removes.
pub(crate) fn params(client: &Client, over: &[(&str, &str)]) -> Vec<(String, String)> {
    let challenge = pkce::challenge_s256(VERIFIER);
    let mut all: Vec<(String, String)> = [
        ("client_id", client.id.as_str()),
        ("redirect_uri", CALLBACK),
        ("response_type", "code"),
        ("code_challenge", challenge.as_str()),
        ("code_challenge_method", "S256"),
        ("scope", "openid profile email"),
        ("state", "st&te=1"),
        ("nonce", "n-1"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .to_vec();
    for (name, value) in over {
        all.retain(|(own, _)| own != name);
        if !value.is_empty() {
            all.push(((*name).to_owned(), (*value).to_owned()));
        }
    }
    all
}

impl World {
    /// Where everything is kept.
    pub(crate) fn folder(&self) -> &std::path::Path {
        self.folder.as_ref().unwrap().path()
    }

    pub(crate) fn begin_raw(&self, pairs: Vec<(String, String)>) -> Begun {
        let env = Arc::clone(&self.env);
        self.db
            .write_blocking(move |tx| begin::begin(tx, &env, &app(), &browser(), &pairs, None))
            .unwrap()
    }

    pub(crate) fn begin(&self, over: &[(&str, &str)]) -> Begun {
        self.begin_raw(params(&self.client, over))
    }

    /// A request whose story is told, as the front door does it.
    pub(crate) fn attempt(&self, pairs: Vec<(String, String)>) -> (Begun, TraceId) {
        let env = Arc::clone(&self.env);
        self.db
            .write_blocking(move |tx| {
                let story = trace::open(tx, &app(), Kind::Authorize, &pairs, false)?;
                let begun = begin::begin(tx, &env, &app(), &browser(), &pairs, Some(&story))?;
                Ok((begun, story))
            })
            .unwrap()
    }

    /// What is told of an id.
    pub(crate) fn story(&self, id: &str) -> Story {
        self.db.read(|r| trace::story::find(r, &operator(), id)).unwrap()
    }

    pub(crate) fn waiting(&self, over: &[(&str, &str)]) -> RequestId {
        match self.begin(over) {
            Begun::Waiting(id) => id,
            other @ (Begun::Redirect(_)
            | Begun::Post(_)
            | Begun::Held(_)
            | Begun::Pending(_)
            | Begun::Page(_)) => {
                panic!("not waiting: {other:?}")
            }
        }
    }

    pub(crate) fn decide(&self, id: &RequestId, signed_in: Option<&SignedIn>) -> Next {
        self.decide_in(browser(), id, signed_in)
    }

    pub(crate) fn decide_in(
        &self,
        browser: Hashed,
        id: &RequestId,
        who: Option<&SignedIn>,
    ) -> Next {
        let (env, id, who) = (Arc::clone(&self.env), id.clone(), who.cloned());
        self.db
            .write_blocking(move |tx| {
                let visit = Visit { browser: &browser, request: &id, signed_in: who.as_ref() };
                authorize::decide(tx, &env, &app(), visit)
            })
            .unwrap()
    }

    pub(crate) fn answer(&self, id: &RequestId, who: &SignedIn, allow: bool) -> Next {
        let (env, id, who) = (Arc::clone(&self.env), id.clone(), who.clone());
        self.db
            .write_blocking(move |tx| {
                let visit = Visit { browser: &browser(), request: &id, signed_in: Some(&who) };
                let shown = match authorize::decide(tx, &env, &app(), visit)? {
                    Next::Consent(question) => question.shown,
                    elsewhere @ (Next::SignIn
                    | Next::SignInAgain
                    | Next::StepUp(_)
                    | Next::Redirect(_)
                    | Next::Post(_)
                    | Next::Held(_)
                    | Next::Gone(_)) => return Ok(elsewhere),
                };
                let decision = authorize::Decision { allow, shown: &shown };
                authorize::answer(tx, &env, &app(), visit, decision)
            })
            .unwrap()
    }

    /// A code, allowed by the person.
    pub(crate) fn code(&self, over: &[(&str, &str)]) -> String {
        let id = self.waiting(over);
        let url = redirect(self.answer(&id, &self.signed_in, true));
        query(&url, "code").unwrap_or_else(|| panic!("no code in {url}"))
    }

    pub(crate) fn exchange(&self, ask: exchange::Ask) -> Outcome {
        self.exchange_as(&self.client, ask)
    }

    pub(crate) fn exchange_as(&self, client: &Client, ask: exchange::Ask) -> Outcome {
        let (env, client) = (Arc::clone(&self.env), client.clone());
        self.db
            .write_blocking(move |tx| exchange::exchange(tx, &env, &app(), &client, &ask))
            .unwrap()
    }

    /// Tokens for a request of the usual form.
    pub(crate) fn tokens(&self, over: &[(&str, &str)]) -> Tokens {
        let code = self.code(over);
        minted(self.exchange(ask(&code)))
    }

    pub(crate) fn refresh(&self, token: &str) -> Outcome {
        self.refresh_with(&app(), &self.client, refresh_ask(token))
    }

    pub(crate) fn refresh_with(&self, who: &Actor, client: &Client, ask: refresh::Ask) -> Outcome {
        let (env, who, client) = (Arc::clone(&self.env), who.clone(), client.clone());
        self.db.write_blocking(move |tx| refresh::refresh(tx, &env, &who, &client, &ask)).unwrap()
    }

    pub(crate) fn introspect(&self, token: &str) -> Value {
        self.introspect_as(&self.client, token)
    }

    pub(crate) fn introspect_as(&self, client: &Client, token: &str) -> Value {
        self.db.read(|r| introspect::introspect(r, &self.env, client, token)).unwrap()
    }

    /// Whether a token counts, whoever may be told.
    pub(crate) fn is_active(&self, token: &str) -> bool {
        if token.starts_with("mcr_") {
            return self.introspect(token)["active"] == true;
        }
        self.db.read(|r| mcpcodex::ops::oauth::token::access(r, &self.env, token)).unwrap().is_ok()
    }

    pub(crate) fn another_client(&self) -> Client {
        let new = client::New {
            name: "Other".to_owned(),
            redirect_uris: vec![CALLBACK.to_owned()],
            public: true,
            ..client::New::default()
        };
        self.db.write_blocking(move |tx| client::create(tx, &operator(), new)).unwrap().client
    }

    pub(crate) fn end_session(&self, id: &SessionId) {
        let id = id.clone();
        let ended = self
            .db
            .write_blocking(move |tx| session::revoke(tx, &operator(), std::slice::from_ref(&id)));
        assert_eq!(ended.unwrap(), 1);
    }

    /// Names of the events so far, oldest first.
    pub(crate) fn events(&self) -> Vec<String> {
        let rows =
            self.db.read(|r| mcpcodex::ops::audit::newest(r, &operator(), None, 100_000)).unwrap();
        rows.into_iter().rev().map(|row| row.event).collect()
    }

    pub(crate) fn pass(&self, secs: u64) {
        self.clock.advance(Duration::from_secs(secs));
    }
}

pub(crate) fn ask(code: &str) -> exchange::Ask {
    exchange::Ask {
        code: Some(code.to_owned()),
        redirect_uri: Some(CALLBACK.to_owned()),
        verifier: Some(VERIFIER.to_owned()),
        resources: Vec::new(),
        jkt: None,
    }
}

pub(crate) fn refresh_ask(token: &str) -> refresh::Ask {
    refresh::Ask { token: Some(token.to_owned()), ..refresh::Ask::default() }
}

pub(crate) fn redirect(next: Next) -> String {
    let Next::Redirect(url) = next else { panic!("no redirect: {next:?}") };
    url
}

pub(crate) fn minted(outcome: Outcome) -> Tokens {
    match outcome {
        Outcome::Minted(minted) => minted.sign().unwrap(),
        Outcome::Refused(refusal) => panic!("refused: {refusal}"),
        Outcome::Assertion(_) => panic!("an assertion and no token"),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "an outcome is looked at once")]
pub(crate) fn refused(outcome: Outcome) -> Code {
    match outcome {
        Outcome::Refused(Refusal { code, .. }) => code,
        Outcome::Minted(_) | Outcome::Assertion(_) => panic!("tokens were given"),
    }
}

pub(crate) fn refresh_token(tokens: &Tokens) -> String {
    tokens.refresh_token.as_ref().unwrap().expose().to_owned()
}

/// The one value of a query parameter.
pub(crate) fn query(url: &str, name: &str) -> Option<String> {
    let query = url.split_once('?').map_or("", |(_, query)| query);
    let mut found = form_urlencoded::parse(query.as_bytes()).filter(|(own, _)| own == name);
    let value = found.next().map(|(_, value)| value.into_owned());
    assert!(found.next().is_none(), "{name} comes twice in {url}");
    value
}

/// The claims of a JWT, without looking at its signature.
pub(crate) fn claims(token: &str) -> Value {
    part(token, 1)
}

pub(crate) fn part(token: &str, at: usize) -> Value {
    let part = token.split('.').nth(at).unwrap();
    serde_json::from_slice(&mcpcodex::crypto::secret::unb64(part).unwrap()).unwrap()
}
