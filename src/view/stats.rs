//! How many there are of what.

use serde::Serialize;
use utoipa::ToSchema;

use crate::model::stats::{SignIns, Stats as Counted};

/// People by the state of their accounts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = UserCounts)]
pub struct Users {
    /// All of them.
    pub total: u32,
    /// Who may sign in.
    pub active: u32,
    /// Who never chose a password.
    pub invited: u32,
    /// Who is shut out.
    pub locked: u32,
    /// Whose account was put away.
    pub disabled: u32,
    /// Who has a second factor.
    pub with_mfa: u32,
}

/// Sign-ins of one day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = SignInsOfDay)]
pub struct Day {
    /// The day, in UTC.
    #[schema(format = Date)]
    pub date: String,
    /// Sessions that were opened.
    pub sign_ins: u32,
    /// Of which with a second factor.
    pub with_mfa: u32,
}

/// Numbers of this installation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Stats {
    /// People.
    pub users: Users,
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
    /// Sign-ins by the day, the newest first; days without any are left out. Sessions are kept for 30 days.
    pub sign_ins: Vec<Day>,
}

impl Stats {
    /// Of what was counted.
    pub fn of(counted: &Counted) -> Self {
        let users = Users {
            total: counted.active + counted.invited + counted.locked + counted.disabled,
            active: counted.active,
            invited: counted.invited,
            locked: counted.locked,
            disabled: counted.disabled,
            with_mfa: counted.with_mfa,
        };
        let day = |day: &SignIns| Day {
            date: day.date.clone(),
            sign_ins: day.all,
            with_mfa: day.with_mfa,
        };
        Self {
            users,
            sessions: counted.sessions,
            api_keys: counted.api_keys,
            agents: counted.agents,
            clients: counted.clients,
            clients_pending: counted.clients_pending,
            resources: counted.resources,
            grants: counted.grants,
            audit_events: counted.audit_events,
            sign_ins: counted.sign_ins.iter().map(day).collect(),
        }
    }
}
