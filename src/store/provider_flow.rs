//! The table `provider_flows`: requests that went to a provider and wait for its answer.

use crate::{
    crypto::secret::Hashed,
    db::{Read, Row, RowResult, Write, params, unreadable},
    error::Result,
    model::{
        id::SessionId,
        provider::{Flow, Purpose},
        sign_in::Strength,
    },
};

/// What is kept beside a flow that only its answer unlocks.
#[derive(Debug)]
pub struct Locked {
    /// The code verifier, sealed.
    pub verifier: Vec<u8>,
    /// The nonce, hashed.
    pub nonce: Hashed,
}

/// Adds one, bound to a browser.
pub fn insert(
    tx: &Write<'_>,
    state: &Hashed,
    browser: &Hashed,
    flow: &Flow,
    locked: &Locked,
) -> Result<()> {
    tx.exec_one(
        "insert into provider_flows (state_hash, browser_hash, provider, issuer, client_id, redirect_uri, verifier,
             nonce_hash, purpose, session_id, return_to, remember_me, strength, created_at, expires_at)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
        params![
            state.as_bytes(),
            browser.as_bytes(),
            flow.provider,
            flow.issuer,
            flow.client_id,
            flow.redirect_uri,
            locked.verifier,
            locked.nonce.as_bytes(),
            flow.purpose.as_str(),
            flow.session.as_ref().map(SessionId::as_str),
            flow.return_to,
            flow.remember_me,
            flow.strength.as_str(),
            flow.created_at,
            flow.expires_at,
        ],
    )
}

fn from_row(row: &Row<'_>) -> RowResult<(Flow, Locked)> {
    let purpose: String = row.get(6)?;
    let strength: String = row.get(10)?;
    let nonce: Vec<u8> = row.get(5)?;
    let flow = Flow {
        provider: row.get(0)?,
        issuer: row.get(1)?,
        client_id: row.get(2)?,
        redirect_uri: row.get(3)?,
        purpose: Purpose::parse(&purpose)
            .ok_or_else(|| unreadable("provider_flows.purpose", &purpose))?,
        session: row.get::<_, Option<String>>(7)?.map(SessionId::from_text),
        return_to: row.get(8)?,
        remember_me: row.get(9)?,
        strength: Strength::parse(&strength)
            .ok_or_else(|| unreadable("provider_flows.strength", &strength))?,
        created_at: row.get(11)?,
        expires_at: row.get(12)?,
    };
    let nonce = Hashed::from_bytes(&nonce)
        .ok_or_else(|| unreadable("provider_flows.nonce_hash", "another length"))?;
    Ok((flow, Locked { verifier: row.get(4)?, nonce }))
}

/// Takes the one with this state out, if it is this browser's and lives: for one answer alone.
pub fn take(tx: &Write<'_>, state: &Hashed, browser: &Hashed) -> Result<Option<(Flow, Locked)>> {
    tx.one(
        "delete from provider_flows where state_hash = ?1 and browser_hash = ?2 and expires_at > ?3
         returning provider, issuer, client_id, redirect_uri, verifier, nonce_hash, purpose, session_id, return_to,
                   remember_me, strength, created_at, expires_at",
        params![state.as_bytes(), browser.as_bytes(), tx.now],
        from_row,
    )
}

/// How many wait.
pub fn count(r: &Read<'_>) -> Result<u32> {
    Ok(r.one("select count(*) from provider_flows", params![], |row| row.get(0))?.unwrap_or(0))
}

/// Forgets the oldest.
pub fn thin_out(tx: &Write<'_>, count: u32) -> Result<usize> {
    tx.exec(
        "delete from provider_flows where state_hash in
            (select state_hash from provider_flows order by expires_at limit ?1)",
        params![count],
    )
}

/// Forgets those whose time is over.
pub fn sweep(tx: &Write<'_>) -> Result<usize> {
    tx.exec("delete from provider_flows where expires_at <= ?1", params![tx.now])
}
