//! Counts over several tables; each is one look at an index or a small table.

use crate::{
    db::{Read, params},
    error::Result,
    time::Time,
};

/// How many people are in each state.
pub fn users_by_state(r: &Read<'_>) -> Result<Vec<(String, u32)>> {
    r.all("select state, count(*) from users group by state", params![], |row| {
        Ok((row.get(0)?, row.get(1)?))
    })
}

/// How many people have a second factor.
pub fn users_with_factor(r: &Read<'_>) -> Result<u32> {
    let sql = format!("select count(distinct user_id) from {}", super::FACTORS);
    Ok(r.one(&sql, params![], |row| row.get(0))?.unwrap_or_default())
}

/// Keys that work as far as their own row says.
pub fn api_keys(r: &Read<'_>) -> Result<u32> {
    let sql = "select count(*) from api_keys where revoked_at is null and (expires_at is null or expires_at > ?1)
        and (overlap_until is null or overlap_until > ?1)";
    Ok(r.one(sql, params![r.now], |row| row.get(0))?.unwrap_or_default())
}

/// Agents, clients, clients that wait, resources, and events of the record.
pub fn others(r: &Read<'_>) -> Result<[u32; 5]> {
    let found = r.one(
        "select (select count(*) from agents), (select count(*) from clients),
            (select count(*) from clients where state = 'pending'), (select count(*) from resources),
            (select count(*) from audit_events)",
        params![],
        |row| Ok([row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?]),
    )?;
    Ok(found.unwrap_or_default())
}

/// Connections of apps that stand.
pub fn grants(r: &Read<'_>) -> Result<u32> {
    let sql = "select count(*) from grants where revoked_at is null and expires_at > ?1";
    Ok(r.one(sql, params![r.now], |row| row.get(0))?.unwrap_or_default())
}

/// Sessions opened since a moment, by the day since 1970: all of them, and those with a second factor.
pub fn sign_ins(r: &Read<'_>, since: Time) -> Result<Vec<(i64, u32, u32)>> {
    r.all(
        "select created_at / 86400000, count(*), sum(' ' || amr || ' ' like '% mfa %') from sessions
         where created_at >= ?1 group by 1 order by 1 desc",
        params![since],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
    )
}
