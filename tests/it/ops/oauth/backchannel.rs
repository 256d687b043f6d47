//! Which app is told of which session's end, and when it is given up.

use std::sync::Arc;

use mcpcodex::{
    model::{client::Client, id::SessionId},
    ops::{
        client,
        oauth::{
            authorize::Next,
            backchannel::{self, Claimed},
        },
        session, user,
    },
    store,
};

use super::fixture::*;

const URI: &str = "https://app.example.com/backchannel";

fn told(world: &World, client: &Client) -> Vec<Claimed> {
    let (env, id) = (Arc::clone(&world.env), client.id.clone());
    world.db.write_blocking(move |tx| backchannel::claim(tx, &env, &id, 100)).unwrap()
}

fn listening() -> World {
    world_with(|_| {}, |new| new.backchannel_logout_uri = Some(URI.to_owned()))
}

fn settle(world: &World, claimed: &Claimed, outcome: Result<(), &'static str>) -> bool {
    let (id, claim) = (claimed.id.clone(), claimed.claim);
    world.db.write_blocking(move |tx| backchannel::settle(tx, &id, claim, outcome)).unwrap()
}

#[test]
fn every_end_of_a_session_is_told_to_the_app_that_signed_in_in_it() {
    type End = fn(&World);
    let ends: [(&str, End); 6] = [
        ("logout", |world| {
            let who = world.signed_in.actor(mcpcodex::model::actor::Origin::default());
            assert!(world.db.write_blocking(move |tx| session::logout(tx, &who)).unwrap());
        }),
        ("revoke", |world| world.end_session(&world.signed_in.session.id)),
        ("all of a person", |world| {
            let id = world.user.clone();
            world
                .db
                .write_blocking(move |tx| session::revoke_of_user(tx, &operator(), &id))
                .unwrap();
        }),
        ("lock", |world| {
            let id = world.user.clone();
            world.db.write_blocking(move |tx| user::lock(tx, &operator(), &id)).unwrap();
        }),
        ("account deleted", |world| {
            let id = world.user.clone();
            world.db.write_blocking(move |tx| user::delete(tx, &operator(), &id)).unwrap();
        }),
        ("everything", |world| {
            world.db.write_blocking(|tx| session::revoke_everything(tx, &operator())).unwrap();
        }),
    ];
    for (what, end) in ends {
        let world = listening();
        let sid = claims(world.tokens(&[]).id_token.unwrap().expose())["sid"].clone();
        assert!(told(&world, &world.client).is_empty(), "{what}: told before the end");
        end(&world);
        let all = told(&world, &world.client);
        let [one] = all.as_slice() else { panic!("{what}: {all:?}") };
        assert_eq!((one.uri.as_str(), one.is_own), (URI, true));
        let token = one.token().unwrap();
        assert_eq!(part(&token, 0)["typ"], "logout+jwt");
        let content = claims(&token);
        assert_eq!(content["sid"], sid, "{what}");
        assert_eq!(content["sub"], world.user.as_str());
        assert_eq!(content["aud"], world.client.id.as_str());
        assert_eq!(content["iss"], world.env.site.issuer.as_str());
        assert_eq!(
            content["events"]["http://schemas.openid.net/event/backchannel-logout"],
            serde_json::json!({})
        );
        let lifetime = content["exp"].as_i64().unwrap() - content["iat"].as_i64().unwrap();
        assert!((1..=120).contains(&lifetime));
        assert!(content["jti"].is_string() && content.get("nonce").is_none());
        assert!(told(&world, &world.client).is_empty(), "{what}: told twice");
    }
}

#[test]
fn only_apps_that_got_an_id_token_in_that_session_are_told() {
    let world = listening();
    let deaf = world.another_client();
    let other = |name: &str| {
        let new = client::New {
            name: name.to_owned(),
            redirect_uris: vec![CALLBACK.to_owned()],
            public: true,
            backchannel_logout_uri: Some(URI.to_owned()),
            ..client::New::default()
        };
        world.db.write_blocking(move |tx| client::create(tx, &operator(), new)).unwrap().client
    };
    let (stranger, without_id) = (other("Stranger"), other("Without"));
    // Two sign-ins of one app in one session are one thing to tell.
    world.tokens(&[]);
    world.tokens(&[("nonce", "n-2")]);
    for (client, scope) in [(&deaf, "openid"), (&without_id, "profile")] {
        let id = world.begin_raw(params(client, &[("scope", scope)]));
        let mcpcodex::ops::oauth::begin::Begun::Waiting(id) = id else { panic!() };
        let url = redirect(world.answer(&id, &world.signed_in, true));
        minted(world.exchange_as(client, ask(&query(&url, "code").unwrap())));
    }
    let elsewhere = sign_in(&world.db, &world.env, &world.user);
    world.end_session(&elsewhere.session.id);
    assert!(told(&world, &world.client).is_empty(), "another session's end");
    world.end_session(&world.signed_in.session.id);
    assert_eq!(told(&world, &world.client).len(), 1);
    for client in [&deaf, &stranger, &without_id] {
        assert!(told(&world, client).is_empty(), "{}", client.name);
    }
}

#[test]
fn app_knows_the_session_by_one_name_whichever_took_its_place() {
    let world = listening();
    let tokens = world.tokens(&[]);
    let sid = claims(tokens.id_token.as_ref().unwrap().expose())["sid"].clone();
    let new = sign_in(&world.db, &world.env, &world.user);
    let (from, to) = (world.signed_in.session.id.clone(), new.session.id.clone());
    world.db.write_blocking(move |tx| store::grant::move_to_session(tx, &from, &to)).unwrap();
    let again = minted(world.refresh(&refresh_token(&tokens)));
    assert_eq!(claims(again.id_token.unwrap().expose())["sid"], sid);
    world.end_session(&world.signed_in.session.id);
    assert!(told(&world, &world.client).is_empty(), "the person is still signed in");
    world.end_session(&new.session.id);
    let all = told(&world, &world.client);
    assert_eq!(claims(&all[0].token().unwrap())["sid"], sid);
}

#[test]
fn session_whose_time_was_up_is_not_told() {
    let world = listening();
    world.tokens(&[]);
    world.pass(9 * 3_600);
    let id: SessionId = world.signed_in.session.id.clone();
    let ended = world
        .db
        .write_blocking(move |tx| session::revoke(tx, &operator(), std::slice::from_ref(&id)))
        .unwrap();
    assert_eq!(ended, 0);
    assert!(told(&world, &world.client).is_empty());
}

#[test]
fn app_that_answers_badly_is_tried_for_an_hour_with_the_same_jti_and_then_given_up() {
    let world = listening();
    world.tokens(&[]);
    world.end_session(&world.signed_in.session.id);
    let (mut tries, mut jtis) = (0, std::collections::HashSet::new());
    for _ in 0..3_700 {
        for claimed in told(&world, &world.client) {
            tries += 1;
            jtis.insert(claims(&claimed.token().unwrap())["jti"].to_string());
            assert!(settle(&world, &claimed, Err("status: 503")));
            assert!(!settle(&world, &claimed, Ok(())), "settled twice");
        }
        world.pass(1);
    }
    assert!((8..=12).contains(&tries), "{tries}");
    assert_eq!(jtis.len(), 1);
    let ends: Vec<_> =
        world.events().into_iter().filter(|name| name.starts_with("logout_notice.")).collect();
    assert_eq!(ends, ["logout_notice.failed"]);
}

#[test]
fn notice_of_a_process_that_died_is_sent_again() {
    let world = listening();
    world.tokens(&[]);
    world.end_session(&world.signed_in.session.id);
    let lost = told(&world, &world.client).pop().unwrap();
    let recover = || world.db.write_blocking(backchannel::recover).unwrap();
    assert_eq!(recover(), 0);
    world.pass(30);
    assert_eq!(recover(), 1);
    let again = told(&world, &world.client).pop().unwrap();
    assert_eq!(again.id, lost.id);
    assert!(!settle(&world, &lost, Ok(())), "the claim that was lost settles nothing");
    assert!(settle(&world, &again, Ok(())));
    assert!(world.events().contains(&"logout_notice.sent".to_owned()));
}

#[test]
fn app_that_was_switched_off_since_hears_nothing() {
    let world = listening();
    world.tokens(&[]);
    world.end_session(&world.signed_in.session.id);
    let id = world.client.id.clone();
    world.db.write_blocking(move |tx| client::disable(tx, &operator(), &id)).unwrap();
    assert!(told(&world, &world.client).is_empty());
    assert!(world.events().contains(&"logout_notice.failed".to_owned()));
}

#[test]
fn rolled_back_end_tells_nobody() {
    let world = listening();
    world.tokens(&[]);
    let id = world.signed_in.session.id.clone();
    let failed: mcpcodex::error::Result<()> = world.db.write_blocking(move |tx| {
        session::revoke(tx, &operator(), std::slice::from_ref(&id))?;
        Err(mcpcodex::error::Error::internal("on purpose"))
    });
    assert!(failed.is_err());
    assert!(told(&world, &world.client).is_empty());
    let next = world.decide(&world.waiting(&[]), Some(&world.signed_in));
    assert!(matches!(next, Next::Redirect(_)), "the session stands: {next:?}");
}
