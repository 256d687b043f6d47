//! What the database tells about the installation, and what somebody should look after.

use mcpcodex::ops::{
    backup,
    health::{self, Sick},
    names::{self, Query},
};

use crate::support::{TestApp, operator};

const DAY: u64 = 86_400;

fn sick(test: &TestApp) -> Vec<Sick> {
    test.read(|r| health::look(r, &test.app.env, &operator())).complaints(&test.app.env)
}

#[test]
fn new_installation_lacks_an_administrator_and_a_copy() {
    let test = TestApp::new();
    assert_eq!(sick(&test), [Sick::NoAdministrator, Sick::NeverBackedUp]);
}

#[test]
fn administrator_without_a_factor_old_keys_and_old_copies_are_named() {
    let test = TestApp::new();
    test.admin("root");
    test.user("alice");
    test.write(|tx| backup::note(tx, &operator(), "copy.db", 1));
    assert_eq!(sick(&test), [Sick::AdminWithoutFactor("root".to_owned())]);
    test.advance(9 * DAY);
    assert!(
        sick(&test)
            .iter()
            .any(|one| matches!(one, Sick::BackupOld(age) if age.as_secs() == 9 * DAY))
    );
    test.advance(100 * DAY);
    assert!(sick(&test).iter().any(|one| matches!(one, Sick::KeyOld { .. })));
}

#[test]
fn names_are_found_by_how_they_begin_and_wildcards_mean_nothing() {
    let test = TestApp::new();
    for name in ["alice", "alina", "bob"] {
        test.user(name);
    }
    let found = |query, begins: &str| {
        let rows = test.read(|r| names::begin_with(r, &operator(), query, begins, 10));
        rows.into_iter().map(|(name, _)| name).collect::<Vec<_>>()
    };
    assert_eq!(found(Query::Users, "AL"), ["alice", "alina"]);
    assert_eq!(found(Query::Users, "%"), [""; 0]);
    assert_eq!(found(Query::Users, "_"), [""; 0]);
    assert_eq!(found(Query::Roles, "us"), ["user"]);
    for query in [
        Query::Clients,
        Query::Agents,
        Query::Resources,
        Query::Sessions,
        Query::ApiKeys,
        Query::SigningKeys,
        Query::Scopes,
    ] {
        found(query, "");
    }
    assert_eq!(test.read(|r| health::counts(r, &operator())).users, 3);
}
