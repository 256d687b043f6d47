//! Identifiers: one type for each noun, so that a session's id cannot stand where a user's belongs.
//! The prefix keeps their spaces apart: no client can be named like a user (RFC 9700 §4.15).

use std::fmt;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Makes a new one; later ones sort after earlier ones.
            #[expect(clippy::new_without_default, reason = "a fresh id is not a default")]
            pub fn new() -> Self {
                Self(format!(concat!($prefix, "_{}"), uuid::Uuid::now_v7().simple()))
            }

            /// Takes one from outside as it stands; whether it exists is for a look-up to say.
            pub fn from_text(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// The identifier as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

ids! {
    /// A person.
    UserId = "u";
    /// A signed-in browser.
    SessionId = "s";
    /// An OAuth client. Static ones may carry a chosen id.
    ClientId = "c";
    /// What a person allowed a client once: the family of its tokens.
    GrantId = "g";
    /// An API key's public half.
    ApiKeyId = "ak";
    /// A program with a name of its own.
    AgentId = "a";
    /// A second factor.
    CredentialId = "f";
    /// A WebAuthn challenge that waits for an answer.
    CeremonyId = "wc";
    /// An authorization request that waits for a person.
    RequestId = "r";
    /// A device that waits for a person.
    DeviceRequestId = "dr";
    /// A protected resource.
    ResourceId = "rs";
    /// A browser that someone has signed in with.
    DeviceId = "d";
    /// One attempt of a client to get a token, as it is told afterwards.
    TraceId = "t";
    /// A message on its way out.
    MessageId = "m";
    /// A token with which apps may register themselves.
    RegistrationTokenId = "rt";
    /// A phone number or address that codes go to.
    ContactId = "ct";
}
