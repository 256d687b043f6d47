//! Acts on people and their sessions, on a real database.

use std::{sync::mpsc::channel, time::Duration};

use mcpcodex::{model::user::UserState, ops, tui::msg::Msg};

use super::{
    NOW,
    driver::{Driver, open, sign_in},
};

#[test]
fn locking_out_an_attacker_takes_seven_keys_from_the_list() {
    let mut driver = Driver::with(&["alice", "bob", "mallory"]);
    sign_in(&driver.opened, "mallory");
    driver.press("/mal<Enter>L").see("Lock out mallory ?").see("end 1 session");
    assert_eq!(driver.user("mallory").state, UserState::Invited, "the question alone does nothing");
    driver.press("y").see("✓ locked out mallory · 1 session ended");
    assert_eq!(driver.pressed, 7);
    assert_eq!(driver.user("mallory").state, UserState::Locked);
    assert_eq!(driver.sessions_of("mallory"), 0);
    let event = ("user.lock".to_owned(), "root".to_owned(), "tui".to_owned());
    assert!(
        driver
            .opened
            .db
            .read(|r| ops::audit::newest(r, &driver.who, None, 5))
            .unwrap()
            .iter()
            .any(|row| { (row.event.clone(), row.actor.clone(), row.via.clone()) == event })
    );
}

#[test]
fn wrong_lock_is_undone_with_two_keys() {
    let mut driver = Driver::with(&["mallory"]);
    driver.press("Ly");
    assert_eq!(driver.user("mallory").state, UserState::Locked);
    driver.pressed = 0;
    driver.press("Uy").see("✓ unlocked mallory");
    assert_eq!(driver.pressed, 2);
    assert_eq!(driver.user("mallory").state, UserState::Invited);
    assert_eq!(driver.last_event().0, "user.unlock");
}

#[test]
fn all_sessions_of_a_person_end_with_two_keys_on_their_session() {
    let mut driver = Driver::with(&["alice", "bob"]);
    for name in ["alice", "bob", "bob"] {
        sign_in(&driver.opened, name);
    }
    driver.press("3/bob<Enter>").see("2 of 3 live");
    driver.pressed = 0;
    driver.press("X").see("end 2 sessions").press("y").see("✓ ended 2 sessions of bob");
    assert_eq!(driver.pressed, 2);
    assert_eq!((driver.sessions_of("bob"), driver.sessions_of("alice")), (0, 1));
}

#[test]
fn one_session_ends_and_the_others_live() {
    let mut driver = Driver::with(&["bob"]);
    sign_in(&driver.opened, "bob");
    driver.clock.advance(Duration::from_secs(60));
    sign_in(&driver.opened, "bob");
    driver
        .press("3")
        .see("2 live")
        .press("Ky")
        .see("✓ ended 1 session of bob")
        .see("is gone from this list");
    assert_eq!(driver.sessions_of("bob"), 1);
}

#[test]
fn palette_locks_by_a_part_of_the_name_that_one_person_has() {
    let mut driver = Driver::with(&["alice", "mallory", "malik"]);
    driver.press(":lock mallo<Enter>").see("Lock out mallory ?").press("y");
    assert_eq!(driver.user("mallory").state, UserState::Locked);
    driver.press(":lock mal<Enter>").see("more than one person matches").press("y");
    assert_eq!(driver.user("malik").state, UserState::Invited);
}

#[test]
fn change_made_elsewhere_is_shown_after_the_next_beat() {
    let mut driver = Driver::with(&["alice"]);
    driver.press("3").see("Nobody is signed in.");
    sign_in(&driver.opened, "alice");
    let effects = driver.app.update(Msg::Beat { now: NOW, changed: true });
    driver.carry_out(effects);
    driver.see("1 live").see("198.51.100.23");
}

#[test]
fn session_that_ended_meanwhile_is_said_and_harms_nobody() {
    let mut driver = Driver::with(&["bob"]);
    sign_in(&driver.opened, "bob");
    driver.press("3K").see("End this session of bob ?");
    let (id, who) = (driver.user("bob").id, driver.who.clone());
    driver.opened.db.write_blocking(move |tx| ops::session::revoke_of_user(tx, &who, &id)).unwrap();
    driver.press("y").see("ended 0 sessions of bob");
}

#[test]
fn busy_database_keeps_nothing_and_r_asks_again() {
    let mut driver = Driver::with(&["mallory"]);
    let other = open(driver.folder.path(), &driver.clock);
    let (locked, is_locked) = channel();
    let (release, released) = channel::<()>();
    let holder = std::thread::spawn(move || {
        other.db.write_blocking(move |_| {
            locked.send(()).unwrap();
            // Ends when the sender goes.
            Ok(released.recv().is_err())
        })
    });
    is_locked.recv().unwrap();
    driver.press("Ly").see("nothing was changed · r asks again");
    drop(release);
    assert!(holder.join().unwrap().unwrap());
    assert_eq!(driver.user("mallory").state, UserState::Invited);
    driver.press("r").see("Lock out mallory ?").press("y").see("✓ locked out mallory");
    assert_eq!(driver.user("mallory").state, UserState::Locked);
}
