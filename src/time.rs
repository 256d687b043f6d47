//! A moment, as the whole program counts it: milliseconds since 1970-01-01T00:00:00Z.
//! Reading the clock is not done here but in `db`, once per transaction.

use std::{fmt, time::Duration};

/// A moment in Unix milliseconds; the unit of every time column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Time(i64);

impl Time {
    /// The moment `ms` milliseconds after the epoch.
    pub const fn from_millis(ms: i64) -> Self {
        Self(ms)
    }

    /// The moment `s` seconds after the epoch, as JWT and OAuth count (RFC 7519 §2, `NumericDate`).
    pub const fn from_secs(s: i64) -> Self {
        Self(s.saturating_mul(1000))
    }

    /// Milliseconds since the epoch.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since the epoch, rounded down.
    pub const fn secs(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// This moment plus a span; saturates at the end of time.
    #[must_use]
    pub fn plus(self, span: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(span.as_millis()).unwrap_or(i64::MAX)))
    }

    /// This moment minus a span.
    #[must_use]
    pub fn minus(self, span: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(span.as_millis()).unwrap_or(i64::MAX)))
    }

    /// The span from `earlier` to this moment; zero when `earlier` is later.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// The moment that a file system noted; none before 1970.
    pub fn of_file(at: std::time::SystemTime) -> Option<Self> {
        let since = at.duration_since(std::time::UNIX_EPOCH).ok()?;
        i64::try_from(since.as_millis()).ok().map(Self::from_millis)
    }

    /// Reads RFC 3339, in whole milliseconds.
    pub fn parse(text: &str) -> Option<Self> {
        // Its own notation is wider: a space for the T, among others.
        let strict = text.as_bytes().get(10) == Some(&b'T');
        let at: jiff::Timestamp = text.parse().ok().filter(|_| strict)?;
        Some(Self(at.as_millisecond()))
    }

    /// `2026-11-23T03:12:44Z` (RFC 3339, UTC, whole seconds).
    pub fn rfc3339(self) -> String {
        jiff::Timestamp::from_second(self.secs())
            .map_or_else(|_| self.0.to_string(), |t| t.to_string())
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.rfc3339())
    }
}
