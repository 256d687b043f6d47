//! `POST /token` (RFC 6749 §3.2).

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use serde_json::{Map, Value};

use super::{
    client_form::ClientForm,
    error::{OAuthError, no_store, with_nonce},
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
    },
    ops::{
        client::{Authenticated, authenticate},
        env::Env,
        oauth::{
            Code, Outcome, Refusal, client_credentials, device,
            dpop::{self, Place},
            exchange, refresh,
            token::Tokens,
        },
    },
};

enum Ask {
    Code(exchange::Ask),
    Refresh(refresh::Ask),
    Client(client_credentials::Ask),
    Device(device::PollAsk),
}

/// Client and grant are decided in one transaction; signatures are made after it.
pub async fn token(
    State(app): State<App>,
    From(origin): From,
    form: ClientForm,
) -> Result<Response, OAuthError> {
    let proved = form.proof.is_some();
    let answer = answer(&app, Actor::anonymous(origin), form).await;
    if proved { Ok(with_nonce(&app, answer.into_response())) } else { answer }
}

async fn answer(app: &App, who: Actor, form: ClientForm) -> Result<Response, OAuthError> {
    let ask = ask(&form)?;
    let (basic, env) = (form.basic, app.env());
    let decided = app
        .db
        .write(move |tx| match authenticate(tx, &who, &form.shown)? {
            Authenticated::Client(client) => {
                let place = Place::post("/token");
                match dpop::admit(tx, &env, &client, form.proof.as_ref(), place)? {
                    Ok(()) => decide(tx, &env, &who, &client, &ask).map(Ok),
                    Err(refusal) => Ok(Ok(Outcome::Refused(refusal))),
                }
            }
            Authenticated::No => Ok(Err(OAuthError::client(basic))),
            Authenticated::Wait(after) => Ok(Err(OAuthError::wait(after))),
        })
        .await??;
    match decided {
        Outcome::Minted(minted) => Ok((no_store(), Json(body(&minted.sign()?))).into_response()),
        Outcome::Refused(refusal) => Err(refusal.into()),
    }
}

fn ask(form: &ClientForm) -> Result<Ask, OAuthError> {
    let (resources, jkt) = (form.all("resource"), form.jkt());
    let grant = match form.fields.get("grant_type") {
        None | Some("") => return Err(OAuthError::request("grant_type is missing")),
        Some(text) => GrantType::parse(text).map_err(|_| {
            Refusal::new(Code::UnsupportedGrantType, "this server does not know that grant type")
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
        GrantType::TokenExchange | GrantType::JwtBearer => {
            let why = "this server does not speak that grant type yet";
            return Err(Refusal::new(Code::UnsupportedGrantType, why).into());
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
