//! Queues in the database, of what is to go out: messages, notices.

use crate::time::Time;

/// What there is to do of a queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due<To> {
    /// For whom something waits that may go now.
    pub to: Vec<To>,
    /// Whether a process died over something, or something is of no use any more.
    pub stale: bool,
    /// When to look again if nothing changes before.
    pub next: Option<Time>,
}
