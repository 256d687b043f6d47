//! The tables `users`, `user_roles` and `password_history`.

use super::{FACTORS, blank_words, covered};
use crate::{
    db::{Read, Row, RowResult, Write, params, unreadable},
    error::Result,
    model::{
        factor::Method,
        id::UserId,
        user::{User, UserRow, UserState},
    },
    time::Time,
};

const COLUMNS: &str = "u.id, u.username, u.email, u.name, u.state, u.created_at, u.last_login_at,
    u.password_changed_at, u.mfa_grace_from,
    (select group_concat(role, ' ' order by role) from user_roles where user_id = u.id)";

fn from_row(row: &Row<'_>) -> RowResult<User> {
    let state: String = row.get(4)?;
    Ok(User {
        id: UserId::from_text(row.get::<_, String>(0)?),
        username: row.get(1)?,
        email: row.get(2)?,
        name: row.get(3)?,
        state: UserState::parse(&state).ok_or_else(|| unreadable("users.state", &state))?,
        created_at: row.get(5)?,
        last_login_at: row.get(6)?,
        password_changed_at: row.get(7)?,
        mfa_grace_from: row.get(8)?,
        roles: super::unwords(&row.get::<_, Option<String>>(9)?.unwrap_or_default()),
    })
}

/// What a new person is made of; names are parsed already.
#[derive(Debug)]
pub struct NewUser<'a> {
    /// Their id.
    pub id: &'a UserId,
    /// As shown.
    pub username: &'a str,
    /// What sign-in looks up.
    pub username_key: &'a str,
    /// What must not look like another's.
    pub username_skeleton: &'a str,
    /// As shown.
    pub email: &'a str,
    /// What must be unique.
    pub email_key: &'a str,
    /// Full name; may be empty.
    pub name: &'a str,
    /// What the account may do.
    pub state: UserState,
    /// PHC string.
    pub password_hash: Option<&'a str>,
}

/// Adds a person without roles.
pub fn insert(tx: &Write<'_>, new: &NewUser<'_>) -> Result<()> {
    tx.exec_one(
        "insert into users (id, username, username_key, username_skeleton, email, email_key, name,
                            state, password_hash, password_changed_at, created_at, updated_at)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?11)",
        params![
            new.id.as_str(),
            new.username,
            new.username_key,
            new.username_skeleton,
            new.email,
            new.email_key,
            new.name,
            new.state.as_str(),
            new.password_hash,
            new.password_hash.map(|_| tx.now),
            tx.now,
        ],
    )
}

/// Sets exactly these roles.
pub fn set_roles(tx: &Write<'_>, id: &UserId, roles: &[String]) -> Result<()> {
    tx.exec("delete from user_roles where user_id = ?1", params![id.as_str()])?;
    for role in roles {
        tx.exec_one(
            "insert into user_roles (user_id, role) values (?1, ?2)",
            params![id.as_str(), role],
        )?;
    }
    Ok(())
}

/// Finds a person by id.
pub fn by_id(r: &Read<'_>, id: &UserId) -> Result<Option<User>> {
    r.remembered("user", id.as_str(), || {
        let sql = format!("select {COLUMNS} from users u where u.id = ?1");
        r.one(&sql, params![id.as_str()], from_row)
    })
}

/// Finds a person by the key of their user name.
pub fn by_username_key(r: &Read<'_>, key: &str) -> Result<Option<User>> {
    let sql = format!("select {COLUMNS} from users u where u.username_key = ?1");
    r.one(&sql, params![key], from_row)
}

/// Finds a person by the key of their e-mail address.
pub fn by_email_key(r: &Read<'_>, key: &str) -> Result<Option<User>> {
    let sql = format!("select {COLUMNS} from users u where u.email_key = ?1");
    r.one(&sql, params![key], from_row)
}

/// The user name of whoever has this skeleton.
pub fn name_by_skeleton(r: &Read<'_>, skeleton: &str) -> Result<Option<String>> {
    r.one("select username from users where username_skeleton = ?1", params![skeleton], |row| {
        row.get(0)
    })
}

/// The password's PHC string.
pub fn password_hash(r: &Read<'_>, id: &UserId) -> Result<Option<String>> {
    let found: Option<Option<String>> =
        r.one("select password_hash from users where id = ?1", params![id.as_str()], |row| {
            row.get(0)
        })?;
    Ok(found.flatten())
}

/// Sets a new password and remembers the hash for the history.
pub fn set_password(tx: &Write<'_>, id: &UserId, hash: &str) -> Result<()> {
    tx.exec_one(
        "update users set password_hash = ?2, password_changed_at = ?3, updated_at = ?3 where id = ?1",
        params![id.as_str(), hash, tx.now],
    )?;
    // Two changes within a millisecond are one in the history.
    tx.exec_one(
        "insert into password_history (user_id, created_at, password_hash) values (?1, ?2, ?3)
         on conflict (user_id, created_at) do update set password_hash = excluded.password_hash",
        params![id.as_str(), tx.now, hash],
    )
}

/// Replaces the hash of an unchanged password by one with current parameters.
pub fn rehash_password(tx: &Write<'_>, id: &UserId, old: &str, new: &str) -> Result<bool> {
    let changed = tx.exec(
        "update users set password_hash = ?3 where id = ?1 and password_hash = ?2",
        params![id.as_str(), old, new],
    )?;
    Ok(changed == 1)
}

/// The newest `count` password hashes, newest first.
pub fn password_history(r: &Read<'_>, id: &UserId, count: u32) -> Result<Vec<String>> {
    r.all(
        "select password_hash from password_history where user_id = ?1 order by created_at desc limit ?2",
        params![id.as_str(), count],
        |row| row.get(0),
    )
}

/// Forgets all but the newest `count` password hashes.
pub fn trim_password_history(tx: &Write<'_>, id: &UserId, count: u32) -> Result<()> {
    tx.exec(
        "delete from password_history where user_id = ?1 and created_at not in
            (select created_at from password_history where user_id = ?1 order by created_at desc limit ?2)",
        params![id.as_str(), count],
    )?;
    Ok(())
}

/// Moves the account from one state to another; false when it was no longer in the first.
pub fn set_state(tx: &Write<'_>, id: &UserId, from: UserState, to: UserState) -> Result<bool> {
    let changed = tx.exec(
        "update users set state = ?3, updated_at = ?4 where id = ?1 and state = ?2",
        params![id.as_str(), from.as_str(), to.as_str(), tx.now],
    )?;
    Ok(changed == 1)
}

/// Changes full name and e-mail address.
pub fn set_profile(
    tx: &Write<'_>,
    id: &UserId,
    email: &str,
    email_key: &str,
    name: &str,
) -> Result<()> {
    tx.exec_one(
        "update users set email = ?2, email_key = ?3, name = ?4, updated_at = ?5 where id = ?1",
        params![id.as_str(), email, email_key, name, tx.now],
    )
}

/// Notes a sign-in.
pub fn set_last_login(tx: &Write<'_>, id: &UserId) -> Result<()> {
    tx.exec_one("update users set last_login_at = ?2 where id = ?1", params![id.as_str(), tx.now])
}

/// Starts or clears the grace period for a missing factor.
pub fn set_grace(tx: &Write<'_>, id: &UserId, from: Option<Time>) -> Result<()> {
    tx.exec_one("update users set mfa_grace_from = ?2 where id = ?1", params![id.as_str(), from])
}

/// Says whether only the holder of a link may enrol a second factor.
pub fn set_enrol_by_link(tx: &Write<'_>, id: &UserId, only: bool) -> Result<()> {
    tx.exec_one("update users set enrol_by_link = ?2 where id = ?1", params![id.as_str(), only])
}

/// Whether only the holder of a link may enrol a second factor.
pub fn enrols_by_link(r: &Read<'_>, id: &UserId) -> Result<bool> {
    let sql = "select enrol_by_link from users where id = ?1";
    Ok(r.one(sql, params![id.as_str()], |row| row.get(0))?.unwrap_or(false))
}

/// Removes a person and all that hangs on them.
pub fn delete(tx: &Write<'_>, id: &UserId) -> Result<()> {
    tx.exec_one("delete from users where id = ?1", params![id.as_str()])
}

/// How many people there are.
pub fn count(r: &Read<'_>) -> Result<u32> {
    Ok(r.one("select count(*) from users", params![], |row| row.get(0))?.unwrap_or(0))
}

/// How many people with the role could sign in, but for `except`.
pub fn count_active_with_role(r: &Read<'_>, role: &str, except: Option<&UserId>) -> Result<u32> {
    let count = r.one(
        "select count(*) from user_roles ur join users u on u.id = ur.user_id
         where ur.role = ?1 and u.state = 'active' and u.id <> ?2",
        params![role, except.map_or("", UserId::as_str)],
        |row| row.get(0),
    )?;
    Ok(count.unwrap_or(0))
}

/// Which slice of the list of people is wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// Only names, full names and addresses that hold this, in any case.
    pub filter: String,
    /// Only people whose user name's normalised form sorts after this one.
    pub after: Option<String>,
    /// At most so many.
    pub limit: u32,
}

const COUNTS: &str = "(select count(*) from sessions s where s.user_id = u.id and s.ended_at is null
        and s.expires_at > ?1 and s.last_seen_at + s.idle_ms > ?1),
    (select count(*) from recovery_codes c where c.user_id = u.id and c.used_at is null),
    (select count(*) from api_keys k where k.user_id = u.id and k.revoked_at is null
        and (k.expires_at is null or k.expires_at > ?1)),
    (select max(a.next_at) from attempts a where a.scope = 'account' and a.subject in (u.username_key, u.email_key))";

/// What [`counted`] reads; `?1` is now.
fn counts() -> String {
    format!(
        "{COLUMNS}, (select group_concat(distinct method) from {FACTORS} where user_id = u.id), {COUNTS}"
    )
}

fn counted(row: &Row<'_>, now: Time) -> RowResult<UserRow> {
    let paused: Option<Time> = row.get(14)?;
    Ok(UserRow {
        user: from_row(row)?,
        methods: methods(&row.get::<_, Option<String>>(10)?.unwrap_or_default())?,
        sessions: row.get(11)?,
        recovery_codes: row.get(12)?,
        api_keys: row.get(13)?,
        paused_until: paused.filter(|until| *until > now),
    })
}

fn methods(text: &str) -> RowResult<Vec<Method>> {
    let parse =
        |word| Method::parse(word).ok_or_else(|| unreadable("the method of a factor", word));
    let mut methods: Vec<Method> =
        text.split(',').filter(|word| !word.is_empty()).map(parse).collect::<RowResult<_>>()?;
    methods.sort_unstable();
    Ok(methods)
}

/// One person with their counts.
pub fn row(r: &Read<'_>, id: &UserId) -> Result<Option<UserRow>> {
    let sql = format!("select {} from users u where u.id = ?2", counts());
    r.one(&sql, params![r.now, id.as_str()], |row| counted(row, r.now))
}

/// People by user name, with their counts.
pub fn list(r: &Read<'_>, page: &Page) -> Result<Vec<UserRow>> {
    let sql = format!(
        "select {} from users u
         where (?2 = '' or instr(u.username_key, ?2) > 0 or instr(u.email_key, ?2) > 0
                or instr(lower(u.name), ?2) > 0)
           and u.username_key > ?3
         order by u.username_key limit ?4",
        counts()
    );
    let filter = page.filter.to_lowercase();
    let after = page.after.as_deref().unwrap_or_default();
    r.all(&sql, params![r.now, filter, after, page.limit], |row| counted(row, r.now))
}

/// People by user name whose account is not put away, with their counts; when methods are given, only those who have
/// none of them.
pub fn by_factor(r: &Read<'_>, page: &Page, without: Option<&[Method]>) -> Result<Vec<UserRow>> {
    let sql = format!(
        "select {} from users u
         where u.state <> 'disabled' and (?5 is null or u.id not in {})
           and (?2 = '' or instr(u.username_key, ?2) > 0 or instr(u.email_key, ?2) > 0
                or instr(lower(u.name), ?2) > 0
                or exists (select 1 from user_roles where user_id = u.id and instr(lower(role), ?2) > 0))
           and u.username_key > ?3
         order by u.username_key limit ?4",
        counts(),
        covered("?5")
    );
    let filter = page.filter.to_lowercase();
    let after = page.after.as_deref().unwrap_or_default();
    let without = without.map(blank_words);
    r.all(&sql, params![r.now, filter, after, page.limit, without], |row| counted(row, r.now))
}

/// In which order people come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// By user name.
    #[default]
    Name,
    /// By user name, the last first.
    NameDown,
    /// The oldest account first.
    Age,
    /// The newest account first.
    AgeDown,
}

impl Order {
    /// What is compared with the last of the slice before, and what is ordered by. The id tells those apart that were
    /// made in the same moment.
    fn sql(self) -> (&'static str, &'static str) {
        match self {
            Self::Name => ("u.username_key > ?6", "u.username_key"),
            Self::NameDown => ("u.username_key < ?6", "u.username_key desc"),
            Self::Age => ("(u.created_at, u.id) > (?6, ?7)", "u.created_at, u.id"),
            Self::AgeDown => ("(u.created_at, u.id) < (?6, ?7)", "u.created_at desc, u.id desc"),
        }
    }
}

/// After whom a slice begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Last {
    /// After this user name's key.
    Name(String),
    /// After whoever was made then, with this id.
    Age(Time, UserId),
}

/// Which slice of the list of people is wanted, among whom, and in which order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Slice {
    /// Only names, full names and addresses that hold this, in any case.
    pub filter: String,
    /// Only people in this state.
    pub state: Option<UserState>,
    /// Only people with this role.
    pub role: Option<String>,
    /// In which order.
    pub order: Order,
    /// Only those after this one.
    pub last: Option<Last>,
    /// At most so many.
    pub limit: u32,
}

fn slice_sql(order: Order, goes_on: bool) -> String {
    let (after, order) = order.sql();
    let after = if goes_on { after } else { "?6 is ?7" };
    format!(
        "select {} from users u
         where (?2 = '' or instr(u.username_key, ?2) > 0 or instr(u.email_key, ?2) > 0
                or instr(lower(u.name), ?2) > 0)
           and (?3 is null or u.state = ?3)
           and (?4 is null or exists (select 1 from user_roles where user_id = u.id and role = ?4))
           and {after}
         order by {order} limit ?5",
        counts()
    )
}

/// People in some order, with their counts.
pub fn slice(r: &Read<'_>, slice: &Slice) -> Result<Vec<UserRow>> {
    let sql = slice_sql(slice.order, slice.last.is_some());
    let (state, role) = (slice.state.map(UserState::as_str), slice.role.as_deref());
    let filter = slice.filter.to_lowercase();
    let (limit, row) = (slice.limit, |row: &Row<'_>| counted(row, r.now));
    match &slice.last {
        Some(Last::Name(name)) => {
            r.all(&sql, params![r.now, filter, state, role, limit, name], row)
        }
        Some(Last::Age(at, id)) => {
            r.all(&sql, params![r.now, filter, state, role, limit, at, id.as_str()], row)
        }
        None => {
            r.all(&sql, params![r.now, filter, state, role, limit, None::<i64>, None::<i64>], row)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::{Db, Options};

    #[test]
    fn page_of_any_order_begins_in_an_index_and_is_not_sorted() {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open(Options::in_folder(&folder.path().join("data"))).unwrap();
        for order in [Order::Name, Order::NameDown, Order::Age, Order::AgeDown] {
            for goes_on in [false, true] {
                let sql = format!("explain query plan {}", slice_sql(order, goes_on));
                let none = None::<i64>;
                let first = |row: &Row<'_>| row.get(3);
                let steps: Vec<String> = if sql.contains("?7") {
                    db.read(|r| {
                        r.all(&sql, params![none, none, none, none, none, none, none], first)
                    })
                } else {
                    db.read(|r| r.all(&sql, params![none, none, none, none, none, none], first))
                }
                .unwrap();
                let plan = steps.join("\n");
                let begins = if goes_on { "SEARCH u USING INDEX" } else { "SCAN u USING INDEX" };
                assert!(plan.contains(begins), "{order:?}: {plan}");
                assert!(!plan.contains("TEMP B-TREE FOR ORDER BY"), "{order:?}: {plan}");
            }
        }
    }
}
