//! Who asks for something and by which face; the first line of an op decides by it.
//! How the asker proved it is left to the faces.

use super::id::{ApiKeyId, ClientId, SessionId, UserId};
use crate::error::{Error, Result};

/// The face a request came through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Via {
    /// The server.
    Http,
    /// The command line on the same machine.
    Cli,
    /// The console on the same machine.
    Tui,
    /// The API of the server, by token or key.
    Api,
    /// The program itself, for example its sweep.
    System,
}

impl Via {
    /// The word that stands in an audit row.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Cli => "cli",
            Self::Tui => "tui",
            Self::Api => "api",
            Self::System => "system",
        }
    }
}

/// What a program shows at the API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credential {
    /// An access token that the person let a client have.
    Token {
        /// The client.
        client: ClientId,
    },
    /// An API key.
    Key(ApiKeyId),
}

/// What the asker is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Principal {
    /// Nobody yet: a browser before sign-in, a client before it proved itself.
    Anonymous,
    /// A signed-in person.
    Person {
        /// Who.
        user: UserId,
        /// In which browser.
        session: SessionId,
    },
    /// A program by its API key. It is not the person it belongs to: it makes no keys and touches no account.
    ApiKey {
        /// The key's public half.
        key: ApiKeyId,
    },
    /// A person's program at the API.
    Program {
        /// In whose name.
        user: UserId,
        /// By what it proved that.
        by: Credential,
        /// Whether the person is an administrator, and let it administer.
        administers: bool,
    },
    /// Whoever may read the database and the master key: the operator on the host.
    Operator {
        /// The operating-system account, for example `root`.
        account: String,
    },
    /// The program itself.
    System,
}

/// Where a request came from, as far as it is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// The address of the peer, or the one a trusted proxy names.
    pub address: String,
    /// The user agent's own words, cut to 256 characters.
    pub user_agent: String,
}

/// The asker of an op.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// What it is.
    pub principal: Principal,
    /// Through which face.
    pub via: Via,
    /// From where.
    pub origin: Origin,
}

impl Actor {
    /// A browser or program that has not proved who it is.
    pub fn anonymous(origin: Origin) -> Self {
        Self { principal: Principal::Anonymous, via: Via::Http, origin }
    }

    /// A person in a session.
    pub fn person(user: UserId, session: SessionId, origin: Origin) -> Self {
        Self { principal: Principal::Person { user, session }, via: Via::Http, origin }
    }

    /// A program by its API key.
    pub fn api_key(key: ApiKeyId, origin: Origin) -> Self {
        Self { principal: Principal::ApiKey { key }, via: Via::Http, origin }
    }

    /// A person's program at the API.
    pub fn program(user: UserId, by: Credential, administers: bool, origin: Origin) -> Self {
        Self { principal: Principal::Program { user, by, administers }, via: Via::Api, origin }
    }

    /// The operator on the host.
    pub fn operator(account: impl Into<String>, via: Via) -> Self {
        let principal = Principal::Operator { account: account.into() };
        Self { principal, via, origin: Origin::default() }
    }

    /// The program itself.
    pub fn system() -> Self {
        Self { principal: Principal::System, via: Via::System, origin: Origin::default() }
    }

    /// The name that stands in an audit row.
    pub fn name(&self) -> &str {
        match &self.principal {
            Principal::Anonymous => "anonymous",
            Principal::ApiKey { key } | Principal::Program { by: Credential::Key(key), .. } => {
                key.as_str()
            }
            Principal::Person { user, .. }
            | Principal::Program { user, by: Credential::Token { .. }, .. } => user.as_str(),
            Principal::Operator { account } => account,
            Principal::System => "system",
        }
    }

    /// Passes for whoever runs this installation: the operator on the host, administrators at the API and the program
    /// itself.
    pub fn must_operate(&self) -> Result<()> {
        match self.principal {
            Principal::Operator { .. }
            | Principal::System
            | Principal::Program { administers: true, .. } => Ok(()),
            Principal::Anonymous
            | Principal::Person { .. }
            | Principal::ApiKey { .. }
            | Principal::Program { administers: false, .. } => {
                Err(Error::denied("only the operator of this server may do that"))
            }
        }
    }

    /// Passes for whoever may do a thing without being an API key. A key is copied and kept by programs: it makes no
    /// keys, touches no second factor, and nothing of those who administer.
    pub fn must_be_more_than_a_key(&self) -> Result<()> {
        match self.principal {
            Principal::ApiKey { .. } | Principal::Program { by: Credential::Key(_), .. } => Err(
                Error::denied("an API key may not do that: it makes no keys and touches neither second factors nor administrators")
                    .with_next("use an access token that an administrator signed in for"),
            ),
            Principal::Anonymous
            | Principal::Person { .. }
            | Principal::Program { .. }
            | Principal::Operator { .. }
            | Principal::System => Ok(()),
        }
    }

    /// Passes for the operator and for the person whom it concerns.
    pub fn must_be(&self, user: &UserId) -> Result<()> {
        match &self.principal {
            Principal::Person { user: own, .. } | Principal::Program { user: own, .. }
                if own == user =>
            {
                Ok(())
            }
            Principal::Anonymous
            | Principal::Person { .. }
            | Principal::Program { .. }
            | Principal::ApiKey { .. }
            | Principal::Operator { .. }
            | Principal::System => self.must_operate(),
        }
    }
}
