//! The task that tells apps of sessions that ended, against real servers: soon, again while they answer badly, and
//! past those that hang.

use std::time::{Duration, Instant};

use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, jwk::Jwk};
use mcpcodex::{
    app::App,
    http::notices,
    model::client::Client,
    net::{client::Policy, guard::Reach, post::Poster},
    ops::{client, key},
};
use serde_json::Value;
use tokio::{sync::oneshot, task::JoinHandle};

use super::oauth::caller::Caller;
use crate::{
    ops::oauth::fixture::{
        CALLBACK, World, ask, minted, operator, params, query, redirect, sign_in,
    },
    support::{
        RUNTIME,
        party::{Party, Reply},
        vendors::until,
    },
};

/// A running task; it ends when this goes.
struct Running {
    stop: Option<oneshot::Sender<()>>,
    task: Option<JoinHandle<()>>,
}

impl Running {
    fn start(app: &App) -> Self {
        Self::with(app, Reach::Public)
    }

    fn with(app: &App, reach: Reach) -> Self {
        let (stop, stopped) = oneshot::channel::<()>();
        let poster = Poster::new(&Policy { reach, ..Policy::default() }).unwrap();
        let run = notices::run(app.clone(), poster, async move { drop(stopped.await) });
        Self { stop: Some(stop), task: Some(RUNTIME.spawn(run)) }
    }

    fn stop(mut self) {
        drop(self.stop.take());
        RUNTIME.block_on(self.task.take().unwrap()).unwrap();
    }
}

fn caller(party: &Party) -> Caller {
    let url = party.url.clone();
    Caller::with(|_| {}, |new| new.backchannel_logout_uri = Some(url))
}

/// A further app, to be told at another place.
fn app_at(world: &World, url: &str) -> Client {
    let new = client::New {
        name: "Another app".to_owned(),
        redirect_uris: vec![CALLBACK.to_owned()],
        public: true,
        backchannel_logout_uri: Some(url.to_owned()),
        ..client::New::default()
    };
    world.db.write_blocking(move |tx| client::create(tx, &operator(), new)).unwrap().client
}

/// The person signs in to the app in a session of its own, and that session ends.
fn sign_in_and_out(world: &World, client: &Client) {
    let signed_in = sign_in(&world.db, &world.env, &world.user);
    let begun = world.begin_raw(params(client, &[]));
    let mcpcodex::ops::oauth::begin::Begun::Waiting(id) = begun else { panic!("{begun:?}") };
    let url = redirect(world.answer(&id, &signed_in, true));
    minted(world.exchange_as(client, ask(&query(&url, "code").unwrap())));
    world.end_session(&signed_in.session.id);
}

fn wait_for_event(world: &World, name: &str) {
    until(name, || world.events().iter().any(|event| event == name).then_some(()));
}

#[test]
fn app_is_told_at_once_with_a_token_that_it_can_verify() {
    let party = Party::new();
    let caller = caller(&party);
    let running = Running::start(&caller.app);
    let start = Instant::now();
    sign_in_and_out(&caller.world, &caller.world.client);
    let token = party.wait_for(1).pop().unwrap();
    assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
    wait_for_event(&caller.world, "logout_notice.sent");

    // As another library verifies it, from what we publish.
    let keys = caller.world.db.read(key::jwks).unwrap();
    let jwk: Jwk = serde_json::from_value(keys["keys"][0].clone()).unwrap();
    let mut rules = Validation::new(Algorithm::ES256);
    rules.set_issuer(&["http://localhost:8420"]);
    rules.set_audience(&[caller.world.client.id.as_str()]);
    rules.validate_exp = false;
    let read = decode::<Value>(&token, &DecodingKey::from_jwk(&jwk).unwrap(), &rules).unwrap();
    assert_eq!(read.header.typ.as_deref(), Some("logout+jwt"));
    assert_eq!(read.claims["sub"], caller.world.user.as_str());
    running.stop();
    assert_eq!(party.taken().len(), 1);
}

#[test]
fn app_that_answers_badly_is_told_again_with_the_same_jti_and_no_redirect_is_followed() {
    let party = Party::new();
    let elsewhere = Party::new();
    let caller = caller(&party);
    party.script([Reply::Status(503), Reply::Redirect(elsewhere.url.clone()), Reply::Status(400)]);
    let running = Running::start(&caller.app);
    sign_in_and_out(&caller.world, &caller.world.client);
    for count in 1..=3 {
        party.wait_for(count);
        // Until the try was written down, the clock must not run on.
        until("the next try", || {
            let waits = caller.world.db.read(|r| {
                r.one(
                    "select 1 from logout_notices where state = 'queued' and tries > 0",
                    [],
                    |row| row.get::<_, i64>(0),
                )
            });
            waits.unwrap()
        });
        caller.world.pass(60);
    }
    let all = party.wait_for(4);
    let jti = |token: &String| crate::ops::oauth::fixture::claims(token)["jti"].to_string();
    assert!(all.iter().all(|token| jti(token) == jti(&all[0])));
    wait_for_event(&caller.world, "logout_notice.sent");
    assert!(elsewhere.taken().is_empty());
    running.stop();
}

#[test]
fn app_that_hangs_delays_nobody_else() {
    let (slow, quick) = (Party::new(), Party::new());
    let caller = caller(&slow);
    slow.script(vec![Reply::Hang; 20]);
    let running = Running::start(&caller.app);
    for _ in 0..8 {
        sign_in_and_out(&caller.world, &caller.world.client);
    }
    slow.wait_for(4);
    let other = app_at(&caller.world, &quick.url);
    let start = Instant::now();
    sign_in_and_out(&caller.world, &other);
    quick.wait_for(1);
    assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
    assert!(slow.taken().len() <= 4, "more than its share was under way");
    running.stop();
}

#[test]
fn what_a_stranger_registered_is_dialled_in_public_only() {
    let party = Party::new();
    let caller = caller(&party);
    let id = caller.world.client.id.clone();
    caller
        .world
        .db
        .write_blocking(move |tx| {
            tx.exec_one("update clients set origin = 'dynamic' where id = ?1", [id.as_str()])
        })
        .unwrap();
    let running = Running::start(&caller.app);
    sign_in_and_out(&caller.world, &caller.world.client);
    until("a try", || {
        let tried = caller.world.db.read(|r| {
            r.one(
                "select answer from logout_notices where state = 'queued' and tries = 1",
                [],
                |row| row.get::<_, String>(0),
            )
        });
        tried.unwrap().filter(|answer| answer.starts_with("url") || answer.starts_with("inner"))
    });
    running.stop();
    assert!(party.taken().is_empty());
}

#[test]
fn two_processes_tell_an_app_once() {
    let party = Party::new();
    let caller = caller(&party);
    let (one, two) = (Running::start(&caller.app), Running::start(&caller.app));
    for _ in 0..20 {
        sign_in_and_out(&caller.world, &caller.world.client);
    }
    until("twenty ends", || {
        let sent =
            caller.world.events().iter().filter(|name| *name == "logout_notice.sent").count();
        (sent == 20).then_some(())
    });
    one.stop();
    two.stop();
    assert_eq!(party.taken().len(), 20);
}
