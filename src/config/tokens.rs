//! Lifetimes and form of the tokens that apps get.
//! How they are made and checked is left to `crypto` and `ops`.

use std::time::Duration;

use super::{
    keys::{UNSET, key, section},
    text,
    value::words,
};

section! {
    /// Tokens that apps get.
    Tokens {
        /// Access tokens: signed JWTs (RFC 9068).
        access_token: AccessToken,
        /// Refresh tokens: each use gives a new one.
        refresh_token: RefreshToken,
        /// ID tokens (OpenID Connect).
        id_token: IdToken,
        /// The keys that sign access and ID tokens, and how they take turns.
        signing_keys: SigningKeys,
        /// Tokens that only the holder of a key may use (RFC 9449).
        dpop: Dpop,
    }
}

section! {
    /// The keys that sign access and ID tokens, and how they take turns.
    SigningKeys {
        /// Seconds after which the next key signs instead; 0 leaves that to `mcpcodex key rotate`.
        rotate_after: Duration = key("7776000").maybe_seconds(),
        /// Seconds that a key stands in the JWKS before it signs, so that whoever keeps a copy of the
        /// JWKS knows it by then.
        publish_ahead: Duration = key("86400").some_seconds().between(3_600, 31_536_000),
    }
}

words! {
    /// How tokens are signed.
    SigningAlgorithm {
        /// RSA 2048 with SHA-256: what all software can check.
        Rs256 = "RS256",
        /// RSA-PSS with SHA-256.
        Ps256 = "PS256",
        /// ECDSA on P-256.
        Es256 = "ES256",
        /// Ed25519.
        EdDsa = "EdDSA",
    }
}

section! {
    /// Access tokens: signed JWTs (RFC 9068).
    AccessToken {
        /// Seconds until an access token ends.
        lifetime: Duration = key("900").some_seconds(),
        /// How access and ID tokens are signed.
        algorithm: SigningAlgorithm = key("RS256"),
        /// `iss` of access tokens; unset means the public URL, which is what other software expects.
        issuer: Option<String> = UNSET.check(text::not_empty),
        /// `aud` of access tokens for which no resource was asked.
        audience: String = key("\"mcpcodex-api\"").check(text::not_empty),
    }
}

section! {
    /// Refresh tokens: each use gives a new one.
    RefreshToken {
        /// Seconds until a family of refresh tokens ends, however often it is used.
        lifetime: Duration = key("86400").some_seconds(),
        /// Whether each use gives a new token and spends the old one.
        rotation: bool = key("true"),
        /// How often a spent token may yield another successor; only 0 is taken.
        max_reuse: u32 = key("0"),
        /// Seconds in which a retry with a spent token gets the same successor again, so that a lost
        /// answer logs no one out; 0 gives the textbook: any second use ends the family.
        retry_window: Duration = key("30").maybe_seconds().between(0, 600),
        /// Seconds without use after which a family ends; unset means only `lifetime` ends it.
        idle: Option<Duration> = UNSET.some_seconds(),
    }
}

words! {
    /// What an ID token may tell of the person.
    IdClaim {
        /// Who, as a stable identifier.
        Sub = "sub",
        /// The e-mail address; needs the scope `email`.
        Email = "email",
        /// Whether it was confirmed; needs the scope `email`.
        EmailVerified = "email_verified",
        /// The full name; needs the scope `profile`.
        Name = "name",
        /// The user name; needs the scope `profile`.
        PreferredUsername = "preferred_username",
        /// The roles.
        Roles = "roles",
        /// When the person signed in.
        AuthTime = "auth_time",
        /// By which factors (RFC 8176).
        Amr = "amr",
        /// How surely.
        Acr = "acr",
        /// The session.
        Sid = "sid",
    }
}

section! {
    /// ID tokens (OpenID Connect).
    IdToken {
        /// Seconds until an ID token ends.
        lifetime: Duration = key("3600").some_seconds(),
        /// What it tells of the person, exactly these, as far as the scopes allow; `sub` must be among them.
        claims: Vec<IdClaim> = key("[\"sub\", \"email\", \"name\", \"roles\"]"),
    }
}

section! {
    /// Tokens that only the holder of a key may use (RFC 9449).
    Dpop {
        /// Whether a proof of the key must carry a nonce of this server, which apps get with the first refusal; without
        /// it a proof counts for five minutes.
        require_nonce: bool = key("true"),
    }
}
