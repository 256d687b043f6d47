//! The tables `passkeys`, `passkey_handles` and `ceremonies`.

use crate::{
    db::{Read, Row, RowResult, Write, params},
    error::Result,
    model::{
        id::{CeremonyId, CredentialId, UserId},
        passkey::{LIFETIME, Passkey, Place, Purpose},
    },
    time::Time,
};

const COLUMNS: &str = "id, user_id, label, counter, syncable, backed_up, transports, created_at,
    last_used_at, flagged_at, credential_id, record";

/// A passkey with what its signatures are checked by.
#[derive(Clone, Debug)]
pub struct Stored {
    /// The passkey.
    pub passkey: Passkey,
    /// The device's id of it.
    pub credential: Vec<u8>,
    /// Its public key, as `crypto/webauthn.rs` keeps it.
    pub record: String,
}

fn from_row(row: &Row<'_>) -> RowResult<Stored> {
    let passkey = Passkey {
        id: CredentialId::from_text(row.get::<_, String>(0)?),
        user_id: UserId::from_text(row.get::<_, String>(1)?),
        label: row.get(2)?,
        counter: row.get(3)?,
        syncable: row.get(4)?,
        backed_up: row.get(5)?,
        transports: super::unwords(&row.get::<_, String>(6)?),
        created_at: row.get(7)?,
        last_used_at: row.get(8)?,
        flagged_at: row.get(9)?,
    };
    Ok(Stored { passkey, credential: row.get(10)?, record: row.get(11)? })
}

/// Adds a passkey.
pub fn insert(tx: &Write<'_>, stored: &Stored) -> Result<()> {
    let passkey = &stored.passkey;
    tx.exec_one(
        "insert into passkeys (id, user_id, credential_id, label, record, counter, syncable, backed_up,
                               transports, created_at)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        params![
            passkey.id.as_str(),
            passkey.user_id.as_str(),
            stored.credential,
            passkey.label,
            stored.record,
            passkey.counter,
            passkey.syncable,
            passkey.backed_up,
            super::words(&passkey.transports),
            tx.now,
        ],
    )
}

/// A person's passkeys, oldest first.
pub fn of_user(r: &Read<'_>, user: &UserId) -> Result<Vec<Stored>> {
    let sql = format!("select {COLUMNS} from passkeys where user_id = ?1 order by id");
    r.all(&sql, params![user.as_str()], from_row)
}

/// How many passkeys a person has.
pub fn count(r: &Read<'_>, user: &UserId) -> Result<u32> {
    let sql = "select count(*) from passkeys where user_id = ?1";
    Ok(r.one(sql, params![user.as_str()], |row| row.get(0))?.unwrap_or(0))
}

/// Finds a passkey by the device's id of it.
pub fn by_credential(r: &Read<'_>, credential: &[u8]) -> Result<Option<Stored>> {
    let sql = format!("select {COLUMNS} from passkeys where credential_id = ?1");
    r.one(&sql, params![credential], from_row)
}

/// Notes a use. The counter never goes back: what was seen once stays the mark.
pub fn set_used(tx: &Write<'_>, id: &CredentialId, counter: u32, backed_up: bool) -> Result<()> {
    tx.exec_one(
        "update passkeys set counter = max(counter, ?2), backed_up = ?3, last_used_at = ?4 where id = ?1",
        params![id.as_str(), counter, backed_up, tx.now],
    )
}

/// Marks a passkey whose counter went back; the first time stays.
pub fn flag(tx: &Write<'_>, id: &CredentialId) -> Result<()> {
    tx.exec_one(
        "update passkeys set flagged_at = coalesce(flagged_at, ?2) where id = ?1",
        params![id.as_str(), tx.now],
    )
}

/// Renames a person's passkey; false when they have no such.
pub fn rename(tx: &Write<'_>, user: &UserId, id: &CredentialId, label: &str) -> Result<bool> {
    let changed = tx.exec(
        "update passkeys set label = ?3 where id = ?1 and user_id = ?2",
        params![id.as_str(), user.as_str(), label],
    )?;
    Ok(changed == 1)
}

/// Removes a person's passkey; false when they have no such.
pub fn delete(tx: &Write<'_>, user: &UserId, id: &CredentialId) -> Result<bool> {
    let changed = tx.exec(
        "delete from passkeys where id = ?1 and user_id = ?2",
        params![id.as_str(), user.as_str()],
    )?;
    Ok(changed == 1)
}

/// Removes every passkey of a person and every challenge that waits for them; tells how many passkeys.
pub fn delete_all(tx: &Write<'_>, user: &UserId) -> Result<usize> {
    tx.exec("delete from ceremonies where user_id = ?1", params![user.as_str()])?;
    tx.exec("delete from passkeys where user_id = ?1", params![user.as_str()])
}

/// The name under which a person's devices keep their passkeys.
pub fn handle(r: &Read<'_>, user: &UserId) -> Result<Option<Vec<u8>>> {
    let sql = "select handle from passkey_handles where user_id = ?1";
    r.one(sql, params![user.as_str()], |row| row.get(0))
}

/// Gives a person that name, unless they have one.
pub fn insert_handle(tx: &Write<'_>, user: &UserId, handle: &[u8; 16]) -> Result<()> {
    tx.exec(
        "insert into passkey_handles (user_id, handle) values (?1, ?2) on conflict (user_id) do nothing",
        params![user.as_str(), handle],
    )?;
    Ok(())
}

/// Adds a challenge.
pub fn insert_ceremony(
    tx: &Write<'_>,
    id: &CeremonyId,
    purpose: Purpose,
    place: &Place,
    user: Option<&UserId>,
    state: &str,
) -> Result<()> {
    tx.exec_one(
        "insert into ceremonies (id, purpose, browser_hash, binding, user_id, state, created_at, expires_at)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        params![
            id.as_str(),
            purpose.as_str(),
            place.browser.as_bytes(),
            place.binding,
            user.map(UserId::as_str),
            state,
            tx.now,
            tx.now.plus(LIFETIME),
        ],
    )
}

/// Takes a challenge, once: what was remembered with it, if it was given out for this, here, to this person.
pub fn take_ceremony(
    tx: &Write<'_>,
    id: &CeremonyId,
    purpose: Purpose,
    place: &Place,
    user: Option<&UserId>,
) -> Result<Option<String>> {
    tx.one(
        "delete from ceremonies
         where id = ?1 and purpose = ?2 and browser_hash = ?3 and binding = ?4 and user_id is ?5
           and expires_at > ?6
         returning state",
        params![
            id.as_str(),
            purpose.as_str(),
            place.browser.as_bytes(),
            place.binding,
            user.map(UserId::as_str),
            tx.now,
        ],
        |row| row.get(0),
    )
}

/// Drops the challenges of a browser but the newest `keep`.
pub fn keep_newest_ceremonies(tx: &Write<'_>, place: &Place, keep: u32) -> Result<usize> {
    tx.exec(
        "delete from ceremonies where browser_hash = ?1 and id not in
            (select id from ceremonies where browser_hash = ?1 order by id desc limit ?2)",
        params![place.browser.as_bytes(), keep],
    )
}

/// How many challenges wait.
pub fn count_ceremonies(r: &Read<'_>) -> Result<u32> {
    Ok(r.one("select count(*) from ceremonies", params![], |row| row.get(0))?.unwrap_or(0))
}

/// Drops the oldest challenges that were given to nobody known.
pub fn drop_oldest_ceremonies(tx: &Write<'_>, count: u32) -> Result<usize> {
    tx.exec(
        "delete from ceremonies where id in
            (select id from ceremonies where user_id is null order by expires_at limit ?1)",
        params![count],
    )
}

/// Forgets challenges whose time is up.
pub fn sweep_ceremonies(tx: &Write<'_>, now: Time) -> Result<usize> {
    tx.exec("delete from ceremonies where expires_at <= ?1", params![now])
}
