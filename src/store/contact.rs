//! The table `contacts`: phone numbers and addresses that codes go to.

use crate::{
    db::{Read, Row, RowResult, Write, params, unreadable},
    error::Result,
    model::{
        contact::Contact,
        factor::Method,
        id::{ContactId, UserId},
    },
};

const COLUMNS: &str = "id, user_id, kind, value, state, created_at, last_used_at";

fn from_row(row: &Row<'_>) -> RowResult<Contact> {
    let kind: String = row.get(2)?;
    Ok(Contact {
        id: ContactId::from_text(row.get::<_, String>(0)?),
        user_id: UserId::from_text(row.get::<_, String>(1)?),
        method: Method::parse(&kind).ok_or_else(|| unreadable("contacts.kind", &kind))?,
        value: row.get(3)?,
        active: row.get::<_, String>(4)? == "active",
        created_at: row.get(5)?,
        last_used_at: row.get(6)?,
    })
}

/// Adds one that waits for its first code, in place of any other of its kind that waits.
pub fn insert_pending(tx: &Write<'_>, contact: &Contact) -> Result<()> {
    tx.exec(
        "delete from contacts where user_id = ?1 and kind = ?2 and state = 'pending'",
        params![contact.user_id.as_str(), contact.method.as_str()],
    )?;
    tx.exec_one(
        "insert into contacts (id, user_id, kind, value, state, created_at)
         values (?1, ?2, ?3, ?4, 'pending', ?5)",
        params![
            contact.id.as_str(),
            contact.user_id.as_str(),
            contact.method.as_str(),
            contact.value,
            contact.created_at,
        ],
    )
}

/// Those of a person, in force or waiting.
pub fn all_of(r: &Read<'_>, user: &UserId) -> Result<Vec<Contact>> {
    let sql = format!("select {COLUMNS} from contacts where user_id = ?1 order by kind desc, id");
    r.all(&sql, params![user.as_str()], from_row)
}

/// The one in force for a method.
pub fn active(r: &Read<'_>, user: &UserId, method: Method) -> Result<Option<Contact>> {
    let sql = format!(
        "select {COLUMNS} from contacts where user_id = ?1 and kind = ?2 and state = 'active'"
    );
    r.one(&sql, params![user.as_str(), method.as_str()], from_row)
}

/// One of a person's.
pub fn by_id(r: &Read<'_>, user: &UserId, id: &ContactId) -> Result<Option<Contact>> {
    let sql = format!("select {COLUMNS} from contacts where user_id = ?1 and id = ?2");
    r.one(&sql, params![user.as_str(), id.as_str()], from_row)
}

/// Puts one in force that waited, in place of the one before.
pub fn activate(tx: &Write<'_>, contact: &Contact) -> Result<bool> {
    tx.exec(
        "delete from contacts where user_id = ?1 and kind = ?2 and state = 'active'
            and exists (select 1 from contacts where id = ?3 and state = 'pending')",
        params![contact.user_id.as_str(), contact.method.as_str(), contact.id.as_str()],
    )?;
    let changed = tx.exec(
        "update contacts set state = 'active' where id = ?1 and state = 'pending'",
        params![contact.id.as_str()],
    )?;
    Ok(changed == 1)
}

/// Marks one as used.
pub fn mark_used(tx: &Write<'_>, id: &ContactId) -> Result<()> {
    tx.exec("update contacts set last_used_at = ?2 where id = ?1", params![id.as_str(), tx.now])?;
    Ok(())
}

/// Removes one, with the codes that went to it.
pub fn delete(tx: &Write<'_>, user: &UserId, id: &ContactId) -> Result<bool> {
    let gone = tx.exec(
        "delete from contacts where user_id = ?1 and id = ?2",
        params![user.as_str(), id.as_str()],
    )?;
    Ok(gone == 1)
}

/// Removes all of a person's; tells how many were in force.
pub fn delete_all(tx: &Write<'_>, user: &UserId) -> Result<usize> {
    tx.exec(
        "delete from contacts where user_id = ?1 and state = 'pending'",
        params![user.as_str()],
    )?;
    tx.exec("delete from contacts where user_id = ?1", params![user.as_str()])
}
