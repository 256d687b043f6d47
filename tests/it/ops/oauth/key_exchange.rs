//! API keys at the token endpoint and at introspection: no more than the key may, and no longer.

use std::{sync::Arc, time::Duration};

use mcpcodex::{
    error::{Error, Kind},
    model::{
        client::{Client, ClientOrigin, GrantType},
        id::{ApiKeyId, UserId},
        resource::ResourceScope,
    },
    ops::{
        agent,
        apikey::{self, Made, New},
        client,
        oauth::{
            Code, Outcome, introspect,
            token::Tokens,
            token_exchange::{self, Ask, kind},
        },
        resource, seen, user,
    },
};
use serde_json::{Value, json};

use super::fixture::*;

const VAULT: &str = "https://vault.example.com/";

fn gateway(world: &World, resources: &[&str]) -> Client {
    let new = client::New {
        name: "Gateway".to_owned(),
        grant_types: vec![GrantType::TokenExchange.as_str().to_owned()],
        scopes: ["read:models", "write:models", "admin:users"].map(str::to_owned).to_vec(),
        resources: resources.iter().map(|own| (*own).to_owned()).collect(),
        ..client::New::default()
    };
    world.db.write_blocking(move |tx| client::create(tx, &operator(), new)).unwrap().client
}

fn key(world: &World, owner: &UserId, change: impl FnOnce(&mut New)) -> Made {
    let mut new = New {
        name: "ci".to_owned(),
        scopes: ["read:models", "write:models"].map(str::to_owned).to_vec(),
        ..New::default()
    };
    change(&mut new);
    let (env, owner) = (Arc::clone(&world.env), owner.clone());
    world
        .db
        .write_blocking(move |tx| {
            let owner = user::get(tx, &owner)?;
            apikey::create(tx, &env, &operator(), &owner, &new)
        })
        .unwrap()
}

fn ask(key: &str) -> Ask {
    Ask {
        subject_token: Some(key.to_owned()),
        subject_type: Some(kind::API_KEY.to_owned()),
        ..Ask::default()
    }
}

fn exchange(world: &World, client: &Client, ask: Ask) -> Result<Outcome, Error> {
    let (env, client) = (Arc::clone(&world.env), client.clone());
    world.db.write_blocking(move |tx| token_exchange::exchange(tx, &env, &app(), &client, &ask))
}

fn given(world: &World, client: &Client, ask: Ask) -> Tokens {
    minted(exchange(world, client, ask).unwrap())
}

fn code(world: &World, client: &Client, ask: Ask) -> Code {
    refused(exchange(world, client, ask).unwrap())
}

fn revoke(world: &World, id: &ApiKeyId) {
    let id = id.clone();
    world.db.write_blocking(move |tx| apikey::revoke(tx, &operator(), &id)).unwrap();
}

fn text(tokens: &Tokens) -> &str {
    tokens.access_token.expose()
}

#[test]
fn key_becomes_a_token_that_says_whose_it_is_and_nothing_of_a_sign_in() {
    let world = world();
    let gateway = gateway(&world, &[]);
    let made = key(&world, &world.user, |_| ());
    let tokens = given(&world, &gateway, ask(made.text.expose()));
    assert!(tokens.refresh_token.is_none() && tokens.id_token.is_none());
    // What belongs to a resource is had there alone.
    assert_eq!((tokens.scope.as_str(), tokens.expires_in), ("write:models", 900));
    let said = claims(text(&tokens));
    assert_eq!(said["sub"], world.user.as_str());
    assert_eq!((&said["aud"], &said["client_id"]), (&json!("mcpcodex-api"), &json!(gateway.id)));
    assert_eq!(said["api_key"], json!(made.key.id));
    for none in ["amr", "acr", "auth_time", "gid", "roles", "nonce"] {
        assert!(said.get(none).is_none(), "{none}: {said}");
    }
    assert!(world.is_active(text(&tokens)));
    let narrow = Ask { scope: Some("write:models admin:users".into()), ..ask(made.text.expose()) };
    assert_eq!(given(&world, &gateway, narrow).scope, "write:models");
    assert!(world.events().contains(&"token.exchange".to_owned()));
}

#[test]
fn token_of_a_key_counts_for_nothing_once_the_key_or_its_owner_is_shut_or_it_ends() {
    let world = world();
    let gateway = gateway(&world, &[]);
    let made = key(&world, &world.user, |new| new.lifetime = Some(Duration::from_secs(100)));
    let tokens = given(&world, &gateway, ask(made.text.expose()));
    assert_eq!(tokens.expires_in, 100);
    let id = world.user.clone();
    world.db.write_blocking(move |tx| user::lock(tx, &operator(), &id)).unwrap();
    assert!(!world.is_active(text(&tokens)));
    let id = world.user.clone();
    world.db.write_blocking(move |tx| user::unlock(tx, &operator(), &id)).unwrap();
    assert!(world.is_active(text(&tokens)));
    revoke(&world, &made.key.id);
    assert!(!world.is_active(text(&tokens)));
    assert_eq!(code(&world, &gateway, ask(made.text.expose())), Code::InvalidRequest);
    let other = key(&world, &world.user, |_| ());
    let tokens = given(&world, &gateway, ask(other.text.expose()));
    let id = gateway.id.clone();
    world.db.write_blocking(move |tx| client::disable(tx, &operator(), &id)).unwrap();
    assert!(!world.is_active(text(&tokens)));
}

#[test]
fn agent_speaks_in_its_own_name() {
    let world = world();
    let gateway = gateway(&world, &[]);
    let owner = world.user.clone();
    let robot = world
        .db
        .write_blocking(move |tx| {
            agent::create(tx, &operator(), &user::get(tx, &owner)?, "nightly")
        })
        .unwrap();
    let made = key(&world, &world.user, |new| new.agent = Some(robot.id.clone()));
    let tokens = given(&world, &gateway, ask(made.text.expose()));
    assert_eq!(claims(text(&tokens))["sub"], robot.id.as_str());
    assert!(world.is_active(text(&tokens)));
    let told = world.introspect_key(&gateway, made.text.expose());
    assert_eq!((&told["sub"], &told["owner"]), (&json!(robot.id), &json!(world.user)));
    let id = robot.id.clone();
    world.db.write_blocking(move |tx| agent::disable(tx, &operator(), &id)).unwrap();
    assert!(!world.is_active(text(&tokens)));
    assert_eq!(world.introspect_key(&gateway, made.text.expose()), json!({ "active": false }));
}

#[test]
fn token_for_a_resource_takes_what_the_resource_takes() {
    let world = world();
    let new = resource::New {
        uri: VAULT.to_owned(),
        name: "Vault".to_owned(),
        scopes: vec![ResourceScope::new("read:models", "Read")],
        settings: resource::Change {
            roles: Some(vec!["developer".to_owned()]),
            ..resource::Change::default()
        },
    };
    world.db.write_blocking(move |tx| resource::add(tx, &operator(), new)).unwrap();
    let gateway = gateway(&world, &[]);
    let made = key(&world, &world.user, |_| ());
    let to = |uri: &str| Ask { resources: vec![uri.to_owned()], ..ask(made.text.expose()) };
    let tokens = given(&world, &gateway, to(MCP));
    assert_eq!(tokens.scope, "read:models write:models");
    assert_eq!(claims(text(&tokens))["aud"], MCP);
    // A role that the owner of the key does not have.
    assert_eq!(code(&world, &gateway, to(VAULT)), Code::InvalidTarget);
    assert_eq!(code(&world, &gateway, to("https://unknown.example")), Code::InvalidTarget);
    let two = Ask { resources: vec![MCP.to_owned(), VAULT.to_owned()], ..to(MCP) };
    assert_eq!(code(&world, &gateway, two), Code::InvalidTarget);
}

#[test]
fn key_is_exchanged_by_confidential_clients_with_the_grant_alone_and_never_for_more() {
    let world = world();
    let with_grant = gateway(&world, &[]);
    let made = key(&world, &world.user, |_| ());
    let shown = || ask(made.text.expose());
    assert_eq!(code(&world, &world.client, shown()), Code::UnauthorizedClient);
    let dynamic = Client { origin: ClientOrigin::Dynamic, ..with_grant.clone() };
    assert_eq!(code(&world, &dynamic, shown()), Code::UnauthorizedClient);
    let more = Ask { scope: Some("admin:users read:contexts openid".into()), ..shown() };
    assert_eq!(code(&world, &with_grant, more), Code::InvalidScope);
    let acting = Ask {
        actor_token: Some(made.text.expose().to_owned()),
        actor_type: Some(kind::API_KEY.to_owned()),
        ..shown()
    };
    assert_eq!(code(&world, &with_grant, acting), Code::InvalidRequest);
    for wrong in ["", "mcp_", "mcp_00000000000000000000000000428c2v"] {
        assert_eq!(code(&world, &with_grant, ask(wrong)), Code::InvalidRequest, "{wrong}");
    }
    // A key under another name, and another token under the key's.
    let as_token = Ask { subject_type: Some(kind::ACCESS_TOKEN.to_owned()), ..shown() };
    assert_eq!(code(&world, &with_grant, as_token), Code::InvalidRequest);
    let token = given(&world, &with_grant, shown());
    assert_eq!(code(&world, &with_grant, ask(text(&token))), Code::InvalidRequest);
}

#[test]
fn exchange_takes_from_the_bucket_and_counts_as_a_use() {
    let world = world();
    let gateway = gateway(&world, &[]);
    let made = key(&world, &world.user, |new| new.burst_size = Some(3));
    for _ in 0..3 {
        given(&world, &gateway, ask(made.text.expose()));
    }
    let error = exchange(&world, &gateway, ask(made.text.expose())).unwrap_err();
    assert_eq!(error.kind(), Kind::Limited);
    assert!(error.retry_after().is_some_and(|wait| wait <= Duration::from_secs(1)));
    let id = &made.key.id;
    let days = world.db.read(|r| apikey::usage(r, &operator(), id, 9)).unwrap();
    assert_eq!(days[0].used, 3);
    assert!(world.db.read(|r| apikey::get(r, &operator(), id)).unwrap().key.last_used_at.is_some());
}

#[test]
fn introspection_tells_operators_clients_about_a_key_and_notes_the_use() {
    let world = world();
    let gateway = gateway(&world, &[MCP]);
    let made = key(&world, &world.user, |new| new.lifetime = Some(Duration::from_secs(60)));
    let told = world.introspect_key(&gateway, made.text.expose());
    assert_eq!(told["active"], true);
    assert_eq!(
        (&told["sub"], &told["scope"]),
        (&json!(world.user), &json!("read:models write:models"))
    );
    assert_eq!((&told["token_type"], &told["aud"]), (&json!("Bearer"), &json!(MCP)));
    assert_eq!(told["exp"].as_i64().unwrap() - world.clock.now().secs(), 60);
    assert!(!told.to_string().contains(made.text.expose()));
    let stranger = Client { origin: ClientOrigin::Dynamic, ..gateway.clone() };
    assert_eq!(world.introspect_key(&stranger, made.text.expose()), json!({ "active": false }));
    let id = &made.key.id;
    let used = || world.db.read(|r| apikey::usage(r, &operator(), id, 9)).unwrap();
    assert_eq!(used().first().map(|day| day.used), Some(1));
    world.pass(60);
    assert_eq!(world.introspect_key(&gateway, made.text.expose()), json!({ "active": false }));
}

impl World {
    fn introspect_key(&self, client: &Client, key: &str) -> Value {
        let seen = seen::Seen::default();
        let asker = (client, "192.0.2.5");
        let told = self.db.read(|r| introspect::tell(r, &self.env, &seen, asker, key)).unwrap();
        let marks = seen.take();
        self.db.write_blocking(move |tx| seen::write(tx, &marks)).unwrap();
        told
    }
}
