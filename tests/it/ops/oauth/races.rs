//! Real races: a hundred threads against one database.

use std::{
    collections::HashSet,
    sync::{Arc, Barrier},
    thread,
};

use mcpcodex::ops::oauth::{Code, Outcome};

use super::fixture::*;

const RACERS: usize = 100;
const ROUNDS: usize = 100;

/// Lets all begin at one moment and collects what each came to.
fn race(
    world: &Arc<World>,
    run: impl Fn(&World) -> Outcome + Send + Sync + 'static,
) -> Vec<Outcome> {
    let (run, gate) = (Arc::new(run), Arc::new(Barrier::new(RACERS)));
    #[expect(clippy::needless_collect, reason = "all must run before the first is waited for")]
    let threads: Vec<_> = (0..RACERS)
        .map(|_| {
            let (world, run, gate) = (Arc::clone(world), Arc::clone(&run), Arc::clone(&gate));
            thread::spawn(move || {
                gate.wait();
                run(&world)
            })
        })
        .collect();
    threads.into_iter().map(|thread| thread.join().unwrap()).collect()
}

#[test]
fn a_hundred_redemptions_of_one_code_give_one_success_in_each_of_a_hundred_rounds() {
    let world = Arc::new(world());
    for round in 0..ROUNDS {
        let code = world.code(&[]);
        let outcomes = race(&world, move |world| world.exchange(ask(&code)));
        let (given, refusals): (Vec<_>, Vec<_>) =
            outcomes.into_iter().partition(|outcome| matches!(outcome, Outcome::Minted(_)));
        assert_eq!(given.len(), 1, "round {round}");
        assert!(refusals.into_iter().all(|outcome| refused(outcome) == Code::InvalidGrant));
        // The others were second uses, so that even the one success is taken back.
        for outcome in given {
            assert!(!world.is_active(minted(outcome).access_token.expose()), "round {round}");
        }
    }
}

#[test]
fn a_hundred_refreshes_of_one_token_give_one_successor_to_all_a_hundred_times_over() {
    let world = Arc::new(world());
    let mut token = refresh_token(&world.tokens(&[]));
    for generation in 1..=ROUNDS {
        let presented = token.clone();
        let outcomes = race(&world, move |world| world.refresh(&presented));
        let successors: HashSet<_> =
            outcomes.into_iter().map(|outcome| refresh_token(&minted(outcome))).collect();
        assert_eq!(successors.len(), 1, "generation {generation}");
        token = successors.into_iter().next().unwrap();
    }
    let rotated = world.events().iter().filter(|event| *event == "refresh.rotate").count();
    assert_eq!(rotated, ROUNDS, "more than one live successor was made");
    assert!(world.is_active(&token));
}

#[test]
fn a_hundred_refreshes_of_a_strict_client_never_leave_two_successors() {
    let world = Arc::new(world_with(|_| {}, |new| new.strict_refresh = true));
    let token = refresh_token(&world.tokens(&[]));
    let outcomes = race(&world, move |world| world.refresh(&token));
    let given = outcomes.iter().filter(|outcome| matches!(outcome, Outcome::Minted(_))).count();
    assert_eq!(given, 1);
    assert_eq!(world.events().iter().filter(|event| *event == "refresh.rotate").count(), 1);
}
