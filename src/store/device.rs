//! The table `devices`: browsers that people have signed in with.

use crate::{
    crypto::secret::Hashed,
    db::{Read, Row, RowResult, Write, params},
    error::Result,
    model::{
        device::Device,
        id::{DeviceId, UserId},
    },
    time::Time,
};

const COLUMNS: &str = "id, user_id, user_agent, address, created_at, last_seen_at, trusted_until";

fn from_row(row: &Row<'_>) -> RowResult<Device> {
    Ok(Device {
        id: DeviceId::from_text(row.get::<_, String>(0)?),
        user_id: UserId::from_text(row.get::<_, String>(1)?),
        user_agent: row.get(2)?,
        address: row.get(3)?,
        created_at: row.get(4)?,
        last_seen_at: row.get(5)?,
        trusted_until: row.get(6)?,
    })
}

/// Adds a browser.
pub fn insert(tx: &Write<'_>, device: &Device, token: &Hashed) -> Result<()> {
    tx.exec_one(
        "insert into devices (id, user_id, token_hash, user_agent, address, created_at, last_seen_at, trusted_until)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        params![
            device.id.as_str(),
            device.user_id.as_str(),
            token.as_bytes(),
            device.user_agent,
            device.address,
            device.created_at,
            device.last_seen_at,
            device.trusted_until,
        ],
    )
}

/// The browser behind a cookie, if this person has signed in with it.
pub fn find(r: &Read<'_>, user: &UserId, token: &Hashed) -> Result<Option<Device>> {
    r.one(
        &format!("select {COLUMNS} from devices where token_hash = ?1 and user_id = ?2"),
        params![token.as_bytes(), user.as_str()],
        from_row,
    )
}

/// One of a person's browsers.
pub fn by_id(r: &Read<'_>, id: &DeviceId) -> Result<Option<Device>> {
    let sql = format!("select {COLUMNS} from devices where id = ?1");
    r.one(&sql, params![id.as_str()], from_row)
}

/// A person's browsers, the last used first.
pub fn of_user(r: &Read<'_>, user: &UserId) -> Result<Vec<Device>> {
    r.all(
        &format!("select {COLUMNS} from devices where user_id = ?1 order by last_seen_at desc, id"),
        params![user.as_str()],
        from_row,
    )
}

/// Writes what a sign-in says about a browser that is known.
pub fn touch(tx: &Write<'_>, device: &Device) -> Result<()> {
    tx.exec_one(
        "update devices set user_agent = ?2, address = ?3, last_seen_at = ?4, trusted_until = ?5 where id = ?1",
        params![
            device.id.as_str(),
            device.user_agent,
            device.address,
            device.last_seen_at,
            device.trusted_until,
        ],
    )
}

/// Ends the trust in a person's browsers; answers in how many.
pub fn distrust(tx: &Write<'_>, user: &UserId) -> Result<usize> {
    tx.exec(
        "update devices set trusted_until = null where user_id = ?1 and trusted_until is not null",
        params![user.as_str()],
    )
}

/// Forgets one of a person's browsers.
pub fn delete(tx: &Write<'_>, id: &DeviceId) -> Result<bool> {
    Ok(tx.exec("delete from devices where id = ?1", params![id.as_str()])? == 1)
}

/// Keeps a person's last used browsers and forgets the others.
pub fn trim(tx: &Write<'_>, user: &UserId, keep: u32) -> Result<usize> {
    tx.exec(
        "delete from devices where user_id = ?1 and id not in
            (select id from devices where user_id = ?1 order by last_seen_at desc, id limit ?2)",
        params![user.as_str(), keep],
    )
}

/// Forgets browsers that nobody signed in with since a moment.
pub fn sweep(tx: &Write<'_>, before: Time) -> Result<usize> {
    tx.exec("delete from devices where last_seen_at < ?1", params![before])
}
