//! Every second factor of a person beside each other, whatever its type.

use super::Method;
use crate::{
    db::Read,
    error::Result,
    model::{
        actor::Actor,
        id::{ContactId, CredentialId, UserId},
    },
    ops::{contact, passkey},
    time::Time,
};

/// A factor of any type.
#[derive(Clone, Debug)]
pub struct Any {
    /// Where it is kept.
    pub id: Id,
    /// Its type.
    pub method: Method,
    /// What its owner calls it, or where codes go.
    pub label: String,
    /// `active`, `pending`, or `flagged`.
    pub state: &'static str,
    /// When it was made.
    pub created_at: Time,
    /// When it was last used.
    pub last_used_at: Option<Time>,
}

/// Where a factor is kept.
#[derive(Clone, Debug)]
pub enum Id {
    /// Among the passkeys.
    Passkey(CredentialId),
    /// Among the authenticator apps.
    Totp(CredentialId),
    /// Among the phone numbers and addresses.
    Contact(ContactId),
}

impl Id {
    /// As text.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Passkey(id) | Self::Totp(id) => id.as_str(),
            Self::Contact(id) => id.as_str(),
        }
    }
}

/// Every factor of a person, and how many recovery codes are left.
pub fn all(r: &Read<'_>, who: &Actor, id: &UserId) -> Result<(Vec<Any>, u32)> {
    let (apps, left) = super::list(r, who, id)?;
    let passkeys = passkey::list(r, who, id)?.into_iter().map(|passkey| Any {
        id: Id::Passkey(passkey.id),
        method: Method::Passkey,
        label: passkey.label,
        // Its counter went back: there may be a copy of it.
        state: if passkey.flagged_at.is_some() { "flagged" } else { "active" },
        created_at: passkey.created_at,
        last_used_at: passkey.last_used_at,
    });
    let contacts = contact::list(r, who, id)?;
    let apps = apps.into_iter().map(|app| Any {
        id: Id::Totp(app.id),
        method: Method::Totp,
        label: app.label,
        state: "active",
        created_at: app.created_at,
        last_used_at: app.last_used_at,
    });
    let contacts = contacts.into_iter().map(|contact| Any {
        id: Id::Contact(contact.id),
        method: contact.method,
        label: contact.value,
        state: if contact.active { "active" } else { "pending" },
        created_at: contact.created_at,
        last_used_at: contact.last_used_at,
    });
    Ok((passkeys.chain(apps).chain(contacts).collect(), left))
}
