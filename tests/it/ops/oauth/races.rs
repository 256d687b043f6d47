//! Real races: a hundred threads against one database, in one process and in two.

use std::collections::HashSet;

use mcpcodex::ops::oauth::{Code, Outcome, token::Tokens};

use super::fixture::*;
use crate::support::race;

const RACERS: usize = 100;
const ROUNDS: usize = 100;

/// Everyone begins at one moment, in whichever process it is their turn.
fn each(worlds: &[World], run: impl Fn(&World) -> Outcome + Sync) -> Vec<Outcome> {
    race(RACERS, |at| run(&worlds[at % worlds.len()]))
}

fn count(world: &World, event: &str) -> usize {
    world.events().iter().filter(|own| *own == event).count()
}

/// The tokens of those who were given any; everyone else was told the same.
fn given(outcomes: Vec<Outcome>) -> Vec<Tokens> {
    let (given, refusals): (Vec<_>, Vec<_>) =
        outcomes.into_iter().partition(|outcome| matches!(outcome, Outcome::Minted(_)));
    assert!(refusals.into_iter().all(|outcome| refused(outcome) == Code::InvalidGrant));
    given.into_iter().map(minted).collect()
}

fn one_code_gives_one_success(worlds: &[World]) {
    let before = count(&worlds[0], "code.replayed");
    for round in 0..ROUNDS {
        let code = worlds[0].code(&[]);
        let tokens = given(each(worlds, |world| world.exchange(ask(&code))));
        assert_eq!(tokens.len(), 1, "round {round}");
        // The others were second uses, so that even the one success is taken back.
        for world in worlds {
            assert!(!world.is_active(tokens[0].access_token.expose()), "round {round}");
            let refreshed = world.refresh(&refresh_token(&tokens[0]));
            assert_eq!(refused(refreshed), Code::InvalidGrant, "round {round}");
        }
    }
    assert_eq!(count(&worlds[0], "grant.create"), ROUNDS);
    assert_eq!(count(&worlds[0], "code.replayed") - before, ROUNDS * (RACERS - 1));
}

fn one_token_has_one_successor(worlds: &[World]) {
    let mut token = refresh_token(&worlds[0].tokens(&[]));
    for generation in 1..=ROUNDS {
        let outcomes = each(worlds, |world| world.refresh(&token));
        let successors: HashSet<_> =
            outcomes.into_iter().map(|outcome| refresh_token(&minted(outcome))).collect();
        assert_eq!(successors.len(), 1, "generation {generation}");
        token = successors.into_iter().next().unwrap();
    }
    let rotated = count(&worlds[0], "refresh.rotate");
    assert_eq!(rotated, ROUNDS, "more than one live successor was made");
    assert!(worlds.iter().all(|world| world.is_active(&token)));
}

fn strict_family_dies_of_a_race(worlds: &[World]) {
    for round in 0..ROUNDS {
        let first = worlds[0].tokens(&[]);
        let token = refresh_token(&first);
        let tokens = given(each(worlds, |world| world.refresh(&token)));
        assert_eq!(tokens.len(), 1, "round {round}");
        for world in worlds {
            for dead in [&first, &tokens[0]] {
                let refreshed = world.refresh(&refresh_token(dead));
                assert_eq!(refused(refreshed), Code::InvalidGrant, "round {round}");
                assert!(!world.is_active(dead.access_token.expose()), "round {round}");
            }
        }
    }
    assert_eq!(count(&worlds[0], "refresh.rotate"), ROUNDS);
    assert_eq!(count(&worlds[0], "refresh.replayed"), ROUNDS, "a family is revoked once");
}

#[test]
fn a_hundred_redemptions_of_one_code_give_one_success_in_each_of_a_hundred_rounds() {
    one_code_gives_one_success(&[world()]);
}

#[test]
fn a_hundred_redemptions_in_two_processes_give_one_success_too() {
    one_code_gives_one_success(&two_processes(|_| {}).1);
}

#[test]
fn a_hundred_refreshes_of_one_token_give_one_successor_to_all_a_hundred_times_over() {
    one_token_has_one_successor(&[world()]);
}

#[test]
fn a_hundred_refreshes_in_two_processes_give_one_successor_to_all_too() {
    one_token_has_one_successor(&two_processes(|_| {}).1);
}

#[test]
fn a_hundred_refreshes_of_a_strict_client_leave_no_successor_alive_a_hundred_times_over() {
    strict_family_dies_of_a_race(&[world_with(|_| {}, |new| new.strict_refresh = true)]);
}

#[test]
fn a_hundred_refreshes_of_a_strict_client_in_two_processes_leave_none_either() {
    strict_family_dies_of_a_race(&two_processes(|new| new.strict_refresh = true).1);
}
