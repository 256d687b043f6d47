//! A person: who they are and what state their account is in.
//! Names are parsed in `name`, passwords judged in `password`.

use super::{factor::Method, id::UserId};
use crate::{
    error::{Error, Result},
    time::Time,
};

/// The role that may administer.
pub const ADMIN: &str = "admin";
/// The roles that exist without configuration.
pub const BUILT_IN_ROLES: [&str; 3] = [ADMIN, "developer", "user"];

/// What an account may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserState {
    /// Made, but no password chosen yet.
    Invited,
    /// May sign in.
    Active,
    /// Shut out by an operator; sessions and tokens are ended.
    Locked,
    /// Put away for good, until enabled again.
    Disabled,
}

impl UserState {
    /// The word in the database, in JSON and on the screen.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Invited => "invited",
            Self::Active => "active",
            Self::Locked => "locked",
            Self::Disabled => "disabled",
        }
    }

    /// Reads what [`UserState::as_str`] wrote.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Invited, Self::Active, Self::Locked, Self::Disabled]
            .into_iter()
            .find(|state| state.as_str() == text)
    }

    /// The state after the operator locked the account.
    pub fn lock(self) -> Result<Self> {
        match self {
            Self::Active | Self::Invited => Ok(Self::Locked),
            Self::Locked => Err(Error::conflict("the account is locked already")),
            Self::Disabled => {
                Err(Error::conflict("the account is disabled, which is more than locked"))
            }
        }
    }

    /// The state after unlocking; an account that never had a password waits for one again.
    pub fn unlock(self, has_password: bool) -> Result<Self> {
        match self {
            Self::Locked => Ok(Self::ready(has_password)),
            Self::Active | Self::Invited => Ok(self),
            Self::Disabled => Err(Error::conflict("the account is disabled, not locked")
                .with_next("mcpcodex user enable NAME")),
        }
    }

    /// The state after disabling.
    pub fn disable(self) -> Result<Self> {
        match self {
            Self::Disabled => Err(Error::conflict("the account is disabled already")),
            Self::Active | Self::Invited | Self::Locked => Ok(Self::Disabled),
        }
    }

    /// The state after enabling a disabled account.
    pub fn enable(self, has_password: bool) -> Result<Self> {
        match self {
            Self::Disabled => Ok(Self::ready(has_password)),
            Self::Locked => Err(Error::conflict("the account is locked, not disabled")
                .with_next("mcpcodex user unlock NAME")),
            Self::Active | Self::Invited => Err(Error::conflict("the account is enabled already")),
        }
    }

    fn ready(has_password: bool) -> Self {
        if has_password { Self::Active } else { Self::Invited }
    }
}

/// A person as everything but the sign-in sees them: without credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Their id.
    pub id: UserId,
    /// The name they sign in with, as shown.
    pub username: String,
    /// Their address.
    pub email: String,
    /// Their full name; may be empty.
    pub name: String,
    /// Their roles, sorted.
    pub roles: Vec<String>,
    /// What the account may do.
    pub state: UserState,
    /// When it was made.
    pub created_at: Time,
    /// When the person last signed in.
    pub last_login_at: Option<Time>,
    /// When the password was set; none before the first.
    pub password_changed_at: Option<Time>,
    /// From when a required factor was missing; the grace period counts from here.
    pub mfa_grace_from: Option<Time>,
}

impl User {
    /// What to call them: the full name, else the user name.
    pub fn display_name(&self) -> &str {
        if self.name.is_empty() { &self.username } else { &self.name }
    }

    /// Whether the person has the role.
    pub fn has_role(&self, role: &str) -> bool {
        self.roles.iter().any(|own| own == role)
    }
}

/// A row of the list of people: the person and the counts that go beside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserRow {
    /// The person.
    pub user: User,
    /// The second factors in force, the strongest first, each method once.
    pub methods: Vec<Method>,
    /// Sessions alive now.
    pub sessions: u32,
    /// Recovery codes not used yet.
    pub recovery_codes: u32,
    /// API keys in force.
    pub api_keys: u32,
    /// When tries count again, if sign-in is paused after wrong ones.
    pub paused_until: Option<Time>,
}

impl UserRow {
    /// Whether a second factor is in force.
    pub fn mfa(&self) -> bool {
        !self.methods.is_empty()
    }
}
