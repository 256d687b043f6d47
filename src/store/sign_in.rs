//! The table `sign_ins`: people on the way in.

use crate::{
    crypto::secret::Hashed,
    db::{Read, Row, RowResult, Write, params, unreadable},
    error::Result,
    model::{
        id::{SessionId, UserId},
        sign_in::{SignIn, Stage, Strength},
    },
    time::Time,
};

fn from_row(row: &Row<'_>) -> RowResult<SignIn> {
    let stage: String = row.get(1)?;
    let strength: String = row.get(5)?;
    Ok(SignIn {
        user_id: UserId::from_text(row.get::<_, String>(0)?),
        stage: Stage::parse(&stage).ok_or_else(|| unreadable("sign_ins.stage", &stage))?,
        remember_me: row.get(2)?,
        amr: super::unwords(&row.get::<_, String>(3)?),
        return_to: row.get(4)?,
        strength: Strength::parse(&strength)
            .ok_or_else(|| unreadable("sign_ins.strength", &strength))?,
        trust_device: row.get(6)?,
        enrol_link: row.get(7)?,
        expires_at: row.get(8)?,
        raises: row.get::<_, Option<String>>(9)?.map(SessionId::from_text),
    })
}

/// Adds a sign-in, bound to a browser.
pub fn insert(tx: &Write<'_>, token: &Hashed, browser: &Hashed, sign_in: &SignIn) -> Result<()> {
    tx.exec_one(
        "insert into sign_ins (token_hash, browser_hash, user_id, stage, remember_me, amr, return_to,
                               strength, trust_device, enrol_link, created_at, expires_at, raises)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
        params![
            token.as_bytes(),
            browser.as_bytes(),
            sign_in.user_id.as_str(),
            sign_in.stage.as_str(),
            sign_in.remember_me,
            super::words(&sign_in.amr),
            sign_in.return_to,
            sign_in.strength.as_str(),
            sign_in.trust_device,
            sign_in.enrol_link,
            tx.now,
            sign_in.expires_at,
            sign_in.raises.as_ref().map(SessionId::as_str),
        ],
    )
}

/// Finds one that lives, if it belongs to this browser.
pub fn find(r: &Read<'_>, token: &Hashed, browser: &Hashed) -> Result<Option<SignIn>> {
    r.one(
        "select user_id, stage, remember_me, amr, return_to, strength, trust_device, enrol_link, expires_at,
                raises
         from sign_ins where token_hash = ?1 and browser_hash = ?2 and expires_at > ?3",
        params![token.as_bytes(), browser.as_bytes(), r.now],
        from_row,
    )
}

/// Moves one from a stage to another; false when it was no longer there.
pub fn advance(
    tx: &Write<'_>,
    token: &Hashed,
    from: Stage,
    to: Stage,
    amr: &[String],
) -> Result<bool> {
    let changed = tx.exec(
        "update sign_ins set stage = ?3, amr = ?4 where token_hash = ?1 and stage = ?2",
        params![token.as_bytes(), from.as_str(), to.as_str(), super::words(amr)],
    )?;
    Ok(changed == 1)
}

/// Notes that the browser shall be trusted once the sign-in is through.
pub fn trust_device(tx: &Write<'_>, token: &Hashed) -> Result<()> {
    tx.exec_one(
        "update sign_ins set trust_device = 1 where token_hash = ?1",
        params![token.as_bytes()],
    )
}

/// Notes that the enrolment link it began with has done its work.
pub fn forget_link(tx: &Write<'_>, token: &Hashed) -> Result<()> {
    tx.exec_one(
        "update sign_ins set enrol_link = null where token_hash = ?1",
        params![token.as_bytes()],
    )
}

/// Takes one that stands at a stage; false when it was no longer there.
pub fn take(tx: &Write<'_>, token: &Hashed, stage: Stage) -> Result<bool> {
    let changed = tx.exec(
        "delete from sign_ins where token_hash = ?1 and stage = ?2 and expires_at > ?3",
        params![token.as_bytes(), stage.as_str(), tx.now],
    )?;
    Ok(changed == 1)
}

/// Ends one, wherever it stands.
pub fn delete(tx: &Write<'_>, token: &Hashed) -> Result<bool> {
    let gone = tx.exec("delete from sign_ins where token_hash = ?1", params![token.as_bytes()])?;
    Ok(gone == 1)
}

/// Ends every one of a person.
pub fn delete_of(tx: &Write<'_>, user: &UserId) -> Result<usize> {
    tx.exec("delete from sign_ins where user_id = ?1", params![user.as_str()])
}

/// Ends every one there is.
pub fn delete_all(tx: &Write<'_>) -> Result<usize> {
    tx.exec("delete from sign_ins", params![])
}

/// Forgets those that ended.
pub fn sweep(tx: &Write<'_>, before: Time) -> Result<usize> {
    tx.exec("delete from sign_ins where expires_at < ?1", params![before])
}
