//! New passwords: what the policy and the history refuse, and that of two changes at once one stands.

use mcpcodex::{
    error::Kind,
    model::{actor::Actor, user::User},
    ops::{
        self,
        password::{Basis, Chosen, Refused},
    },
};

use crate::support::{PASSWORD, TestApp, operator, origin, race};

fn basis(server: &TestApp, user: &User) -> Basis {
    server.read(|r| Basis::of(r, &server.app.env, &user.id))
}

fn choose(server: &TestApp, user: &User, password: &str) -> Result<Chosen, Vec<String>> {
    match ops::password::choose(&server.app.env, &basis(server, user), password) {
        Ok(chosen) => Ok(chosen),
        Err(Refused::Unfit(reasons)) => Err(reasons.iter().map(ToString::to_string).collect()),
        Err(Refused::Failed(error)) => panic!("{error}"),
    }
}

fn reasons(server: &TestApp, user: &User, password: &str) -> String {
    choose(server, user, password).map(|_| ()).unwrap_err().join(" ")
}

/// A password that the policy takes, another for each number.
fn numbered(at: usize) -> String {
    const WORDS: [&str; 14] = [
        "harbour", "lantern", "compass", "orchard", "pelican", "tundra", "wicket", "marble",
        "saffron", "glacier", "thistle", "bramble", "cobalt", "juniper",
    ];
    let word = |at: usize| WORDS[at % WORDS.len()];
    format!("Quiet-{}_{} {}", word(at), 71 + at * 13, word(at + 5))
}

#[test]
fn none_of_the_last_twelve_can_be_had_again_and_the_one_before_can() {
    let server = TestApp::new();
    let ann = server.person("ann", &["user"], &numbered(0));
    for at in 1..13 {
        server.set_password(&ann, &numbered(at));
    }
    // 12 is in force; 1 to 12 are the last twelve.
    for at in 1..13 {
        assert!(reasons(&server, &ann, &numbered(at)).contains("last 12"), "{at}");
    }
    assert!(choose(&server, &ann, &numbered(0)).is_ok());
}

#[test]
fn old_password_in_the_other_unicode_form_is_still_the_old_one() {
    let server = TestApp::new();
    let ann = server.person("ann", &["user"], "Caf\u{e9}-m\u{fc}de 71 Laterne");
    assert!(reasons(&server, &ann, "Cafe\u{301}-mu\u{308}de 71 Laterne").contains("last 12"));
}

#[test]
fn of_ten_changes_at_once_one_stands_and_none_is_lost_from_the_history() {
    let server = TestApp::new();
    let ann = server.user("ann");
    let other = server.another();
    let chosen: Vec<_> = (0..10)
        .map(|at| parking_lot::Mutex::new(choose(&server, &ann, &numbered(at)).ok()))
        .collect();
    server.advance(1);
    let results = race(10, |at| {
        let app = if at % 2 == 0 { &server.app } else { &other };
        let (env, id) = (app.env(), ann.id.clone());
        let chosen = chosen[at].lock().take().unwrap();
        let set = app.db.write_blocking(move |tx| {
            ops::password::set(tx, &env, &operator(), &id, &chosen, None)
        });
        set.map(drop).map_err(|error| error.kind()).err()
    });
    assert_eq!(results.iter().filter(|error| error.is_none()).count(), 1);
    assert!(results.iter().all(|error| error.is_none_or(|kind| kind == Kind::Conflict)));
    assert!(reasons(&server, &ann, PASSWORD).contains("last 12"));
}

#[test]
fn length_counts_characters_from_twelve_to_a_hundred_and_twenty_eight() {
    let server = TestApp::new();
    let ann = server.user("ann");
    assert!(reasons(&server, &ann, "Qh7_lantern").contains("12"));
    assert!(choose(&server, &ann, "Qh7_lantern;").is_ok());
    // Spaces and emoji are characters like any other.
    assert!(choose(&server, &ann, "Quiet 🦩 harbour 71 🧭 dusk").is_ok());
    let long: String = (0..20).map(numbered).collect::<String>().chars().take(128).collect();
    assert!(choose(&server, &ann, &long).is_ok());
    assert!(reasons(&server, &ann, &format!("{long}x")).contains("128"));
}

#[test]
fn listed_patterned_and_personal_passwords_are_refused_each_with_its_reason() {
    let server = TestApp::new();
    let ann = server.person("annabella", &["user"], PASSWORD);
    for bad in [
        "Password1234!",
        "Qwertyuiop12!",
        "Abcdefgh1234!",
        "Aaaaaaaaaaa1!",
        "Annabella2026!",
        "Mcpcodex-2026!",
        "Localhost-2026!",
        "quiet-harbour_71 lantern",
        "QUIET-HARBOUR_71 LANTERN",
        "Quiet-Harbour lantern",
        "QuietHarbour71lantern",
    ] {
        assert!(!reasons(&server, &ann, bad).is_empty(), "{bad}");
    }
    // Every reason at once.
    assert!(choose(&server, &ann, "short").unwrap_err().len() >= 4);
}

#[test]
fn megabyte_is_refused_before_anything_is_hashed_or_guessed() {
    let server = TestApp::new();
    let ann = server.user("ann");
    let huge = "Quiet-Harbour_71 lantern".repeat(50_000);
    let start = std::time::Instant::now();
    assert!(!reasons(&server, &ann, &huge).is_empty());
    assert!(start.elapsed().as_millis() < 1_000, "{:?}", start.elapsed());
}

#[test]
fn person_changes_their_own_password_and_nobody_elses() {
    let server = TestApp::new();
    let (ann, bob) = (server.user("ann"), server.user("bob"));
    let (session, _) = server.session_of(&bob, false);
    let who = Actor::person(bob.id.clone(), session.id, origin());
    let chosen = choose(&server, &ann, &numbered(1)).unwrap();
    let (env, id) = (server.app.env(), ann.id.clone());
    let refused = server
        .app
        .db
        .write_blocking(move |tx| ops::password::set(tx, &env, &who, &id, &chosen, None));
    assert_eq!(refused.unwrap_err().kind(), Kind::Denied);
    server.login("ann");
}
