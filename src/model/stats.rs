//! Numbers of an installation.

/// Sign-ins of one day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignIns {
    /// The day as `2026-11-23`, in UTC.
    pub date: String,
    /// Sessions that were opened.
    pub all: u32,
    /// Of which with a second factor.
    pub with_mfa: u32,
}

/// How many there are of what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stats {
    /// People who may sign in.
    pub active: u32,
    /// People who never chose a password.
    pub invited: u32,
    /// People who are shut out.
    pub locked: u32,
    /// People whose account was put away.
    pub disabled: u32,
    /// People with a second factor.
    pub with_mfa: u32,
    /// Sessions alive now.
    pub sessions: u32,
    /// API keys that are not revoked and not past their end.
    pub api_keys: u32,
    /// Agents.
    pub agents: u32,
    /// Clients.
    pub clients: u32,
    /// Clients that wait for an administrator.
    pub clients_pending: u32,
    /// Resources.
    pub resources: u32,
    /// Connections of apps that stand.
    pub grants: u32,
    /// Events in the audit record.
    pub audit_events: u32,
    /// Sign-ins by the day, the newest first.
    pub sign_ins: Vec<SignIns>,
}
