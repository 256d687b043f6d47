//! The provider that people sign in with, the roles, and how apps become known.
//! Tokens, factors, sessions, passwords and API keys have files of their own.

use std::{path::PathBuf, time::Duration};

use url::Url;

use super::{
    api_keys::ApiKeys,
    keys::{UNSET, key, section},
    mfa::Mfa,
    password::Password,
    providers::{Accounts, Passwords, Providers},
    session::Session,
    text,
    tokens::Tokens,
    value::words,
};

/// The roles that every installation has.
pub const BUILT_IN_ROLES: &[&str] = &["admin", "developer", "user"];

section! {
    /// How people and programs prove who they are.
    Authentication {
        /// The provider that people sign in with: this server itself unless another issuer is named.
        primary: Primary,
        /// Tokens that apps get.
        tokens: Tokens,
        /// How apps become known here, besides `mcpcodex client create`.
        clients: Clients,
        /// Role names besides the built-in `admin`, `developer` and `user`.
        roles: Vec<String> = key("[]").check(text::role),
        /// Further providers that people may sign in at, by name: `NAME: { issuer, client_id, … }`.
        providers: Providers = key("{}"),
        /// The second factor.
        mfa: Mfa,
        /// Sessions of people in the browser.
        session: Session,
        /// What a password must be.
        password: Password,
        /// One-time links.
        links: Links,
        /// Keys for programs.
        api_keys: ApiKeys,
    }
}

section! {
    /// One-time links, which are mailed or handed over by the operator.
    Links {
        /// Seconds in which an invitation works.
        invitation: Duration = key("3600").some_seconds(),
        /// Seconds in which a link to a new password works.
        password_reset: Duration = key("3600").some_seconds(),
        /// Seconds in which a link to a new second factor works.
        enrolment: Duration = key("3600").some_seconds(),
    }
}

words! {
    /// How the primary provider is spoken to.
    PrimaryProvider {
        /// OAuth 2.1 with OpenID Connect.
        Oauth2 = "oauth2",
    }
}

section! {
    /// The provider that people sign in with: this server itself unless another issuer is named.
    Primary {
        /// How the provider is spoken to.
        provider: PrimaryProvider = key("oauth2"),
        /// The provider's issuer URL. With no `server.public_url` it is also this server's own public URL.
        issuer: Option<String> = UNSET.env("AUTH_ISSUER").check(text::issuer),
        /// Our client at the provider. With this server as provider it names the built-in client of `/auth/login`.
        client_id: String = key("\"mcpcodex-client\"").env("AUTH_CLIENT_ID").check(text::not_empty),
        /// Where the provider sends the browser back to; unset means `/auth/callback` under the public URL.
        redirect_uri: Option<Url> = UNSET.env("AUTH_REDIRECT_URI").check(text::redirect_uri),
        /// Scopes asked of the provider.
        scopes: Vec<String> = key("[\"openid\", \"profile\", \"email\", \"mcpcodex:api\"]").check(text::scope),
        /// Proof Key for Code Exchange (RFC 7636).
        pkce: Pkce,
        /// At another provider: what its button says; unset, the host of the issuer.
        label: Option<String> = UNSET.check(text::brand),
        /// At another provider: whether `/login` shows the fields for passwords of this server, or leads to the provider.
        passwords: Passwords = key("hidden"),
        /// At another provider: what becomes of people who come from it.
        accounts: Accounts,
        /// At another provider: values of `amr` for which its second factor counts here, for example `mfa`.
        trusted_amr: Vec<String> = key("[]").check(text::not_empty),
        /// At another provider: values of `acr` for which its second factor counts here.
        trusted_acr: Vec<String> = key("[]").check(text::not_empty),
        /// At another provider: a PEM file with a certificate authority to trust, besides the system's.
        ca: Option<PathBuf> = UNSET,
    }
}

words! {
    /// How the challenge is made from the verifier.
    ChallengeMethod {
        /// SHA-256; `plain` would protect nothing.
        S256 = "S256",
    }
}

section! {
    /// Proof Key for Code Exchange (RFC 7636).
    Pkce {
        /// PKCE is required by OAuth 2.1; `false` is refused.
        enabled: bool = key("true"),
        /// How the challenge is made from the verifier.
        code_challenge_method: ChallengeMethod = key("S256"),
    }
}

words! {
    /// Who may register an app by itself (RFC 7591).
    Registration {
        /// Anyone.
        Open = "open",
        /// Whoever holds an initial access token.
        Token = "token",
        /// No one.
        Off = "off",
    }
}

words! {
    /// Which apps may be known by a document at their own URL.
    MetadataDocuments {
        /// Any.
        Any = "any",
        /// Those on the listed domains.
        Domains = "domains",
        /// None.
        Off = "off",
    }
}

words! {
    /// Whether an administrator agrees to an app that was never seen before.
    Approval {
        /// Nobody needs to.
        None = "none",
        /// One that registered itself, or is known by a document, waits until an administrator agrees.
        FirstSeen = "first_seen",
    }
}

section! {
    /// How apps become known here, besides `mcpcodex client create`.
    Clients {
        /// Dynamic registration (RFC 7591): `open` to anyone, with a `token`, or `off`.
        dynamic_registration: Registration = key("open"),
        /// Client ID metadata documents: from `any` site, from the `domains` listed, or `off`. Say `off` where this server
        /// cannot reach those sites: apps then register instead.
        metadata_documents: MetadataDocuments = key("any"),
        /// Domains whose metadata documents are taken with `metadata_documents: domains`, subdomains included.
        domains: Vec<String> = key("[]").check(text::domain),
        /// Whether an app that came by itself waits for an administrator: `none` or `first_seen`.
        approval: Approval = key("none"),
        /// How many apps may be known that came by themselves; beyond it those make room that nobody ever used, of the
        /// network that brought most of them first.
        most: u32 = key("10000").between(1, 10_000_000),
        /// Days after which an app that came by itself goes if nobody uses it.
        unused_days: u32 = key("30").between(1, 3_650).counting("day"),
        /// For development only: takes metadata documents from this machine, which are refused otherwise.
        local_documents: bool = key("false"),
        /// For development only: a PEM file with a certificate authority to trust when metadata documents are fetched.
        documents_ca: Option<PathBuf> = UNSET,
    }
}
