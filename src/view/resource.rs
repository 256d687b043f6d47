//! An MCP server or API that tokens are for.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    crypto::jwt::Algorithm,
    model::resource::{Resource as Row, ResourceScope, ResourceUri, Risk},
};

/// A resource.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Resource {
    /// Its id.
    pub id: String,
    /// Its identifier: the URL that people give their client.
    pub uri: String,
    /// What people see.
    pub name: String,
    /// Its scopes.
    pub scopes: Vec<String>,
    /// What each scope lets an app do.
    pub scope_descriptions: BTreeMap<String, String>,
    /// The scopes that an app gets which names none.
    pub default_scopes: Vec<String>,
    /// The scopes that take a fresh second factor.
    pub sensitive_scopes: Vec<String>,
    /// Other spellings that clients use for it.
    pub aliases: Vec<String>,
    /// The roles of which one is needed to use it; anyone may when there is none.
    pub roles: Vec<String>,
    /// Seconds that its access tokens live; as configured when there is none.
    pub token_lifetime: Option<u64>,
    /// `jwt` or `opaque`.
    pub token_format: String,
    /// What its access tokens are signed with; as configured when there is none.
    pub algorithm: Option<String>,
    /// Where its metadata are (RFC 9728).
    pub metadata_url: String,
    /// What it answers to a request without a token.
    pub challenge: String,
}

impl Resource {
    /// Of a resource, with the addresses that belong to it here.
    pub fn of(row: &Row, metadata_url: String, challenge: String) -> Self {
        let of = |keep: fn(&ResourceScope) -> bool| -> Vec<String> {
            row.scopes.iter().filter(|own| keep(own)).map(|own| own.name.clone()).collect()
        };
        let described = row.scopes.iter().map(|own| (own.name.clone(), own.description.clone()));
        Self {
            id: row.id.to_string(),
            uri: row.uri.as_str().to_owned(),
            name: row.name.clone(),
            scopes: of(|_| true),
            scope_descriptions: described.collect(),
            default_scopes: of(|own| own.is_default),
            sensitive_scopes: of(|own| own.risk == Risk::Sensitive),
            aliases: row.aliases.iter().map(ResourceUri::as_str).map(str::to_owned).collect(),
            roles: row.roles.clone(),
            token_lifetime: row.token_lifetime.map(|span| span.as_secs()),
            token_format: row.token_format.as_str().to_owned(),
            algorithm: row.algorithm.map(Algorithm::as_str).map(str::to_owned),
            metadata_url,
            challenge,
        }
    }
}

/// A resource that was removed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ResourceDeleted)]
pub struct Deleted {
    /// The identifier that it had.
    pub deleted: String,
    /// Clients that were registered for it alone, and are switched off now.
    pub clients_disabled: usize,
}
