//! Access tokens that say nothing by themselves, and what else a resource decides about its tokens.

use std::time::Duration;

use mcpcodex::{
    crypto::{
        jwt::{Algorithm, SigningKey},
        secret::{b64, sha256},
    },
    model::{
        client::Client,
        resource::{ResourceScope, TokenFormat},
    },
    ops::{
        client, key,
        oauth::{introspect, revoke, userinfo},
        resource::{self, Change, Setting},
        sweep,
        validate::{self, Demand, Kind},
    },
    store,
};
use serde_json::json;

use super::fixture::{
    MCP, World, app, ask, claims, minted, operator, part, refresh_ask, refresh_token, world,
    world_with,
};

const FOR_MCP: &[(&str, &str)] = &[("resource", MCP), ("scope", "openid read:models")];
const OTHER: &str = "https://other.example/api";

pub(super) fn change(world: &World, change: Change) {
    world
        .db
        .write_blocking(move |tx| {
            let id = resource::find(tx, &operator(), MCP)?.id;
            resource::edit(tx, &operator(), &id, change)
        })
        .unwrap();
}

fn opaque(world: &World) {
    change(world, Change { token_format: Some(TokenFormat::Opaque), ..Change::default() });
}

/// The server of a resource: a client that gets nothing and may ask about tokens.
pub(super) fn server_of(world: &World, uri: &str) -> Client {
    let new = client::New {
        name: "Server".to_owned(),
        grant_types: vec!["none".to_owned()],
        resources: vec![uri.to_owned()],
        ..client::New::default()
    };
    world.db.write_blocking(move |tx| client::create(tx, &operator(), new)).unwrap().client
}

fn text(tokens: &mcpcodex::ops::oauth::token::Tokens) -> String {
    tokens.access_token.expose().to_owned()
}

fn swept(world: &World) -> usize {
    let env = std::sync::Arc::clone(&world.env);
    world.db.write_blocking(move |tx| sweep::sweep(tx, &env)).unwrap()
}

fn add_other(world: &World, settings: Change) {
    let new = resource::New {
        uri: OTHER.to_owned(),
        scopes: vec![ResourceScope::new("other:use", "Use it")],
        settings,
        ..resource::New::default()
    };
    world.db.write_blocking(move |tx| resource::add(tx, &operator(), new)).unwrap();
}

#[test]
fn opaque_token_says_nothing_is_kept_as_a_hash_and_tells_all_to_its_resource() {
    let world = world();
    opaque(&world);
    let tokens = world.tokens(FOR_MCP);
    let token = text(&tokens);
    assert!(token.starts_with("mcpat_") && token.len() == 49 && !token.contains('.'), "{token}");
    assert_eq!(tokens.token_type, "Bearer");
    let server = server_of(&world, MCP);
    let answer = world.introspect_as(&server, &token);
    for (name, value) in [
        ("active", json!(true)),
        ("aud", json!(MCP)),
        ("iss", json!("http://localhost:8420")),
        ("client_id", json!(world.client.id.as_str())),
        ("sub", json!(world.user.as_str())),
        ("username", json!("ann")),
        ("scope", json!("openid read:models")),
        ("token_type", json!("Bearer")),
        ("acr", json!("urn:mcpcodex:acr:password")),
    ] {
        assert_eq!(answer[name], value, "{name}");
    }
    assert!(answer.get("gid").is_none());
    let exp = answer["exp"].as_i64().unwrap() - answer["iat"].as_i64().unwrap();
    assert_eq!(u64::try_from(exp).unwrap(), tokens.expires_in);
    for file in std::fs::read_dir(world.db.path().parent().unwrap()).unwrap() {
        let kept = std::fs::read(file.unwrap().path()).unwrap();
        assert!(!kept.windows(token.len()).any(|window| window == token.as_bytes()));
    }
    for wrong in ["mcpat_", "mcpat_x", &format!("{token}x"), &token.to_uppercase(), &token[..48]] {
        assert_eq!(world.introspect_as(&server, wrong), json!({ "active": false }), "{wrong}");
    }
}

#[test]
fn id_token_beside_an_opaque_token_is_signed_and_bound_to_it() {
    let world = world();
    opaque(&world);
    let tokens = world.tokens(FOR_MCP);
    let id = claims(tokens.id_token.as_ref().unwrap().expose());
    assert_eq!(id["at_hash"], b64(&sha256(text(&tokens).as_bytes())[..16]));
    assert_eq!(id["aud"], world.client.id.as_str());
}

#[test]
fn opaque_token_ends_with_its_time_its_grant_its_client_and_when_it_is_given_back() {
    let world = world();
    opaque(&world);
    let server = server_of(&world, MCP);
    let active = |token: &str| world.introspect_as(&server, token)["active"] == true;

    let token = text(&world.tokens(FOR_MCP));
    assert!(active(&token));
    let (env, client, shown) =
        (std::sync::Arc::clone(&world.env), world.client.clone(), token.clone());
    world.db.write_blocking(move |tx| revoke::revoke(tx, &env, &app(), &client, &shown)).unwrap();
    assert!(!active(&token), "given back");

    let token = text(&world.tokens(FOR_MCP));
    world.pass(899);
    assert!(active(&token));
    world.pass(1);
    assert!(!active(&token), "its time is over");

    let tokens = world.tokens(FOR_MCP);
    let renewed = minted(world.refresh(&refresh_token(&tokens)));
    assert!(text(&renewed).starts_with("mcpat_") && text(&renewed) != text(&tokens));
    assert!(active(&text(&tokens)) && active(&text(&renewed)));
    let id = world.signed_in.session.id.clone();
    world.end_session(&id);
    assert!(!active(&text(&tokens)) && !active(&text(&renewed)), "with its grant");
    world.pass(7_200);
    let gone = swept(&world);
    assert!(gone >= 4, "{gone}");
    let hash = mcpcodex::crypto::secret::Hashed::of(&text(&renewed));
    assert_eq!(world.db.read(|r| store::opaque::claims(r, &hash)).unwrap(), None);
}

#[test]
fn opaque_token_is_known_at_every_place_where_a_token_is_shown() {
    let world = world();
    opaque(&world);
    let token = text(&world.tokens(FOR_MCP));
    let told = world.db.read(|r| userinfo::userinfo(r, &world.env, &token)).unwrap().unwrap();
    assert_eq!(told["sub"], world.user.as_str());
    let find = |token: &str| {
        let demand = Demand { audience: Some(MCP.to_owned()), scopes: Vec::new() };
        world.db.read(|r| validate::validate(r, &world.env, &operator(), token, &demand)).unwrap()
    };
    let found = find(&token).unwrap();
    assert_eq!((found.kind, &found.reason), (Kind::AccessToken, &None));
    assert_eq!(found.scopes.to_string(), "openid read:models");
    world.pass(900);
    let found = find(&token).unwrap();
    assert!(found.reason.unwrap().contains("expired"));
    assert_eq!(found.client_id.as_deref(), Some(world.client.id.as_str()), "what it was is told");
    assert!(find("mcpat_nonsense").unwrap().reason.is_some());
}

#[test]
fn strictest_of_several_resources_decides_over_their_token() {
    let world = world();
    let settings = Change { token_format: Some(TokenFormat::Opaque), ..Change::default() };
    add_other(&world, Change { token_lifetime: Setting::To(Duration::from_secs(120)), ..settings });
    let mut params = super::fixture::params(&world.client, FOR_MCP);
    params.push(("resource".to_owned(), OTHER.to_owned()));
    let mcpcodex::ops::oauth::begin::Begun::Waiting(id) = world.begin_raw(params) else { panic!() };
    let url = super::fixture::redirect(world.answer(&id, &world.signed_in, true));
    let code = super::fixture::query(&url, "code").unwrap();
    let both = minted(world.exchange(ask(&code)));
    assert!(text(&both).starts_with("mcpat_"));
    assert_eq!(both.expires_in, 120);
    // For the first alone it is as that resource wants it, and says nothing of the other.
    let only = refresh_ask(&refresh_token(&both));
    let only = mcpcodex::ops::oauth::refresh::Ask { resources: vec![MCP.to_owned()], ..only };
    let one = minted(world.refresh_with(&app(), &world.client, only));
    assert_eq!((claims(&text(&one))["aud"].clone(), one.expires_in), (json!(MCP), 900));
    let first = server_of(&world, MCP);
    let answer = world.introspect_as(&first, &text(&both));
    assert_eq!(answer["aud"], json!([MCP, OTHER]));
}

#[test]
fn lifetime_and_algorithm_are_those_of_the_resource() {
    let world = world();
    for algorithm in [Algorithm::EdDSA, Algorithm::ES256, Algorithm::RS256, Algorithm::PS256] {
        let (env, fresh) = (std::sync::Arc::clone(&world.env), SigningKey::generate(algorithm));
        world.db.write_blocking(move |tx| key::insert(tx, &env, &fresh.unwrap())).unwrap();
        let lifetime = Setting::To(Duration::from_secs(3_600));
        let algorithm_ = Setting::To(algorithm);
        change(
            &world,
            Change { token_lifetime: lifetime, algorithm: algorithm_, ..Change::default() },
        );
        let tokens = world.tokens(FOR_MCP);
        assert_eq!(part(&text(&tokens), 0)["alg"], algorithm.as_str());
        let said = claims(&text(&tokens));
        assert_eq!(said["exp"].as_i64().unwrap() - said["iat"].as_i64().unwrap(), 3_600);
        assert_eq!(tokens.expires_in, 3_600);
        let id = tokens.id_token.as_ref().unwrap().expose();
        assert_eq!(part(id, 0)["alg"], "ES256", "ID tokens are as configured");
        assert!(world.is_active(&text(&tokens)), "{algorithm}");
        let plain = world.tokens(&[("scope", "openid")]);
        assert_eq!(part(&text(&plain), 0)["alg"], "ES256");
    }
    let configured = Change { algorithm: Setting::Configured, ..Change::default() };
    change(&world, Change { token_lifetime: Setting::Configured, ..configured });
    assert_eq!(world.tokens(FOR_MCP).expires_in, 900);
}

#[test]
fn grant_without_refresh_lives_as_long_as_its_longest_token() {
    let world = world_with(|_| {}, |new| new.grant_types = vec!["authorization_code".to_owned()]);
    let day = Setting::To(Duration::from_secs(86_400));
    change(&world, Change { token_lifetime: day, ..Change::default() });
    let token = text(&world.tokens(FOR_MCP));
    world.pass(86_399);
    swept(&world);
    let read = world.db.read(|r| mcpcodex::ops::oauth::token::access(r, &world.env, &token));
    assert!(read.unwrap().is_ok());
}

#[test]
fn access_token_is_told_about_to_its_client_and_to_servers_of_its_resource_alone() {
    let world = world_with(|_| {}, |new| new.public = false);
    add_other(&world, Change::default());
    let (right, wrong) = (server_of(&world, MCP), server_of(&world, OTHER));
    let any = {
        let new = client::New {
            name: "Any".to_owned(),
            redirect_uris: vec![super::fixture::CALLBACK.to_owned()],
            ..client::New::default()
        };
        world.db.write_blocking(move |tx| client::create(tx, &operator(), new)).unwrap().client
    };
    for format in [TokenFormat::Jwt, TokenFormat::Opaque] {
        change(&world, Change { token_format: Some(format), ..Change::default() });
        let token = text(&world.tokens(FOR_MCP));
        let told = |client: &Client| {
            let answer =
                world.db.read(|r| introspect::introspect(r, &world.env, client, &token)).unwrap();
            if answer["active"] == false {
                assert_eq!(answer, json!({ "active": false }));
            }
            answer["active"] == true
        };
        assert!(told(&world.client), "its own client");
        assert!(told(&right), "the server of its resource");
        assert!(!told(&wrong), "the server of another");
        assert!(!told(&any), "a client that may use every resource serves none");
    }
    let own = text(&world.tokens(&[("scope", "openid")]));
    assert_eq!(world.introspect_as(&right, &own), json!({ "active": false }), "for no resource");
    let shown = refresh_token(&world.tokens(FOR_MCP));
    assert_eq!(world.introspect_as(&right, &shown), json!({ "active": false }), "a refresh token");
    minted(world.refresh_with(&app(), &world.client, refresh_ask(&shown)));
}
