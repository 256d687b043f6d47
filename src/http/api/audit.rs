//! `/api/v1/audit-events` and `/api/v1/stats`: what was done, and how many there are of what.

use axum::{Json, response::Response};
use serde::Deserialize;

use super::{
    asker::Admin,
    desk::Id,
    input::Query,
    page::{Page, PageParams, Paged},
    problem::Problem,
};
use crate::{
    error::Error,
    model::{
        audit::{EventRow, Filter, chain::Link},
        id::{ClientId, UserId},
    },
    ops,
    time::Time,
    view::{
        audit::{Checked, Event},
        stats::Stats,
    },
};

/// Which events; all of it must hold.
#[derive(Clone, Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct EventFilter {
    /// About the person with this id.
    user: Option<String>,
    /// About the client with this id.
    client: Option<String>,
    /// From this address.
    address: Option<String>,
    /// Of this name, or of those before whose first dot it stands: `user.lock`, `user`.
    event: Option<String>,
    /// Not before this moment.
    #[param(format = DateTime)]
    since: Option<String>,
    /// Before this moment.
    #[param(format = DateTime)]
    until: Option<String>,
}

fn moment(name: &str, text: Option<String>) -> Result<Option<Time>, Problem> {
    let wrong = || Problem::parameter(name, "this must be a moment such as 2026-11-23T10:00:00Z");
    text.map(|text| Time::parse(&text).ok_or_else(wrong)).transpose()
}

/// Lists events, the newest first.
#[utoipa::path(get, path = "/api/v1/audit-events", tag = "audit-events", params(PageParams, EventFilter),
    responses((status = 200, body = Page<Event>)))]
pub async fn list(Admin(desk, page): Admin<Paged<EventFilter>>) -> Result<Response, Problem> {
    let asked = page.filter.clone();
    let filter = Filter {
        user: asked.user.map(UserId::from_text),
        client: asked.client.map(ClientId::from_text),
        address: asked.address,
        event: asked.event,
        since: moment("since", asked.since)?,
        until: moment("until", asked.until)?,
    };
    let damaged = || Problem::parameter("cursor", "it is damaged");
    let before = page.last().map(|id| id.parse().map_err(|_| damaged())).transpose()?;
    let limit = page.fetch();
    let rows =
        desk.read_long(move |r, _, who| ops::audit::page(r, who, &filter, before, limit)).await?;
    let key = |row: &EventRow| vec![row.id.to_string()];
    Ok(page.answer(desk.env(), rows, key, Event::of))
}

/// Shows an event.
#[utoipa::path(get, path = "/api/v1/audit-events/{id}", tag = "audit-events", params(("id" = i64, Path)),
    responses((status = 200, body = Event)))]
pub async fn show(Admin(desk, _): Admin, Id(id): Id) -> Result<Response, Problem> {
    let number = id.parse().map_err(|_| Error::not_found("event", &id))?;
    let row = desk.read(|r, _, who| ops::audit::by_id(r, who, number))?;
    desk.show(&Event::of(&row))
}

/// What was noted before.
#[derive(Clone, Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Noted {
    /// What an earlier check called the newest event, `ID:HASH`; it must stand as it was.
    #[param(max_length = 100)]
    head: Option<String>,
}

/// Checks that nobody changed, removed or added an event.
#[utoipa::path(get, path = "/api/v1/audit-events/verify", tag = "audit-events", params(Noted),
    responses((status = 200, body = Checked)))]
pub async fn verify(
    Admin(desk, Query(noted)): Admin<Query<Noted>>,
) -> Result<Json<Checked>, Problem> {
    let wrong = || Problem::parameter("head", "this must be ID:HASH as an earlier check told it");
    let head = noted.head.map(|text| Link::parse(&text).ok_or_else(wrong)).transpose()?;
    let mut anchors: Vec<Link> = head.into_iter().collect();
    anchors.extend(desk.app.audit_anchor()?);
    let job = desk
        .read_long(move |r, env, who| ops::audit::chain::verify(r, who, &env.keys.vault, &anchors));
    let found = job.await?;
    Ok(Json(Checked {
        ok: found.flaw.is_none(),
        events: found.events,
        head: found.last.to_string(),
        problem: found.flaw.as_ref().map(ToString::to_string),
        first_bad: found.flaw.as_ref().and_then(crate::model::audit::chain::Flaw::id),
    }))
}

/// Counts what there is.
#[utoipa::path(get, path = "/api/v1/stats", tag = "stats", responses((status = 200, body = Stats)))]
pub async fn stats(Admin(desk, _): Admin) -> Result<Response, Problem> {
    let counted = desk.read_long(|r, _, who| ops::stats::count(r, who)).await?;
    desk.show(&Stats::of(&counted))
}
