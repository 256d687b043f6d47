//! Spans of time and rates as people type them: `90d`, `12h`, `30m`, `45s`; `100/m`.

use std::time::Duration;

pub use crate::model::span::{duration, per_minute};
use crate::time::Time;

/// A moment as people type it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// This one.
    At(Time),
    /// So long ago.
    Ago(Duration),
}

impl When {
    /// The moment, seen from `now`.
    pub fn at(self, now: Time) -> Time {
        match self {
            Self::At(at) => at,
            Self::Ago(span) => now.minus(span),
        }
    }
}

/// Reads a moment: a day (its beginning, UTC), RFC 3339, or a span that lies back.
pub fn moment(text: &str) -> Result<When, String> {
    if let Ok(span) = duration(text) {
        return Ok(When::Ago(span));
    }
    let day = format!("{text}T00:00:00Z");
    let at = Time::parse(text).or_else(|| Time::parse(&day)).map(When::At);
    at.ok_or_else(|| {
        format!("\"{text}\" is no moment: write 2026-11-23, 2026-11-23T03:12:44Z or 24h")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_days_times_or_spans_back() {
        let day = Time::from_secs(1_763_856_000);
        assert_eq!(moment("2025-11-23"), Ok(When::At(day)));
        assert_eq!(moment("2025-11-23T01:00:00+01:00"), Ok(When::At(day)));
        assert_eq!(moment("1h").map(|when| when.at(day)), Ok(Time::from_secs(1_763_852_400)));
        for wrong in ["", "yesterday", "2025-13-01", "2025-11-23 00:00", "h"] {
            assert!(moment(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn spans_are_a_number_and_a_unit() {
        assert_eq!(duration("90d"), Ok(Duration::from_secs(7_776_000)));
        assert_eq!(duration("12h"), Ok(Duration::from_secs(43_200)));
        assert_eq!(duration("30m"), Ok(Duration::from_secs(1_800)));
        for wrong in [
            "",
            "d",
            "90",
            "-1d",
            "+1d",
            "1.5h",
            "90 d",
            "0d",
            "1y",
            "99999999999999999999d",
            "36526d",
            "9é",
        ] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn rates_are_counted_by_the_minute() {
        assert_eq!(per_minute("100/m"), Ok(100));
        assert_eq!(per_minute("100"), Ok(100));
        assert_eq!(per_minute("2/s"), Ok(120));
        assert_eq!(per_minute("6000/h"), Ok(100));
        for wrong in ["", "/m", "0/m", "59/h", "1/d", "-1/m", "4294967295/s", "1000001"] {
            assert!(per_minute(wrong).is_err(), "{wrong}");
        }
    }
}
