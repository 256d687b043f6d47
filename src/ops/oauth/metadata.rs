//! What this server says of itself (RFC 8414, OpenID Connect Discovery): only what is there.
//! At which paths it is served is `http`'s matter.

use serde_json::{Map, Value, json};

use super::{dpop, terms::Terms};
use crate::{
    config::authentication::{MetadataDocuments, Registration},
    crypto::jwt::Algorithm,
    model::{
        assertion::PROFILE,
        authorization::ResponseMode,
        client::{AuthMethod, GrantType},
        document::KeySet,
        scope::STANDARD,
        session::{ACR_MFA, ACR_PASSWORD},
    },
    ops::env::Env,
};

/// The document, the same at every path: one function a topic, none of which says what another does. Its `issuer` is the
/// configured one to the letter, never a request's host. `documents`: whether those of apps can be fetched.
pub fn document(env: &Env, documents: bool) -> Value {
    let terms = Terms::of(env);
    let topics = [
        identity(&terms),
        authorization(&terms),
        token(&terms),
        care(&terms),
        openid(&terms),
        newcomers(env, &terms),
        apps(env, documents),
    ];
    let mut document = Map::new();
    for topic in topics {
        if let Value::Object(members) = topic {
            document.extend(members);
        }
    }
    Value::Object(document)
}

fn at(terms: &Terms<'_>, path: &str) -> String {
    format!("{}{path}", terms.issuer)
}

/// How a client that proves itself does it.
fn proofs() -> Vec<&'static str> {
    [AuthMethod::Basic, AuthMethod::Post, AuthMethod::PrivateKeyJwt]
        .map(AuthMethod::as_str)
        .to_vec()
}

/// The same, and how one comes that cannot.
fn proofs_or_none() -> Vec<&'static str> {
    let mut methods = vec![AuthMethod::None.as_str()];
    methods.extend(proofs());
    methods
}

fn identity(terms: &Terms<'_>) -> Value {
    json!({
        "issuer": terms.issuer,
        "jwks_uri": at(terms, "/.well-known/jwks.json"),
        // Small and harmless: some clients ask for all of it.
        "scopes_supported": STANDARD,
    })
}

/// What comes through a browser.
fn authorization(terms: &Terms<'_>) -> Value {
    json!({
        "authorization_endpoint": at(terms, "/authorize"),
        "response_types_supported": ["code"],
        "pushed_authorization_request_endpoint": at(terms, "/par"),
        "require_pushed_authorization_requests": false,
        "response_modes_supported": ResponseMode::ALL.map(ResponseMode::as_str),
        "code_challenge_methods_supported": ["S256"],
        "prompt_values_supported": ["none", "login", "consent", "select_account"],
        "authorization_response_iss_parameter_supported": true,
        "request_parameter_supported": false,
        "request_uri_parameter_supported": false,
        "claims_parameter_supported": true,
        "acr_values_supported": [ACR_PASSWORD, ACR_MFA],
    })
}

/// Who gets tokens for what.
fn token(terms: &Terms<'_>) -> Value {
    json!({
        "token_endpoint": at(terms, "/token"),
        "device_authorization_endpoint": at(terms, "/device_authorization"),
        "dpop_signing_alg_values_supported": dpop::ALGORITHMS.map(Algorithm::as_str),
        "grant_types_supported": GrantType::ALL.map(GrantType::as_str),
        "authorization_grant_profiles_supported": [PROFILE],
        "token_endpoint_auth_methods_supported": proofs_or_none(),
        "token_endpoint_auth_signing_alg_values_supported": KeySet::algorithms(),
    })
}

/// What can be done with a token later.
fn care(terms: &Terms<'_>) -> Value {
    json!({
        "revocation_endpoint": at(terms, "/revoke"),
        "revocation_endpoint_auth_methods_supported": proofs_or_none(),
        "revocation_endpoint_auth_signing_alg_values_supported": KeySet::algorithms(),
        "introspection_endpoint": at(terms, "/introspect"),
        "introspection_endpoint_auth_methods_supported": proofs(),
        "introspection_endpoint_auth_signing_alg_values_supported": KeySet::algorithms(),
    })
}

/// How apps become known.
fn apps(env: &Env, documents: bool) -> Value {
    let clients = &env.config.authentication.clients;
    json!({
        "client_id_metadata_document_supported":
            documents && clients.metadata_documents != MetadataDocuments::Off,
    })
}

fn openid(terms: &Terms<'_>) -> Value {
    json!({
        "end_session_endpoint": at(terms, "/logout"),
        "backchannel_logout_supported": true,
        "backchannel_logout_session_supported": true,
        "userinfo_endpoint": at(terms, "/userinfo"),
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [terms.algorithm.as_str()],
        "claims_supported": [
            "sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "azp", "at_hash", "sid",
            "name", "preferred_username", "email", "roles",
        ],
    })
}

/// How a client becomes known by itself. Where that takes a token, whoever has one reads the address here, too.
fn newcomers(env: &Env, terms: &Terms<'_>) -> Value {
    match env.config.authentication.clients.dynamic_registration {
        Registration::Open | Registration::Token => {
            json!({ "registration_endpoint": at(terms, "/register") })
        }
        Registration::Off => json!({}),
    }
}
