//! What a client called its resource when it asked is what its tokens say, however long ago that was.

use std::sync::Arc;

use mcpcodex::{
    model::resource::ResourceScope,
    ops::{
        oauth::{begin, par},
        resource::{self, Change},
    },
};
use serde_json::{Value, json};

use super::{
    fixture::{
        World, app, ask, browser, claims, minted, operator, params, query, redirect, refresh_ask,
        refresh_token, world,
    },
    opaque::change,
};

const BARE: &str = "https://bare.example";
const SLASH: &str = "https://bare.example/";
const OTHER: &str = "https://other.example/api";

fn add(world: &World, uri: &str, roles: &[&str]) {
    let new = resource::New {
        uri: uri.to_owned(),
        scopes: vec![ResourceScope::new("bare:use", "Use it")],
        settings: Change {
            roles: Some(roles.iter().map(|&role| role.to_owned()).collect()),
            ..Change::default()
        },
        ..resource::New::default()
    };
    world.db.write_blocking(move |tx| resource::add(tx, &operator(), new)).unwrap();
}

/// A code for resources as the client spells them.
fn code(world: &World, spelled: &[&str]) -> String {
    let mut pairs = params(&world.client, &[("scope", "openid bare:use")]);
    pairs.extend(spelled.iter().map(|&uri| ("resource".to_owned(), uri.to_owned())));
    allowed(world, world.begin_raw(pairs))
}

fn allowed(world: &World, begun: begin::Begun) -> String {
    let begin::Begun::Waiting(id) = begun else { panic!("{begun:?}") };
    query(&redirect(world.answer(&id, &world.signed_in, true)), "code").unwrap()
}

/// `aud` of the first token and of the next, with what is asked for at each.
fn audiences(world: &World, code: &str, now: &[&str], then: &[&str]) -> (Value, Value) {
    let owned = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect::<Vec<_>>();
    let mut exchange = ask(code);
    exchange.resources = owned(now);
    let tokens = minted(world.exchange(exchange));
    let mut again = refresh_ask(&refresh_token(&tokens));
    again.resources = owned(then);
    let next = minted(world.refresh_with(&app(), &world.client, again));
    let aud = |token: &str| claims(token)["aud"].clone();
    (aud(tokens.access_token.expose()), aud(next.access_token.expose()))
}

#[test]
fn spelling_of_the_authorization_request_is_in_every_token_of_the_grant() {
    let world = world();
    add(&world, BARE, &[]);
    let both = json!([BARE, SLASH]);
    let one = json!(BARE);
    for (asked, now, then, first, next) in [
        (SLASH, None, None, &both, &both),
        (SLASH, Some(SLASH), None, &both, &both),
        (SLASH, Some(SLASH), Some(SLASH), &both, &both),
        (BARE, None, None, &one, &one),
        (BARE, Some(BARE), Some(BARE), &one, &one),
        // Asked for by another name, it is called by that from then on.
        (BARE, Some(SLASH), None, &both, &both),
        (SLASH, Some(BARE), None, &one, &one),
        (SLASH, None, Some(BARE), &both, &one),
    ] {
        let list = |uri: Option<&'static str>| uri.into_iter().collect::<Vec<_>>();
        let got = audiences(&world, &code(&world, &[asked]), &list(now), &list(then));
        assert_eq!((&got.0, &got.1), (first, next), "{asked} {now:?} {then:?}");
    }
}

#[test]
fn token_for_one_of_several_resources_names_no_other_in_any_spelling() {
    let world = world();
    add(&world, BARE, &[]);
    add(&world, OTHER, &[]);
    let asked = code(&world, &[SLASH, "HTTPS://Other.example/api"]);
    let got = audiences(&world, &asked, &[OTHER], &[]);
    assert_eq!(got, (json!(OTHER), json!([BARE, OTHER, SLASH])));
}

#[test]
fn pushed_request_is_spelled_as_it_was_pushed() {
    let world = world();
    add(&world, BARE, &[]);
    let pairs = params(&world.client, &[("scope", "openid bare:use"), ("resource", SLASH)]);
    let (env, client) = (Arc::clone(&world.env), world.client.clone());
    let pushed = world
        .db
        .write_blocking(move |tx| par::push(tx, &env, &app(), &client, &pairs, None))
        .unwrap()
        .unwrap();
    let brought = vec![
        ("client_id".to_owned(), world.client.id.to_string()),
        ("request_uri".to_owned(), pushed.request_uri),
        ("resource".to_owned(), OTHER.to_owned()),
    ];
    let env = Arc::clone(&world.env);
    let begun = world
        .db
        .write_blocking(move |tx| begin::begin(tx, &env, &app(), &browser(), &brought, None))
        .unwrap();
    let got = audiences(&world, &allowed(&world, begun), &[], &[]);
    assert_eq!(got, (json!([BARE, SLASH]), json!([BARE, SLASH])));
}

#[test]
fn alias_is_kept_until_it_is_none_any_more() {
    let world = world();
    let old = "https://old.example/mcp";
    change(&world, Change { aliases: vec![old.to_owned()], ..Change::default() });
    let pairs = params(&world.client, &[("scope", "openid read:models"), ("resource", old)]);
    let code = allowed(&world, world.begin_raw(pairs));
    let tokens = minted(world.exchange(ask(&code)));
    assert_eq!(claims(tokens.access_token.expose())["aud"], json!([super::fixture::MCP, old]));
    change(&world, Change { without_aliases: vec![old.to_owned()], ..Change::default() });
    let next = minted(world.refresh(&refresh_token(&tokens)));
    assert_eq!(claims(next.access_token.expose())["aud"], super::fixture::MCP);
}

#[test]
fn resource_that_the_person_may_not_use_is_no_audience_however_it_is_spelled() {
    let world = world();
    add(&world, BARE, &["admin"]);
    add(&world, OTHER, &[]);
    let loud = "HTTPS://Other.example/api";
    let asked = code(&world, &[SLASH, loud]);
    let both = json!([OTHER, loud]);
    let got = audiences(&world, &asked, &[], &[]);
    assert_eq!(got, (both.clone(), both.clone()));
    // A role that is lost between the code and the token.
    let world = super::fixture::world();
    add(&world, BARE, &["user"]);
    add(&world, OTHER, &[]);
    let asked = code(&world, &[SLASH, loud]);
    let id = world.user.clone();
    world
        .db
        .write_blocking(move |tx| {
            mcpcodex::store::user::set_roles(tx, &id, &["developer".to_owned()])
        })
        .unwrap();
    let got = audiences(&world, &asked, &[SLASH, loud], &[SLASH, loud]);
    assert_eq!(got, (both.clone(), both));
}
