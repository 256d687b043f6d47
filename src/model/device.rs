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
