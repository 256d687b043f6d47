//! The table `one_time_codes`.

use crate::{
    crypto::secret::Hashed,
    db::{Read, Row, RowResult, Write, params, unreadable},
    error::Result,
    model::{
        contact::{Code, Purpose},
        id::{ContactId, UserId},
    },
    time::Time,
};

/// What a code is looked up by: whose, for what, sent where, asked for by whom.
#[derive(Clone, Copy, Debug)]
pub struct Slot<'a> {
    /// Whose.
    pub user: &'a UserId,
    /// For what.
    pub purpose: Purpose,
    /// Where it went.
    pub contact: &'a ContactId,
    /// The sign-in or session that asked.
    pub binding: &'a Hashed,
}

fn from_row(row: &Row<'_>) -> RowResult<Code> {
    let hash: Vec<u8> = row.get(1)?;
    Ok(Code {
        id: row.get(0)?,
        hash: Hashed::from_bytes(&hash)
            .ok_or_else(|| unreadable("one_time_codes.code_hash", "not 32 bytes"))?,
    })
}

/// Removes the code of a slot; answers the message that carried it, unless the code was used.
pub fn replace(tx: &Write<'_>, slot: Slot<'_>) -> Result<Option<String>> {
    let found = tx.one(
        "delete from one_time_codes
         where user_id = ?1 and purpose = ?2 and contact_id = ?3 and binding_hash = ?4
         returning message_id, used_at is null",
        params![
            slot.user.as_str(),
            slot.purpose.as_str(),
            slot.contact.as_str(),
            slot.binding.as_bytes()
        ],
        |row| Ok((row.get::<_, String>(0)?, row.get::<_, bool>(1)?)),
    )?;
    Ok(found.and_then(|(message, unused)| unused.then_some(message)))
}

/// The messages that carry unused codes to a contact.
pub fn messages_to(r: &Read<'_>, contact: &ContactId) -> Result<Vec<String>> {
    r.all(
        "select message_id from one_time_codes where contact_id = ?1 and used_at is null",
        params![contact.as_str()],
        |row| row.get(0),
    )
}

/// Adds a code.
pub fn insert(
    tx: &Write<'_>,
    slot: Slot<'_>,
    code: &Code,
    message: &str,
    expires_at: Time,
) -> Result<()> {
    tx.exec_one(
        "insert into one_time_codes (id, user_id, contact_id, purpose, binding_hash, code_hash, message_id,
                                     created_at, expires_at)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        params![
            code.id,
            slot.user.as_str(),
            slot.contact.as_str(),
            slot.purpose.as_str(),
            slot.binding.as_bytes(),
            code.hash.as_bytes(),
            message,
            tx.now,
            expires_at,
        ],
    )
}

/// Takes one of the tries of a live code; none when there is no code or no try left.
pub fn take_try(tx: &Write<'_>, slot: Slot<'_>, most: u32) -> Result<Option<Code>> {
    tx.one(
        "update one_time_codes set tries = tries + 1
         where user_id = ?1 and purpose = ?2 and contact_id = ?3 and binding_hash = ?4
            and used_at is null and expires_at > ?5 and tries < ?6
         returning id, code_hash",
        params![
            slot.user.as_str(),
            slot.purpose.as_str(),
            slot.contact.as_str(),
            slot.binding.as_bytes(),
            tx.now,
            most
        ],
        from_row,
    )
}

/// Uses a code, once.
pub fn spend(tx: &Write<'_>, id: &str) -> Result<bool> {
    let changed = tx.exec(
        "update one_time_codes set used_at = ?2 where id = ?1 and used_at is null and expires_at > ?2",
        params![id, tx.now],
    )?;
    Ok(changed == 1)
}

/// The message that carries the newest live code of a person's sign-in or session.
pub fn message_of(r: &Read<'_>, user: &UserId, binding: &Hashed) -> Result<Option<String>> {
    r.one(
        "select message_id from one_time_codes
         where user_id = ?1 and binding_hash = ?2 and expires_at > ?3
         order by created_at desc, id desc limit 1",
        params![user.as_str(), binding.as_bytes(), r.now],
        |row| row.get(0),
    )
}

/// The message that carries the live code of a slot.
pub fn message_in(r: &Read<'_>, slot: Slot<'_>) -> Result<Option<String>> {
    r.one(
        "select message_id from one_time_codes
         where user_id = ?1 and purpose = ?2 and contact_id = ?3 and binding_hash = ?4
            and used_at is null and expires_at > ?5",
        params![
            slot.user.as_str(),
            slot.purpose.as_str(),
            slot.contact.as_str(),
            slot.binding.as_bytes(),
            r.now
        ],
        |row| row.get(0),
    )
}

/// Forgets codes that ended.
pub fn sweep(tx: &Write<'_>) -> Result<usize> {
    tx.exec("delete from one_time_codes where expires_at <= ?1", params![tx.now])
}
