//! Codes of devices, guessed by one person and by many, from everywhere, in two processes and over a restart.

use std::sync::Arc;

use mcpcodex::{
    model::{actor::Origin, client::GrantType},
    ops::{
        client::New,
        oauth::{
            Code,
            device::{self, Answered, Looked},
        },
        session::SignedIn,
    },
};

use super::{device::devices, fixture::*};
use crate::support::rows::NOTHING;

/// Guesses that a person is answered, and all people together in an hour.
const OWN: usize = 10;
const ALL: usize = 500;

fn look(world: &World, who: &SignedIn, address: &str, typed: &str) -> Looked {
    let (env, who, typed) = (Arc::clone(&world.env), who.clone(), typed.to_owned());
    let origin = Origin { address: address.to_owned(), user_agent: format!("agent of {address}") };
    let actor = who.actor(origin);
    world.db.write_blocking(move |tx| device::look(tx, &env, &actor, &who, &typed)).unwrap()
}

/// Counts what was answered.
fn tally(guesses: impl Iterator<Item = Looked>) -> (usize, usize) {
    let (mut wrong, mut paused) = (0, 0);
    for looked in guesses {
        match looked {
            Looked::Wrong => wrong += 1,
            Looked::Wait(_) => paused += 1,
            Looked::Question(_) => panic!("a guess was right"),
        }
    }
    (wrong, paused)
}

fn typed(n: usize) -> String {
    const LETTERS: &[u8] = b"BCDFGHJKLMNPQRSTVWXZ";
    let letter = |place: u32| char::from(LETTERS[n / 20_usize.pow(place) % LETTERS.len()]);
    let half: String = (0..4).map(letter).collect();
    format!("{half}-ZZZZ")
}

fn wrong_codes(world: &World) -> usize {
    world.events().iter().filter(|event| *event == "device.wrong_code").count()
}

#[test]
fn another_session_or_address_of_a_person_gives_no_more_guesses() {
    let world = devices();
    let sessions: Vec<_> = (0..7).map(|_| sign_in(&world.db, &world.env, &world.user)).collect();
    let guesses = (0..100)
        .map(|n| look(&world, &sessions[n % 7], &format!("198.51.100.{}", n % 50), &typed(n)));
    assert_eq!(tally(guesses), (OWN, 90));
    assert_eq!(wrong_codes(&world), OWN);
    let before = world.rows();
    assert!(matches!(look(&world, &sessions[0], "2001:db8::1", "BCDF-GHJK"), Looked::Wait(_)));
    assert_eq!(before.since(&world.db), NOTHING);
}

#[test]
fn ten_thousand_guesses_from_everywhere_are_answered_five_hundred_times() {
    let world = devices();
    let waiting = world.device("openid");
    let people: Vec<Vec<_>> = (0..100)
        .map(|n| {
            let person = person(&world.db, &format!("p{n}"), "user");
            (0..3).map(|_| sign_in(&world.db, &world.env, &person)).collect()
        })
        .collect();
    let guesses = (0..10_000).map(|n| {
        let who = &people[n % 100][n / 100 % 3];
        look(&world, who, &format!("198.51.{}.{}", n / 250 % 250, n % 250), &typed(n))
    });
    assert_eq!(tally(guesses), (ALL, 10_000 - ALL));
    assert_eq!(wrong_codes(&world), ALL);
    let right = waiting.user_code.expose();
    assert!(matches!(look(&world, &world.signed_in, "203.0.113.9", right), Looked::Wait(_)));
}

#[test]
fn guesses_are_counted_over_processes_and_restarts() {
    let (server, worlds) = two_processes(|new: &mut New| {
        new.grant_types = vec![GrantType::DeviceCode.as_str().to_owned()];
    });
    let here = &worlds[0];
    let people: Vec<_> = (0..100)
        .map(|n| sign_in(&here.db, &here.env, &person(&here.db, &format!("p{n}"), "user")))
        .collect();
    let some =
        (0..ALL - 100).map(|n| look(&worlds[n % 2], &people[n % 100], "192.0.2.1", &typed(n)));
    assert_eq!(tally(some), (ALL - 100, 0));
    let found = here.as_found_by(&server.app);
    drop(worlds);
    let server = server.restart();
    let again = found.as_found_by(&server.app);
    drop(found);
    let rest = (0..1_000).map(|n| look(&again, &people[n % 100], "192.0.2.2", &typed(n)));
    assert_eq!(tally(rest), (100, 900));
    assert_eq!(wrong_codes(&again), ALL);
}

#[test]
fn each_answer_of_a_device_is_written_down_once() {
    let world = devices();
    let (denied, allowed) = (world.device("openid"), world.device("openid"));
    let question = world.question(&denied);
    let before = world.rows();
    assert_eq!(world.decide_on(&question, false), Answered::Denied("App".to_owned()));
    assert_eq!(before.since(&world.db).events, ["device.deny"]);
    let before = world.rows();
    for _ in 0..3 {
        assert_eq!(world.decide_on(&question, true), Answered::Gone);
        assert_eq!(refused(world.poll(&denied)), Code::AccessDenied);
    }
    assert!(before.since(&world.db).events.is_empty());
    world.allow(&allowed);
    minted(world.poll(&allowed));
    let before = world.rows();
    assert_eq!(refused(world.poll(&allowed)), Code::InvalidGrant);
    let told: (&[&str], &[&str]) = (&[], &["device.replayed"]);
    assert_eq!(before.since(&world.db), told);
}
