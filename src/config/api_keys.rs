//! API keys: their form, scopes, rotation and limits.
//! Making and checking them is left to `model` and `ops`.

use super::{
    keys::{key, section},
    text,
};

section! {
    /// Keys for programs.
    ApiKeys {
        /// Whether API keys are taken and made.
        enabled: bool = key("true"),
        /// What each key begins with.
        prefix: String = key("\"mcp_\"").check(text::key_prefix),
        /// Characters after the prefix; the last six are a checksum.
        length: usize = key("32").between(24, 128).counting("character"),
        /// Scopes that a key may have. One that begins with `admin:` needs the role `admin`.
        scopes: Vec<String> = key("[\"read:models\", \"write:models\", \"read:contexts\", \"write:contexts\", \"admin:users\"]")
            .check(text::scope),
        /// When a key should be replaced.
        rotation: Rotation,
        /// How often a key may be used, unless it was made with limits of its own.
        rate_limiting: RateLimiting,
    }
}

section! {
    /// When a key should be replaced.
    Rotation {
        /// `true` ends a key when it falls due, and lets its holder fetch a successor with it from the first warning on.
        auto_rotate: bool = key("false"),
        /// Days until a key falls due.
        rotation_period: u32 = key("90").between(1, 36_500).counting("day"),
        /// Days before that in which it is announced.
        warning_period: u32 = key("14").between(0, 36_500).counting("day"),
    }
}

section! {
    /// A token bucket for each key.
    RateLimiting {
        /// How many requests a minute flow back into the bucket.
        requests_per_minute: u32 = key("100").between(1, 1_000_000),
        /// How deep the bucket is.
        burst_size: u32 = key("20").between(1, 1_000_000),
    }
}
