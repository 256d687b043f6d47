//! `ANY /auth/verify[?resource=URI&scope=S]`: a proxy asks whether it may let a request through, by sending its headers.
//! 200 with who it is, or the refusal for the client: proxies hand both on. What is decided, and why, is `ops/verify`.

mod told;

use axum::{
    Json,
    extract::{RawQuery, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::json;

use self::told::Told;
use super::{
    api_key,
    error::JsonError,
    extract::{self, From},
    fields::Fields,
    oauth::bearer::{self, Shown},
};
use crate::{
    app::App,
    error::Error,
    model::actor::Origin,
    ops::{
        apikey::gate::{Caller, Verdict},
        verify::{self, Demand, Identity, Refusal},
    },
};

/// The headers that say who it is, all of them in every 200: a proxy that copies them writes over what a client made up.
pub const HEADERS: [&str; 6] = [
    "x-auth-subject",
    "x-auth-user",
    "x-auth-email",
    "x-auth-roles",
    "x-auth-scopes",
    "x-auth-client",
];

/// What came of it: somebody, with the key that was counted if it was one, or why nobody.
type Judged = (verify::Verdict, Option<Box<Caller>>);

/// The endpoint. It is asked by every method, since some proxies pass on that of the request; the body counts for nothing.
pub async fn verify(
    State(app): State<App>,
    From(origin): From,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    let answered = answer(&app, &origin, &headers, query.as_deref().unwrap_or_default()).await;
    answered.unwrap_or_else(|failed| failed)
}

async fn answer(
    app: &App,
    origin: &Origin,
    headers: &HeaderMap,
    query: &str,
) -> Result<Response, Response> {
    let failed = |error: Error| JsonError(error).into_response();
    let demand = wanted(app, query).map_err(failed)?;
    let told = Told::of(headers);
    let (verdict, caller) = judge(app, origin, headers, (&demand, &told)).await?;
    let mut response = match verdict {
        Ok(identity) => let_through(&identity),
        Err(refusal) => refused(app, headers, (&demand, &told), &refusal).map_err(failed)?,
    };
    if let Some(caller) = caller {
        api_key::tell(response.headers_mut(), &caller);
    }
    Ok(response)
}

/// What the proxy is configured to ask for. A name that means nothing is refused: it may be one misspelt.
fn wanted(app: &App, query: &str) -> Result<Demand, Error> {
    let fields = Fields::parse(query.as_bytes());
    let known = |(name, _): &&(String, String)| matches!(name.as_str(), "resource" | "scope");
    if !fields.pairs().iter().all(|pair| known(&pair)) || fields.repeated(&[]).is_some() {
        return Err(Error::invalid("query", "forward-auth takes resource and scope, each once")
            .with_next("mend the proxy's configuration; docs/forward-auth.md shows it"));
    }
    app.db.read(|r| verify::demand(r, fields.get("resource"), fields.text("scope")))
}

/// One credential decides alone: a bad token is not made good by a cookie.
async fn judge(
    app: &App,
    origin: &Origin,
    headers: &HeaderMap,
    (demand, told): (&Demand, &Told),
) -> Result<Judged, Response> {
    let failed = |error: Error| JsonError(error).into_response();
    let own = headers.contains_key("x-api-key");
    if !own && !headers.contains_key(header::AUTHORIZATION) {
        return by_cookie(app, headers, demand, told)
            .map(|verdict| (verdict, None))
            .map_err(failed);
    }
    if let (false, Ok(Shown::Bound(_))) = (own, bearer::token(headers, None)) {
        return Ok((Err(Refusal::NotGood(verify::BOUND)), None));
    }
    let text = match api_key::presented(headers) {
        Ok(Some(text)) => text,
        Ok(None) => return Ok((Err(Refusal::Nobody), None)),
        Err(_) => {
            return Ok((Err(Refusal::Malformed("send one token or key, in one header")), None));
        }
    };
    if own || app.is_api_key(&text) {
        return by_key(app, origin, demand, &text).await;
    }
    let verdict = app.db.read(|r| verify::by_token(r, &app.env, demand, &text)).map_err(failed)?;
    Ok((verdict, None))
}

async fn by_key(
    app: &App,
    origin: &Origin,
    demand: &Demand,
    text: &str,
) -> Result<Judged, Response> {
    let failed = |error: Error| JsonError(error).into_response();
    match app.authenticate_api_key(&origin.address, text).await.map_err(failed)? {
        Verdict::In(caller) => {
            let verdict = app.db.read(|r| verify::by_key(r, demand, &caller.good));
            Ok((verdict.map_err(failed)?, Some(caller)))
        }
        Verdict::Limited { caller, retry_after } => Err(api_key::limited(&caller, retry_after)),
        Verdict::Bad(why) => Ok((Err(Refusal::NotGood(why.reason())), None)),
    }
}

/// The cookie of a browser, unless a page of another site made it come along.
fn by_cookie(
    app: &App,
    headers: &HeaderMap,
    demand: &Demand,
    told: &Told,
) -> Result<verify::Verdict, Error> {
    let trusted = |origin: &str| {
        let own = demand.resource.as_ref().is_some_and(|own| told::is_at(own.uri.as_str(), origin));
        Ok(own || app.env.config.server.forward_auth.origins.iter().any(|one| one == origin))
    };
    if !told.is_of_its_own_site(headers, trusted)? {
        return Ok(Err(Refusal::Nobody));
    }
    let found = extract::find_session(headers, app)?.and_then(Result::ok);
    let now = app.db.now();
    Ok(match found {
        Some(signed_in) => verify::by_session(&app.env, demand, &signed_in, now),
        None => Err(Refusal::Nobody),
    })
}

fn let_through(identity: &Identity) -> Response {
    let Identity { subject, username, email, roles, scopes, client } = identity;
    let values = [
        subject.clone(),
        username.clone(),
        email.clone(),
        roles.join(","),
        scopes.to_string(),
        client.clone(),
    ];
    let mut response = StatusCode::OK.into_response();
    for (name, value) in HEADERS.into_iter().zip(values) {
        let value = HeaderValue::from_str(&plain(&value)).unwrap_or(HeaderValue::from_static(""));
        response.headers_mut().insert(HeaderName::from_static(name), value);
    }
    response
}

/// Percent-encodes, as in a URL, whatever a header cannot hold or would change, and `%` itself.
fn plain(value: &str) -> String {
    let encode = |byte: u8| match byte {
        b'%' | 0..=0x1f | 0x7f.. => format!("%{byte:02X}"),
        _ => char::from(byte).to_string(),
    };
    value.bytes().map(encode).collect()
}

/// 401 or 403 with the challenge. A person in a browser is shown the way to sign in: by `Location`, with 303 where
/// the proxy hands this answer on as it is, and with 401 for one that makes its own of it.
fn refused(
    app: &App,
    headers: &HeaderMap,
    (demand, told): (&Demand, &Told),
    refusal: &Refusal,
) -> Result<Response, Error> {
    let leads = *refusal == Refusal::Nobody && told.is_a_person(headers);
    let way = if leads { told.way_to_sign_in(app)? } else { None };
    let status = match refusal {
        Refusal::Lacking(_) | Refusal::NotForThem => StatusCode::FORBIDDEN,
        _ if way.is_some() && !told.by_nginx() => StatusCode::SEE_OTHER,
        Refusal::Nobody | Refusal::NotGood(_) | Refusal::Malformed(_) => StatusCode::UNAUTHORIZED,
    };
    let error = refusal.code().map_or("unauthorized", |code| code.as_str());
    let body = json!({ "error": error, "error_description": refusal.reason() });
    let mut response = (status, Json(body)).into_response();
    let challenge =
        demand.challenge(&app.env, refusal)?.filter(|_| status != StatusCode::SEE_OTHER);
    for (name, value) in [(header::WWW_AUTHENTICATE, challenge), (header::LOCATION, way)] {
        if let Some(value) = value.and_then(|text| HeaderValue::from_str(&text).ok()) {
            response.headers_mut().insert(name, value);
        }
    }
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_visible_ascii_and_can_be_read_back() {
        for (value, header) in [
            ("ann@example.com", "ann@example.com"),
            ("Zoë", "Zo%C3%AB"),
            ("50%", "50%25"),
            ("a\r\nX-Auth-Roles: admin", "a%0D%0AX-Auth-Roles: admin"),
            ("a\0\t\u{7f}", "a%00%09%7F"),
            ("a b,c", "a b,c"),
        ] {
            assert_eq!(plain(value), header);
            assert!(HeaderValue::from_str(&plain(value)).is_ok());
        }
    }
}
