//! An app that asks for tokens.

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::at;
use crate::model::{
    client::{Client as Row, ClientState},
    redirect::RedirectUri,
    resource::ResourceUri,
};

/// A client, as `client create` tells it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ClientSummary)]
pub struct Summary {
    /// Its `client_id`.
    pub client_id: String,
    /// What people see.
    pub name: String,
    /// Where answers may go.
    pub redirect_uris: Vec<String>,
    /// What it may do.
    pub grant_types: Vec<String>,
    /// What it may ask for.
    pub scopes: Vec<String>,
}

impl Summary {
    /// Of a client.
    pub fn of(client: &Row) -> Self {
        let texts = |uris: &[RedirectUri]| uris.iter().map(|uri| uri.as_str().to_owned()).collect();
        Self {
            client_id: client.id.to_string(),
            name: client.name.clone(),
            redirect_uris: texts(&client.redirect_uris),
            grant_types: client.grant_types.iter().map(|one| one.as_str().to_owned()).collect(),
            scopes: client.scopes.to_vec(),
        }
    }
}

/// A client with all that is said of it, without its secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[expect(clippy::struct_excessive_bools, reason = "each is a setting of its own")]
pub struct Client {
    /// The client.
    #[serde(flatten)]
    pub summary: Summary,
    /// What it may ask tokens for; any registered resource when empty.
    pub resources: Vec<String>,
    /// How it proves itself.
    pub token_endpoint_auth_method: String,
    /// Whether it cannot keep a secret.
    pub public: bool,
    /// Whether a repeated refresh is theft at once.
    pub strict_refresh: bool,
    /// Whether it was switched off.
    pub disabled: bool,
    /// `active`, `pending` or `disabled`.
    pub state: String,
    /// `built_in`, `static`, `dynamic` or `document`.
    pub origin: String,
    /// Its home page.
    pub client_uri: Option<String>,
    /// Its public keys, a JWK set.
    pub jwks: Option<Value>,
    /// Where its public keys are, instead.
    pub jwks_uri: Option<String>,
    /// Where a person may go after signing out.
    pub post_logout_redirect_uris: Vec<String>,
    /// Who is told when a session ends.
    pub backchannel_logout_uri: Option<String>,
    /// Whether it gets sender-constrained tokens only.
    pub dpop_bound: bool,
    /// Whether it must push its requests.
    pub par_required: bool,
    /// When it came.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// When it last got a token.
    #[schema(format = DateTime)]
    pub last_used_at: Option<String>,
}

impl Client {
    /// Of a client.
    pub fn of(client: &Row) -> Self {
        let resources = client.resources.iter().map(ResourceUri::as_str);
        Self {
            summary: Summary::of(client),
            resources: resources.map(str::to_owned).collect(),
            token_endpoint_auth_method: client.auth_method.as_str().to_owned(),
            public: client.is_public(),
            strict_refresh: client.strict_refresh,
            disabled: client.state == ClientState::Disabled,
            state: client.state.as_str().to_owned(),
            origin: client.origin.as_str().to_owned(),
            client_uri: client.client_uri.clone(),
            jwks: client.jwks.clone(),
            jwks_uri: client.jwks_uri.clone(),
            post_logout_redirect_uris: client.post_logout_redirect_uris.clone(),
            backchannel_logout_uri: client.backchannel_logout_uri.clone(),
            dpop_bound: client.dpop_bound,
            par_required: client.par_required,
            created_at: client.created_at.rfc3339(),
            last_used_at: at(client.last_used_at),
        }
    }
}

/// A client that was just made: the only answer with its secret.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = ClientMade)]
pub struct Made {
    /// The client.
    #[serde(flatten)]
    pub summary: Summary,
    /// Its secret, unless it has none. Shown this once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_secret: Option<String>,
}

/// A client's new secret.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = ClientSecret)]
pub struct Secret {
    /// Whose.
    pub client_id: String,
    /// The secret. Shown this once.
    pub client_secret: String,
}

/// A client that was switched off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ClientDisabled)]
pub struct Disabled {
    /// The client, as it is now.
    #[serde(flatten)]
    pub client: Client,
    /// Connections that ended.
    pub grants_revoked: usize,
}
