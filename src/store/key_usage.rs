//! The table `api_key_usage`.

use crate::{
    db::{Read, Write, params},
    error::Result,
    model::{apikey::DayOfUse, id::ApiKeyId},
};

/// Adds to a key's day; a key that is gone has none.
pub fn add(tx: &Write<'_>, id: &ApiKeyId, more: DayOfUse) -> Result<()> {
    tx.exec(
        "insert into api_key_usage (key_id, day, used, limited)
         select id, ?2, ?3, ?4 from api_keys where id = ?1
         on conflict (key_id, day) do update
            set used = used + excluded.used, limited = limited + excluded.limited",
        params![id.as_str(), more.day, more.used, more.limited],
    )?;
    Ok(())
}

/// A key's days from `since` on, the newest first.
pub fn of_key(r: &Read<'_>, id: &ApiKeyId, since: i64) -> Result<Vec<DayOfUse>> {
    r.all(
        "select day, used, limited from api_key_usage where key_id = ?1 and day >= ?2
         order by day desc",
        params![id.as_str(), since],
        |row| Ok(DayOfUse { day: row.get(0)?, used: row.get(1)?, limited: row.get(2)? }),
    )
}

/// Every key that was used on a day, with that day.
pub fn on(r: &Read<'_>, day: i64) -> Result<Vec<(ApiKeyId, DayOfUse)>> {
    r.all(
        "select day, used, limited, key_id from api_key_usage where day = ?1",
        params![day],
        |row| {
            let used = DayOfUse { day: row.get(0)?, used: row.get(1)?, limited: row.get(2)? };
            Ok((ApiKeyId::from_text(row.get::<_, String>(3)?), used))
        },
    )
}

/// Forgets days before `day`; answers how many.
pub fn sweep(tx: &Write<'_>, day: i64) -> Result<usize> {
    tx.exec("delete from api_key_usage where day < ?1", params![day])
}
