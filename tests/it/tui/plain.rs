//! The console in lines: what is read aloud, asked and done, without a screen.

use std::io::Cursor;

use mcpcodex::{
    model::user::UserState,
    tui::{app::Site, plain, worker::World},
};

use super::{
    driver::{Driver, sign_in},
    site,
};

/// Types lines; answers what was said.
fn talk(driver: &Driver, read_only: bool, lines: &str) -> String {
    let world = World {
        db: driver.opened.db.clone(),
        env: driver.opened.env(),
        who: driver.who.clone(),
        read_only,
    };
    let mut said = Vec::new();
    let site = Site { read_only, ..site() };
    plain::run(&world, site, None, Cursor::new(lines.to_owned()), &mut said).unwrap();
    String::from_utf8(said).unwrap()
}

#[test]
fn attacker_is_locked_out_in_words() {
    let driver = Driver::with(&["alice", "mallory"]);
    sign_in(&driver.opened, "mallory");
    let said = talk(&driver, false, "users\n/mal\nuser lock\nn\n");
    assert!(said.contains("1. user mallory; "), "{said}");
    assert!(said.contains("Lock out mallory ?") && said.contains("Type y to do it"), "{said}");
    assert!(said.contains("end 1 session; this is final."), "{said}");
    assert_eq!(driver.user("mallory").state, UserState::Invited, "n is no");
    let said = talk(&driver, false, "users\n/mal\nuser lock\ny\nq\nuser unlock\ny\n");
    assert!(said.contains("locked out mallory"), "{said}");
    assert_eq!(driver.user("mallory").state, UserState::Locked, "nothing is heard after q");
}

#[test]
fn account_is_made_line_by_line_and_its_link_is_read() {
    let driver = Driver::with(&["alice"]);
    let said = talk(&driver, false, "user create\ncarol\ncarol@example.com\n\n\ny\n\n");
    assert!(said.contains("New person: user name"), "{said}");
    assert!(said.contains("/invite?token="), "{said}");
    assert_eq!(driver.user("carol").state, UserState::Invited);
    let said = talk(&driver, false, "users\n/carol\nuser delete\nalice\nuser delete\ncarol\n");
    assert!(said.contains("Type carol to do it") && said.contains("deleted carol"), "{said}");
}

#[test]
fn nothing_drives_the_terminal_and_every_screen_is_told() {
    let driver = Driver::with(&["alice"]);
    let words = "users\n1\nback\nsessions\napikeys\nclients\nresources\nmfa\nkeys\naudit\nattempts\nmessages\nhelp\n\ndashboard\n";
    let said = talk(&driver, false, words);
    assert!(!said.contains('\u{1b}') && !said.contains('╭') && !said.contains('▌'), "{said}");
    for words in
        ["Users: 1", "e-mail     alice@example.com", "Resources", "Signing keys", "audit verify: "]
    {
        assert!(said.contains(words), "no {words:?} in {said}");
    }
}

#[test]
fn lines_change_nothing_read_only() {
    let driver = Driver::with(&["alice"]);
    let said = talk(&driver, true, "users\nuser lock\ny\n");
    assert!(said.contains("this console only looks"), "{said}");
    assert_eq!(driver.user("alice").state, UserState::Invited);
}
