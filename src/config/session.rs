//! The session cookie and when a session ends.
//! The session itself is a row, and the row decides.

use std::time::Duration;

use super::{
    keys::{UNSET, key, section},
    text,
    value::words,
};

words! {
    /// What the cookie holds.
    SessionProvider {
        /// A signed JWT that names a row; the row decides, at every request.
        Jwt = "jwt",
    }
}

section! {
    /// Sessions of people in the browser.
    Session {
        /// What the cookie holds: a signed JWT that names a row.
        provider: SessionProvider = key("jwt"),
        /// The cookie's name.
        cookie_name: String = key("\"mcpcodex_session\"").check(text::cookie_name),
        /// The cookie's attributes.
        security: Security,
        /// When a session ends.
        timeouts: Timeouts,
        /// Sessions that one person may have at a time; a further one ends the longest unused. 0: as many as they like.
        max_sessions: u32 = key("0").between(0, 10_000).counting("session"),
    }
}

words! {
    /// When the browser sends the cookie along from another site.
    SameSite {
        /// Never.
        Strict = "strict",
        /// When a link is followed.
        Lax = "lax",
        /// Always; needs `secure`.
        None = "none",
    }
}

section! {
    /// The cookie's attributes.
    Security {
        /// Whether the cookie travels by HTTPS only; unset follows the public URL.
        secure: Option<bool> = UNSET,
        /// Whether scripts are kept from the cookie.
        http_only: bool = key("true"),
        /// When the browser sends the cookie along from another site.
        same_site: SameSite = key("strict"),
        /// The path that the cookie is for.
        path: String = key("\"/\"").check(text::cookie_path),
        /// The domain that the cookie is for, with its sub-domains; unset means this host alone.
        domain: Option<String> = UNSET.check(text::cookie_domain),
    }
}

section! {
    /// When a session ends.
    Timeouts {
        /// Seconds without a request.
        idle: Duration = key("3600").some_seconds(),
        /// Seconds since the sign-in.
        absolute: Duration = key("28800").some_seconds(),
        /// Seconds since the sign-in when the person asked to be remembered; replaces both others.
        remember_me: Duration = key("2592000").some_seconds(),
    }
}
