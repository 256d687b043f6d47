//! Who may use a resource, asked at every step; and what becomes of tokens when a right or the resource goes.

use mcpcodex::{
    model::{
        id::UserId,
        resource::{ResourceScope, Risk},
        scope::ScopeSet,
    },
    ops::{
        client,
        oauth::{Code, authorize::Next, client_credentials, refresh, token},
        resource::{self, Change},
    },
    store,
};
use serde_json::json;

use super::{
    fixture::{
        MCP, World, app, ask, claims, minted, operator, query, redirect, refresh_ask,
        refresh_token, refused, sign_in, world,
    },
    opaque::{change, server_of},
};

const FOR_MCP: &[(&str, &str)] = &[("resource", MCP), ("scope", "openid read:models")];
pub(super) const OTHER: &str = "https://other.example/api";

pub(super) fn roles(world: &World, roles: &[&str]) {
    let roles = roles.iter().map(|&role| role.to_owned()).collect();
    change(world, Change { roles: Some(roles), ..Change::default() });
}

fn set_roles(world: &World, user: &UserId, roles: &[&str]) {
    let (user, roles) =
        (user.clone(), roles.iter().map(|&role| role.to_owned()).collect::<Vec<_>>());
    world.db.write_blocking(move |tx| store::user::set_roles(tx, &user, &roles)).unwrap();
}

fn good(world: &World, token: &str) -> bool {
    world.db.read(|r| token::access(r, &world.env, token)).unwrap().is_ok()
}

pub(super) fn add_other(world: &World) {
    let scopes = vec![ResourceScope::new("other:use", "Use it")];
    let new = resource::New { uri: OTHER.to_owned(), scopes, ..resource::New::default() };
    world.db.write_blocking(move |tx| resource::add(tx, &operator(), new)).unwrap();
}

fn delete(world: &World, uri: &str) {
    let uri = uri.to_owned();
    world
        .db
        .write_blocking(move |tx| {
            let id = resource::find(tx, &operator(), &uri)?.id;
            resource::delete(tx, &operator(), &id)
        })
        .unwrap();
}

#[test]
fn person_without_the_role_is_turned_away_at_the_first_step() {
    let world = world();
    roles(&world, &["developer", "admin"]);
    let id = world.waiting(FOR_MCP);
    let url = redirect(world.decide(&id, Some(&world.signed_in)));
    assert_eq!(query(&url, "error").as_deref(), Some("access_denied"));
    assert!(query(&url, "error_description").unwrap().contains("role"));
    assert!(world.events().contains(&"authorize.refused".to_owned()));
    set_roles(&world, &world.user, &["user", "developer"]);
    let again = sign_in(&world.db, &world.env, &world.user);
    assert!(matches!(world.decide(&world.waiting(FOR_MCP), Some(&again)), Next::Consent(_)));
}

#[test]
fn lost_role_ends_the_code_the_token_and_the_refresh() {
    let world = world();
    roles(&world, &["user"]);
    let code = world.code(FOR_MCP);
    set_roles(&world, &world.user, &["developer"]);
    assert_eq!(refused(world.exchange(ask(&code))), Code::InvalidGrant);

    set_roles(&world, &world.user, &["user"]);
    let tokens = world.tokens(FOR_MCP);
    let token = tokens.access_token.expose();
    let server = server_of(&world, MCP);
    assert_eq!(world.introspect_as(&server, token)["active"], true);
    set_roles(&world, &world.user, &["developer"]);
    assert_eq!(world.introspect_as(&server, token), json!({ "active": false }));
    assert!(!good(&world, token));
    // On another word clients keep a token that is dead for ever.
    assert_eq!(refused(world.refresh(&refresh_token(&tokens))), Code::InvalidGrant);
    set_roles(&world, &world.user, &["user"]);
    assert!(good(&world, token), "the role came back while the token lives");
    minted(world.refresh(&refresh_token(&tokens)));
}

#[test]
fn of_several_resources_only_those_that_the_person_may_use_are_given() {
    let world = world();
    add_other(&world);
    roles(&world, &["admin"]);
    let mut params =
        super::fixture::params(&world.client, &[("scope", "openid read:models other:use")]);
    for uri in [MCP, OTHER] {
        params.push(("resource".to_owned(), uri.to_owned()));
    }
    let mcpcodex::ops::oauth::begin::Begun::Waiting(id) = world.begin_raw(params) else { panic!() };
    let Next::Consent(question) = world.decide(&id, Some(&world.signed_in)) else { panic!() };
    let asked: Vec<_> = question.scopes.iter().map(|line| line.scope.as_str()).collect();
    assert_eq!(asked, ["openid", "other:use"]);
    assert_eq!(question.resources.len(), 1);
    let url = redirect(world.answer(&id, &world.signed_in, true));
    let tokens = minted(world.exchange(ask(&query(&url, "code").unwrap())));
    assert_eq!(claims(tokens.access_token.expose())["aud"], OTHER);
    assert_eq!(tokens.scope, "openid other:use");
}

#[test]
fn deleted_resource_ends_its_tokens_and_one_of_the_same_name_does_not_bring_them_back() {
    let world = world();
    let tokens = world.tokens(FOR_MCP);
    let (token, refresh) = (tokens.access_token.expose().to_owned(), refresh_token(&tokens));
    let own = world.tokens(&[("scope", "openid")]);
    delete(&world, MCP);
    assert!(!good(&world, &token));
    assert!(good(&world, own.access_token.expose()), "a token for no resource lives");
    assert_eq!(refused(world.refresh(&refresh)), Code::InvalidGrant);
    world.pass(2);
    let scopes = vec![ResourceScope::new("read:models", "Read")];
    let new = resource::New { uri: MCP.to_owned(), scopes, ..resource::New::default() };
    world.db.write_blocking(move |tx| resource::add(tx, &operator(), new)).unwrap();
    assert!(!good(&world, &token), "the new resource took the old one's token");
    let named = refresh::Ask { resources: vec![MCP.to_owned()], ..refresh_ask(&refresh) };
    let named = world.refresh_with(&app(), &world.client, named);
    assert_eq!(refused(named), Code::InvalidGrant, "clients name the resource at each refresh");
    assert_eq!(refused(world.refresh(&refresh)), Code::InvalidGrant);
    minted(world.exchange(ask(&world.code(FOR_MCP))));
}

#[test]
fn token_for_two_resources_keeps_what_is_left_when_one_goes() {
    let world = world();
    add_other(&world);
    let mut params =
        super::fixture::params(&world.client, &[("scope", "openid read:models other:use")]);
    for uri in [MCP, OTHER] {
        params.push(("resource".to_owned(), uri.to_owned()));
    }
    let mcpcodex::ops::oauth::begin::Begun::Waiting(id) = world.begin_raw(params) else { panic!() };
    let url = redirect(world.answer(&id, &world.signed_in, true));
    let tokens = minted(world.exchange(ask(&query(&url, "code").unwrap())));
    delete(&world, OTHER);
    let access =
        world.db.read(|r| token::access(r, &world.env, tokens.access_token.expose())).unwrap();
    let access = access.unwrap();
    assert_eq!(access.scopes.to_string(), "openid read:models");
    assert_eq!(access.resources.len(), 1);
    let gone =
        refresh::Ask { resources: vec![OTHER.to_owned()], ..refresh_ask(&refresh_token(&tokens)) };
    let gone = world.refresh_with(&app(), &world.client, gone);
    assert_eq!(refused(gone), Code::InvalidGrant);
    let renewed = minted(world.refresh(&refresh_token(&tokens)));
    assert_eq!(
        (renewed.scope.as_str(), &claims(renewed.access_token.expose())["aud"]),
        ("openid read:models", &json!(MCP))
    );
}

#[test]
fn scope_that_a_resource_no_longer_has_is_gone_from_its_tokens() {
    let world = world();
    let token = world.tokens(FOR_MCP).access_token.expose().to_owned();
    let gone = vec!["read:models".to_owned()];
    change(&world, Change { without_scopes: gone, ..Change::default() });
    let access = world.db.read(|r| token::access(r, &world.env, &token)).unwrap().unwrap();
    assert_eq!(access.scopes.to_string(), "openid");
}

#[test]
fn token_narrowed_to_one_resource_says_nothing_of_the_other() {
    let world = world();
    add_other(&world);
    let mut params =
        super::fixture::params(&world.client, &[("scope", "openid read:models other:use")]);
    for uri in [MCP, OTHER] {
        params.push(("resource".to_owned(), uri.to_owned()));
    }
    let mcpcodex::ops::oauth::begin::Begun::Waiting(id) = world.begin_raw(params) else { panic!() };
    let url = redirect(world.answer(&id, &world.signed_in, true));
    let mut one = ask(&query(&url, "code").unwrap());
    one.resources = vec![OTHER.to_owned()];
    let tokens = minted(world.exchange(one));
    assert_eq!(claims(tokens.access_token.expose())["aud"], OTHER);
    assert_eq!(tokens.scope, "openid other:use");
    // The grant itself still has both.
    let both = minted(world.refresh(&refresh_token(&tokens)));
    assert_eq!(claims(both.access_token.expose())["aud"], json!([MCP, OTHER]));
}

#[test]
fn every_spelling_of_a_resource_gives_its_token_and_the_audience_has_both() {
    let world = world();
    let alias = vec!["https://mcp.example.com".to_owned(), format!("{MCP}/")];
    change(&world, Change { aliases: alias, ..Change::default() });
    for (spelled, audience) in [
        (MCP, json!(MCP)),
        ("HTTPS://MCP.example.com:443/mcp", json!([MCP, "HTTPS://MCP.example.com:443/mcp"])),
        ("https://mcp.example.com/%6Dcp", json!([MCP, "https://mcp.example.com/%6Dcp"])),
        ("https://mcp.example.com/mcp/", json!([MCP, "https://mcp.example.com/mcp/"])),
        ("https://mcp.example.com/", json!([MCP, "https://mcp.example.com/"])),
        ("https://mcp.example.com", json!([MCP, "https://mcp.example.com"])),
    ] {
        let code = world.code(&[("resource", spelled), ("scope", "openid read:models")]);
        let mut exchange = ask(&code);
        exchange.resources = vec![spelled.to_owned()];
        let tokens = minted(world.exchange(exchange));
        let token = tokens.access_token.expose();
        assert_eq!(claims(token)["aud"], audience, "{spelled}");
        assert!(good(&world, token), "{spelled}");
        let mut again = refresh_ask(&refresh_token(&tokens));
        again.resources = vec![spelled.to_owned()];
        let again = minted(world.refresh_with(&app(), &world.client, again));
        assert_eq!(claims(again.access_token.expose())["aud"], audience, "{spelled}");
    }
}

#[test]
fn resource_that_was_not_granted_is_an_invalid_target_at_every_step() {
    let world = world();
    add_other(&world);
    for bad in [
        "https://unknown.example",
        "mcp",
        "/mcp",
        "https://mcp.example.com/mcp#x",
        "https://mcp.example.com/MCP",
        "https://u@mcp.example.com/mcp",
        "https://mcp.example.com/mcp/",
        "http://mcp.example.com/mcp",
    ] {
        let mcpcodex::ops::oauth::begin::Begun::Redirect(url) = world.begin(&[("resource", bad)])
        else {
            panic!("{bad}")
        };
        assert_eq!(query(&url, "error").as_deref(), Some("invalid_target"), "{bad}");
    }
    for bad in [OTHER, "https://unknown.example", "mcp"] {
        let mut exchange = ask(&world.code(FOR_MCP));
        exchange.resources = vec![bad.to_owned()];
        assert_eq!(refused(world.exchange(exchange)), Code::InvalidTarget, "{bad}");
        let token = refresh_token(&world.tokens(FOR_MCP));
        let ask = refresh::Ask { resources: vec![bad.to_owned()], ..refresh_ask(&token) };
        assert_eq!(refused(world.refresh_with(&app(), &world.client, ask)), Code::InvalidTarget);
        minted(world.refresh(&token));
    }
}

#[test]
fn scope_of_a_resource_is_had_for_that_resource_alone_even_if_the_client_is_registered_with_it() {
    let world = super::fixture::world_with(
        |_| {},
        |new| {
            new.scopes = ["openid", "read:models", "own:thing"].map(str::to_owned).to_vec();
        },
    );
    add_other(&world);
    let asked = |more: &[(&str, &str)]| {
        let all = [&[("scope", "openid read:models own:thing")], more].concat();
        let Next::Consent(question) = world.decide(&world.waiting(&all), Some(&world.signed_in))
        else {
            panic!("not asked")
        };
        question.scopes.iter().map(|line| line.scope.clone()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(asked(&[("resource", MCP)]), "openid read:models own:thing");
    // The role that the resource takes and the second factor that its scope takes must not be gone round.
    roles(&world, &["admin"]);
    let sensitive = vec![("read:models".to_owned(), Risk::Sensitive)];
    change(&world, Change { risks: sensitive, ..Change::default() });
    assert_eq!(asked(&[("resource", OTHER)]), "openid own:thing");
    // Whoever names none means the only one that offers it, and gets no further than by its name.
    let nameless = [("scope", "openid read:models own:thing")];
    let url = redirect(world.decide(&world.waiting(&nameless), Some(&world.signed_in)));
    assert_eq!(query(&url, "error").as_deref(), Some("access_denied"));
    // Of two that offer it, neither is meant.
    let scopes = vec![ResourceScope::new("read:models", "Read")];
    let third = "https://third.example".to_owned();
    let new = resource::New { uri: third, scopes, ..resource::New::default() };
    world.db.write_blocking(move |tx| resource::add(tx, &operator(), new)).unwrap();
    assert_eq!(asked(&[]), "openid own:thing");
    let only = world.begin(&[("scope", "read:models")]);
    let mcpcodex::ops::oauth::begin::Begun::Redirect(url) = only else { panic!("{only:?}") };
    assert_eq!(query(&url, "error").as_deref(), Some("invalid_scope"));
}

#[test]
fn scope_that_becomes_one_of_a_resource_is_gone_from_tokens_for_others() {
    let world = super::fixture::world_with(
        |_| {},
        |new| new.scopes = ["openid", "other:use"].map(str::to_owned).to_vec(),
    );
    let tokens = world.tokens(&[("scope", "openid other:use")]);
    let left = |token: &str| {
        world.db.read(|r| token::access(r, &world.env, token)).unwrap().unwrap().scopes.to_string()
    };
    assert_eq!(left(tokens.access_token.expose()), "openid other:use");
    add_other(&world);
    assert_eq!(left(tokens.access_token.expose()), "openid");
    assert_eq!(minted(world.refresh(&refresh_token(&tokens))).scope, "openid");
}

#[test]
fn client_in_its_own_name_gets_limited_and_sensitive_things_by_an_operators_word_alone() {
    let world = world();
    roles(&world, &["developer"]);
    let make = |scopes: &[&str], resources: &[&str]| {
        let owned = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect::<Vec<_>>();
        let new = client::New {
            name: "Service".to_owned(),
            grant_types: owned(&["client_credentials"]),
            scopes: owned(scopes),
            resources: owned(resources),
            ..client::New::default()
        };
        world.db.write_blocking(move |tx| client::create(tx, &operator(), new)).unwrap().client
    };
    let give = |client: &mcpcodex::model::client::Client| {
        let (env, client) = (std::sync::Arc::clone(&world.env), client.clone());
        let ask = client_credentials::Ask {
            scope: Some("read:models".to_owned()),
            resources: vec![MCP.to_owned()],
            jkt: None,
        };
        world
            .db
            .write_blocking(move |tx| client_credentials::give(tx, &env, &app(), &client, &ask))
            .unwrap()
    };
    assert_eq!(refused(give(&make(&[], &[]))), Code::InvalidTarget, "it takes a role");
    let named = make(&[], &[MCP]);
    assert_eq!(minted(give(&named)).scope, "read:models");
    let sensitive = vec![("read:models".to_owned(), Risk::Sensitive)];
    change(&world, Change { risks: sensitive, ..Change::default() });
    assert_eq!(refused(give(&named)), Code::InvalidScope, "nobody can prove a second factor");
    let written = make(&["read:models"], &[MCP]);
    let token = minted(give(&written)).access_token.expose().to_owned();
    assert!(good(&world, &token));
    let left = world.db.read(|r| token::access(r, &world.env, &token)).unwrap().unwrap().scopes;
    assert_eq!(left, ScopeSet::parse("read:models"));
}
