//! Second factors.

use serde::Serialize;
use utoipa::ToSchema;

/// A second factor of any type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Factor {
    /// Its id.
    pub id: String,
    /// `totp`, `webauthn`, `sms` or `email`.
    #[serde(rename = "type")]
    pub kind: String,
    /// What its owner calls it, or where codes go.
    pub label: String,
    /// `active`, `pending`, or `flagged` when there may be a copy of it.
    pub state: String,
    /// When it was made.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// When it was last used.
    #[schema(format = DateTime)]
    pub last_used_at: Option<String>,
}

/// The second factors of a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Factors {
    /// Their user name.
    pub user: String,
    /// Each factor.
    pub factors: Vec<Factor>,
    /// Recovery codes not used yet.
    pub recovery_codes_left: u32,
}

/// Factors that were removed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = FactorsRemoved)]
pub struct Removed {
    /// Whose: a user name.
    pub user: String,
    /// How many.
    pub removed: usize,
}

/// A one-time link for a person, or where it was mailed.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
#[schema(as = LinkHanded)]
pub struct Handed {
    /// Where they choose a new password, once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reset_url: Option<String>,
    /// Where they choose their first password, once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub invite_url: Option<String>,
    /// Where they enrol a second factor, once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enroll_url: Option<String>,
    /// The address that the link was mailed to instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mailed_to: Option<String>,
    /// As which message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_id: Option<String>,
    /// When the link ends.
    #[schema(format = DateTime)]
    pub expires_at: String,
}

/// What a reset of somebody's factors leaves.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = FactorsReset)]
pub struct Reset {
    /// Whose: a user name.
    pub user: String,
    /// How many factors were removed.
    pub removed: usize,
    /// Where they enrol anew.
    #[serde(flatten)]
    pub link: Handed,
}
