//! A server with two resources, asked as a proxy asks.

use mcpcodex::{
    config::Config,
    model::resource::ResourceScope,
    ops::{
        client,
        oauth::{Outcome, client_credentials},
        resource,
    },
};

use crate::{
    http::oauth::caller::{Answer, Caller, request},
    ops::oauth::fixture::{MCP, ask, operator},
};

/// What the proxy in front of the first resource asks.
pub(super) const ASK: &str = "/auth/verify?resource=https://mcp.example.com/mcp";
/// The second resource.
pub(super) const OTHER: &str = "https://other.example.com/mcp";

pub(super) struct Place {
    pub(super) caller: Caller,
}

/// The challenge for whoever shows nothing.
pub(super) fn challenge() -> String {
    let metadata =
        "http://localhost:8420/.well-known/oauth-protected-resource/https/mcp.example.com/mcp";
    format!("Bearer resource_metadata=\"{metadata}\", scope=\"read:models\"")
}

/// The headers of a 200 that say who it is; each must be there.
pub(super) fn identity(answer: &Answer) -> [&str; 6] {
    assert_eq!(answer.status, 200, "{}", answer.body);
    mcpcodex::http::verify::HEADERS
        .map(|name| answer.header(name).unwrap_or_else(|| panic!("no {name}")))
}

impl Place {
    pub(super) fn new() -> Self {
        Self::with(|_| ())
    }

    pub(super) fn with(configure: impl FnOnce(&mut Config)) -> Self {
        let caller = Caller::with(configure, |_| ());
        let other = resource::New {
            uri: OTHER.to_owned(),
            scopes: vec![ResourceScope::new("read:other", "Read the other")],
            ..resource::New::default()
        };
        caller.world.db.write_blocking(move |tx| resource::add(tx, &operator(), other)).unwrap();
        Self { caller }
    }

    pub(super) async fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.caller.call(request(method, path, headers, String::new())).await
    }

    pub(super) async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.ask("GET", path, headers).await
    }

    pub(super) async fn bearer(&self, path: &str, token: &str) -> Answer {
        self.get(path, &[("authorization", &format!("Bearer {token}"))]).await
    }

    /// An access token for the first resource.
    pub(super) fn token(&self, scope: &str) -> String {
        self.token_for(MCP, scope)
    }

    pub(super) fn token_for(&self, resource: &str, scope: &str) -> String {
        let over = [("resource", resource), ("scope", scope)];
        self.caller.world.tokens(&over).access_token.expose().to_owned()
    }

    /// An access token for both resources.
    pub(super) fn token_for_both(&self, scope: &str) -> String {
        let world = &self.caller.world;
        let mut pairs = crate::ops::oauth::fixture::params(&world.client, &[("scope", scope)]);
        pairs.extend([MCP, OTHER].map(|uri| ("resource".to_owned(), uri.to_owned())));
        let mcpcodex::ops::oauth::begin::Begun::Waiting(id) = world.begin_raw(pairs) else {
            panic!("not waiting")
        };
        let url = crate::ops::oauth::fixture::redirect(world.answer(&id, &world.signed_in, true));
        let code = crate::ops::oauth::fixture::query(&url, "code").unwrap();
        crate::ops::oauth::fixture::minted(world.exchange(ask(&code)))
            .access_token
            .expose()
            .to_owned()
    }

    /// A token of a client in its own name, and the client's id.
    pub(super) fn service_token(&self) -> (String, String) {
        let world = &self.caller.world;
        let new = client::New {
            name: "Service".to_owned(),
            grant_types: vec!["client_credentials".to_owned()],
            ..client::New::default()
        };
        let made = world.db.write_blocking(move |tx| client::create(tx, &operator(), new)).unwrap();
        let (env, client) = (std::sync::Arc::clone(&world.env), made.client.clone());
        let wanted = client_credentials::Ask {
            scope: Some("read:models".to_owned()),
            resources: vec![MCP.to_owned()],
            ..client_credentials::Ask::default()
        };
        let outcome: Outcome = world
            .db
            .write_blocking(move |tx| {
                let who = crate::ops::oauth::fixture::app();
                client_credentials::give(tx, &env, &who, &client, &wanted)
            })
            .unwrap();
        let tokens = crate::ops::oauth::fixture::minted(outcome);
        (tokens.access_token.expose().to_owned(), made.client.id.to_string())
    }
}
