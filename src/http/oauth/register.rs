//! `POST /register` (RFC 7591) and `GET`, `PUT`, `DELETE /register/{client_id}` (RFC 7592).

use axum::{
    Json,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use super::{
    bearer,
    error::{OAuthError, no_store},
    json::Object,
    told::told,
};
use crate::{
    app::App,
    error::Kind as Failure,
    http::extract::From,
    model::{
        actor::{Actor, Origin},
        id::ClientId,
        registration::{Members, Metadata},
        trace::{Kind, Rule},
    },
    ops::{
        env::Env,
        oauth::{Code, Refusal},
        registration::{self as op, Answer, Managed, Registered},
    },
};

/// Registers a client: 201 with everything that is registered of it.
pub async fn register(
    State(app): State<App>,
    From(origin): From,
    headers: HeaderMap,
    object: Result<Object, OAuthError>,
) -> Result<Response, OAuthError> {
    let (members, read) = read_object(object);
    let registered = match read {
        Ok(metadata) => add(&app, origin.clone(), &headers, metadata).await,
        Err(refused) => Err(refused),
    };
    match registered {
        Ok(registered) => {
            let body = body(&app.env, &registered);
            Ok((StatusCode::CREATED, no_store(), Json(body)).into_response())
        }
        Err(refused) => Err(told(&app, origin, Kind::Register, pairs(&members), refused).await),
    }
}

/// What a client says of itself, and whether it can be.
fn read_object(object: Result<Object, OAuthError>) -> (Members, Result<Metadata, OAuthError>) {
    match object {
        Ok(Object(members)) => {
            let read = Metadata::read(&members).map_err(OAuthError::registration);
            (members, read)
        }
        Err(refused) => (Members::new(), Err(refused)),
    }
}

async fn add(
    app: &App,
    origin: Origin,
    headers: &HeaderMap,
    metadata: Metadata,
) -> Result<Box<Registered>, OAuthError> {
    // Where everyone may register, whatever else a client sends along is not looked at.
    let token = bearer::plain(headers).ok();
    let (env, who) = (app.env(), Actor::anonymous(origin));
    let answer =
        app.db.write(move |tx| op::register(tx, &env, &who, &metadata, token.as_deref())).await;
    match answer {
        Ok(Answer::Registered(registered)) => Ok(registered),
        Ok(Answer::NoToken) => Err(not_yours()),
        Ok(Answer::Off) => Err(OAuthError::no_registration()),
        Err(full) if full.kind() == Failure::Limited => {
            Err(OAuthError::from(full).by(Rule::RegistrationFull))
        }
        Err(error) => Err(error.into()),
    }
}

/// The members in the form in which parameters are told.
fn pairs(members: &Members) -> Vec<(String, String)> {
    let words = |value: &Value| match value {
        Value::String(text) => text.clone(),
        Value::Array(all) => {
            all.iter().filter_map(Value::as_str).take(8).collect::<Vec<_>>().join(" ")
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => String::new(),
    };
    members.iter().map(|(name, value)| (name.clone(), words(value))).collect()
}

/// Tells a client what is registered of it.
pub async fn read(
    State(app): State<App>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, OAuthError> {
    let token = bearer::plain(&headers)?;
    let id = ClientId::from_text(id);
    let registered = done(app.db.read(|r| op::read(r, &id, &token))?)?;
    Ok((no_store(), Json(body(&app.env, &registered))).into_response())
}

/// Registers a client anew under its old id.
pub async fn update(
    State(app): State<App>,
    From(origin): From,
    Path(id): Path<String>,
    headers: HeaderMap,
    object: Result<Object, OAuthError>,
) -> Result<Response, OAuthError> {
    let (members, read) = read_object(object);
    match change(&app, origin.clone(), &id, &headers, (&members, read)).await {
        Ok(done) => Ok((no_store(), Json(body(&app.env, &done))).into_response()),
        Err(refused) => {
            let mut pairs = pairs(&members);
            pairs.retain(|(name, _)| name != "client_id");
            pairs.push(("client_id".to_owned(), id));
            Err(told(&app, origin, Kind::Register, pairs, refused).await)
        }
    }
}

async fn change(
    app: &App,
    origin: Origin,
    id: &str,
    headers: &HeaderMap,
    (members, read): (&Members, Result<Metadata, OAuthError>),
) -> Result<Registered, OAuthError> {
    let token = bearer::plain(headers)?;
    if members.get("client_id").is_some_and(|own| own.as_str() != Some(id)) {
        return Err(OAuthError::metadata("client_id is not that of the address"));
    }
    let metadata = read?;
    let (env, who, id) = (app.env(), Actor::anonymous(origin), ClientId::from_text(id));
    done(app.db.write(move |tx| op::update(tx, &env, &who, &id, &token, &metadata)).await?)
}

/// Removes a client at its own wish.
pub async fn delete(
    State(app): State<App>,
    From(origin): From,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, OAuthError> {
    let token = bearer::plain(&headers)?;
    let (who, id) = (Actor::anonymous(origin), ClientId::from_text(id));
    done(app.db.write(move |tx| op::delete(tx, &who, &id, &token)).await?)?;
    Ok((StatusCode::NO_CONTENT, no_store()).into_response())
}

fn done<T>(managed: Managed<T>) -> Result<T, OAuthError> {
    match managed {
        Managed::Done(done) => Ok(done),
        Managed::NotYours => Err(not_yours()),
        Managed::SwitchedOff => Err(OAuthError::switched_off()),
    }
}

fn not_yours() -> OAuthError {
    let why = "the registration token is missing, unknown or no longer good";
    OAuthError::token(&Refusal::new(Code::InvalidToken, Rule::RegistrationToken, why))
}

/// Everything that is registered (RFC 7591 §3.2.1); what is not there is left out, since clients choke on null.
fn body(env: &Env, registered: &Registered) -> Members {
    let client = &registered.client;
    let mut body = registered.beside.clone();
    let mut put = |name: &str, value: Value| body.insert(name.to_owned(), value);
    put("client_id", client.id.as_str().into());
    put("client_id_issued_at", client.created_at.secs().into());
    put("client_name", client.name.as_str().into());
    put("redirect_uris", registered.redirect_uris.as_slice().into());
    put("grant_types", client.grant_types.iter().map(|grant| grant.as_str()).collect());
    put("response_types", json!(["code"]));
    put("token_endpoint_auth_method", client.auth_method.as_str().into());
    if let Some(secret) = &registered.secret {
        put("client_secret", secret.expose().into());
        put("client_secret_expires_at", 0.into());
    }
    if let Some(token) = &registered.token {
        put("registration_access_token", token.expose().into());
        let at = format!("{}/register/{}", env.site.issuer, client.id);
        put("registration_client_uri", at.into());
    }
    let texts = [
        ("jwks_uri", &client.jwks_uri),
        ("client_uri", &client.client_uri),
        ("backchannel_logout_uri", &client.backchannel_logout_uri),
    ];
    for (name, text) in texts {
        if let Some(text) = text {
            put(name, text.as_str().into());
        }
    }
    if let Some(jwks) = &client.jwks {
        put("jwks", jwks.clone());
    }
    if !client.post_logout_redirect_uris.is_empty() {
        put("post_logout_redirect_uris", client.post_logout_redirect_uris.as_slice().into());
    }
    if client.dpop_bound {
        put("dpop_bound_access_tokens", true.into());
    }
    if client.par_required {
        put("require_pushed_authorization_requests", true.into());
    }
    body
}
