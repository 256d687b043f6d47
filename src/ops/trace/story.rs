//! Looks up whatever id somebody was given: an attempt, a grant, a session, a person, the number of an event.

use super::{KEPT_DAYS, verdict};
use crate::{
    db::Read,
    error::{Error, Kind, Result},
    model::{
        actor::Actor,
        audit::EventRow,
        grant::Grant,
        id::{GrantId, SessionId},
        trace::{
            self, Shown,
            story::{Story, Told, ends, says},
        },
        user::User,
    },
    ops::user,
    store,
};

/// The last so many events are told.
const MOST: u32 = 200;

/// Everything that is known about an id.
pub fn find(r: &Read<'_>, who: &Actor, typed: &str) -> Result<Story> {
    who.must_operate()?;
    let typed = typed.trim();
    if typed.starts_with("g_") {
        return of_grant(r, &GrantId::from_text(typed));
    }
    if typed.starts_with("s_") {
        return of_session(r, &SessionId::from_text(typed));
    }
    if let Some(id) = trace::read(typed) {
        match store::trace::by_id(r, &id)? {
            Some(found) => return of_trace(r, found),
            None if typed.contains('-') => return Err(forgotten(typed)),
            // Eight letters may also be somebody's name.
            None => {}
        }
    }
    if !typed.is_empty() && typed.bytes().all(|byte| byte.is_ascii_digit()) {
        return of_event(r, typed);
    }
    match user::find(r, typed) {
        Ok(user) => of_user(r, &user),
        Err(_) => Err(forgotten(typed)),
    }
}

fn forgotten(typed: &str) -> Error {
    Error::not_found("attempt, grant, session, event or person", typed).with_next(format!(
        "attempts are kept for {KEPT_DAYS} days, the newest {} of them: ask for a new try, or see mcpcodex audit attempts",
        super::MOST
    ))
}

fn of_trace(r: &Read<'_>, found: trace::Trace) -> Result<Story> {
    let title = format!("attempt {}", Shown(&found.id));
    // A connection that nothing is known of any more leaves the attempt as it is.
    let mut story = match &found.grant {
        Some(grant) => match of_grant(r, &GrantId::from_text(grant.as_str())) {
            Err(error) if error.kind() == Kind::NotFound => Story::default(),
            known => known?,
        },
        None => Story::default(),
    };
    (story.title, story.trace) = (title, Some(found));
    Ok(story)
}

fn of_grant(r: &Read<'_>, id: &GrantId) -> Result<Story> {
    let grant = store::grant::by_id(r, id)?;
    let events = store::audit::of_grant(r, id, MOST)?;
    if grant.is_none() && events.is_empty() {
        return Err(forgotten(id.as_str()));
    }
    let agents = store::grant::tokens(r, id, 10_000)?;
    let told = |event: EventRow| {
        let detail: serde_json::Value = serde_json::from_str(&event.detail).unwrap_or_default();
        // Who asked with a token is known by the token that was given for it.
        let next = detail.get("generation").and_then(serde_json::Value::as_u64).map(|n| n + 1);
        let given = agents.iter().find(|token| Some(u64::from(token.generation)) == next);
        let agent =
            given.filter(|_| event.event == "refresh.rotate").map(|token| token.user_agent.clone());
        Told { event, agent }
    };
    let cut = events.len() >= usize::try_from(MOST).unwrap_or(usize::MAX);
    let verdict = match &grant {
        Some(grant) => {
            let own = grant.trace.as_ref().map(|id| store::trace::by_id(r, id)).transpose()?;
            Some(verdict::of(r, grant, &events, own.flatten().as_ref())?)
        }
        None => verdict::of_gone(r, &events)?,
    };
    let events = match &grant {
        Some(grant) => around(r, grant, events)?,
        None => events,
    };
    Ok(Story {
        title: format!("grant {id}"),
        trace: None,
        events: events.into_iter().map(told).collect(),
        cut,
        verdict,
        grant,
    })
}

/// With what happened to client, keys and person besides and could have ended it.
fn around(r: &Read<'_>, grant: &Grant, mut events: Vec<EventRow>) -> Result<Vec<EventRow>> {
    let until = grant.revoked.as_ref().map_or(r.now, |(at, _)| *at);
    let mut more = store::audit::of_nobody(r, &grant.client_id, grant.created_at, until)?;
    if grant.revoked.is_some() {
        more.extend(verdict::causes(r, grant, until)?);
    }
    more.retain(|one| !events.iter().any(|event| event.id == one.id));
    events.extend(more);
    events.sort_by_key(|event| event.id);
    events.dedup_by_key(|event| event.id);
    Ok(events)
}

/// What an event ended, and who did.
pub(super) fn ended(event: &EventRow) -> String {
    let detail: serde_json::Value = serde_json::from_str(&event.detail).unwrap_or_default();
    let reason = detail.get("reason").and_then(serde_json::Value::as_str);
    let words = says(&event.event).unwrap_or(event.event.as_str());
    let by = if event.via == "http" {
        String::new()
    } else {
        format!(" by {} ({})", event.actor, event.via)
    };
    match reason {
        Some(reason) => format!("{}: {words}{by}: {reason}", event.at),
        None => format!("{}: {words}{by}", event.at),
    }
}

fn plainly(events: Vec<EventRow>) -> Vec<Told> {
    events.into_iter().map(|event| Told { event, agent: None }).collect()
}

fn of_session(r: &Read<'_>, id: &SessionId) -> Result<Story> {
    let session = store::session::by_id(r, id)?;
    let events = store::audit::of_session(r, id, MOST)?;
    if session.is_none() && events.is_empty() {
        return Err(forgotten(id.as_str()));
    }
    let last = events.iter().rev().find(|event| ends(&event.event)).map(ended);
    let verdict = match &session {
        Some(session) if session.ended.is_none() && session.ends_at() > r.now => {
            Some(format!("signed in, until {} if it is not used before", session.ends_at()))
        }
        Some(session) if session.ended.is_none() => {
            Some(format!("over since {}: it was not used, or its time was up", session.ends_at()))
        }
        Some(_) | None => last,
    };
    Ok(Story {
        title: format!("session {id}"),
        events: plainly(events),
        verdict,
        ..Story::default()
    })
}

fn of_user(r: &Read<'_>, user: &User) -> Result<Story> {
    let mut events = store::audit::newest(r, Some(&user.id), MOST)?;
    let cut = events.len() >= usize::try_from(MOST).unwrap_or(usize::MAX);
    events.reverse();
    let verdict = events.iter().rev().find(|event| ends(&event.event)).map(ended);
    let verdict =
        verdict.or_else(|| Some("nothing has ended a sign-in or a connection".to_owned()));
    let title = format!("{} ({})", user.username, user.id);
    Ok(Story { title, events: plainly(events), cut, verdict, ..Story::default() })
}

fn of_event(r: &Read<'_>, number: &str) -> Result<Story> {
    let found = number.parse().ok().map(|id| store::audit::by_id(r, id)).transpose()?.flatten();
    let event = found.ok_or_else(|| forgotten(number))?;
    let grant = event.grant_id.clone();
    let title = format!("event {number}");
    match grant {
        Some(grant) => {
            let story = of_grant(r, &GrantId::from_text(grant))?;
            Ok(Story { title, ..story })
        }
        None => Ok(Story { title, events: plainly(vec![event]), ..Story::default() }),
    }
}
