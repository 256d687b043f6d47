//! The table `provider_tokens`: the sealed tokens that came with a sign-in at a provider.

use crate::{
    crypto::secret::Hashed,
    db::{Read, Row, RowResult, Write, params},
    error::Result,
    model::{
        id::{SessionId, UserId},
        provider::Kept,
    },
    time::Time,
};

const COLUMNS: &str = "t.id, t.provider, t.issuer, t.subject, t.sid, t.refreshable, t.expires_at,
    t.tokens is not null, t.busy_until";

fn from_row(row: &Row<'_>) -> RowResult<Kept> {
    Ok(Kept {
        id: row.get(0)?,
        provider: row.get(1)?,
        issuer: row.get(2)?,
        subject: row.get(3)?,
        sid: row.get(4)?,
        refreshable: row.get(5)?,
        expires_at: row.get(6)?,
        is_held: row.get(7)?,
        busy_until: row.get(8)?,
    })
}

/// What the tokens hang on.
#[derive(Clone, Copy, Debug)]
pub enum Holder<'a> {
    /// A sign-in on its way.
    SignIn(&'a Hashed),
    /// A session.
    Session(&'a SessionId),
}

/// Adds tokens.
pub fn insert(tx: &Write<'_>, holder: Holder<'_>, kept: &Kept, sealed: &[u8]) -> Result<()> {
    let (sign_in, session) = match holder {
        Holder::SignIn(token) => (Some(token.as_bytes()), None),
        Holder::Session(session) => (None, Some(session.as_str())),
    };
    tx.exec_one(
        "insert into provider_tokens (id, sign_in, session_id, provider, issuer, subject, sid, tokens, refreshable,
                                      expires_at, created_at)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        params![
            kept.id,
            sign_in,
            session,
            kept.provider,
            kept.issuer,
            kept.subject,
            kept.sid,
            sealed,
            kept.refreshable,
            kept.expires_at,
            tx.now,
        ],
    )
}

/// Hands the tokens of a sign-in to the session that it became.
pub fn attach(tx: &Write<'_>, sign_in: &Hashed, session: &SessionId) -> Result<()> {
    tx.exec(
        "update provider_tokens set sign_in = null, session_id = ?2 where sign_in = ?1",
        params![sign_in.as_bytes(), session.as_str()],
    )?;
    Ok(())
}

/// Hands the tokens of a session to the one that it became.
pub fn move_to_session(tx: &Write<'_>, from: &SessionId, to: &SessionId) -> Result<()> {
    tx.exec(
        "update provider_tokens set session_id = ?2 where session_id = ?1",
        params![from.as_str(), to.as_str()],
    )?;
    Ok(())
}

/// What is kept for a session.
pub fn of_session(r: &Read<'_>, session: &SessionId) -> Result<Option<Kept>> {
    let sql = format!("select {COLUMNS} from provider_tokens t where t.session_id = ?1");
    r.one(&sql, params![session.as_str()], from_row)
}

/// The sealed tokens of a row.
pub fn sealed(r: &Read<'_>, id: &str) -> Result<Option<Vec<u8>>> {
    let found =
        r.one("select tokens from provider_tokens where id = ?1", params![id], |row| row.get(0))?;
    Ok(found.flatten())
}

/// Takes a row to work on it until `until`; false when somebody else has it, or nothing is left of it.
pub fn claim(tx: &Write<'_>, id: &str, until: Time) -> Result<bool> {
    let taken = tx.exec(
        "update provider_tokens set busy_until = ?2
         where id = ?1 and busy_until <= ?3 and tokens is not null",
        params![id, until, tx.now],
    )?;
    Ok(taken == 1)
}

/// Puts renewed tokens in the place of those that were claimed until `claimed`.
pub fn renew(
    tx: &Write<'_>,
    (id, claimed): (&str, Time),
    sealed: &[u8],
    refreshable: bool,
    expires_at: Option<Time>,
) -> Result<bool> {
    let changed = tx.exec(
        "update provider_tokens set tokens = ?3, refreshable = ?4, expires_at = ?5, busy_until = 0
         where id = ?1 and busy_until = ?2 and tokens is not null",
        params![id, claimed, sealed, refreshable, expires_at],
    )?;
    Ok(changed == 1)
}

/// Leaves a row alone until `until`.
pub fn rest(tx: &Write<'_>, id: &str, until: Time) -> Result<()> {
    tx.exec("update provider_tokens set busy_until = ?2 where id = ?1", params![id, until])?;
    Ok(())
}

/// Forgets the tokens themselves.
pub fn wipe(tx: &Write<'_>, id: &str) -> Result<bool> {
    let changed = tx.exec(
        "update provider_tokens set tokens = null where id = ?1 and tokens is not null",
        params![id],
    )?;
    Ok(changed == 1)
}

/// Rows whose session is over, or that no sign-in waits for any more, with tokens still in them.
pub fn to_give_back(r: &Read<'_>, abandoned: Time, limit: u32) -> Result<Vec<Kept>> {
    let sql = format!(
        "select {COLUMNS} from provider_tokens t left join sessions s on s.id = t.session_id
         where t.tokens is not null and t.busy_until <= ?1
           and ((t.session_id is not null and (s.ended_at is not null or s.expires_at <= ?1))
                or (t.session_id is null and t.created_at < ?2))
         order by t.created_at limit ?3"
    );
    r.all(&sql, params![r.now, abandoned, limit], from_row)
}

/// A session that stands by a provider, and whose it is.
pub type Standing = (SessionId, UserId);

/// Sessions that stand by what an issuer says: with its session `sid`, or, without one, of its `subject`.
pub fn sessions(
    r: &Read<'_>,
    issuer: &str,
    sid: Option<&str>,
    subject: Option<&str>,
) -> Result<Vec<Standing>> {
    r.all(
        "select s.id, s.user_id from provider_tokens t join sessions s on s.id = t.session_id
         where t.issuer = ?1 and s.ended_at is null
           and (?2 is null or t.sid = ?2) and (?3 is null or t.subject = ?3)
           and (?2 is not null or ?3 is not null)",
        params![issuer, sid, subject],
        |row| {
            Ok((
                SessionId::from_text(row.get::<_, String>(0)?),
                UserId::from_text(row.get::<_, String>(1)?),
            ))
        },
    )
}

/// Ends the sign-ins on their way that stand by what an issuer says; answers their tokens' hashes.
pub fn sign_ins(
    r: &Read<'_>,
    issuer: &str,
    sid: Option<&str>,
    subject: Option<&str>,
) -> Result<Vec<Hashed>> {
    let found: Vec<Vec<u8>> = r.all(
        "select sign_in from provider_tokens
         where issuer = ?1 and sign_in is not null
           and (?2 is null or sid = ?2) and (?3 is null or subject = ?3)
           and (?2 is not null or ?3 is not null)",
        params![issuer, sid, subject],
        |row| row.get(0),
    )?;
    Ok(found.iter().filter_map(|bytes| Hashed::from_bytes(bytes)).collect())
}

/// Forgets rows that nothing hangs on any more.
pub fn sweep(tx: &Write<'_>, before: Time) -> Result<usize> {
    tx.exec(
        "delete from provider_tokens where session_id is null and created_at < ?1",
        params![before],
    )
}
