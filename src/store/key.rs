//! The table `signing_keys`.

use std::time::Duration;

use crate::{
    crypto::jwt::Algorithm,
    db::{Read, Row, RowResult, Write, params, unreadable},
    error::Result,
    model::key::{KeyState, SigningKeyRow},
    time::Time,
};

const COLUMNS: &str = "kid, algorithm, public_jwk, state, created_at, activated_at, retired_at, \
                       verifies_until, longest_ms, retire_reason";

fn from_row(row: &Row<'_>) -> RowResult<SigningKeyRow> {
    let (algorithm, jwk, state): (String, String, String) = (row.get(1)?, row.get(2)?, row.get(3)?);
    let longest: i64 = row.get(8)?;
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
        verifies_until: row.get(7)?,
        longest: Duration::from_millis(u64::try_from(longest).unwrap_or(0)),
        retire_reason: row.get(9)?,
    })
}

fn millis(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}

/// Adds a key with its sealed private half, unless one of its algorithm stands in that place already; answers
/// whether it was added.
pub fn insert(tx: &Write<'_>, key: &SigningKeyRow, sealed: &[u8]) -> Result<bool> {
    let added = tx.exec(
        "insert into signing_keys
             (kid, algorithm, private_sealed, public_jwk, state, created_at, activated_at, longest_ms)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) on conflict do nothing",
        params![
            key.kid,
            key.algorithm.as_str(),
            sealed,
            key.public_jwk.to_string(),
            key.state.as_str(),
            key.created_at,
            key.activated_at,
            millis(key.longest),
        ],
    )?;
    Ok(added == 1)
}

/// Lets a staged key sign; answers whether it was staged. Whichever signed before must be retired already.
pub fn activate(tx: &Write<'_>, kid: &str, longest: Duration) -> Result<bool> {
    let changed = tx.exec(
        "update signing_keys set state = 'active', activated_at = ?2, longest_ms = ?3
         where kid = ?1 and state = 'next'",
        params![kid, tx.now, millis(longest)],
    )?;
    Ok(changed == 1)
}

/// Takes a key from signing or waiting; its tokens are believed until `until`. Answers whether it was in use.
pub fn retire(tx: &Write<'_>, kid: &str, until: Time, reason: &str) -> Result<bool> {
    let changed = tx.exec(
        "update signing_keys set state = 'retired', retired_at = ?2, verifies_until = ?3, retire_reason = ?4
         where kid = ?1 and state in ('active', 'next')",
        params![kid, tx.now, until, reason],
    )?;
    Ok(changed == 1)
}

/// Ends the belief in the tokens of a retired key now; answers whether they were believed.
pub fn withdraw(tx: &Write<'_>, kid: &str, reason: &str) -> Result<bool> {
    let changed = tx.exec(
        "update signing_keys set verifies_until = ?2, retire_reason = ?3
         where kid = ?1 and state = 'retired' and verifies_until > ?2",
        params![kid, tx.now, reason],
    )?;
    Ok(changed == 1)
}

/// Notes how long tokens live at most, for keys that sign while that is so.
pub fn note_lifetime(tx: &Write<'_>, longest: Duration) -> Result<usize> {
    tx.exec(
        "update signing_keys set longest_ms = ?1 where state = 'active' and longest_ms < ?1",
        params![millis(longest)],
    )
}

/// Forgets the private halves of keys whose tokens have all ended; answers which.
pub fn wipe(tx: &Write<'_>) -> Result<Vec<String>> {
    tx.all(
        "update signing_keys set private_sealed = null
         where state = 'retired' and verifies_until <= ?1 and private_sealed is not null
         returning kid",
        params![tx.now],
        |row| row.get(0),
    )
}

/// The key that signs with an algorithm now.
pub fn active(r: &Read<'_>, algorithm: Algorithm) -> Result<Option<SigningKeyRow>> {
    in_state(r, algorithm, KeyState::Active)
}

/// The key that will sign next with an algorithm.
pub fn next(r: &Read<'_>, algorithm: Algorithm) -> Result<Option<SigningKeyRow>> {
    in_state(r, algorithm, KeyState::Next)
}

fn in_state(r: &Read<'_>, algorithm: Algorithm, state: KeyState) -> Result<Option<SigningKeyRow>> {
    let sql = format!("select {COLUMNS} from signing_keys where state = ?1 and algorithm = ?2");
    r.one(&sql, params![state.as_str(), algorithm.as_str()], from_row)
}

/// The sealed private half of a key; none when it was wiped.
pub fn sealed(r: &Read<'_>, kid: &str) -> Result<Option<Vec<u8>>> {
    let found: Option<Option<Vec<u8>>> =
        r.one("select private_sealed from signing_keys where kid = ?1", params![kid], |row| {
            row.get(0)
        })?;
    Ok(found.flatten())
}

/// Finds a key.
pub fn by_kid(r: &Read<'_>, kid: &str) -> Result<Option<SigningKeyRow>> {
    r.remembered("key", kid, || {
        let sql = format!("select {COLUMNS} from signing_keys where kid = ?1");
        r.one(&sql, params![kid], from_row)
    })
}

/// Keys whose tokens are believed, those first that sign: some verifiers take the first key that fits.
pub fn published(r: &Read<'_>) -> Result<Vec<SigningKeyRow>> {
    let sql = format!(
        "select {COLUMNS} from signing_keys where state <> 'retired' or verifies_until > ?1
         order by case state when 'active' then 0 when 'retired' then 1 else 2 end, created_at desc, kid"
    );
    r.all(&sql, params![r.now], from_row)
}

/// Every key, newest first.
pub fn list(r: &Read<'_>) -> Result<Vec<SigningKeyRow>> {
    let sql = format!("select {COLUMNS} from signing_keys order by created_at desc, kid");
    r.all(&sql, params![], from_row)
}

/// How many standing grants got their newest access token between two moments, counted up to `most`.
pub fn grants_served(r: &Read<'_>, from: Time, to: Time, most: u32) -> Result<u32> {
    let count = r.one(
        "select count(*) from
             (select 1 from grants g
              left join refresh_tokens t on t.grant_id = g.id and t.generation = g.generation
              where g.revoked_at is null and g.expires_at > ?1
                and coalesce(t.issued_at, g.created_at) between ?2 and ?3
              limit ?4)",
        params![r.now, from, to, most],
        |row| row.get(0),
    )?;
    Ok(count.unwrap_or(0))
}
