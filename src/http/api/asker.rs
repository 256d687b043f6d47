//! Who asks: known before anything else is looked at. A session cookie counts for nothing here.

use axum::{
    extract::{FromRequestParts, Request, State},
    http::{HeaderMap, StatusCode, header, request::Parts},
    middleware::Next,
    response::{IntoResponse as _, Response},
};

use super::{
    Told,
    desk::Desk,
    input::{Asked, Nothing, Query},
    problem::Problem,
};
use crate::{
    app::App,
    http::{
        api_key,
        extract::From,
        oauth::{
            bearer::{self, Shown},
            client_form::one_proof,
            error::with_nonce,
        },
    },
    model::actor::Origin,
    ops::{
        api::{self, ADMINISTER, Asker, OWN},
        apikey::{
            BadKey,
            gate::{Caller, Verdict},
        },
        oauth::{Code, Refusal},
    },
};

/// Whoever asks, beside the request.
#[derive(Clone, Debug)]
pub struct Asking {
    /// Who.
    pub asker: Asker,
    /// From where.
    pub origin: Origin,
}

/// What was found out about whoever asks, and what must be told about it with every answer.
struct Known {
    asker: Asker,
    key: Option<Box<Caller>>,
    bound: bool,
}

/// Lets in whoever shows a good access token or API key.
pub async fn guard(State(app): State<App>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let Ok(From(origin)) = From::from_request_parts(&mut parts, &app).await;
    let known = match know(&app, &origin, &parts).await {
        Ok(known) => known,
        Err(answer) => return *answer,
    };
    let Known { asker, key, bound } = known;
    parts.extensions.insert(Asking { asker, origin });
    let mut response = next.run(Request::from_parts(parts, body)).await;
    response.extensions_mut().insert(Told);
    if let Some(caller) = key {
        api_key::tell(response.headers_mut(), &caller);
    }
    if bound { with_nonce(&app, response) } else { response }
}

async fn know(app: &App, origin: &Origin, parts: &Parts) -> Result<Known, Box<Response>> {
    let prefix = &app.env.config.authentication.api_keys.prefix;
    let out = |problem: Problem| Box::new(problem.into_response());
    match shown(&parts.headers).map_err(out)? {
        Shown::Bearer(text) if text.starts_with(prefix.as_str()) => {
            by_key(app, &origin.address, &text).await
        }
        Shown::Bearer(text) => {
            let found = app.db.read(|r| api::by_token(r, &app.env, &text));
            let asker = found.map_err(|error| out(error.into()))?;
            let asker = asker.map_err(|refusal| out(refused(&refusal, false)))?;
            Ok(Known { asker, key: None, bound: false })
        }
        Shown::Bound(text) => {
            let known = by_proof(app, parts, text).await;
            known.map_err(|problem| Box::new(with_nonce(app, problem.into_response())))
        }
    }
}

/// The one credential of a request.
fn shown(headers: &HeaderMap) -> Result<Shown, Problem> {
    if headers.contains_key("x-api-key") {
        let key = api_key::presented(headers)?;
        return key.map(Shown::Bearer).ok_or_else(|| unknown(None));
    }
    if !headers.contains_key(header::AUTHORIZATION) {
        return Err(unknown(None));
    }
    bearer::token(headers, None).map_err(|_| {
        unknown(None).with_next("send one header: Authorization: Bearer TOKEN, or X-API-Key: KEY")
    })
}

async fn by_key(app: &App, address: &str, text: &str) -> Result<Known, Box<Response>> {
    let verdict = app.authenticate_api_key(address, text).await;
    match verdict.map_err(|error| Box::new(Problem::from(error).into_response()))? {
        Verdict::In(caller) => {
            let asker = Asker::by_key(&app.env, &caller.good);
            Ok(Known { asker, key: Some(caller), bound: false })
        }
        Verdict::Limited { caller, retry_after } => {
            let after = retry_after.as_millis().div_ceil(1_000).max(1).to_string();
            let status = StatusCode::TOO_MANY_REQUESTS;
            let problem = Problem::new(status, "limited", "this API key is used too often")
                .with_next("wait as long as Retry-After says")
                .with_header(header::RETRY_AFTER, &after);
            let mut response = problem.into_response();
            api_key::tell(response.headers_mut(), &caller);
            Err(Box::new(response))
        }
        Verdict::Bad(why) => Err(Box::new(unknown(Some(why)).into_response())),
    }
}

async fn by_proof(app: &App, parts: &Parts, text: String) -> Result<Known, Problem> {
    let proof = one_proof(&parts.headers).map_err(|refusal| refused(&refusal, true))?;
    let (env, method, path) = (app.env(), parts.method.to_string(), parts.uri.path().to_owned());
    let found = app
        .db
        .write(move |tx| api::by_bound_token(tx, &env, &text, proof.as_ref(), (&method, &path)))
        .await?;
    let asker = found.map_err(|refusal| refused(&refusal, true))?;
    Ok(Known { asker, key: None, bound: true })
}

/// 401 (RFC 6750 §3, RFC 9449 §7.1).
fn refused(refusal: &Refusal, bound: bool) -> Problem {
    let scheme = if bound { "DPoP" } else { "Bearer" };
    let challenge = format!("{scheme} realm=\"mcpcodex\", error=\"{}\"", refusal.code.as_str());
    let next = if refusal.code == Code::UseDpopNonce {
        "make the proof with the nonce of this answer"
    } else {
        "get an access token for this server, or send an API key"
    };
    Problem::new(StatusCode::UNAUTHORIZED, "unauthenticated", refusal.description.clone())
        .with_next(next)
        .with_header(header::WWW_AUTHENTICATE, &challenge)
}

/// 401 without a credential, or with a key that is not good.
fn unknown(why: Option<BadKey>) -> Problem {
    let (detail, challenge) = match why {
        None => ("an access token or an API key is needed", "Bearer realm=\"mcpcodex\""),
        Some(why) => (why.reason(), "Bearer realm=\"mcpcodex\", error=\"invalid_token\""),
    };
    Problem::new(StatusCode::UNAUTHORIZED, "unauthenticated", detail)
        .with_next("send Authorization: Bearer TOKEN, or X-API-Key: KEY")
        .with_header(header::WWW_AUTHENTICATE, challenge)
}

/// 403 for want of a scope (RFC 6750 §3.1).
fn wants(scope: &str, detail: String) -> Problem {
    let challenge = format!("Bearer error=\"insufficient_scope\", scope=\"{scope}\"");
    Problem::new(StatusCode::FORBIDDEN, "denied", detail)
        .with_header(header::WWW_AUTHENTICATE, &challenge)
}

fn desk(parts: &mut Parts, app: &App) -> Result<Desk, Problem> {
    let asking = parts.extensions.get::<Asking>().cloned().ok_or_else(|| unknown(None))?;
    Desk::new(app.clone(), asking, parts)
}

/// Anyone who is known.
#[derive(Debug)]
pub struct Anyone<Q = Query<Nothing>>(pub Desk, pub Q);

/// A person's app that may act on what is theirs.
#[derive(Debug)]
pub struct Owner<Q = Query<Nothing>>(pub Desk, pub Q);

/// An administrator's program.
#[derive(Debug)]
pub struct Admin<Q = Query<Nothing>>(pub Desk, pub Q);

impl<Q: Asked> FromRequestParts<App> for Anyone<Q> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let desk = desk(parts, app)?;
        Ok(Self(desk, Q::read(app, parts)?))
    }
}

impl<Q: Asked> FromRequestParts<App> for Owner<Q> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let desk = desk(parts, app)?;
        if !desk.asker.owns() {
            let detail = format!(
                "this needs an access token with the scope {OWN}; an API key is not the person that it belongs to"
            );
            return Err(wants(OWN, detail));
        }
        Ok(Self(desk, Q::read(app, parts)?))
    }
}

impl<Q: Asked> FromRequestParts<App> for Admin<Q> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let desk = desk(parts, app)?;
        if !desk.asker.administers() {
            let detail = format!("this needs the scope {ADMINISTER} of an administrator");
            return Err(wants(ADMINISTER, detail));
        }
        Ok(Self(desk, Q::read(app, parts)?))
    }
}
