//! The table `signing_keys`.

use crate::{
    crypto::jwt::Algorithm,
    db::{Read, Row, RowResult, Write, params, unreadable},
    error::Result,
    model::key::{KeyState, SigningKeyRow},
    time::Time,
};

const COLUMNS: &str = "kid, algorithm, public_jwk, state, created_at, activated_at, retired_at";

fn from_row(row: &Row<'_>) -> RowResult<SigningKeyRow> {
    let (algorithm, jwk, state): (String, String, String) = (row.get(1)?, row.get(2)?, row.get(3)?);
    Ok(SigningKeyRow {
        kid: row.get(0)?,
        algorithm: Algorithm::parse(&algorithm)
            .ok_or_else(|| unreadable("signing_keys.algorithm", &algorithm))?,
        public_jwk: serde_json::from_str(&jwk)
            .map_err(|_| unreadable("signing_keys.public_jwk", &jwk))?,
        state: KeyState::parse(&state).ok_or_else(|| unreadable("signing_keys.state", &state))?,
        created_at: row.get(4)?,
        activated_at: row.get(5)?,
        retired_at: row.get(6)?,
    })
}

/// Adds a key with its sealed private half.
pub fn insert(tx: &Write<'_>, key: &SigningKeyRow, sealed: &[u8]) -> Result<()> {
    tx.exec_one(
        "insert into signing_keys (kid, algorithm, private_sealed, public_jwk, state, created_at, activated_at)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![
            key.kid,
            key.algorithm.as_str(),
            sealed,
            key.public_jwk.to_string(),
            key.state.as_str(),
            key.created_at,
            key.activated_at,
        ],
    )
}

/// The key that signs with an algorithm now.
pub fn active(r: &Read<'_>, algorithm: Algorithm) -> Result<Option<SigningKeyRow>> {
    let sql = format!(
        "select {COLUMNS} from signing_keys where state = 'active' and algorithm = ?1
         order by activated_at desc limit 1"
    );
    r.one(&sql, params![algorithm.as_str()], from_row)
}

/// The sealed private half of a key.
pub fn sealed(r: &Read<'_>, kid: &str) -> Result<Option<Vec<u8>>> {
    r.one("select private_sealed from signing_keys where kid = ?1", params![kid], |row| row.get(0))
}

/// Finds a key.
pub fn by_kid(r: &Read<'_>, kid: &str) -> Result<Option<SigningKeyRow>> {
    let sql = format!("select {COLUMNS} from signing_keys where kid = ?1");
    r.one(&sql, params![kid], from_row)
}

/// Keys whose tokens may still be alive at `retired_after`, newest first.
pub fn published(r: &Read<'_>, retired_after: Time) -> Result<Vec<SigningKeyRow>> {
    let sql = format!(
        "select {COLUMNS} from signing_keys where state <> 'retired' or retired_at > ?1
         order by created_at desc, kid"
    );
    r.all(&sql, params![retired_after], from_row)
}

/// Every key, newest first.
pub fn list(r: &Read<'_>) -> Result<Vec<SigningKeyRow>> {
    let sql = format!("select {COLUMNS} from signing_keys order by created_at desc, kid");
    r.all(&sql, params![], from_row)
}
