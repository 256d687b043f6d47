//! A client in its own name: what it gets, what it never gets, and when its tokens end.

use mcpcodex::{
    model::client::{AuthMethod, Client, ClientOrigin, GrantType},
    ops::{
        client,
        oauth::{
            Code, Outcome,
            client_credentials::{Ask, give},
            token::{Owner, access},
            userinfo::userinfo,
        },
    },
};
use serde_json::json;

use super::fixture::*;

/// A service that an operator entered, with these scopes of its own.
pub(super) fn service(world: &World, scopes: &[&str]) -> Client {
    let new = client::New {
        name: "Service".to_owned(),
        grant_types: vec!["client_credentials".to_owned()],
        scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
        ..client::New::default()
    };
    world.db.write_blocking(move |tx| client::create(tx, &operator(), new)).unwrap().client
}

fn ask(scope: &str) -> Ask {
    let scope = (!scope.is_empty()).then(|| scope.to_owned());
    Ask { scope, resources: vec![MCP.to_owned()], jkt: None }
}

fn given(world: &World, client: &Client, ask: Ask) -> Outcome {
    let (env, client) = (std::sync::Arc::clone(&world.env), client.clone());
    world.db.write_blocking(move |tx| give(tx, &env, &app(), &client, &ask)).unwrap()
}

pub(super) fn token(world: &World, client: &Client, scope: &str) -> String {
    minted(given(world, client, ask(scope))).access_token.expose().to_owned()
}

fn granted(world: &World, client: &Client, scope: &str) -> String {
    minted(given(world, client, ask(scope))).scope
}

#[test]
fn token_speaks_for_the_client_and_for_nobody_else() {
    let world = world();
    let service = service(&world, &[]);
    let tokens = minted(given(&world, &service, ask("read:models")));
    assert!(tokens.refresh_token.is_none() && tokens.id_token.is_none());
    let claims = claims(tokens.access_token.expose());
    assert_eq!(claims["sub"], service.id.as_str());
    assert_eq!(claims["client_id"], service.id.as_str());
    assert_eq!(claims["aud"], MCP);
    assert_eq!(claims["scope"], "read:models");
    for person in ["gid", "auth_time", "acr", "amr", "roles", "sid"] {
        assert!(claims.get(person).is_none(), "{claims}");
    }
    let found = world.db.read(|r| access(r, &world.env, tokens.access_token.expose())).unwrap();
    assert!(matches!(found.unwrap().owner, Owner::Client));
    let told = world.introspect_as(&service, tokens.access_token.expose());
    assert_eq!((&told["active"], &told["sub"]), (&json!(true), &json!(service.id.as_str())));
    assert!(told.get("username").is_none() && told.get("epoch").is_none(), "{told}");
    assert!(world.events().contains(&"client.token".to_owned()));
    let used = world.db.read(|r| client::find(r, &operator(), service.id.as_str())).unwrap();
    assert_eq!(used.last_used_at, Some(world.db.now()));
}

#[test]
fn nothing_about_a_person_is_ever_granted_and_admin_only_if_written_down() {
    let world = world();
    let plain = service(&world, &[]);
    assert_eq!(granted(&world, &plain, ""), "read:models");
    assert_eq!(granted(&world, &plain, "openid profile read:models offline_access"), "read:models");
    assert_eq!(granted(&world, &plain, "read:models admin:models"), "read:models");
    for nothing in
        ["openid", "openid email offline_access", "admin:models", "admin:users", "made-up"]
    {
        assert_eq!(refused(given(&world, &plain, ask(nothing))), Code::InvalidScope, "{nothing}");
    }
    let admin = service(&world, &["openid", "admin:models", "read:models"]);
    assert_eq!(granted(&world, &admin, "openid admin:models"), "admin:models");
    // Not even then without having asked for it.
    assert_eq!(granted(&world, &admin, ""), "read:models");
}

#[test]
fn userinfo_has_nothing_to_say_about_a_client() {
    let world = world();
    let token = token(&world, &service(&world, &[]), "");
    let told = world.db.read(|r| userinfo(r, &world.env, &token)).unwrap();
    assert!(matches!(told.unwrap_err().code, Code::InsufficientScope | Code::InvalidToken));
}

#[test]
fn client_without_the_grant_or_without_proof_or_entered_by_itself_is_refused() {
    let world = world();
    let service = service(&world, &[]);
    let cases = [
        ("lacks the grant", Client { grant_types: GrantType::USUAL.to_vec(), ..service.clone() }),
        ("public", Client { auth_method: AuthMethod::None, ..service.clone() }),
        ("registered itself", Client { origin: ClientOrigin::Dynamic, ..service.clone() }),
        ("known by a document", Client { origin: ClientOrigin::Document, ..service }),
    ];
    for (why, client) in cases {
        let outcome = given(&world, &client, ask(""));
        assert_eq!(refused(outcome), Code::UnauthorizedClient, "{why}");
    }
    let new = client::New {
        name: "Public".to_owned(),
        public: true,
        grant_types: vec!["client_credentials".to_owned()],
        ..client::New::default()
    };
    let made = world.db.write_blocking(move |tx| client::create(tx, &operator(), new));
    assert_eq!(made.unwrap_err().code(), "invalid");
}

#[test]
fn resource_must_be_registered_and_the_clients() {
    let world = world();
    let service = service(&world, &[]);
    for resource in ["https://elsewhere.example/mcp", "not a uri", "https://mcp.example.com/mcp#x"]
    {
        let ask = Ask { scope: None, resources: vec![resource.to_owned()], jkt: None };
        assert_eq!(refused(given(&world, &service, ask)), Code::InvalidTarget, "{resource}");
    }
    // Without one the token is for this server alone, and good for nothing in particular.
    let tokens = minted(given(&world, &service, Ask::default()));
    assert_eq!(tokens.scope, "");
    assert_ne!(claims(tokens.access_token.expose())["aud"], MCP);
}

#[test]
fn tokens_end_with_the_secret_and_with_the_client() {
    let world = world();
    let service = service(&world, &[]);
    let before = token(&world, &service, "");
    assert!(world.is_active(&before));
    world.pass(1);
    let id = service.id.clone();
    world.db.write_blocking(move |tx| client::rotate_secret(tx, &operator(), &id)).unwrap();
    assert!(!world.is_active(&before), "the old secret's token outlived it");
    let id = service.id.clone();
    let find = move |r: &mcpcodex::db::Read<'_>| client::find(r, &operator(), id.as_str());
    let after = token(&world, &world.db.read(&find).unwrap(), "");
    assert!(world.is_active(&after));
    world.pass(1);
    let id = service.id.clone();
    world.db.write_blocking(move |tx| client::disable(tx, &operator(), &id)).unwrap();
    assert!(!world.is_active(&after));
    let id = service.id.clone();
    world.db.write_blocking(move |tx| client::enable(tx, &operator(), &id)).unwrap();
    assert!(!world.is_active(&after), "what was ended came back");
    let again = token(&world, &world.db.read(&find).unwrap(), "");
    assert!(world.is_active(&again));
    world.pass(3_600);
    assert!(!world.is_active(&again), "it ends by itself, too");
}
