//! No size of the terminal, and no state at any size, brings the console down.

use mcpcodex::tui::msg::{Msg, Problem, Query};
use proptest::prelude::*;

use super::{Stage, attempts, lacking, live, people, signing_keys};

fn states() -> Vec<(&'static str, Stage)> {
    let with = |keys: &str| {
        let mut stage = Stage::with_people(100, 30, people());
        stage.press(keys);
        stage
    };
    let mut failed = Stage::open(100, 30);
    let problem = Problem { text: "x".repeat(500), next: Some("y".repeat(500)), busy: false };
    failed.answer(|query| matches!(query, Query::Users { .. }), Err(problem));
    vec![
        ("loading", Stage::open(100, 30)),
        ("empty", Stage::with_people(100, 30, Vec::new())),
        ("rows", with("G")),
        ("page", with("<Enter>")),
        ("question", with("L")),
        ("help", with("?jjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjj")),
        ("palette", with(":user<Down><Down>")),
        ("field", with("/some text that is longer than a narrow window would be wide")),
        ("sessions", Stage::with_sessions(100, 30, live())),
        ("factors", Stage::with_factors(100, 30, lacking())),
        ("enrolment", Stage::enrolling(100, 30)),
        ("enrolment full", {
            let mut stage = Stage::enrolling(100, 30);
            stage.press("f");
            stage
        }),
        ("codes", Stage::with_codes(100, 30)),
        ("link", Stage::with_link(100, 30)),
        ("keys", Stage::with_keys(100, 30, signing_keys())),
        ("key", {
            let mut stage = Stage::with_keys(100, 30, signing_keys());
            stage.press("<Enter>");
            stage
        }),
        ("key to be named", {
            let mut stage = Stage::with_keys(100, 30, signing_keys());
            stage.press("jTa name that is too long for any field");
            stage
        }),
        ("attempts", Stage::with_attempts(100, 30, attempts())),
        ("failed", failed),
    ]
}

#[test]
fn every_state_is_drawn_at_every_small_size() {
    for (name, mut stage) in states() {
        for width in 1..=64 {
            for height in 1..=20 {
                stage.send(Msg::Resize(width, height));
                let screen = stage.screen(width, height);
                assert_eq!(screen.lines().count(), usize::from(height), "{name} {width}x{height}");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]
    #[test]
    fn any_keys_at_any_size_leave_something_to_draw(
        width in 1_u16..=200,
        height in 1_u16..=60,
        script in "[a-zA-Z0-9:/?<>\\- jkLUXKGgy]{0,40}",
        later in (1_u16..=200, 1_u16..=60),
    ) {
        for (_, mut stage) in states() {
            stage.send(Msg::Resize(width, height));
            stage.press(&script);
            let shown = stage.screen(width, height);
            prop_assert_eq!(shown.lines().count(), usize::from(height));
            // The picture may be drawn at a size that the state has not heard of yet.
            let shown = stage.screen(later.0, later.1);
            prop_assert_eq!(shown.lines().count(), usize::from(later.1));
        }
    }
}

#[test]
fn below_sixty_by_sixteen_there_is_one_useful_line() {
    for (width, height) in [(59, 30), (100, 15), (40, 12)] {
        let stage = Stage::with_people(width, height, people());
        let screen = stage.screen(width, height);
        assert!(screen.starts_with("alice active · 1 session"), "{screen}");
        assert_eq!(screen.lines().filter(|line| !line.is_empty()).count(), 1);
    }
}
