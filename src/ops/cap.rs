//! How many messages may go out: by number or address written to, person, asking address, block of numbers, and day.
//! Counted before anything is queued, since each message costs money and reaches somebody who may not have asked.

use std::time::Duration;

use super::{attempt, audit, env::Env};
use crate::{
    db::Write,
    error::Result,
    model::{
        actor::Actor,
        audit::Event,
        contact,
        id::UserId,
        message::{Carrier, Class, Kind},
    },
    store,
    time::Time,
};

const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);

/// A message that somebody wants to go out.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted<'a> {
    pub(super) kind: Kind,
    pub(super) carrier: Carrier,
    pub(super) recipient: &'a str,
    pub(super) user: Option<&'a UserId>,
}

struct Cap {
    scope: &'static str,
    subject: String,
    most: u32,
    span: Duration,
}

/// Counts a message, or says how long there may be none: one that is refused is not counted anywhere.
pub(super) fn reserve(
    tx: &Write<'_>,
    env: &Env,
    who: &Actor,
    wanted: Wanted<'_>,
) -> Result<Option<Duration>> {
    let caps = caps(env, who, wanted);
    for cap in &caps {
        let start = start(tx.now, cap.span);
        if store::send_count::get(tx, cap.scope, &cap.subject, start)? < cap.most {
            continue;
        }
        let mut event = Event::new("message.capped")
            .with("cap", cap.scope)
            .with("kind", wanted.kind.as_str())
            .with("to", contact::masked(wanted.recipient));
        if let Some(user) = wanted.user {
            event = event.user(user);
        }
        audit::record(tx, who, &event)?;
        return Ok(Some(start.plus(cap.span).since(tx.now)));
    }
    for cap in &caps {
        store::send_count::add(tx, cap.scope, &cap.subject, start(tx.now, cap.span))?;
    }
    Ok(None)
}

fn caps(env: &Env, who: &Actor, wanted: Wanted<'_>) -> Vec<Cap> {
    let limits = &env.config.limits.messages;
    let class = wanted.kind.class();
    let hourly = |scope, subject: &str, most| Cap {
        scope,
        subject: format!("{}:{subject}", class.as_str()),
        most,
        span: HOUR,
    };
    let mut caps =
        vec![hourly("recipient", &wanted.recipient.to_lowercase(), limits.per_recipient)];
    if let Some(user) = wanted.user {
        caps.push(hourly("person", user.as_str(), limits.per_person));
    }
    if !who.origin.address.is_empty() {
        let address = attempt::address_key(&who.origin.address);
        caps.push(hourly("address", &address, limits.per_address));
    }
    let sms = wanted.carrier == Carrier::Twilio || wanted.kind == Kind::SmsCode;
    if sms {
        let block = contact::prefix(wanted.recipient);
        caps.push(hourly("prefix", block, limits.per_prefix));
    }
    // What happened to an account must not go unsaid because somebody used the day up.
    if class != Class::Notice {
        let (scope, most) =
            if sms { ("sms_day", limits.sms_per_day) } else { ("mail_day", limits.mails_per_day) };
        caps.push(Cap { scope, subject: String::new(), most, span: DAY });
    }
    caps
}

/// The beginning of the hour or day that a moment lies in.
fn start(now: Time, span: Duration) -> Time {
    let span = i64::try_from(span.as_millis()).unwrap_or(i64::MAX).max(1);
    Time::from_millis(now.millis().saturating_sub(now.millis().rem_euclid(span)))
}
