//! Floods of authorization requests: nobody signs in to send one, and nobody else pays for them.

use std::sync::Arc;

use mcpcodex::{
    model::{client::Client, registration::Metadata},
    ops::{
        oauth::{
            authorize::Next,
            begin::{self, Begun},
        },
        registration::{self, Answer},
    },
    store,
};
use serde_json::json;

use super::fixture::*;

/// A client that came by itself, and that nobody has let in.
pub(super) fn stranger(world: &World, n: usize) -> Client {
    let metadata = json!({
        "client_name": "Tool", "redirect_uris": [CALLBACK, format!("https://a.example/{n}")],
        "token_endpoint_auth_method": "none",
    });
    let metadata = Metadata::read(metadata.as_object().unwrap()).unwrap();
    let env = Arc::clone(&world.env);
    let answer = world
        .db
        .write_blocking(move |tx| registration::register(tx, &env, &app(), &metadata, None))
        .unwrap();
    match answer {
        Answer::Registered(registered) => registered.client,
        other @ (Answer::NoToken | Answer::Off) => panic!("{other:?}"),
    }
}

#[test]
fn flood_of_requests_pushes_out_the_oldest_and_keeps_nobody_from_signing_in() {
    let world = world();
    let first = world.waiting(&[]);
    let (env, pairs) = (Arc::clone(&world.env), params(&world.client, &[]));
    world.pass(1);
    world
        .db
        .write_blocking(move |tx| {
            for _ in 0..20_000 {
                begin::begin(tx, &env, &app(), &browser(), &pairs, None)?;
            }
            Ok(())
        })
        .unwrap();
    let last = world.waiting(&[]);
    assert!(matches!(world.decide(&last, None), Next::SignIn));
    assert!(matches!(world.decide(&first, None), Next::Gone(_)));
}

#[test]
fn flood_of_requests_from_one_address_pushes_out_its_own() {
    let world = world();
    let first = world.waiting(&[]);
    world.pass(1);
    let (env, pairs) = (Arc::clone(&world.env), params(&world.client, &[]));
    world
        .db
        .write_blocking(move |tx| {
            for _ in 0..21_000 {
                begin::begin(tx, &env, &from("198.51.100.66", ""), &browser(), &pairs, None)?;
            }
            Ok(())
        })
        .unwrap();
    assert!(matches!(world.decide(&first, None), Next::SignIn), "a stranger pushed it out");
    let kept = world.db.read(|r| store::authorization::count_requests(r, false)).unwrap();
    assert!(kept <= 20_000, "{kept}");
}

#[test]
fn flood_of_requests_for_a_strangers_app_has_a_part_of_its_own() {
    let world = world();
    let first = world.waiting(&[]);
    world.pass(1);
    let evil = stranger(&world, 1);
    let id = ("client_id", evil.id.as_str());
    let Begun::Waiting(theirs) = world.begin(&[id]) else { panic!("it is not taken") };
    let (env, pairs) = (Arc::clone(&world.env), params(&evil, &[]));
    world
        .db
        .write_blocking(move |tx| {
            for n in 0..6_000 {
                let who = from(&format!("198.51.{}.{}", n % 3, n % 200), "");
                begin::begin(tx, &env, &who, &browser(), &pairs, None)?;
            }
            Ok(())
        })
        .unwrap();
    let count =
        |stranger| world.db.read(|r| store::authorization::count_requests(r, stranger)).unwrap();
    assert_eq!((count(false), (4_000..=5_000).contains(&count(true))), (1, true));
    assert!(matches!(world.decide(&first, None), Next::SignIn));
    assert!(matches!(world.decide(&theirs, None), Next::SignIn), "it came from elsewhere");
}
