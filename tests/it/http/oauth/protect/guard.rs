//! What a resource's server must do, as short as it can be said.

// documented: begin
use axum::{
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, jwk::JwkSet};
use serde::Deserialize;

/// What must be known of mcpcodex: `mcpcodex resource show` prints all but the secret.
pub(super) struct Guard {
    pub(super) issuer: String,
    pub(super) resource: String,
    pub(super) challenge: String,
    /// RS256 unless `resource add --algorithm` or the configuration says otherwise.
    pub(super) algorithm: Algorithm,
    /// For opaque tokens: of `mcpcodex client create NAME --grant none --resource URI`.
    pub(super) secret: (String, String),
}

#[derive(Deserialize)]
struct Told {
    #[serde(default)]
    active: Option<bool>,
    #[serde(default)]
    sub: String,
    #[serde(default)]
    scope: String,
    #[serde(default)]
    aud: Audience,
}

#[derive(Default, Deserialize)]
#[serde(untagged)]
enum Audience {
    #[default]
    Nobody,
    One(String),
    Several(Vec<String>),
}

impl Guard {
    /// Signed tokens: the person behind one that has the scope. Keep the keys for some minutes in a real server, and fetch
    /// them again when a token names one that is not among them.
    pub(super) async fn verified(
        &self,
        headers: &HeaderMap,
        scope: &str,
    ) -> Result<String, Response> {
        let token = bearer(headers).ok_or_else(|| self.refuse(StatusCode::UNAUTHORIZED, ""))?;
        let invalid = || self.refuse(StatusCode::UNAUTHORIZED, "error=\"invalid_token\", ");
        let url = format!("{}/.well-known/jwks.json", self.issuer);
        let keys = reqwest::get(url).await.map_err(|_| invalid())?;
        let keys: JwkSet = keys.json().await.map_err(|_| invalid())?;
        let header = jsonwebtoken::decode_header(token).map_err(|_| invalid())?;
        let key = header.kid.and_then(|kid| keys.find(&kid).cloned()).ok_or_else(invalid)?;
        let key = DecodingKey::from_jwk(&key).map_err(|_| invalid())?;
        let mut rules = Validation::new(self.algorithm);
        rules.set_required_spec_claims(&["exp", "iss", "aud"]);
        rules.set_issuer(&[&self.issuer]);
        rules.set_audience(&[&self.resource]);
        if header.typ.as_deref() != Some("at+jwt") {
            return Err(invalid());
        }
        let told = jsonwebtoken::decode::<Told>(token, &key, &rules).map_err(|_| invalid())?;
        self.allowed(told.claims, scope)
    }

    /// Opaque tokens: mcpcodex is asked each time, and a token that was taken back is refused at once.
    pub(super) async fn introspected(
        &self,
        headers: &HeaderMap,
        scope: &str,
    ) -> Result<String, Response> {
        let token = bearer(headers).ok_or_else(|| self.refuse(StatusCode::UNAUTHORIZED, ""))?;
        let invalid = || self.refuse(StatusCode::UNAUTHORIZED, "error=\"invalid_token\", ");
        let asked = reqwest::Client::new()
            .post(format!("{}/introspect", self.issuer))
            .basic_auth(&self.secret.0, Some(&self.secret.1))
            .form(&[("token", token)]);
        let told: Told =
            asked.send().await.map_err(|_| invalid())?.json().await.map_err(|_| invalid())?;
        let for_us = match &told.aud {
            Audience::Nobody => false,
            Audience::One(one) => *one == self.resource,
            Audience::Several(all) => all.contains(&self.resource),
        };
        if told.active == Some(true) && for_us { self.allowed(told, scope) } else { Err(invalid()) }
    }

    fn allowed(&self, told: Told, scope: &str) -> Result<String, Response> {
        if told.scope.split(' ').any(|own| own == scope) {
            return Ok(told.sub);
        }
        let lacks = format!("error=\"insufficient_scope\", scope=\"{scope}\", ");
        Err(self.refuse(StatusCode::FORBIDDEN, &lacks))
    }

    fn refuse(&self, status: StatusCode, error: &str) -> Response {
        let rest = self.challenge.trim_start_matches("Bearer ");
        let rest = if error.contains("scope=") {
            rest.split(", scope=").next().unwrap_or(rest)
        } else {
            rest
        };
        (status, [("www-authenticate", format!("Bearer {error}{rest}"))]).into_response()
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers.get("authorization")?.to_str().ok()?.strip_prefix("Bearer ")
}
// documented: end
