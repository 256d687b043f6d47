//! A person.

use serde::Serialize;
use utoipa::ToSchema;

use super::at;
use crate::model::user::{User as Person, UserRow};

/// A person, as `user create` tells them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = UserSummary)]
pub struct Summary {
    /// Their id.
    pub id: String,
    /// The name they sign in with.
    pub username: String,
    /// Their address.
    pub email: String,
    /// Their full name; may be empty.
    pub name: String,
    /// Their roles, sorted.
    pub roles: Vec<String>,
    /// `invited`, `active`, `locked` or `disabled`.
    pub state: String,
}

impl Summary {
    /// Of a person.
    pub fn of(user: &Person) -> Self {
        Self {
            id: user.id.to_string(),
            username: user.username.clone(),
            email: user.email.clone(),
            name: user.name.clone(),
            roles: user.roles.clone(),
            state: user.state.as_str().to_owned(),
        }
    }
}

/// A person with what goes beside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct User {
    /// The person.
    #[serde(flatten)]
    pub summary: Summary,
    /// Whether a second factor is in force.
    pub mfa: bool,
    /// Sessions alive now.
    pub sessions: u32,
    /// API keys in force.
    pub api_keys: u32,
    /// Recovery codes not used yet.
    pub recovery_codes: u32,
    /// When tries count again, if sign-in is paused after wrong ones.
    #[schema(format = DateTime)]
    pub paused_until: Option<String>,
    /// When they were made.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// When they last signed in.
    #[schema(format = DateTime)]
    pub last_login_at: Option<String>,
}

impl User {
    /// Of a row of the list of people.
    pub fn of(row: &UserRow) -> Self {
        Self {
            summary: Summary::of(&row.user),
            mfa: row.mfa(),
            sessions: row.sessions,
            api_keys: row.api_keys,
            recovery_codes: row.recovery_codes,
            paused_until: at(row.paused_until),
            created_at: row.user.created_at.rfc3339(),
            last_login_at: at(row.user.last_login_at),
        }
    }
}

/// A person who was just made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = UserCreated)]
pub struct Created {
    /// The person.
    #[serde(flatten)]
    pub user: Summary,
    /// Where they choose their first password, once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub invite_url: Option<String>,
}

/// What shutting somebody out took away.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = UserEnded)]
pub struct Ended {
    /// The person, as they are now.
    #[serde(flatten)]
    pub user: Summary,
    /// Sessions that ended.
    pub sessions_ended: usize,
    /// Connections of apps that ended.
    pub grants_revoked: usize,
}

/// Somebody who was removed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = UserDeleted)]
pub struct Deleted {
    /// The id that they had.
    pub deleted: String,
    /// Their user name.
    pub username: String,
    /// Sessions that ended.
    pub sessions_ended: usize,
    /// Connections of apps that ended.
    pub grants_revoked: usize,
}
