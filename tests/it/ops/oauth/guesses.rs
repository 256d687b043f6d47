//! Secrets of clients, guessed: how many guesses are ever compared, who is held up by them, and what is kept.

use mcpcodex::{
    crypto::secret::Plain,
    model::actor::Actor,
    ops::client::{self, Authenticated, Made, New, Presented},
};

use super::fixture::*;
use crate::support::{race, rows::NOTHING};

/// Guesses that are compared before the pause, and its length.
const TRIES: usize = 20;
const PAUSE: u64 = 30;

fn confidential(world: &World) -> Made {
    let new = New {
        name: "Server app".to_owned(),
        redirect_uris: vec![CALLBACK.to_owned()],
        ..New::default()
    };
    world.db.write_blocking(move |tx| client::create(tx, &operator(), new)).unwrap()
}

fn show(world: &World, who: &Actor, made: &Made, secret: &str) -> Authenticated {
    let secret = Some(Plain::new(secret.to_owned()));
    let readings = vec![(made.client.id.to_string(), secret)];
    let (who, shown) = (who.clone(), Presented { readings, ..Presented::default() });
    world.db.write_blocking(move |tx| client::authenticate(tx, &who, &shown)).unwrap()
}

fn right(world: &World, who: &Actor, made: &Made) -> Authenticated {
    show(world, who, made, made.secret.as_ref().unwrap().expose())
}

fn pauses(world: &World) -> usize {
    world.events().iter().filter(|event| *event == "client.paused").count()
}

#[test]
fn of_a_thousand_guesses_a_second_apart_twenty_in_half_a_minute_are_compared_at_most() {
    let world = world();
    let made = confidential(&world);
    let mut compared = Vec::new();
    for second in 0..1_000_u64 {
        match show(&world, &app(), &made, &format!("guess {second}")) {
            Authenticated::No => compared.push(second),
            Authenticated::Wait(wait) => assert!(wait.as_secs() <= PAUSE, "{wait:?}"),
            Authenticated::Client(_) => panic!("a guess was right"),
        }
        world.pass(1);
    }
    // Twenty in as many seconds, then the pause: the count of any half minute follows.
    let rounds = usize::try_from(1_000 / (19 + PAUSE) + 1).unwrap();
    assert!(compared.len() <= rounds * TRIES, "{} of 1,000 were compared", compared.len());
    assert!(compared.len() >= (rounds - 1) * TRIES, "the pause grew: {}", compared.len());
    for window in compared.windows(TRIES + 1) {
        assert!(window[TRIES] - window[0] >= PAUSE, "{window:?}");
    }
    assert_eq!(pauses(&world), compared.len() / TRIES, "each pause is written down once");
    world.pass(PAUSE);
    assert!(matches!(right(&world, &app(), &made), Authenticated::Client(_)));
}

#[test]
fn of_a_hundred_guesses_at_once_twenty_are_compared() {
    let world = world();
    let made = confidential(&world);
    for _ in 0..5 {
        let before = world.rows();
        let all = race(100, |at| show(&world, &app(), &made, &format!("guess {at}")));
        let compared = all.iter().filter(|one| matches!(one, Authenticated::No)).count();
        assert_eq!(compared, TRIES);
        let once: (&[&str], &[&str]) = (&["attempts"], &["client.paused"]);
        assert_eq!(before.since(&world.db), once);
        world.pass(PAUSE);
    }
}

#[test]
fn guesses_during_the_pause_are_neither_compared_nor_counted() {
    let world = world();
    let made = confidential(&world);
    for _ in 0..TRIES {
        show(&world, &app(), &made, "guess");
    }
    let before = world.rows();
    for _ in 0..50 {
        assert!(matches!(show(&world, &app(), &made, "guess"), Authenticated::Wait(_)));
        assert!(matches!(right(&world, &app(), &made), Authenticated::Wait(_)));
    }
    assert_eq!(before.since(&world.db), NOTHING);
}

#[test]
fn guesses_count_for_one_customer_however_its_address_is_written() {
    // All of one network, as providers give it to one customer.
    let network: Vec<_> =
        (0..2 * TRIES).map(|n| format!("2001:db8:1:2:{:x}::{n:x}", n * 7919 % 65_536)).collect();
    let spellings = ["192.0.2.9", "::ffff:192.0.2.9", "::ffff:c000:209"];
    let same: Vec<_> = spellings.into_iter().cycle().take(2 * TRIES).map(str::to_owned).collect();
    for (addresses, neighbour) in [(network, "2001:db8:1:3::1"), (same, "192.0.2.10")] {
        let world = world();
        let made = confidential(&world);
        let (first, rest) = addresses.split_at(TRIES);
        for address in first {
            let who = from(address, "guesser/1");
            assert!(matches!(show(&world, &who, &made, "guess"), Authenticated::No), "{address}");
        }
        for address in rest {
            let who = from(address, "guesser/1");
            let paused = matches!(show(&world, &who, &made, "guess"), Authenticated::Wait(_));
            assert!(paused, "{address} had tries of its own");
        }
        let elsewhere = from(neighbour, "app/1");
        assert!(matches!(right(&world, &elsewhere, &made), Authenticated::Client(_)));
    }
}

#[test]
fn pause_outlives_a_restart_and_holds_in_every_process() {
    let (server, [here, there]) = two_processes(|_| {});
    let made = confidential(&here);
    for n in 0..TRIES {
        let world = [&here, &there][n % 2];
        assert!(matches!(show(world, &app(), &made, "guess"), Authenticated::No), "{n}");
    }
    for world in [&here, &there] {
        assert!(matches!(right(world, &app(), &made), Authenticated::Wait(_)));
    }
    let people = here.as_found_by(&server.app);
    drop((here, there));
    let server = server.restart();
    let again = people.as_found_by(&server.app);
    drop(people);
    assert!(matches!(right(&again, &app(), &made), Authenticated::Wait(_)));
    again.pass(PAUSE);
    assert!(matches!(right(&again, &app(), &made), Authenticated::Client(_)));
}
