//! Messages in, state and wishes out: no terminal, no database.

use std::time::Duration;

use crossterm::event::{KeyEvent, KeyEventKind, KeyModifiers};
use mcpcodex::{
    model::{id::UserId, verb::Verb},
    tui::{
        action::Action,
        msg::{Change, Effect, Msg, Outcome, Problem, Query, Reply, Target},
    },
};

use super::{NOW, Stage, keys, live, people, user};

fn users(query: &Query) -> bool {
    matches!(query, Query::Users { .. })
}

fn sessions(query: &Query) -> bool {
    matches!(query, Query::Sessions(_))
}

fn lock(name: &str) -> Change {
    let id = UserId::from_text(format!("u_{name}"));
    Change { verb: Verb::UserLock, target: Target::User { id, name: name.to_owned() } }
}

fn busy() -> Problem {
    Problem { text: "the database is busy".to_owned(), next: None, busy: true }
}

#[test]
fn lock_happens_after_the_key_and_a_different_one_and_not_before() {
    let mut stage = Stage::with_people(80, 24, people());
    stage.press("L");
    assert!(stage.changes().is_empty());
    stage.press("L");
    assert!(stage.changes().is_empty(), "the same key again is no yes");
    stage.press("y");
    assert_eq!(stage.changes(), [&Effect::Do(lock("alice"))]);
}

#[test]
fn enter_alone_never_changes_anything() {
    let mut stage = Stage::with_people(80, 24, people());
    stage.press("L<Enter><Enter><Enter>X<Enter>");
    assert!(stage.changes().is_empty());
    stage.press("<Esc>L<Tab><Enter>");
    assert_eq!(stage.changes().len(), 1, "the focused button is pressed");
}

#[test]
fn held_key_is_no_yes() {
    let mut stage = Stage::with_people(80, 24, people());
    stage.press("L");
    let mut held: KeyEvent = keys("y")[0];
    held.kind = KeyEventKind::Repeat;
    stage.send(Msg::Keys(vec![held]));
    assert!(stage.changes().is_empty());
}

#[test]
fn change_goes_to_the_row_the_question_named_though_rows_moved_meanwhile() {
    let mut stage = Stage::with_people(80, 24, people());
    stage.press("L");
    stage.send(Msg::Beat { now: NOW, changed: true });
    let mut rows = people();
    rows.insert(0, user("aaron"));
    stage.answer_users(rows);
    stage.press("y");
    assert_eq!(stage.changes(), [&Effect::Do(lock("alice"))]);
}

#[test]
fn nothing_can_be_done_to_a_row_that_vanished() {
    let mut stage = Stage::with_people(80, 24, people());
    stage.send(Msg::Beat { now: NOW, changed: true });
    stage.answer_users(people().into_iter().skip(1).collect());
    assert!(stage.screen(80, 24).contains("alice is gone"));
    stage.press("Ly");
    assert!(stage.changes().is_empty());
    assert!(stage.screen(80, 24).contains("move to another row first"));
    stage.press("jXy");
    let target = Target::User { id: UserId::from_text("u_bob"), name: "bob".to_owned() };
    let change = Change { verb: Verb::SessionRevokeOfUser, target };
    assert_eq!(stage.changes(), [&Effect::Do(change)], "the row below took the place");
}

#[test]
fn answer_to_an_older_question_is_dropped() {
    let mut stage = Stage::with_people(80, 24, people());
    stage.press("/m");
    let (old, _) = stage.asked(users).unwrap();
    stage.press("a");
    stage.answer_users(vec![user("mallory")]);
    stage.send(Msg::Answer { ticket: old, now: NOW, reply: Ok(Reply::Users(people())) });
    let screen = stage.screen(80, 24);
    assert!(screen.contains("1 match") && !screen.contains("alice"), "{screen}");
}

#[test]
fn keys_typed_ahead_wait_for_the_only_match() {
    let mut stage = Stage::with_people(80, 24, people());
    stage.press("/mal<Enter>Ly");
    assert!(stage.changes().is_empty(), "the row that is still shown is not the one that is meant");
    stage.answer_users(vec![user("mallory")]);
    assert_eq!(stage.changes(), [&Effect::Do(lock("mallory"))]);
}

#[test]
fn keys_typed_ahead_do_nothing_when_several_rows_match() {
    let mut stage = Stage::with_people(80, 24, people());
    stage.press("/mal<Enter>Ly");
    stage.answer_users(vec![user("malik.h"), user("mallory")]);
    assert!(stage.changes().is_empty());
    assert!(stage.screen(80, 24).contains("2 rows match"));
}

#[test]
fn keys_typed_ahead_do_nothing_when_the_question_fails() {
    let mut stage = Stage::with_people(80, 24, vec![user("alice")]);
    stage.press("/mal<Enter>Ly");
    stage.answer(users, Err(busy()));
    assert!(stage.changes().is_empty());
}

#[test]
fn many_keys_at_once_are_a_paste_outside_of_a_field() {
    let mut stage = Stage::with_people(80, 24, people());
    stage.send(Msg::Keys(keys("jLyjLyjLy")));
    assert!(stage.changes().is_empty());
    assert!(stage.screen(80, 24).contains("look like a paste"));
    stage.send(Msg::Keys(keys("jjLy")));
    assert_eq!(stage.changes().len(), 1, "a few at once are typed");
}

#[test]
fn many_keys_at_once_are_keys_for_a_script_and_in_a_field() {
    let mut stage = Stage::with_people(80, 24, people());
    stage.press("/");
    stage.send(Msg::Keys(keys("a long name")));
    assert_eq!(stage.app.search().text(), "a long name");
    stage.press("<Esc>");
    stage.app.site.scripted = true;
    stage.send(Msg::Keys(keys("jkjkjkjkjk?")));
    assert!(stage.screen(80, 24).contains("Help"));
}

#[test]
fn pasted_text_goes_into_a_field_or_nowhere() {
    let mut stage = Stage::with_people(80, 24, people());
    stage.send(Msg::Paste("Ly\nXy".to_owned()));
    assert!(stage.changes().is_empty());
    assert!(stage.screen(80, 24).contains("pasted text ignored"));
    stage.press("/");
    stage.send(Msg::Paste("mal\u{1b}[2J\u{202e}lory\nLy".to_owned()));
    assert_eq!(stage.app.search().text(), "mal[2Jlory");
    assert!(stage.changes().is_empty());
}

#[test]
fn busy_database_is_said_and_r_asks_again_with_the_same_target() {
    let mut stage = Stage::with_people(80, 24, people());
    stage.press("Ly");
    let change = lock("alice");
    stage.send(Msg::Done { change, now: NOW, outcome: Err(busy()) });
    assert!(stage.screen(80, 24).contains("nothing was changed · r asks again"));
    stage.wishes.clear();
    stage.press("jr");
    assert!(stage.changes().is_empty(), "a lower-case key changes nothing");
    stage.press("y");
    assert_eq!(stage.changes(), [&Effect::Do(lock("alice"))]);
}

#[test]
fn second_change_waits_for_the_first() {
    let mut stage = Stage::with_people(80, 24, people());
    stage.press("LyjXy");
    assert_eq!(stage.changes().len(), 1);
    assert!(stage.screen(80, 24).contains("still at work"));
    let outcome = Ok(Outcome { sessions: 1, grants: 2, ..Outcome::default() });
    stage.send(Msg::Done { change: lock("alice"), now: NOW, outcome });
    let screen = stage.screen(80, 24);
    assert!(screen.contains("✓ locked out alice · 1 session ended"), "{screen}");
}

#[test]
fn no_question_can_be_opened_or_answered_where_it_cannot_be_read() {
    let mut stage = Stage::with_people(80, 24, people());
    stage.press("L");
    stage.send(Msg::Resize(40, 10));
    stage.press("y");
    assert!(stage.changes().is_empty());
    stage.press("nLy");
    assert!(stage.changes().is_empty());
    stage.send(Msg::Resize(80, 24));
    stage.press("Ly");
    assert_eq!(stage.changes().len(), 1);
}

#[test]
fn idle_console_asks_nothing_and_draws_nothing() {
    let mut stage = Stage::with_people(100, 30, people());
    stage.app.take_dirty();
    stage.wishes.clear();
    for half in 1..20 {
        stage.send(Msg::Beat { now: NOW.plus(Duration::from_millis(half * 500)), changed: false });
    }
    assert!(stage.wishes.is_empty() && !stage.app.take_dirty());
    stage.send(Msg::Beat { now: NOW.plus(Duration::from_secs(60)), changed: false });
    assert!(stage.asked(users).is_some(), "words like \"5 m\" grow old");
    assert!(stage.app.take_dirty());
}

#[test]
fn database_that_changes_all_the_time_does_not_starve_the_list() {
    let mut stage = Stage::with_people(80, 24, people());
    stage.send(Msg::Beat { now: NOW, changed: true });
    let (first, _) = stage.asked(users).unwrap();
    stage.send(Msg::Beat { now: NOW, changed: true });
    assert_eq!(stage.asked(users).unwrap().0, first, "one question at a time");
    stage.answer_users(vec![user("zoe")]);
    assert!(stage.screen(80, 24).contains("zoe"));
    assert!(stage.asked(users).is_some(), "and one more for what came meanwhile");
}

#[test]
fn list_goes_on_behind_its_window_and_comes_back() {
    let name = |n: usize| user(&format!("user{n:04}"));
    let mut stage = Stage::with_people(80, 24, (0..200).map(name).collect());
    stage.press("G");
    stage.press("j");
    let (_, query) = stage.asked(users).unwrap();
    assert_eq!(query, Query::Users { filter: String::new(), after: Some("user0099".to_owned()) });
    stage.answer_users((100..300).map(name).collect());
    assert_eq!(
        stage.app.users.people.list.selected().map(|row| row.user.username.as_str()),
        Some("user0200")
    );
    stage.press("gg");
    stage.press("k");
    stage.answer_users((0..200).map(name).collect());
    assert_eq!(
        stage.app.users.people.list.selected().map(|row| row.user.username.as_str()),
        Some("user0099")
    );
}

#[test]
fn sessions_of_a_person_and_back_to_the_person() {
    let mut stage = Stage::with_people(80, 24, people());
    stage.press("Ggs");
    let mallory = UserId::from_text("u_mallory");
    assert_eq!(stage.asked(sessions).map(|(_, query)| query), Some(Query::Sessions(Some(mallory))));
    stage.answer(sessions, Ok(Reply::Sessions(live())));
    stage.press("gu");
    let filter = "mallory".to_owned();
    assert_eq!(
        stage.asked(users).map(|(_, query)| query),
        Some(Query::Users { filter, after: None })
    );
}

#[test]
fn ended_session_is_the_one_that_was_selected() {
    let mut stage = Stage::with_sessions(80, 24, live());
    stage.press("jKy");
    let row = live().remove(1);
    let target = Target::Session { id: row.session.id, name: row.username };
    let change = Change { verb: Verb::SessionRevoke, target };
    assert_eq!(stage.changes(), [&Effect::Do(change)]);
}

#[test]
fn palette_locks_whom_it_names_after_the_question() {
    let mut stage = Stage::with_people(80, 24, people());
    stage.press(":lock mal<Enter>y");
    let find = |query: &Query| matches!(query, Query::Find { .. });
    let name = "mal".to_owned();
    assert_eq!(
        stage.asked(find).map(|(_, query)| query),
        Some(Query::Find { action: Action::Run(Verb::UserLock), name })
    );
    assert!(stage.changes().is_empty());
    stage.answer(find, Ok(Reply::Found(Action::Run(Verb::UserLock), Box::new(user("mallory")))));
    assert_eq!(stage.changes(), [&Effect::Do(lock("mallory"))], "y was typed ahead");
}

#[test]
fn palette_says_what_it_does_not_know() {
    let mut stage = Stage::with_people(80, 24, people());
    stage.press(":frobnicate<Enter>");
    assert!(stage.screen(80, 24).contains("no command \"frobnicate\""));
}

#[test]
fn locked_person_cannot_be_locked_again_and_the_reason_is_said() {
    let mut stage = Stage::with_people(80, 24, people());
    stage.press("jL");
    assert!(stage.screen(80, 24).contains("bob is locked already"));
    assert!(stage.changes().is_empty());
}

#[test]
fn escape_goes_up_one_step_at_a_time() {
    let mut stage = Stage::with_people(80, 24, people());
    stage.press("/mal<Enter>");
    stage.answer_users(vec![user("mallory")]);
    stage.press("<Enter>");
    assert!(stage.app.users.people.page);
    stage.press("<Esc>");
    assert!(!stage.app.users.people.page && stage.app.search().text() == "mal");
    stage.press("<Esc>");
    assert_eq!(stage.app.search().text(), "");
}

#[test]
fn control_c_leaves_from_everywhere_and_with_alt_nothing_is_a_key() {
    for way in ["", "L", "/x", ":x", "?"] {
        let mut stage = Stage::with_people(80, 24, people());
        stage.press(way);
        stage.press("<C-c>");
        assert!(stage.wishes.contains(&Effect::Quit), "{way}");
    }
    let mut stage = Stage::with_people(80, 24, people());
    let mut alt = keys("L")[0];
    alt.modifiers |= KeyModifiers::ALT;
    stage.send(Msg::Keys(vec![alt]));
    stage.press("y");
    assert!(stage.changes().is_empty());
}
