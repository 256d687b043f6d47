//! The table `links`: one-time links by purpose.

use crate::{
    db::{Read, Write, params},
    error::Result,
    model::id::UserId,
    time::Time,
};

/// A link's row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Its id; the token is a keyed hash of it.
    pub id: String,
    /// For whom, unless it is the first set-up.
    pub user_id: Option<UserId>,
    /// When it ends.
    pub expires_at: Time,
}

/// Adds a link.
pub fn insert(
    tx: &Write<'_>,
    id: &str,
    purpose: &str,
    user: Option<&UserId>,
    expires_at: Time,
) -> Result<()> {
    tx.exec_one(
        "insert into links (id, purpose, user_id, created_at, expires_at) values (?1, ?2, ?3, ?4, ?5)",
        params![id, purpose, user.map(UserId::as_str), tx.now, expires_at],
    )
}

/// Finds a link that was neither used nor outlived, by id and purpose.
pub fn live(r: &Read<'_>, id: &str, purpose: &str) -> Result<Option<Link>> {
    r.one(
        "select id, user_id, expires_at from links
         where id = ?1 and purpose = ?2 and used_at is null and expires_at > ?3",
        params![id, purpose, r.now],
        |row| {
            Ok(Link {
                id: row.get(0)?,
                user_id: row.get::<_, Option<String>>(1)?.map(UserId::from_text),
                expires_at: row.get(2)?,
            })
        },
    )
}

/// The newest live link of a purpose, so that it can be printed again.
pub fn newest(r: &Read<'_>, purpose: &str) -> Result<Option<Link>> {
    r.one(
        "select id, user_id, expires_at from links
         where purpose = ?1 and used_at is null and expires_at > ?2
         order by created_at desc, id desc limit 1",
        params![purpose, r.now],
        |row| {
            Ok(Link {
                id: row.get(0)?,
                user_id: row.get::<_, Option<String>>(1)?.map(UserId::from_text),
                expires_at: row.get(2)?,
            })
        },
    )
}

/// The newest live link of a purpose for a person.
pub fn newest_of(r: &Read<'_>, purpose: &str, user: &UserId) -> Result<Option<Link>> {
    r.one(
        "select id, user_id, expires_at from links
         where purpose = ?1 and user_id = ?2 and used_at is null and expires_at > ?3
         order by created_at desc, id desc limit 1",
        params![purpose, user.as_str(), r.now],
        |row| {
            Ok(Link {
                id: row.get(0)?,
                user_id: row.get::<_, Option<String>>(1)?.map(UserId::from_text),
                expires_at: row.get(2)?,
            })
        },
    )
}

/// Uses a link, once.
pub fn spend(tx: &Write<'_>, id: &str, purpose: &str) -> Result<bool> {
    let changed = tx.exec(
        "update links set used_at = ?3
         where id = ?1 and purpose = ?2 and used_at is null and expires_at > ?3",
        params![id, purpose, tx.now],
    )?;
    Ok(changed == 1)
}

/// Voids every link of a purpose for a person, or of nobody in particular.
pub fn void(tx: &Write<'_>, purpose: &str, user: Option<&UserId>) -> Result<usize> {
    tx.exec(
        "delete from links where purpose = ?1 and user_id is ?2 and used_at is null",
        params![purpose, user.map(UserId::as_str)],
    )
}

/// Forgets links that ended.
pub fn sweep(tx: &Write<'_>) -> Result<usize> {
    tx.exec("delete from links where expires_at < ?1", params![tx.now])
}
