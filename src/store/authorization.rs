//! The tables `authorization_requests` and `authorization_codes`.

use std::time::Duration;

use crate::{
    crypto::secret::Hashed,
    db::{Read, Row, RowResult, Write, params},
    error::Result,
    model::{
        authorization::{
            AuthorizationCode, AuthorizationRequest, Prompt, REQUEST_LIFETIME, ResponseMode,
        },
        id::{ClientId, GrantId, RequestId, SessionId, TraceId, UserId},
    },
    time::Time,
};

/// Adds a request, bound to a browser; `network` brought it, and `stranger` says whether nobody here uses its client.
pub fn insert_request(
    tx: &Write<'_>,
    request: &AuthorizationRequest,
    browser: &Hashed,
    network: &str,
    stranger: bool,
) -> Result<()> {
    tx.exec_one(
        "insert into authorization_requests (id, browser_hash, client_id, redirect_uri, scopes, resources, state,
             nonce, code_challenge, prompt, max_age, login_hint, mfa, created_at, expires_at, response_mode, jkt,
             trace_id, subject, spelled, network, stranger)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22)",
        params![
            request.id.as_str(),
            browser.as_bytes(),
            request.client_id.as_str(),
            request.redirect_uri,
            request.scopes.to_string(),
            super::uris(&request.resources),
            request.state,
            request.nonce,
            request.code_challenge,
            request.prompt.to_string(),
            request.max_age.map(|age| i64::try_from(age.as_secs()).unwrap_or(i64::MAX)),
            request.login_hint,
            request.mfa,
            tx.now,
            tx.now.plus(REQUEST_LIFETIME),
            request.response_mode.as_str(),
            request.jkt,
            request.trace.as_ref().map(TraceId::as_str),
            request.subject.as_ref().map(UserId::as_str),
            super::texts(&request.spelled),
            network,
            stranger,
        ],
    )
}

/// Finds a request that still waits, if it belongs to this browser.
pub fn request(
    r: &Read<'_>,
    id: &RequestId,
    browser: &Hashed,
) -> Result<Option<AuthorizationRequest>> {
    r.one(
        "select id, client_id, redirect_uri, scopes, resources, state, nonce, code_challenge, prompt, max_age,
                login_hint, mfa, created_at, response_mode, jkt, trace_id, subject, spelled
         from authorization_requests where id = ?1 and browser_hash = ?2 and expires_at > ?3",
        params![id.as_str(), browser.as_bytes(), r.now],
        |row| {
            let max_age: Option<i64> = row.get(9)?;
            Ok(AuthorizationRequest {
                id: RequestId::from_text(row.get::<_, String>(0)?),
                client_id: ClientId::from_text(row.get::<_, String>(1)?),
                redirect_uri: row.get(2)?,
                scopes: super::scopes(&row.get::<_, String>(3)?),
                resources: super::parse_uris(&row.get::<_, String>(4)?),
                spelled: super::parse_texts(&row.get::<_, String>(17)?),
                state: row.get(5)?,
                nonce: row.get(6)?,
                code_challenge: row.get(7)?,
                prompt: Prompt::parse(&row.get::<_, String>(8)?).unwrap_or_default(),
                max_age: max_age.and_then(|age| u64::try_from(age).ok()).map(Duration::from_secs),
                login_hint: row.get(10)?,
                subject: row.get::<_, Option<String>>(16)?.map(UserId::from_text),
                mfa: row.get(11)?,
                created_at: row.get(12)?,
                response_mode: ResponseMode::parse(&row.get::<_, String>(13)?).unwrap_or_default(),
                jkt: row.get(14)?,
                trace: row.get::<_, Option<String>>(15)?.map(TraceId::from_text),
            })
        },
    )
}

/// Notes that it takes two factors to answer a request.
pub fn want_mfa(tx: &Write<'_>, id: &RequestId) -> Result<()> {
    tx.exec("update authorization_requests set mfa = 1 where id = ?1", params![id.as_str()])?;
    Ok(())
}

/// Takes a request, once: whoever gets `true` may answer it.
pub fn take_request(tx: &Write<'_>, id: &RequestId) -> Result<bool> {
    Ok(tx.exec("delete from authorization_requests where id = ?1", params![id.as_str()])? == 1)
}

/// Makes room among the requests of strangers' clients, or of the others: those of the network that has most of them go
/// first, until all have the same, and of one network the oldest.
pub fn thin_out_requests(tx: &Write<'_>, stranger: bool, count: u32) -> Result<usize> {
    tx.exec(
        "delete from authorization_requests where id in
            (select id from
                (select id, expires_at,
                        row_number() over (partition by network order by expires_at desc, id desc) as place
                 from authorization_requests where stranger = ?1)
             order by place desc, expires_at limit ?2)",
        params![stranger, count],
    )
}

/// How many requests of strangers' clients are waiting, or of the others.
pub fn count_requests(r: &Read<'_>, stranger: bool) -> Result<u32> {
    let count = r.one(
        "select count(*) from authorization_requests where stranger = ?1",
        params![stranger],
        |row| row.get(0),
    )?;
    Ok(count.unwrap_or(0))
}

fn code_from_row(row: &Row<'_>) -> RowResult<AuthorizationCode> {
    Ok(AuthorizationCode {
        client_id: ClientId::from_text(row.get::<_, String>(0)?),
        user_id: UserId::from_text(row.get::<_, String>(1)?),
        session_id: SessionId::from_text(row.get::<_, String>(2)?),
        redirect_uri: row.get(3)?,
        code_challenge: row.get(4)?,
        scopes: super::scopes(&row.get::<_, String>(5)?),
        resources: super::parse_uris(&row.get::<_, String>(6)?),
        nonce: row.get(7)?,
        expires_at: row.get(8)?,
        grant_id: row.get::<_, Option<String>>(9)?.map(GrantId::from_text),
        spent: row.get::<_, String>(10)? == "spent",
        jkt: row.get(11)?,
        trace: row.get::<_, Option<String>>(12)?.map(TraceId::from_text),
        spelled: super::parse_texts(&row.get::<_, String>(13)?),
    })
}

/// Adds a code.
pub fn insert_code(tx: &Write<'_>, hash: &Hashed, code: &AuthorizationCode) -> Result<()> {
    tx.exec_one(
        "insert into authorization_codes (code_hash, client_id, user_id, session_id, redirect_uri, code_challenge,
             scopes, resources, nonce, state, created_at, expires_at, jkt, trace_id, spelled)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 'issued', ?10, ?11, ?12, ?13, ?14)",
        params![
            hash.as_bytes(),
            code.client_id.as_str(),
            code.user_id.as_str(),
            code.session_id.as_str(),
            code.redirect_uri,
            code.code_challenge,
            code.scopes.to_string(),
            super::uris(&code.resources),
            code.nonce,
            tx.now,
            code.expires_at,
            code.jkt,
            code.trace.as_ref().map(TraceId::as_str),
            super::texts(&code.spelled),
        ],
    )
}

/// Finds a code, spent or not.
pub fn code(r: &Read<'_>, hash: &Hashed) -> Result<Option<AuthorizationCode>> {
    r.one(
        "select client_id, user_id, session_id, redirect_uri, code_challenge, scopes, resources, nonce,
                expires_at, grant_id, state, jkt, trace_id, spelled
         from authorization_codes where code_hash = ?1",
        params![hash.as_bytes()],
        code_from_row,
    )
}

/// Spends a code, once: whoever gets `true` may use it or must burn it.
pub fn spend_code(tx: &Write<'_>, hash: &Hashed) -> Result<bool> {
    let changed = tx.exec(
        "update authorization_codes set state = 'spent' where code_hash = ?1 and state = 'issued'",
        params![hash.as_bytes()],
    )?;
    Ok(changed == 1)
}

/// Remembers what a code became, so that a second use can take it back.
pub fn set_code_grant(tx: &Write<'_>, hash: &Hashed, grant: &GrantId) -> Result<()> {
    tx.exec_one(
        "update authorization_codes set grant_id = ?2 where code_hash = ?1 and state = 'spent'",
        params![hash.as_bytes(), grant.as_str()],
    )
}

/// Forgets requests that ended, and codes that ended before `codes_before`.
pub fn sweep(tx: &Write<'_>, codes_before: Time) -> Result<usize> {
    let requests =
        tx.exec("delete from authorization_requests where expires_at < ?1", params![tx.now])?;
    let codes =
        tx.exec("delete from authorization_codes where expires_at < ?1", params![codes_before])?;
    Ok(requests + codes)
}
