//! Counts over people and their second factors.

use super::{FACTORS, blank_words, covered};
use crate::{
    db::{Read, params},
    error::Result,
    model::{coverage::Share, factor::Method},
};

/// Everyone whose account is not put away; a factor counts when its method is `usable`.
pub fn everyone(r: &Read<'_>, usable: &[Method]) -> Result<Share> {
    let sql = format!(
        "select count(*), coalesce(sum(u.id in {}), 0) from users u where u.state <> 'disabled'",
        covered("?1")
    );
    let share = r.one(&sql, params![blank_words(usable)], |row| {
        Ok(Share { people: row.get(0)?, covered: row.get(1)? })
    })?;
    Ok(share.unwrap_or_default())
}

/// The same by role, sorted.
pub fn by_role(r: &Read<'_>, usable: &[Method]) -> Result<Vec<(String, Share)>> {
    let sql = format!(
        "select ur.role, count(*), sum(u.id in {})
         from user_roles ur join users u on u.id = ur.user_id
         where u.state <> 'disabled' group by ur.role order by ur.role",
        covered("?1")
    );
    r.all(&sql, params![blank_words(usable)], |row| {
        Ok((row.get(0)?, Share { people: row.get(1)?, covered: row.get(2)? }))
    })
}

/// How many people have a method.
pub fn of_method(r: &Read<'_>, method: Method) -> Result<u32> {
    let sql = format!(
        "select count(distinct f.user_id) from {FACTORS} f join users u on u.id = f.user_id
         where f.method = ?1 and u.state <> 'disabled'"
    );
    Ok(r.one(&sql, params![method.as_str()], |row| row.get(0))?.unwrap_or(0))
}

/// How many people have a factor and no recovery code left.
pub fn out_of_codes(r: &Read<'_>, usable: &[Method]) -> Result<u32> {
    let sql = format!(
        "select count(*) from users u
         where u.state <> 'disabled' and u.id in {}
           and not exists (select 1 from recovery_codes c where c.user_id = u.id and c.used_at is null)",
        covered("?1")
    );
    Ok(r.one(&sql, params![blank_words(usable)], |row| row.get(0))?.unwrap_or(0))
}
