//! The consent page: who asks, for what, and where the answer goes.
//! Which scopes are left and whether consent is needed is decided in `ops::oauth`.

use askama::Template;

use super::parts::{Form, Label, Shell};
use crate::http::lang::Text;

/// How the server came to know the client.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Trust {
    /// It registered itself, and nobody has looked at it.
    #[default]
    Unverified,
    /// Its address proves where it comes from; nobody has looked at it.
    Addressed,
    /// It came by itself, and an administrator let it in.
    Approved,
    /// An administrator entered or checked it.
    Verified,
    /// It is part of this server.
    BuiltIn,
}

impl Trust {
    pub(super) fn label(self, shell: &Shell) -> Text {
        match self {
            Self::Unverified => shell.t("consent-unverified"),
            Self::Addressed => shell.t("consent-addressed"),
            Self::Approved => shell.t("consent-approved"),
            Self::Verified => shell.t("consent-verified"),
            Self::BuiltIn => shell.t("consent-built-in"),
        }
    }

    pub(super) fn class(self) -> &'static str {
        match self {
            Self::Unverified => "badge warn",
            Self::Verified | Self::Approved => "badge good",
            Self::BuiltIn | Self::Addressed => "badge",
        }
    }

    pub(super) fn is_unverified(self) -> bool {
        self == Self::Unverified
    }

    pub(super) fn is_addressed(self) -> bool {
        self == Self::Addressed
    }
}

/// Whether and when a client registered itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Registered {
    /// It did not.
    #[default]
    Never,
    /// More than a day ago.
    Earlier,
    /// Within the last day.
    Today,
}

/// Where the browser, and with it the code, goes after the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// A site: the host of the redirect URI, with its port if it is unusual.
    Host(String),
    /// A loopback host, on which any program on this computer may be listening.
    ThisComputer(String),
    /// An app that has registered a scheme of its own, such as `cursor`.
    App(String),
}

impl Default for Destination {
    fn default() -> Self {
        Self::Host(String::new())
    }
}

/// One permission, in words.
#[derive(Clone, Debug, Default)]
pub struct ScopeLine {
    /// The scope as the client wrote it.
    pub name: String,
    /// What it lets the client do, as a plain sentence.
    pub sentence: String,
    /// Whether it stands first and is marked.
    pub sensitive: bool,
    /// Whether the client has the others already, but not this one.
    pub new: bool,
}

/// The server the tokens are for (RFC 8707).
#[derive(Clone, Debug, Default)]
pub struct Resource {
    /// Its name.
    pub name: Label,
    /// Its identifier, a URL.
    pub url: String,
}

/// `/consent`: buttons `decision` = `allow` or `deny`.
#[derive(Clone, Default, Template)]
#[template(path = "consent.html", config = "assets/askama.toml")]
pub struct Consent {
    /// The frame.
    pub shell: Shell,
    /// Where the decision posts to.
    pub form: Form,
    /// The name the client gives itself.
    pub client: Label,
    /// The host its identifier lives on, when the identifier is a URL.
    pub client_host: Option<String>,
    /// How far the name can be believed.
    pub trust: Trust,
    /// Whether and when it registered itself.
    pub registered: Registered,
    /// Where the answer goes.
    pub destination: Destination,
    /// The servers asked for; none when the client named none.
    pub resources: Vec<Resource>,
    /// The permissions, in any order; the page puts the sensitive ones first.
    pub scopes: Vec<ScopeLine>,
    /// Whether all of it was allowed before, and the page says why it asks again.
    pub again: bool,
    /// Who is signed in.
    pub username: Label,
    /// Their e-mail address.
    pub email: Label,
    /// Signs out and begins again; without it no such button is shown.
    pub not_you: Option<Form>,
}

impl Consent {
    pub(super) fn is_local(&self) -> bool {
        matches!(self.destination, Destination::ThisComputer(_))
    }
}
