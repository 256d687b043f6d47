//! Reserving a try before it is made, so that parallel guesses cannot overrun the limit and a client that
//! hangs up has still spent one. The rule itself is `model/attempt.rs`.

use std::time::Duration;

use crate::{
    db::{Read, Write},
    error::Result,
    model::attempt::{Limits, Reserved, Scope, Tries},
    store,
    time::Time,
};

/// Takes one try, already counted as wrong.
pub fn reserve(tx: &Write<'_>, scope: Scope, subject: &str, limits: &Limits) -> Result<Reserved> {
    let tries = store::attempt::get(tx, scope, subject)?.unwrap_or_default();
    let reserved = tries.reserve(limits, tx.now);
    if let Reserved::Go(tries) = &reserved {
        store::attempt::put(tx, scope, subject, tries)?;
    }
    Ok(reserved)
}

/// The try was right: the count starts again.
pub fn succeed(tx: &Write<'_>, scope: Scope, subject: &str) -> Result<()> {
    store::attempt::clear(tx, scope, subject)?;
    Ok(())
}

/// The try never came to a comparison, or one right answer must not wipe out others' wrong ones: gives one back.
pub fn give_back(tx: &Write<'_>, scope: Scope, subject: &str) -> Result<()> {
    let Some(tries) = store::attempt::get(tx, scope, subject)? else { return Ok(()) };
    let failures = tries.failures.saturating_sub(1);
    store::attempt::put(tx, scope, subject, &Tries { failures, next_at: Time::default(), ..tries })
}

/// How long tries are paused from now on, if they are.
pub fn pause(r: &Read<'_>, scope: Scope, subject: &str) -> Result<Option<Duration>> {
    let until = store::attempt::get(r, scope, subject)?.map_or(Time::default(), |t| t.next_at);
    Ok((until > r.now).then(|| until.since(r.now)))
}

/// The part of an address that stands for one customer: all of IPv4, the first 64 bits of IPv6.
pub fn address_key(address: &str) -> String {
    match address.parse::<std::net::IpAddr>() {
        Ok(std::net::IpAddr::V6(v6)) => {
            if let Some(v4) = v6.to_ipv4_mapped() {
                v4.to_string()
            } else {
                let [a, b, c, d, ..] = v6.segments();
                format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
            }
        }
        Ok(std::net::IpAddr::V4(v4)) => v4.to_string(),
        Err(_) => address.chars().take(64).collect(),
    }
}

/// The part of an address that stands for one network: all of IPv4, the first 48 bits of IPv6, which is what one customer
/// may have thousands of [`address_key`]s in.
pub fn network_key(address: &str) -> String {
    match address.parse::<std::net::IpAddr>() {
        Ok(std::net::IpAddr::V6(v6)) if v6.to_ipv4_mapped().is_none() => {
            let [a, b, c, ..] = v6.segments();
            format!("{a:x}:{b:x}:{c:x}::/48")
        }
        Ok(_) | Err(_) => address_key(address),
    }
}
