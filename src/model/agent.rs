//! Agents: programs that act in their own name, with an owner who answers for them.
//! Shape: an id in a space of its own, a name that is unique among agents, an owning person and a state.

use super::id::{AgentId, UserId};
use crate::time::Time;

/// What an agent may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AgentState {
    /// Its keys work.
    Active,
    /// They do not, until it is enabled again.
    Disabled,
}

impl AgentState {
    /// The word in the database, in JSON and on the screen.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Disabled => "disabled",
        }
    }

    /// Reads what [`AgentState::as_str`] wrote.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Active, Self::Disabled].into_iter().find(|state| state.as_str() == text)
    }
}

/// A program with a name of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agent {
    /// Its id: the `sub` of what it does.
    pub id: AgentId,
    /// What it is called.
    pub name: String,
    /// The person who answers for it. It never may more than they.
    pub owner_id: UserId,
    /// What it may do.
    pub state: AgentState,
    /// When it was made.
    pub created_at: Time,
}

impl Agent {
    /// Whether its keys work.
    pub fn is_active(&self) -> bool {
        self.state == AgentState::Active
    }
}
