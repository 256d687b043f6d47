//! `POST /token` (RFC 6749 §3.2).

use std::sync::Arc;

use axum::{
    Extension, Json,
    extract::State,
    response::{IntoResponse, Response},
};
use serde_json::{Map, Value, json};

use super::{
    client_form::ClientForm,
    error::{OAuthError, no_store, with_nonce},
    resolve::Resolver,
    told::unproved,
};
use crate::{
    app::App,
    crypto::secret::Plain,
    db::Write,
    error::Result as CoreResult,
    http::extract::From,
    model::{
        actor::Actor,
        client::{Client, GrantType},
        trace::{Kind, Rule},
    },
    ops::{
        client::{Authenticated, authenticate},
        env::Env,
        oauth::{
            Code, Outcome, Refusal, client_credentials, device,
            dpop::{self, Place},
            exchange,
            identity_assertion::Assertion,
            jwt_bearer, refresh,
            token::Tokens,
            token_exchange::{self, kind},
        },
        trace,
    },
};

enum Ask {
    Code(exchange::Ask),
    Refresh(refresh::Ask),
    Client(client_credentials::Ask),
    Device(device::PollAsk),
    Exchange(Box<token_exchange::Ask>),
    Assertion(Box<jwt_bearer::Ask>),
}

/// Client and grant are decided in one transaction; signatures are made after it.
pub async fn token(
    State(app): State<App>,
    From(origin): From,
    Extension(resolver): Extension<Arc<Resolver>>,
    form: ClientForm,
) -> Result<Response, OAuthError> {
    let proved = form.proof.is_some();
    let answer = answer(&app, &resolver, Actor::anonymous(origin), form).await;
    if proved { Ok(with_nonce(&app, answer.into_response())) } else { answer }
}

async fn answer(
    app: &App,
    resolver: &Resolver,
    who: Actor,
    form: ClientForm,
) -> Result<Response, OAuthError> {
    let mut ask = ask(&form);
    if let (Ok(Ask::Assertion(ask)), Some(text)) = (&mut ask, form.take("assertion")) {
        ask.proof = Some(resolver.vouched(app, &text).await?);
    }
    // Only what was exchanged says what it became (RFC 8693 §2.2.1).
    let issued = matches!(ask, Ok(Ask::Exchange(_))).then_some(kind::ACCESS_TOKEN);
    let env = app.env();
    let decided = app.db.write(move |tx| settle(tx, &env, &who, &form, ask)).await??;
    match decided {
        Outcome::Minted(minted) => {
            let mut body = body(&minted.sign()?);
            body.extend(issued.map(|kind| ("issued_token_type".to_owned(), kind.into())));
            Ok((no_store(), Json(body)).into_response())
        }
        Outcome::Assertion(unsigned) => {
            Ok((no_store(), Json(assertion(&unsigned.sign()?))).into_response())
        }
        Outcome::Refused(refusal) => Err(refusal.into()),
    }
}

/// Decides, and tells in the story of what came how it ended.
fn settle(
    tx: &Write<'_>,
    env: &Env,
    who: &Actor,
    form: &ClientForm,
    ask: Result<Ask, Refusal>,
) -> CoreResult<Result<Outcome, OAuthError>> {
    let brought = trace::Brought::new(Kind::Token, form.fields.pairs());
    let told = |client: Option<&Client>, outcome| {
        trace::at_token(tx, env, who, client, &brought, outcome).map(Ok)
    };
    let ask = match ask {
        Ok(ask) => ask,
        Err(refusal) => return told(None, Outcome::Refused(refusal)),
    };
    let refused = match authenticate(tx, who, &form.shown)? {
        Authenticated::Client(client) => {
            let place = Place::post("/token");
            let outcome = match dpop::admit(tx, env, &client, form.proof.as_ref(), place)? {
                Ok(()) => decide(tx, env, who, &client, &ask)?,
                Err(refusal) => Outcome::Refused(refusal),
            };
            return told(Some(&client), outcome);
        }
        Authenticated::No => OAuthError::client(form.basic),
        Authenticated::Wait(after) => OAuthError::wait(after),
    };
    unproved(tx, env, who, (form, Kind::Token), refused).map(Err)
}

fn ask(form: &ClientForm) -> Result<Ask, Refusal> {
    let (resources, jkt) = (form.all("resource"), form.jkt());
    let grant = match form.fields.get("grant_type") {
        None | Some("") => {
            return Err(Refusal::new(
                Code::InvalidRequest,
                Rule::GrantUnknown,
                "grant_type is missing",
            ));
        }
        Some(text) => GrantType::parse(text).map_err(|_| {
            let why = "this server does not know that grant type";
            Refusal::new(Code::UnsupportedGrantType, Rule::GrantUnknown, why)
        })?,
    };
    Ok(match grant {
        GrantType::AuthorizationCode => Ask::Code(exchange::Ask {
            code: form.take("code"),
            redirect_uri: form.take("redirect_uri"),
            verifier: form.take("code_verifier"),
            resources,
            jkt,
        }),
        GrantType::RefreshToken => {
            let (token, scope) = (form.take("refresh_token"), form.take("scope"));
            Ask::Refresh(refresh::Ask { token, scope, resources, jkt })
        }
        GrantType::ClientCredentials => {
            Ask::Client(client_credentials::Ask { scope: form.take("scope"), resources, jkt })
        }
        GrantType::DeviceCode => {
            Ask::Device(device::PollAsk { device_code: form.take("device_code"), resources, jkt })
        }
        GrantType::TokenExchange => Ask::Exchange(Box::new(token_exchange::Ask {
            subject_token: form.take("subject_token"),
            subject_type: form.take("subject_token_type"),
            actor_token: form.take("actor_token"),
            actor_type: form.take("actor_token_type"),
            requested_type: form.take("requested_token_type"),
            audiences: form.all("audience"),
            scope: form.take("scope"),
            resources,
            jkt,
        })),
        GrantType::JwtBearer => {
            let scope = form.take("scope");
            Ask::Assertion(Box::new(jwt_bearer::Ask { proof: None, scope, resources, jkt }))
        }
    })
}

fn decide(
    tx: &Write<'_>,
    env: &Env,
    who: &Actor,
    client: &Client,
    ask: &Ask,
) -> CoreResult<Outcome> {
    match ask {
        Ask::Code(ask) => exchange::exchange(tx, env, who, client, ask),
        Ask::Refresh(ask) => refresh::refresh(tx, env, who, client, ask),
        Ask::Client(ask) => client_credentials::give(tx, env, who, client, ask),
        Ask::Device(ask) => device::poll(tx, env, who, client, ask),
        Ask::Exchange(ask) => token_exchange::exchange(tx, env, who, client, ask),
        Ask::Assertion(ask) => jwt_bearer::give(tx, env, who, client, ask),
    }
}

/// The answer (RFC 6749 §5.1); what is not there is left out, since clients choke on null.
fn body(tokens: &Tokens) -> Map<String, Value> {
    let mut body = Map::new();
    body.insert("access_token".to_owned(), tokens.access_token.expose().into());
    body.insert("token_type".to_owned(), tokens.token_type.into());
    body.insert("expires_in".to_owned(), tokens.expires_in.into());
    body.insert("scope".to_owned(), tokens.scope.as_str().into());
    let mut put = |name: &str, token: &Option<Plain>| {
        if let Some(token) = token {
            body.insert(name.to_owned(), token.expose().into());
        }
    };
    put("refresh_token", &tokens.refresh_token);
    put("id_token", &tokens.id_token);
    body
}

/// An assertion for another server (RFC 8693 §2.2.1): `access_token` is what the RFC calls any token there, and `N_A` says
/// that this one is none.
fn assertion(assertion: &Assertion) -> Value {
    let mut body = json!({
        "access_token": assertion.token.expose(),
        "issued_token_type": kind::ID_JAG,
        "token_type": "N_A",
        "expires_in": assertion.lifetime.as_secs(),
    });
    if let (false, Some(members)) = (assertion.scope.is_empty(), body.as_object_mut()) {
        members.insert("scope".to_owned(), assertion.scope.as_str().into());
    }
    body
}
