//! The tables `totp_credentials` and `recovery_codes`.

use crate::{
    crypto::{
        secret::Hashed,
        totp::{Algorithm, Settings},
    },
    db::{Read, Row, RowResult, Write, params, unreadable},
    error::Result,
    model::{
        factor::TotpCredential,
        id::{CredentialId, UserId},
    },
};

const COLUMNS: &str = "id, user_id, label, digits, period, algorithm, last_step, state, created_at,
    last_used_at, secret_sealed";

fn from_row(row: &Row<'_>) -> RowResult<(TotpCredential, Vec<u8>)> {
    let algorithm: String = row.get(5)?;
    let credential = TotpCredential {
        id: CredentialId::from_text(row.get::<_, String>(0)?),
        user_id: UserId::from_text(row.get::<_, String>(1)?),
        label: row.get(2)?,
        settings: Settings {
            digits: row.get(3)?,
            period: row.get(4)?,
            algorithm: Algorithm::parse(&algorithm)
                .ok_or_else(|| unreadable("totp_credentials.algorithm", &algorithm))?,
        },
        last_step: row.get(6)?,
        active: row.get::<_, String>(7)? == "active",
        created_at: row.get(8)?,
        last_used_at: row.get(9)?,
    };
    Ok((credential, row.get(10)?))
}

/// Adds a credential that waits for its first code, in place of any other that waits.
pub fn insert_pending(tx: &Write<'_>, credential: &TotpCredential, sealed: &[u8]) -> Result<()> {
    tx.exec(
        "delete from totp_credentials where user_id = ?1 and state = 'pending'",
        params![credential.user_id.as_str()],
    )?;
    tx.exec_one(
        "insert into totp_credentials (id, user_id, label, secret_sealed, digits, period, algorithm,
                                       last_step, state, created_at)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, null, 'pending', ?8)",
        params![
            credential.id.as_str(),
            credential.user_id.as_str(),
            credential.label,
            sealed,
            credential.settings.digits,
            credential.settings.period,
            credential.settings.algorithm.as_str(),
            tx.now,
        ],
    )
}

/// The credential that waits for its first code, with its sealed seed.
pub fn pending(r: &Read<'_>, user: &UserId) -> Result<Option<(TotpCredential, Vec<u8>)>> {
    let sql =
        format!("select {COLUMNS} from totp_credentials where user_id = ?1 and state = 'pending'");
    r.one(&sql, params![user.as_str()], from_row)
}

/// The credentials in force, oldest first, with their sealed seeds.
pub fn active(r: &Read<'_>, user: &UserId) -> Result<Vec<(TotpCredential, Vec<u8>)>> {
    let sql = format!(
        "select {COLUMNS} from totp_credentials where user_id = ?1 and state = 'active' order by id"
    );
    r.all(&sql, params![user.as_str()], from_row)
}

/// Puts a waiting credential in force and spends the step that proved it.
pub fn activate(tx: &Write<'_>, id: &CredentialId, step: Option<i64>) -> Result<bool> {
    let changed = tx.exec(
        "update totp_credentials set state = 'active', last_step = ?2, last_used_at = ?3
         where id = ?1 and state = 'pending'",
        params![id.as_str(), step, step.map(|_| tx.now)],
    )?;
    Ok(changed == 1)
}

/// Spends a step, unless it or a later one was spent already (RFC 6238 §5.2).
pub fn spend_step(tx: &Write<'_>, id: &CredentialId, step: i64) -> Result<bool> {
    let changed = tx.exec(
        "update totp_credentials set last_step = ?2, last_used_at = ?3
         where id = ?1 and state = 'active' and (last_step is null or last_step < ?2)",
        params![id.as_str(), step, tx.now],
    )?;
    Ok(changed == 1)
}

/// Removes one of a person's credentials that are in force.
pub fn delete(tx: &Write<'_>, user: &UserId, id: &CredentialId) -> Result<bool> {
    let changed = tx.exec(
        "delete from totp_credentials where user_id = ?1 and id = ?2 and state = 'active'",
        params![user.as_str(), id.as_str()],
    )?;
    Ok(changed == 1)
}

/// Removes every credential of a person; tells how many were in force.
pub fn delete_all(tx: &Write<'_>, user: &UserId) -> Result<usize> {
    tx.exec(
        "delete from totp_credentials where user_id = ?1 and state = 'pending'",
        params![user.as_str()],
    )?;
    tx.exec("delete from totp_credentials where user_id = ?1", params![user.as_str()])
}

/// Replaces the whole set of recovery codes.
pub fn set_recovery_codes(tx: &Write<'_>, user: &UserId, codes: &[[u8; 32]]) -> Result<()> {
    tx.exec("delete from recovery_codes where user_id = ?1", params![user.as_str()])?;
    for code in codes {
        tx.exec_one(
            "insert into recovery_codes (user_id, code_hash) values (?1, ?2)",
            params![user.as_str(), code],
        )?;
    }
    Ok(())
}

/// Spends a recovery code, once.
pub fn spend_recovery_code(tx: &Write<'_>, user: &UserId, code: &Hashed) -> Result<bool> {
    let changed = tx.exec(
        "update recovery_codes set used_at = ?3
         where user_id = ?1 and code_hash = ?2 and used_at is null",
        params![user.as_str(), code.as_bytes(), tx.now],
    )?;
    Ok(changed == 1)
}

/// How many recovery codes are left.
pub fn recovery_codes_left(r: &Read<'_>, user: &UserId) -> Result<u32> {
    let count = r.one(
        "select count(*) from recovery_codes where user_id = ?1 and used_at is null",
        params![user.as_str()],
        |row| row.get(0),
    )?;
    Ok(count.unwrap_or(0))
}
