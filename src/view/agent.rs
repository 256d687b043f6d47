//! A program with a name of its own.

use serde::Serialize;
use utoipa::ToSchema;

use crate::model::agent::Agent as Row;

/// An agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Agent {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The user name of whoever answers for it.
    pub owner: String,
    /// `active` or `disabled`.
    pub state: String,
    /// When it was made.
    #[schema(format = DateTime)]
    pub created_at: String,
}

impl Agent {
    /// Of an agent and its owner's user name.
    pub fn of(agent: &Row, owner: &str) -> Self {
        Self {
            id: agent.id.to_string(),
            name: agent.name.clone(),
            owner: owner.to_owned(),
            state: agent.state.as_str().to_owned(),
            created_at: agent.created_at.rfc3339(),
        }
    }
}

/// An agent or a client that was removed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = NamedDeleted)]
pub struct Deleted {
    /// The id that it had.
    pub deleted: String,
    /// Its name.
    pub name: String,
}
