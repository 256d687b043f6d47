//! What this server says of itself (RFC 8414, OpenID Connect Discovery): only what is there.
//! At which paths it is served is `http`'s matter.

use serde_json::{Value, json};

use super::terms::Terms;
use crate::{
    model::{
        authorization::ResponseMode,
        client::{AuthMethod, GrantType},
        scope::STANDARD,
        session::{ACR_MFA, ACR_PASSWORD},
    },
    ops::env::Env,
};

/// The document, the same at every path. Its `issuer` is the configured one to the letter, never a request's host.
pub fn document(env: &Env) -> Value {
    let terms = Terms::of(env);
    let at = |path: &str| format!("{}{path}", terms.issuer);
    let methods = [AuthMethod::None, AuthMethod::Basic, AuthMethod::Post].map(AuthMethod::as_str);
    let secret = [AuthMethod::Basic, AuthMethod::Post].map(AuthMethod::as_str);
    json!({
        "issuer": terms.issuer,
        "authorization_endpoint": at("/authorize"),
        "token_endpoint": at("/token"),
        "revocation_endpoint": at("/revoke"),
        "introspection_endpoint": at("/introspect"),
        "userinfo_endpoint": at("/userinfo"),
        "pushed_authorization_request_endpoint": at("/par"),
        "require_pushed_authorization_requests": false,
        "jwks_uri": at("/.well-known/jwks.json"),
        "response_types_supported": ["code"],
        "response_modes_supported": ResponseMode::ALL.map(ResponseMode::as_str),
        "grant_types_supported": GrantType::USUAL.map(GrantType::as_str),
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": methods,
        "revocation_endpoint_auth_methods_supported": methods,
        "introspection_endpoint_auth_methods_supported": secret,
        // Small and harmless: some clients ask for all of it.
        "scopes_supported": STANDARD,
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [terms.algorithm.as_str()],
        "claims_supported": [
            "sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "azp", "at_hash", "sid",
            "name", "preferred_username", "email", "roles",
        ],
        "prompt_values_supported": ["none", "login", "consent", "select_account"],
        "authorization_response_iss_parameter_supported": true,
        "request_parameter_supported": false,
        "request_uri_parameter_supported": false,
        "claims_parameter_supported": true,
        "acr_values_supported": [ACR_PASSWORD, ACR_MFA],
    })
}
