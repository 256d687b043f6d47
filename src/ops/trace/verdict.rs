//! "Why was I logged out?" in one sentence: what ended a connection, and who did.

use crate::{
    db::Read,
    error::Result,
    model::{
        audit::EventRow,
        client::{Client, GrantType},
        ending,
        grant::Grant,
        id::{ClientId, UserId},
        scope::OFFLINE_ACCESS,
        trace::{Step, Trace, story::ends},
        user::UserState,
    },
    store,
    time::Time,
};

/// What ended a connection, or that it goes on. `trace` is the story of its beginning, as long as that is kept.
pub(super) fn of(
    r: &Read<'_>,
    grant: &Grant,
    events: &[EventRow],
    trace: Option<&Trace>,
) -> Result<String> {
    if let Some((at, why)) = &grant.revoked {
        let by = by(&causes(r, grant, *at)?, grant);
        return Ok(format!("logged out {at}: {}{by}", ending::says(why)));
    }
    if let Some(over) = over(r, grant)? {
        return Ok(over);
    }
    if let Some(barred) = barred(r, grant)? {
        return Ok(barred);
    }
    let until = format!("it stands, until {} at the latest", grant.expires_at);
    let used = events.iter().rev().find(|event| !ends(&event.event)).map(|event| event.at);
    let last = trace.and_then(|trace| trace.hops.last());
    let refused = last.filter(|hop| hop.step == Step::Refused && Some(hop.at) > used);
    Ok(match refused.and_then(|hop| hop.rule.map(|rule| (hop.at, rule))) {
        Some((at, rule)) => {
            format!("{until}, but the app was refused {at}: {}; {}", rule.says(), rule.fix())
        }
        None => until,
    })
}

/// Whether its time is up, and which time.
fn over(r: &Read<'_>, grant: &Grant) -> Result<Option<String>> {
    if grant.generation == 0 {
        return Ok((grant.expires_at <= r.now).then(|| {
            format!(
                "over since {}: the app has no refresh token, since it has neither the grant nor offline_access, so it \
                 asks anew each time",
                grant.expires_at
            )
        }));
    }
    let newest = store::grant::token(r, &grant.id, grant.generation)?;
    let idle = newest.filter(|token| token.spent_at.is_none()).map(|token| token.expires_at);
    Ok(match idle {
        Some(at) if at <= r.now && at < grant.expires_at => Some(format!(
            "logged out {at}: the app did not refresh for too long (authentication.tokens.refresh_token.idle)"
        )),
        _ if grant.expires_at <= r.now => Some(format!(
            "logged out {}: its time was up, however much it was used (authentication.tokens.refresh_token.lifetime)",
            grant.expires_at
        )),
        Some(_) | None => None,
    })
}

/// What keeps an app from refreshing although nothing has ended its connection.
fn barred(r: &Read<'_>, grant: &Grant) -> Result<Option<String>> {
    let user = store::user::by_id(r, &grant.user_id)?;
    if let Some(user) = user.filter(|user| user.state != UserState::Active) {
        let (state, name) = (user.state.as_str(), user.username);
        return Ok(Some(format!("of no use at present: {name} is {state}")));
    }
    let Some(client) = store::client::by_id(r, &grant.client_id)? else { return Ok(None) };
    if !client.is_active() {
        return Ok(Some("of no use at present: the client is switched off, or waits".to_owned()));
    }
    let offline = grant.scopes.has(OFFLINE_ACCESS);
    if !may_refresh(&client, grant) && !offline {
        return Ok(Some(format!(
            "of no use at present: the client was changed and may not refresh any more; mcpcodex client edit {} --grant \
             authorization_code --grant refresh_token",
            client.id
        )));
    }
    let session = match &grant.session_id {
        Some(session) if !offline => store::session::by_id(r, session)?,
        Some(_) | None => None,
    };
    let ended = session.and_then(|session| session.ended);
    Ok(ended.map(|(at, why)| format!("logged out {at}: {}", ending::says(&why))))
}

fn may_refresh(client: &Client, grant: &Grant) -> bool {
    grant.generation == 0 || client.may(GrantType::RefreshToken)
}

/// What happened in the moment in which a connection ended, and could have ended it.
pub(super) fn causes(r: &Read<'_>, grant: &Grant, at: Time) -> Result<Vec<EventRow>> {
    let mut found = store::audit::of_user_at(r, &grant.user_id, at)?;
    found.extend(store::audit::of_nobody(r, &grant.client_id, at, at)?);
    found.retain(|event| {
        let other = |own: &Option<String>, id: &str| own.as_deref().is_some_and(|own| own != id);
        let may = ["user.edit", "factor.enroll", "factor.remove", "factor.disable"];
        (ends(&event.event) || may.contains(&event.event.as_str()))
            && !other(&event.grant_id, grant.id.as_str())
            && !other(&event.client_id, grant.client_id.as_str())
    });
    Ok(found)
}

/// Who it was, as far as that says more than the reason.
fn by(causes: &[EventRow], grant: &Grant) -> String {
    let Some(event) = causes.first() else { return String::new() };
    let from = event.address.as_deref().filter(|text| !text.is_empty());
    let from = from.map(|address| format!(" from {address}")).unwrap_or_default();
    match event.via.as_str() {
        "http" if event.actor == grant.user_id.as_str() => format!(", by the person{from}"),
        "http" if from.is_empty() => String::new(),
        "http" => format!(",{from}"),
        "system" => ", by the server itself".to_owned(),
        via => format!(", by {} ({via})", event.actor),
    }
}

/// What became of a connection that is not in the database any more.
pub(super) fn of_gone(r: &Read<'_>, events: &[EventRow]) -> Result<Option<String>> {
    let Some(first) = events.first() else { return Ok(None) };
    let user = first.user_id.clone().map(UserId::from_text);
    if let Some(user) = &user
        && store::user::by_id(r, user)?.is_none()
    {
        return Ok(Some(format!("logged out: {}", ending::says(ending::DELETED))));
    }
    let client = first.client_id.clone().map(ClientId::from_text);
    if let Some(client) = &client
        && store::client::by_id(r, client)?.is_none()
    {
        let gone = store::audit::of_nobody(r, client, first.at, r.now)?;
        let gone = gone.iter().rev().find(|event| event.event == "client.delete");
        return Ok(Some(match gone {
            Some(event) => {
                format!(
                    "logged out {}: the client was deleted by {} ({})",
                    event.at, event.actor, event.via
                )
            }
            None => "logged out: the client was deleted, or nobody used it for long".to_owned(),
        }));
    }
    let last = events.iter().rev().find(|event| ends(&event.event));
    Ok(Some(match last {
        Some(event) => super::story::ended(event),
        None => "it ended long ago, and is forgotten by now".to_owned(),
    }))
}
