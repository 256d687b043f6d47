//! The tables `device_requests` and `user_code_misses`.

use std::time::Duration;

use crate::{
    crypto::secret::Hashed,
    db::{Read, Row, RowResult, Write, params, unreadable},
    error::Result,
    model::{
        device_request::{DeviceRequest, State},
        id::{ClientId, DeviceRequestId, SessionId, TraceId, UserId},
        scope::ScopeSet,
    },
    time::Time,
};

const COLUMNS: &str =
    "id, client_id, scopes, resources, spelled, state, interval_s, last_poll_at, address,
    user_agent, trace_id, user_id, session_id, created_at, expires_at";

fn from_row(row: &Row<'_>) -> RowResult<DeviceRequest> {
    let state: String = row.get(5)?;
    Ok(DeviceRequest {
        id: DeviceRequestId::from_text(row.get::<_, String>(0)?),
        client_id: ClientId::from_text(row.get::<_, String>(1)?),
        scopes: super::scopes(&row.get::<_, String>(2)?),
        resources: super::parse_uris(&row.get::<_, String>(3)?),
        spelled: super::parse_texts(&row.get::<_, String>(4)?),
        state: State::parse(&state).ok_or_else(|| unreadable("device_requests.state", &state))?,
        interval: Duration::from_secs(u64::from(row.get::<_, u32>(6)?)),
        last_poll_at: row.get(7)?,
        address: row.get(8)?,
        user_agent: row.get(9)?,
        trace: row.get::<_, Option<String>>(10)?.map(TraceId::from_text),
        user_id: row.get::<_, Option<String>>(11)?.map(UserId::from_text),
        session_id: row.get::<_, Option<String>>(12)?.map(SessionId::from_text),
        created_at: row.get(13)?,
        expires_at: row.get(14)?,
    })
}

/// What a device and its person show, as they are kept.
#[derive(Clone, Copy, Debug)]
pub struct Codes<'a> {
    /// The device's, hashed.
    pub device: &'a Hashed,
    /// The person's, as a keyed hash.
    pub user: &'a [u8],
}

/// Adds a request; false when another has one of its codes.
pub fn insert(
    tx: &Write<'_>,
    request: &DeviceRequest,
    codes: Codes<'_>,
    address_key: &str,
) -> Result<bool> {
    let added = tx.exec(
        "insert into device_requests (id, device_code, user_code, client_id, scopes, resources, spelled, state,
                                      interval_s, address, address_key, user_agent, trace_id, created_at,
                                      expires_at)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15) on conflict do nothing",
        params![
            request.id.as_str(),
            codes.device.as_bytes(),
            codes.user,
            request.client_id.as_str(),
            request.scopes.to_string(),
            super::uris(&request.resources),
            super::texts(&request.spelled),
            request.state.as_str(),
            seconds(request.interval),
            request.address,
            address_key,
            request.user_agent,
            request.trace.as_ref().map(TraceId::as_str),
            request.created_at,
            request.expires_at,
        ],
    )?;
    Ok(added == 1)
}

fn seconds(interval: Duration) -> u32 {
    u32::try_from(interval.as_secs()).unwrap_or(u32::MAX)
}

/// Finds the request of a device.
pub fn by_device_code(r: &Read<'_>, code: &Hashed) -> Result<Option<DeviceRequest>> {
    let sql = format!("select {COLUMNS} from device_requests where device_code = ?1");
    r.one(&sql, params![code.as_bytes()], from_row)
}

/// Finds the request behind what a person typed.
pub fn by_user_code(r: &Read<'_>, code: &[u8]) -> Result<Option<DeviceRequest>> {
    let sql = format!("select {COLUMNS} from device_requests where user_code = ?1");
    r.one(&sql, params![code], from_row)
}

/// Finds a request by its id.
pub fn by_id(r: &Read<'_>, id: &DeviceRequestId) -> Result<Option<DeviceRequest>> {
    let sql = format!("select {COLUMNS} from device_requests where id = ?1");
    r.one(&sql, params![id.as_str()], from_row)
}

/// How many requests wait: all, and those from one address.
pub fn waiting(r: &Read<'_>, address_key: &str) -> Result<(u32, u32)> {
    let found = r.one(
        "select (select count(*) from device_requests where expires_at > ?1),
                (select count(*) from device_requests where expires_at > ?1 and address_key = ?2)",
        params![r.now, address_key],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    Ok(found.unwrap_or_default())
}

/// Notes a poll and how long the device must wait now.
pub fn set_polled(tx: &Write<'_>, id: &DeviceRequestId, interval: Duration) -> Result<()> {
    tx.exec_one(
        "update device_requests set last_poll_at = ?2, interval_s = ?3 where id = ?1",
        params![id.as_str(), tx.now, seconds(interval)],
    )
}

/// What a person decided.
#[derive(Clone, Copy, Debug)]
pub struct Decided<'a> {
    /// [`State::Approved`] or [`State::Denied`].
    pub state: State,
    /// Who.
    pub user: &'a UserId,
    /// In which session.
    pub session: &'a SessionId,
    /// What is allowed.
    pub scopes: &'a ScopeSet,
}

/// Writes the decision down; false when it was too late, or another was first.
pub fn decide(tx: &Write<'_>, id: &DeviceRequestId, decided: Decided<'_>) -> Result<bool> {
    let changed = tx.exec(
        "update device_requests set state = ?2, user_id = ?3, session_id = ?4, scopes = ?5
         where id = ?1 and state = 'pending' and expires_at > ?6",
        params![
            id.as_str(),
            decided.state.as_str(),
            decided.user.as_str(),
            decided.session.as_str(),
            decided.scopes.to_string(),
            tx.now,
        ],
    )?;
    Ok(changed == 1)
}

/// Takes an approved request, once.
pub fn take(tx: &Write<'_>, id: &DeviceRequestId) -> Result<bool> {
    let changed = tx.exec(
        "update device_requests set state = 'spent' where id = ?1 and state = 'approved' and expires_at > ?2",
        params![id.as_str(), tx.now],
    )?;
    Ok(changed == 1)
}

/// Counts a wrong code.
pub fn add_miss(tx: &Write<'_>, hour: Time) -> Result<()> {
    tx.exec_one(
        "insert into user_code_misses (hour, count) values (?1, 1)
         on conflict (hour) do update set count = count + 1",
        params![hour],
    )
}

/// How many wrong codes there were in an hour.
pub fn misses(r: &Read<'_>, hour: Time) -> Result<u32> {
    let count =
        r.one("select count from user_code_misses where hour = ?1", params![hour], |row| {
            row.get(0)
        })?;
    Ok(count.unwrap_or(0))
}

/// Forgets requests that ended before a moment, and the counts of hours before it.
pub fn sweep(tx: &Write<'_>, before: Time) -> Result<usize> {
    let requests = tx.exec("delete from device_requests where expires_at < ?1", params![before])?;
    let counts = tx.exec("delete from user_code_misses where hour < ?1", params![before])?;
    Ok(requests + counts)
}
