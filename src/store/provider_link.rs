//! The table `provider_links`: whose account an identity at a provider is.

use crate::{
    db::{Read, Row, RowResult, Write, params},
    error::Result,
    model::{id::UserId, provider::ProviderLink},
};

const COLUMNS: &str =
    "issuer, subject, user_id, provider, email, made_account, created_at, last_used_at";

fn from_row(row: &Row<'_>) -> RowResult<ProviderLink> {
    Ok(ProviderLink {
        issuer: row.get(0)?,
        subject: row.get(1)?,
        user_id: UserId::from_text(row.get::<_, String>(2)?),
        provider: row.get(3)?,
        email: row.get(4)?,
        made_account: row.get(5)?,
        created_at: row.get(6)?,
        last_used_at: row.get(7)?,
    })
}

/// Adds a link; false when the identity is somebody's already.
pub fn insert(tx: &Write<'_>, link: &ProviderLink) -> Result<bool> {
    let added = tx.exec(
        "insert into provider_links (issuer, subject, user_id, provider, email, made_account, created_at, last_used_at)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) on conflict do nothing",
        params![
            link.issuer,
            link.subject,
            link.user_id.as_str(),
            link.provider,
            link.email,
            link.made_account,
            link.created_at,
            link.last_used_at,
        ],
    )?;
    Ok(added == 1)
}

/// Whose an identity is.
pub fn find(r: &Read<'_>, issuer: &str, subject: &str) -> Result<Option<ProviderLink>> {
    let sql = format!("select {COLUMNS} from provider_links where issuer = ?1 and subject = ?2");
    r.one(&sql, params![issuer, subject], from_row)
}

/// Everything that a person is linked with.
pub fn of_user(r: &Read<'_>, user: &UserId) -> Result<Vec<ProviderLink>> {
    let sql = format!(
        "select {COLUMNS} from provider_links where user_id = ?1 order by created_at, issuer, subject"
    );
    r.all(&sql, params![user.as_str()], from_row)
}

/// Notes a use, and the address that the provider says.
pub fn used(tx: &Write<'_>, issuer: &str, subject: &str, email: Option<&str>) -> Result<()> {
    tx.exec_one(
        "update provider_links set last_used_at = ?3, email = coalesce(?4, email) where issuer = ?1 and subject = ?2",
        params![issuer, subject, tx.now, email],
    )
}

/// Removes a person's link; false when there was none.
pub fn delete(tx: &Write<'_>, user: &UserId, issuer: &str, subject: &str) -> Result<bool> {
    let gone = tx.exec(
        "delete from provider_links where user_id = ?1 and issuer = ?2 and subject = ?3",
        params![user.as_str(), issuer, subject],
    )?;
    Ok(gone == 1)
}
