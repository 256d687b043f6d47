//! What a password must be, how it is hashed, and what wrong ones cost.
//! The judging is left to `model`, the hashing to `crypto`.

use std::time::Duration;

use super::keys::{key, section};

section! {
    /// What a password must be.
    Password {
        /// Fewest characters.
        min_length: usize = key("12").between(1, 1024).counting("character"),
        /// Most characters.
        max_length: usize = key("128").between(1, 1024).counting("character"),
        /// Whether it needs a capital letter.
        require_uppercase: bool = key("true"),
        /// Whether it needs a small letter.
        require_lowercase: bool = key("true"),
        /// Whether it needs a digit.
        require_numbers: bool = key("true"),
        /// Whether it needs something else.
        require_symbols: bool = key("true"),
        /// How hard it must be to guess.
        complexity: Complexity,
        /// Old passwords.
        history: History,
        /// What wrong passwords cost, counted by account and by address.
        lockout: Lockout,
        /// Argon2id; the defaults are OWASP's.
        hashing: Hashing,
    }
}

section! {
    /// How hard it must be to guess.
    Complexity {
        /// Least zxcvbn score, 0 to 4.
        min_score: u8 = key("3").between(0, 4),
        /// Whether listed words and leaked passwords are refused.
        dictionary_check: bool = key("true"),
        /// `false` refuses keyboard walks, repeats, sequences and dates.
        common_patterns: bool = key("false"),
    }
}

section! {
    /// Old passwords.
    History {
        /// How many of the last passwords may not be used again.
        prevent_reuse: u32 = key("12").between(0, 100),
        /// Days until a password must be changed; 0 turns expiry off, as NIST SP 800-63B-4 §3.1.1.2 asks.
        expiry_days: u32 = key("90").between(0, 36_500).counting("day"),
    }
}

section! {
    /// What wrong passwords cost, counted by account and by address.
    Lockout {
        /// After this many wrong ones the account waits.
        max_attempts: u32 = key("5").between(1, 1000),
        /// Seconds that it waits.
        lockout_duration: Duration = key("900").some_seconds(),
        /// Whether each earlier failure already costs a growing delay.
        progressive_delay: bool = key("true"),
    }
}

section! {
    /// Argon2id; the defaults are OWASP's.
    Hashing {
        /// Memory for one hash, in KiB.
        memory_kib: u32 = key("19456").between(8, 4_194_304),
        /// Passes over it.
        iterations: u32 = key("2").between(1, 1000),
        /// Lanes.
        parallelism: u32 = key("1").between(1, 255),
    }
}
