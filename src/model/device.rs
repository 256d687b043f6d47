//! A browser that someone has signed in with before.
//! The cookie that names it is made in `ops/device.rs`.

use std::time::Duration;

use super::id::{DeviceId, UserId};
use crate::time::Time;

/// A browser is forgotten when its owner has not signed in with it for so long.
pub const FORGOTTEN: Duration = Duration::from_secs(365 * 86_400);
/// Browsers that are remembered of one person; beyond it the longest unused go.
pub const MOST: u32 = 50;

/// A browser's row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// Its id.
    pub id: DeviceId,
    /// Whose sign-ins it has seen.
    pub user_id: UserId,
    /// The browser's own words.
    pub user_agent: String,
    /// Where the last sign-in came from.
    pub address: String,
    /// The first sign-in.
    pub created_at: Time,
    /// The last sign-in.
    pub last_seen_at: Time,
    /// Until when it stands for the second factor.
    pub trusted_until: Option<Time>,
}

impl Device {
    /// Whether it stands for the second factor at `now`.
    pub fn is_trusted(&self, now: Time) -> bool {
        self.trusted_until.is_some_and(|until| now < until)
    }
}

/// Browser and operating system, as far as a user agent's own words tell.
pub fn browser_and_system(words: &str) -> (Option<&'static str>, Option<&'static str>) {
    // The order matters: every browser also claims to be one of those below it.
    const BROWSERS: [(&str, &str); 8] = [
        ("Edg/", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("HeadlessChrome/", "Chrome headless"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
        ("curl/", "curl"),
        ("python", "Python"),
    ];
    const SYSTEMS: [(&str, &str); 6] = [
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS X", "macOS"),
        ("Linux", "Linux"),
    ];
    let find = |table: &[(&str, &'static str)]| {
        table.iter().find(|(mark, _)| words.contains(mark)).map(|(_, name)| *name)
    };
    (find(&BROWSERS), find(&SYSTEMS))
}

/// A browser in a few words, `Firefox / Linux`, for a mail.
pub fn in_words(words: &str) -> String {
    match browser_and_system(words) {
        (Some(browser), Some(system)) => format!("{browser} / {system}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) if words.is_empty() => "–".to_owned(),
        (None, None) => words.chars().filter(|c| !c.is_control()).take(40).collect(),
    }
}
