//! The configuration: typed, checked whole, every value with its origin. Start at [`load::load`].
//! What a key does is left to whoever reads it; this only says what may stand there.
//!
//! Each section is declared once, by `section!` in the file of its topic; the struct, the key table,
//! the defaults, the reader, the schema and `docs/configuration.md` all come from that.

pub mod advice;
pub mod api_keys;
pub mod authentication;
pub mod credentials;
pub mod environment;
pub mod keys;
pub mod load;
pub mod look;
pub mod mfa;
pub mod password;
pub mod problem;
pub mod providers;
pub mod reference;
pub mod rules;
pub mod secret;
pub mod server;
pub mod session;
pub mod show;
pub mod site;
pub mod source;
pub mod text;
pub mod tokens;
pub mod tree;
pub mod value;

use std::net::SocketAddr;

use url::Url;

pub use self::{
    advice::{Advice, Weight},
    authentication::{Authentication, BUILT_IN_ROLES},
    credentials::Credentials,
    environment::Environment,
    load::{FILE_NAME, Loaded, Source, load},
    problem::{Problem, Problems},
    secret::Secret,
    server::{Audit, Limits, Logging, Mail, Server, Storage},
};

keys::section! {
    /// The whole configuration.
    Config {
        /// Where the server listens and how it is reached.
        server: Server,
        /// Where data is kept.
        storage: Storage,
        /// How people and programs prove who they are.
        authentication: Authentication,
        /// Messages that go out by e-mail.
        mail: Mail,
        /// Bounds that keep a flood of requests from taking the machine.
        limits: Limits,
        /// What the program says on stderr while it runs.
        logging: Logging,
        /// The record of who did what.
        audit: Audit,
        /// Secrets, from the environment alone.
        credentials: Credentials,
    }
}

impl Default for Config {
    fn default() -> Self {
        use keys::Shape as _;
        let config = Self::read(&mut source::Values::new(""), "", keys::UNSET);
        #[expect(clippy::expect_used, reason = "depends on the key table alone; a test reads it")]
        config.expect("the defaults in the key table can be read")
    }
}

impl Config {
    /// The URL that this server is reached at: `server.public_url`, else the primary issuer, else
    /// `http://localhost` with the port that is listened on.
    pub fn public_url(&self, listen: SocketAddr) -> Url {
        let issuer =
            || self.authentication.primary.issuer.as_deref().and_then(|i| Url::parse(i).ok());
        self.server.public_url.clone().or_else(issuer).unwrap_or_else(|| localhost(listen))
    }

    /// The issuer of our tokens: [`Config::public_url`] without a slash at its end, always the same bytes.
    pub fn issuer(&self, listen: SocketAddr) -> String {
        self.public_url(listen).as_str().trim_end_matches('/').to_owned()
    }

    /// Whether people sign in with this server itself rather than at another provider.
    pub fn primary_is_self(&self) -> bool {
        let Some(issuer) = &self.authentication.primary.issuer else { return true };
        let same = |public: &Url| {
            Url::parse(issuer).is_ok_and(|issuer| {
                issuer.as_str().trim_end_matches('/') == public.as_str().trim_end_matches('/')
            })
        };
        self.server.public_url.as_ref().is_none_or(same)
    }

    /// Whether the session cookie travels by HTTPS only, for a server at `public_url`.
    pub fn cookie_is_secure(&self, public_url: &Url) -> bool {
        let follow = || public_url.scheme() == "https";
        self.authentication.session.security.secure.unwrap_or_else(follow)
    }

    /// All role names: the built-in ones, then the configured ones.
    pub fn roles(&self) -> Vec<&str> {
        let built_in = BUILT_IN_ROLES.iter().copied();
        let own = self.authentication.roles.iter().map(String::as_str);
        built_in.clone().chain(own.filter(|role| !BUILT_IN_ROLES.contains(role))).collect()
    }
}

fn localhost(listen: SocketAddr) -> Url {
    let text = format!("http://localhost:{}", listen.port());
    #[expect(clippy::expect_used, reason = "any port makes a URL of this form")]
    Url::parse(&text).expect("localhost with a port is a URL")
}
