//! Pushed requests: whose, once, for a minute and a half, and nothing but what was pushed.

use std::sync::Arc;

use mcpcodex::{
    crypto::secret::Hashed,
    model::client::Client,
    ops::{
        client,
        oauth::{
            Code,
            authorize::Next,
            begin::{self, Begun, Unsure},
            par::{self, PREFIX, Pushed},
        },
    },
    store::{self, pushed::Crowd},
};

use super::{crowd::stranger, fixture::*};
use crate::support::rows::NOTHING;

fn push_as(
    world: &World,
    client: &Client,
    pairs: Vec<(String, String)>,
    jkt: Option<&'static str>,
) -> Result<Pushed, Code> {
    let (env, client) = (Arc::clone(&world.env), client.clone());
    let pushed =
        world.db.write_blocking(move |tx| par::push(tx, &env, &app(), &client, &pairs, jkt));
    pushed.unwrap().map_err(|refusal| refusal.code)
}

fn push(world: &World, over: &[(&str, &str)]) -> Result<Pushed, Code> {
    push_as(world, &world.client, params(&world.client, over), None)
}

fn pushed(world: &World, over: &[(&str, &str)]) -> String {
    push(world, over).unwrap().request_uri
}

fn bring_in(world: &World, browser: &'static str, client: &str, uri: &str) -> Begun {
    let pairs = [("client_id", client), ("request_uri", uri)]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
    let env = Arc::clone(&world.env);
    world
        .db
        .write_blocking(move |tx| {
            begin::begin(tx, &env, &app(), &Hashed::of(browser), &pairs, None)
        })
        .unwrap()
}

fn bring(world: &World, uri: &str) -> Begun {
    bring_in(world, "this browser", world.client.id.as_str(), uri)
}

const GONE: Begun = Begun::Page(Unsure::UnknownRequest);

#[test]
fn pushed_request_is_answered_like_one_that_the_browser_brought() {
    let world = world();
    let made = push(&world, &[("state", "pushed state")]).unwrap();
    assert!((60..=90).contains(&made.expires_in.as_secs()));
    let name = made.request_uri.strip_prefix(PREFIX).unwrap();
    assert_eq!(name.len(), 43, "256 bits");
    let Begun::Waiting(id) = bring(&world, &made.request_uri) else { panic!("not taken") };
    let url = redirect(world.answer(&id, &world.signed_in, true));
    assert_eq!(query(&url, "state").as_deref(), Some("pushed state"));
    assert_eq!(query(&url, "iss").as_deref(), Some(world.env.site.issuer.as_str()));
    minted(world.exchange(ask(&query(&url, "code").unwrap())));
}

#[test]
fn what_the_browser_brings_besides_counts_for_nothing() {
    let world = world();
    let uri = pushed(&world, &[("scope", "openid")]);
    let mut pairs = params(&world.client, &[("scope", "openid email"), ("prompt", "none")]);
    pairs.push(("redirect_uri".to_owned(), "http://127.0.0.1/cb".to_owned()));
    pairs.push(("request_uri".to_owned(), uri));
    let Begun::Waiting(id) = world.begin_raw(pairs) else { panic!("not taken") };
    let Next::Consent(question) = world.decide(&id, Some(&world.signed_in)) else { panic!() };
    let scopes: Vec<_> = question.scopes.iter().map(|line| line.scope.as_str()).collect();
    assert_eq!(scopes, ["openid"]);
    let url = redirect(world.answer(&id, &world.signed_in, true));
    assert!(url.starts_with(CALLBACK), "{url}");
}

#[test]
fn each_use_after_the_first_gets_a_page_but_a_reload_in_the_same_browser() {
    let world = world();
    let uri = pushed(&world, &[]);
    let first = bring(&world, &uri);
    let Begun::Waiting(id) = &first else { panic!("{first:?}") };
    let me = world.client.id.to_string();
    assert_eq!(bring(&world, &uri), first, "the page was loaded again");
    assert_eq!(bring_in(&world, "another browser", &me, &uri), GONE);
    world.pass(600);
    assert_eq!(bring(&world, &uri), first, "the person was reading");
    redirect(world.answer(id, &world.signed_in, true));
    assert_eq!(bring(&world, &uri), GONE, "it was answered");
}

#[test]
fn unknown_expired_and_foreign_requests_get_a_page() {
    let world = world();
    let other = world.another_client();
    let uri = pushed(&world, &[]);
    assert_eq!(bring_in(&world, "this browser", other.id.as_str(), &uri), GONE);
    assert_eq!(bring_in(&world, "this browser", "c_none", &uri), GONE);
    assert_eq!(bring_in(&world, "this browser", "", &uri), GONE);
    assert!(matches!(bring(&world, &uri), Begun::Waiting(_)), "a stranger's try spent it");
    for unknown in [PREFIX.to_owned(), format!("{PREFIX}x"), format!("{PREFIX}{}", "A".repeat(43))]
    {
        assert_eq!(bring(&world, &unknown), GONE, "{unknown}");
    }
    let (last, late) = (pushed(&world, &[]), pushed(&world, &[]));
    world.pass(89);
    assert!(matches!(bring(&world, &last), Begun::Waiting(_)));
    world.pass(1);
    assert_eq!(bring(&world, &late), GONE);
    let mut twice = vec![("request_uri".to_owned(), pushed(&world, &[])); 2];
    twice.push(("client_id".to_owned(), world.client.id.to_string()));
    assert_eq!(world.begin_raw(twice), Begun::Page(Unsure::Ambiguous));
}

#[test]
fn pushed_request_is_checked_at_once() {
    let world = world();
    let before = world.rows();
    let long = "x".repeat(30_000);
    for (over, expected) in [
        (&[("redirect_uri", "https://evil.example/")][..], Code::InvalidRequest),
        (&[("redirect_uri", "")], Code::InvalidRequest),
        (&[("request_uri", "urn:ietf:params:oauth:request_uri:x")], Code::InvalidRequest),
        (&[("request_uri", "https://evil.example/")], Code::InvalidRequest),
        (&[("request", "e30.e30.")], Code::RequestNotSupported),
        (&[("response_type", "token")], Code::UnsupportedResponseType),
        (&[("code_challenge", "")], Code::InvalidRequest),
        (&[("response_mode", "jwt")], Code::InvalidRequest),
        (&[("scope", "unheard-of")], Code::InvalidScope),
        (&[("resource", "https://unknown.example/")], Code::InvalidTarget),
        (&[("claims", "{")], Code::InvalidRequest),
        (&[("dpop_jkt", "short")], Code::InvalidRequest),
        (&[("unheard_of", &long)], Code::InvalidRequest),
    ] {
        assert_eq!(push(&world, over).unwrap_err(), expected, "{:?}", over[0].0);
    }
    let mut twice = params(&world.client, &[]);
    twice.push(("scope".to_owned(), "openid".to_owned()));
    let refused = push_as(&world, &world.client, twice, None).unwrap_err();
    assert_eq!(refused, Code::InvalidRequest);
    assert_eq!(before.since(&world.db), NOTHING);
}

#[test]
fn key_that_is_named_and_key_that_is_proved_must_be_one() {
    const ONE: &str = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";
    let world = world();
    let two = "A".repeat(43);
    let push = |over: &[(&str, &str)]| {
        push_as(&world, &world.client, params(&world.client, over), Some(ONE))
    };
    assert_eq!(push(&[("dpop_jkt", &two)]).unwrap_err(), Code::InvalidDpopProof);
    push(&[("dpop_jkt", ONE)]).unwrap();
    push(&[]).unwrap();
}

#[test]
fn client_that_must_push_is_told_so_and_others_need_not() {
    let world = world_with(|_| {}, |new| new.par_required = true);
    let Begun::Redirect(url) = world.begin(&[]) else { panic!("let in without pushing") };
    assert_eq!(query(&url, "error").as_deref(), Some("invalid_request"));
    assert!(matches!(bring(&world, &pushed(&world, &[])), Begun::Waiting(_)));
}

#[test]
fn client_that_changed_since_is_judged_anew() {
    let world = world();
    let (one, two) = (pushed(&world, &[]), pushed(&world, &[]));
    let (id, uris) = (world.client.id.clone(), Some(vec!["https://new.example/cb".to_owned()]));
    let change = client::Change { redirect_uris: uris, ..client::Change::default() };
    world.db.write_blocking(move |tx| client::edit(tx, &operator(), &id, change)).unwrap();
    assert_eq!(bring(&world, &one), Begun::Page(Unsure::UnknownRedirect));
    let id = world.client.id.clone();
    world.db.write_blocking(move |tx| client::disable(tx, &operator(), &id)).unwrap();
    assert_eq!(bring(&world, &two), Begun::Page(Unsure::SwitchedOff));
}

#[test]
fn flood_of_one_client_pushes_out_its_own_requests_only() {
    let world = world();
    let other = world.another_client();
    let theirs = push_as(&world, &other, params(&other, &[]), None).unwrap().request_uri;
    let first = pushed(&world, &[]);
    world.pass(1);
    let (env, client, pairs) =
        (Arc::clone(&world.env), world.client.clone(), params(&world.client, &[]));
    world
        .db
        .write_blocking(move |tx| {
            for _ in 0..1_000 {
                par::push(tx, &env, &app(), &client, &pairs, None)?.unwrap();
            }
            Ok(())
        })
        .unwrap();
    let last = pushed(&world, &[]);
    assert_eq!(bring(&world, &first), GONE);
    assert!(matches!(bring(&world, &last), Begun::Waiting(_)));
    let begun = bring_in(&world, "this browser", other.id.as_str(), &theirs);
    assert!(matches!(begun, Begun::Waiting(_)), "{begun:?}");
}

/// So many requests of a client, brought from one address.
fn flood(world: &World, client: &Client, address: &'static str, count: usize, filling: usize) {
    let mut pairs = params(client, &[]);
    pairs.push(("unheard_of".to_owned(), "x".repeat(filling)));
    let (env, client) = (Arc::clone(&world.env), client.clone());
    world
        .db
        .write_blocking(move |tx| {
            let who = from(address, "");
            for _ in 0..count {
                par::push(tx, &env, &who, &client, &pairs, None)?.unwrap();
            }
            Ok(())
        })
        .unwrap();
}

fn kept(world: &World, crowd: Crowd<'_>) -> (u32, u32) {
    world.db.read(|r| store::pushed::count(r, crowd)).unwrap()
}

#[test]
fn flood_of_a_public_client_from_one_address_leaves_what_came_from_others() {
    let world = world();
    let first = pushed(&world, &[]);
    world.pass(1);
    flood(&world, &world.client, "198.51.100.66", 2_500, 0);
    assert!(kept(&world, Crowd::Client(&world.client.id)).0 <= 1_000);
    assert!(matches!(bring(&world, &first), Begun::Waiting(_)), "it was pushed out");
}

#[test]
fn strangers_clients_have_room_of_their_own_and_push_out_nobody_elses() {
    let world = world();
    let first = pushed(&world, &[]);
    world.pass(1);
    let strangers: Vec<_> = (0..6).map(|n| stranger(&world, n)).collect();
    let theirs = push_as(&world, &strangers[0], params(&strangers[0], &[]), None).unwrap();
    for client in &strangers {
        flood(&world, client, "198.51.100.66", 990, 0);
    }
    assert!((3_000..=4_000).contains(&kept(&world, Crowd::Strangers).0));
    assert_eq!(kept(&world, Crowd::Known).0, 1);
    assert!(matches!(bring(&world, &first), Begun::Waiting(_)));
    let begun = bring_in(&world, "this browser", strangers[0].id.as_str(), &theirs.request_uri);
    assert!(matches!(begun, Begun::Waiting(_)), "it came from elsewhere: {begun:?}");
}

#[test]
fn bytes_are_counted_as_they_are_kept() {
    let world = world();
    let escaped = "\u{1}".repeat(5_000);
    assert_eq!(push(&world, &[("unheard_of", &escaped)]).unwrap_err(), Code::InvalidRequest);
    let room: u32 = 16 * 1024 * 1024;
    let small = stranger(&world, 0);
    flood(&world, &small, "198.51.100.65", 100, 0);
    let few = kept(&world, Crowd::Client(&small.id));
    for n in 1..3 {
        flood(&world, &stranger(&world, n), "198.51.100.66", 900, 19_000);
        assert!(kept(&world, Crowd::Strangers).1 <= room + 20_480);
    }
    // Large ones made room for large ones.
    assert_eq!(kept(&world, Crowd::Client(&small.id)), few);
}
