//! Moments and waits in words.

use std::time::Duration;

use super::Lang;
use crate::time::Time;

/// A moment, to the minute, in UTC: the server knows nobody's time zone.
pub fn moment(lang: Lang, at: Time) -> String {
    let text = at.rfc3339();
    let number = |from: usize, to: usize| text.get(from..to).and_then(|part| part.parse().ok());
    let (Some(month), Some(day), Some(year), Some(clock)) = (
        number(5, 7).map(|month: u8| month),
        number(8, 10).map(|day: u8| day),
        text.get(..4),
        text.get(11..16),
    ) else {
        return text;
    };
    lang.t("moment")
        .with("day", day)
        .with("month", month)
        .with("year", year)
        .with("clock", clock)
        .to_string()
}

/// When the next try counts, as a sentence; nothing when it counts at once.
pub fn wait(lang: Lang, wait: Duration) -> Option<String> {
    let secs = wait.as_millis().div_ceil(1_000);
    let text = match secs {
        0 => return None,
        1..=90 => lang.t("wait-seconds").with("n", secs),
        _ => lang.t("wait-minutes").with("n", secs.div_ceil(60)),
    };
    Some(text.to_string())
}

/// After how long something may be asked for again, as a sentence.
pub fn pause(lang: Lang, wait: Duration) -> Option<String> {
    let minutes = wait.as_secs().div_ceil(60);
    (minutes > 0).then(|| lang.t("wait-pause").with("n", minutes).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moment_is_written_as_the_language_writes_it() {
        let at = Time::from_secs(1_795_403_564);
        assert_eq!(moment(Lang::En, at), "23 Nov 2026, 03:12 UTC");
        assert_eq!(moment(Lang::De, at), "23. November 2026, 03:12 Uhr UTC");
        assert_eq!(moment(Lang::De, Time::from_millis(0)), "1. Januar 1970, 00:00 Uhr UTC");
    }

    #[test]
    fn wait_is_said_in_seconds_and_then_in_minutes() {
        assert_eq!(wait(Lang::En, Duration::ZERO), None);
        let said = |ms| wait(Lang::En, Duration::from_millis(ms)).unwrap();
        assert_eq!(said(1), "The next try counts in 1 second.");
        assert_eq!(said(89_001), "The next try counts in 90 seconds.");
        assert_eq!(said(91_000), "The next try counts in 2 minutes.");
    }
}
